"""Products of what classifiers say: powers, predictions, and when a product is taken for the mean."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import softmax
from scipy.stats import norm
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import get_scorer, log_loss
from sklearn.naive_bayes import GaussianNB

from skhpo import AutoClassifier, EnsembleClassifier
from skhpo.automl import members, product
from skhpo.automl.product import product_is_better
from skhpo.honesty import log_pool as module
from skhpo.honesty.bootstrap import bootstrapped
from skhpo.honesty.log_pool import PoolChoice, is_for_pools, log_pool, logs_of, pooled
from skhpo.honesty.predictions import OutOfFold

LOG_LOSS = get_scorer("neg_log_loss")


def views(n_rows=4000, n_views=2, n_repeats=1, seed=0):
    """Independent measurements of a label, and what each says of it by Bayes' rule: together they are the product."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n_rows)
    found = []
    for _ in range(n_views):
        seen = y + rng.normal(size=(n_repeats, n_rows))
        found.append({"predict_proba": softmax(norm.logpdf(seen[..., None], np.arange(3)), axis=-1)})
    return OutOfFold(found, y, np.arange(3), is_classifier=True)


def loss_of(oof, powers, weight=None):
    logs = [logs_of(each["predict_proba"]) for each in oof.candidates]
    said = softmax(np.tensordot(powers, logs, axes=1), axis=-1)
    return np.mean([log_loss(oof.y, one, sample_weight=weight) for one in said])


def test_independent_views_are_multiplied():
    oof = views()
    powers = log_pool(oof, LOG_LOSS, 25, 40)
    assert powers == pytest.approx([1, 1], abs=0.1)
    mean = np.mean([each["predict_proba"][0] for each in oof.candidates], axis=0)
    assert loss_of(oof, powers) < log_loss(oof.y, mean) - 0.05
    assert product_is_better(oof, LOG_LOSS, 25, 40)


@pytest.mark.parametrize("n_repeats", [1, 3])
def test_the_powers_are_where_the_penalised_loss_is_smallest(n_repeats):
    oof = views(60, 4, n_repeats)
    weight = np.random.default_rng(1).uniform(0.5, 2.0, 60)
    weight /= weight.mean()
    oof = OutOfFold(oof.candidates, oof.y, oof.classes, sample_weight=weight, is_classifier=True)

    def penalised(powers):
        return loss_of(oof, powers, weight) + module._PRIOR * powers @ powers / 60

    found = log_pool(oof, LOG_LOSS, 25, 40)
    plain = minimize(penalised, np.full(4, 0.5), method="SLSQP", bounds=[(0, None)] * 4, tol=1e-10)
    assert penalised(found) == pytest.approx(plain.fun, abs=1e-5)


def test_counts_are_rows_that_are_there_several_times():
    oof = views(50, 3)
    counts = np.random.default_rng(0).integers(0, 4, 50)
    assert log_pool(oof, LOG_LOSS, 25, 40, counts) == pytest.approx(
        log_pool(oof.rows_of(np.repeat(np.arange(50), counts)), LOG_LOSS, 25, 40), abs=1e-3
    )


def test_a_pool_has_few_members():
    oof = views(300, 12)
    assert np.count_nonzero(log_pool(oof, LOG_LOSS, 25, 40)) == 12
    assert np.count_nonzero(log_pool(oof, LOG_LOSS, 3, 40)) == 3
    assert np.count_nonzero(log_pool(oof, LOG_LOSS, 1, 40)) == 1


def test_who_knows_nothing_has_no_power():
    oof = views(500, 1)
    noise = softmax(np.random.default_rng(0).normal(size=(1, 500, 3)), axis=-1)
    wrong = 1.0 - oof.candidates[0]["predict_proba"]
    both = [*oof.candidates, {"predict_proba": noise}, {"predict_proba": wrong / 2}]
    powers = log_pool(OutOfFold(both, oof.y, oof.classes, is_classifier=True), LOG_LOSS, 25, 40)
    assert powers[0] == pytest.approx(1.0, abs=0.2)
    assert powers[1:].tolist() == [0, 0]


def test_one_that_says_never_of_a_label_does_not_rule_it_out():
    oof = views(300, 2)
    oof.candidates[0]["predict_proba"][0, 0] = np.eye(3)[(oof.y[0] + 1) % 3]
    blend = pooled(oof, np.ones(2)).candidates[0]["predict_proba"]
    assert np.isfinite(np.log(blend)).all()
    assert pooled(oof, np.zeros(2)).candidates[0]["predict_proba"] == pytest.approx(1 / 3)


def test_where_all_say_the_same_the_mean_stays():
    oof = views(200, 1)
    thrice = OutOfFold([*oof.candidates] * 3, oof.y, oof.classes, is_classifier=True)
    assert not product_is_better(thrice, LOG_LOSS, 25, 40)


def test_rows_of_a_group_are_on_one_side():
    oof = views(500, 3)
    groups = np.tile(np.arange(500), 2)
    many = oof.rows_of(groups)
    with_groups = OutOfFold(many.candidates, many.y, many.classes, groups=groups, is_classifier=True)
    sides = list(product._folds(with_groups))
    assert len(sides) == 5
    assert all(not {*groups[train]} & {*groups[test]} for train, test in sides)
    assert product_is_better(with_groups, LOG_LOSS, 25, 40)
    few = OutOfFold(many.candidates, many.y, many.classes, groups=groups % 4, is_classifier=True)
    assert not product_is_better(few, LOG_LOSS, 25, 40), "four groups are too few to tell"


@pytest.mark.parametrize("scoring", ["accuracy", "neg_brier_score", "roc_auc_ovr"])
def test_pools_are_for_the_log_loss(scoring):
    oof = views(60)
    assert is_for_pools(oof, LOG_LOSS)
    assert not is_for_pools(oof, get_scorer(scoring))
    assert not is_for_pools(OutOfFold([{"predict": oof.y[None]}], oof.y, oof.classes, is_classifier=True), LOG_LOSS)


def test_the_bootstrap_scores_pools_on_rows_that_were_not_drawn():
    oof = views(150, 3)
    scores = bootstrapped(PoolChoice(oof, LOG_LOSS, 25), 150, n_resamples=20, random_state=0).scores
    assert np.isfinite(scores).all()
    assert scores.mean() < -loss_of(oof, log_pool(oof, LOG_LOSS, 25, 40))


# ------------------------------------------------------------------ estimators


def test_the_geometric_mean():
    X, y = load_iris(return_X_y=True)
    ensemble = EnsembleClassifier([LogisticRegression(max_iter=1000), GaussianNB()], weights=[3, 1], voting="geometric")
    ensemble.fit(X, y)
    one, other = (member.predict_proba(X) for (member,) in ensemble.estimators_)
    expected = (one + 1e-5 / 3) ** 0.75 * (other + 1e-5 / 3) ** 0.25  # a little of the uniform distribution
    found = ensemble.predict_proba(X)
    assert found == pytest.approx(expected / expected.sum(axis=1, keepdims=True), abs=1e-3)
    assert (ensemble.predict(X) == found.argmax(axis=1)).all()


def test_the_geometric_mean_where_a_member_lacks_a_label():
    X, y = load_iris(return_X_y=True)
    ensemble = EnsembleClassifier([LogisticRegression(max_iter=1000), GaussianNB()], voting="geometric")
    ensemble.hold([ensemble.estimators[0].fit(X, y), ensemble.estimators[1].fit(X[:100], y[:100])])
    found = ensemble.predict_proba(X)
    assert found.shape == (150, 3)
    assert found.sum(axis=1) == pytest.approx(1.0)
    assert found[149, 2] > 1e-3


@pytest.fixture
def auto(monkeypatch):
    """Fitted where the product is taken in any case."""
    monkeypatch.setattr(members, "product_is_better", lambda *_: True)
    families = ["linear", "naive_bayes", "nearest_neighbors"]
    return lambda: AutoClassifier(time_budget=None, n_iter=4, estimators=families, random_state=0)


def test_predictions_are_those_of_the_pool(auto):
    X, y = load_iris(return_X_y=True)
    auto = auto().fit(X, y)
    assert auto.ensemble_.voting == "geometric"
    powers = auto.temperature_ * auto.ensemble_.weights_
    logs = [logs_of(member.predict_proba(X)) for (member,) in auto.ensemble_.estimators_]
    assert auto.predict_proba(X) == pytest.approx(softmax(np.tensordot(powers, logs, axes=1), axis=1), abs=1e-4)
    assert sum(row.weight for row in auto.leaderboard_) == pytest.approx(1.0)
    estimate = auto.score_estimate_
    assert estimate.naive == pytest.approx(-0.05, abs=0.05)
    assert estimate.value < estimate.naive


def test_a_member_that_there_is_no_time_for_leaves_its_power_to_the_others(auto, monkeypatch):
    X, y = load_iris(return_X_y=True)
    whole = auto().fit(X, y)
    assert len(whole.ensemble_.estimators) > 1

    from skhpo.automl import base

    plain = base.fit_members
    monkeypatch.setattr(base, "fit_members", lambda given, *more: {0: plain(given[:1], *more)[0]})
    alone = auto().fit(X, y)
    assert len(alone.ensemble_.estimators) == 1
    assert alone.temperature_ == pytest.approx(whole.temperature_)

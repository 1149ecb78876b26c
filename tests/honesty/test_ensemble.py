"""Ensembles: greedy selection, and estimators that are the weighted mean of others."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_wine, make_classification
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, get_scorer, log_loss
from sklearn.model_selection import KFold, cross_val_predict, train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.preprocessing import scale
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

from skhpo import EnsembleClassifier, EnsembleRegressor
from skhpo.honesty.bootstrap import bootstrapped
from skhpo.honesty.greedy import EnsembleChoice, best_pool, blendable, blended, greedy_weights, select
from skhpo.honesty.metrics import measure_of
from skhpo.honesty.predictions import OutOfFold


def probabilities(n=80, n_candidates=6, n_classes=3, noise=2.0):
    rng = np.random.default_rng(0)
    y = np.arange(n) % n_classes
    found = []
    for _ in range(n_candidates):
        logits = 1.5 * np.eye(n_classes)[y] + rng.normal(scale=noise, size=(1, n, n_classes))
        found.append({"predict_proba": np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)})
    return OutOfFold(found, y, np.arange(n_classes), is_classifier=True)


def plain_greedy(oof, score, size):
    """Caruana's procedure as it is written down, with scikit-learn's metric."""
    each = [candidate["predict_proba"][0] for candidate in oof.candidates]
    chosen, scores = [], []
    for _ in range(size):
        blends = [np.mean([each[i] for i in [*chosen, new]], axis=0) for new in range(len(each))]
        found = [score(oof.y, blend) for blend in blends]
        chosen.append(int(np.argmax(found)))
        scores.append(max(found))
    best = int(np.argmax(np.round(scores, 9)))
    return np.bincount(chosen[: best + 1], minlength=len(each)), scores[best]


@pytest.mark.parametrize("size", [1, 3, 25])
def test_greedy_selection_is_that_of_the_paper(size):
    oof = probabilities()
    found = select(oof, get_scorer("neg_log_loss"), size)
    expected, score = plain_greedy(oof, lambda y, blend: -log_loss(y, blend), size)
    np.testing.assert_array_equal(found.counts, expected)
    assert found.score == pytest.approx(score)
    assert found.weights.sum() == pytest.approx(1.0)


def test_a_pool_has_the_best_and_five_of_each_kind():
    oof, scorer = probabilities(n_candidates=20), get_scorer("neg_log_loss")
    order = np.argsort([log_loss(oof.y, each["predict_proba"][0]) for each in oof.candidates]).tolist()
    kinds = np.array(["tree"] * 10 + ["svm"] * 7 + ["linear"] * 3)
    of_each = {each for kind in set(kinds) for each in [one for one in order if kinds[one] == kind][:5]}
    assert best_pool(replace(oof, kinds=kinds), scorer, 2) == sorted({*order[:2], *of_each})
    assert best_pool(replace(oof, kinds=kinds), scorer, 15) == sorted({*order[:15], *of_each})
    assert best_pool(oof, scorer, 2) == sorted(order[:2])
    assert replace(oof, kinds=kinds).only([19, 1]).kinds.tolist() == ["linear", "tree"]


def test_a_member_of_another_kind_is_found_behind_many_variants():
    """Variants of one model make the same errors; the worse model makes others."""
    rng = np.random.default_rng(0)
    y = rng.normal(size=200)
    shared, own = rng.normal(size=(2, 200))
    variants = [y + shared + 0.05 * rng.normal(size=200) for _ in range(10)]
    oof = OutOfFold([{"predict": each[None]} for each in [*variants, y + 1.2 * own]], y)
    scorer = get_scorer("neg_root_mean_squared_error")
    assert greedy_weights(oof, scorer, 25, 5)[-1] == 0
    kinds = np.array([*["trees"] * 10, "linear"])
    assert 0.2 < greedy_weights(replace(oof, kinds=kinds), scorer, 25, 5)[-1] < 0.6


def test_it_is_better_than_its_best_member_on_its_rows():
    oof = probabilities()
    for name in ("neg_log_loss", "accuracy", "roc_auc_ovr"):
        assert select(oof, get_scorer(name), 25).score > measure_of(get_scorer(name), oof).on_all().max()


def test_ties_go_to_the_smaller_log_loss():
    y = np.array([0, 1] * 10)
    sure, unsure = np.eye(2)[y] * 0.98 + 0.01, np.eye(2)[y] * 0.2 + 0.4
    oof = OutOfFold([{"predict_proba": each[None]} for each in (unsure, sure)], y, np.arange(2), is_classifier=True)
    np.testing.assert_array_equal(select(oof, get_scorer("accuracy"), 5).counts, [0, 1])


def test_rows_that_do_not_count_do_not_matter():
    oof = probabilities()
    counts = np.random.default_rng(0).integers(0, 3, size=oof.n_rows)
    rows = np.repeat(np.arange(oof.n_rows), counts)
    repeated = OutOfFold(
        [{"predict_proba": each["predict_proba"][:, rows]} for each in oof.candidates],
        oof.y[rows],
        oof.classes,
        is_classifier=True,
    )
    for name in ("neg_log_loss", "accuracy"):
        weighted, plain = select(oof, get_scorer(name), 10, counts), select(repeated, get_scorer(name), 10)
        np.testing.assert_array_equal(weighted.counts, plain.counts)
        assert weighted.score == pytest.approx(plain.score)


def test_regression_blends_numbers():
    rng = np.random.default_rng(0)
    y = rng.normal(size=60)
    oof = OutOfFold([{"predict": (y + sign + 0.1 * rng.normal(size=60))[None]} for sign in (-1, 1)], y)
    found = select(blendable(oof, get_scorer("r2")), get_scorer("r2"), 10)
    np.testing.assert_array_equal(found.weights, [0.5, 0.5])
    assert found.score > 0.98


def test_labels_are_votes():
    y = np.arange(30) % 3
    rng = np.random.default_rng(0)
    predictions = [np.where(rng.random(30) < 0.7, y, (y + 1) % 3) for _ in range(9)]
    oof = OutOfFold([{"predict": each[None]} for each in predictions], y, np.arange(3), is_classifier=True)
    votes = blendable(oof, get_scorer("accuracy"))
    blend = blended(votes, np.full(9, 1 / 9)).candidates[0]["predict_proba"][0]
    expected = np.array([np.bincount(column, minlength=3) / 9 for column in np.array(predictions).T])
    np.testing.assert_allclose(blend, expected)
    with pytest.raises(ValueError, match="ensemble needs candidates that all have predict_proba"):
        blendable(oof, get_scorer("neg_log_loss"))


def test_selection_on_noise_is_worth_nothing_once_it_is_in_the_bootstrap():
    found = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        y, p = np.arange(100) % 2, rng.random((15, 100))
        oof = OutOfFold(
            [{"predict_proba": np.stack([1 - each, each], axis=-1)[None]} for each in p],
            y,
            np.arange(2),
            is_classifier=True,
        )
        naive = select(oof, get_scorer("roc_auc"), 5).score
        scores = bootstrapped(EnsembleChoice(oof, get_scorer("roc_auc"), 5), 100, n_resamples=10).scores
        found.append((naive, scores.mean()))
    naive, corrected = np.mean(found, axis=0)
    assert naive > 0.6
    # Of the mean of 8 x 10 scores on 37 rows the standard deviation is about .02.
    assert corrected == pytest.approx(0.5, abs=0.05)


# -- estimators -------------------------------------------------------------------------------------------------------

MEMBERS = [LogisticRegression(), KNeighborsClassifier(), GaussianNB()]


def checks_of(estimators):
    """scikit-learn's checks as a list: older versions give a generator, which pytest warns of."""
    mark = parametrize_with_checks(estimators)
    names, checks = mark.args
    return pytest.mark.parametrize(names, list(checks), **mark.kwargs)


@checks_of([EnsembleRegressor([Ridge(), KNeighborsRegressor(2)])])
def test_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.mark.slow
@checks_of(
    [
        EnsembleClassifier([LogisticRegression(C=0.1), DecisionTreeClassifier(random_state=0)], weights=[2, 1]),
        EnsembleClassifier([LogisticRegression(C=0.1), LinearSVC()], voting="hard"),
        EnsembleRegressor([Ridge(), Ridge(2.0)], cv=2),
    ]
)
def test_scikit_learns_checks_of_the_others(estimator, check):
    check(estimator)


@pytest.fixture
def wine():
    X, y = load_wine(return_X_y=True)
    return train_test_split(scale(X), y, random_state=0, stratify=y)


def test_probabilities_are_weighted_means(wine):
    X, X_new, y, _ = wine
    ensemble = EnsembleClassifier(MEMBERS, weights=[2, 1, 1]).fit(X, y)
    each = [clone(member).fit(X, y).predict_proba(X_new) for member in MEMBERS]
    expected = 0.5 * each[0] + 0.25 * each[1] + 0.25 * each[2]
    np.testing.assert_allclose(ensemble.predict_proba(X_new), expected)
    np.testing.assert_array_equal(ensemble.predict(X_new), expected.argmax(axis=1))
    again = pickle.loads(pickle.dumps(ensemble))  # noqa: S301
    np.testing.assert_array_equal(again.predict_proba(X_new), ensemble.predict_proba(X_new))
    copy = clone(ensemble)
    assert not hasattr(copy, "estimators_")
    np.testing.assert_array_equal(copy.fit(X, y).predict_proba(X_new), ensemble.predict_proba(X_new))


def test_members_of_folds(wine):
    X, X_new, y, _ = wine
    folds = KFold(3, shuffle=True, random_state=0)
    ensemble = EnsembleClassifier(MEMBERS[:1], cv=folds).fit(X, y)
    each = [LogisticRegression().fit(X[train], y[train]).predict_proba(X_new) for train, _ in folds.split(X)]
    np.testing.assert_allclose(ensemble.predict_proba(X_new), np.mean(each, axis=0))
    assert [len(members) for members in ensemble.estimators_] == [3]


def test_a_fold_without_a_class_gives_it_no_probability():
    X, y = np.arange(12.0).reshape(-1, 1), np.repeat(["a", "b", "c"], 4)
    splits = [(np.arange(8), np.arange(8, 12)), (np.arange(4, 12), np.arange(4))]
    ensemble = EnsembleClassifier([DummyClassifier(strategy="prior")], cv=splits).fit(X, y)
    np.testing.assert_array_equal(ensemble.classes_, ["a", "b", "c"])
    np.testing.assert_allclose(ensemble.predict_proba(X), [[0.25, 0.5, 0.25]] * 12)


def test_votes(wine):
    X, X_new, y, y_new = wine
    ensemble = EnsembleClassifier([LinearSVC(), GaussianNB(), KNeighborsClassifier()], voting="hard").fit(X, y)
    assert accuracy_score(y_new, ensemble.predict(X_new)) > 0.9
    assert not hasattr(ensemble, "predict_proba")


def test_sample_weight_reaches_the_members_of_folds():
    X, y = load_diabetes(return_X_y=True)
    weight = np.random.default_rng(0).random(len(y))
    folds = KFold(3)
    ensemble = EnsembleRegressor([Ridge()], cv=folds).fit(X, y, sample_weight=weight)
    each = [Ridge().fit(X[train], y[train], weight[train]).predict(X) for train, _ in folds.split(X)]
    np.testing.assert_allclose(ensemble.predict(X), np.mean(each, axis=0))


def test_selected_from_real_predictions_it_is_better_on_new_rows():
    X, y = make_classification(600, 20, n_informative=6, flip_y=0.1, random_state=0)
    X, X_new, y, y_new = train_test_split(scale(X), y, train_size=200, random_state=0)
    models = [LogisticRegression(C=c) for c in (0.01, 1)] + [KNeighborsClassifier(k) for k in (5, 15, 30)]
    models += [GaussianNB(), DecisionTreeClassifier(max_depth=3, random_state=0)]
    found = [{"predict_proba": cross_val_predict(each, X, y, method="predict_proba")[None]} for each in models]
    oof = OutOfFold(found, y, np.arange(2), is_classifier=True)
    scorer = get_scorer("neg_log_loss")
    best = models[measure_of(scorer, oof).on_all().argmax()].fit(X, y)
    ensemble = EnsembleClassifier(models, weights=select(oof, scorer, 25).weights).fit(X, y)
    assert log_loss(y_new, ensemble.predict_proba(X_new)) < log_loss(y_new, best.predict_proba(X_new))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"estimators": []}, "estimators needs at least one estimator, got none"),
        (
            {"weights": [1]},
            r"weights needs one number of 0 or more for each of 2 estimators, and one above 0, got \[1\]",
        ),
        ({"weights": [-1, 2]}, "weights needs one number of 0 or more"),
        ({"weights": [0, 0]}, "weights needs one number of 0 or more"),
        ({"voting": "loud"}, "voting needs to be 'soft', 'geometric' or 'hard', got 'loud'"),
    ],
)
def test_arguments_are_checked(changes, message):
    ensemble = EnsembleClassifier([GaussianNB(), GaussianNB()]).set_params(**changes)
    with pytest.raises(ValueError, match=message):
        ensemble.fit([[0.0], [1.0]], [0, 1])

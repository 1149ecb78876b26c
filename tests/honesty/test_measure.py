"""Scores on resamples are those of scikit-learn's scorers on the rows that were drawn."""

import time

import numpy as np
import pytest
from sklearn.metrics import get_scorer, make_scorer, mean_squared_error, roc_auc_score

from skhpo.honesty.measure import CalledMeasure
from skhpo.honesty.metrics import measure_of
from skhpo.honesty.predictions import OutOfFold

N, C = 60, 4


def classification(n_classes, *, weights=False, n_repeats=1, labels=None, n=N, n_candidates=C, method="predict_proba"):
    rng = np.random.default_rng(0)
    codes = np.r_[np.arange(n_classes), rng.integers(n_classes, size=n - n_classes)]
    classes = np.arange(n_classes) if labels is None else np.array(labels)
    found = []
    for _ in range(n_candidates):
        logits = rng.normal(size=(n_repeats, n, n_classes)) + 1.5 * np.eye(n_classes)[codes]
        proba = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
        proba = np.round(proba, 1) if n_classes == 2 else proba  # ties
        if method == "decision_function":
            found.append({method: np.round(logits[..., 1] - logits[..., 0], 1).astype(np.float32)})
        else:
            found.append({method: proba.astype(np.float32)})
    weight = rng.integers(1, 4, size=n).astype(float) if weights else None
    return OutOfFold(found, classes[codes], classes, sample_weight=weight, is_classifier=True)


def regression(*, weights=False, n_repeats=1):
    rng = np.random.default_rng(0)
    y = rng.gamma(2.0, size=N) + 1000.0
    found = [{"predict": (y + rng.normal(scale=0.5 + i, size=(n_repeats, N))).astype(np.float32)} for i in range(C)]
    return OutOfFold(found, y, sample_weight=rng.random(N) + 0.5 if weights else None)


def counts(n_rows=N, n=6, seed=1):
    rng = np.random.default_rng(seed)
    return np.array([np.bincount(rng.integers(n_rows, size=n_rows), minlength=n_rows) for _ in range(n)])


def check(scorer, oof):
    """The fast measure is there, and says what calling the scorer on the drawn rows says."""
    fast, called = measure_of(scorer, oof), CalledMeasure(oof, scorer)
    assert fast.is_fast
    drawn = counts(oof.n_rows)
    np.testing.assert_allclose(fast.scores(drawn), called.scores(drawn), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(fast.scores(drawn, [2, 0]), fast.scores(drawn)[:, [2, 0]], rtol=1e-12)
    chosen = np.array([0, 3, 1, 1, 2, 0])
    np.testing.assert_allclose(fast.of_chosen(drawn, chosen), fast.on_rest(drawn)[np.arange(6), chosen], rtol=1e-12)
    np.testing.assert_allclose(fast.on_rest(np.ones((1, oof.n_rows)))[0], fast.on_all(), rtol=1e-9)
    np.testing.assert_allclose(fast.on_all(), called.scores(np.ones((1, oof.n_rows), dtype=int))[0], rtol=1e-9)


LABELS = ["accuracy", "balanced_accuracy", "matthews_corrcoef", "f1_macro", "f1_micro", "f1_weighted"]
LABELS += ["precision_macro", "recall_macro", "recall_weighted", "jaccard_macro", "jaccard_weighted"]


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("name", [*LABELS, "neg_log_loss", "roc_auc_ovr", "roc_auc_ovr_weighted"])
def test_classification(name, n_classes, weights):
    check(get_scorer(name), classification(n_classes, weights=weights))


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("method", ["predict_proba", "decision_function"])
@pytest.mark.parametrize("name", ["roc_auc", "average_precision", "f1", "precision", "recall", "jaccard", "accuracy"])
def test_binary(name, method, weights):
    check(get_scorer(name), classification(2, weights=weights, method=method))


@pytest.mark.parametrize("name", ["neg_brier_score", "neg_log_loss"])
def test_binary_probabilities(name):
    check(get_scorer(name), classification(2))


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize(
    "name",
    [
        *("r2", "explained_variance", "neg_mean_squared_error", "neg_root_mean_squared_error"),
        *("neg_mean_absolute_error", "neg_mean_absolute_percentage_error"),
        *("neg_mean_squared_log_error", "neg_root_mean_squared_log_error"),
    ],
)
def test_regression(name, weights):
    check(get_scorer(name), regression(weights=weights))


def test_labels_that_are_words():
    check(get_scorer("f1_macro"), classification(3, labels=["a", "b", "c"]))
    check(get_scorer("roc_auc"), classification(2, labels=["no", "yes"]))
    check(make_scorer(get_scorer("f1")._score_func, pos_label="yes"), classification(2, labels=["no", "yes"]))


@pytest.mark.parametrize("oof", [classification(3, n_repeats=3), regression(n_repeats=3)])
def test_repeats_are_scored_one_by_one(oof):
    name = "accuracy" if oof.is_classifier else "r2"
    check(get_scorer(name), oof)
    alone = [
        measure_of(
            get_scorer(name),
            OutOfFold(
                [{method: values[[repeat]] for method, values in each.items()} for each in oof.candidates],
                oof.y,
                oof.classes,
                is_classifier=oof.is_classifier,
            ),
        ).on_all()
        for repeat in range(3)
    ]
    np.testing.assert_allclose(measure_of(get_scorer(name), oof).on_all(), np.mean(alone, axis=0))


@pytest.mark.parametrize(
    "scorer",
    [
        get_scorer("neg_median_absolute_error"),
        get_scorer("neg_max_error"),
        make_scorer(lambda y, found: float(np.quantile(np.abs(y - found), 0.9)), greater_is_better=False),
        lambda estimator, X, y: -mean_squared_error(y, estimator.predict(X)),
    ],
)
def test_other_scorers_are_called(scorer):
    measure = measure_of(scorer, regression())
    assert not measure.is_fast
    assert np.isfinite(measure.scores(counts())).all()


def test_areas_one_against_one_are_called():
    measure = measure_of(get_scorer("roc_auc_ovo"), classification(3))
    assert not measure.is_fast
    oof = classification(3)
    expected = roc_auc_score(oof.y, oof.answers("predict_proba")[1, 0], multi_class="ovo")
    assert measure.on_all()[1] == pytest.approx(expected)


def test_a_scorer_that_reads_the_samples_is_told():
    with pytest.raises(TypeError, match="scoring needs to read nothing but predictions and targets"):
        measure_of(lambda estimator, X, y: X[0, 0], regression()).on_all()


def test_a_scorer_that_needs_what_is_not_stored_is_told():
    oof = classification(2, method="decision_function")
    with pytest.raises(ValueError, match="needs predict_proba of each candidate, got one that has decision_function"):
        measure_of(get_scorer("neg_log_loss"), oof)


@pytest.mark.parametrize("name", ["roc_auc", "average_precision", "roc_auc_ovr"])
def test_a_resample_without_a_class_has_no_area(name):
    oof = classification(2 if name != "roc_auc_ovr" else 3)
    drawn = np.where(oof.y == 0, counts(), 0)
    assert np.isnan(measure_of(get_scorer(name), oof).scores(drawn)).all()


@pytest.mark.parametrize(("name", "most"), [("accuracy", 1.0), pytest.param("roc_auc", 3.0, marks=pytest.mark.slow)])
def test_a_thousand_bootstraps_of_two_hundred_candidates_take_seconds(name, most):
    oof = classification(2, n=5000, n_candidates=200)
    drawn = counts(5000, 1000)
    start = time.process_time()
    measure_of(get_scorer(name), oof).scores(drawn)
    assert time.process_time() - start < 3 * most  # a tenth of a false alarm's room, on a machine that is busy

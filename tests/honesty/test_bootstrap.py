"""The bias-corrected bootstrap: its published figures, noise, groups, weights, rules."""

import time
from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.metrics import get_scorer
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import scale

from skhpo.honesty import estimate_from_predictions
from skhpo.honesty.bootstrap import PrunedBest, RuledChoice, best_of, bootstrapped, draws
from skhpo.honesty.metrics import measure_of
from skhpo.honesty.predictions import OutOfFold
from skhpo.selection import one_standard_error, unless_better


def hits(accuracies, n_rows, rng):
    """Predictions of candidates that are right with these probabilities, of labels that are all 1 or 0."""
    y = rng.integers(2, size=n_rows)
    is_right = rng.random((len(accuracies), n_rows)) < accuracies[:, None]
    return y, np.where(is_right, y, 1 - y)


# Tsamardinos et al., section 5: accuracies of Beta(9, 6); bias of the estimate for the accuracy of the chosen one.
# The figures are of 200 runs of that simulation made independently; here are 150, so that a standard error is
# at most sd / sqrt(150) = .07 / 12 = .006, and three of them are .018.
@pytest.mark.parametrize(
    ("n_candidates", "n_rows", "naive", "corrected"),
    [
        (50, 20, 0.134, -0.029),
        pytest.param(200, 40, 0.089, -0.027, marks=pytest.mark.slow),
        pytest.param(200, 100, 0.036, -0.019, marks=pytest.mark.slow),
        pytest.param(200, 500, 0.008, -0.004, marks=pytest.mark.slow),
    ],
)
def test_published_simulation(n_candidates, n_rows, naive, corrected):
    found = []
    for seed in range(150):
        rng = np.random.default_rng([seed, n_rows])
        accuracies = rng.beta(9, 6, size=n_candidates)
        y, predictions = hits(accuracies, n_rows, rng)
        estimate = estimate_from_predictions(y, predictions, scoring="accuracy", n_bootstraps=100, random_state=seed)
        true = accuracies[(predictions == y).mean(axis=1).argmax()]
        found.append((estimate.naive - true, estimate.value - true))
    np.testing.assert_allclose(np.mean(found, axis=0), [naive, corrected], atol=0.018)


@pytest.mark.parametrize(
    ("scoring", "method"), [("accuracy", "predict"), ("roc_auc", "decision_function"), ("balanced_accuracy", "predict")]
)
def test_guesses_are_worth_nothing(scoring, method):
    found = []
    for seed in range(40):
        rng = np.random.default_rng([seed, 1])
        y = np.arange(100) % 2
        guesses = rng.random((30, 100))
        guesses = (guesses > 0.5).astype(int) if method == "predict" else guesses
        found.append(estimate_from_predictions(y, guesses, scoring=scoring, method=method, n_bootstraps=100))
    assert np.mean([estimate.naive for estimate in found]) > 0.6
    # One bootstrap estimate has a standard deviation of .02: of the mean of 40 it is .003, and three are .01.
    assert np.mean([estimate.value for estimate in found]) == pytest.approx(0.5, abs=0.01)
    low, high = np.array([estimate.interval for estimate in found]).T
    assert np.mean((low <= 0.5) & (high >= 0.5)) > 0.9


def test_a_leak_is_not_corrected_and_an_honest_fold_is():
    """Planted: nearest neighbours that were trained on the rows that they predict look perfect on labels of noise."""
    X, y = make_classification(120, 5, n_informative=5, n_redundant=0, random_state=0)
    y = np.random.default_rng(0).permutation(np.arange(120) % 2)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    models = [KNeighborsClassifier(k) for k in (1, 2, 3)]
    leaking = [model.fit(X, y).predict(X) for model in models]
    honest = [cross_val_predict(model, X, y, cv=folds) for model in models]
    assert estimate_from_predictions(y, leaking, scoring="accuracy").value > 0.9
    assert estimate_from_predictions(y, honest, scoring="accuracy").value == pytest.approx(0.5, abs=0.12)


def test_groups_are_drawn_whole():
    groups = np.repeat(np.arange(10), 3)[np.random.default_rng(0).permutation(30)]
    (counts,) = draws(30, groups, 50, np.random.default_rng(1))
    for group in range(10):
        assert (counts[:, groups == group] == counts[:, groups == group][:, :1]).all()
    assert (np.array([counts[:, groups == group][:, 0] for group in range(10)]).sum(axis=0) == 10).all()


def test_rows_that_are_the_same_ten_times_are_no_ten_rows():
    """Without groups a candidate is scored on copies of the rows by which it was chosen."""
    rng = np.random.default_rng(0)
    y, guesses = hits(np.full(40, 0.5), 20, rng)
    y, guesses, groups = np.tile(y, 10), np.tile(guesses, 10), np.tile(np.arange(20), 10)
    alone = estimate_from_predictions(y, guesses, scoring="accuracy", n_bootstraps=300)
    together = estimate_from_predictions(y, guesses, scoring="accuracy", groups=groups, n_bootstraps=300)
    assert together.value < alone.value - 0.1
    assert np.ptp(together.interval) > 2 * np.ptp(alone.interval)


def test_rows_without_weight_are_as_good_as_not_there():
    rng = np.random.default_rng(0)
    y, guesses = hits(np.linspace(0.4, 0.7, 10), 200, rng)
    weight = (np.arange(200) < 100).astype(float)
    weighted = estimate_from_predictions(y, guesses, scoring="accuracy", sample_weight=weight)
    part = estimate_from_predictions(y[:100], guesses[:, :100], scoring="accuracy")
    assert weighted.naive == pytest.approx(part.naive)
    assert weighted.value == pytest.approx(part.value, abs=0.01)


def test_slow_metrics_leave_out_what_cannot_win_and_nothing_else():
    rng = np.random.default_rng(0)
    y, guesses = hits(np.r_[np.full(20, 0.2), np.full(5, 0.8)], 100, rng)
    oof = OutOfFold([{"predict": each[None]} for each in guesses], y, np.array([0, 1]), is_classifier=True)
    measure = measure_of(get_scorer("accuracy"), oof)
    pruned = PrunedBest(measure)
    slow = bootstrapped(pruned, 100, n_resamples=200)
    assert set(pruned._kept) == set(range(20, 25))
    np.testing.assert_array_equal(slow.scores, bootstrapped(best_of(measure), 100, n_resamples=200).scores)


def test_a_rule_is_followed_in_each_bootstrap():
    """The first candidate is 0.02 worse: chosen unless another is clearly better, it is what the estimate is of."""
    rng = np.random.default_rng(0)
    y, guesses = hits(np.r_[0.70, np.full(20, 0.72)], 100, rng)
    oof = OutOfFold([{"predict": each[None]} for each in guesses], y, np.array([0, 1]), is_classifier=True)
    oof = replace(oof, splits=np.arange(100)[None] % 5)
    measure = measure_of(get_scorer("accuracy"), oof)
    results = {"params": [{"number": each} for each in range(21)], "mean_fit_time": np.zeros(21)}

    def estimate(rule):
        chosen = RuledChoice(oof, get_scorer("accuracy"), rule=rule, results=results, metric="score")
        return bootstrapped(chosen, 100, n_resamples=200).scores.mean()

    first = measure.on_all()[0]
    assert estimate(unless_better(50, untuned={"number": 0})) == pytest.approx(first, abs=0.01)
    argmax = bootstrapped(best_of(measure), 100, n_resamples=200).scores.mean()
    assert estimate(unless_better(0, untuned={"number": 0})) == pytest.approx(argmax, abs=0.03)
    assert estimate(one_standard_error("number", n_standard_errors=50)) == pytest.approx(first, abs=0.01)


def test_it_is_the_same_each_time_whatever_the_size_of_pieces(monkeypatch):
    y, guesses = hits(np.full(5, 0.6), 50, np.random.default_rng(0))
    one = estimate_from_predictions(y, guesses, scoring="accuracy")
    monkeypatch.setattr("skhpo.honesty.measure._MOST_WEIGHTS", 50 * 7)
    other = estimate_from_predictions(y, guesses, scoring="accuracy")
    np.testing.assert_array_equal(one.scores, other.scores)
    third = estimate_from_predictions(y, guesses, scoring="accuracy", random_state=1)
    assert third.value != one.value


def test_what_it_says():
    y, guesses = hits(np.full(5, 0.6), 50, np.random.default_rng(0))
    estimate = estimate_from_predictions(y, guesses, scoring="accuracy")
    assert estimate.optimism == estimate.naive - estimate.value
    assert repr(estimate).startswith(f"accuracy {estimate.value:.3g} [")
    assert repr(estimate).endswith("(95%, bbc); naive 0.62, best of 5")
    narrow = estimate_from_predictions(y, guesses, scoring="accuracy", confidence=0.5)
    assert np.ptp(narrow.interval) < np.ptp(estimate.interval)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"predictions": []}, "predictions needs those of at least one candidate"),
        ({"predictions": [[0, 1]]}, r"predictions needs one row for each of 4 targets, got shape \(2,\)"),
        ({"method": "score"}, r"method needs to be one of \['predict_proba', 'decision_function', 'predict'\]"),
        ({"confidence": 1.0}, "confidence needs to be between 0 and 1, got 1.0"),
        ({"n_bootstraps": 0}, "n_bootstraps needs to be 1 or more, got 0"),
        ({"groups": [1, 2]}, r"groups needs one value for each of 4 rows, got shape \(2,\)"),
        ({"scoring": "neg_log_loss"}, "needs predict_proba of each candidate, got one that has predict only"),
        (
            {"predictions": [np.zeros((4, 3))], "method": "predict_proba", "scoring": "neg_log_loss"},
            r"predictions needs a column for each of 2 labels, got \(4, 3\)",
        ),
        (
            {"y": [0, 0, 0, 1], "method": "decision_function", "scoring": "roc_auc"},
            "needs rows enough for the metric to be defined on resampled ones, got 4 rows",
        ),
    ],
)
def test_what_cannot_be_estimated_is_said(changes, message):
    given = {"y": [0, 1, 0, 1], "predictions": [[0, 1, 0, 0]], "scoring": "accuracy"} | changes
    with pytest.raises(ValueError, match=message):
        estimate_from_predictions(given.pop("y"), given.pop("predictions"), **given)


def test_coverage_of_the_interval_of_a_fixed_model():
    """One candidate: nothing is chosen, and the interval is that of its accuracy."""
    covered = 0
    for seed in range(100):
        y, guesses = hits(np.array([0.7]), 100, np.random.default_rng([seed, 5]))
        low, high = estimate_from_predictions(y, guesses, scoring="accuracy", n_bootstraps=200).interval
        covered += low <= 0.7 <= high
    assert covered >= 90


def test_many_regressors_of_many_rows_take_little_time():
    rng = np.random.default_rng(0)
    y = scale(rng.normal(size=2000))
    start = time.process_time()
    found = estimate_from_predictions(y, y + rng.normal(size=(100, 2000)), scoring="r2")
    assert time.process_time() - start < 5
    assert found.value < found.naive


def test_the_best_alone_are_no_estimate():
    """Why a search keeps the predictions of all: the best by all rows are the best on those that a bootstrap leaves."""
    everyone, best = [], []
    for seed in range(12):
        rng = np.random.default_rng([seed, 9])
        y = np.arange(100) % 2
        guesses = rng.integers(2, size=(400, 100))
        chosen = np.argsort(-(guesses == y).mean(axis=1))[:20]
        for found, some in ((everyone, guesses), (best, guesses[chosen])):
            found.append(estimate_from_predictions(y, some, scoring="accuracy", n_bootstraps=100).value)
    assert np.mean(everyone) == pytest.approx(0.5, abs=0.02)  # a standard deviation of .02 / sqrt(12), three times
    assert np.mean(best) > 0.525


@pytest.mark.parametrize("scoring", ["r2", "explained_variance", "neg_mean_squared_error"])
def test_of_one_model_the_estimate_is_its_score(scoring):
    """Nothing is chosen, so nothing is to be corrected; R2 of the 22 rows that are left of 60 would be .05 too low."""
    differences = []
    for seed in range(30):
        rng = np.random.default_rng([seed, 3])
        y = rng.normal(size=60)
        estimate = estimate_from_predictions(y, [y + 0.6 * rng.normal(size=60)], scoring=scoring, n_bootstraps=100)
        differences.append(estimate.value - estimate.naive)
    assert np.mean(differences) == pytest.approx(0.0, abs=0.005)

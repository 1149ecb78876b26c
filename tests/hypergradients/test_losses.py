"""Each loss against scikit-learn's metric, and its slope against differences."""

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn import metrics

from skhpo.estimators.hypergradients import find_loss, loss_names
from skhpo.estimators.hypergradients.losses import Huber, OnPairs, Pinball, TweedieDeviance

rng = np.random.default_rng(0)
N = 30
Z = rng.normal(size=N)
Z3 = rng.normal(size=(N, 3))
REAL = rng.normal(size=N)
POSITIVE = rng.gamma(2.0, size=N)
TWO = rng.integers(0, 2, size=N)
THREE = np.arange(N) % 3
WEIGHT = rng.uniform(0.1, 1.0, size=N)
WEIGHT /= WEIGHT.sum()

REGRESSION = [(name, POSITIVE, np.exp(Z)) for name in loss_names(is_classifier=False)] + [
    (Pinball(0.9), REAL, Z),
    (Huber(0.3), REAL, Z),
    (TweedieDeviance(1.5), POSITIVE, np.exp(Z)),
    (TweedieDeviance(0), REAL, Z),
]
CLASSIFICATION = [(name, y, z) for name in loss_names(is_classifier=True) for y, z in [(TWO, Z), (THREE, Z3)]]


@pytest.mark.parametrize(
    ("loss", "y", "z", "is_classifier"),
    [(*case, False) for case in REGRESSION] + [(*case, True) for case in CLASSIFICATION],
)
def test_slopes_are_those_of_central_differences(loss, y, z, is_classifier):
    call = find_loss(loss, is_classifier=is_classifier)
    _, slope = call(y, z, WEIGHT)
    assert slope.shape == z.shape
    h = 1e-6
    for place in list(np.ndindex(z.shape))[:20]:
        step = np.zeros_like(z)
        step[place] = h
        difference = (call(y, z + step, WEIGHT)[0] - call(y, z - step, WEIGHT)[0]) / (2 * h)
        assert slope[place] == pytest.approx(difference, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize(
    ("loss", "y", "z", "expected"),
    [
        ("squared", REAL, Z, metrics.mean_squared_error(REAL, Z, sample_weight=WEIGHT)),
        ("absolute", REAL, Z, metrics.mean_absolute_error(REAL, Z, sample_weight=WEIGHT)),
        (Pinball(0.9), REAL, Z, metrics.mean_pinball_loss(REAL, Z, alpha=0.9, sample_weight=WEIGHT)),
        ("poisson", POSITIVE, np.exp(Z), metrics.mean_poisson_deviance(POSITIVE, np.exp(Z), sample_weight=WEIGHT)),
        ("gamma", POSITIVE, np.exp(Z), metrics.mean_gamma_deviance(POSITIVE, np.exp(Z), sample_weight=WEIGHT)),
        (
            TweedieDeviance(1.5),
            POSITIVE,
            np.exp(Z),
            metrics.mean_tweedie_deviance(POSITIVE, np.exp(Z), power=1.5, sample_weight=WEIGHT),
        ),
    ],
)
def test_values_of_regression_are_those_of_scikit_learn(loss, y, z, expected):
    assert find_loss(loss, is_classifier=False)(y, z, WEIGHT)[0] == pytest.approx(expected)


def test_values_of_classification_are_those_of_scikit_learn():
    def value(loss, y, z):
        return find_loss(loss, is_classifier=True)(y, z, WEIGHT)[0]

    assert value("log_loss", TWO, Z) == pytest.approx(metrics.log_loss(TWO, expit(Z), sample_weight=WEIGHT))
    P = softmax(Z3, axis=1)
    assert value("log_loss", THREE, Z3) == pytest.approx(metrics.log_loss(THREE, P, sample_weight=WEIGHT))
    assert value("brier", TWO, Z) == pytest.approx(metrics.brier_score_loss(TWO, expit(Z), sample_weight=WEIGHT))
    assert value("squared", TWO, Z) == pytest.approx(np.sum(WEIGHT * (Z - (2 * TWO - 1)) ** 2))


def test_an_extreme_logit_overflows_nothing():
    value, slope = find_loss("log_loss", is_classifier=True)(np.array([0, 1]), np.array([1e4, -1e4]), np.full(2, 0.5))
    assert value == pytest.approx(1e4)
    assert slope == pytest.approx([0.5, -0.5])


def test_an_unknown_loss_is_refused_with_those_that_there_are():
    with pytest.raises(ValueError, match=r"loss of regressors needs to be .*'squared'.*got 'log_loss'"):
        find_loss("log_loss", is_classifier=False)


def test_a_deviance_refuses_predictions_that_have_none():
    with pytest.raises(ValueError, match="needs positive predictions, got -1"):
        TweedieDeviance(1)(np.ones(2), np.array([1.0, -1.0]), np.full(2, 0.5))


@pytest.mark.parametrize("name", loss_names(is_classifier=True))
def test_a_loss_on_pairs_is_the_mean_over_the_pairs_of_a_sample(name):
    of_two = find_loss(name, is_classifier=True)
    pairs = [(0, 1), (0, 2), (1, 2)]
    expected = 0.0
    for i, label in enumerate(THREE):
        for place, pair in enumerate(pairs):
            if label in pair:
                is_first = np.array([int(label == pair[0])])
                expected += of_two(is_first, Z3[i, [place]], WEIGHT[[i]])[0] / 2
    value, slope = OnPairs(of_two)(THREE, Z3, WEIGHT)
    assert value == pytest.approx(expected)
    h = 1e-6
    for place in np.ndindex(10, 3):
        step = np.zeros_like(Z3)
        step[place] = h
        difference = (OnPairs(of_two)(THREE, Z3 + step, WEIGHT)[0] - OnPairs(of_two)(THREE, Z3 - step, WEIGHT)[0]) / (
            2 * h
        )
        assert slope[place] == pytest.approx(difference, rel=1e-5, abs=1e-9)

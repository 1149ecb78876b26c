"""Axes and colours of scores are ruled by the better candidates, however many of the others are hopeless."""

import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import KFold

from skhpo import GridSearchCV, RandomSearchCV

pytest.importorskip("matplotlib")

import matplotlib.pyplot as plt

from skhpo.plotting import (
    OptimizationHistoryDisplay,
    ParallelCoordinatesDisplay,
    ResponseDisplay,
    SlicesDisplay,
)
from skhpo.plotting.colors import ScoreColors, decimals, rounded
from skhpo.plotting.limits import n_shown, score_limits, typical_noise

ROWS, Y = np.arange(30.0).reshape(-1, 1), np.arange(30) % 2
GOOD = np.linspace(0.94, 0.975, 60)


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


class Kernels(ClassifierMixin, BaseEstimator):
    """Good for one kernel, near to chance for the other."""

    def __init__(self, C=1.0, gamma=1.0, kernel="good"):
        self.C, self.gamma, self.kernel = C, gamma, kernel

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.zeros(len(X), dtype=int)

    def score(self, X, y):
        distance = np.log10(self.C) ** 2 + (np.log10(self.gamma) + 0.1) ** 2
        distance += 0.1 * np.log10(self.C)
        top, slope = (0.96, 0.01) if self.kernel == "good" else (0.5, 0.03)
        return top - slope * distance + 0.001 * (X[0, 0] // 10)


GRID = {"C": [0.1, 1.0, 10.0], "gamma": [0.1, 1.0, 10.0], "kernel": ["good", "bad"]}


@pytest.fixture(scope="module")
def grid():
    return GridSearchCV(Kernels(), GRID, cv=KFold(3)).fit(ROWS, Y)


# -- limits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n_good", "n_bad"), [(26, 4), (28, 2), (9, 9), (15, 15), (6, 54), (10, 90), (5, 2000), (4, 36)]
)
@pytest.mark.parametrize("spread", [0.0, 0.05, 0.3])
def test_the_share_of_hopeless_candidates_does_not_matter(n_good, n_bad, spread):
    good = np.linspace(0.94, 0.975, n_good)
    bad = 0.5 - spread * np.linspace(0, 1, n_bad) ** 2
    low, high = score_limits(np.random.default_rng(0).permutation([*good, *bad]))
    assert 0.9 < low < 0.94
    assert 0.975 < high < 1.0
    assert n_shown([*good, *bad]) == n_good


@pytest.mark.parametrize("n", [2, 3, 7, 30, 500])
def test_scores_that_are_spread_evenly_are_all_shown(n):
    assert n_shown(np.linspace(0.5, 0.9, n)) == n
    assert n_shown(np.linspace(0.5, 0.9, n) ** 3) == n


def test_even_scores_are_seldom_cut():
    """Half a percent at each of the first few places, less at later ones: about 4 % in all."""
    rng = np.random.default_rng(0)
    for n in (8, 20, 40, 200):
        n_cut = sum(n_shown(rng.uniform(size=n)) < n for _ in range(500))
        assert n_cut <= 36  # of 500; a binomial with 4 % exceeds it with probability 0.05 %


def test_a_search_that_converged_shows_how_it_got_there():
    first = np.array([0.80, 0.86, 0.89, 0.91, 0.93, 0.94])
    scores = np.append(first, 0.96 + 1e-5 * np.arange(24))
    low, _ = score_limits(scores, noise=0.02)
    assert low < 0.89  # what differs by less than the noise of a score is no axis of its own
    assert score_limits(scores)[0] > 0.95


def test_long_tails_are_cut_so_that_the_better_half_has_a_quarter():
    errors = -np.geomspace(3000, 1e9, 30)
    low, high = score_limits(errors)
    better = errors[:15]
    assert (better.max() - better.min()) / (high - low) > 0.2
    assert low > -1e9


def test_disasters_among_the_hopeless_change_nothing():
    scores = [*GOOD, 0.5, 0.4, -1e10, -1e300, np.nan, -np.inf]
    assert score_limits(scores) == score_limits(GOOD)


def test_limits_do_not_pass_where_metrics_end():
    for scores in ([0.9, 0.95, 0.999], [0.9, 0.95, 0.98], [0.4, 0.99]):
        low, high = score_limits(scores)
        assert max(scores) < high < 1.001
    assert 1.0 < score_limits([0.9, 1.0])[1] < 1.01  # half of a mark
    assert 0.0 < score_limits([-2.0, -1.0, 0.0])[1] < 0.1
    assert score_limits([-2.0, -1.0, -0.05])[1] == 0.0
    assert score_limits([3.0, 5.0, 10.0])[1] > 10.0
    assert score_limits([0.9, 0.95, 0.98], also=(0.9, 1.02))[1] == 1.0
    assert score_limits([]) == score_limits([np.nan]) == (0.0, 1.0)
    low, high = score_limits([0.7] * 5)
    assert low < 0.7 < high


def test_the_better_quarter_of_a_curve_is_seen():
    curve = np.linspace(0.3, 0.99, 101)
    assert score_limits(GOOD, curve)[0] < np.quantile(curve, 0.75)
    assert score_limits(GOOD, curve)[0] > 0.7


def test_noise_is_that_of_good_candidates():
    scores, std = np.array([0.9, 0.8, 0.1, np.nan]), np.array([0.01, 0.03, 5.0, np.nan])
    assert typical_noise(scores, std) == pytest.approx(0.02)
    assert typical_noise(scores, None) == typical_noise(scores * np.nan, std) == 0.0


@pytest.mark.parametrize("n_bad", [4, 30, 270])
def test_pictures_of_mostly_hopeless_searches(n_bad):
    rng = np.random.default_rng(0)
    points = [{"C": float(c)} for c in loguniform(1e-2, 1e2).rvs(n_bad + 30, random_state=0)]
    is_bad = rng.permutation(np.arange(n_bad + 30) < n_bad)
    means = np.where(is_bad, rng.uniform(0.3, 0.52, len(is_bad)), rng.uniform(0.94, 0.97, len(is_bad)))
    results = {"params": points, "mean_test_score": means, "rank_test_score": np.argsort(np.argsort(-means)) + 1}
    results |= {f"split{i}_test_score": means + 0.01 * (i - 0.5) for i in range(2)}
    history = OptimizationHistoryDisplay.from_search(results)
    assert 0.9 < history.ax_.get_ylim()[0] < 0.94
    (below,) = [line for line in history.failed_ if line.get_label() == "worse, below the axis"]
    assert below.get_xdata().tolist() == np.flatnonzero(is_bad).tolist()
    parallel = ParallelCoordinatesDisplay.from_search(results)
    heights = np.array([line[-1, 1] for line in parallel.lines_.get_segments()])
    good = parallel.lines_.get_array() > 0.9
    assert (heights[~good] == 0).all()
    assert np.ptp(heights[good]) > 0.6
    assert "worse" in [text.get_text() for text in parallel.ax_.texts]
    colors = parallel.lines_.norm(parallel.lines_.get_array())
    assert np.ptp(colors[good]) > 0.65
    assert max(colors[~good]) < min(colors[good])


# -- colours ----------------------------------------------------------------------------------------------------------


def test_colours_are_linear_where_few_are_hopeless():
    colors = ScoreColors([0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.4])
    assert not colors.is_by_rank
    assert colors.limits == (0.9, 0.98)
    np.testing.assert_allclose(colors.norm([0.9, 0.94, 0.98]), [0.0, 0.5, 1.0])
    assert colors.norm(0.4) < 0  # the map's colour for what is below


@pytest.mark.parametrize("n_bad", [10, 100, 1000])
def test_colours_go_by_rank_where_many_are(n_bad):
    rng = np.random.default_rng(0)
    good, bad = np.sort(rng.uniform(0.94, 0.97, 20)), rng.uniform(0.0, 0.5, n_bad)
    colors = ScoreColors([*good, *bad])
    assert colors.is_by_rank
    places = np.asarray(colors.norm(good))
    np.testing.assert_allclose(np.diff(places), 0.7 / 19)  # of the better ones each step counts alike
    assert (places[0], places[-1]) == pytest.approx((0.3, 1.0))
    assert np.asarray(colors.norm(bad)).max() < 0.3
    np.testing.assert_allclose(colors.norm.inverse(places), good)
    ticks = colors.ticks()
    assert 4 <= len(ticks) <= 6
    assert set(ticks) <= {*good, *bad}


@pytest.mark.parametrize(
    "values", [[0.5], [0.5, 0.5, 0.5], [], [np.nan], [0.9, 0.5, 0.5, 0.5], [0.9] + [0.5, 0.4] * 20]
)
def test_colours_of_few_values(values):
    colors = ScoreColors(values)
    known = [value for value in values if np.isfinite(value)]
    found = np.asarray(colors.norm(known)) if known else np.array([0.5])
    assert np.isfinite(found).all()
    assert found.max() <= 1
    assert len(colors.ticks()) >= 1


def test_nine_cells_are_told_apart_although_half_of_the_kernels_are_hopeless(grid):
    display = ResponseDisplay.from_search(grid, ["C", "gamma"])
    found = {tuple(color) for color in display.mean_.to_rgba(np.unique(display.mean_.get_array()))}
    assert len(found) == len(np.unique(display.mean_.get_array())) == 9
    shown = display.mean_.norm(np.unique(display.mean_.get_array()))
    assert np.diff(shown).max() < 0.4
    bar = display.mean_.colorbar
    assert "Score (mean over splits)" in bar.ax.get_ylabel()


def test_the_colour_map_of_a_grid_of_which_half_is_hopeless():
    display = ResponseDisplay.from_search(GridSearchCV(Kernels(), GRID, cv=3).fit(ROWS, Y), ["C", "kernel"])
    values = np.unique(display.mean_.get_array())
    assert display.mean_.norm(values).min() >= 0
    assert len({tuple(color) for color in display.mean_.to_rgba(values)}) == len(values)
    assert display.mean_.colorbar.ax.get_ylabel().endswith("colours by rank")


def test_a_map_of_the_model_resolves_where_candidates_are_good():
    space = {"C": loguniform(0.01, 100), "gamma": loguniform(1e-3, 1e3), "kernel": ["good", "bad"]}
    search = RandomSearchCV(Kernels(), space, n_iter=40, cv=3, random_state=0).fit(ROWS, Y)
    display = ResponseDisplay.from_search(search, ["C", "gamma"], others={"kernel": "good"})
    best = display.mean >= np.quantile(display.mean, 0.75)
    assert np.ptp(display.mean_.norm(display.mean[best])) > 0.1  # of 0.02 in 0.5
    slices = SlicesDisplay.from_search(search)
    assert slices.axes_[0].get_ylim()[0] > 0.6


# -- numbers ----------------------------------------------------------------------------------------------------------


def test_numbers_have_the_digits_that_tell_them_apart():
    assert rounded(np.array([0.9, 0.925, 0.95])) == ["0.9", "0.925", "0.95"]
    assert rounded(np.array([3000.0, 3500.0])) == ["3000", "3500"]
    assert rounded(np.array([])) == []
    assert decimals(np.array([0.95001, 0.95002]), (0.95, 0.96)) == 7
    assert decimals(np.array([np.nan, 0.5]), (0.0, 1.0)) == 3
    assert decimals(np.array([3e6, 5e6]), (0.0, 5e6)) == 0

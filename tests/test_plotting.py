"""Displays: what they draw, read from the artists."""

import itertools
import pickle
import re

import numpy as np
import pytest
from scipy.stats import expon, loguniform, norm, randint
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV as TheirGridSearchCV
from sklearn.model_selection import KFold, RandomizedSearchCV
from sklearn.svm import SVC

from skhpo import (
    BayesSearchCV,
    Categorical,
    Float,
    GridSearchCV,
    Int,
    RandomSearchCV,
    SuccessiveHalvingCV,
    load_results,
)
from skhpo.report.fitted import fitted

pytest.importorskip("matplotlib")

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.colors import to_rgba
from matplotlib.text import Text

from skhpo import plotting
from skhpo.plotting import (
    OptimizationHistoryDisplay,
    ParallelCoordinatesDisplay,
    ParamImportancesDisplay,
    ResponseDisplay,
    RungsDisplay,
    SlicesDisplay,
    TimelineDisplay,
)
from skhpo.plotting.axis import ParamAxis, number_labels, value_label
from skhpo.plotting.limits import score_limits

ROWS, Y = np.arange(30.0).reshape(-1, 1), np.arange(30) % 2
INNER = [None, SVC(C=10), SVC(C=20)]
SPACE = {
    "rate": Float(1e-4, 1.0, log=True),
    "depth": Int(1, 20),
    "kind": Categorical(["a", "b"]),
    "slope": Float(0.0, 1.0, when={"kind": "b"}),
    "inner": Categorical(INNER),
    "shape": Categorical([(50,), (100, 50)]),
}

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning"),
    pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite"),
]


class Formula(ClassifierMixin, BaseEstimator):
    """Its score is a formula; it fails for large depths."""

    def __init__(self, *, rate=0.1, depth=3, kind="a", slope=0.0, inner=None, shape=(50,), n=27):
        self.rate, self.depth, self.kind, self.slope = rate, depth, kind, slope
        self.inner, self.shape, self.n = inner, shape, n

    def fit(self, X, y):
        if self.depth > 17:
            raise ValueError("too deep")
        self.classes_ = np.unique(y)
        self.fold_ = X.sum() % 7 / 1000
        return self

    def predict(self, X):
        return np.zeros(len(X), dtype=int)

    def score(self, X, y):
        score = 0.9 - 0.05 * (np.log10(self.rate) + 2) ** 2 - 0.001 * (self.depth - 8) ** 2 - 0.3 / self.n
        return score + 0.05 * (self.kind == "b") * (1 - self.slope) + self.fold_


class Stub(BaseEstimator):
    """Takes the place of a search of somebody else's."""

    def fit(self, X, y):
        raise NotImplementedError


@pytest.fixture(scope="module")
def bayes(tmp_path_factory):
    path = tmp_path_factory.mktemp("plots") / "search.db"
    return BayesSearchCV(Formula(), SPACE, n_iter=14, cv=2, random_state=0, look_back=1, checkpoint=path).fit(ROWS, Y)


@pytest.fixture(scope="module")
def halving():
    return SuccessiveHalvingCV(
        Formula(),
        {"rate": SPACE["rate"], "depth": SPACE["depth"]},
        n_candidates=9,
        resource="n",
        min_resources=3,
        cv=2,
        random_state=1,
    ).fit(ROWS, Y)


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def drawn(display):
    """Draw for good, which runs the layout and all formatters."""
    display.figure_.canvas.draw()
    return display


def no_marks(n, *, failed=False):
    return {"failed": np.full(n, failed), "stopped": np.zeros(n, dtype=bool)}


def texts(ticks):
    return [tick.get_text() for tick in ticks]


def bottoms(display):
    """Positions of the marks at the bottom of the axes, by label."""
    return {line.get_label(): line.get_xdata().tolist() for line in display.failed_}


def test_the_surface_is_the_displays():
    assert all(name.endswith("Display") for name in plotting.__all__)
    assert sorted(plotting.__all__) == plotting.__all__


@pytest.mark.parametrize("name", [name for name in plotting.__all__ if name != "OptimismDisplay"])  # needs predictions
def test_displays_follow_the_convention(name, bayes, halving):
    search = halving if name == "RungsDisplay" else bayes
    make = getattr(plotting, name).from_search
    make = (
        make
        if name != "ResponseDisplay"
        else lambda search, **kwargs: ResponseDisplay.from_search(search, "rate", **kwargs)
    )
    figure, ax = plt.subplots()
    display = make(search, ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is figure
    again = display.plot()
    assert again is display
    assert display.figure_ is not figure
    assert display.ax_.get_xlabel() or name in {"ParallelCoordinatesDisplay", "SlicesDisplay"}
    drawn(display)
    with pytest.raises(NotFittedError):
        make(GridSearchCV(SVC(), {"C": [1, 2]}))
    assert "Examples\n" in display.__doc__


# -- history ----------------------------------------------------------------------------------------------------------


def test_history_has_scores_best_so_far_and_failures(bayes):
    display = drawn(OptimizationHistoryDisplay.from_search(bayes))
    scores = bayes.cv_results_["mean_test_score"]
    ok = np.isfinite(scores)
    x, y = display.scatter_.get_offsets()[ok].T
    assert x.tolist() == np.flatnonzero(ok).tolist()
    np.testing.assert_array_equal(y, scores[ok])
    assert display.line_.get_ydata()[-1] == bayes.best_score_
    np.testing.assert_array_equal(display.line_.get_ydata(), np.fmax.accumulate(scores))
    failed = np.flatnonzero(np.isnan(scores)).tolist()
    assert failed
    assert bottoms(display)["failed"] == failed
    assert display.ax_.get_ylabel() == "Score (mean over splits)"
    assert all(float(text).is_integer() for text in texts(display.ax_.get_xticklabels()) if text[0].isdigit())


def test_an_error_score_is_no_score():
    grid = {"depth": [3, 8, 18]}
    search = GridSearchCV(Formula(), grid, cv=2, error_score=0.25).fit(ROWS, Y)
    display = drawn(OptimizationHistoryDisplay.from_search(search))
    assert bottoms(display) == {"failed": [2.0]}
    assert np.isnan(display.scores[2])
    assert display.line_.get_ydata()[-1] == max(search.cv_results_["mean_test_score"][:2])


def test_a_disaster_does_not_flatten_the_rest():
    scores = np.append(np.linspace(0.8, 0.9, 20), -1e10)
    display = drawn(OptimizationHistoryDisplay(scores=scores, **no_marks(21)).plot())
    assert display.ax_.get_ylim()[0] > 0
    assert bottoms(display) == {"worse, below the axis": [20.0]}


def test_history_when_everything_failed():
    display = drawn(OptimizationHistoryDisplay(scores=np.full(3, np.nan), **no_marks(3, failed=True)).plot())
    assert bottoms(display) == {"failed": [0.0, 1.0, 2.0]}


def test_trials_that_were_given_up_are_hollow_and_no_best():
    stopped = np.array([False, True, False])
    display = OptimizationHistoryDisplay(scores=np.array([0.5, 0.9, 0.6]), failed=np.zeros(3, bool), stopped=stopped)
    assert drawn(display.plot()).best_scores.tolist() == [0.5, 0.5, 0.6]
    (hollow,) = [dots for dots in display.ax_.collections if dots.get_label() == "stopped early"]
    assert hollow.get_offsets()[:, 0].tolist() == [1.0]
    assert len(hollow.get_facecolors()) == 0
    amounts = np.array([1, 1, 9])
    display = OptimizationHistoryDisplay(
        scores=np.array([0.5, 0.4, 0.6]),
        failed=np.zeros(3, bool),
        stopped=stopped,
        resources=amounts,
        resource_name="n",
    )
    drawn(display.plot())
    (hollow,) = [dots for dots in display.ax_.collections if dots.get_label() == "stopped early"]
    assert display.scatter_.get_offsets()[:, 0].tolist() == [0.0, 2.0]
    np.testing.assert_array_equal(hollow.get_edgecolors()[0], display.scatter_.get_facecolors()[0])  # of the same rung


def test_history_of_rungs_compares_what_had_all_of_the_resource(halving):
    display = drawn(OptimizationHistoryDisplay.from_search(halving))
    full = halving.cv_results_["n_resources"] == 27
    np.testing.assert_array_equal(np.isfinite(display.best_scores), np.cumsum(full) > 0)
    assert display.best_scores[-1] == halving.best_score_
    np.testing.assert_allclose(display.scatter_.get_array(), np.log(halving.cv_results_["n_resources"]))
    assert "n" in [ax.get_ylabel() for ax in display.figure_.axes]


def test_one_of_several_metrics_by_its_name():
    def two(estimator, X, y):
        score = estimator.score(X, y)
        return {"gain": score, "loss": -2 * score}

    search = RandomSearchCV(
        Formula(), {"rate": SPACE["rate"]}, n_iter=5, cv=2, scoring=two, refit="gain", random_state=0
    ).fit(ROWS, Y)
    assert OptimizationHistoryDisplay.from_search(search).label == "gain"
    display = OptimizationHistoryDisplay.from_search(search, metric="loss")
    np.testing.assert_array_equal(display.scores, search.cv_results_["mean_test_loss"])
    assert ResponseDisplay.from_search(search, "rate", metric="loss").mean.max() < 0
    with pytest.raises(ValueError, match=r"metric needs to be one of \['gain', 'loss'\], got 'profit'"):
        OptimizationHistoryDisplay.from_search(search, metric="profit")


# -- importances ------------------------------------------------------------------------------------------------------


def test_importances_are_the_searchs_own(bayes):
    display = drawn(ParamImportancesDisplay.from_search(bayes))
    assert dict(zip(display.names, display.importances.tolist(), strict=True)) == bayes.importances()
    assert [bar.get_width() for bar in display.bars_] == list(bayes.importances().values())
    assert texts(display.ax_.get_yticklabels()) == list(bayes.importances())
    assert display.bars_[0].get_y() > display.bars_[-1].get_y()  # the first stands at the top


def test_a_model_needs_scores():
    search = GridSearchCV(Formula(), {"depth": [3]}, cv=2).fit(ROWS, Y)
    with pytest.raises(ValueError, match="two or more scores and a parameter that was searched, got 1 scores and 0"):
        ParamImportancesDisplay.from_search(search)


# -- response ---------------------------------------------------------------------------------------------------------


def test_response_of_a_number_on_a_log_scale(bayes):
    display = drawn(ResponseDisplay.from_search(bayes, "rate"))
    assert display.ax_.get_xscale() == "log"
    assert display.ax_.get_xlabel() == "rate"
    (grid,) = display.grid
    assert grid[0] == pytest.approx(1e-4)
    assert grid[-1] == pytest.approx(1.0)
    points = [{**bayes.best_params_, "rate": rate} for rate in grid.tolist()]
    mean, std = bayes.predict_score(points)
    np.testing.assert_allclose(display.mean_.get_ydata(), mean, rtol=1e-6)
    np.testing.assert_allclose(display.std, std, rtol=1e-4, atol=1e-9)
    rates = np.array([params["rate"] for params in bayes.cv_results_["params"]])
    failed = np.isnan(bayes.cv_results_["mean_test_score"])
    x, y = display.scatter_.get_offsets()[~failed].T
    np.testing.assert_array_equal(x, rates[~failed])
    np.testing.assert_array_equal(y, bayes.cv_results_["mean_test_score"][~failed])
    assert bottoms(display)["failed"] == rates[failed].tolist()
    (star,) = [line for line in display.ax_.lines if line.get_label() == "best"]
    assert (star.get_xdata()[0], star.get_ydata()[0]) == (bayes.best_params_["rate"], bayes.best_score_)
    assert "with " in display.ax_.get_title(loc="left")


def test_response_of_integers_is_asked_at_integers(bayes):
    display = drawn(ResponseDisplay.from_search(bayes, "depth"))
    assert display.grid[0].tolist() == list(range(1, 21))
    assert all(text.isdigit() for text in texts(display.ax_.get_xticklabels()))


def test_response_of_categories_goes_by_their_names(bayes):
    display = drawn(ResponseDisplay.from_search(bayes, "inner"))
    assert display.grid[0].tolist() == [0, 1, 2]
    assert texts(display.ax_.get_xticklabels()) == ["None", "SVC(C=10)", "SVC(C=20)"]
    mean, _ = bayes.predict_score([{**bayes.best_params_, "inner": inner} for inner in INNER])
    np.testing.assert_allclose(display.mean, mean, rtol=1e-6)
    places = [INNER.index(params["inner"]) for params in bayes.cv_results_["params"]]
    np.testing.assert_array_equal(display.positions[:, 0], places)
    ok = np.isfinite(bayes.cv_results_["mean_test_score"])
    x = display.scatter_.get_offsets()[ok, 0]
    np.testing.assert_array_equal(np.rint(x), np.array(places)[ok])  # each beside its own
    assert texts(ResponseDisplay.from_search(bayes, "shape").ax_.get_xticklabels()) == ["(50,)", "(100, 50)"]


def test_trials_without_the_parameter_stand_apart(bayes):
    display = drawn(ResponseDisplay.from_search(bayes, "slope"))
    is_absent = np.array(["slope" not in params for params in bayes.cv_results_["params"]])
    assert 0 < is_absent.sum() < 14
    np.testing.assert_array_equal(np.isnan(display.positions[:, 0]), is_absent)
    assert texts(display.absent_ax_.get_xticklabels()) == ["absent"]
    np.testing.assert_array_equal(
        display.absent_ax_.collections[0].get_offsets()[:, 1], bayes.cv_results_["mean_test_score"][is_absent]
    )
    assert display.absent_ax_.get_ylim() == display.ax_.get_ylim()
    assert np.isfinite(display.mean).all()
    assert ResponseDisplay.from_search(bayes, "rate").absent_ax_ is None
    labels = texts(display.ax_.get_legend().get_texts())
    assert labels.count("best") == 1  # wherever it stands


def test_response_of_two(bayes):
    display = drawn(ResponseDisplay.from_search(bayes, ["rate", "depth"]))
    mean, std = display.ax_
    assert (mean.get_xscale(), mean.get_yscale(), std.get_xscale()) == ("log", "linear", "log")
    assert display.mean.shape == display.std.shape == (41, 20)
    np.testing.assert_array_equal(np.ravel(display.mean_.get_array()), display.mean.T.ravel())
    points = [
        {**bayes.best_params_, "rate": rate, "depth": int(depth)}
        for rate, depth in itertools.product(*(grid.tolist() for grid in display.grid))
    ]
    np.testing.assert_allclose(display.mean.ravel(), bayes.predict_score(points)[0], rtol=1e-5)
    failed = np.isnan(bayes.cv_results_["mean_test_score"])
    assert len(display.scatter_.get_offsets()) == (~failed).sum()
    assert len(display.failed_[0].get_xdata()) == failed.sum()


def test_a_child_is_inactive_beside_the_wrong_category(bayes):
    display = drawn(ResponseDisplay.from_search(bayes, ["kind", "slope"]))
    assert np.isnan(display.mean[0]).all()
    assert np.isfinite(display.mean[1]).all()
    assert np.ma.getmaskarray(display.mean_.get_array()).reshape(41, 2)[:, 0].all()
    x, _ = display.scatter_.get_offsets().T
    ok = np.isfinite(bayes.cv_results_["mean_test_score"])
    is_b = np.array([params["kind"] == "b" for params in bayes.cv_results_["params"]])
    assert (np.rint(x) == 1).all()
    assert len(x) == np.sum(ok & is_b)
    for apart in display.apart_:  # on each map: at the lower end of the hatched column, which is no value
        assert len(apart.get_xdata()) == np.sum(~is_b)
        assert (np.rint(apart.get_xdata()) == 0).all()
        assert apart.get_transform() == apart.axes.get_xaxis_transform()
        assert max(apart.get_ydata()) < 0.05
        assert apart.get_label() == "trial without slope"
    labels = texts(display.head_.get_legend().get_texts())
    assert {"trial", "best", "trial without slope", "not together"} <= set(labels)


def test_two_parameters_that_not_all_trials_have(bayes):
    display = ResponseDisplay.from_search(bayes, ["rate", "slope"])
    n_absent = sum("slope" not in params for params in bayes.cv_results_["params"])
    assert f"{n_absent} of 14 trials lack one of the two parameters" in display.head_.get_title(loc="left")
    n_failed = sum(len(line.get_xdata()) for line in display.failed_[:1])
    assert len(display.scatter_.get_offsets()) + n_failed == 14 - n_absent


def test_others_given_or_averaged(bayes):
    given = ResponseDisplay.from_search(bayes, "depth", others={"rate": 0.9})
    points = [{**bayes.best_params_, "depth": depth, "rate": 0.9} for depth in range(1, 21)]
    np.testing.assert_allclose(given.mean, bayes.predict_score(points)[0], rtol=1e-6)
    average = ResponseDisplay.from_search(bayes, "rate", others="average")
    assert average.mean.max() < ResponseDisplay.from_search(bayes, "rate").mean.max()
    assert "averaged" in average.ax_.get_title(loc="left")
    with pytest.raises(ValueError, match='others need to be "best", "average" or a dict, got \'worst\''):
        ResponseDisplay.from_search(bayes, "rate", others="worst")
    with pytest.raises(ValueError, match=r"others need to be parameters of the space, .* got 'speed'"):
        ResponseDisplay.from_search(bayes, "rate", others={"speed": 1})


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ("speed", "params need to be parameters with more than one value"),
        (["rate", "rate"], "one or two different parameters"),
        (["rate", "depth", "kind"], "one or two different parameters"),
        ([], "one or two different parameters"),
    ],
)
def test_response_of_what_was_not_searched(bayes, params, message):
    with pytest.raises(ValueError, match=message):
        ResponseDisplay.from_search(bayes, params)


def test_the_same_model_is_fitted_to_other_searches(bayes):
    """A search without a model has the response of the Bayesian one that has its trials."""

    other = Stub()
    other.cv_results_, other.param_distributions = bayes.cv_results_, SPACE
    own, fitted_anew = (ResponseDisplay.from_search(search, "rate") for search in (bayes, other))
    np.testing.assert_allclose(own.mean, fitted_anew.mean, rtol=1e-6)


def test_an_untuned_estimator_outside_of_the_space_is_in_all_pictures():
    X, y = load_iris(return_X_y=True)
    space = {"C": Float(1e-2, 1e2, log=True), "gamma": Float(1e-3, 1e1, log=True)}
    metrics = ["accuracy", "f1_macro"]
    search = BayesSearchCV(SVC(), space, n_iter=5, cv=2, random_state=0, scoring=metrics, refit="accuracy").fit(X, y)
    assert search.cv_results_["params"][0] == {"C": 1.0, "gamma": "scale"}
    for metric in metrics:
        score = search.cv_results_[f"mean_test_{metric}"][0]
        history = OptimizationHistoryDisplay.from_search(search, metric=metric)
        assert history.untuned == score
        response = ResponseDisplay.from_search(search, "gamma", metric=metric)
        assert np.isnan(response.positions[0, 0])
        assert score in response.absent_ax_.collections[0].get_offsets()[:, 1]
        nearness = ResponseDisplay.from_search(search, "C", metric=metric).nearness
        assert nearness[0] == 0
        assert (nearness[1:] > 0).all()
        maps = ResponseDisplay.from_search(search, ["C", "gamma"], metric=metric)
        assert len(maps.scatter_.get_offsets()) == 4
        assert len(ParallelCoordinatesDisplay.from_search(search, metric=metric).lines_.get_segments()) == 5
        assert SlicesDisplay.from_search(search, metric=metric).names == ["C", "gamma"]
    (own,) = [each for each in search.report().best_trials if each.row == 0]
    assert own.params == {"C": 1.0, "gamma": "scale"}


def test_response_of_rungs_is_that_of_the_full_resource(halving):
    display = drawn(ResponseDisplay.from_search(halving, "rate"))
    results = halving.cv_results_
    full = results["n_resources"] == 27
    np.testing.assert_array_equal(
        np.sort(display.scores[~display.estimated]), np.sort(results["mean_test_score"][full])
    )
    assert len(display.scores) == 9  # a point per candidate
    low = [(params["rate"], score) for params, score in zip(results["params"], results["mean_test_score"], strict=True)]
    for rate, score in zip(display.positions[display.estimated, 0], display.scores[display.estimated], strict=True):
        assert np.isnan(score) or score > min(found for other, found in low if other == rate)


# -- parallel coordinates ---------------------------------------------------------------------------------------------


def test_parallel_coordinates(bayes):
    display = drawn(ParallelCoordinatesDisplay.from_search(bayes))
    assert display.names == list(SPACE)
    assert texts(display.ax_.get_xticklabels()) == [*SPACE, "Score"]
    scores = bayes.cv_results_["mean_test_score"]
    lines = display.lines_.get_segments()
    ok = np.flatnonzero(np.isfinite(scores))
    assert len(lines) == len(ok)
    order = ok[np.argsort(scores[ok], kind="stable")]
    best = bayes.cv_results_["params"][order[-1]]
    np.testing.assert_array_equal(display.lines_.get_array(), scores[order])
    assert lines[-1][0, 1] == pytest.approx((np.log10(best["rate"]) + 4) / 4)
    assert lines[-1][1, 1] == pytest.approx((best["depth"] - 1) / 19)
    for line, row in zip(lines, order, strict=True):
        assert ("slope" not in bayes.cv_results_["params"][row]) == (line[3, 1] < 0)
    assert len(display.failed_lines_.get_segments()) == np.isnan(scores).sum()
    written = [text.get_text() for text in display.ax_.texts]
    assert {"SVC(C=10)", "None", "(100, 50)", "a", "b", "0.0001", "absent"} <= set(written)


def test_parallel_coordinates_of_chosen_parameters(bayes):
    display = ParallelCoordinatesDisplay.from_search(bayes, params=["kind", "rate"])
    assert display.names == ["kind", "rate"]
    with pytest.raises(ValueError, match="got 'speed'"):
        ParallelCoordinatesDisplay.from_search(bayes, params=["speed"])


def test_parallel_coordinates_of_rungs_score_the_last_one(halving):
    display = drawn(ParallelCoordinatesDisplay.from_search(halving))
    assert display.names == ["rate", "depth"]  # the resource is none of them
    n_full = int((halving.cv_results_["n_resources"] == 27).sum())
    segments = [display.lines_, display.eliminated_lines_, display.failed_lines_]
    assert len(display.lines_.get_segments()) == n_full
    assert sum(len(lines.get_segments()) for lines in segments) == 9


# -- timeline ---------------------------------------------------------------------------------------------------------


def test_timeline_has_a_bar_per_fit(bayes):
    display = drawn(TimelineDisplay.from_search(bayes))
    assert len(display.numbers) == 28
    assert sorted(zip(display.numbers.tolist(), display.splits.tolist(), strict=True)) == list(
        itertools.product(range(14), range(2))
    )
    assert display.started[0] == 0
    assert (np.diff(display.started) >= 0).all()
    failed = {number for number, status in zip(display.numbers, display.statuses, strict=True) if status == "failed"}
    assert failed == set(np.flatnonzero(np.isnan(bayes.cv_results_["mean_test_score"])))
    n_bars = {key: len(bars.get_paths()) for key, bars in display.bars_.items()}
    assert sum(n_bars.values()) == 28
    assert n_bars["failed", 0] == 2 * len(failed)
    assert display.bars_["failed", 0].get_facecolor()[0].tolist() == list(to_rgba("C3"))
    assert texts(display.ax_.get_yticklabels()) == ["1"]
    assert "[s]" in display.ax_.get_xlabel()


def test_timeline_by_hand():
    display = TimelineDisplay(
        numbers=np.array([0, 1, 2, 3]),
        splits=np.zeros(4, dtype=int),
        workers=["one:1", "two:1", "one:2", "one:1"],
        started=np.array([0.0, 10.0, 50_000.0, 50_090.0]),
        seconds=np.array([100.0, 200.0, 90.0, 300.0]),
        statuses=["ok", "crashed", "timeout", "ok"],
        ends=np.array([False, False, False, True]),
        n_unknown=2,
    ).plot()
    drawn(display)
    np.testing.assert_allclose(display.pauses, [[210.0, 50_000.0]])
    (bar,) = display.bars_["timeout", 0].get_paths()
    assert bar.vertices[:2, 0].tolist() == pytest.approx([210 / 60, 300 / 60])  # in minutes, after the pause
    assert display.lanes == [("one", 0), ("two", 0), ("one", 1), ("one", 0)]
    assert bar.vertices[:, 1].min() > 1.5  # the third row
    assert texts(display.ax_.get_yticklabels()) == ["one 1", "two 1", "one 2"]
    assert "[min]" in display.ax_.get_xlabel()
    assert "2 fits" in display.ax_.get_xlabel()
    assert any("pause of 14 h" in text.get_text() for text in display.ax_.texts)
    labels = texts(display.ax_.get_legend().get_texts())
    assert labels == [
        "fit of an even trial",
        "fit of an odd trial",
        "worker died",
        "stopped by fit_timeout",
        "given up after",
        "number in a bar: its trial",
    ]


def test_who_replaces_a_worker_takes_its_row():
    display = TimelineDisplay(
        numbers=np.arange(4),
        splits=np.zeros(4, dtype=int),
        workers=["host:1", "host:2", "host:3", "host:2"],
        started=np.array([0.0, 1.0, 5.0, 9.0]),
        seconds=np.array([3.0, 3.0, 3.0, 3.0]),
        statuses=["crashed", "ok", "ok", "ok"],
        ends=np.zeros(4, dtype=bool),
    ).plot()
    assert [lane for _, lane in display.lanes] == [0, 1, 0, 1]
    assert texts(drawn(display).ax_.get_yticklabels()) == ["1", "2"]


def test_timeline_needs_a_search_that_knows(bayes):
    with pytest.raises(ValueError, match="knows when its fits ran"):
        TimelineDisplay.from_search(bayes.cv_results_)
    search = TheirGridSearchCV(Formula(), {"depth": [1, 2]}, cv=2).fit(ROWS, Y)
    with pytest.raises(ValueError, match="knows when its fits ran"):
        TimelineDisplay.from_search(search)
    again = TimelineDisplay.from_search(pickle.loads(pickle.dumps(bayes)))  # noqa: S301
    assert len(again.numbers) == 28


def test_fits_of_equal_trials_are_shown_once():
    search = GridSearchCV(Formula(), {"depth": [2, 2, 3]}, cv=2).fit(ROWS, Y)
    assert TimelineDisplay.from_search(search).numbers.tolist() == [0, 0, 2, 2]


# -- rungs ------------------------------------------------------------------------------------------------------------


def test_rungs(halving):
    display = drawn(RungsDisplay.from_search(halving))
    assert display.amounts.tolist() == halving.n_resources_
    assert display.n_candidates.tolist() == halving.n_candidates_
    assert texts(display.ax_.get_xticklabels()) == [
        f"{amount}\n{n} tried" for amount, n in zip(halving.n_resources_, halving.n_candidates_, strict=True)
    ]
    assert len(display.lines_) == halving.n_candidates_[0]
    lengths = sorted(len(line.get_xdata()) for line in display.lines_)
    assert sum(lengths) == len(halving.cv_results_["params"])
    assert display.best_line_.get_ydata()[-1] == halving.best_score_
    assert display.best_line_.get_xdata().tolist() == [0, 1, 2]
    assert display.ax_.get_xlabel() == "n"


def test_rungs_of_brackets_and_of_results_alone():
    search = SuccessiveHalvingCV(
        Formula(),
        {"rate": SPACE["rate"]},
        n_candidates=9,
        resource="n",
        min_resources=3,
        n_brackets=2,
        cv=2,
        random_state=0,
    ).fit(ROWS, Y)
    display = drawn(RungsDisplay.from_search(search))
    assert display.amounts.tolist() == [3, 9, 27]
    assert display.n_candidates.sum() == len(search.cv_results_["params"])
    assert {"bracket 0", "bracket 1", "best"} <= set(texts(display.ax_.get_legend().get_texts()))
    again = RungsDisplay.from_search(search.cv_results_)
    assert again.resource_name == "n"
    assert again.candidates == display.candidates


def test_rungs_need_rungs(bayes):
    with pytest.raises(ValueError, match="RungsDisplay needs a search with rungs"):
        RungsDisplay.from_search(bayes)


def test_aggressive_elimination_has_rungs_of_one_amount():
    display = RungsDisplay.from_search(
        SuccessiveHalvingCV(
            Formula(),
            {"rate": SPACE["rate"]},
            n_candidates=9,
            resource="n",
            min_resources=9,
            aggressive_elimination=True,
            cv=2,
            random_state=0,
        ).fit(ROWS, Y)
    )
    assert display.amounts.tolist() == [9, 9, 27]


# -- results without a search, and other people's searches ------------------------------------------------------------


def test_results_from_a_file_show_what_the_search_shows(bayes):
    results = load_results(bayes.checkpoint)
    trials = fitted(results)
    assert not trials.is_space_known
    (part,) = trials.parts
    assert part["slope"].when == {"kind": ["b"]}
    assert (part["rate"].log, part["depth"].log) == (True, False)
    own, loaded = (OptimizationHistoryDisplay.from_search(source) for source in (bayes, results))
    np.testing.assert_array_equal(own.scores, loaded.scores)
    for display in (
        ParallelCoordinatesDisplay.from_search(results),
        ParamImportancesDisplay.from_search(results),
        ResponseDisplay.from_search(results, "rate"),
        ResponseDisplay.from_search(results, ["kind", "slope"]),
        ResponseDisplay.from_search(results, "inner"),
    ):
        drawn(display)
    assert texts(display.ax_.get_xticklabels()) == ["None", "SVC", "SVC (2)"]  # a file says no more of an object
    assert np.isnan(ResponseDisplay.from_search(results, ["kind", "slope"]).mean).any()


def test_results_without_a_parent_that_tells_who_is_absent():
    params = [{"a": 1, "b": 2.0}, {"a": 2}, {"a": 1, "b": 3.0}, {"a": 1}]
    results = {"params": params, "mean_test_score": np.arange(4.0), "rank_test_score": np.arange(4, 0, -1)}
    results |= {f"split{split}_test_score": np.arange(4.0) for split in range(2)}
    assert [sorted(part) for part in fitted(results).parts] == [["a", "b"], ["a"]]
    drawn(ResponseDisplay.from_search(results, "b"))


@pytest.mark.parametrize("results", [{}, {"params": []}])
def test_dicts_that_are_no_results(results):
    with pytest.raises(ValueError, match="search needs to be a fitted search"):
        OptimizationHistoryDisplay.from_search(results)


def test_searches_of_scikit_learn():
    space = {"rate": loguniform(1e-4, 1), "depth": randint(1, 20), "kind": ["a", "b"]}
    search = RandomizedSearchCV(Formula(), space, n_iter=8, cv=2, random_state=0).fit(ROWS, Y)
    assert ResponseDisplay.from_search(search, "rate").ax_.get_xscale() == "log"
    assert drawn(ParallelCoordinatesDisplay.from_search(search)).names == list(space)
    grid = TheirGridSearchCV(Formula(), {"rate": [0.001, 0.01, 0.1], "depth": [1, 2]}, cv=2).fit(ROWS, Y)
    display = drawn(ResponseDisplay.from_search(grid, ["rate", "depth"]))
    assert display.mean.shape == (3, 2)
    assert texts(display.ax_.get_xticklabels()) == ["0.001", "0.01", "0.1"]


# -- axes -------------------------------------------------------------------------------------------------------------


def axis_of(domain, values):
    search = Stub()
    search.param_distributions = {"x": domain}
    n = len(values)
    search.cv_results_ = {"params": [{"x": value} for value in values], "rank_test_score": np.ones(n, dtype=int)}
    search.cv_results_ |= {"mean_test_score": np.arange(n), "split0_test_score": np.arange(n)}
    return ParamAxis.of(fitted(search), "x")


@pytest.mark.parametrize(
    ("domain", "scale", "is_integer", "limits"),
    [
        (Float(0, 1), "linear", False, (0, 1)),
        (Float(1e-3, 1, log=True), "log", False, (1e-3, 1)),
        (Int(1, 20), "linear", True, (1, 20)),
        (Int(1, 1000, log=True), "log", True, (1, 1000)),
        (loguniform(1e-2, 1e2), "log", False, (1e-2, 1e2)),
        (randint(1, 5), "linear", True, (1, 4)),
        ([1, 2, 3, 4], "linear", True, (1, 4)),
        ([0.1, 1.0, 10.0], "log", False, (0.1, 10)),
        (norm(0, 1), "linear", False, (norm.ppf(0.01), norm.ppf(0.99))),
        (expon(), "log", False, (expon.ppf(0.01), expon.ppf(1 - 1e-9))),
    ],
)
def test_axes_of_numbers(domain, scale, is_integer, limits):
    values = [1] if is_integer else [1.0]
    axis = axis_of(domain, values)
    assert (axis.scale, axis.is_integer) == (scale, is_integer)
    assert axis.limits == pytest.approx(limits)
    places, labels = axis.ticks()
    assert 2 <= len(places) <= 8
    assert len(set(labels)) == len(labels)
    assert not is_integer or all(place == round(place) for place in places)


def test_an_axis_reaches_to_every_trial():
    assert axis_of(norm(0, 1), [5.0]).limits[1] == 5.0


def test_labels_tell_values_apart():
    kinds = [SVC(C=1), SVC(C=2), SVC(C=1, gamma=0.5, coef0=0.25, degree=7), SVC(C=1, gamma=0.5, coef0=0.25, degree=8)]
    axis = axis_of(Categorical([*kinds, True, 1, "1"]), [kinds[0]])
    labels = axis.labels
    assert len(set(labels)) == len(labels)
    assert max(map(len, labels)) <= 28
    assert value_label(np.float64(0.5)) == "0.5"
    assert value_label("a" * 40).endswith("\N{HORIZONTAL ELLIPSIS}")


def test_numbers_on_ticks():
    assert number_labels(np.array([50_000.0, 100_000.0, 150_000.0])) == ["50000", "100000", "150000"]
    assert number_labels(np.array([0.9401, 0.9402, 0.9403])) == ["0.9401", "0.9402", "0.9403"]
    assert number_labels(np.array([1e-9, 1.2e-9])) == ["1e-9", "1.2e-9"]


@pytest.mark.parametrize("n", [2, 25])
def test_many_categories_with_long_names_have_ticks_that_fit(n):
    axis = axis_of(Categorical([f"category number {i}" for i in range(n)]), ["category number 0"])
    figure, ax = plt.subplots(layout="constrained")
    axis.dress(ax.xaxis)
    figure.canvas.draw()
    labels = ax.get_xticklabels()
    assert 1 < len(labels) <= 13
    assert all(label.get_rotation() == 30 for label in labels) == (n > 2)


def test_all_categories_of_parallel_coordinates_have_their_names_and_end_before_the_next_axis():
    space = {"rate": SPACE["rate"], "kind": Categorical([f"{i}, a category with a long name" for i in range(14)])}
    space |= {f"p{i}": Float(0, 1) for i in range(3)}
    points = [{"rate": 0.1, "kind": kind, "p0": 0.5, "p1": 0.5, "p2": 0.5} for kind in space["kind"].choices]
    search = Stub()
    search.param_distributions = space
    search.cv_results_ = {"params": points, "rank_test_score": np.ones(14, dtype=int)}
    scores = np.linspace(0.05, 0.95, 14)
    search.cv_results_ |= {"mean_test_score": scores, "split0_test_score": scores}
    for ax in (None, plt.subplots()[1]):
        display = drawn(ParallelCoordinatesDisplay.from_search(search, ax=ax))
        shown = [text for text in display.ax_.texts if re.match(r"\d+, ", text.get_text())]
        assert [int(text.get_text().split(",")[0]) for text in shown] == list(range(14))
        (next_axis, _) = display.ax_.transData.transform([2, 0])
        assert all(text.get_window_extent().x1 < next_axis for text in shown)
        on_score_axis = [text for text in display.ax_.texts if text.get_position()[0] > len(space)]
        assert len(on_score_axis) >= 4


def test_who_was_given_up_has_a_dotted_line_to_an_estimate():
    rng = np.random.default_rng(0)
    table = {i: rng.normal(i / 10, 0.1, 10) for i in range(12)}

    class Noisy(Formula):
        def score(self, X, y):
            return table[self.depth][int(X[0, 0]) // 3]

    grid = {"depth": list(range(12)), "n": [27]}
    search = GridSearchCV(Noisy(), grid, cv=KFold(10), racing=True).fit(ROWS, Y)
    n_complete = int((search.cv_results_["status"] == "complete").sum())
    assert n_complete < 12
    display = drawn(ParallelCoordinatesDisplay.from_search(search))
    assert len(display.lines_.get_segments()) == n_complete
    assert len(display.eliminated_lines_.get_segments()) == 12 - n_complete
    assert texts(display.ax_.get_legend().get_texts()) == ["best", "given up early, the score is estimated"]
    means = search.cv_results_["mean_test_score"][display.eliminated]
    np.testing.assert_allclose(display.scores[display.eliminated], means)
    assert {line[-1, 0] for line in display.eliminated_lines_.get_segments()} == {len(display.axes)}


@pytest.mark.parametrize("width", [3.5, 7.0])
def test_a_legend_covers_nothing_and_has_room(width, bayes, halving):
    for make in (
        lambda ax: OptimizationHistoryDisplay.from_search(bayes, ax=ax),
        lambda ax: ResponseDisplay.from_search(bayes, "kind", ax=ax),
        lambda ax: ResponseDisplay.from_search(halving, "rate", ax=ax),
        lambda ax: RungsDisplay.from_search(halving, ax=ax),
    ):
        figure, ax = plt.subplots(figsize=(width, 4), layout="constrained")
        display = drawn(make(ax))
        legend = ax.get_legend().get_window_extent()
        assert legend.y0 >= ax.get_window_extent().y1 - 1
        assert legend.x1 <= figure.bbox.x1 + 1
        titles = [text for text in ax.get_children() if isinstance(text, Text) and text.get_text()]
        said = ", ".join(filter(None, ["Formula", getattr(display, "others", "")]))
        assert [text.get_text().replace("\n", " ") for text in titles] == [said]
        assert all(text.get_window_extent().y0 >= legend.y1 for text in titles)


def test_a_model_without_slopes_hides_no_trial():
    scores = np.linspace(0.7, 0.9, 10)
    low, high = score_limits(scores, np.linspace(0.899, 0.9, 101))
    assert low < 0.7
    assert high > 0.9


def test_narrow_bars_keep_their_colour():
    display = TimelineDisplay(
        numbers=np.array([0, 2]),
        splits=np.zeros(2, dtype=int),
        workers=["host:1", "host:1"],
        started=np.array([0.0, 10.0]),
        seconds=np.array([1e-3, 90.0]),
        statuses=["ok", "ok"],
        ends=np.zeros(2, dtype=bool),
    ).plot()
    assert display.bars_["ok", 0].get_linewidths() == [0.0, 0.5]


def test_matplotlib_is_asked_for_by_name(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"OptimizationHistoryDisplay needs matplotlib.*skhpo\[plot\]"):
        OptimizationHistoryDisplay(scores=np.ones(2), **no_marks(2)).plot()


def test_nothing_is_shown():
    assert mpl.get_backend().lower() == "agg"

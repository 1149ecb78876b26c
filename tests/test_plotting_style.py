"""Displays speak and are styled as scikit-learn's are: names, signs, keywords, legends."""

import inspect

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.metrics import make_scorer, mean_absolute_error
from sklearn.model_selection import KFold, LearningCurveDisplay
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhpo import BayesSearchCV, Categorical, Float, GridSearchCV, Int, RandomSearchCV, SuccessiveHalvingCV

pytest.importorskip("matplotlib")

import matplotlib.pyplot as plt
from matplotlib.colors import to_rgba

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
from skhpo.plotting.model import model_of
from skhpo.plotting.parallel import wrapped
from skhpo.plotting.style import KEYWORDS

ROWS = np.arange(30.0).reshape(-1, 1)
Y = ROWS[:, 0] / 10.0
SPACE = {"rate": Float(1e-4, 1.0, log=True), "depth": Int(1, 20), "kind": Categorical(["a", "b", "c"])}


class Offset(RegressorMixin, BaseEstimator):
    """Is off by what its parameters say, and by far for kind "c"."""

    def __init__(self, rate=0.1, depth=8, kind="a", n=9):
        self.rate, self.depth, self.kind, self.n = rate, depth, kind, n

    def fit(self, X, y):
        self.off_ = 1.0 + abs(np.log10(self.rate) + 1) + 0.02 * abs(self.depth - 8) + 1.0 / self.n
        self.off_ += {"a": 0.0, "b": 0.3, "c": 500.0}[self.kind]
        self.fitted_ = True
        return self

    def predict(self, X):
        return X[:, 0] / 10.0 + self.off_ * (1 + 0.1 * np.sin(X[:, 0]))


def own_metric(estimator, X, y):
    return float(estimator.off_)


@pytest.fixture(scope="module")
def search():
    scoring = ["neg_mean_squared_error", "r2"]
    return BayesSearchCV(
        Offset(), SPACE, n_iter=16, cv=KFold(3), scoring=scoring, refit="neg_mean_squared_error", random_state=0
    ).fit(ROWS, Y)


@pytest.fixture(scope="module")
def halving():
    return SuccessiveHalvingCV(
        Offset(),
        {"rate": SPACE["rate"]},
        n_candidates=9,
        resource="n",
        min_resources=1,
        max_resources=9,
        cv=3,
        random_state=0,
        scoring="neg_mean_absolute_error",
    ).fit(ROWS, Y)


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def texts(found):
    return [text.get_text() for text in found]


def legend_of(ax):
    return texts(ax.get_legend().get_texts())


# -- names ------------------------------------------------------------------------------------------------------------


def test_axes_say_the_metric_and_titles_the_estimator(search, halving):
    name = "Negative mean squared error"
    history = OptimizationHistoryDisplay.from_search(search)
    assert history.ax_.get_ylabel().replace("\n", " ") == f"{name} (mean over splits)"
    assert history.ax_.get_title(loc="left") == "Offset"
    assert history.label == "neg_mean_squared_error"
    response = ResponseDisplay.from_search(search, "rate", metric="r2")
    assert response.ax_.get_ylabel() == "R2 (mean over splits)"
    assert response.ax_.get_title(loc="left").startswith("Offset, with ")
    assert f"({name})" in ParamImportancesDisplay.from_search(search).ax_.get_xlabel()
    assert "modelled score" in ParamImportancesDisplay.from_search(search).ax_.get_xlabel()
    assert texts(ParallelCoordinatesDisplay.from_search(search).ax_.get_xticklabels())[-1] == name
    rungs = RungsDisplay.from_search(halving)
    assert rungs.ax_.get_ylabel().startswith("Negative mean absolute error")
    assert TimelineDisplay.from_search(search).ax_.get_title(loc="left") == "Offset"
    maps = ResponseDisplay.from_search(search, ["rate", "depth"])
    assert maps.head_.get_title(loc="left").replace("\xa0", " ").startswith("Offset, with kind = ")
    assert name in maps.mean_.colorbar.ax.get_ylabel()
    assert maps.std_.colorbar.ax.get_ylabel() == "Standard deviation of the model"


def test_names_as_scikit_learns_displays_have_them(search):
    X, scores = np.array([10, 20]), np.array([[-1.0, -2.0], [-0.5, -1.0]])
    theirs = LearningCurveDisplay(train_sizes=X, train_scores=scores, test_scores=scores, score_name="Loss")
    ours = OptimizationHistoryDisplay.from_search(search, score_name="Loss")
    assert ours.score_name == theirs.score_name == "Loss"
    assert ours.ax_.get_ylabel() == "Loss (mean over splits)"
    assert ours.plot().ax_.get_ylabel() == "Loss (mean over splits)"  # kept
    assert ours.plot(score_name="Cost").ax_.get_ylabel() == "Cost (mean over splits)"  # for once
    assert ours.score_name == "Loss"
    shared = set(inspect.signature(theirs.plot).parameters) - {"ax", "score_type"}
    assert shared == set(OptimizationHistoryDisplay._STYLE) - {"scatter_kw"}


@pytest.mark.parametrize(
    ("scoring", "name", "negated"),
    [
        (None, "Score", "Negative score"),
        ("r2", "R2", "Negative r2"),
        ("neg_root_mean_squared_error", "Negative root mean squared error", "Root mean squared error"),
        (make_scorer(mean_absolute_error, greater_is_better=False), "Score", "Negative score"),
        ({"my_own": "r2"}, "my_own", "Negative my_own"),
        (own_metric, "own_metric", "Negative own_metric"),
        (lambda estimator, X, y: 1.0, "Score", "Negative score"),
        ({"neg_cost": "r2"}, "neg_cost", "cost"),
    ],
)
def test_names_of_metrics(scoring, name, negated):
    refit = next(iter(scoring)) if isinstance(scoring, dict) else True
    grid = GridSearchCV(Offset(), {"depth": [1, 2, 3]}, cv=3, scoring=scoring, refit=refit).fit(ROWS, Y)
    display = OptimizationHistoryDisplay.from_search(grid)
    assert display.ax_.get_ylabel().replace("\n", " ") == f"{name} (mean over splits)"
    display.plot(negate_score=True)
    assert display.ax_.get_ylabel().replace("\n", " ") == f"{negated} (mean over splits)"


def test_a_pipeline_has_the_name_of_its_steps_and_results_have_none(search):
    pipeline = make_pipeline(StandardScaler(), Offset())
    grid = GridSearchCV(pipeline, {"offset__depth": [1, 2, 3]}, cv=3).fit(ROWS, Y)
    display = OptimizationHistoryDisplay.from_search(grid)
    assert display.estimator_name == display.ax_.get_title(loc="left") == "Pipeline(StandardScaler, Offset)"
    assert OptimizationHistoryDisplay.from_search(search.cv_results_).ax_.get_title(loc="left") == ""


# -- the other sign ---------------------------------------------------------------------------------------------------


def test_errors_can_be_shown_as_positive_numbers(search):
    scores = search.cv_results_["mean_test_neg_mean_squared_error"]
    plain = OptimizationHistoryDisplay.from_search(search)
    display = OptimizationHistoryDisplay.from_search(search, negate_score=True)
    np.testing.assert_array_equal(display.scores, scores)  # what is stored is as it was
    np.testing.assert_allclose(display.scatter_.get_offsets()[:, 1], -scores)
    low, high = display.ax_.get_ylim()
    assert (low, high) == pytest.approx(tuple(-end for end in reversed(plain.ax_.get_ylim())))
    assert low >= 0  # no error is negative
    is_worse = -scores > high
    assert is_worse.any()
    (marks,) = display.failed_
    assert marks.get_label() == "worse, above the axis"
    assert marks.get_xdata().tolist() == np.flatnonzero(is_worse).tolist()
    assert min(marks.get_ydata()) > 0.9
    assert (np.diff(display.line_.get_ydata()) <= 0).all()


def test_every_display_of_scores_takes_the_other_sign(search, halving):
    response = ResponseDisplay.from_search(search, "rate", negate_score=True)
    np.testing.assert_allclose(response.mean_.get_ydata(), -response.mean)
    np.testing.assert_allclose(response.scatter_.get_offsets()[:, 1], -response.scores)
    (star,) = [line for line in response.ax_.lines if line.get_label() == "best"]
    assert star.get_ydata()[0] == -search.best_score_
    rungs = RungsDisplay.from_search(halving, negate_score=True)
    assert rungs.best_line_.get_ydata()[-1] == -halving.best_score_
    parallel = ParallelCoordinatesDisplay.from_search(search, negate_score=True)
    ends = parallel.lines_.get_segments()[-1][-1]
    assert ends[1] > 0.9  # the best stands at the top, whatever the sign
    assert not any(
        "\N{MINUS SIGN}" in text.get_text() or "-" in text.get_text()
        for text in parallel.ax_.texts
        if text.get_position()[0] > 3 and text.get_text() != "worse"
    )
    maps = ResponseDisplay.from_search(search, ["rate", "depth"], negate_score=True)
    ticks = texts(maps.mean_.colorbar.ax.get_yticklabels())
    assert all(float(text) > 0 for text in ticks)
    assert float(ticks[0]) > float(ticks[-1])
    slices = SlicesDisplay.from_search(search, negate_score=True)
    assert slices.axes_[0].get_ylim()[0] >= 0


# -- keywords ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in plotting.__all__ if name != "OptimismDisplay"])  # needs predictions
def test_keywords_are_known_documented_and_checked(name, search, halving):
    cls = getattr(plotting, name)
    doc = cls.__doc__
    assert set(cls._STYLE) <= set(KEYWORDS)
    for keyword in cls._STYLE:
        assert f"\n{keyword} : " in doc.split("Other Parameters")[1]
    args = ["rate"] if name == "ResponseDisplay" else []
    source = halving if name == "RungsDisplay" else search
    with pytest.raises(TypeError, match=rf"{name} takes the keywords {cls._STYLE[0]}.*, got 'colour'"):
        cls.from_search(source, *args, colour="red")
    drawn = cls.from_search(source, *args, **{key: None for key in cls._STYLE if key.endswith("_kw")})
    with pytest.raises(TypeError, match="got 'metric'"):
        drawn.plot(metric="r2")


def test_lines_marks_bands_and_bars_are_styled(search, halving):
    red = to_rgba("red")
    history = OptimizationHistoryDisplay.from_search(
        search, line_kw={"c": "red", "linewidth": 5}, scatter_kw={"color": "red"}, fill_between_kw={"alpha": 0.5}
    )
    assert (history.line_.get_color(), history.line_.get_linewidth()) == ("red", 5)
    assert tuple(history.scatter_.get_facecolors()[0]) == red
    assert history.fill_between_.get_alpha() == 0.5
    history.plot(std_display_style="errorbar", errorbar_kw={"ecolor": "red", "capsize": 2})
    assert tuple(history.errorbar_.lines[2][0].get_color()[0]) == red
    response = ResponseDisplay.from_search(
        search, "rate", line_kw={"color": "red"}, scatter_kw={"s": 99}, fill_between_kw={"alpha": 0.7}
    )
    assert response.mean_.get_color() == "red"
    assert response.scatter_.get_sizes().tolist() == [99]
    assert response.std_.get_alpha() == 0.7
    categories = ResponseDisplay.from_search(search, "kind", errorbar_kw={"c": "red"})
    assert categories.mean_.lines[0].get_color() == "red"
    bars = ParamImportancesDisplay.from_search(search, bar_kw={"color": "red", "height": 0.5}).bars_
    assert bars[0].get_facecolor() == red
    assert bars[0].get_height() == 0.5
    lines = ParallelCoordinatesDisplay.from_search(search, line_kw={"cmap": "magma", "linewidths": 3}).lines_
    assert lines.get_cmap().name == "magma"
    assert lines.get_linewidths() == [3]
    assert RungsDisplay.from_search(halving, line_kw={"linestyle": "dashed"}).lines_[0].get_linestyle() == "--"
    timeline = TimelineDisplay.from_search(search, bar_kw={"facecolors": "red"}, text_kw={"fontsize": 5})
    assert tuple(timeline.bars_["ok", 0].get_facecolor()[0]) == red
    maps = ResponseDisplay.from_search(search, ["rate", "depth"], im_kw={"cmap": "magma"})
    assert maps.mean_.get_cmap().name == "magma"


@pytest.mark.parametrize("key", ["c", "color", "facecolors"])
def test_one_colour_for_all(key, search, halving):
    for display in (
        OptimizationHistoryDisplay.from_search(search, scatter_kw={key: "red"}),
        OptimizationHistoryDisplay.from_search(halving, scatter_kw={key: "red"}),
        ResponseDisplay.from_search(search, "rate", scatter_kw={key: "red"}),
        ResponseDisplay.from_search(search, ["rate", "depth"], scatter_kw={key: "red"}),
    ):
        assert {tuple(color[:3]) for color in display.scatter_.get_facecolors()} == {(1.0, 0.0, 0.0)}
    lines = ParallelCoordinatesDisplay.from_search(search, line_kw={"color": "red"})
    assert tuple(lines.lines_.get_colors()[0][:3]) == (1.0, 0.0, 0.0)
    assert lines.strip_ is None


def test_a_style_of_spread_that_nobody_knows(search):
    with pytest.raises(
        ValueError, match=r'std_display_style needs to be "fill_between", "errorbar" or None, got .box.'
    ):
        OptimizationHistoryDisplay.from_search(search, std_display_style="box")


# -- history ----------------------------------------------------------------------------------------------------------


def test_the_spread_over_splits_around_the_best(search):
    display = OptimizationHistoryDisplay.from_search(search)
    std = search.cv_results_["std_test_neg_mean_squared_error"]
    np.testing.assert_allclose(display.split_std, std)
    best = search.best_index_
    band = display.fill_between_.get_paths()[0].vertices
    at_end = band[band[:, 0] == 15.0][:, 1]
    assert at_end.min() == pytest.approx(search.best_score_ - std[best])
    assert at_end.max() == pytest.approx(search.best_score_ + std[best])
    low, high = display.ax_.get_ylim()
    assert low < search.best_score_ - std[best] < search.best_score_ + std[best] < high
    assert "1 std over the splits" in legend_of(display.ax_)
    display.plot(std_display_style=None)
    assert display.fill_between_ is display.errorbar_ is None
    display.plot(std_display_style="errorbar")
    assert len(display.errorbar_.lines[2][0].get_segments()) == 16


def test_the_untuned_estimator_has_a_line(search):
    display = OptimizationHistoryDisplay.from_search(search)
    scores = search.cv_results_["mean_test_neg_mean_squared_error"]
    assert display.untuned == scores[0]  # a Bayesian search tries it first
    assert set(display.untuned_.get_ydata()) == {scores[0]}
    assert "untuned" in legend_of(display.ax_)
    display.plot(negate_score=True)
    assert set(display.untuned_.get_ydata()) == {-scores[0]}
    without = RandomSearchCV(Offset(), {"depth": Int(9, 20)}, n_iter=4, cv=3, random_state=0).fit(ROWS, Y)
    display = OptimizationHistoryDisplay.from_search(without)
    assert display.untuned is display.untuned_ is None
    assert OptimizationHistoryDisplay.from_search(search.cv_results_).untuned is None


# -- slices -----------------------------------------------------------------------------------------------------------


def test_slices_of_all_parameters_in_one_call(search):
    display = SlicesDisplay.from_search(search)
    display.figure_.canvas.draw()
    assert display.names == list(SPACE)
    assert [ax.get_xlabel() for ax in display.axes_] == list(SPACE)
    assert [bool(ax.get_ylabel()) for ax in display.axes_] == [True, False, False]
    assert len({ax.get_ylim() for ax in display.axes_}) == 1
    assert display.axes_[0].get_xscale() == "log"
    for name, response in zip(SPACE, display.responses, strict=True):
        alone = ResponseDisplay.from_search(search, name)
        np.testing.assert_allclose(response.mean, alone.mean)
        np.testing.assert_array_equal(response.scatter_.get_offsets()[:, 1], alone.scatter_.get_offsets()[:, 1])
    assert display.ax_.get_title(loc="left") == "Offset, the other parameters as in the best trial"
    assert {"model", "best", "model, 1 std", "worse, below the axis"} <= set(legend_of(display.ax_))
    assert SlicesDisplay.from_search(search, params=["depth"]).names == ["depth"]
    assert "averaged" in SlicesDisplay.from_search(search, others="average").ax_.get_title(loc="left")
    with pytest.raises(ValueError, match="got 'speed'"):
        SlicesDisplay.from_search(search, params=["speed"])


def test_slices_fit_one_model(monkeypatch):
    from skhpo.plotting import slices

    grid = GridSearchCV(Offset(), {"rate": [0.01, 0.1, 1.0], "depth": [1, 8], "kind": ["a", "b"]}, cv=3).fit(ROWS, Y)
    made = []
    monkeypatch.setattr(slices, "model_of", lambda *args: made.append(args) or model_of(*args))
    display = SlicesDisplay.from_search(grid)
    assert len(made) == 1
    assert display.names == ["rate", "depth", "kind"]


def test_many_slices_stand_in_rows():
    space = {f"p{i}": [1, 2] for i in range(6)}

    class Six(Offset):
        def get_params(self, deep=True):
            return dict.fromkeys(space, 1)

        def set_params(self, **params):
            self.depth = sum(params.values())
            return self

        def __sklearn_clone__(self):
            return Six()

    search = RandomSearchCV(Six(), space, n_iter=8, cv=3, random_state=0).fit(ROWS, Y)
    display = SlicesDisplay.from_search(search)
    tops = [round(ax.get_position().y1, 3) for ax in display.axes_]
    assert len(display.axes_) == 6
    assert len(set(tops)) == 2


# -- the response -----------------------------------------------------------------------------------------------------


def test_trials_with_other_values_of_the_others_are_paler(search):
    display = ResponseDisplay.from_search(search, "depth")
    params = search.cv_results_["params"]
    best = search.best_params_
    assert display.nearness[search.best_index_] == pytest.approx(1.0)
    assert ((display.nearness >= 0) & (display.nearness <= 1)).all()
    share = np.array([abs(np.log10(row["rate"]) - np.log10(best["rate"])) / 4 for row in params])
    other = np.array([float(row["kind"] != best["kind"]) for row in params])
    np.testing.assert_allclose(display.nearness, np.exp(-((((share + other) / 2) / 0.25) ** 2)), rtol=1e-6)
    np.testing.assert_allclose(display.scatter_.get_alpha(), 0.2 + 0.8 * display.nearness)
    assert "trial (pale: others differ)" in legend_of(display.ax_)
    average = ResponseDisplay.from_search(search, "depth", others="average")
    assert set(average.nearness) == {1.0}
    assert "trial" in legend_of(average.ax_)


def test_a_band_does_not_pass_where_the_metric_ends():
    grid = GridSearchCV(
        Offset(),
        {"rate": [0.01, 0.1, 1.0], "depth": [1, 8, 20]},
        cv=3,
        scoring=lambda estimator, X, y: 1 / (1 + abs(estimator.off_ - 2.1)) - X[0, 0] / 1000,
    ).fit(ROWS, Y)
    display = ResponseDisplay.from_search(grid, "rate")
    assert display.ax_.get_ylim()[1] <= 1.0


# -- parallel coordinates ---------------------------------------------------------------------------------------------


def test_the_best_line_is_marked_and_lines_of_a_category_are_spread(search):
    display = ParallelCoordinatesDisplay.from_search(search)
    display.figure_.canvas.draw()
    last = display.lines_.get_segments()[-1]
    np.testing.assert_allclose(display.best_line_.get_ydata(), last[:, 1])
    assert legend_of(display.ax_)[0] == "best"
    kinds = np.array([line[2, 1] for line in display.lines_.get_segments()])
    assert len(set(kinds.round(6))) == len(kinds)  # no two on one line
    assert np.abs(kinds - np.round(2 * kinds) / 2).max() <= 0.03 + 1e-9  # each at its own category
    assert display.strip_.norm is display.lines_.norm


def test_names_stand_level_right_above_their_axes(search):
    display = ParallelCoordinatesDisplay.from_search(search)
    display.figure_.canvas.draw()
    labels = display.ax_.get_xticklabels()
    assert {label.get_rotation() for label in labels} == {0.0}
    top = display.ax_.transData.transform([0, 1])[1]
    assert all(0 < label.get_window_extent().y0 - top < 25 for label in labels)
    legend = display.ax_.get_legend().get_window_extent()
    assert legend.y1 <= display.ax_.transData.transform([0, 0])[1]


def test_long_names_are_broken_between_their_parts():
    assert wrapped("alpha", 10) == "alpha"
    assert wrapped("model__inner__alpha", 12) == "model__inner\n__alpha"
    assert wrapped("x" * 25, 10) == "x" * 10 + "\n" + "x" * 10 + "\n" + "x" * 5


def test_eliminated_candidates_end_at_what_they_would_score(halving):
    display = ParallelCoordinatesDisplay.from_search(halving)
    ends = [line[-1] for line in display.eliminated_lines_.get_segments()]
    assert {x for x, _ in ends} == {1.0}
    assert len(ends) == display.eliminated.sum() > 0
    estimated = ResponseDisplay.from_search(halving, "rate")
    np.testing.assert_allclose(np.sort(display.scores), np.sort(estimated.scores))


# -- rungs ------------------------------------------------------------------------------------------------------------


def test_each_entry_of_the_legend_of_rungs_is_seen(halving):
    display = RungsDisplay.from_search(halving)
    n_last = int(display.n_candidates[-1])
    assert n_last == 1
    assert set(legend_of(display.ax_)) == {"eliminated", "best"}
    aggressive = SuccessiveHalvingCV(
        Offset(),
        {"rate": SPACE["rate"]},
        n_candidates=6,
        resource="n",
        min_resources=3,
        max_resources=9,
        cv=3,
        random_state=0,
    ).fit(ROWS, Y)
    display = RungsDisplay.from_search(aggressive)
    assert display.n_candidates[-1] == 2
    assert set(legend_of(display.ax_)) == {"eliminated", "reached the last rung", "best"}
    assert display.best_line_.get_zorder() < min(line.get_zorder() for line in display.lines_)


# -- timeline ---------------------------------------------------------------------------------------------------------


def test_colours_and_numbers_of_the_timeline_are_explained():
    grid = GridSearchCV(Offset(), {"depth": [1, 2, 3]}, cv=3).fit(ROWS, Y)
    display = TimelineDisplay.from_search(grid)
    assert legend_of(display.ax_) == ["fit of an even trial", "fit of an odd trial", "number in a bar: its trial"]
    many = TimelineDisplay(
        numbers=np.arange(400),
        splits=np.zeros(400, dtype=int),
        workers=["a:1"] * 400,
        started=np.arange(400.0),
        seconds=np.ones(400),
        statuses=["ok"] * 400,
        ends=np.zeros(400, dtype=bool),
    ).plot()
    assert legend_of(many.ax_) == ["fit of an even trial", "fit of an odd trial"]

"""The picture that every user of a grid search draws: two parameters with few values are a table of scores."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import GridSearchCV as TheirGridSearchCV
from sklearn.model_selection import KFold

from skhpo import Float, GridSearchCV, Int, RandomSearchCV

pytest.importorskip("matplotlib")

import matplotlib.pyplot as plt

from skhpo.plotting import ResponseDisplay

ROWS, Y = np.arange(30.0).reshape(-1, 1), np.arange(30) % 2

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning"),
    pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite"),
]


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


class Formula(ClassifierMixin, BaseEstimator):
    """Its score is a formula; it fails for one pair of values."""

    def __init__(self, C=1.0, gamma=1.0, kernel="rbf"):
        self.C, self.gamma, self.kernel = C, gamma, kernel

    def fit(self, X, y):
        if self.C == 10.0 and self.gamma == 5.0:
            raise ValueError("too much")
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.zeros(len(X), dtype=int)

    def score(self, X, y):
        off = 0.03 * np.log10(self.C / 2) ** 2 + 0.02 * np.log10(self.gamma * 3) ** 2
        return 0.9 - off - 0.05 * (self.kernel == "linear") + 0.01 * (X[0, 0] // 10)


GRID = {"C": [0.1, 1.0, 10.0, 1000.0], "gamma": [0.01, 0.1, 1.0], "kernel": ["rbf", "linear"]}


@pytest.fixture(scope="module", params=[GridSearchCV, TheirGridSearchCV])
def grid(request):
    return request.param(Formula(), GRID, cv=KFold(3)).fit(ROWS, Y)


def pivot(search, column, where):
    """The table as a user makes it from the results."""
    found = np.full((len(GRID["C"]), len(GRID["gamma"])), np.nan)
    for params, value in zip(search.cv_results_["params"], search.cv_results_[column], strict=True):
        if where(params):
            found[GRID["C"].index(params["C"]), GRID["gamma"].index(params["gamma"])] = value
    return found


def numbers(display):
    return [[text.get_text().splitlines()[0] for text in row] for row in display.texts_]


def test_the_numbers_are_the_observed_scores(grid):
    display = ResponseDisplay.from_search(grid, ["C", "gamma"])
    display.figure_.canvas.draw()
    scores = pivot(grid, "mean_test_score", lambda params: params["kernel"] == grid.best_params_["kernel"])
    np.testing.assert_allclose(display.table[0], scores)
    np.testing.assert_allclose(
        display.table[1], pivot(grid, "std_test_score", lambda params: params["kernel"] == "rbf")
    )
    assert not display.table[2].any()
    assert numbers(display) == [[f"{score:.3f}" for score in row] for row in scores]
    np.testing.assert_allclose(display.mean_.get_array().reshape(3, 4), scores.T)
    assert display.texts_[0, 0].get_text().splitlines()[1] == "\N{PLUS-MINUS SIGN} 0.008"
    assert {text.get_fontstyle() for text in display.texts_.ravel()} == {"normal"}


def test_there_is_one_panel_with_even_cells_and_no_standard_deviations_of_the_model(grid):
    display = ResponseDisplay.from_search(grid, ["C", "gamma"])
    assert display.std_ is None
    assert len(display.figure_.axes) == 2  # the table and its colours
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("C", "gamma")
    assert [text.get_text() for text in display.ax_.get_xticklabels()] == ["0.1", "1", "10", "1000"]
    assert [text.get_text() for text in display.ax_.get_yticklabels()] == ["0.01", "0.1", "1"]
    assert display.ax_.get_xlim() == (-0.5, 3.5)
    assert "kernel\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}rbf" in display.ax_.get_title(loc="left")


def test_the_best_cell_is_framed(grid):
    display = ResponseDisplay.from_search(grid, ["C", "gamma"])
    (frame,) = [patch for patch in display.ax_.patches if patch.get_label() == "best"]
    best = GRID["C"].index(grid.best_params_["C"]), GRID["gamma"].index(grid.best_params_["gamma"])
    assert (frame.get_x() + 0.5, frame.get_y() + 0.5) == best
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == ["best"]
    assert display.table[0][best] == display.table[0].max()


def test_numbers_are_readable_on_their_colours(grid):
    display = ResponseDisplay.from_search(grid, ["C", "gamma"])
    values = display.table[0]
    brightest = np.unravel_index(values.argmax(), values.shape)
    darkest = np.unravel_index(values.argmin(), values.shape)
    assert display.texts_[brightest].get_color() == "black"
    assert display.texts_[darkest].get_color() == "white"


def test_other_values_of_the_others_and_averages(grid):
    display = ResponseDisplay.from_search(grid, ["C", "gamma"], others={"kernel": "linear"})
    np.testing.assert_allclose(
        display.table[0], pivot(grid, "mean_test_score", lambda params: params["kernel"] == "linear")
    )
    average = ResponseDisplay.from_search(grid, ["C", "gamma"], others="average")
    both = [pivot(grid, "mean_test_score", lambda params, k=kernel: params["kernel"] == k) for kernel in GRID["kernel"]]
    np.testing.assert_allclose(average.table[0], np.mean(both, axis=0))
    kinds = ResponseDisplay.from_search(grid, ["kernel", "C"])
    assert kinds.table[0].shape == (2, 4)
    assert [text.get_text() for text in kinds.ax_.get_xticklabels()] == ["rbf", "linear"]


def test_keywords_and_sign_of_the_numbers(grid):
    display = ResponseDisplay.from_search(
        grid,
        ["C", "gamma"],
        values_format=".1f",
        text_kw={"fontsize": 6, "color": "red"},
        im_kw={"cmap": "magma"},
        negate_score=True,
        score_name="Loss",
    )
    assert {text for row in numbers(display) for text in row} <= {"-0.9", "-0.8", "-0.7", "-0.6"}
    assert {(text.get_color(), text.get_fontsize()) for text in display.texts_.ravel()} == {("red", 6)}
    assert display.mean_.get_cmap().name == "magma"
    assert display.mean_.colorbar.ax.get_ylabel() == "Loss (mean over splits)"
    assert all(float(text.get_text()) < 0 for text in display.mean_.colorbar.ax.get_yticklabels())


def test_cells_of_a_race_are_slanted_where_they_were_stopped():
    search = GridSearchCV(Formula(), {"C": [0.001, 2.0, 1000.0], "gamma": [1e-4, 0.3, 1e4]}, cv=KFold(10), racing=True)
    search.fit(ROWS, Y)
    n_stopped = int((search.cv_results_["status"] == "raced").sum())
    assert n_stopped > 0
    display = ResponseDisplay.from_search(search, ["C", "gamma"])
    assert display.table.estimated.sum() == n_stopped
    for text, is_estimated in zip(display.texts_.ravel(), display.table.estimated.ravel(), strict=True):
        assert (text.get_fontstyle() == "italic") == is_estimated
        assert ("\N{PLUS-MINUS SIGN}" in text.get_text()) != is_estimated


def test_a_cell_that_failed_says_so():
    search = GridSearchCV(Formula(), {"C": [1.0, 10.0, 100.0], "gamma": [0.5, 1.0, 5.0]}, cv=3).fit(ROWS, Y)
    display = ResponseDisplay.from_search(search, ["C", "gamma"])
    assert display.table[2].sum() == 1
    assert numbers(display)[1][2] == "failed"
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == ["best"]
    assert np.ma.getmaskarray(display.mean_.get_array()).sum() == 1


def test_cells_that_were_not_tried_have_the_models_number_slanted():
    search = RandomSearchCV(
        Formula(), {"C": [0.1, 1.0, 100.0], "gamma": [0.01, 0.1, 1.0]}, n_iter=6, cv=3, random_state=0
    ).fit(ROWS, Y)
    display = ResponseDisplay.from_search(search, ["C", "gamma"])
    is_tried = np.isfinite(display.table[0])
    assert is_tried.sum() == 6
    slanted = np.array([[text.get_fontstyle() == "italic" for text in row] for row in display.texts_])
    np.testing.assert_array_equal(slanted, ~is_tried)
    i, j = np.argwhere(~is_tried)[0]
    assert float(numbers(display)[i][j]) == pytest.approx(display.mean[i, j], abs=1e-2)
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels == ["best", "slanted: not run in full, estimated"]


@pytest.mark.parametrize(
    "space",
    [
        {"C": Float(0.1, 10.0, log=True), "gamma": [0.01, 0.1, 1.0]},  # one has no values of its own
        {"C": Int(1, 100), "gamma": [0.01, 0.1, 1.0]},  # too many
        {
            "C": [float(c) for c in range(1, 13)],
            "gamma": [0.01 * g for g in range(1, 13)],
        },  # few of its cells were tried
    ],
)
def test_what_is_no_table_is_a_map(space):
    search = RandomSearchCV(Formula(), space, n_iter=8, cv=3, random_state=0).fit(ROWS, Y)
    display = ResponseDisplay.from_search(search, ["C", "gamma"])
    assert display.table is display.texts_ is None
    assert len(display.ax_) == 2


def test_a_large_table_has_no_spread_and_numbers_that_fit():
    space = {
        "C": [float(c) for c in np.geomspace(0.01, 1e3, 12)],
        "gamma": [float(g) for g in np.geomspace(1e-3, 1, 12)],
    }
    search = GridSearchCV(Formula(), space, cv=2).fit(ROWS, Y)
    display = ResponseDisplay.from_search(search, ["C", "gamma"])
    display.figure_.canvas.draw()
    cell = np.diff(display.ax_.transData.transform([[0, 0], [1, 1]]), axis=0)[0]
    for text in display.texts_.ravel():
        assert "\n" not in text.get_text()
        assert text.get_window_extent().width < cell[0]
        assert text.get_window_extent().height < cell[1]

"""The display of optimism, read from its artists."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV as TheirGridSearchCV
from sklearn.neighbors import KNeighborsClassifier

from skhpo import GridSearchCV
from skhpo.honesty.bootstrap import best_of, bootstrapped, on_the_way
from skhpo.honesty.metrics import measure_of

pytest.importorskip("matplotlib")

import matplotlib.pyplot as plt

from skhpo.plotting import OptimismDisplay
from skhpo.plotting.style import KEYWORDS

X, Y = load_iris(return_X_y=True)
NOISE = np.random.default_rng(0).permutation(Y)
GRID = {"n_neighbors": [30, 20, 10, 5, 3, 1]}


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def search():
    return GridSearchCV(KNeighborsClassifier(), GRID, scoring="accuracy", store_predictions=True).fit(X, NOISE)


def test_each_point_is_the_estimate_of_the_candidates_so_far(search):
    table = search.predictions_.table
    naive, estimate = on_the_way(measure_of(get_scorer("accuracy"), table), n_resamples=50)
    for n in (1, 3, 6):
        measure = measure_of(get_scorer("accuracy"), table.only(range(n)))
        assert naive[n - 1] == measure.on_all().max()
        assert estimate[n - 1] == pytest.approx(bootstrapped(best_of(measure), 150, n_resamples=50).scores.mean())


def test_what_is_drawn(search):
    display = OptimismDisplay.from_search(search, n_bootstraps=50)
    best, expected = display.lines_
    np.testing.assert_array_equal(best.get_ydata(), display.naive)
    np.testing.assert_array_equal(expected.get_ydata(), display.estimate)
    assert (np.diff(display.naive) >= 0).all()
    assert display.ax_.get_ylabel() == "Accuracy (all rows)"
    assert display.ax_.get_xlabel() == "Trial"
    display.figure_.canvas.draw()
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == [
        "best score so far",
        "to expect on new data",
        "optimism",
    ]
    _, ax = plt.subplots()
    assert display.plot(ax=ax).ax_ is ax


def test_keywords_are_known_documented_and_checked(search):
    display = OptimismDisplay.from_search(
        search, n_bootstraps=20, score_name="loss", negate_score=True, line_kw={"color": "red"}, fill_between_kw=None
    )
    assert [line.get_color() for line in display.lines_] == ["red", "red"]
    np.testing.assert_array_equal(display.lines_[0].get_ydata(), -display.naive)
    assert display.ax_.get_ylabel() == "loss (all rows)"
    assert set(OptimismDisplay._STYLE) <= set(KEYWORDS)
    for keyword in OptimismDisplay._STYLE:
        assert f"\n{keyword} : " in OptimismDisplay.__doc__.split("Other Parameters")[1]
    with pytest.raises(TypeError, match=r"OptimismDisplay takes the keywords score_name.*, got 'colour'"):
        display.plot(colour="red")


def test_searches_without_predictions_are_refused():
    with pytest.raises(NotFittedError):
        OptimismDisplay.from_search(GridSearchCV(KNeighborsClassifier(), GRID))
    theirs = TheirGridSearchCV(KNeighborsClassifier(), GRID, cv=3).fit(X, Y)
    with pytest.raises(ValueError, match="needs to be one of skhpo's with store_predictions=True, got GridSearchCV"):
        OptimismDisplay.from_search(theirs)
    with pytest.raises(ValueError, match="Write store_predictions=True"):
        OptimismDisplay.from_search(GridSearchCV(KNeighborsClassifier(), GRID, cv=3).fit(X, Y))

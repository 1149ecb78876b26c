"""Pictures of names and values with any characters: text is text."""

import itertools

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

from skhpo import BayesSearchCV, Categorical, Float, GridSearchCV, Int, SuccessiveHalvingCV

pytest.importorskip("matplotlib")

import matplotlib.pyplot as plt
from matplotlib.text import Text

from skhpo.plotting import (
    OptimizationHistoryDisplay,
    ParallelCoordinatesDisplay,
    ParamImportancesDisplay,
    ResponseDisplay,
    RungsDisplay,
    TimelineDisplay,
)
from skhpo.plotting.axis import name_label, value_label
from skhpo.plotting.words import plain, plain_name

ROWS, Y = np.arange(30.0).reshape(-1, 1), np.arange(30) % 2

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning"),
    pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite"),
]


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


class Free(BaseEstimator):
    """Has parameters of any name; the score follows from the numbers."""

    def __init__(self, **params):
        self.params = params

    @classmethod
    def _get_param_names(cls):
        return []

    def get_params(self, deep=True):
        return dict(self.params)

    def set_params(self, **params):
        self.params = self.params | params
        return self

    def __sklearn_clone__(self):
        return type(self)(**self.params)

    def fit(self, X, y=None):
        return self

    def score(self, X, y=None):
        return float(sum(value for value in self.params.values() if isinstance(value, float | int))) + X[0, 0] / 100


def drawn(figure):
    """Draw; returns what the picture shows, as text that is no mathematics and has no escapes left."""
    figure.canvas.draw()
    shown = []
    for text in figure.findobj(Text):
        said, kind = text._preprocess_math(text.get_text())
        assert not kind, f"{said!r} is taken for mathematics"
        shown.append(said)
    return shown


TEXTS = [r"$x_{$", "$$", r"\d+$|^\w$", r"\$ and \$", "$a$ b$", r"\frac{1}{2}", "50 % of $100"]


@pytest.mark.parametrize("text", TEXTS)
def test_matplotlib_shows_what_was_said(text):
    figure = plt.figure()
    figure.text(0.1, 0.1, plain(text))
    assert drawn(figure)[-1] == text


def test_patterns_of_a_text_pipeline():
    texts = np.array([f"word{i % 3} other{i % 2}" for i in range(30)])
    space = {
        "countvectorizer__token_pattern": [r"\b\w+\b", r"(?:^\w+$|\w\w+$)", r"\S+"],
        "multinomialnb__alpha": Float(0.1, 1.0),
    }
    search = BayesSearchCV(
        make_pipeline(CountVectorizer(), MultinomialNB()), space, n_iter=5, cv=2, random_state=0
    ).fit(texts, Y)
    shown = drawn(ParallelCoordinatesDisplay.from_search(search).figure_)
    assert value_label(r"(?:^\w+$|\w\w+$)") in shown
    for names in ("countvectorizer__token_pattern", ["countvectorizer__token_pattern", "multinomialnb__alpha"]):
        drawn(ResponseDisplay.from_search(search, names).figure_)
    drawn(ParamImportancesDisplay.from_search(search).figure_)


@pytest.mark.parametrize(
    "name", ["$x_{$", r"\d+$|^\w$", "\x1b[31mred", pytest.param("n" * 10_000, marks=pytest.mark.slow), "half \udc80"]
)
def test_any_name_and_value(name):
    space = {name: Float(0.0, 1.0), f"{name}2": Int(1, 5), "kind": Categorical([name, f"{name} 2", "c"])}
    search = BayesSearchCV(
        Free(**dict.fromkeys(space, 1)), space, n_iter=5, cv=2, random_state=0, scoring={name: Free.score}, refit=name
    ).fit(ROWS)
    displays = [
        OptimizationHistoryDisplay.from_search(search),
        ParallelCoordinatesDisplay.from_search(search),
        ParamImportancesDisplay.from_search(search),
        ResponseDisplay.from_search(search, name),
        ResponseDisplay.from_search(search, [name, "kind"]),
        TimelineDisplay.from_search(search),
    ]
    shown = [drawn(display.figure_) for display in displays]
    assert name_label(name) in [text.replace("\n", "") for text in shown[1]]
    assert all(len(text) < 200 and "\x1b" not in text for text in itertools.chain(*shown))


@pytest.mark.parametrize("name", TEXTS)
def test_any_name_of_a_resource(name):
    search = SuccessiveHalvingCV(
        Free(**{name: 9, "a": 1}),
        {"a": Int(1, 9)},
        n_candidates=4,
        resource=name,
        min_resources=3,
        max_resources=9,
        cv=2,
        random_state=0,
    ).fit(ROWS)
    assert name in drawn(RungsDisplay.from_search(search).figure_)
    assert any(
        f"best so far with {name} = 9" == text for text in drawn(OptimizationHistoryDisplay.from_search(search).figure_)
    )


class Mute:
    def __repr__(self):
        raise OSError("The file is closed.")


class Rude:
    """Says what it thinks when it is asked for something that it has not."""

    def __getattr__(self, name):
        raise RuntimeError(f"I have no {name}.")

    def __repr__(self):
        return "Rude()"


@pytest.mark.parametrize("value", [Mute(), [Mute()], (Mute(), 1)])
def test_a_value_that_cannot_be_said(value):
    search = GridSearchCV(Free(a=1, b=1), {"a": Categorical([value, "x"]), "b": [1, 2, 3]}, cv=2).fit(ROWS)
    shown = drawn(ParallelCoordinatesDisplay.from_search(search).figure_)
    assert value_label(value) in shown
    drawn(ResponseDisplay.from_search(search, "b").figure_)


def test_labels_never_raise():
    assert value_label(Mute()) == "<Mute object, repr fail…"
    assert value_label(Rude()) == "Rude()"
    assert value_label("\x1b[31m") == r"\x1b[31m"
    assert plain_name("a" * 1000) == plain_name("a" * 1000)
    assert len(plain_name("a" * 1000)) == 60


def test_fits_without_a_score_have_a_colour_of_their_own():
    def scoring(estimator, X, y=None):
        return np.nan if estimator.params["a"] == 2 else 1.0

    search = GridSearchCV(Free(a=1), {"a": [1, 2]}, cv=2, scoring=scoring).fit(ROWS)
    display = TimelineDisplay.from_search(search)
    assert list(display.statuses) == ["ok", "ok", "unscored", "unscored"]
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels == ["fit of an even trial", "no usable score", "number in a bar: its trial"]
    assert not display.ends.any()
    history = OptimizationHistoryDisplay.from_search(search)
    np.testing.assert_array_equal(history.failed, [False, True])
    assert not history.stopped.any()

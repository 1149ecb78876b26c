"""What the rows of the page *With other tools* share: their kind, the words for how a tool works, searches and data.

A case says what is done with a tool, what it needs, and how to check it. It imports the tool inside of its check, so
that the table can be read without any of them.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV as TheirGrid
from sklearn.tree import DecisionTreeClassifier

from skhpo import BayesSearchCV, GridSearchCV, RandomSearchCV, SuccessiveHalvingCV

AS_IT_IS = "as it is"
ONE_LINE = "one line"
BEST = "`best_estimator_`"
SAID = {
    AS_IT_IS: "gives what scikit-learn's `GridSearchCV` gives there",
    ONE_LINE: "the same, after the line under *write*",
    BEST: "takes no search of ours; give it `search.best_estimator_`",
}

X, Y = load_iris(return_X_y=True)
FEW, OF_FEW = X[::3], Y[::3]
TWO = (Y > 0).astype(int)
DATA, TARGETS = (each[:90] for each in load_diabetes(return_X_y=True))
DEPTHS = {"max_depth": [1, 2, 3]}
KINDS = {
    GridSearchCV: {},
    RandomSearchCV: {"n_iter": 3, "random_state": 0},
    BayesSearchCV: {"n_iter": 3, "random_state": 0},
    SuccessiveHalvingCV: {"min_resources": 60, "random_state": 0},
}


@dataclass(frozen=True)
class Case:
    """A row of the page."""

    package: str
    modules: tuple[str, ...]
    what: str
    check: Any = field(repr=False)
    how: str = AS_IT_IS
    write: str = ""

    @property
    def key(self):
        return f"{self.package}: {self.what}"


def searches(estimator=None, space=DEPTHS, **settings):
    """One search of each kind, not fitted."""
    estimator = DecisionTreeClassifier(random_state=0) if estimator is None else estimator
    return [kind(estimator, space, **{"cv": 3, **own, **settings}) for kind, own in KINDS.items()]


# ------------------------------------------------------------------------------- the same with one class and the other


def adding_to(cases):
    """Make a decorator for what is done with a tool: a function of the class of a search that has to give the same."""

    def pattern(package, what, *modules):
        needed = modules or (package.replace("-", "_"),)

        def add(outcome):
            cases.append(Case(package, needed, what, lambda: agree(outcome(GridSearchCV), outcome(TheirGrid))))
            return outcome

        return add

    return pattern


def agree(ours, theirs):
    """Compare numbers, texts and arrays of them, in dicts and lists of any depth; there has to be something."""
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        ours, theirs = list(ours.values()), list(theirs.values())
    if isinstance(theirs, list | tuple):
        assert theirs
        for one, other in zip(ours, theirs, strict=True):
            agree(one, other)
        return
    one, other = np.asarray(ours), np.asarray(theirs)
    assert other.size
    if other.dtype.kind in "fc":
        assert np.array_equal(one, other, equal_nan=True), f"{one} is not {other}"
    else:
        assert np.array_equal(one, other), f"{one} is not {other}"


def tree(kind, **settings):
    """A search over trees, as good as any classifier."""
    return kind(DecisionTreeClassifier(random_state=0), DEPTHS, cv=2, **settings)


def linear(kind, **settings):
    """A search over a classifier with coefficients."""
    return kind(LogisticRegression(max_iter=500), {"C": [0.1, 10.0]}, cv=2, **settings)


def ridge(kind, **settings):
    """A search over a regressor."""
    return kind(Ridge(), {"alpha": [0.1, 10.0]}, cv=2, **settings)

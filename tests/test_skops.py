"""Fitted searches in the file format of skops, which opens no pickle: what they consist of are types that all know."""

import dataclasses
import io
import pickle

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import Ridge
from sklearn.svm import SVC

from skhpo import (
    BayesSearchCV,
    Categorical,
    Float,
    GradientSearchCV,
    GridSearchCV,
    Int,
    RandomSearchCV,
    SuccessiveHalvingCV,
)

X, Y = load_iris(return_X_y=True)
CONDITIONAL = {
    "C": Float(1e-2, 1e2, log=True),
    "kernel": ["linear", "rbf"],
    "gamma": Float(1e-3, 1.0, log=True, when={"kernel": "rbf"}),
}
LIST = [CONDITIONAL, {"kernel": ["poly"], "degree": Int(2, 3), "class_weight": Categorical([None, "balanced"])}]
FOREST = {"max_depth": [1, 2, 3], "max_features": [1, 2]}
SEARCHES = {
    "grid": lambda: GridSearchCV(SVC(), {"C": [1.0, 2.0], "kernel": ["linear", "rbf"]}, cv=3),
    "random": lambda: RandomSearchCV(SVC(), LIST, n_iter=4, cv=3, random_state=0),
    "bayes": lambda: BayesSearchCV(SVC(), CONDITIONAL, n_iter=6, cv=3, random_state=0),
    "bayes of a list": lambda: BayesSearchCV(SVC(), LIST, n_iter=6, cv=3, random_state=0, racing=True),
    "halving": lambda: SuccessiveHalvingCV(SVC(), CONDITIONAL, n_candidates=4, cv=3, random_state=0, min_resources=50),
    "halving of iterations": lambda: SuccessiveHalvingCV(
        RandomForestClassifier(random_state=0),
        FOREST,
        n_candidates=4,
        cv=3,
        random_state=0,
        resource="n_estimators",
        max_resources=9,
        sampler="bayes",
    ),
    "gradient": lambda: GradientSearchCV(
        Ridge(), {"alpha": Float(1e-2, 1e2, log=True)}, n_iter=4, cv=3, random_state=0
    ),
    "predictions": lambda: RandomSearchCV(
        SVC(), {"C": [1.0, 2.0, 3.0]}, n_iter=3, cv=3, store_predictions=True, scoring=["accuracy"], refit="accuracy"
    ),
}
DIMENSIONS = {"skhpo.space.choices.Categorical", "skhpo.space.numeric.Float", "skhpo.space.numeric.Int"}


class Kinds(pickle.Pickler):
    """Takes down the classes that a pickle names."""

    def __init__(self, file):
        super().__init__(file)
        self.found = set()

    def reducer_override(self, obj):
        if isinstance(obj, type):
            self.found.add(f"{obj.__module__}.{obj.__qualname__}")
        return NotImplemented


def kinds(search):
    pickler = Kinds(io.BytesIO())
    pickler.dump(search)
    return {kind for kind in pickler.found if kind.startswith("skhpo.")}


def differences(one, other, where=""):
    """Where two values differ, down to the attributes of what is ours."""
    if type(one) is not type(other):
        return [where]
    if isinstance(one, dict):
        same = list(one) == list(other)
        return [d for key in one for d in differences(one[key], other[key], f"{where}.{key}")] if same else [where]
    if isinstance(one, list | tuple):
        pairs = enumerate(zip(one, other, strict=False))
        return [d for i, pair in pairs for d in differences(*pair, f"{where}.{i}")] + [where] * (len(one) != len(other))
    if dataclasses.is_dataclass(one):
        return [
            d for f in dataclasses.fields(one) for d in differences(*(getattr(x, f.name) for x in (one, other)), f.name)
        ]
    if type(one).__module__.startswith("skhpo.history"):
        return differences(*({n: v for n, v in vars(x).items() if n != "_views"} for x in (one, other)), where)
    return [] if one == other or (one != one and other != other) else [where]  # noqa: PLR0124 - NaN


@pytest.mark.parametrize("kind", SEARCHES)
def test_the_only_kinds_of_ours_are_the_search_and_its_dimensions(kind):
    search = SEARCHES[kind]().fit(X, Y)
    own = f"{type(search).__module__}.{type(search).__qualname__}"
    assert own in kinds(search) <= {own, *DIMENSIONS}


@pytest.mark.parametrize("kind", SEARCHES)
def test_a_history_comes_back_as_it_was(kind):
    search = SEARCHES[kind]().fit(X, Y)
    again = pickle.loads(pickle.dumps(search))  # noqa: S301 - our own
    assert not differences(search._history, again._history)
    assert search._history.trials  # there is something that could differ


@pytest.mark.parametrize("kind", SEARCHES)
def test_saved_and_loaded_it_is_the_same_search(kind):
    sio = pytest.importorskip("skops.io")
    search = SEARCHES[kind]().fit(X, Y)
    data = sio.dumps(search)
    again = sio.loads(data, trusted=sio.get_untrusted_types(data=data))
    np.testing.assert_array_equal(again.predict(X), search.predict(X))
    assert not differences(again.cv_results_["params"], search.cv_results_["params"])
    assert again.stats() == search.stats()
    assert str(again.report()) == str(search.report())
    if search.store_predictions:
        assert again.estimate_score().interval == search.estimate_score().interval
    if isinstance(search, BayesSearchCV):
        assert again.predict_score(search.best_params_) == search.predict_score(search.best_params_)
        assert again.importances() == search.importances()

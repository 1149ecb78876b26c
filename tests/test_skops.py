"""Fitted searches in the file format of skops, which opens no pickle: no dict in them has keys of our own kinds."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.svm import SVC

from skhpo import BayesSearchCV, Categorical, Float, GridSearchCV, Int, RandomSearchCV, SuccessiveHalvingCV

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
}


def keys(value, seen):
    """All keys of dicts, and members of sets, in the state of an object."""
    if id(value) in seen:
        return
    seen[id(value)] = value
    if isinstance(value, dict):
        yield from value
        parts = value.values()
    elif isinstance(value, set | frozenset):
        yield from value
        parts = ()
    elif isinstance(value, list | tuple):
        parts = value
    elif "__getstate__" in vars(type(value)):
        parts = [value.__getstate__()]
    else:
        names = [name for cls in type(value).__mro__ for name in getattr(cls, "__slots__", ())]
        parts = [*getattr(value, "__dict__", {}).values(), *(getattr(value, name, None) for name in names)]
    if not (isinstance(value, type) or callable(value)) or hasattr(value, "fit"):
        for part in parts:
            yield from keys(part, seen)


@pytest.mark.parametrize("kind", SEARCHES)
def test_keys_are_what_every_format_knows(kind):
    search = SEARCHES[kind]().fit(X, Y)
    kinds = {type(key) for key in keys(vars(search), {})}
    assert not {found for found in kinds if found.__module__.startswith("skhpo")}


@pytest.mark.parametrize("kind", SEARCHES)
def test_saved_and_loaded_it_is_the_same_search(kind):
    io = pytest.importorskip("skops.io")
    search = SEARCHES[kind]().fit(X, Y)
    data = io.dumps(search)
    again = io.loads(data, trusted=io.get_untrusted_types(data=data))
    np.testing.assert_array_equal(again.predict(X), search.predict(X))
    np.testing.assert_array_equal(again.cv_results_["mean_test_score"], search.cv_results_["mean_test_score"])
    assert again.stats() == search.stats()
    assert str(again.report()) == str(search.report())
    if isinstance(search, BayesSearchCV):
        assert again.predict_score(search.best_params_) == search.predict_score(search.best_params_)
        assert again.importances() == search.importances()

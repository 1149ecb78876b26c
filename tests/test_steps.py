"""The four steps of `fit`: what is refused, is refused before anything is written or set."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skhpo import BayesSearchCV, Float, GridSearchCV, RandomSearchCV, SearchCV, SuccessiveHalvingCV
from skhpo.search.plan import Opened, Plan, Prepared

X, Y = load_iris(return_X_y=True)
SPACE = {"C": Float(1e-2, 1e2, log=True), "gamma": Float(1e-3, 1.0, log=True)}
SEARCHES = {
    "grid": lambda **kw: GridSearchCV(**{"estimator": SVC(), "param_grid": {"C": [1.0, 10.0]}, **kw}),
    "random": lambda **kw: RandomSearchCV(
        **{"estimator": SVC(), "param_distributions": SPACE, "n_iter": 3, "random_state": 0, **kw}
    ),
    "bayes": lambda **kw: BayesSearchCV(
        **{"estimator": SVC(), "param_distributions": SPACE, "n_iter": 3, "random_state": 0, **kw}
    ),
    "halving": lambda **kw: SuccessiveHalvingCV(
        **{
            "estimator": SVC(),
            "param_distributions": SPACE,
            "n_candidates": 3,
            "min_resources": 50,
            "random_state": 0,
            **kw,
        }
    ),
    "custom": lambda **kw: SearchCV(
        **{"estimator": SVC(), "param_distributions": SPACE, "n_iter": 3, "random_state": 0, **kw}
    ),
}
every_search = pytest.mark.parametrize("kind", SEARCHES)


def space_named(name):
    return {"param_grid": {name: [1.0, 10.0]}, "param_distributions": {name: Float(1e-2, 1e2, log=True)}}


REFUSED = {
    "a name": (lambda: space_named("gama"), {}),
    "no metric": (lambda: {"scoring": {"a": "accuracy", "b": "f1_macro"}, "refit": True}, {}),
    "a metric": (lambda: {"scoring": ["accuracy"], "refit": "f1"}, {}),
    "a parameter of fit": (dict, {"sample_wight": np.ones(len(X))}),
    "no splits": (lambda: {"cv": []}, {}),
    "a value": (lambda: {"refit": None}, {}),
}


@every_search
@pytest.mark.parametrize("why", REFUSED)
def test_what_is_refused_leaves_no_trace(kind, why, tmp_path):
    settings, params = REFUSED[why]
    settings = {k: v for k, v in settings().items() if not k.startswith("param_") or k in SEARCHES[kind]().get_params()}
    search = SEARCHES[kind](checkpoint=tmp_path / "a.db", **settings)
    before = dict(vars(search))
    with pytest.raises((ValueError, TypeError)):
        search.fit(X, Y, **params)
    assert list(tmp_path.iterdir()) == []
    assert {name for name in vars(search) if name.endswith("_")} == set()
    assert {name: value for name, value in vars(search).items() if not name.startswith("_")} == {
        name: value for name, value in before.items() if not name.startswith("_")
    }
    SEARCHES[kind](checkpoint=tmp_path / "a.db").fit(X, Y)  # the file was not poisoned


@every_search
def test_nothing_is_set_before_the_search_has_run(kind):
    seen = []

    def scorer(estimator, X, y):
        seen.append({name for name in vars(search) if name.endswith("_")})
        return 0.0

    search = SEARCHES[kind](scoring=scorer)
    search.fit(X, Y)
    assert seen
    assert not set.union(*seen)
    assert hasattr(search, "n_splits_")


@every_search
def test_each_step_gives_a_value(kind, tmp_path):
    search = SEARCHES[kind](checkpoint=tmp_path / "a.db")
    prepared = search._prepare(X, Y, {})
    assert isinstance(prepared, Prepared)
    assert list(tmp_path.iterdir()) == []
    opened = search._open(prepared)
    assert isinstance(opened, Opened)
    assert isinstance(opened.plan, Plan)
    opened.journal.close()
    with pytest.raises(AttributeError):
        opened.plan.look_back = 5


@every_search
def test_a_space_is_built_at_most_once(kind, monkeypatch, tmp_path):
    from skhpo.space import Space

    built, init = [], Space.__init__

    def counted(self, *args):
        built.append(args)
        init(self, *args)

    monkeypatch.setattr(Space, "__init__", counted)
    SEARCHES[kind](checkpoint=tmp_path / "a.db").fit(X, Y)
    assert len(built) == 1
    built.clear()
    SEARCHES[kind]().fit(X, Y)
    assert len(built) <= 1


@pytest.mark.parametrize("cv", [2, 3, 5, 10])
def test_candidates_are_the_same_for_one_worker_and_for_two(cv):
    pipeline = make_pipeline(StandardScaler(), SVC())
    space = {f"svc__{name}": values for name, values in SPACE.items()}
    one, two = (
        BayesSearchCV(pipeline, space, n_iter=9, cv=cv, n_jobs=n_jobs, random_state=0, refit=False).fit(X, Y)
        for n_jobs in (1, 2)
    )
    assert one.cv_results_["params"] == two.cv_results_["params"]

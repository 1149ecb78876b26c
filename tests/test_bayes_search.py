"""BayesSearchCV as its users meet it."""

import itertools

import numpy as np
import pytest
from scipy.stats import loguniform, randint
from sklearn.base import BaseEstimator, clone
from sklearn.datasets import load_iris, make_classification
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skhpo import BayesSearchCV, Categorical, Float, Int, RandomSearchCV

X, Y = load_iris(return_X_y=True)
SVC_SPACE = {
    "kernel": Categorical(["linear", "rbf", "poly"]),
    "C": Float(1e-3, 1e3, log=True),
    "gamma": Float(1e-4, 1e1, log=True, when={"kernel": ["rbf", "poly"]}),
    "degree": Int(2, 5, when={"kernel": "poly"}),
}


class Surface(BaseEstimator):
    """Scores what a function says of its parameters; no data needed."""

    def __init__(self, function=None, **params):
        self.function, self.params = function, params

    def get_params(self, deep=True):
        return {"function": self.function, **self.params}

    def set_params(self, **params):
        self.function = params.pop("function", self.function)
        self.params = {**self.params, **params}
        return self

    def fit(self, X, y=None):
        if np.isnan(self.function(0, **self.params)):
            raise RuntimeError("no such model")
        self.fitted_ = True
        return self

    def score(self, X, y=None):
        return self.function(int(X[0, 0]), **self.params)


def fit(function, space, *, n_splits=1, seed=0, **kwargs):
    rows = np.arange(n_splits, dtype=float).repeat(2).reshape(-1, 1)
    cv = [(np.arange(len(rows)), np.array([2 * split, 2 * split + 1])) for split in range(n_splits)]
    search = BayesSearchCV(Surface(function), space, cv=cv, refit=False, random_state=seed, **{"n_iter": 25, **kwargs})
    return search.fit(rows)


def bowl(split, x, z=0.0):
    return -((x - 0.3) ** 2) - z**2 + 0.001 * split


BOX = {"x": Float(-1, 1), "z": Float(-1, 1)}


# ------------------------------------------------------------------ what it is for


def test_it_finds_what_random_search_does_not():
    regret = {}
    for cls in (BayesSearchCV, RandomSearchCV):
        scores = []
        for seed in range(5):
            search = cls(Surface(bowl), BOX, n_iter=20, random_state=seed, cv=[([0, 1], [0, 1])], refit=False)
            scores.append(-search.fit(np.zeros((2, 1))).best_score_)
        regret[cls] = np.median(scores)
    assert regret[BayesSearchCV] < 0.1 * regret[RandomSearchCV]


def test_a_grid_search_with_the_class_renamed_works():
    search = BayesSearchCV(SVC(), {"C": [1, 10], "kernel": ["linear", "rbf"]}).fit(X, Y)
    assert len(search.cv_results_["params"]) == 4
    assert search.stats()["stop_reason"] == "exhausted"
    assert search.best_score_ == max(search.cv_results_["mean_test_score"])


def test_the_estimators_own_parameters_come_first_then_those_given():
    given = [{"C": 3.0, "kernel": "rbf"}, {"C": 0.5, "kernel": "linear"}]
    space = {"C": Float(1e-3, 1e3, log=True), "kernel": ["linear", "rbf"]}
    search = BayesSearchCV(SVC(C=7.0), space, n_iter=4, initial_params=given, random_state=0).fit(X, Y)
    params = search.cv_results_["params"]
    assert [p["C"] for p in params[:3]] == pytest.approx([7.0, 3.0, 0.5])
    assert [p["kernel"] for p in params[:3]] == ["rbf", "rbf", "linear"]


def test_conditional_space_in_a_pipeline():
    pipeline = make_pipeline(StandardScaler(), SVC())
    space = {
        "standardscaler": [StandardScaler(), MinMaxScaler(), "passthrough"],
        "svc__kernel": Categorical(["linear", "rbf"]),
        "svc__C": loguniform(1e-3, 1e3),
        "svc__gamma": Float(1e-4, 1e1, log=True, when={"svc__kernel": "rbf"}),
    }
    search = BayesSearchCV(pipeline, space, n_iter=12, random_state=0, cv=3).fit(X, Y)
    for params in search.cv_results_["params"]:
        assert ("svc__gamma" in params) == (params["svc__kernel"] == "rbf")
    assert search.best_score_ > 0.95
    assert search.predict(X).shape == Y.shape


def test_a_list_of_dicts_is_one_space():
    space = [
        {"kernel": ["linear"], "C": loguniform(1e-2, 1e2)},
        {"kernel": ["rbf"], "C": loguniform(1e-2, 1e2), "gamma": loguniform(1e-4, 1)},
    ]
    search = BayesSearchCV(SVC(), space, n_iter=10, random_state=0, cv=3).fit(X, Y)
    assert len(search.cv_results_["params"]) == 10
    assert set(search.cv_results_["param_kernel"]) == {"linear", "rbf"}


# ------------------------------------------------------------------ hard cases


HARD = {
    "one parameter": ({"x": Float(-1, 1)}, lambda split, x: -x * x),
    "integers only": (
        {"a": Int(1, 100, log=True), "b": Int(0, 1000)},
        lambda split, a, b: -abs(a - 30) - abs(b - 400) / 100,
    ),
    "categories only": (
        {name: Categorical(list("abcdefg")) for name in "uvw"},
        lambda split, u, v, w: (u == "c") + 2 * (v == "d") + (w == u),
    ),
    "twenty mixed": (
        {
            **{f"f{i}": Float(0, 1) for i in range(12)},
            **{f"i{i}": Int(1, 9) for i in range(4)},
            **{f"c{i}": Categorical(["a", "b", "c"]) for i in range(4)},
        },
        lambda split, **p: -sum((p[f"f{i}"] - 0.5) ** 2 for i in range(12)) - p["i0"] + (p["c0"] == "b"),
    ),
    "constant": (BOX, lambda split, x, z: 1.0),
    "huge": (BOX, lambda split, x, z: 1e10 * bowl(split, x, z)),
    "huge outliers": (BOX, lambda split, x, z: -1e10 if x > 0.5 else bowl(split, x, z)),
    "tiny": (BOX, lambda split, x, z: 1.0 + 1e-12 * bowl(split, x, z)),
}


@pytest.mark.parametrize("case", HARD)
def test_hard_cases_are_searched_without_repetition(case):
    space, function = HARD[case]
    search = fit(function, space)
    params = search.cv_results_["params"]
    assert len(params) == 25
    assert len({repr(sorted(p.items())) for p in params}) == 25
    mean, std = search.predict_score(params)
    assert np.isfinite(mean).all()
    assert np.isfinite(std).all()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning", "ignore:One or more of the test scores")
def test_nine_of_ten_candidates_fail():
    def function(split, x, z):
        return np.nan if abs(x - 0.3) > 0.1 else bowl(0, x, z)

    search = fit(function, {"x": Float(-1, 1), "z": Float(-1, 1)}, n_iter=40)
    scores = search.cv_results_["mean_test_score"]
    assert np.isfinite(scores).mean() > 0.5, "the model learns where fits succeed"
    assert search.best_score_ > -0.05


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning", "ignore:One or more of the test scores")
def test_a_failing_candidate_does_not_end_the_search():
    search = fit(lambda split, x, z: np.nan if x < 0 else bowl(split, x, z), BOX, n_iter=15)
    assert len(search.cv_results_["params"]) == 15


def test_all_candidates_fail():
    with pytest.raises(ValueError, match=r"All the 25 fits failed"):
        fit(lambda split, x, z: np.nan, BOX)


def test_a_finite_space_is_exhausted_without_repetition():
    search = fit(lambda split, a: a, {"a": Int(1, 7)}, n_iter=100)
    assert sorted(params["a"] for params in search.cv_results_["params"]) == [1, 2, 3, 4, 5, 6, 7]
    assert search.stats() == {**search.stats(), "n_fits": 7, "stop_reason": "exhausted"}


# ------------------------------------------------------------------ determinism


def test_the_same_seed_gives_the_same_search_and_another_another():
    same = [fit(bowl, BOX, seed=3).cv_results_["params"] for _ in range(2)]
    assert same[0] == same[1] != fit(bowl, BOX, seed=4).cv_results_["params"]


def test_candidates_are_the_same_for_any_number_of_workers_at_equal_look_back():
    found = []
    for n_jobs in (1, 2, 3):
        search = BayesSearchCV(SVC(), SVC_SPACE, n_iter=12, random_state=0, cv=3, n_jobs=n_jobs, look_back=2)
        found.append(search.fit(X, Y).cv_results_)
    for other in found[1:]:
        assert other["params"] == found[0]["params"]
        np.testing.assert_array_equal(other["mean_test_score"], found[0]["mean_test_score"])


def test_continued_equals_uninterrupted(tmp_path):
    kwargs = {"random_state": None, "cv": 3}
    path = tmp_path / "search.db"
    BayesSearchCV(SVC(), SVC_SPACE, n_iter=7, checkpoint=path, **kwargs).fit(X, Y)
    extended = BayesSearchCV(SVC(), SVC_SPACE, n_iter=14, checkpoint=path, **kwargs).fit(X, Y)
    other = tmp_path / "other.db"
    other.write_bytes(path.read_bytes())
    again = BayesSearchCV(SVC(), SVC_SPACE, n_iter=14, checkpoint=other, **kwargs).fit(X, Y)
    assert len(extended.cv_results_["params"]) == 14
    assert again.cv_results_["params"] == extended.cv_results_["params"]


# ------------------------------------------------------------------ asking the model


def test_the_model_can_be_asked():
    search = fit(bowl, BOX, n_iter=30, n_splits=3)
    mean, std = search.predict_score({"x": 0.3, "z": 0.0})
    assert isinstance(mean, float)
    assert isinstance(std, float)
    assert mean == pytest.approx(0.001, abs=0.02)
    grid = [{"x": x, "z": z} for x, z in itertools.product(np.linspace(-1, 1, 9), repeat=2)]
    means, stds = search.predict_score(grid)
    assert means.shape == stds.shape == (81,)
    assert np.corrcoef(means, [bowl(1, **p) for p in grid])[0, 1] > 0.8
    assert 0 <= search.expected_improvement_remaining_ < 0.05


def test_importances_say_what_mattered():
    search = fit(lambda split, x, z, k: -x * x + 0.001 * z, {**BOX, "k": ["a", "b", "c"]}, n_iter=30)
    importances = search.importances()
    assert set(importances) == {"x", "z", "k"}
    assert next(iter(importances)) == "x", "the largest first"
    assert importances["x"] > 0.7
    assert sum(importances.values()) == pytest.approx(1.0)


def test_asking_outside_of_the_space_is_an_error():
    search = fit(bowl, BOX, n_iter=5)
    with pytest.raises(ValueError, match="lies outside"):
        search.predict_score({"x": 5.0, "z": 0.0})


# ------------------------------------------------------------------ warm starts, metrics


def test_warm_start_counts_the_earlier_candidates_and_does_not_repeat_them():
    first = fit(bowl, BOX, n_iter=15)
    for source in (first, first.cv_results_):
        second = fit(bowl, BOX, n_iter=5, seed=1, warm_start_from=source)
        assert second.best_score_ > -0.01
        old = [(p["x"], p["z"]) for p in first.cv_results_["params"]]
        new = [(p["x"], p["z"]) for p in second.cv_results_["params"]]
        assert not set(old) & set(new)


def test_warm_start_from_another_space_is_refused():
    first = fit(bowl, BOX, n_iter=4)
    with pytest.raises(ValueError, match="lies outside"):
        fit(bowl, {"x": Float(5, 6), "z": Float(-1, 1)}, n_iter=4, warm_start_from=first)


def test_warm_start_from_what_is_not_fitted_is_refused():
    with pytest.raises(ValueError, match="warm_start_from needs a fitted search"):
        fit(bowl, BOX, warm_start_from={})


@pytest.mark.parametrize(
    "refit", ["neg_log_loss", "accuracy", False, lambda results: results["rank_test_accuracy"].argmin()]
)
def test_several_metrics(refit):
    space = {"C": Float(1e-4, 1e3, log=True)}
    search = BayesSearchCV(
        LogisticRegression(max_iter=500), space, n_iter=6, random_state=0, cv=3,
        scoring=["neg_log_loss", "accuracy"], refit=refit,
    ).fit(X, Y)  # fmt: skip
    assert search.multimetric_
    assert np.isfinite(search.cv_results_["mean_test_accuracy"]).all()
    modelled = "accuracy" if refit == "accuracy" else "neg_log_loss"
    best = np.argmax(search.cv_results_[f"mean_test_{modelled}"])
    mean, _ = search.predict_score(search.cv_results_["params"][best])
    assert mean == pytest.approx(search.cv_results_[f"mean_test_{modelled}"][best], abs=0.1)


def test_nested_cross_validation_and_cloning():
    X, y = make_classification(120, random_state=0)
    search = BayesSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": randint(1, 20)}, n_iter=4, cv=3)
    assert cross_val_score(search, X, y, cv=KFold(3)).shape == (3,)
    assert clone(search).get_params()["n_iter"] == 4


def test_a_dead_estimator_without_parameters_of_its_own():
    assert BayesSearchCV(Ridge(), {}, n_iter=3).fit(X, Y).best_params_ == {}


@pytest.mark.parametrize(
    ("params", "error", "match"),
    [
        ({"n_iter": 0}, ValueError, "n_iter"),
        ({"look_back": 0}, ValueError, "look_back"),
        (
            {"initial_params": [{"C": -1.0}]},
            ValueError,
            "initial_params needs points of the space: .*-1.0 lies outside",
        ),
        ({"initial_params": [{"D": 1.0}]}, ValueError, "'D' is not in the space. It has 'C'."),
        ({"initial_params": {"C": 1.0}}, TypeError, "initial_params needs a list of dicts, got {'C': 1.0}. Write for"),
        ({"initial_params": ["C"]}, TypeError, "initial_params needs a list of dicts"),
    ],
)
def test_errors_say_what_is_wrong(params, error, match):
    with pytest.raises(error, match=match):
        BayesSearchCV(SVC(), {"C": Float(1e-3, 1e3, log=True)}, **params).fit(X, Y)

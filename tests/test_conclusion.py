"""What is in hand at the end of a search, whatever went wrong there; and what is said before the first fit."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import GridSearchCV as TheirGridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skhpo import BayesSearchCV, Float, GridSearchCV, RandomSearchCV, SuccessiveHalvingCV, load_results
from skhpo.journals.sqlite import stored_searches

X, Y = load_iris(return_X_y=True)
SPACE = {"var_smoothing": [1e-9, 1e-3, 1e-1]}
SEARCHES = {
    "grid": lambda **kwargs: GridSearchCV(GaussianNB(), SPACE, cv=3, **kwargs),
    "random": lambda **kwargs: RandomSearchCV(GaussianNB(), SPACE, n_iter=3, cv=3, random_state=0, **kwargs),
    "bayes": lambda **kwargs: BayesSearchCV(
        GaussianNB(), {"var_smoothing": Float(1e-9, 1e-1, log=True)}, n_iter=3, cv=3, random_state=0, **kwargs
    ),
    "halving": lambda **kwargs: SuccessiveHalvingCV(
        GaussianNB(), SPACE, n_candidates=3, min_resources=50, cv=3, random_state=0, **kwargs
    ),
}
every_search = pytest.mark.parametrize("kind", SEARCHES)


class Counted(ClassifierMixin, BaseEstimator):
    """Counts its fits; fails on all the data if it is told so."""

    n_fits = 0

    def __init__(self, C=1.0, error=None):
        self.C, self.error = C, error

    def fit(self, X, y):
        type(self).n_fits += 1
        if self.error is not None and len(X) == 150:
            raise self.error
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


def several(estimator, X, y):
    found = estimator.predict(X)
    return {"accuracy": accuracy_score(y, found), "f1": f1_score(y, found, average="macro")}


def is_in_hand(search, n_rows=3):
    assert len(search.cv_results_["params"]) >= n_rows
    assert search.stats()["n_fits"] >= 3 * n_rows
    assert "Tried" in str(search.report())


def raises(error):
    def rule(results):
        raise error

    return rule


# ------------------------------------------------------------------ after the last fit


@every_search
@pytest.mark.parametrize(
    ("rule", "error", "match"),
    [
        (raises(KeyError("mean_test_acuracy")), KeyError, "acuracy"),
        (lambda results: 1.0, TypeError, "best_index_ returned is not an integer"),
        (lambda results: "0", TypeError, "best_index_ returned is not an integer"),
        (lambda results: len(results["params"]), IndexError, "best_index_ index out of range"),
        (lambda results: -1, IndexError, "best_index_ index out of range"),
        (raises(KeyboardInterrupt()), KeyboardInterrupt, None),
        (raises(SystemExit(1)), SystemExit, None),
    ],
)
def test_a_rule_that_picks_no_row_costs_no_results(kind, rule, error, match, tmp_path):
    search = SEARCHES[kind](refit=rule, checkpoint=tmp_path / "search.db")
    with pytest.raises(error, match=match):
        search.fit(X, Y)
    is_in_hand(search)
    if kind == "bayes":
        assert search.expected_improvement_remaining_ >= 0
    if kind == "halving":
        assert search.n_candidates_ == [3, 1]
    again = SEARCHES[kind](refit=lambda results: 0, checkpoint=tmp_path / "search.db").fit(X, Y)
    assert again.best_index_ == (0 if kind != "halving" else 3)


def test_the_errors_about_rules_are_those_of_scikit_learn():
    for rule in (lambda results: 1.0, lambda results: 99, raises(ZeroDivisionError("no"))):
        found = []
        for cls in (GridSearchCV, TheirGridSearchCV):
            with pytest.raises((TypeError, IndexError, ZeroDivisionError)) as caught:
                cls(GaussianNB(), SPACE, refit=rule, cv=3).fit(X, Y)
            found.append((caught.type, str(caught.value)))
        assert found[0] == found[1]


@pytest.mark.parametrize("error", [ValueError("no room"), KeyboardInterrupt()])
def test_a_last_fit_that_fails_costs_no_results(error):
    search = GridSearchCV(Counted(error=error), {"C": [1, 2, 3]}, cv=3)
    with pytest.raises(type(error)):
        search.fit(X, Y)
    is_in_hand(search)
    assert search.best_index_ == 0


@every_search
def test_warnings_that_are_errors_cost_no_results(kind):
    search = SEARCHES[kind](scoring=lambda estimator, X, y: np.nan, refit=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="non-finite"):
            search.fit(X, Y)
    is_in_hand(search)


def test_fits_that_all_fail_are_in_the_results():
    search = GridSearchCV(SVC(), {"C": [-1.0, -2.0, -3.0]}, cv=3)
    with pytest.raises(ValueError, match="All the 9 fits failed"):
        search.fit(X, Y)
    is_in_hand(search)
    assert len(search.report().failures) >= 1


def test_an_observer_that_fails_at_the_end_costs_no_results():
    search = SEARCHES["grid"]()
    plan = search._plan
    places = type("Places", (), {"of": None, "close": raises(OSError("gone"))})
    search._plan = lambda start: replace(plan(start), tree=lambda *args: places())
    with pytest.raises(OSError, match="gone"):
        search.fit(X, Y)
    is_in_hand(search)
    assert search.stats()["stop_reason"] == "error"


def test_a_fit_that_may_raise_leaves_the_rows_before_it():
    search = GridSearchCV(SVC(), {"C": [1.0, 2.0, -1.0]}, cv=3, error_score="raise")
    with pytest.raises(ValueError, match="'C' parameter of SVC must be"):
        search.fit(X, Y)
    is_in_hand(search, n_rows=2)


@pytest.mark.parametrize("rule", [raises(IndexError("few rows")), lambda results: 5, lambda results: 1.0])
def test_an_interrupt_stays_one_whatever_the_rule_makes_of_few_rows(rule):
    count = iter(range(1000))

    class Interrupting(Counted):
        def fit(self, X, y):
            if next(count) == 7:
                raise KeyboardInterrupt
            return super().fit(X, y)

    search = GridSearchCV(Interrupting(), {"C": [1, 2, 3, 4]}, cv=3, refit=rule)
    with pytest.raises(KeyboardInterrupt):
        search.fit(X, Y)
    is_in_hand(search, n_rows=2)
    assert search.stats()["stop_reason"] == "interrupt"


# ------------------------------------------------------------------ before the others


@pytest.mark.parametrize("refit", [True, "recall", "score"])
@every_search
def test_several_metrics_of_a_function_are_seen_in_the_first_outcome(kind, refit, tmp_path):
    calls = []

    def counting(estimator, X, y):
        calls.append(1)
        return several(estimator, X, y)

    search = SEARCHES[kind](scoring=counting, refit=refit, checkpoint=tmp_path / "search.db")
    with pytest.raises(ValueError, match="For multi-metric scoring, the parameter refit must be set to a scorer key"):
        search.fit(X, Y)
    assert len(calls) == 1, "the fit that showed it"
    search.set_params(refit="f1", scoring=several).fit(X, Y)
    assert search.best_score_ > 0.9


def test_several_metrics_that_a_file_remembers_are_seen_before_the_first_fit(tmp_path):
    Counted.n_fits = 0
    path = tmp_path / "search.db"
    GridSearchCV(Counted(), {"C": [1]}, cv=3, scoring=several, refit=False, checkpoint=path).fit(X, Y)
    with pytest.raises(ValueError, match="For multi-metric scoring"):
        GridSearchCV(Counted(), {"C": [1]}, cv=3, scoring=several, refit=True, checkpoint=path).fit(X, Y)
    assert Counted.n_fits == 3


@every_search
@pytest.mark.parametrize("refit", [True, "recall"])
def test_a_metric_that_is_not_there_is_seen_before_the_first_fit(kind, refit):
    search = SEARCHES[kind](scoring=["accuracy", "f1_macro"], refit=refit)
    with pytest.raises(ValueError, match="For multi-metric scoring"):
        search.fit(X, Y)


@pytest.mark.parametrize("scoring", [["accuracy", "f1_macro"], several])
def test_score_says_that_no_metric_is_the_one(scoring):
    search = GridSearchCV(GaussianNB(), SPACE, scoring=scoring, refit=lambda results: 0, cv=3).fit(X, Y)
    with pytest.raises(ValueError, match=r"score needs one metric, .* Write for example search\.scorer_"):
        search.score(X, Y)
    assert search.predict(X).shape == Y.shape
    assert GridSearchCV(GaussianNB(), SPACE, refit=lambda results: 0, cv=3).fit(X, Y).score(X, Y) > 0.9


# ------------------------------------------------------------------ what fit is given


@pytest.mark.parametrize("name", ["callback", "callbacks", "sample_wieght"])
def test_a_parameter_that_the_estimator_does_not_take_is_refused_before_the_first_fit(name, tmp_path):
    Counted.n_fits = 0
    for search in (
        GridSearchCV(Counted(), {"C": [1]}, checkpoint=tmp_path / "search.db"),
        BayesSearchCV(Counted(), {"C": Float(0.0, 1.0)}),
        RandomSearchCV(Counted(), {"C": [1, 2]}, n_iter=1),
        SuccessiveHalvingCV(Counted(), {"C": [1, 2]}),
    ):
        with pytest.raises(
            ValueError, match=f"goes on to the estimator's fit, and that of Counted has no .* got '{name}'"
        ):
            search.fit(X, Y, **{name: print})
    assert Counted.n_fits == 0
    assert not list(tmp_path.iterdir())
    with pytest.raises(TypeError, match="goes on to the estimator's fit"):
        GridSearchCV(Counted(), {"C": [1]}, error_score="raise").fit(X, Y, **{name: print})


def test_scikit_optimizes_callbacks_are_told_what_to_write():
    with pytest.raises(ValueError, match="write timeout= for a deadline"):
        GridSearchCV(SVC(), {"C": [1]}).fit(X, Y, callback=[print])


def test_steps_of_a_pipeline():
    weight = np.ones(len(X))
    pipe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    search = GridSearchCV(pipe, {"logisticregression__C": [1.0]}, cv=3)
    search.fit(X, Y, logisticregression__sample_weight=weight, standardscaler__sample_weight=weight)
    for name, match in [
        ("sample_weight", "one of 'standardscaler__sample_weight', 'logisticregression__sample_weight'"),
        ("logisticregression__weight", "LogisticRegression has no parameter 'weight'"),
    ]:
        with pytest.raises(ValueError, match=match):
            search.fit(X, Y, **{name: weight})


class Shifted(StandardScaler):
    """Has a way of its own to fit and transform at once, as some steps have."""

    def fit_transform(self, X, y=None, by=0.0):
        return super().fit_transform(X, y) + by


def test_what_only_fit_transform_takes_is_passed_on():
    pipe = make_pipeline(Shifted(), LogisticRegression(max_iter=500))
    GridSearchCV(pipe, {"logisticregression__C": [1.0]}, cv=3).fit(X, Y, shifted__by=1.0)
    with pytest.raises(ValueError, match="Shifted has no parameter 'along'"):
        GridSearchCV(pipe, {"logisticregression__C": [1.0]}, cv=3).fit(X, Y, shifted__along=1.0)


def test_a_step_that_is_searched_may_take_what_it_likes():
    pipe = make_pipeline(StandardScaler(), KNeighborsClassifier())
    steps = {"kneighborsclassifier": [LogisticRegression(max_iter=500), SVC()]}
    GridSearchCV(pipe, steps, cv=3).fit(X, Y, kneighborsclassifier__sample_weight=np.ones(len(X)))


def test_whoever_takes_all_names_is_given_them():
    class Open(Counted):
        def fit(self, X, y, **kwargs):
            assert kwargs == {"callback": print}
            return super().fit(X, y)

    GridSearchCV(Open(), {"C": [1]}, cv=3).fit(X, Y, callback=print)


# ------------------------------------------------------------------ nothing is written before


def bad_rule(search):
    return search.set_params(scoring=["accuracy", "f1_macro"], refit="accuracies")


MISTAKES = {
    "name": (lambda s: s.set_params(**{_space(s): {"var_smothing": [1.0, 2.0, 3.0]}}), ValueError),
    "no space": (lambda s: s.set_params(**{_space(s): {"var_smoothing": []}}), ValueError),
    "condition": (
        lambda s: s.set_params(**{_space(s): {"var_smoothing": Float(0.1, 1, when={"other": 1})}}),
        ValueError,
    ),
    "scorer": (lambda s: s.set_params(scoring="acuracy"), ValueError),
    "metric": (lambda s: s.set_params(scoring=accuracy_score), ValueError),
    "rule": (bad_rule, ValueError),
    "racing": (lambda s: s.set_params(racing=True, refit=lambda results: 0), ValueError),
    "splits": (lambda s: s.set_params(cv=[(1, 2)]), ValueError),
    "folds": (lambda s: s.set_params(cv=99), ValueError),
}


def _space(search):
    return "param_grid" if isinstance(search, GridSearchCV) else "param_distributions"


@every_search
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_leaves_nothing_behind(kind, mistake, tmp_path):
    change, error = MISTAKES[mistake]
    path = tmp_path / "search.db"
    with pytest.raises(error):
        change(SEARCHES[kind](checkpoint=path)).fit(X, Y)
    assert not list(tmp_path.iterdir()), "neither a file nor a lock"
    SEARCHES[kind](checkpoint=path).fit(X, Y)


@pytest.mark.parametrize(
    "more",
    [
        {"n_candidates": "exhaust", "min_resources": "exhaust"},
        {"racing": True, "asynchronous": True},
        {"resource": "x"},
    ],
)
def test_halvings_own_mistakes_leave_nothing_behind_either(more, tmp_path):
    search = SEARCHES["halving"](checkpoint=tmp_path / "search.db").set_params(**more)
    with pytest.raises(ValueError):
        search.fit(X, Y)
    assert not list(tmp_path.iterdir())


def test_warm_start_from_what_is_no_result_leaves_nothing_behind(tmp_path):
    unfitted = GridSearchCV(SVC(), {"C": [1]})
    for earlier in (unfitted, SVC(), {}, {"params": [{"C": 1}]}, {1: 2}):
        search = BayesSearchCV(SVC(), {"C": Float(1, 2)}, warm_start_from=earlier, checkpoint=tmp_path / "search.db")
        with pytest.raises(ValueError, match=r"warm_start_from needs a fitted search .* Fit it first"):
            search.fit(X, Y)
    assert not list(tmp_path.iterdir())


@every_search
def test_where_nothing_has_succeeded_nobody_is_refused(kind, tmp_path):
    path = tmp_path / "search.db"

    class Failing(GaussianNB):
        def fit(self, X, y):
            raise OSError("away")

    with pytest.raises(ValueError, match=r"All the .* fits failed"):
        SEARCHES[kind](checkpoint=path).set_params(estimator=Failing()).fit(X, Y)
    search = SEARCHES[kind](checkpoint=path).fit(X, Y)
    assert len(stored_searches(path)) == 2
    np.testing.assert_array_equal(load_results(path)["mean_test_score"], search.cv_results_["mean_test_score"])
    with pytest.raises(ValueError, match="journal of another search: X, splits, y"):
        SEARCHES[kind](checkpoint=path).fit(X[::2], Y[::2])


def test_a_search_of_which_no_fit_was_run_refuses_nobody(tmp_path):
    path = tmp_path / "search.db"
    space = {"C": loguniform(1, 2)}
    with pytest.raises(ValueError, match="timeout must leave time"):
        RandomSearchCV(SVC(), space, n_iter=2, timeout=1e-9, checkpoint=path, random_state=0).fit(X, Y)
    RandomSearchCV(SVC(), {"C": loguniform(1, 3)}, n_iter=2, checkpoint=path, random_state=0, cv=3).fit(X, Y)

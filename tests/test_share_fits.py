"""One fit for many candidates in the searches: what is scored is to the bit what scikit-learn's searches score."""

import os

import numpy as np
import pytest
import sklearn
from quick import slow_but
from scipy.stats import randint, uniform
from sklearn import config_context
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.cross_decomposition import PLSRegression
from sklearn.datasets import make_classification, make_regression
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.feature_selection import RFE, SelectKBest
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import (
    ElasticNet,
    Lars,
    Lasso,
    LogisticRegression,
    OrthogonalMatchingPursuit,
    Ridge,
    RidgeClassifier,
)
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import skhpo
from skhpo.estimators import register_path
from skhpo.estimators.table import path_of

N_SPLITS = 3
X, Y = make_classification(180, 8, n_informative=5, random_state=0)
X_NUMBERS, Y_NUMBERS = make_regression(180, 8, n_informative=5, noise=20.0, random_state=0)
NUMBERS = X_NUMBERS, Y_NUMBERS
FOREST = RandomForestClassifier(random_state=0, max_depth=4)
TREES = {"n_estimators": [5, 20, 10], "max_features": [2, 4]}


def steps(model):
    return Pipeline([("scale", StandardScaler()), ("select", SelectKBest(k=3)), ("model", model)])


def scaled(model):
    return Pipeline([("scale", StandardScaler()), ("model", model)])


GRIDS = {
    "histogram boosting": (
        HistGradientBoostingClassifier(max_leaf_nodes=5),
        {"max_iter": [2, 8, 4], "learning_rate": [0.1, 0.5]},
        (X, Y),
        2,
    ),
    "histogram boosting, numbers": (
        HistGradientBoostingRegressor(max_leaf_nodes=5, early_stopping=True, random_state=0),
        {"max_iter": [2, 30, 8], "learning_rate": [0.1, 0.9]},
        NUMBERS,
        2,
    ),
    "gradient boosting": (
        GradientBoostingClassifier(random_state=0, subsample=0.7),
        {"n_estimators": [2, 8, 4], "max_depth": [1, 2]},
        (X, Y),
        2,
    ),
    "forest": (FOREST, TREES, (X, Y), 2),
    "forest, numbers": (RandomForestRegressor(random_state=0), TREES, NUMBERS, 2),
    "extra trees": (ExtraTreesClassifier(random_state=0), TREES, (X, Y), 2),
    "bags": (BaggingRegressor(random_state=0), {"n_estimators": [5, 1, 3]}, NUMBERS, 1),
    "AdaBoost": (AdaBoostClassifier(random_state=0), {"n_estimators": [5, 1, 3]}, (X, Y), 1),
    "neighbours": (
        KNeighborsClassifier(),
        {"n_neighbors": range(1, 12), "weights": ["uniform", "distance"]},
        (X, Y),
        2,
    ),
    "neighbours with ties": (KNeighborsClassifier(), {"n_neighbors": range(1, 12)}, (X.round(), Y), 1),
    "neighbours, numbers": (KNeighborsRegressor(), {"n_neighbors": [3, 9, 1], "p": [1, 2]}, NUMBERS, 2),
    "pruning": (DecisionTreeClassifier(random_state=0), {"ccp_alpha": [0.02, 0.0, 0.01, 0.5]}, (X, Y), 1),
    "leaves": (DecisionTreeRegressor(random_state=0), {"max_leaf_nodes": [5, 30, 2, None]}, NUMBERS, 2),
    "components": (PLSRegression(), {"n_components": [1, 8, 4]}, NUMBERS, 1),
    "thresholds": (
        FixedThresholdClassifier(LogisticRegression()),
        {"threshold": [0.2, 0.4, 0.6, 0.8], "estimator__C": [0.1, 1.0]},
        (X, Y),
        2,
    ),
    "thresholds and trees": (
        FixedThresholdClassifier(FOREST),
        {"threshold": [0.4, 0.6], "estimator__n_estimators": [5, 3, 7]},
        (X, Y),
        2,
    ),
    "pipeline": (steps(FOREST), {"select__k": [2, 5], "model__n_estimators": [5, 20, 10]}, (X, Y), 2),
    "models in turns": (
        steps(FOREST),
        [
            {"model": [FOREST, ExtraTreesClassifier(random_state=0)], "model__n_estimators": [3, 6]},
            {"model": [KNeighborsClassifier()], "model__n_neighbors": [2, 9], "select__k": [2, 5]},
        ],
        (X, Y),
        4,
    ),
    "targets transformed": (
        TransformedTargetRegressor(
            RandomForestRegressor(random_state=0), func=np.cbrt, inverse_func=np.sinh, check_inverse=False
        ),
        {"regressor__n_estimators": [3, 9, 6]},
        NUMBERS,
        1,
    ),
    "several targets": (
        MultiOutputRegressor(HistGradientBoostingRegressor(max_leaf_nodes=5)),
        {"estimator__max_iter": [3, 9, 6]},
        (X_NUMBERS, np.c_[Y_NUMBERS, -Y_NUMBERS]),
        1,
    ),
    "steps of Lars": (Lars(), {"n_nonzero_coefs": [1, 8, 4], "fit_intercept": [True, False]}, NUMBERS, 2),
    "pursuits": (scaled(OrthogonalMatchingPursuit()), {"model__n_nonzero_coefs": [1, 3, 2]}, NUMBERS, 1),
    "eliminations": (RFE(LogisticRegression()), {"n_features_to_select": [1, 8, 4], "step": [1, 2]}, (X, Y), 2),
    "voters": (
        VotingClassifier([("trees", FOREST), ("line", LogisticRegression())]),
        {"trees__n_estimators": [3, 9, 6], "line__C": [0.1, 1.0]},
        (X, Y),
        2,
    ),
    "calibrators": (
        scaled(CalibratedClassifierCV(FOREST, cv=3)),
        {"model__estimator__n_estimators": [3, 9, 6], "model__method": ["sigmoid", "isotonic"]},
        (X, Y),
        2,
    ),
    "tuned thresholds": (
        TunedThresholdClassifierCV(FOREST, thresholds=15, cv=3),
        {"estimator__n_estimators": [3, 9, 6]},
        (X, Y),
        1,
    ),
    "a stack": (
        StackingClassifier([("trees", FOREST), ("line", LogisticRegression())], cv=3),
        {"trees__n_estimators": [3, 9, 6], "final_estimator": [None, LogisticRegression(C=0.1)]},
        (X, Y),
        2,
    ),
    # Nothing is shared:
    "no seed": (RandomForestClassifier(max_depth=1), {"n_estimators": [2, 3]}, (X, np.zeros(len(X), int)), 2),
    "no path": (DecisionTreeClassifier(random_state=0), {"max_depth": [2, 3]}, (X, Y), 2),
}


def grid_search(estimator, grid, data, kind=skhpo.GridSearchCV, fit=None, **settings):
    settings = {"cv": N_SPLITS, "return_train_score": True} | settings
    return kind(estimator, grid, **settings).fit(*data, **(fit or {}))


def same(theirs, ours):
    """Compare all that is no time, to the bit."""
    assert ours.cv_results_["params"] == theirs.cv_results_["params"]
    for name, column in theirs.cv_results_.items():
        if "score" in name and "time" not in name:
            assert column.tobytes() == ours.cv_results_[name].tobytes(), name


LONG = {"calibrators", "tuned thresholds", "a stack", "pipeline", "models in turns"}


@pytest.mark.parametrize("name", slow_but(GRIDS.keys() - LONG, GRIDS))
def test_scores_are_those_of_scikit_learn(name):
    estimator, grid, data, n_families = GRIDS[name]
    ours = grid_search(estimator, grid, data)
    same(grid_search(estimator, grid, data, GridSearchCV), ours)
    assert ours.stats()["n_fits"] == n_families * N_SPLITS


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"n_jobs": 2}, marks=pytest.mark.slow),
        {"scoring": ["accuracy", "roc_auc"], "refit": "roc_auc"},
        {"return_train_score": False, "error_score": "raise"},
        pytest.param({"fit_timeout": 60.0}, marks=pytest.mark.slow),
        {"scoring": lambda model, X, y: {"one": model.score(X, y), "two": float(len(X))}, "refit": "one"},
    ],
    ids=["workers", "metrics", "no train scores", "timeout", "callable"],
)
def test_settings_of_the_search(settings):
    theirs = {name: value for name, value in settings.items() if name != "fit_timeout"}
    ours = grid_search(FOREST, TREES, (X, Y), **settings)
    same(grid_search(FOREST, TREES, (X, Y), GridSearchCV, **theirs), ours)
    assert ours.stats()["n_fits"] == 2 * N_SPLITS


CLOSE = {
    "ridge": (Ridge(), {"alpha": [0.1, 1.0, 10.0], "fit_intercept": [True, False]}, NUMBERS, 1e-9),
    "ridge for classes": (RidgeClassifier(), {"alpha": [0.1, 1.0, 10.0]}, (X, Y), 1e-9),
    "kernel ridge": (KernelRidge(kernel="rbf"), {"alpha": [0.1, 1.0, 10.0], "gamma": [0.01, 0.1]}, NUMBERS, 1e-9),
    "lasso": (scaled(Lasso()), {"model__alpha": [0.1, 10.0, 1.0]}, NUMBERS, 1e-3),
    "elastic net": (ElasticNet(), {"alpha": [0.1, 10.0, 1.0]}, NUMBERS, 1e-3),
    "logistic regression": (steps(LogisticRegression()), {"model__C": [0.1, 10.0, 1.0]}, (X, Y), 0.02),
}


@pytest.mark.parametrize("name", CLOSE)
def test_what_is_close_is_shared_where_it_is_asked_for(name):
    estimator, grid, data, most = CLOSE[name]
    plain, ours = (grid_search(estimator, grid, data, share_fits=share) for share in (True, "close"))
    n_candidates = len(plain.cv_results_["params"])
    same(grid_search(estimator, grid, data, GridSearchCV), plain)
    assert plain.stats()["n_fits"] == n_candidates * N_SPLITS
    assert ours.stats()["n_fits"] == n_candidates // 3 * N_SPLITS
    assert ours.cv_results_["params"] == plain.cv_results_["params"]
    for kind in ("test", "train"):
        for split in range(N_SPLITS):
            column = f"split{split}_{kind}_score"
            assert abs(ours.cv_results_[column] - plain.cv_results_[column]).max() <= most


@pytest.mark.slow
def test_close_shares_what_is_to_the_bit_too_and_in_workers():
    ours = grid_search(FOREST, TREES, (X, Y), share_fits="close", n_jobs=2)
    same(grid_search(FOREST, TREES, (X, Y), GridSearchCV), ours)
    assert ours.stats()["n_fits"] == 2 * N_SPLITS
    weights = {"sample_weight": np.linspace(0.1, 3, len(X_NUMBERS))}
    plain, ours = (
        grid_search(Ridge(), {"alpha": [0.1, 10.0, 1.0]}, NUMBERS, fit=weights, share_fits=share, n_jobs=2)
        for share in (True, "close")
    )
    assert abs(ours.cv_results_["mean_test_score"] - plain.cv_results_["mean_test_score"]).max() < 1e-9
    assert ours.stats()["n_fits"] == N_SPLITS


def test_a_penalty_that_cannot_be_had_so_is_fitted_by_itself():
    twice = np.c_[X_NUMBERS, X_NUMBERS[:, 0]]
    grid = {"alpha": [1.0, 1e-12, 10.0]}
    ours = grid_search(Ridge(), grid, (twice, Y_NUMBERS), share_fits="close")
    theirs = grid_search(Ridge(), grid, (twice, Y_NUMBERS), GridSearchCV)
    assert ours.stats()["n_fits"] == 2 * N_SPLITS
    for split in range(N_SPLITS):
        column = f"split{split}_test_score"
        assert ours.cv_results_[column][:2].tobytes() == theirs.cv_results_[column][:2].tobytes()


def test_a_checkpoint_of_scores_that_are_close_is_no_other_search(tmp_path):
    path = tmp_path / "search.db"
    grid_search(Ridge(), {"alpha": [0.1, 1.0]}, NUMBERS, share_fits="close", checkpoint=path)
    with pytest.raises(ValueError, match="journal of another search: strategy differs"):
        grid_search(Ridge(), {"alpha": [0.1, 1.0]}, NUMBERS, checkpoint=path)


def test_switched_off():
    ours = grid_search(FOREST, TREES, (X, Y), share_fits=False)
    assert ours.stats()["n_fits"] == 6 * N_SPLITS
    same(grid_search(FOREST, TREES, (X, Y)), ours)


def test_times_tell_what_was_done():
    found = grid_search(FOREST, {"n_estimators": [2, 60, 3]}, (X, Y)).cv_results_
    fit_times = found["mean_fit_time"]
    assert fit_times[1] > 20 * max(fit_times[0], fit_times[2])
    assert (found["mean_score_time"] > 0).all()


def test_all_times_are_counted_once():
    for space in ({"n_estimators": [2, 60, 3]}, {"n_estimators": randint(2, 5)}):
        settings = {"n_iter": 3, "random_state": 0}
        search = grid_search(FOREST, space, (X, Y), skhpo.RandomSearchCV, **settings)
        outcomes = [o for t in search._history.trials for o in search._history.outcomes(t.number).values()]
        spent = {(outcome.started, outcome.fit_time + outcome.score_time) for outcome in outcomes}
        assert search.stats()["fit_time"] == pytest.approx(sum(seconds for _, seconds in spent))


@pytest.mark.slow
def test_random_search():
    space = {"n_estimators": [2, 4, 6], "max_features": [2, 4]}
    settings = {"n_iter": 5, "random_state": 0}
    ours = grid_search(FOREST, space, (X, Y), skhpo.RandomSearchCV, **settings)
    same(grid_search(FOREST, space, (X, Y), RandomizedSearchCV, **settings), ours)
    assert ours.stats()["n_fits"] == 2 * N_SPLITS
    continuous = {"n_estimators": randint(2, 9), "max_samples": uniform(0.3, 0.6)}
    ours = grid_search(FOREST, continuous, (X, Y), skhpo.RandomSearchCV, **settings)
    same(grid_search(FOREST, continuous, (X, Y), RandomizedSearchCV, **settings), ours)
    assert ours.stats()["n_fits"] == 5 * N_SPLITS


def test_points_that_are_drawn_twice():
    space, settings = {"n_estimators": randint(2, 5)}, {"n_iter": 8, "random_state": 0}
    ours = grid_search(FOREST, space, (X, Y), skhpo.RandomSearchCV, **settings)
    same(grid_search(FOREST, space, (X, Y), RandomizedSearchCV, **settings), ours)
    assert ours.stats()["n_fits"] == N_SPLITS


@pytest.mark.slow
def test_weights_and_routing():
    fit = {"sample_weight": np.linspace(0.1, 3, len(X))}
    same(grid_search(FOREST, TREES, (X, Y), GridSearchCV, fit), grid_search(FOREST, TREES, (X, Y), fit=fit))
    model, grid = CalibratedClassifierCV(FOREST, cv=3), {"estimator__n_estimators": [3, 9, 6]}
    settings = {"scoring": ["roc_auc", "neg_log_loss"], "refit": "roc_auc", "fit": fit}
    ours = grid_search(model, grid, (X, Y), **settings)
    same(grid_search(model, grid, (X, Y), GridSearchCV, **settings), ours)
    assert ours.stats()["n_fits"] == N_SPLITS
    with config_context(enable_metadata_routing=True):
        model = RandomForestClassifier(random_state=0).set_fit_request(sample_weight=True)
        scoring = make_scorer(accuracy_score).set_score_request(sample_weight=True)
        settings = {"scoring": scoring, "fit": fit}
        ours = grid_search(model, TREES, (X, Y), **settings)
        same(grid_search(model, TREES, (X, Y), GridSearchCV, **settings), ours)
        assert ours.stats()["n_fits"] == 2 * N_SPLITS


class Monitor:
    """Ends a boosting early."""

    def __call__(self, i, model, local):
        return i == 4


def test_other_parameters_of_fit_share_nothing():
    model, grid = GradientBoostingClassifier(random_state=0), {"n_estimators": [3, 9]}
    settings = {"fit": {"monitor": Monitor()}}
    ours = grid_search(model, grid, (X, Y), **settings)
    same(grid_search(model, grid, (X, Y), GridSearchCV, **settings), ours)
    assert ours.stats()["n_fits"] == 2 * N_SPLITS


@pytest.mark.filterwarnings("ignore:(?s).*fits failed out of", "ignore:One or more of the")
@pytest.mark.parametrize("bad", [[0], ["many"], [0, True, 2.0]])
def test_values_that_are_none_fail_alone(bad):
    grid = {"n_estimators": [3, *bad, 5, 4]}
    ours = grid_search(FOREST, grid, (X, Y))
    same(grid_search(FOREST, grid, (X, Y), GridSearchCV), ours)
    assert ours.stats()["n_fits"] == (1 + len(bad)) * N_SPLITS


@pytest.mark.filterwarnings("ignore:(?s).*fits failed out of", "ignore:One or more of the")
def test_a_longest_fit_that_fails():
    grid = {"n_components": [2, 50, 4]}
    ours = grid_search(PLSRegression(), grid, NUMBERS)
    same(grid_search(PLSRegression(), grid, NUMBERS, GridSearchCV), ours)
    assert np.isnan(ours.cv_results_["mean_test_score"]).tolist() == [False, True, False]
    with pytest.raises(ValueError, match="n_components"):
        grid_search(PLSRegression(), grid, NUMBERS, error_score="raise")


@pytest.mark.filterwarnings("ignore:(?s)Scoring failed:UserWarning", "ignore:One or more of the")
def test_a_scorer_that_fails_at_one_place():
    def fussy(model, X, y):
        if model.n_estimators == 4:
            raise ValueError("four is not liked")
        return accuracy_score(y, model.predict(X))

    grid = {"n_estimators": [3, 6, 4]}
    ours = grid_search(FOREST, grid, (X, Y), scoring=fussy)
    same(grid_search(FOREST, grid, (X, Y), GridSearchCV, scoring=fussy), ours)
    with pytest.raises(ValueError, match="four is not liked"):
        grid_search(FOREST, grid, (X, Y), scoring=fussy, error_score="raise")


class Heavy(RandomForestClassifier):
    """Takes its process along where it has many trees."""

    def fit(self, X, y, sample_weight=None):
        if self.n_estimators > 5:
            os._exit(1)
        return super().fit(X, y, sample_weight)


register_path(Heavy, "n_estimators", path_of(FOREST, "n_estimators").cut)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:(?s).*fits failed out of", "ignore:One or more of the")
def test_a_longest_fit_that_takes_its_worker_along():
    grid = {"n_estimators": [2, 9, 3]}
    settings = {"cv": 2, "refit": False, "return_train_score": False}
    ours = grid_search(Heavy(random_state=0, max_depth=4), grid, (X, Y), n_jobs=2, **settings)
    theirs = grid_search(FOREST, {"n_estimators": [2, 3]}, (X, Y), GridSearchCV, **settings)
    found = ours.cv_results_["mean_test_score"]
    assert np.isnan(found[1])
    assert found[[0, 2]].tobytes() == theirs.cv_results_["mean_test_score"].tobytes()


@pytest.mark.parametrize("n", slow_but({1, 5}, [1, 3, 4, 5, 8, 13]))
def test_a_checkpoint_goes_on_where_it_was_left(tmp_path, monkeypatch, n):
    """After a kill at any call of a scorer no fit is repeated whose scores were known."""
    settings = {"checkpoint": tmp_path / "search.db", "return_train_score": False}
    plain, calls = RandomForestClassifier.predict, []

    def predict(self, X):
        calls.append(self.n_estimators)
        if len(calls) == n:
            raise KeyboardInterrupt
        return plain(self, X)

    monkeypatch.setattr(RandomForestClassifier, "predict", predict)
    with pytest.raises(KeyboardInterrupt):
        grid_search(FOREST, TREES, (X, Y), **settings)
    n_done = (n - 1) // 3 * 3  # each fit is scored at three places
    ours = grid_search(FOREST, TREES, (X, Y), **settings)
    assert len(calls) == n + 18 - n_done
    same(ours, grid_search(FOREST, TREES, (X, Y), **settings))
    assert len(calls) == n + 18 - n_done, "nothing is left to do"
    same(grid_search(FOREST, TREES, (X, Y), GridSearchCV, return_train_score=False), ours)


@pytest.mark.slow
def test_a_race_has_the_same_scores():
    grid = {"n_estimators": [1, 2, 3, 30, 20], "max_depth": [1, 8]}
    settings = {"cv": 5, "return_train_score": False}
    theirs = grid_search(FOREST, grid, (X, Y), GridSearchCV, **settings)
    alone = grid_search(FOREST, grid, (X, Y), racing=True, share_fits=False, **settings)
    ours = grid_search(FOREST, grid, (X, Y), racing=True, **settings)
    assert ours.best_params_ == alone.best_params_ == theirs.best_params_
    for name in (f"split{split}_test_score" for split in range(5)):
        found = ours.cv_results_[name]
        is_known = np.isfinite(found)
        assert (found[is_known] == theirs.cv_results_[name][is_known]).all()
    assert ours.stats()["n_fits"] < alone.stats()["n_fits"]


def test_in_a_race_families_begin_together():
    grid = {"n_estimators": [1, 2, 3], "max_depth": [1, 4, 8]}
    found = grid_search(FOREST, grid, (X, Y), racing=True)._history
    first = [next(split for number, split in found.steps if number == trial.number) for trial in found.trials]
    depths = [trial.params["max_depth"] for trial in found.trials]
    assert {
        depth: {split for split, of in zip(first, depths, strict=True) if of == depth} for depth in grid["max_depth"]
    } == {
        1: {0},
        4: {1},
        8: {2},
    }


def test_a_race_goes_on_from_its_checkpoint(tmp_path, monkeypatch):
    grid = {"n_estimators": [1, 2, 3, 30, 20], "max_depth": [1, 8]}
    whole = grid_search(FOREST, grid, (X, Y), racing=True, return_train_score=False)
    plain, calls = RandomForestClassifier.fit, []

    def fit(self, *args, **kwargs):
        calls.append(self.n_estimators)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return plain(self, *args, **kwargs)

    monkeypatch.setattr(RandomForestClassifier, "fit", fit)
    settings = {"racing": True, "return_train_score": False, "checkpoint": tmp_path / "race.db"}
    with pytest.raises(KeyboardInterrupt):
        grid_search(FOREST, grid, (X, Y), **settings)
    same(whole, grid_search(FOREST, grid, (X, Y), **settings))
    with pytest.raises(ValueError, match="is the journal of another search"):
        grid_search(FOREST, grid, (X, Y), share_fits=False, **settings)


@pytest.mark.parametrize(
    ("kind", "settings"),
    [(skhpo.BayesSearchCV, {"n_iter": 4}), (skhpo.SuccessiveHalvingCV, {"min_resources": 60})],
)
def test_searches_that_do_not_know_what_will_be_wanted(kind, settings):
    grid = {"n_estimators": [2, 3, 4, 5], "max_depth": [1, 2]}
    settings = {"random_state": 0, "return_train_score": False} | settings
    on, off = (grid_search(FOREST, grid, (X, Y), kind, share_fits=share, **settings) for share in (True, False))
    same(off, on)
    assert on.stats()["n_fits"] == off.stats()["n_fits"]


def test_a_search_with_a_sampler_of_its_own():
    found = grid_search(FOREST, TREES, (X, Y), skhpo.SearchCV, sampler="random", n_iter=6, random_state=0)
    assert found.stats()["n_fits"] == 2 * N_SPLITS


@pytest.mark.skipif(not hasattr(sklearn, "callback"), reason="scikit-learn has no callbacks before 1.9")
@pytest.mark.filterwarnings("ignore:.*does not support callbacks")
def test_where_callbacks_look_on_each_is_fitted():
    from sklearn.callback import ProgressBar

    search = skhpo.GridSearchCV(FOREST, TREES, cv=N_SPLITS)
    search.set_callbacks(ProgressBar())
    assert search.fit(X, Y).stats()["n_fits"] == 6 * N_SPLITS


def test_spaces_of_our_own():
    space = {"n_estimators": skhpo.Categorical([5, 20, 10]), "max_features": skhpo.Categorical([2, 4])}
    assert grid_search(FOREST, space, (X, Y)).stats()["n_fits"] == 2 * N_SPLITS
    assert path_of(FOREST, "n_estimators") is not None


def test_what_share_fits_may_be():
    with pytest.raises(ValueError, match="The 'share_fits' parameter of GridSearchCV must be"):
        grid_search(FOREST, TREES, (X, Y), share_fits="near")

"""Paths that are not to the bit: how close they are, and that nobody gets them unasked."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, make_classification, make_regression
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression, Ridge, RidgeClassifier
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhpo.estimators.facts import Shape, Training
from skhpo.estimators.hops import NoRouteError
from skhpo.estimators.penalties import Spectrum
from skhpo.estimators.routes import Listener, objection_to, route_to
from skhpo.estimators.table import FACTS, may_be_path

N = 160
NUMBERS = make_regression(N, 8, n_informative=5, noise=20.0, random_state=3)
WIDE = make_regression(40, 60, n_informative=5, noise=20.0, random_state=3)
TWO_TARGETS = (NUMBERS[0], np.c_[NUMBERS[1], NUMBERS[0][:, 0] ** 2])
WHOLE_NUMBERS = (np.round(NUMBERS[0]).astype(int), np.round(NUMBERS[1]).astype(int))
BINARY = make_classification(N, 8, n_informative=5, random_state=1)
THREE = make_classification(N, 8, n_informative=5, n_classes=3, random_state=2)
WEIGHTS = {"sample_weight": np.linspace(0.1, 3.0, N)}
SEED = {"random_state": 0}
ALPHAS = [1e-2, 10.0, 0.3, 1e4]


def cut_and_fitted(estimator, name, values, data, params=None):
    """Return pairs of models: cut one after the other from the fit of the first value, and fitted by themselves."""
    longest = clone(estimator).set_params(**{name: values[0]})
    route = route_to(longest, name, is_close=True)
    assert objection_to(route, values, Shape(N, N)) is None
    listener = Listener(route)
    longest.fit(*data, **(params or {}))
    before = longest.predict(data[0]).tobytes()
    view, pairs = longest, []
    for value in values[1:]:
        view = route.cut(view, value, listener.training)
        assert view.get_params()[name] == value
        pairs.append((view, clone(estimator).set_params(**{name: value}).fit(*data, **(params or {}))))
    assert longest.predict(data[0]).tobytes() == before, "cutting leaves the model as it was"
    return pairs


def outputs(model, X):
    return model.decision_function(X) if hasattr(model, "decision_function") else model.predict(X)


FACTORISED = [
    *((Ridge(), "alpha", data) for data in (NUMBERS, WIDE, TWO_TARGETS, WHOLE_NUMBERS)),
    (Ridge(fit_intercept=False), "alpha", NUMBERS),
    (Ridge(fit_intercept=False), "alpha", WIDE),
    (Ridge(solver="cholesky"), "alpha", TWO_TARGETS),
    (Ridge(solver="svd"), "alpha", NUMBERS),
    (make_pipeline(StandardScaler(), Ridge()), "ridge__alpha", NUMBERS),
    (RidgeClassifier(), "alpha", BINARY),
    (RidgeClassifier(), "alpha", THREE),
    *((KernelRidge(kernel=kernel, gamma=0.05), "alpha", NUMBERS) for kernel in ("rbf", "laplacian", "linear", "poly")),
    (KernelRidge(kernel="rbf"), "alpha", TWO_TARGETS),
    (KernelRidge(kernel="precomputed"), "alpha", (NUMBERS[0] @ NUMBERS[0].T, NUMBERS[1])),
    (KernelRidge(kernel=lambda a, b, power: (a @ b) ** power, kernel_params={"power": 2}), "alpha", NUMBERS),
]


@pytest.mark.parametrize(("estimator", "name", "data"), FACTORISED)
@pytest.mark.parametrize("is_weighted", [False, True])
def test_one_factorisation_is_as_close_as_the_page_says(estimator, name, data, is_weighted):
    params = {}
    if is_weighted:
        prefix = name.rpartition("__")[0]
        weight = WEIGHTS["sample_weight"][: len(data[0])]
        params = {f"{prefix}__sample_weight" if prefix else "sample_weight": weight}
    for view, fitted in cut_and_fitted(estimator, name, ALPHAS, data, params):
        expected = outputs(fitted, data[0])
        found = outputs(view, data[0])
        assert found.shape == expected.shape
        assert abs(found - expected).max() <= 1e-7 * abs(expected).max()
        last = fitted[-1] if hasattr(fitted, "steps") else fitted
        mine = view[-1] if hasattr(view, "steps") else view
        for attribute in ("coef_", "intercept_", "dual_coef_"):
            if hasattr(last, attribute):
                assert np.shape(getattr(mine, attribute)) == np.shape(getattr(last, attribute))


def test_where_two_ways_to_solve_would_be_far_apart_a_penalty_is_fitted_by_itself():
    X, y = NUMBERS
    X = np.c_[X, X[:, 0]]
    model = Ridge(alpha=1.0).fit(X, y)
    route = route_to(model, "alpha", is_close=True)
    training = Training(X, y, {}, {})
    assert route.cut(model, 1e-3, training).alpha == 1e-3
    with pytest.raises(ArithmeticError, match="condition number"):
        route.cut(model, 1e-9, training)
    with pytest.raises(ArithmeticError, match="condition number"):
        Spectrum(-np.eye(3), np.ones(3)).solution(0.5)


def objective(model, X, y):
    """Return what a lasso or an elastic net minimises."""
    w = model.coef_
    ratio = model.l1_ratio if type(model) is ElasticNet else 1.0
    penalty = ratio * abs(w).sum() + (1 - ratio) / 2 * (w**2).sum()
    return ((y - model.predict(X)) ** 2).sum() / 2 / len(y) + model.alpha * penalty


@pytest.mark.parametrize(
    "estimator",
    [
        Lasso(),
        Lasso(fit_intercept=False, positive=True),
        Lasso(selection="random", **SEED),
        Lasso(precompute=True),
        ElasticNet(l1_ratio=0.3),
        Lasso(tol=1e-8),
    ],
)
@pytest.mark.parametrize("data", [NUMBERS, WIDE])
def test_lassos_are_as_close_as_the_page_says(estimator, data):
    """Both have a duality gap of at most tol times the squared norm of the targets, and the loss is quadratic."""
    X, y = data
    centred = y - y.mean() if estimator.fit_intercept else y
    estimator.set_params(max_iter=100_000)
    for view, fitted in cut_and_fitted(estimator, "alpha", [30.0, 10.0, 3.0, 1.0, 0.3], data):
        gap = estimator.tol * (centred**2).sum()
        assert abs(objective(view, X, y) - objective(fitted, X, y)) <= gap / len(y)
        apart = np.linalg.norm(view.predict(X) - fitted.predict(X))
        assert apart <= 2 * np.sqrt(2 * estimator.tol) * np.linalg.norm(centred)
        assert view.warm_start is False


@pytest.mark.parametrize(
    ("solver", "data"),
    [("lbfgs", BINARY), ("lbfgs", THREE), ("newton-cg", BINARY), ("newton-cg", THREE), ("newton-cholesky", BINARY)],
)
@pytest.mark.parametrize("is_weighted", [False, True])
def test_logistic_regressions_reach_the_tolerance_of_their_own(data, solver, is_weighted):
    params = WEIGHTS if is_weighted else {}
    for tol, most in {1e-4: 0.02, 1e-10: 1e-4}.items():
        model = LogisticRegression(solver=solver, tol=tol, max_iter=10_000)
        for view, fitted in cut_and_fitted(model, "C", [0.01, 0.1, 1.0, 10.0], data, params):
            assert abs(view.predict_proba(data[0]) - fitted.predict_proba(data[0])).max() <= most
            assert view.coef_.shape == fitted.coef_.shape


def test_what_does_not_converge_is_fitted_by_itself():
    X, y = load_breast_cancer(return_X_y=True)
    model = LogisticRegression(C=1e-3, max_iter=30)
    route = route_to(model, "C", is_close=True)
    with pytest.warns(UserWarning, match="failed to converge"):
        model.fit(X, y)
    with pytest.warns(UserWarning, match="failed to converge"), pytest.raises(ArithmeticError, match="converge"):
        route.cut(model, 100.0, Training(X, y, {}, {}))


def test_several_classes_and_a_solver_that_knows_two():
    model = LogisticRegression(solver="newton-cholesky").fit(*THREE)
    with pytest.raises(ArithmeticError, match="two classes only"):
        route_to(model, "C", is_close=True).cut(model, 2.0, Training(*THREE, {}, {}))


def test_nobody_gets_them_unasked():
    for estimator, name in [(Ridge(), "alpha"), (Lasso(), "alpha"), (LogisticRegression(), "C")]:
        with pytest.raises(NoRouteError, match='is close, not to the bit: share_fits="close"'):
            route_to(estimator, name)
    assert not may_be_path("model__C")
    assert may_be_path("model__C", is_close=True)


@pytest.mark.parametrize(
    ("estimator", "name", "why"),
    [
        (Ridge(solver="sag", **SEED), "alpha", "ends at a tolerance"),
        (Ridge(positive=True, solver="lbfgs"), "alpha", "ends at a tolerance"),
        (Ridge(positive=True), "alpha", "positive=True"),
        (Ridge(copy_X=False), "alpha", "copy_X=False"),
        (RidgeClassifier(class_weight="balanced"), "alpha", "class_weight is not tested"),
        (Lasso(warm_start=True), "alpha", "warm_start=True"),
        (Lasso(selection="random"), "alpha", "random_state is not an integer"),
        (Lasso(copy_X=False), "alpha", "copy_X=False"),
        (LogisticRegression(solver="saga", **SEED), "C", "solver='saga' is not tested"),
        (LogisticRegression(solver="liblinear"), "C", "solver='liblinear' is not tested"),
        (LogisticRegression(l1_ratio=0.5, solver="saga"), "C", "is not tested"),
        (LogisticRegression(l1_ratio=1), "C", "the penalty is not l2"),
        (LogisticRegression(warm_start=True), "C", "warm_start=True"),
        (LogisticRegression(n_jobs=2), "C", "n_jobs of its own"),
        (MultiOutputRegressor(Ridge()), "estimator__alpha", "a wrapper keeps them to itself"),
    ],
)
def test_what_is_not_close_is_refused(estimator, name, why):
    try:
        found = objection_to(route_to(estimator, name, is_close=True), [0.1, 1.0], Shape(N, N))
    except NoRouteError as error:
        found = str(error)
    assert why in (found or "nothing is said")


def test_penalties_that_are_places():
    for estimator, name in [(Ridge(), "alpha"), (Lasso(), "alpha"), (LogisticRegression(), "C")]:
        length = route_to(estimator, name, is_close=True).path.length
        assert None not in map(length, [0.1, 1, np.float64(3)])
        assert [length(value) for value in (0, -1.0, np.inf, np.nan, None, True, "x", [1.0])] == [None] * 8
    lasso, logistic = (
        route_to(*one, is_close=True).path.length for one in [(Lasso(), "alpha"), (LogisticRegression(), "C")]
    )
    assert lasso(10.0) > lasso(1.0), "the most penalised is fitted first"
    assert logistic(0.1) > logistic(1.0)


def test_samples_that_no_factorisation_is_known_for():
    X, y = NUMBERS
    for kind in (Ridge, KernelRidge):
        model = kind().fit(X, y)
        route = route_to(model, "alpha", is_close=True)
        for data in (X.astype(np.float32), X.tolist()):
            with pytest.raises(TypeError, match="only arrays of doubles"):
                route.cut(model, 1.0, Training(data, y, {}, {}))


def test_every_close_path_says_how_close():
    found = {name for name, facts in FACTS.items() for path in facts.paths if path.close}
    assert {name.rpartition(".")[2] for name in found} == {
        *("Ridge", "RidgeClassifier", "KernelRidge", "Lasso", "ElasticNet", "LogisticRegression")
    }

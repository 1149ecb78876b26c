"""Slopes of each family against central differences: dense, sparse, weighted, without intercept."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, DotProduct, Matern, RationalQuadratic, WhiteKernel
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import (
    ElasticNet,
    GammaRegressor,
    Lasso,
    LogisticRegression,
    MultiTaskElasticNet,
    MultiTaskLasso,
    PoissonRegressor,
    Ridge,
    RidgeClassifier,
    TweedieRegressor,
)
from sklearn.svm import SVC, SVR, LinearSVC, LinearSVR

from benchmarks.exact_svm import ExactSVC, ExactSVR
from skhpo import Float
from skhpo.estimators.hypergradients import family_of
from skhpo.estimators.hypergradients.chain import loss_and_slopes
from skhpo.testing import check_hypergradient

N, P = 90, 8
rng = np.random.default_rng(0)
X = rng.normal(size=(N, P)) * (rng.random((N, P)) < 0.7)
SIGNAL = X @ np.array([1.5, -1.0, 0.5, 0.0, 0.0, 0.3, -0.2, 0.0])
REAL = 1.0 + SIGNAL + 0.5 * rng.normal(size=N)
TASKS = np.column_stack([REAL, -0.5 * SIGNAL + X[:, 3] + 0.3 * rng.normal(size=N)])
COUNTS = rng.poisson(np.exp(0.3 * SIGNAL)).astype(float)
POSITIVE = np.exp(0.3 * SIGNAL + 0.3 * rng.normal(size=N))
TWO = np.array(["no", "yes"])[(SIGNAL + rng.normal(size=N) > 0).astype(int)]
THREE = np.digitize(SIGNAL + 0.7 * rng.normal(size=N), [-0.7, 0.7])
WEIGHTS = rng.uniform(0.2, 2.0, size=N)

STRENGTH = Float(1e-3, 1e1, log=True)
SUPPORT = {"C": Float(0.3, 10, log=True), "gamma": Float(1e-2, 1.0, log=True)}
TIGHT = {"tol": 1e-12, "max_iter": 100_000}

CASES = {
    "Ridge": (Ridge(tol=1e-12), REAL, {"alpha": STRENGTH}, {}),
    "Ridge of two targets": (Ridge(tol=1e-12), TASKS, {"alpha": STRENGTH}, {}),
    "RidgeClassifier": (RidgeClassifier(tol=1e-12), TWO, {"alpha": STRENGTH}, {}),
    "RidgeClassifier of three": (RidgeClassifier(tol=1e-12), THREE, {"alpha": STRENGTH}, {}),
    "LogisticRegression": (LogisticRegression(tol=1e-12, solver="newton-cholesky"), TWO, {"C": STRENGTH}, {}),
    "LogisticRegression of three": (
        LogisticRegression(tol=1e-12, solver="newton-cholesky"),
        THREE,
        {"C": STRENGTH},
        {},
    ),
    "Lasso": (Lasso(**TIGHT), REAL, {"alpha": Float(1e-3, 0.3, log=True)}, {}),
    "ElasticNet": (ElasticNet(**TIGHT), REAL, {"alpha": Float(1e-3, 0.3, log=True), "l1_ratio": Float(0.1, 0.9)}, {}),
    "LinearSVC": (LinearSVC(**TIGHT, random_state=0), TWO, {"C": Float(1e-3, 0.1, log=True)}, {}),
    "LinearSVC of three": (LinearSVC(**TIGHT, random_state=0), THREE, {"C": Float(1e-3, 0.1, log=True)}, {}),
    "LinearSVR": (
        LinearSVR(loss="squared_epsilon_insensitive", **TIGHT, random_state=0),
        REAL,
        {"C": Float(1e-3, 0.1, log=True), "epsilon": Float(0.05, 0.5)},
        {},
    ),
    "LinearSVR, absolute": (
        LinearSVR(**TIGHT, random_state=0),
        REAL,
        {"C": Float(1e-3, 0.1, log=True), "epsilon": Float(0.05, 0.3)},
        {},
    ),
    "PoissonRegressor": (PoissonRegressor(tol=1e-12, solver="newton-cholesky"), COUNTS, {"alpha": STRENGTH}, {}),
    "GammaRegressor": (GammaRegressor(tol=1e-12, solver="newton-cholesky"), POSITIVE, {"alpha": STRENGTH}, {}),
    "TweedieRegressor": (
        TweedieRegressor(power=1.5, tol=1e-12, solver="newton-cholesky"),
        COUNTS,
        {"alpha": STRENGTH},
        {},
    ),
    "TweedieRegressor, normal": (TweedieRegressor(tol=1e-12, solver="newton-cholesky"), REAL, {"alpha": STRENGTH}, {}),
    "KernelRidge": (
        KernelRidge(kernel="rbf"),
        REAL,
        {"alpha": STRENGTH, "gamma": Float(1e-2, 1.0, log=True)},
        {},
    ),
    "KernelRidge of two targets": (KernelRidge(kernel="rbf", gamma=0.1), TASKS, {"alpha": STRENGTH}, {}),
    "KernelRidge, linear": (KernelRidge(), REAL, {"alpha": STRENGTH}, {}),
    "SVR": (
        SVR(tol=1e-10),
        REAL,
        {"C": Float(0.1, 10, log=True), "epsilon": Float(0.05, 0.3), "gamma": Float(1e-2, 1.0, log=True)},
        {"rtol": 1e-2},
    ),
    "SVC": (SVC(tol=1e-10), TWO, SUPPORT, {"rtol": 1e-2}),
    "SVC of three": (SVC(tol=1e-10), THREE, SUPPORT, {"rtol": 1e-2}),
    "exact SVC": (ExactSVC(tol=1e-10), TWO, SUPPORT, {}),
    "exact SVC of three": (ExactSVC(tol=1e-10), THREE, SUPPORT, {}),
    "exact SVC of three, linear": (ExactSVC(kernel="linear", tol=1e-10), THREE, {"C": Float(0.01, 1, log=True)}, {}),
    "exact SVR": (ExactSVR(tol=1e-10), REAL, {**SUPPORT, "epsilon": Float(0.05, 0.3)}, {}),
    "SVC, linear": (SVC(kernel="linear", tol=1e-10), TWO, {"C": Float(0.01, 1, log=True)}, {"rtol": 1e-2}),
}
OF_TASKS = {
    "MultiTaskLasso": (MultiTaskLasso(**TIGHT), TASKS, {"alpha": Float(1e-3, 0.3, log=True)}),
    "MultiTaskElasticNet": (
        MultiTaskElasticNet(**TIGHT),
        TASKS,
        {"alpha": Float(1e-3, 0.3, log=True), "l1_ratio": Float(0.1, 0.9)},
    ),
}
HAS_NO_INTERCEPT = {name for name in CASES if name.startswith(("SV", "exact", "Kernel"))}


@pytest.mark.parametrize("name", CASES)
def test_dense(name):
    estimator, y, space, more = CASES[name]
    check_hypergradient(estimator, X, y, space, **more)


@pytest.mark.parametrize("name", CASES)
def test_sparse(name):
    estimator, y, space, more = CASES[name]
    solver = {"solver": "sparse_cg"} if isinstance(estimator, Ridge | RidgeClassifier) else {}
    check_hypergradient(estimator.set_params(**solver), sparse.csr_matrix(X), y, space, **more)


@pytest.mark.parametrize("name", CASES)
def test_weighted(name):
    estimator, y, space, more = CASES[name]
    check_hypergradient(estimator, X, y, space, sample_weight=WEIGHTS, **more)


@pytest.mark.parametrize("name", sorted(set(CASES) - HAS_NO_INTERCEPT))
def test_without_intercept(name):
    estimator, y, space, more = CASES[name]
    without = {**estimator.get_params(), "fit_intercept": False}
    check_hypergradient(type(estimator)(**without), X, y, space, **more)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("name", OF_TASKS)
def test_several_tasks(name, fit_intercept):
    estimator, y, space = OF_TASKS[name]
    check_hypergradient(estimator.set_params(fit_intercept=fit_intercept), X, y, space)


@pytest.mark.parametrize("l1_ratio", [0.5, 1.0])
def test_logistic_regression_on_its_support(l1_ratio):
    sparse_penalty = LogisticRegression(solver="saga", tol=1e-12, max_iter=100_000, l1_ratio=l1_ratio, random_state=0)
    if "penalty" in sparse_penalty.get_params() and sparse_penalty.penalty != "deprecated":
        sparse_penalty.set_params(penalty="elasticnet")
    check_hypergradient(sparse_penalty, X, TWO, {"C": Float(0.1, 1.0, log=True)})
    check_hypergradient(sparse_penalty, X, THREE, {"C": Float(0.1, 1.0, log=True)})


@pytest.mark.parametrize("name", ["Ridge", "LogisticRegression"])
def test_more_columns_than_rows(name):
    estimator, y, space, _ = CASES[name]
    wide = np.hstack([X, rng.normal(size=(N, 200))])
    check_hypergradient(estimator, wide, y, space)
    check_hypergradient(estimator.set_params(solver="auto" if name == "Ridge" else "lbfgs"), wide, y, space)


def test_weights_of_classes_count():
    weighted = LogisticRegression(tol=1e-12, solver="newton-cholesky", class_weight="balanced")
    check_hypergradient(weighted, X, TWO, {"C": STRENGTH})
    check_hypergradient(SVC(tol=1e-10, class_weight={"no": 2.0}), X, TWO, {"C": Float(0.3, 10, log=True)}, rtol=1e-2)


SCALE, NOISE = Float(0.3, 5, log=True), Float(1e-3, 1.0, log=True)
PROCESSES = {
    "a sum": (
        ConstantKernel() * RBF() + WhiteKernel(),
        {
            "kernel__k1__k1__constant_value": NOISE,
            "kernel__k1__k2__length_scale": SCALE,
            "kernel__k2__noise_level": NOISE,
        },
        REAL,
    ),
    "none": (None, {"alpha": NOISE}, REAL),
    "a power": (Matern(nu=0.5) ** 2, {"alpha": NOISE, "kernel__kernel__length_scale": SCALE}, TASKS),
    "several numbers": (RationalQuadratic(), {"kernel__length_scale": SCALE, "kernel__alpha": SCALE}, TASKS),
    "a width per column": (DotProduct() + RBF(np.ones(P)), {"kernel__k1__sigma_0": SCALE}, REAL),
}


@pytest.mark.parametrize("normalize_y", [True, False])
@pytest.mark.parametrize("name", PROCESSES)
def test_gaussian_processes(name, normalize_y):
    kernel, space, y = PROCESSES[name]
    estimator = GaussianProcessRegressor(kernel, optimizer=None, normalize_y=normalize_y)
    check_hypergradient(estimator, X, y, space)


def test_single_free_numbers_of_a_kernel_are_parameters():
    kernel = ConstantKernel(1.0, "fixed") * RBF(np.ones(P)) + WhiteKernel()
    estimator = GaussianProcessRegressor(kernel, optimizer=None)
    assert family_of(estimator).parameters_of(estimator) == ("alpha", "kernel__k2__noise_level")
    assert family_of(estimator).has_columns_of(estimator)
    assert not family_of(estimator).has_columns_of(estimator.set_params(kernel=DotProduct()))


def test_a_gaussian_process_has_no_weights():
    estimator = GaussianProcessRegressor(optimizer=None).fit(X, REAL)
    with pytest.raises(ValueError, match="takes no sample_weight"):
        loss_and_slopes(estimator, X, REAL, X, REAL, sample_weight=WEIGHTS)


def test_decisions_between_pairs_of_classes_are_those_of_scikit_learn():
    fitted = SVC(decision_function_shape="ovo").fit(X, THREE)
    z = family_of(fitted).differentiate(fitted, X, THREE, X[:20], None).z
    assert z == pytest.approx(fitted.decision_function(X[:20]))


def test_edges_are_found_where_the_fit_is_not_tight():
    slopes = [
        loss_and_slopes(LinearSVR(C=0.03, epsilon=0.2, tol=tol, random_state=0).fit(X, REAL), X, REAL, X, REAL).slopes
        for tol in (1e-4, 1e-10)
    ]
    for name in ("C", "epsilon"):
        assert slopes[0][name] == pytest.approx(slopes[1][name], rel=1e-2)

"""GradientSearchCV: what it finds, what it tells, what it refuses."""

import numpy as np
import pytest
import sklearn
from estimator_checks import checks_of
from scipy import sparse
from scipy.optimize import minimize_scalar
from scipy.stats import loguniform
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, make_friedman1, make_regression
from sklearn.ensemble import RandomForestRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression, PoissonRegressor, Ridge
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.model_selection import KFold, cross_val_predict, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.utils.fixes import parse_version

from skhpo import (
    Categorical,
    ColumnScale,
    Float,
    GradientSearchCV,
    Int,
    PerFeature,
    register_hypergradient,
)
from skhpo.testing import check_hypergradient

DIABETES = load_diabetes(return_X_y=True)
CANCER = load_breast_cancer(return_X_y=True)
STRENGTH = Float(1e-4, 1e4, log=True)


def logistic():
    return make_pipeline(StandardScaler(), LogisticRegression(tol=1e-10, solver="newton-cholesky"))


def test_the_optimum_is_that_of_a_search_without_slopes():
    X, y = DIABETES

    def loss(log_alpha):
        return -cross_val_score(Ridge(np.exp(log_alpha)), X, y, cv=5, scoring="neg_mean_squared_error").mean()

    search = GradientSearchCV(Ridge(), {"alpha": Float(1e-2, 1e2, log=True)}).fit(X, y)
    best = minimize_scalar(loss, bounds=np.log([1e-2, 1e2]), method="bounded", options={"xatol": 1e-4})
    assert search.best_loss_ <= 1.001 * best.fun
    assert len(search.cv_results_["params"]) <= 10


def test_two_parameters_end_below_a_grid_of_49():
    X, y = make_regression(150, 40, n_informative=8, noise=10, random_state=0)
    estimator = ElasticNet(max_iter=100_000)
    space = {"alpha": Float(1e-3, 1e2, log=True), "l1_ratio": Float(0.05, 0.95)}
    search = GradientSearchCV(estimator, space).fit(X, y)
    losses = [
        -cross_val_score(
            clone(estimator).set_params(alpha=a, l1_ratio=r), X, y, scoring="neg_mean_squared_error"
        ).mean()
        for a in np.geomspace(1e-3, 1e2, 7)
        for r in np.linspace(0.05, 0.95, 7)
    ]
    assert search.best_loss_ < min(losses)
    assert len(search.cv_results_["params"]) <= 25


def test_what_is_added_to_the_results_comes_after_scikit_learns_columns():
    X, y = CANCER
    search = GradientSearchCV(logistic(), {"logisticregression__C": STRENGTH}, cv=3).fit(X, y)
    results = search.cv_results_
    added = list(results)[list(results).index("rank_test_score") + 1 :]
    assert added == [
        *(f"split{split}_test_loss" for split in range(3)),
        "mean_test_loss",
        "hypergradient_logisticregression__C",
        "stage",
    ]
    assert results["stage"][0] == "default"
    assert set(results["stage"][1:]) == {"descent"}
    assert results["mean_test_loss"] == pytest.approx(np.mean([results[f"split{i}_test_loss"] for i in range(3)], 0))
    assert search.best_index_ == np.argmin(results["mean_test_loss"])
    assert search.best_loss_ == results["mean_test_loss"].min()
    assert search.best_score_ == results["mean_test_score"][search.best_index_]


def test_losses_are_those_of_scikit_learn_and_slopes_those_of_differences():
    X, y = CANCER
    search = GradientSearchCV(logistic(), {"logisticregression__C": STRENGTH}, cv=3, n_iter=2).fit(X, y)

    def loss(C):
        estimator = logistic().set_params(logisticregression__C=C)
        return -cross_val_score(estimator, X, y, cv=3, scoring="neg_log_loss").mean()

    for params, found, slope in zip(
        search.cv_results_["params"],
        search.cv_results_["mean_test_loss"],
        search.cv_results_["hypergradient_logisticregression__C"],
        strict=True,
    ):
        C = params["logisticregression__C"]
        assert found == pytest.approx(loss(C), rel=1e-6)
        assert slope == pytest.approx((loss(C * 1.001) - loss(C / 1.001)) / (C * (1.001 - 1 / 1.001)), rel=1e-3)


def test_the_estimator_as_it_came_is_first_even_outside_of_the_space():
    X, y = CANCER
    estimator = make_pipeline(StandardScaler(), SVC())  # gamma="scale"
    space = {"svc__C": Float(1e-2, 1e3, log=True), "svc__gamma": Float(1e-4, 1.0, log=True)}
    search = GradientSearchCV(estimator, space, cv=3, n_iter=8).fit(X, y)
    assert search.cv_results_["params"][0] == {"svc__C": 1.0, "svc__gamma": "scale"}
    assert search.best_loss_ < search.cv_results_["mean_test_loss"][0]


@pytest.mark.parametrize(
    ("scoring", "loss", "metric"),
    [
        (None, "auto", log_loss),
        ("neg_brier_score", "auto", lambda y, p: np.mean((p - y) ** 2)),
        ("accuracy", "brier", lambda y, p: np.mean((p - y) ** 2)),
    ],
)
def test_the_loss_follows_the_scorer_where_it_has_a_slope(scoring, loss, metric):
    X, y = CANCER
    search = GradientSearchCV(
        logistic(), {"logisticregression__C": STRENGTH}, scoring=scoring, loss=loss, cv=3, n_iter=1
    ).fit(X, y)
    p = cross_val_predict(logistic(), X, y, cv=3, method="predict_proba")[:, 1]
    test = [test for _, test in search._checked_cv_orig.split(X, y)]
    expected = np.mean([metric(y[rows], p[rows]) for rows in test])
    assert search.best_loss_ == pytest.approx(expected, rel=1e-5)


def test_weights_reach_the_fit_and_the_slope():
    X, y = DIABETES
    weight = np.random.default_rng(0).uniform(0.1, 2.0, len(y))
    kwargs = {"ridge__sample_weight": weight}
    search = GradientSearchCV(make_pipeline(StandardScaler(), Ridge()), {"ridge__alpha": STRENGTH}, cv=KFold(3))
    search.fit(X, y, **kwargs)

    def loss(alpha):
        losses = []
        for train, test in KFold(3).split(X):
            fitted = make_pipeline(StandardScaler(), Ridge(alpha))
            fitted.fit(X[train], y[train], ridge__sample_weight=weight[train])
            losses.append(mean_squared_error(y[test], fitted.predict(X[test])))
        return np.mean(losses)

    assert search.cv_results_["mean_test_loss"][0] == pytest.approx(loss(1.0))
    slope = search.cv_results_["hypergradient_ridge__alpha"][0]
    assert slope == pytest.approx((loss(1.001) - loss(0.999)) / 0.002, rel=1e-4)


def test_sparse_data_and_distributions_of_scipy():
    X, y = make_regression(80, 20, n_informative=4, noise=5, random_state=0)
    X[np.abs(X) < 0.5] = 0
    space = {"alpha": loguniform(1e-3, 1e2)}
    found = [GradientSearchCV(Lasso(tol=1e-8), space).fit(kind(X), y) for kind in (sparse.csr_matrix, np.asarray)]
    assert found[0].best_loss_ == pytest.approx(found[1].best_loss_, rel=1e-4)


def test_the_same_candidates_with_any_number_of_workers():
    X, y = DIABETES
    search = GradientSearchCV(Ridge(), {"alpha": STRENGTH}, n_restarts=1, random_state=0)
    one, two = (clone(search).set_params(n_jobs=n).fit(X, y).cv_results_ for n in (1, 2))
    assert one["params"] == two["params"]
    assert np.array_equal(one["mean_test_loss"], two["mean_test_loss"])
    assert list(one["stage"]).count("restart") > 0


def test_a_search_goes_on_from_its_checkpoint(tmp_path):
    X, y = DIABETES
    search = GradientSearchCV(Ridge(), {"alpha": STRENGTH}, n_restarts=1, random_state=0)
    whole = clone(search).fit(X, y).cv_results_
    for n_iter in (3, 30):
        part = clone(search).set_params(checkpoint=tmp_path / "search.db", n_iter=n_iter).fit(X, y).cv_results_
    assert part["params"] == whole["params"]
    for name in ("mean_test_loss", "hypergradient_alpha", "stage"):
        assert np.array_equal(part[name], whole[name])


def test_a_timeout_ends_it_like_the_others():
    with pytest.raises(ValueError, match="timeout must leave time"):
        GradientSearchCV(Ridge(), {"alpha": STRENGTH}, timeout=1e-9).fit(*DIABETES)


def test_several_metrics_and_a_rule_of_ones_own():
    X, y = CANCER
    search = GradientSearchCV(
        logistic(),
        {"logisticregression__C": STRENGTH},
        scoring=["accuracy", "roc_auc"],
        refit=lambda results: int(np.argmax(results["mean_test_loss"])),
        cv=3,
        n_iter=3,
    ).fit(X, y)
    assert search.best_index_ == np.argmax(search.cv_results_["mean_test_loss"])
    assert {"mean_test_accuracy", "mean_test_roc_auc"} <= set(search.cv_results_)


def test_what_a_search_says_of_itself():
    search = GradientSearchCV(Ridge(), {"alpha": STRENGTH}).fit(*DIABETES)
    assert search.stats()["stop_reason"] == "finished"
    assert "GradientSearchCV of Ridge" in str(search.report())


@pytest.mark.parametrize(
    ("estimator", "space", "message"),
    [
        (Ridge(), {"max_iter": Int(10, 100)}, r"no gradient in 'max_iter'.*Differentiable in Ridge are \['alpha'\]"),
        (Ridge(), {"alpha": [0.1, 1.0, 10.0]}, r"needs a range of real numbers.*'alpha'.*BayesSearchCV"),
        (Ridge(), {"alpha": STRENGTH, "solver": Categorical(["svd", "lsqr"])}, r"no gradient in 'solver'"),
        (Ridge(), [{"alpha": STRENGTH}], r"needs one dict of Float ranges, got list"),
        (Ridge(), {"alpha": [1.0]}, r"needs a parameter to tune, got none"),
        (
            SVC(),
            {"C": STRENGTH, "gamma": Float(0.1, 1.0, when={"kernel": "rbf"}), "kernel": Categorical(["rbf", "linear"])},
            r"no gradient in 'kernel'|without conditions",
        ),
        (RandomForestRegressor(), {"max_features": Float(0.1, 1.0)}, r"known family, got RandomForestRegressor"),
        (Ridge(positive=True), {"alpha": STRENGTH}, r"positive=True has constraints"),
        (LinearSVC(loss="hinge"), {"C": STRENGTH}, r'needs loss="squared_hinge"'),
        (GaussianProcessRegressor(), {"alpha": STRENGTH}, r"chooses the kernel anew in each fit.*optimizer=None"),
        (
            GaussianProcessRegressor(RBF(), optimizer=None),
            {"kernel__length": STRENGTH},
            r"no gradient in 'kernel__length'.*\['alpha', 'kernel__length_scale'\]",
        ),
        (LogisticRegression(solver="liblinear"), {"C": STRENGTH}, r"penalises the intercept"),
        (KernelRidge(kernel="poly"), {"alpha": STRENGTH}, r'kernel needs to be "linear" or "rbf"'),
        (
            make_pipeline(StandardScaler(), Ridge()),
            {"standardscaler__with_mean": Categorical([True, False])},
            r"Differentiable in Ridge are \['ridge__alpha'\]",
        ),
        (
            Ridge(),
            {"alpha": PerFeature(STRENGTH)},
            r"PerFeature needs the scale of a ColumnScale, got parameter 'alpha'",
        ),
    ],
)
def test_what_has_no_slope_is_refused_with_what_has_one(estimator, space, message):
    with pytest.raises(ValueError, match=message):
        GradientSearchCV(estimator, space, cv=KFold(3)).fit(*DIABETES)


def test_a_wrong_loss_is_refused_before_any_fit():
    with pytest.raises(ValueError, match=r"loss of regressors needs to be .* got 'log_loss'"):
        GradientSearchCV(Ridge(), {"alpha": STRENGTH}, loss="log_loss").fit(*DIABETES)


def test_a_prior_without_factors_is_refused():
    with pytest.raises(ValueError, match=r"prior needs factors to hold together"):
        GradientSearchCV(Ridge(), {"alpha": STRENGTH}, prior=0.1).fit(*DIABETES)


def test_a_class_that_only_the_test_side_has_is_told():
    X, y = load_iris(return_X_y=True)
    search = GradientSearchCV(LogisticRegression(max_iter=1000), {"C": STRENGTH}, cv=KFold(3))
    with pytest.raises(ValueError, match=r"no candidate has one[\s\S]*Use stratified splits"):
        search.fit(X, y)
    with pytest.raises(ValueError, match="Use stratified splits"):
        search.set_params(error_score="raise").fit(X, y)


def per_feature(n, groups=None, **more):
    scale = ColumnScale(np.ones(n if groups is None else max(groups) + 1), groups=groups)
    pipeline = make_pipeline(StandardScaler(), scale, LogisticRegression(max_iter=1000))
    return GradientSearchCV(pipeline, {"columnscale__scale": PerFeature(Float(0.01, 100, log=True))}, **more)


def test_thirty_penalties_on_little_data_are_refused():
    X, y, *_ = (part[:150] for part in CANCER)
    with pytest.raises(ValueError, match=r"10 samples for each parameter, got 30 parameters and 150 samples"):
        per_feature(30).fit(X, y)


def test_thirty_penalties_are_allowed_with_a_prior_or_in_groups():
    X, y, *_ = (part[:150] for part in CANCER)
    with_prior = per_feature(30, prior=0.1, n_iter=4).fit(X, y)
    assert len(with_prior.best_params_) == 30
    grouped = per_feature(30, groups=[0] * 10 + [1] * 20, n_iter=4).fit(X, y)
    assert sorted(grouped.best_params_) == ["columnscale__scale_0", "columnscale__scale_1"]


@pytest.mark.slow
def test_a_width_per_feature_halves_the_test_error_of_shared_ones():
    X, y = make_friedman1(1200, noise=0.3, random_state=0)
    X, X_test, y, y_test = train_test_split(X, y, train_size=200, random_state=0)
    strength, width = Float(1e-5, 1e2, log=True), Float(1e-4, 1e2, log=True)

    def error(pipeline, space):
        return mean_squared_error(y_test, GradientSearchCV(pipeline, space, n_iter=25).fit(X, y).predict(X_test))

    shared = make_pipeline(StandardScaler(), KernelRidge(kernel="rbf", gamma=0.1))
    each = make_pipeline(StandardScaler(), ColumnScale(np.ones(10)), KernelRidge(kernel="rbf", gamma=0.1))
    space = {"kernelridge__alpha": strength}
    with_shared = error(shared, {**space, "kernelridge__gamma": width})
    with_each = error(each, {**space, "columnscale__scale": PerFeature(Float(1e-2, 1e1, log=True))})
    assert with_each <= 0.5 * with_shared


class ShrunkMean(RegressorMixin, BaseEstimator):
    def __init__(self, shrinkage=0.5):
        self.shrinkage = shrinkage

    def fit(self, X, y):
        self.mean_ = np.mean(y)
        return self

    def predict(self, X):
        return np.full(len(X), (1 - self.shrinkage) * self.mean_)


def differentiate(factor):
    def differentiated(estimator, X, y, X_test, sample_weight):
        return estimator.predict(X_test), lambda u: {"shrinkage": -factor * u.sum() * estimator.mean_}

    return differentiated


def test_an_estimator_of_ones_own():
    X, y = DIABETES
    space = {"shrinkage": Float(0.01, 0.99)}
    register_hypergradient(ShrunkMean, differentiate(2.0), parameters=("shrinkage",))
    with pytest.raises(
        AssertionError, match=r"the slope in log\(shrinkage\) at .* must be that of central differences"
    ):
        check_hypergradient(ShrunkMean(), X, y, space)
    register_hypergradient(ShrunkMean, differentiate(1.0), parameters=("shrinkage",))
    check_hypergradient(ShrunkMean(), X, y, space)
    assert GradientSearchCV(ShrunkMean(), space).fit(X, y).best_params_["shrinkage"] == pytest.approx(0.01, abs=1e-6)


def test_what_is_registered_is_checked():
    with pytest.raises(TypeError, match="needs a class of estimators"):
        register_hypergradient(ShrunkMean(), differentiate(1.0), parameters=("shrinkage",))
    with pytest.raises(ValueError, match="parameters needs a tuple of names"):
        register_hypergradient(ShrunkMean, differentiate(1.0), parameters="shrinkage")


def test_counts_are_descended_by_their_deviance():
    X, y = DIABETES
    counts = np.random.default_rng(0).poisson(y / 50).astype(float)
    search = GradientSearchCV(PoissonRegressor(max_iter=1000), {"alpha": STRENGTH}, scoring="neg_mean_poisson_deviance")
    search.fit(X, counts)
    assert search.best_loss_ == pytest.approx(-search.best_score_)
    assert search.best_loss_ < search.cv_results_["mean_test_loss"][0]


def test_data_frames_are_searched_like_arrays():
    pandas = pytest.importorskip("pandas")
    X, y = DIABETES
    frame, series = pandas.DataFrame(X, columns=[f"x{j}" for j in range(10)]), pandas.Series(y)
    search = GradientSearchCV(Ridge(), {"alpha": STRENGTH}, n_iter=3)
    of_arrays = clone(search).fit(X, y).cv_results_["mean_test_loss"]
    assert clone(search).fit(frame, series).cv_results_["mean_test_loss"] == pytest.approx(of_arrays)


def test_a_sample_without_weight_is_as_good_as_absent():
    X, y = DIABETES
    X, y = X[:60], y[:60]
    weight = np.ones(60)
    weight[1:4] = 0.0
    kernel_ridge = KernelRidge(kernel="rbf", gamma=1.0)
    check_hypergradient(kernel_ridge, X, y, {"alpha": Float(0.1, 1.0, log=True)}, sample_weight=weight)


class Stopper:
    """Counts evaluations, and asks to stop at the tenth."""

    def __init__(self):
        self.n = 0

    def setup(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context, *, X=None, y=None, metadata=None):
        pass

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, metadata=None):
        self.n += context.task_name == "candidate-split-evaluation"
        return self.n == 10

    def teardown(self, estimator, context):
        pass


@pytest.mark.skipif(parse_version(sklearn.__version__) < parse_version("1.9"), reason="callbacks came with 1.9")
def test_callbacks_see_the_fits_and_can_stop_them():
    stopper = Stopper()
    search = GradientSearchCV(Ridge(), {"alpha": STRENGTH}, n_restarts=2, random_state=0).set_callbacks(stopper)
    search.fit(*DIABETES)
    assert stopper.n == 10
    assert search.stats()["stop_reason"] == "callback"
    assert len(search.cv_results_["mean_test_loss"]) == 2


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # the checks feed estimators what makes them warn
@checks_of(
    [GradientSearchCV(LogisticRegression(), {"C": STRENGTH}, cv=2, n_iter=3, error_score="raise", random_state=0)],
    expected_failed_checks=lambda _: {"check_supervised_y_2d": "scikit-learn exempts its own searches too"},
)
def test_estimator_checks(estimator, check):
    check(estimator)


def test_only_an_outer_cross_validation_tells_what_to_expect():
    X, y = load_diabetes(return_X_y=True)
    search = GradientSearchCV(Ridge(), {"alpha": Float(1e-3, 1e3, log=True)}, cv=3, n_iter=4).fit(X, y)
    with pytest.raises(ValueError, match=r"by the loss that it descends\. Use estimate_score"):
        search.estimate_score()
    outer = KFold(4, shuffle=True, random_state=0)
    expected = cross_val_score(clone(search), X, y, cv=outer).mean()
    assert search.estimate_score("nested", outer_cv=outer, X=X, y=y).value == pytest.approx(expected, rel=1e-12)


def test_three_classes_of_a_support_vector_machine():
    X, y = load_iris(return_X_y=True)
    space = {"C": Float(1e-2, 1e3, log=True), "gamma": Float(1e-3, 1e1, log=True)}
    search = GradientSearchCV(SVC(), space, n_iter=12).fit(X, y)
    assert search.best_loss_ < 0.9 * search.cv_results_["mean_test_loss"][0]
    assert search.best_score_ > 0.95


def test_a_gaussian_process_is_tuned_by_cross_validation():
    X, y = make_friedman1(100, noise=0.5, random_state=0)
    estimator = GaussianProcessRegressor(RBF() + WhiteKernel(), optimizer=None, normalize_y=True)
    space = {
        "kernel__k1__length_scale": Float(0.01, 100.0, log=True),
        "kernel__k2__noise_level": Float(1e-4, 1e1, log=True),
    }
    search = GradientSearchCV(estimator, space).fit(X, y)
    by_likelihood = GaussianProcessRegressor(RBF() + WhiteKernel(), normalize_y=True)
    loss = -cross_val_score(by_likelihood, X, y, scoring="neg_mean_squared_error").mean()
    assert search.best_loss_ < loss

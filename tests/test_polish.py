"""BayesSearchCV(polish=True): the model of the scores knows their slopes."""

import numpy as np
import pytest
from quick import slow_but
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, make_friedman1, make_regression
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import ElasticNet, LogisticRegression, PoissonRegressor
from sklearn.model_selection import KFold, cross_val_score
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhpo import BayesSearchCV, Categorical, ColumnScale, Float, Int

FRIEDMAN = make_friedman1(100, noise=0.3, random_state=0)
STRENGTH, WIDTH = Float(1e-5, 1e2, log=True), Float(1e-4, 1e1, log=True)
COUNTS = PoissonRegressor(tol=1e-10, max_iter=1000)
KERNELS = {
    "kernel": Categorical(["rbf", "linear"]),
    "alpha": STRENGTH,
    "gamma": Float(1e-4, 1e1, log=True, when={"kernel": "rbf"}),
}


def search(**more):
    settings = {"n_iter": 24, "scoring": "neg_mean_squared_error", "cv": KFold(3), "random_state": 0, "polish": True}
    return BayesSearchCV(KernelRidge(), KERNELS, **{**settings, **more})


def test_the_design_is_the_same_and_what_a_model_proposes_is_better():
    polished = search().fit(*FRIEDMAN)
    plain = search(polish=False).fit(*FRIEDMAN)
    params = polished.cv_results_["params"]
    assert params[:3] == plain.cv_results_["params"][:3]
    assert polished.best_score_ > plain.best_score_
    assert list(polished.cv_results_) == list(plain.cv_results_)
    assert polished.predict_score(polished.best_params_)[0] == pytest.approx(polished.best_score_, rel=0.2)


@pytest.mark.parametrize(
    ("estimator", "space", "scoring"),
    [
        (KernelRidge(kernel="rbf"), {"alpha": STRENGTH, "gamma": WIDTH}, None),
        (KernelRidge(kernel="rbf"), {"alpha": STRENGTH, "gamma": WIDTH}, "r2"),
        (KernelRidge(kernel="rbf"), {"alpha": STRENGTH, "gamma": WIDTH}, "neg_root_mean_squared_error"),
        (KernelRidge(kernel="rbf"), {"alpha": STRENGTH, "gamma": WIDTH}, "neg_mean_squared_error"),
        (COUNTS, {"alpha": Float(1e-3, 1e2, log=True)}, None),
        (COUNTS, {"alpha": Float(1e-3, 1e2, log=True)}, "neg_mean_poisson_deviance"),
    ],
)
def test_the_model_knows_slopes_of_the_very_score(estimator, space, scoring):
    X, y = FRIEDMAN
    X, y, cv = X - X.mean(axis=0), np.abs(y), KFold(3)
    found = BayesSearchCV(estimator, space, n_iter=6, scoring=scoring, cv=cv, random_state=0, polish=True).fit(X, y)
    model, step = found._sampler._model, 1e-4

    def score(u):
        params = found._sampler.space.decode(u[None])[0]
        return cross_val_score(clone(estimator).set_params(**params), X, y, scoring=scoring, cv=cv).mean()

    assert len(model._slopes) >= 5
    for i, slopes in model._slopes.items():
        u = np.clip(model.points[i], step, 1 - step)
        numeric = [(score(u + step * e) - score(u - step * e)) / (2 * step) for e in np.eye(len(u))]
        np.testing.assert_allclose(slopes, numeric, rtol=0.02, atol=1e-4 * (1 + np.abs(numeric).max()))


@pytest.mark.slow
def test_many_widths_end_far_below_a_search_without():
    estimator = make_pipeline(StandardScaler(), ColumnScale(np.ones(10)), KernelRidge(kernel="rbf", gamma=0.1))
    space = {"kernelridge__alpha": STRENGTH}
    space |= {f"columnscale__scale_{j}": Float(1e-2, 1e1, log=True) for j in range(10)}
    scores = [
        BayesSearchCV(
            estimator, space, n_iter=24, scoring="neg_mean_squared_error", cv=3, random_state=0, polish=polish
        )
        .fit(*FRIEDMAN)
        .best_score_
        for polish in (True, False)
    ]
    assert scores[0] > 0.5 * scores[1]  # errors, negative


def test_a_share_and_an_integer_and_the_regressors_own_score():
    X, y = make_regression(100, 20, n_informative=5, noise=10, random_state=0)
    space = {"alpha": Float(1e-3, 1e1, log=True), "l1_ratio": Float(0.05, 0.95), "max_iter": Int(9_000, 10_000)}
    found = BayesSearchCV(ElasticNet(), space, n_iter=16, random_state=0, polish=True).fit(X, y)
    plain = BayesSearchCV(ElasticNet(), space, n_iter=16, random_state=0).fit(X, y)
    assert found.best_score_ > plain.best_score_


@pytest.mark.parametrize("n_jobs", slow_but({1}, [1, 2]))
def test_it_goes_on_from_its_checkpoint(tmp_path, n_jobs):
    whole = search(n_jobs=n_jobs, look_back=2).fit(*FRIEDMAN)
    part = search(n_jobs=n_jobs, look_back=2, checkpoint=tmp_path / "a.db")
    part.fit(*FRIEDMAN)
    again = clone(part).fit(*FRIEDMAN)
    for found in (part, again):
        assert found.cv_results_["params"] == whole.cv_results_["params"]


def test_an_estimator_without_slopes_is_searched_as_ever():
    space = {"n_neighbors": Int(1, 20), "p": Float(1.0, 3.0)}
    found = [
        BayesSearchCV(KNeighborsRegressor(), space, n_iter=6, random_state=0, polish=polish).fit(*FRIEDMAN)
        for polish in (True, False)
    ]
    assert found[0].cv_results_["params"] == found[1].cv_results_["params"]


def test_a_logistic_regression_is_polished_by_its_log_loss():
    X, y = load_breast_cancer(return_X_y=True)
    estimator = make_pipeline(StandardScaler(), LogisticRegression())
    space = {"logisticregression__C": Float(1e-4, 1e4, log=True)}
    settings = {"scoring": "neg_log_loss", "cv": 3, "random_state": 0, "n_iter": 8}
    found = BayesSearchCV(estimator, space, polish=True, **settings).fit(X, y)
    assert found.best_score_ > max(found.cv_results_["mean_test_score"][:4])


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            {"scoring": "neg_max_error"},
            r"needs a scoring that has a slope, got scoring='neg_max_error'.*neg_mean_squared_error",
        ),
        ({"scoring": "neg_median_absolute_error"}, r"needs a scoring that has a slope"),
        ({"scoring": "neg_log_loss"}, r"needs a scoring that has a slope, got scoring='neg_log_loss'"),
        ({"scoring": ["r2"], "refit": "r2"}, r"needs a scoring that has a slope"),
        ({"racing": True}, r"needs all splits of a candidate, got racing=True"),
    ],
)
def test_what_cannot_be_polished_is_refused(more, message):
    with pytest.raises(ValueError, match=message):
        search(**more).fit(*FRIEDMAN)

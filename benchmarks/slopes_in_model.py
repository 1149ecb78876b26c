"""What slopes are worth in the model of a Bayesian search; the part *rows* of ``python -m benchmarks gradient``.

Smooth problems, in which every parameter has a slope, and mixed ones with categories, integers or models that have
none. A search with ``polish=True`` is compared with one without, at equal numbers of candidates and equal seeds.
"""

from typing import Any, NamedTuple

from sklearn.datasets import load_breast_cancer, load_diabetes, make_friedman1
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import ElasticNet, LogisticRegression, Ridge
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, PolynomialFeatures, RobustScaler, SplineTransformer, StandardScaler
from sklearn.svm import SVR

from skhpo import Categorical, Float, Int


class Mixed(NamedTuple):
    """A problem of which some parameters have slopes."""

    estimator: Any
    space: Any
    data: Any
    scoring: str

    def cv(self, seed):
        splitter = StratifiedKFold if self.scoring == "neg_log_loss" else KFold
        return splitter(5, shuffle=True, random_state=seed)


def log(low, high, **more):
    return Float(low, high, log=True, **more)


def mixed_problems():
    """Problems by what has no slope in them."""
    diabetes = load_diabetes(return_X_y=True)
    squared, strength, width = "neg_mean_squared_error", log(1e-4, 1e1), log(1e-4, 1e1)
    with_width = {"kernelridge__kernel": ["rbf", "laplacian", "poly"]}
    chosen = make_pipeline(
        PolynomialFeatures(2, include_bias=False),
        StandardScaler(),
        SelectKBest(f_regression),
        ElasticNet(max_iter=5000),
    )
    scaled = Pipeline([("scaler", StandardScaler()), ("pca", PCA()), ("model", KernelRidge(kernel="rbf"))])
    models = [
        {"model": [Ridge()], "model__alpha": log(1e-3, 1e4)},
        {"model": [KernelRidge(kernel="rbf")], "model__alpha": strength, "model__gamma": width},
        {"model": [SVR()], "model__C": log(1e-1, 1e3), "model__gamma": width, "model__epsilon": log(1e-2, 1e1)},
        {"model": [KNeighborsRegressor()], "model__n_neighbors": Int(2, 40)},
    ]
    curves = make_pipeline(StandardScaler(), PCA(), SplineTransformer(), LogisticRegression(max_iter=2000))
    return {
        "elastic net, a number of features": Mixed(
            chosen,
            {
                "selectkbest__k": Int(2, 65),
                "elasticnet__alpha": log(1e-3, 1e1),
                "elasticnet__l1_ratio": Float(0.05, 0.95),
            },
            diabetes,
            squared,
        ),
        "kernel ridge, kinds of kernels": Mixed(
            make_pipeline(StandardScaler(), KernelRidge()),
            {
                "kernelridge__kernel": Categorical(["rbf", "laplacian", "linear", "poly"]),
                "kernelridge__alpha": log(1e-5, 1e2),
                "kernelridge__gamma": log(1e-4, 1e1, when=with_width),
                "kernelridge__degree": Int(2, 4, when={"kernelridge__kernel": "poly"}),
            },
            make_friedman1(200, noise=0.5, random_state=0),
            squared,
        ),
        "kernel ridge, scalers and components": Mixed(
            scaled,
            {
                "scaler": Categorical([StandardScaler(), MinMaxScaler(), RobustScaler()]),
                "pca__n_components": Int(2, 10),
                "model__alpha": strength,
                "model__gamma": width,
            },
            diabetes,
            squared,
        ),
        "four models": Mixed(Pipeline([("scaler", StandardScaler()), ("model", Ridge())]), models, diabetes, squared),
        "logistic, components and splines": Mixed(
            curves,
            {
                "pca__n_components": Int(2, 10),
                "splinetransformer__n_knots": Int(3, 8),
                "splinetransformer__degree": Int(1, 3),
                "logisticregression__C": log(1e-4, 1e4),
            },
            load_breast_cancer(return_X_y=True),
            "neg_log_loss",
        ),
    }

"""What was tried with the estimators of other libraries, as the page *Libraries that were tried* shows it.

A case says how to make an estimator, its grid and its data, and what is expected to happen in scikit-learn's
`GridSearchCV` and in ours. It imports its library inside of `make`, so that the table can be read without any of them.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.datasets import load_diabetes, load_iris, make_blobs
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import GroupKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeRegressor
from sklearn.utils import shuffle

from skhpo import AllRows, ClusteringScorer

EQUAL = "equal"
OURS = "ours only"
OTHER = "differs"
UNSTEADY = "not repeatable"
NEITHER = "neither"
SAID = {
    EQUAL: "works, and all scores are those of scikit-learn's search to the bit",
    OURS: "works; scikit-learn's search raises AttributeError, as the estimator has no tags",
    OTHER: "works, and scores are not those of scikit-learn's search",
    UNSTEADY: "works; two equal fits differ, so that scikit-learn's search differs from itself",
    NEITHER: "does not work as it stands, in scikit-learn's search neither",
}


@dataclass(frozen=True)
class Problem:
    """What a case searches: an estimator, its grid, data, and what else `fit` and the search are given."""

    estimator: Any
    grid: dict[str, list[Any]]
    X: Any
    y: Any = None
    search: dict[str, Any] = field(default_factory=dict)
    fit: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """A row of the page."""

    package: str
    modules: tuple[str, ...]
    what: str
    make: Any
    expected: str = EQUAL
    note: str = ""

    @property
    def key(self):
        return f"{self.package}: {self.what}"


CASES: list[Case] = []


def case(package, what, *, module=None, needs=(), expected=EQUAL, note=""):
    """Add a case to the table; the decorated function makes its problem."""

    def add(make):
        modules = (module or package.replace("-", "_"), *needs)
        CASES.append(Case(package, modules, what, make, expected, note))
        return make

    return add


def flowers():
    return shuffle(*load_iris(return_X_y=True), random_state=0)


def two_flowers():
    X, y = flowers()
    return X[y > 0], y[y > 0] - 1


def patients(dtype=np.float64):
    X, y = load_diabetes(return_X_y=True)
    return X[:150].astype(dtype), y[:150].astype(dtype)


def rmse(estimator, X, y):
    return -(mean_squared_error(y, estimator.predict(X)) ** 0.5)


def colours(X):
    """The same as a frame, with a column of words."""
    import pandas as pd

    return pd.DataFrame(X, columns=list("abcd")).assign(colour=np.where(X[:, 0] > 5.8, "red", "blue"))


# ---------------------------------------------------------------------------------------------------- boosting


@case("xgboost", "XGBClassifier")
def xgb_classifier():
    from xgboost import XGBClassifier

    return Problem(XGBClassifier(n_estimators=10, n_jobs=1), {"max_depth": [1, 3]}, *flowers())


@case("xgboost", "XGBRegressor, subsample")
def xgb_regressor():
    from xgboost import XGBRegressor

    estimator = XGBRegressor(n_estimators=10, n_jobs=1, subsample=0.7, random_state=0)
    return Problem(estimator, {"learning_rate": [0.1, 0.3]}, *patients())


def queries():
    import pandas as pd

    rng = np.random.default_rng(0)
    X, qid = rng.normal(size=(120, 4)), np.repeat(np.arange(12), 10)
    y = (X[:, 0] + rng.normal(size=120) > 0).astype(int) + (X[:, 1] > 1)
    return pd.DataFrame(X, columns=list("abcd")), y, qid


@case("xgboost", "XGBRanker, column qid", needs=("pandas",), note="`cv=GroupKFold(...)`, `groups=qid`")
def xgb_ranker():
    from xgboost import XGBRanker

    X, y, qid = queries()
    estimator = XGBRanker(n_estimators=5, n_jobs=1)
    return Problem(
        estimator, {"max_depth": [1, 3]}, X.assign(qid=qid), y, search={"cv": GroupKFold(3)}, fit={"groups": qid}
    )


@case(
    "xgboost",
    "XGBRanker, fit(..., qid=)",
    needs=("pandas",),
    expected=OTHER,
    note="scikit-learn's search scores a test side as one query; ours by query, as with the column, where X is a frame",
)
def xgb_ranker_by_parameter():
    from xgboost import XGBRanker

    X, y, qid = queries()
    estimator = XGBRanker(n_estimators=5, n_jobs=1)
    return Problem(
        estimator, {"max_depth": [1, 3]}, X, y, search={"cv": GroupKFold(3)}, fit={"groups": qid, "qid": qid}
    )


@case("lightgbm", "LGBMClassifier")
def lgbm_classifier():
    from lightgbm import LGBMClassifier

    estimator = LGBMClassifier(n_estimators=10, n_jobs=1, verbose=-1)
    return Problem(estimator, {"num_leaves": [4, 8]}, *flowers())


@case("lightgbm", "LGBMRegressor, bagging")
def lgbm_regressor():
    from lightgbm import LGBMRegressor

    estimator = LGBMRegressor(n_estimators=10, n_jobs=1, verbose=-1, subsample=0.7, subsample_freq=1, random_state=0)
    return Problem(estimator, {"num_leaves": [4, 8]}, *patients())


@case("catboost", "CatBoostClassifier")
def catboost_classifier():
    from catboost import CatBoostClassifier

    estimator = CatBoostClassifier(iterations=10, verbose=0, allow_writing_files=False, thread_count=1, random_seed=0)
    return Problem(estimator, {"depth": [2, 4]}, *flowers())


def catboost_with(cat_features):
    from catboost import CatBoostClassifier

    X, y = flowers()
    estimator = CatBoostClassifier(
        iterations=10, verbose=0, allow_writing_files=False, thread_count=1, cat_features=cat_features
    )
    return Problem(estimator, {"depth": [2, 4]}, colours(X), y)


@case(
    "catboost",
    'cat_features=["colour"] in the constructor',
    needs=("pandas",),
    expected=NEITHER,
    note='catboost copies the list, so that `clone` refuses it: a tuple, `cat_features=("colour",)`',
)
def catboost_list():
    return catboost_with(["colour"])


@case("catboost", 'cat_features=("colour",) in the constructor', needs=("pandas",))
def catboost_tuple():
    return catboost_with(("colour",))


@case(
    "ngboost",
    "NGBRegressor",
    expected=UNSTEADY,
    note="its trees have no seed, whatever `random_state` is: give them one, "
    "`Base=DecisionTreeRegressor(max_depth=3, random_state=0)`",
)
def ngb_regressor():
    from ngboost import NGBRegressor

    estimator = NGBRegressor(n_estimators=10, verbose=False, random_state=0)
    return Problem(estimator, {"learning_rate": [0.05, 0.2]}, *patients())


@case("ngboost", "NGBRegressor, seeded Base")
def ngb_seeded():
    from ngboost import NGBRegressor

    tree = DecisionTreeRegressor(max_depth=3, random_state=0)
    estimator = NGBRegressor(Base=tree, n_estimators=10, verbose=False, random_state=0)
    return Problem(estimator, {"learning_rate": [0.05, 0.2]}, *patients())


@case("ngboost", "NGBClassifier, seeded Base")
def ngb_classifier():
    from ngboost import NGBClassifier

    tree = DecisionTreeRegressor(max_depth=3, random_state=0)
    estimator = NGBClassifier(Base=tree, n_estimators=10, verbose=False, random_state=0)
    return Problem(estimator, {"learning_rate": [0.05, 0.2]}, *two_flowers())


# ---------------------------------------------------------------------------------------------------- without tags


@case("pygam", "LinearGAM", expected=OURS)
def linear_gam():
    from pygam import LinearGAM

    X, y = patients()
    return Problem(LinearGAM(), {"lam": [0.1, 10.0]}, X[:, :3], y, search={"scoring": "r2"})


@case(
    "pygam", "LogisticGAM", expected=OURS, note="it does not say that it is a classifier: give `cv=StratifiedKFold(5)`"
)
def logistic_gam():
    from pygam import LogisticGAM

    return Problem(LogisticGAM(), {"lam": [0.1, 10.0]}, *two_flowers(), search={"scoring": "accuracy"})


def series():
    X, y = flowers()
    return np.repeat(X[:, None, :], 3, axis=2)[:60], y[:60]


@case("sktime", "TimeSeriesForestClassifier", expected=OURS)
def sktime_forest():
    from sktime.classification.interval_based import TimeSeriesForestClassifier

    estimator = TimeSeriesForestClassifier(n_estimators=5, random_state=0)
    return Problem(estimator, {"min_interval": [2, 3]}, *series(), search={"scoring": "accuracy"})


@case("skpro", "ResidualDouble", expected=OURS, needs=("pandas",))
def skpro_residuals():
    import pandas as pd
    from skpro.regression.residual import ResidualDouble

    X, y = patients()
    X, y = pd.DataFrame(X, columns=[f"x{i}" for i in range(10)]), pd.DataFrame({"y": y})
    return Problem(ResidualDouble(Ridge()), {"estimator__alpha": [0.1, 1.0]}, X, y, search={"scoring": rmse})


# ---------------------------------------------------------------------------------------------------- other data


def network(dtype):
    import torch
    from skorch import NeuralNetRegressor

    X, y = patients(dtype)
    net = NeuralNetRegressor(torch.nn.Linear, module__in_features=10, module__out_features=1, max_epochs=3, verbose=0)
    return Problem(net, {"lr": [0.01, 0.1]}, X, y[:, None] / 100)


@case(
    "skorch",
    "NeuralNetRegressor, float64",
    needs=("torch",),
    expected=NEITHER,
    note='torch wants 32 bits: `X.astype("float32")`, and y too',
)
def net_64():
    return network(np.float64)


@case(
    "skorch",
    "NeuralNetRegressor, float32",
    needs=("torch",),
    expected=UNSTEADY,
    note="weights are drawn from torch's generator: call `torch.manual_seed` when the module is made",
)
def net_32():
    return network(np.float32)


@case("skorch", "NeuralNetRegressor, float32, seeded module", needs=("torch",))
def net_seeded():
    import torch
    from skorch import NeuralNetRegressor

    class Seeded(torch.nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.linear = torch.nn.Linear(10, 1)

        def forward(self, X):
            return self.linear(X)

    X, y = patients(np.float32)
    net = NeuralNetRegressor(Seeded, max_epochs=3, verbose=0)
    return Problem(net, {"lr": [0.01, 0.1]}, X, y[:, None] / 100)


@case("hmmlearn", "GaussianHMM, one sequence")
def hmm():
    from hmmlearn.hmm import GaussianHMM

    X, _ = patients()
    return Problem(GaussianHMM(n_iter=5, random_state=0), {"n_components": [1, 2]}, X[:, :2])


@case(
    "hmmlearn",
    "GaussianHMM, fit(X, lengths=)",
    expected=NEITHER,
    note="lengths are of sequences and not of rows, so they cannot be split with the rows: count them in a subclass's "
    "`fit` from a column that numbers the sequences",
)
def hmm_lengths():
    from hmmlearn.hmm import GaussianHMM

    X, _ = patients()
    return Problem(
        GaussianHMM(n_iter=5, random_state=0), {"n_components": [1, 2]}, X[:, :2], fit={"lengths": [50, 50, 50]}
    )


@case("sklearn-crfsuite", "CRF, lists of dicts")
def crf():
    from sklearn_crfsuite import CRF

    rng = np.random.default_rng(0)
    X = [[{"word": str(word), "first": i == 0} for i, word in enumerate(rng.integers(5, size=4))] for _ in range(30)]
    y = [["odd" if int(token["word"]) % 2 else "even" for token in sentence] for sentence in X]
    return Problem(CRF(max_iterations=20), {"c1": [0.0, 1.0]}, X, y)


@case("tslearn", "KNeighborsTimeSeriesClassifier")
def tslearn_neighbours():
    from tslearn.neighbors import KNeighborsTimeSeriesClassifier

    return Problem(KNeighborsTimeSeriesClassifier(), {"n_neighbors": [1, 5]}, *series())


@case("tslearn", "TimeSeriesKMeans")
def tslearn_means():
    from tslearn.clustering import TimeSeriesKMeans

    X, _ = series()
    scorer = {"scoring": lambda estimator, X, y=None: -float(estimator.transform(X).min(axis=1).mean())}
    return Problem(TimeSeriesKMeans(random_state=0, max_iter=5), {"n_clusters": [2, 3]}, X, search=scorer)


@case("scikit-survival", "CoxPHSurvivalAnalysis", module="sksurv")
def cox():
    from sksurv.linear_model import CoxPHSurvivalAnalysis
    from sksurv.util import Surv

    X, y = patients()
    return Problem(CoxPHSurvivalAnalysis(), {"alpha": [0.1, 10.0]}, X, Surv.from_arrays(np.arange(150) % 3 > 0, y))


@case("scikit-survival", "RandomSurvivalForest", module="sksurv")
def survival_forest():
    from sksurv.ensemble import RandomSurvivalForest
    from sksurv.util import Surv

    X, y = patients()
    estimator = RandomSurvivalForest(n_estimators=5, random_state=0)
    return Problem(estimator, {"max_depth": [2, 4]}, X, Surv.from_arrays(np.arange(150) % 3 > 0, y))


# ---------------------------------------------------------------------------------------------------- models


@case("skglm", "ElasticNet")
def skglm_net():
    from skglm import ElasticNet

    return Problem(ElasticNet(), {"alpha": [0.1, 1.0]}, *patients())


@case(
    "skglm",
    "GeneralizedLinearEstimator",
    expected=NEITHER,
    note="`get_params(deep=False)` gives parameters of its parts too, so that `clone` fails: tune the named classes",
)
def skglm_general():
    from skglm import GeneralizedLinearEstimator
    from skglm.datafits import Quadratic
    from skglm.penalties import L1

    estimator = GeneralizedLinearEstimator(Quadratic(), L1(1.0))
    return Problem(estimator, {"penalty": [L1(0.1), L1(1.0)]}, *patients(), search={"scoring": "r2"})


@case("imodels", "FIGSRegressor", expected=UNSTEADY, note="seeded or not")
def figs():
    from imodels import FIGSRegressor

    return Problem(FIGSRegressor(random_state=0), {"max_rules": [3, 6]}, *patients())


@case("imodels", "HSTreeRegressor", expected=UNSTEADY, note="seeded or not")
def shrunk_tree():
    from imodels import HSTreeRegressor

    return Problem(HSTreeRegressor(random_state=0), {"reg_param": [1.0, 100.0]}, *patients())


@case("interpret-core", "ExplainableBoostingClassifier", module="interpret")
def ebm():
    from interpret.glassbox import ExplainableBoostingClassifier

    estimator = ExplainableBoostingClassifier(max_rounds=10, outer_bags=2, interactions=0, n_jobs=1, random_state=0)
    return Problem(estimator, {"learning_rate": [0.01, 0.1]}, *flowers())


@case("mlxtend", "EnsembleVoteClassifier")
def vote():
    from mlxtend.classifier import EnsembleVoteClassifier

    estimator = EnsembleVoteClassifier([LogisticRegression(max_iter=1000), KNeighborsClassifier()])
    return Problem(estimator, {"kneighborsclassifier__n_neighbors": [1, 9]}, *flowers())


@case("mlxtend", "StackingCVRegressor")
def stacking():
    from mlxtend.regressor import StackingCVRegressor

    estimator = StackingCVRegressor([Ridge()], Ridge(), random_state=0)
    return Problem(estimator, {"ridge__alpha": [0.1, 1.0]}, *patients())


@case("scikit-lego", "LADRegression", module="sklego")
def least_absolute():
    from sklego.linear_model import LADRegression

    return Problem(LADRegression(), {"positive": [True, False]}, *patients())


@case("scikit-lego", "GMMClassifier", module="sklego")
def mixture():
    from sklego.mixture import GMMClassifier

    return Problem(GMMClassifier(random_state=0), {"n_components": [1, 2]}, *flowers())


# ---------------------------------------------------------------------------------------------------- steps


@case("imbalanced-learn", "BalancedRandomForestClassifier", module="imblearn")
def balanced_forest():
    from imblearn.ensemble import BalancedRandomForestClassifier

    estimator = BalancedRandomForestClassifier(
        n_estimators=5, sampling_strategy="all", replacement=True, bootstrap=False, random_state=0
    )
    return Problem(estimator, {"max_depth": [1, 3]}, *flowers())


@case("imbalanced-learn", "its pipeline, SMOTE", module="imblearn")
def smote():
    from imblearn.over_sampling import SMOTE
    from imblearn.pipeline import make_pipeline as with_sampler

    X, y = flowers()
    kept = np.flatnonzero((y != 2) | (np.arange(150) % 2 == 0))
    estimator = with_sampler(SMOTE(random_state=0), LogisticRegression(max_iter=1000))
    return Problem(estimator, {"smote__k_neighbors": [2, 5], "logisticregression__C": [0.1, 1.0]}, X[kept], y[kept])


@case("category-encoders", "TargetEncoder in a pipeline", needs=("pandas",))
def target_encoder():
    from category_encoders import TargetEncoder

    X, y = two_flowers()
    estimator = make_pipeline(TargetEncoder(), LogisticRegression(max_iter=1000))
    return Problem(estimator, {"targetencoder__smoothing": [1.0, 10.0]}, colours(X), y)


@case("feature-engine", "RareLabelEncoder, OneHotEncoder in a pipeline", needs=("pandas",))
def rare_labels():
    from feature_engine.encoding import OneHotEncoder, RareLabelEncoder

    X, y = flowers()
    estimator = make_pipeline(RareLabelEncoder(n_categories=1), OneHotEncoder(), LogisticRegression(max_iter=1000))
    return Problem(
        estimator, {"rarelabelencoder__tol": [0.1, 0.45], "logisticregression__C": [0.1, 1.0]}, colours(X), y
    )


@case("umap-learn", "UMAP in a pipeline", module="umap")
def umap_step():
    from umap import UMAP

    estimator = make_pipeline(UMAP(n_epochs=20, random_state=0, n_jobs=1), KNeighborsClassifier())
    return Problem(estimator, {"kneighborsclassifier__n_neighbors": [1, 9]}, *flowers())


# ---------------------------------------------------------------------------------------------------- no targets


@case("hdbscan", "HDBSCAN")
def clusters():
    from hdbscan import HDBSCAN

    X, _ = make_blobs(120, centers=[[0, 0], [6, 0], [0, 6]], random_state=0)
    search = {"scoring": ClusteringScorer(), "cv": AllRows()}
    return Problem(HDBSCAN(), {"min_cluster_size": [5, 15]}, X, search=search)


@case("pyod", "IForest")
def outliers():
    from pyod.models.iforest import IForest

    X, y = flowers()
    estimator = IForest(n_estimators=10, random_state=0)
    return Problem(estimator, {"max_features": [0.5, 1.0]}, X, (y == 2).astype(int), search={"scoring": "roc_auc"})

"""Data, candidates and cross-validation of the benchmark of honest results: small, fast, and the same each time."""

import warnings
from contextlib import contextmanager

import numpy as np
import sklearn
from sklearn import datasets
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier

from benchmarks import real_data

N_TEST = 4000


@contextmanager
def plain_sklearn():
    """Fits without what scikit-learn checks each time, which is most of a fit of a millisecond."""
    with sklearn.config_context(assume_finite=True, skip_parameter_validation=True), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", UserWarning)  # a class with fewer rows than folds
        yield


# -- generators: X and y of so many rows ------------------------------------------------------------------------------


def _linear(n, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 10))
    return X, (X[:, 0] + 0.5 * X[:, 1] + rng.logistic(scale=0.5, size=n) > 0).astype(int)


def _quadratic(n, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 5))
    return X, (X[:, 0] ** 2 + X[:, 1] * X[:, 2] + rng.normal(size=n) > 1).astype(int)


def _made(**kwargs):
    return lambda n, seed: datasets.make_classification(n, random_state=seed, **kwargs)


CLASSIFICATION = {
    "clusters": _made(n_features=20, n_informative=5, flip_y=0.1),
    "many clusters": _made(n_features=10, n_informative=6, n_clusters_per_class=3, class_sep=1.0),
    "noisy": _made(n_features=10, n_informative=3, flip_y=0.3),
    "moons": lambda n, seed: datasets.make_moons(n, noise=0.35, random_state=seed),
    "linear": _linear,
    "quadratic": _quadratic,
}


def _sparse(n, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 20))
    return X, X[:, :3].sum(axis=1) + 1.5 * rng.normal(size=n)


def _waves(n, seed):
    rng = np.random.default_rng(seed)
    X = rng.uniform(-2, 2, size=(n, 2))
    return X, np.sin(2 * X[:, 0]) + np.cos(X[:, 1]) + 0.5 * rng.normal(size=n)


def _standard(make, **kwargs):
    def found(n, seed):
        X, y = make(n, random_state=seed, **kwargs)
        return (X - X.mean(axis=0)) / X.std(axis=0), (y - y.mean()) / y.std()

    return found


REGRESSION = {
    "friedman 1": _standard(datasets.make_friedman1, noise=2.0),
    "friedman 2": _standard(datasets.make_friedman2, noise=200.0),
    "friedman 3": _standard(datasets.make_friedman3, noise=0.2),
    "linear": _standard(datasets.make_regression, n_features=10, n_informative=5, noise=60.0),
    "sparse": _sparse,
    "waves": _waves,
}


def drawn(generators, name, n, seed):
    """Return n rows to train on and 4,000 others to test on."""
    X, y = generators[name](n + N_TEST, seed)
    return (X[:n], y[:n]), (X[n:], y[n:])


# -- candidates -------------------------------------------------------------------------------------------------------


def machines(kind, n_candidates, rng):
    """Return support vector machines: as they come, and with C and gamma at random."""
    drawn = (kind(C=10 ** rng.uniform(-2, 3), gamma=10 ** rng.uniform(-4, 1)) for _ in range(n_candidates - 1))
    return [kind(), *drawn]


def params_of(models, names):
    return [{name: model.get_params()[name] for name in names} for model in models]


def mixed(rng):
    """Return twenty classifiers of six kinds, all with probabilities."""
    found = [LogisticRegression(C=10 ** rng.uniform(-3, 2), max_iter=300) for _ in range(4)]
    found += [KNeighborsClassifier(int(k)) for k in rng.integers(2, 40, size=4)]
    found += [GaussianNB(var_smoothing=10 ** rng.uniform(-9, -1)) for _ in range(2)]
    found += [
        RandomForestClassifier(40, min_samples_leaf=int(leaf), max_features=share, random_state=0)
        for leaf, share in zip(rng.integers(1, 6, size=4), rng.uniform(0.2, 0.9, size=4), strict=True)
    ]
    found += [
        HistGradientBoostingClassifier(
            max_iter=30, learning_rate=10 ** rng.uniform(-1.5, -0.5), max_leaf_nodes=8, early_stopping=False
        )
        for _ in range(2)
    ]
    found += [
        DecisionTreeClassifier(max_depth=int(d), min_samples_leaf=5, random_state=0) for d in rng.integers(2, 8, 4)
    ]
    return [make_pipeline(StandardScaler(), each) for each in found]


# -- real data --------------------------------------------------------------------------------------------------------


def _digits(classes):
    X, y = datasets.load_digits(return_X_y=True)
    kept = np.isin(y, classes)
    return X[kept], y[kept]


def _statsmodels(name, target):
    import statsmodels.api as sm

    data = getattr(sm.datasets, name).load_pandas().data.dropna()
    return data.drop(columns=target).to_numpy(dtype=float), data[target].to_numpy().astype(int)


def _penguin_sex():
    from plotnine.data import penguins

    data = penguins.dropna()
    X = data[["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]].to_numpy(dtype=float)
    return X, data["sex"].astype(str).to_numpy()


REAL = {
    "breast cancer": lambda: datasets.load_breast_cancer(return_X_y=True),
    "wine": lambda: datasets.load_wine(return_X_y=True),
    "iris": lambda: datasets.load_iris(return_X_y=True),
    "digits": lambda: datasets.load_digits(return_X_y=True),
    "digits, odd": lambda: real_data.digits(lambda y: y % 2),
    "digits, 3, 5, 8, 9": lambda: _digits([3, 5, 8, 9]),
    "affairs": lambda: real_data.fair(3000),
    "doctor visits": lambda: real_data.doctor_visits(3000),
    "diamonds, cut": lambda: real_data.diamond_cut(3000),
    "vote 1996": lambda: _statsmodels("anes96", "vote"),
    "party 1996": lambda: _statsmodels("anes96", "PID"),
    "penguins, sex": _penguin_sex,
}


# -- cross-validation -------------------------------------------------------------------------------------------------


def folds(y, seed, n_splits=5, *, is_classifier=True):
    """Return splits, stratified in classification."""
    kind = StratifiedKFold if is_classifier else KFold
    return list(kind(n_splits, shuffle=True, random_state=seed).split(np.zeros(len(y)), y))


def out_of_fold(models, X, y, splits, method):
    """Return what each model predicts for each row, shape (n_models, n_rows, ...)."""
    found = []
    for model in models:
        given = None
        for train, test in splits:
            answer = getattr(clone(model).fit(X[train], y[train]), method)(X[test])
            given = np.empty((len(y), *answer.shape[1:])) if given is None else given
            given[test] = answer
        found.append(given)
    return np.array(found)


def rows_of(splits, n):
    """Return on which split each row is tested."""
    found = np.empty(n, dtype=int)
    for number, (_, test) in enumerate(splits):
        found[test] = number
    return found


KINDS = {"classification": (SVC, "decision_function"), "regression": (SVR, "predict")}

"""What is saved where one fit answers for many candidates: grids as users write them, beside scikit-learn's search.

``python benchmarks/paths.py`` prints tables in Markdown: CPU seconds of one process without the refit, three folds, the
median over the seeds, and the share of scikit-learn's. Per seed all searches of a grid run back to back on the same
data. Apart from the race, scores must be scikit-learn's to the bit; those of penalties with ``share_fits="close"`` may
be .02 apart. "none" are grids in which nothing can be shared.
"""

import argparse
import os
import platform
import time

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import importlib
import warnings
from functools import partial

import numpy as np
import sklearn
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.cross_decomposition import PLSRegression
from sklearn.datasets import load_digits, make_classification, make_regression
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
)
from sklearn.feature_selection import RFE, SelectKBest, SelectPercentile, f_classif, mutual_info_classif
from sklearn.impute import SimpleImputer
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Lasso, LogisticRegression, Ridge
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import skhpo

N_SPLITS = 3


def classes(seed, n=500, d=12):
    return make_classification(n, d, n_informative=8, flip_y=0.1, random_state=seed)


def numbers(seed, n=500, d=12):
    return make_regression(n, d, n_informative=8, noise=60.0, random_state=seed)


def digits(seed):
    X, y = load_digits(return_X_y=True)
    rows = np.random.default_rng(seed).permutation(len(X))[:1200]
    return X[rows], y[rows]


def library(name, kind, **settings):
    """Return an estimator of a library that is imported when it is asked for."""
    return lambda: getattr(importlib.import_module(name), kind)(**settings)


def _columns(last):
    """The last four columns scaled, the others filled, scaled, and handed to a step."""
    numbers = make_pipeline(SimpleImputer(), StandardScaler(), last)
    return ColumnTransformer([("numbers", numbers, slice(0, -4)), ("rest", StandardScaler(), slice(-4, None))])


SEED = {"random_state": 0}
LADDER, STEPS = [25, 50, 100, 200], [50, 100, 150, 200]
C = np.logspace(-1, 1, 3)
GRIDS = {
    "HistGradientBoosting, max_iter x rates x leaves": (
        HistGradientBoostingClassifier,
        {"max_iter": LADDER, "learning_rate": [0.05, 0.1, 0.2], "max_leaf_nodes": [15, 31]},
        classes,
    ),
    "HistGradientBoosting for numbers, max_iter x rates": (
        HistGradientBoostingRegressor,
        {"max_iter": [40, 80, 120, 160, 200], "learning_rate": [0.05, 0.1]},
        numbers,
    ),
    "GradientBoosting, n_estimators x rates x depths": (
        partial(GradientBoostingClassifier, subsample=0.7, **SEED),
        {"n_estimators": STEPS, "learning_rate": [0.05, 0.1], "max_depth": [2, 3]},
        partial(classes, n=300),
    ),
    "RandomForest, n_estimators x max_features": (
        partial(RandomForestClassifier, **SEED),
        {"n_estimators": STEPS, "max_features": [0.3, 0.6, "sqrt"]},
        classes,
    ),
    "RandomForest for numbers, n_estimators x leaves": (
        partial(RandomForestRegressor, **SEED),
        {"n_estimators": STEPS, "min_samples_leaf": [1, 3]},
        partial(numbers, n=300),
    ),
    "ExtraTrees in a pipeline, n_estimators by 20": (
        lambda: make_pipeline(StandardScaler(), ExtraTreesClassifier(**SEED)),
        {"extratreesclassifier__n_estimators": range(20, 201, 20)},
        classes,
    ),
    "LightGBM, n_estimators x rates x leaves": (
        library("lightgbm", "LGBMClassifier", verbose=-1, n_jobs=1),
        {"n_estimators": [50, 100, 200, 400], "learning_rate": [0.03, 0.1, 0.3], "num_leaves": [15, 31]},
        classes,
    ),
    "XGBoost, n_estimators x rates x depths": (
        library("xgboost", "XGBClassifier", n_jobs=1),
        {"n_estimators": [50, 100, 200, 400], "learning_rate": [0.03, 0.1, 0.3], "max_depth": [3, 6]},
        classes,
    ),
    "CatBoost, iterations x rates": (
        library(
            "catboost",
            "CatBoostClassifier",
            leaf_estimation_iterations=1,
            thread_count=1,
            verbose=False,
            allow_writing_files=False,
        ),
        {"iterations": [50, 100, 200], "learning_rate": [0.05, 0.1]},
        classes,
    ),
    "neighbours, 1 to 30 x weights x powers": (
        KNeighborsClassifier,
        {"n_neighbors": range(1, 31), "weights": ["uniform", "distance"], "p": [1, 2]},
        partial(classes, n=2000, d=10),
    ),
    "neighbours on digits, where distances are equal": (
        KNeighborsClassifier,
        {"n_neighbors": range(1, 31), "weights": ["uniform", "distance"], "p": [1, 2]},
        digits,
    ),
    "neighbours for numbers, 1 to 30 x weights": (
        KNeighborsRegressor,
        {"n_neighbors": range(1, 31), "weights": ["uniform", "distance"]},
        partial(numbers, n=2000, d=10),
    ),
    "tree, 20 ccp_alpha x max_features": (
        partial(DecisionTreeClassifier, **SEED),
        {"ccp_alpha": np.linspace(0, 0.02, 20), "max_features": [None, 0.5]},
        classes,
    ),
    "tree for numbers, 20 ccp_alpha": (
        partial(DecisionTreeRegressor, **SEED),
        {"ccp_alpha": np.linspace(0, 300, 20)},
        partial(numbers, n=2000),
    ),
    "tree, 10 max_leaf_nodes x criteria": (
        partial(DecisionTreeClassifier, **SEED),
        {"max_leaf_nodes": range(10, 101, 10), "criterion": ["gini", "entropy"]},
        partial(classes, n=2000),
    ),
    "PLS, n_components 1 to 20": (PLSRegression, {"n_components": range(1, 21)}, partial(numbers, d=40)),
    "8 best by mutual information x C": (
        lambda: make_pipeline(SelectKBest(partial(mutual_info_classif, random_state=0)), SVC()),
        {"selectkbest__k": [1, 2, 3, 4, 6, 8, 10, 12], "svc__C": C},
        partial(classes, n=600),
    ),
    "8 percentiles by f x C": (
        lambda: make_pipeline(StandardScaler(), SelectPercentile(f_classif), SVC()),
        {"selectpercentile__percentile": range(20, 101, 10), "svc__C": C},
        partial(classes, n=600),
    ),
    "elimination, 12 sizes": (
        partial(RFE, LogisticRegression(max_iter=1000)),
        {"n_features_to_select": range(1, 13)},
        classes,
    ),
    "6 sizes by elimination x C": (
        lambda: make_pipeline(StandardScaler(), RFE(DecisionTreeClassifier(max_depth=5, **SEED)), SVC()),
        {"rfe__n_features_to_select": [2, 4, 6, 8, 10, 12], "svc__C": C},
        partial(classes, n=600, d=20),
    ),
    "6 sizes of PCA x C": (
        lambda: make_pipeline(PCA(svd_solver="full"), SVC()),
        {"pca__n_components": [2, 4, 8, 16, 32, 64], "svc__C": np.logspace(-1, 2, 4)},
        partial(classes, n=600, d=200),
    ),
    "9 thresholds x C": (
        lambda: FixedThresholdClassifier(make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))),
        {"threshold": np.linspace(0.1, 0.9, 9), "estimator__logisticregression__C": np.logspace(-2, 2, 5)},
        classes,
    ),
}
INSIDE = {
    "8 best by mutual information in columns x C": (
        lambda: make_pipeline(_columns(SelectKBest(partial(mutual_info_classif, random_state=0))), SVC()),
        {"columntransformer__numbers__selectkbest__k": [1, 2, 3, 4, 5, 6, 7, 8], "svc__C": C},
        partial(classes, n=600),
    ),
    "6 sizes of PCA in columns x C": (
        lambda: make_pipeline(_columns(PCA(svd_solver="full")), SVC()),
        {"columntransformer__numbers__pca__n_components": [2, 4, 8, 16, 32, 64], "svc__C": np.logspace(-1, 2, 4)},
        partial(classes, n=600, d=200),
    ),
    "calibrated forests, n_estimators x methods": (
        lambda: CalibratedClassifierCV(RandomForestClassifier(**SEED), cv=3),
        {"estimator__n_estimators": STEPS, "method": ["sigmoid", "isotonic"]},
        classes,
    ),
    "stacked forests, n_estimators x max_features": (
        lambda: StackingClassifier([("trees", RandomForestClassifier(**SEED)), ("near", KNeighborsClassifier())], cv=3),
        {"trees__n_estimators": STEPS, "trees__max_features": [0.3, "sqrt"]},
        classes,
    ),
}
CLOSE = {
    "close: ridge, 50 alpha": (Ridge, {"alpha": np.logspace(-3, 3, 50)}, partial(numbers, n=1000, d=100)),
    "close: ridge with a Gaussian kernel, 20 alpha": (
        partial(KernelRidge, kernel="rbf", gamma=0.01),
        {"alpha": np.logspace(-3, 2, 20)},
        partial(numbers, n=1000, d=20),
    ),
    "close: lasso, 30 alpha": (Lasso, {"alpha": np.logspace(-2, 2, 30)}, partial(numbers, n=1000, d=100)),
    "close: logistic regression, 20 C": (
        lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        {"logisticregression__C": np.logspace(-3, 3, 20)},
        partial(classes, n=1000, d=40),
    ),
}
NONE = {
    "none: an SVC": (SVC, {"C": np.logspace(-1, 2, 6), "gamma": np.logspace(-3, 0, 4)}, partial(classes, n=1000)),
    "none: a forest without a seed": (RandomForestClassifier, {"n_estimators": [20, 40], "max_depth": [3, 6]}, classes),
    "none: depths of a tree": (
        partial(DecisionTreeClassifier, **SEED),
        {"max_depth": range(1, 21)},
        partial(classes, n=2000),
    ),
    "none: a pipeline of a scaler and a linear model": (
        lambda: make_pipeline(StandardScaler(), LogisticRegression()),
        {"logisticregression__C": np.logspace(-3, 3, 20)},
        partial(classes, n=5000, d=40),
    ),
}
SECTIONS = {
    "Grids with paths": GRIDS,
    "Inside of columns, calibrators and stacks": INSIDE,
    "Penalties": CLOSE,
    "Grids without": NONE,
}
ARMS = {
    "scikit-learn": GridSearchCV,
    "share_fits=False": partial(skhpo.GridSearchCV, share_fits=False),
    "ours": skhpo.GridSearchCV,
    "ours, racing": partial(skhpo.GridSearchCV, racing=True),
    "close": partial(skhpo.GridSearchCV, share_fits="close"),
}


def is_installed(make):
    try:
        make()
    except ImportError:
        return False
    return True


def one(name, seed, arms, n_jobs):
    """CPU seconds, seconds, scores and the best candidate of each search."""
    make, grid, data = (GRIDS | INSIDE | CLOSE | NONE)[name]
    X, y = data(seed)
    found = {}
    for arm in arms:
        search = ARMS[arm](make(), grid, cv=N_SPLITS, refit=False, n_jobs=n_jobs)
        begun, start = time.perf_counter(), time.process_time()
        search.fit(X, y)
        found[arm] = (time.process_time() - start if n_jobs is None else time.perf_counter() - begun, search)
    if "without a seed" not in name:
        theirs = np.array(_scores(found["scikit-learn"][1]))
        for arm in arms:
            ours = np.array(_scores(found[arm][1]))
            is_known = np.isfinite(ours) if "racing" in arm else np.ones(ours.shape, bool)
            apart = abs(ours - theirs)[is_known].max()
            assert apart <= (0.02 if arm == "close" else 0), f"{arm}: the scores differ"  # noqa: S101
    return found


def _scores(search):
    return [column for key, column in search.cv_results_.items() if key.startswith("split")]


def report(names, arms, n_seeds, n_jobs):
    """Print a table, and return the shares of scikit-learn's seconds and whether the winners were the same."""
    print("\n| grid | fits | " + " | ".join(arms) + " |\n|---|---|" + "---|" * len(arms), flush=True)
    shares, is_same = {arm: [] for arm in arms}, {arm: [] for arm in arms}
    for name in names:
        is_random = "without a seed" in name
        runs = [one(name, seed, arms, n_jobs) for seed in range(n_seeds)]
        cells = []
        for arm in arms:
            of_theirs = float(np.median([run[arm][0] / run["scikit-learn"][0] for run in runs]))
            shares[arm].append(of_theirs)
            if not is_random:
                is_same[arm] += [run[arm][1].best_index_ == run["scikit-learn"][1].best_index_ for run in runs]
            seconds = float(np.median([run[arm][0] for run in runs]))
            cells.append(f"{seconds:.2f} s" if arm == "scikit-learn" else f"{of_theirs:.2f}")
        search = runs[0]["close" if "close" in arms else "ours"][1]
        n = len(search.cv_results_["params"]) * N_SPLITS
        print(f"| {name} | {search.stats()['n_fits']} of {n} | " + " | ".join(cells) + " |", flush=True)
    return shares, is_same


def summary(shares, is_same):
    rows = {
        "median": lambda arm: f"{np.median(shares[arm]):.2f}",
        "largest": lambda arm: f"{max(shares[arm]):.2f}",
        "grids at 0.25 or less": lambda arm: sum(share <= 0.25 for share in shares[arm]),
        "same winner": lambda arm: f"{np.mean(is_same[arm]):.0%}",
    }
    arms = [arm for arm in shares if arm != "scikit-learn"]
    print("\n| | " + " | ".join(arms) + " |\n|---|" + "---|" * len(arms))
    for title, cell in rows.items():
        print(f"| {title} | " + " | ".join(str(cell(arm)) for arm in arms) + " |", flush=True)


def picture(names, shares, path):
    """Draw the share of scikit-learn's seconds of each grid."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    order = np.argsort(shares)[::-1]
    figure, ax = plt.subplots(figsize=(8, 0.28 * len(names) + 0.8), layout="constrained")
    ax.barh(range(len(names)), np.ones(len(names)), color="0.9", label="each candidate fitted by itself")
    bars = ax.barh(range(len(names)), np.array(shares)[order], color="tab:blue", label="fits shared")
    ax.bar_label(bars, fmt="{:.0%}", padding=3, fontsize=8)
    ax.set_yticks(range(len(names)), [names[place] for place in order], fontsize=8)
    ax.set(xlim=(0, 1.02), xticks=[0, 0.25, 0.5, 0.75, 1], xlabel="share of the seconds of scikit-learn's grid search")
    ax.xaxis.set_major_formatter(mpl.ticker.PercentFormatter(1))
    figure.legend(loc="outside upper center", ncols=2, frameon=False, fontsize=8)
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    figure.savefig(path, dpi=150)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--grids", nargs="+", help="words in the names of the grids; all by default")
    parser.add_argument("--arms", nargs="+", choices=list(ARMS), default=["scikit-learn", "ours", "ours, racing"])
    parser.add_argument("--jobs", type=int, help="workers; the seconds are then those of the clock")
    parser.add_argument("--images", help="the file for a picture of the shares")
    options = parser.parse_args()
    words = options.grids or [""]
    cpu = platform.processor() or platform.machine()
    print(f"scikit-learn {sklearn.__version__}, Python {platform.python_version()}, {cpu}, {options.seeds} seeds")
    for title, grids in SECTIONS.items():
        names = [name for name in grids if any(word in name for word in words) and is_installed(grids[name][0])]
        if names:
            print(f"\n### {title}")
            arms = [*options.arms, "close"] if grids is CLOSE else options.arms
            shares, is_same = report(names, arms, options.seeds, options.jobs)
            summary(shares, is_same)
            if options.images and grids is GRIDS:
                picture(names, shares["ours"], options.images)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()

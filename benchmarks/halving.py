"""SuccessiveHalvingCV beside HalvingRandomSearchCV, and beside a random search of the same time.

``OMP_NUM_THREADS=1 python benchmarks/halving.py`` takes some minutes and prints the tables of ``docs/halving.md``.
Schedules are powers of two, so that both halving searches try the same candidates with the same amounts.
"""

import argparse
import time
import warnings

import numpy as np
from scipy.stats import loguniform, randint, uniform
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import HalvingRandomSearchCV, train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from skhpo import RandomSearchCV, SuccessiveHalvingCV


def digits(of):
    X, y = load_digits(return_X_y=True)
    return X, of(y)


DATA = {
    "breast cancer": lambda: load_breast_cancer(return_X_y=True),
    "wine": lambda: load_wine(return_X_y=True),
    "iris": lambda: load_iris(return_X_y=True),
    "diabetes (regression)": lambda: load_diabetes(return_X_y=True),
    "digits, odd": lambda: digits(lambda y: y % 2),
    "digits, above 4": lambda: digits(lambda y: (y > 4).astype(int)),
}
FOREST = {"max_features": uniform(0.05, 0.95), "min_samples_leaf": randint(1, 20), "max_depth": randint(2, 16)}
BOOSTING = {"learning_rate": loguniform(1e-2, 1), "max_depth": randint(1, 6), "min_samples_leaf": randint(1, 20)}
HIST = {"learning_rate": loguniform(1e-2, 1), "max_leaf_nodes": randint(3, 32), "min_samples_leaf": randint(2, 40)}
ESTIMATORS = {
    "RandomForest": (RandomForestClassifier, RandomForestRegressor, "n_estimators", FOREST),
    "GradientBoosting": (GradientBoostingClassifier, GradientBoostingRegressor, "n_estimators", BOOSTING),
    "HistGradientBoosting": (HistGradientBoostingClassifier, HistGradientBoostingRegressor, "max_iter", HIST),
}
NO_CONTINUATION = {
    "AdaBoost": (AdaBoostClassifier, AdaBoostRegressor, "n_estimators", {"learning_rate": loguniform(1e-2, 2)}),
}
ROWS = {
    "LogisticRegression": (LogisticRegression(max_iter=2000), {"C": loguniform(1e-4, 1e2)}),
    "SVC": (SVC(), {"C": loguniform(1e-2, 1e3), "gamma": loguniform(1e-5, 1e-1)}),
    "KNeighbors": (KNeighborsClassifier(), {"n_neighbors": randint(1, 30), "p": randint(1, 3)}),
}


def timed(search, X, y):
    """Seconds of the processor, which others on the machine change less, and of the clock."""
    cpu, wall = time.process_time(), time.perf_counter()
    search.fit(X, y)
    return time.process_time() - cpu, time.perf_counter() - wall


def compare(estimator, space, data, seed, *, n_candidates=16, timeout=True, **schedule):
    """Seconds and held-out scores of theirs, ours, and random search in our time, and how many candidates that had."""
    X, y = data
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=1 / 3, random_state=seed, stratify=y if is_classifier(estimator) else None
    )
    common = {"cv": 3, "random_state": seed, "factor": 2, "n_candidates": n_candidates, **schedule}
    theirs = HalvingRandomSearchCV(clone(estimator), space, return_train_score=False, **common)
    ours = SuccessiveHalvingCV(clone(estimator), space, **common)
    times = [timed(theirs, X_train, y_train), timed(ours, X_train, y_train)]
    searches = [theirs, ours]
    if timeout:
        full = clone(estimator)
        if schedule["resource"] != "n_samples":
            full.set_params(**{schedule["resource"]: schedule["max_resources"]})
        random = RandomSearchCV(full, space, n_iter=10_000, cv=3, random_state=seed, timeout=times[1][1])
        times.append(timed(random, X_train, y_train))
        searches.append(random)
        n_random = len(random.cv_results_["params"])
    else:
        n_random = 0
    return [cpu for cpu, _ in times], [search.score(X_test, y_test) for search in searches], n_random


def iterations(estimators, seeds, *, timeout):
    rows = []
    for name, (classifier, regressor, resource, space) in estimators.items():
        for data_name, load in DATA.items():
            data = load()
            kind = regressor if "regression" in data_name else classifier
            schedule = {"resource": resource, "min_resources": 4, "max_resources": 64}
            found = [compare(kind(random_state=0), space, data, s, timeout=timeout, **schedule) for s in range(seeds)]
            seconds = np.sum([row[0] for row in found], axis=0)
            scores = np.mean([row[1] for row in found], axis=0)
            rows.append((seconds, scores))
            line = f"| {name} | {data_name} | {seconds[0]:.1f} | {seconds[1]:.1f} | {seconds[1] / seconds[0]:.2f} "
            line += " ".join(f"| {score:.4f}" for score in scores)
            print(line + (f" | {np.mean([row[2] for row in found]):.0f} |" if timeout else " |"), flush=True)
    seconds = np.array([row[0] for row in rows])
    scores = np.array([row[1] for row in rows])
    print(f"\nTime, ours / theirs: {seconds[:, 1].sum() / seconds[:, 0].sum():.2f} in all, ", end="")
    print(f"{(seconds[:, 1] / seconds[:, 0]).min():.2f} to {(seconds[:, 1] / seconds[:, 0]).max():.2f}. ", end="")
    print("Held-out score: ", end="")
    names = ["HalvingRandomSearchCV", "RandomSearchCV in the same time"]
    for name, other in zip(names, [0, 2] if timeout else [0], strict=False):
        gain = scores[:, 1] - scores[:, other]
        print(f"better than {name} {(gain > 0).sum()}, equal {(gain == 0).sum()}, worse {(gain < 0).sum()}; ", end="")
    print("\n")


def rows_as_resource(seeds):
    data = load_digits(return_X_y=True)
    for name, (estimator, space) in ROWS.items():
        schedule = {"resource": "n_samples", "min_resources": 299}
        found = [compare(estimator, space, data, s, n_candidates=4, timeout=False, **schedule) for s in range(seeds)]
        seconds = np.sum([row[0] for row in found], axis=0)
        scores = np.mean([row[1] for row in found], axis=0)
        print(f"| {name} | digits | {seconds[0]:.2f} | {seconds[1]:.2f} | {seconds[1] / seconds[0]:.2f} ", end="")
        print(f"| {scores[0]:.4f} | {scores[1]:.4f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2)
    seeds = parser.parse_args().seeds
    warnings.simplefilter("ignore")
    began = time.perf_counter()
    print(
        "| estimator | data | theirs, s | ours, s | ours / theirs | theirs | ours | random, our time | its candidates |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    iterations(ESTIMATORS, seeds, timeout=True)
    print("| estimator | data | theirs, s | ours, s | ours / theirs | theirs | ours |\n|---|---|---|---|---|---|---|")
    iterations(NO_CONTINUATION, seeds, timeout=False)
    print("| estimator | data | theirs, s | ours, s | ours / theirs | theirs | ours |\n|---|---|---|---|---|---|---|")
    rows_as_resource(seeds)
    print(f"\n{time.perf_counter() - began:.0f} seconds")


if __name__ == "__main__":
    main()

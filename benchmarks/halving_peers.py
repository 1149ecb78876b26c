"""SuccessiveHalvingCV, RandomSearchCV and Optuna's Hyperband pruner on the same estimators in the same time.

``OMP_NUM_THREADS=1 python benchmarks/halving_peers.py`` prints a table of ``docs/halving.md``; it takes half an hour.
SuccessiveHalvingCV runs first, with its defaults, 27 candidates and ``resource="auto"``; the others are stopped after
as many seconds of the processor as its search took, which others on the machine change less than those of the clock.
Then each one's best candidate is fitted on all training rows, and scored on a third that was held out. Optuna's
objective is what its users write: the models of three folds grow by ``warm_start``, the mean score is reported on each
rung, and the pruner may end the trial. Its sampler is TPE, its default.
"""

import argparse
import contextlib
import sys
import time
import warnings

import numpy as np
import optuna
from real_data import LARGE
from sklearn.base import clone, is_classifier
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.model_selection import check_cv, train_test_split

from skhpo import Float, Int, RandomSearchCV, SuccessiveHalvingCV

FULL, N_CANDIDATES, FACTOR = 81, 27, 3
AMOUNTS = [3, 9, 27, 81]
HIST = {
    "learning_rate": Float(1e-2, 1, log=True),
    "max_leaf_nodes": Int(3, 128, log=True),
    "min_samples_leaf": Int(2, 200, log=True),
    "l2_regularization": Float(1e-6, 1e2, log=True),
    "max_features": Float(0.1, 1.0),
}
FOREST = {
    "max_features": Float(0.05, 1.0),
    "min_samples_leaf": Int(1, 50, log=True),
    "max_depth": Int(2, 32, log=True),
    "max_samples": Float(0.2, 1.0),
}
ESTIMATORS = {
    "HistGradientBoosting": (HistGradientBoostingClassifier, HistGradientBoostingRegressor, "max_iter", HIST),
    "RandomForest": (RandomForestClassifier, RandomForestRegressor, "n_estimators", FOREST),
}


def suggested(trial, space):
    params = {}
    for name, dimension in space.items():
        suggest = trial.suggest_int if isinstance(dimension, Int) else trial.suggest_float
        params[name] = suggest(name, dimension.low, dimension.high, log=dimension.log)
    return params


class Budget:
    """Seconds of the processor, and a scorer that ends a search when they are over."""

    def __init__(self, seconds=np.inf):
        self.seconds = seconds
        self.began = time.process_time()

    @property
    def spent(self):
        return time.process_time() - self.began

    def score(self, estimator, X, y):
        if self.spent > self.seconds:
            raise KeyboardInterrupt
        return estimator.score(X, y)


def by_halving(estimator, resource, space, data, seed):
    full = clone(estimator).set_params(**{resource: FULL})
    search = SuccessiveHalvingCV(
        full, space, n_candidates=N_CANDIDATES, resource="auto", cv=3, random_state=seed, refit=False
    )
    budget = Budget()
    search.fit(*data)
    return search.best_params_, budget.spent


def by_random(estimator, resource, space, data, *, seed, seconds):
    """Best candidate, and how many were tried."""
    full = clone(estimator).set_params(**{resource: FULL})
    scoring = Budget(seconds).score
    search = RandomSearchCV(full, space, n_iter=10_000, cv=3, random_state=seed, refit=False, scoring=scoring)
    with contextlib.suppress(KeyboardInterrupt):
        search.fit(*data)
    return search.best_params_, len(search.cv_results_["params"])


def by_optuna(estimator, resource, space, data, *, seed, seconds):
    """Best candidate, and how many were tried, some of them on all of the resource."""
    X, y = data
    splits = list(check_cv(3, y, classifier=is_classifier(estimator)).split(X, y))
    budget = Budget(seconds)

    def objective(trial):
        params = suggested(trial, space)
        models = [clone(estimator).set_params(warm_start=True, **params) for _ in splits]
        for amount in AMOUNTS:
            scores = [
                model.set_params(**{resource: amount}).fit(X[train], y[train]).score(X[test], y[test])
                for model, (train, test) in zip(models, splits, strict=True)
            ]
            if budget.spent > seconds:
                trial.study.stop()
                raise optuna.TrialPruned
            trial.report(np.mean(scores), amount)
            if amount < FULL and trial.should_prune():
                raise optuna.TrialPruned
        return np.mean(scores)

    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=seed),
        pruner=optuna.pruners.HyperbandPruner(min_resource=AMOUNTS[0], max_resource=FULL, reduction_factor=FACTOR),
    )
    study.optimize(objective)
    complete = sum(trial.state == optuna.trial.TrialState.COMPLETE for trial in study.trials)
    return study.best_params, len(study.trials), complete


def compare(estimator, resource, space, data, seed):
    X, y = data
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=1 / 3, random_state=seed, stratify=y if is_classifier(estimator) else None
    )
    train = X_train, y_train
    best, seconds = by_halving(estimator, resource, space, train, seed)
    random_best, n_random = by_random(estimator, resource, space, train, seed=seed, seconds=seconds)
    optuna_best, n_trials, n_complete = by_optuna(estimator, resource, space, train, seed=seed, seconds=seconds)
    scores = [
        clone(estimator).set_params(**{**params, resource: FULL}).fit(*train).score(X_test, y_test)
        for params in (best, random_best, optuna_best)
    ]
    return scores, [seconds, n_random, n_trials, n_complete]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--estimators", nargs="+", default=list(ESTIMATORS))
    parser.add_argument("--data", nargs="+", default=[name for name in LARGE if name != "digits"])
    chosen = parser.parse_args()
    seeds = chosen.seeds
    warnings.simplefilter("ignore")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    began = time.perf_counter()
    print(
        "| estimator | data | rows | seconds | halving | random | Optuna | candidates: random | Optuna, complete "
        "| halving is better than random, Optuna, of "
        f"{seeds} |\n|---|---|---|---|---|---|---|---|---|---|"
    )
    rows = []
    for name in chosen.estimators:
        classifier, regressor, resource, space = ESTIMATORS[name]
        for data_name in chosen.data:
            data = LARGE[data_name]()
            estimator = (regressor if "regression" in data_name else classifier)(random_state=0)
            found = [compare(estimator, resource, space, data, seed) for seed in range(seeds)]
            scores, counts = np.array([row[0] for row in found]), np.mean([row[1] for row in found], axis=0)
            mean = scores.mean(axis=0)
            wins = (scores[:, :1] > scores[:, 1:]).sum(axis=0)
            rows.append(scores)
            print(
                f"| {name} | {data_name} | {len(data[1])} | {counts[0]:.1f} | {mean[0]:.4f} | {mean[1]:.4f} "
                f"| {mean[2]:.4f} | {counts[1]:.0f} | {counts[2]:.0f}, {counts[3]:.0f} | {wins[0]}, {wins[1]} |",
                flush=True,
            )
    means = np.array([scores.mean(axis=0) for scores in rows])
    for column, other in ((1, "RandomSearchCV"), (2, "Optuna's Hyperband pruner")):
        gain, each = means[:, 0] - means[:, column], np.concatenate(rows)
        pairs = each[:, 0] - each[:, column]
        print(
            f"\nAgainst {other}, means over seeds: better {(gain > 0).sum()}, equal {(gain == 0).sum()}, worse "
            f"{(gain < 0).sum()}; single searches: better {(pairs > 0).sum()}, equal {(pairs == 0).sum()}, worse "
            f"{(pairs < 0).sum()}; mean gain {gain.mean():+.4f}."
        )
    print(f"\n{time.perf_counter() - began:.0f} seconds; optuna {optuna.__version__}, Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main()

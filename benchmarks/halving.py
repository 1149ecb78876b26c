"""SuccessiveHalvingCV beside HalvingRandomSearchCV: the same candidates with the same amounts.

``OMP_NUM_THREADS=1 python benchmarks/halving.py iterations --racing`` prints the tables of ``docs/halving.md`` about
time where iterations are the resource, ``starting-over`` the one where fits cannot go on, ``rows`` the one where rows
are it (with ``--same-fits`` a rung is ranked by what its candidates' parameters alone say, so that both promote the
same), and ``busy`` how busy two workers are. Theirs is run twice: with training scores, which are its default, and
without, as ours is by default; ``--racing`` adds ours with ``racing=True``. Seconds are those of the processor, of all
processes together, which others on the machine change less than those of the clock; ``busy`` counts fits that sleep, by
the clock.
"""

import argparse
import hashlib
import os
import time
import warnings
from pathlib import Path

import numpy as np
from real_data import LARGE, SMALL
from scipy.stats import loguniform, randint, uniform
from sklearn.base import BaseEstimator, ClassifierMixin, clone, is_classifier
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

from skhpo import Float, SuccessiveHalvingCV

FOREST = {"max_features": uniform(0.05, 0.95), "min_samples_leaf": randint(1, 20), "max_depth": randint(2, 16)}
BOOSTING = {"learning_rate": loguniform(1e-2, 1), "max_depth": randint(1, 6), "min_samples_leaf": randint(1, 20)}
HIST = {"learning_rate": loguniform(1e-2, 1), "max_leaf_nodes": randint(3, 32), "min_samples_leaf": randint(2, 40)}
GOING_ON = {
    "RandomForest": (RandomForestClassifier, RandomForestRegressor, "n_estimators", FOREST),
    "GradientBoosting": (GradientBoostingClassifier, GradientBoostingRegressor, "n_estimators", BOOSTING),
    "HistGradientBoosting": (HistGradientBoostingClassifier, HistGradientBoostingRegressor, "max_iter", HIST),
}
STARTING_OVER = {
    "AdaBoost": (AdaBoostClassifier, AdaBoostRegressor, "n_estimators", {"learning_rate": loguniform(1e-2, 2)}),
}
# Amounts that are the same whether one computes them up, as scikit-learn does, or down.
SCHEDULES = {
    "defaults": {"factor": 3, "min_resources": 1, "max_resources": 81, "n_candidates": 81, "cv": 5},
    "factor 3": {"factor": 3, "min_resources": 3, "max_resources": 81, "n_candidates": 27, "cv": 3},
    "factor 2": {"factor": 2, "min_resources": 4, "max_resources": 64, "n_candidates": 16, "cv": 3},
    "factor 1.5": {"factor": 1.5, "min_resources": 16, "max_resources": 81, "n_candidates": 7, "cv": 3},
    "factor 1.5, six rungs": {"factor": 1.5, "min_resources": 32, "max_resources": 243, "n_candidates": 12, "cv": 3},
}
# Both divide the one amount by the other, rounded down, to see how many rungs there may be; here for five and six.
ROOM = {
    "factor 1.5": ({"max_resources": 96}, {"min_resources": 13}),
    "factor 1.5, six rungs": ({"max_resources": 257}, {"min_resources": 30}),
}
# Three rungs each, of which the first has a ninth or a quarter of the rows.
ROW_SCHEDULES = {
    "factor 3, 5 folds": {"factor": 3, "n_candidates": 9, "cv": 5},
    "factor 2, 3 folds": {"factor": 2, "n_candidates": 4, "cv": 3},
}
ROWS = {
    "LogisticRegression": (LogisticRegression(max_iter=2000), {"C": loguniform(1e-4, 1e2)}),
    "SVC": (SVC(), {"C": loguniform(1e-2, 1e3), "gamma": loguniform(1e-5, 1e-1)}),
    "KNeighbors": (KNeighborsClassifier(), {"n_neighbors": randint(1, 30), "p": randint(1, 3)}),
    "RandomForest": (RandomForestClassifier(50, random_state=0), FOREST),
}


def cpu_seconds():
    """Seconds of the processor that this process and those it has started have had."""
    tick, total, ours = os.sysconf("SC_CLK_TCK"), time.process_time(), {os.getpid()}
    stats = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        stats.append((int(path.parent.name), int(fields[1]), (int(fields[11]) + int(fields[12])) / tick))
    for pid, parent, seconds in sorted(stats):
        if parent in ours and pid not in ours:
            ours.add(pid)
            total += seconds
    return total


def timed(search, X, y):
    """Seconds of the processor and of the clock."""
    cpu, wall = cpu_seconds(), time.perf_counter()
    search.fit(X, y)
    return cpu_seconds() - cpu, time.perf_counter() - wall


def compare(estimator, space, data, seed, *, racing, room=({}, {}), **common):
    """Seconds and held-out scores of theirs, with training scores and without, and ours, in an order that rotates."""
    X, y = data
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=1 / 3, random_state=seed, stratify=y if is_classifier(estimator) else None
    )
    common = {"random_state": seed, **common}
    searches = [
        HalvingRandomSearchCV(clone(estimator), space, **(common | room[0])),
        HalvingRandomSearchCV(clone(estimator), space, return_train_score=False, **(common | room[0])),
        SuccessiveHalvingCV(clone(estimator), space, **(common | room[1])),
    ]
    if racing:
        searches.append(SuccessiveHalvingCV(clone(estimator), space, racing=True, **(common | room[1])))
    times = [None] * len(searches)
    for which in np.roll(np.arange(len(searches)), seed):
        times[which] = timed(searches[which], X_train, y_train)
    schedules = [(search.n_resources_, search.n_candidates_) for search in searches]
    if common["resource"] != "n_samples" and any(each != schedules[0] for each in schedules):
        raise ValueError(f"The schedules differ: {schedules}")  # of rows, theirs ends below the full amount
    return times, [search.score(X_test, y_test) for search in searches], [iterations_of(search) for search in searches]


def iterations_of(search):
    """Iterations of all fits together: those of a promoted candidate are what comes on top if it can go on."""
    results = search.cv_results_
    if not isinstance(search, SuccessiveHalvingCV):
        return (results["n_resources"] * search.n_splits_).sum()
    amounts = np.array([0, *search.n_resources_])
    return (np.diff(amounts)[results["iter"]] * results.get("n_splits_run", search.n_splits_)).sum()


def head(racing):
    """The columns: seconds, held-out scores, and ours over theirs with equal training scores, and with its default."""
    raced = " racing, s | racing / theirs | / theirs, default |" if racing else ""
    print(
        "| estimator | data | theirs, default, s | theirs, s | ours, s | ours / theirs | / theirs, default "
        f"|{raced} held-out scores: theirs, ours{', racing' if racing else ''} |\n|" + "---|" * (8 + 3 * racing)
    )


def show(name, data_name, found):
    times, scores = np.sum([row[0] for row in found], axis=0), np.mean([row[1] for row in found], axis=0)
    cpu = times[:, 0]
    raced = f" {cpu[3]:.1f} | **{cpu[3] / cpu[1]:.2f}** | {cpu[3] / cpu[0]:.2f} |" if len(cpu) > 3 else ""
    print(
        f"| {name} | {data_name} | {cpu[0]:.1f} | {cpu[1]:.1f} | {cpu[2]:.1f} | **{cpu[2] / cpu[1]:.2f}** "
        f"| {cpu[2] / cpu[0]:.2f} |{raced} {', '.join(f'{score:.4f}' for score in scores[1:])} |",
        flush=True,
    )
    return times, scores, np.sum([row[2] for row in found], axis=0)


def sum_up(rows):
    times, scores = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    fitted = np.sum([row[2] for row in rows], axis=0)
    print()
    for ours in range(2, times.shape[1]):
        name = "Ours" if ours == 2 else "With racing"
        for theirs, what in ((1, "theirs without training scores"), (0, "theirs with them, the default")):
            ratios = times[:, ours, 0] / times[:, theirs, 0]
            cpu, wall = times[:, ours].sum(axis=0) / times[:, theirs].sum(axis=0)
            print(
                f"{name} / {what}: {cpu:.2f} in all, median {np.median(ratios):.2f}, {ratios.min():.2f} to "
                f"{ratios.max():.2f}, at most half in {(ratios <= 0.5).sum()}, above 1.05 in {(ratios > 1.05).sum()} "
                f"of {len(rows)}; by the clock {wall:.2f}."
            )
        gains = scores[:, ours] - scores[:, 1]
        print(
            f"Iterations if fits go on: {fitted[ours] / fitted[1]:.2f}. Held-out score: better {(gains > 0).sum()}, "
            f"equal {(gains == 0).sum()}, worse {(gains < 0).sum()}, mean difference {gains.mean():+.4f}.\n",
            flush=True,
        )


def iterations(estimators, schedule, chosen):
    rows = []
    print(f"{schedule}, {chosen.n_jobs} worker(s), seeds {chosen.first_seed} + {chosen.seeds}\n")
    head(chosen.racing)
    for name, (classifier, regressor, resource, space) in estimators.items():
        for data_name, load in SMALL.items():
            estimator = (regressor if "regression" in data_name else classifier)(random_state=0)
            more = {"resource": resource, "n_jobs": chosen.n_jobs, "racing": chosen.racing, **SCHEDULES[schedule]}
            more["room"] = ROOM.get(schedule, ({}, {}))
            rows.append(show(name, data_name, [compare(estimator, space, load(), seed, **more) for seed in of(chosen)]))
    sum_up(rows)


def by_parameters(estimator, X, y):
    """A number that follows from the parameters, after the scoring that would be done otherwise."""
    estimator.score(X, y)
    known = repr(sorted(estimator.get_params().items())).encode()
    return int(hashlib.md5(known, usedforsecurity=False).hexdigest()[:12], 16) / 16**12


def rows_as_resource(schedule, chosen):
    rows = []
    print(f"rows, {schedule}{', the same fits' if chosen.same_fits else ''}\n")
    head(chosen.racing)
    for name, (estimator, space) in ROWS.items():
        for data_name in ("digits", "diamonds, cut", "doctor visits"):
            data = LARGE[data_name]()
            rungs = ROW_SCHEDULES[schedule]
            least = len(data[1]) * 2 // 3 // rungs["factor"] ** 2
            more = {"resource": "n_samples", "min_resources": least, "racing": chosen.racing, **rungs}
            if chosen.same_fits:
                more["scoring"] = by_parameters
            rows.append(show(name, data_name, [compare(estimator, space, data, seed, **more) for seed in of(chosen)]))
    sum_up(rows)


def of(chosen):
    """The seeds."""
    return range(chosen.first_seed, chosen.first_seed + chosen.seeds)


class Sleeping(ClassifierMixin, BaseEstimator):
    """Takes time in proportion to its iterations, and other times for other parameters."""

    def __init__(self, n_steps=81, a=0.5, seconds=1.0):
        self.n_steps = n_steps
        self.a = a
        self.seconds = seconds

    def fit(self, X, y):
        pace = np.random.default_rng(int(self.a * 1e9)).uniform(0.5, 2)
        time.sleep(self.seconds * pace * self.n_steps / 81)
        self.classes_ = np.unique(y)
        return self

    def score(self, X, y):
        noise = np.random.default_rng(int(self.a * 1e9) + self.n_steps).normal()
        return self.a + 0.1 * noise * (1 - self.n_steps / 81)


def busy(seeds, seconds):
    X, y = np.zeros((60, 1)), np.arange(60) % 2
    warm = SuccessiveHalvingCV(Sleeping(seconds=0.01), {"a": Float(0, 1)}, resource="n_steps", n_jobs=2, n_candidates=9)
    warm.set_params(refit=False).fit(X, y)
    print("| splits | promotion | look-back | seconds | fits | busy, median | lowest |\n|---|---|---|---|---|---|---|")
    for cv in (5, 3):
        for more in ({}, {"asynchronous": True}, {"asynchronous": True, "look_back": 2}):
            found = []
            for seed in range(seeds):
                search = SuccessiveHalvingCV(
                    Sleeping(seconds=seconds), {"a": Float(0, 1)}, n_candidates=81, resource="n_steps", min_resources=1,
                    cv=cv, n_jobs=2, random_state=seed, refit=False, **more,
                ).fit(X, y)  # fmt: skip
                fits = cv * (search.cv_results_["mean_fit_time"] + search.cv_results_["mean_score_time"]).sum()
                found.append(
                    (search.stats()["search_time"], fits / 2 / search.stats()["search_time"], search.stats()["n_fits"])
                )
            wall, share, n_fits = np.array(found).T
            kind = "asynchronous" if more else "rung by rung"
            print(
                f"| {cv} | {kind} | {more.get('look_back', 'default')} | {np.median(wall):.1f} "
                f"| {np.median(n_fits):.0f} | {100 * np.median(share):.1f} % | {100 * share.min():.1f} % |",
                flush=True,
            )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["iterations", "starting-over", "rows", "busy"])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--schedules", nargs="+", help="iterations, rows: all by default")
    parser.add_argument("--racing", action="store_true", help="also ours with racing=True")
    parser.add_argument("--same-fits", action="store_true", help="rows: both promote the same candidates")
    parser.add_argument("--n-jobs", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=2.0, help="busy: how long a full fit sleeps on average")
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    if chosen.what == "busy":
        busy(chosen.seeds, chosen.seconds)
    elif chosen.what == "starting-over":
        iterations(STARTING_OVER, "factor 2", chosen)
    elif chosen.what == "rows":
        for schedule in chosen.schedules or ROW_SCHEDULES:
            rows_as_resource(schedule, chosen)
    else:
        for schedule in chosen.schedules or SCHEDULES:
            iterations(GOING_ON, schedule, chosen)


if __name__ == "__main__":
    main()

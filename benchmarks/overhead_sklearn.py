"""What a search costs beside its fits: ours against scikit-learn's, on fits that cost nothing.

``python benchmarks/overhead_sklearn.py`` prints two tables in Markdown. A repeat runs both searches back to back, in
turns first, so that what slows the machine down slows both; the ratio is of medians. The second table shows that the
time per candidate does not grow with their number.
"""

import argparse
import gc
import os
import platform
import sys
import time

import numpy as np
import scipy.stats
import sklearn
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from threadpoolctl import threadpool_limits

import skhpo

rng = np.random.default_rng(0)
X, y = rng.normal(size=(100, 4)), np.arange(100) % 2
N_SPLITS = 5


def grid(search_class, n_candidates, n_jobs):
    """All of a grid; the values differ, so that there is nothing to be saved."""
    space = {"random_state": list(range(n_candidates))}
    return search_class(DummyClassifier(strategy="uniform"), space, cv=N_SPLITS, n_jobs=n_jobs)


def random(search_class, n_candidates, n_jobs):
    space = {"random_state": list(range(n_candidates)), "constant": scipy.stats.randint(0, 2)}
    return search_class(
        DummyClassifier(strategy="uniform"), space, n_iter=n_candidates, cv=N_SPLITS, n_jobs=n_jobs, random_state=0
    )


SEARCHES = {
    "grid": (grid, skhpo.GridSearchCV, GridSearchCV),
    "random": (random, skhpo.RandomSearchCV, RandomizedSearchCV),
}


def seconds(search):
    gc.collect()
    start = time.perf_counter()
    search.fit(X, y)
    return time.perf_counter() - start


def pairs(make, ours, theirs, n_repeats):
    """Seconds of both, shape (n_repeats, 2), after one run of each that is thrown away: it starts the workers."""
    found = []
    for repeat in range(-1, n_repeats):
        order = [(0, ours), (1, theirs)]
        times = [0.0, 0.0]
        for place, search_class in order if repeat % 2 else reversed(order):
            times[place] = seconds(make(search_class))
        if repeat >= 0:
            found.append(times)
    return np.array(found)


def compare(n_repeats):
    print(
        "| search | candidates x folds | n_jobs | skhpo, s | scikit-learn, s | ratio of medians | ratios of the pairs |"
    )
    print("|---|---|---|---|---|---|---|")
    for name, (make, ours, theirs) in SEARCHES.items():
        for n_jobs in (1, 2):
            times = pairs(lambda c, make=make, n=n_jobs: make(c, 200, n), ours, theirs, n_repeats)
            one, other = np.median(times, axis=0)
            low, high = np.percentile(times[:, 0] / times[:, 1], [25, 75])
            print(
                f"| {name} | 200 x {N_SPLITS} | {n_jobs} | {one:.3f} | {other:.3f} | {one / other:.2f} "
                f"| {low:.2f} to {high:.2f} |",
                flush=True,
            )


def grow(sizes, n_repeats):
    print(f"| search | n_jobs | {' | '.join(f'{size} candidates, ms each' for size in sizes)} | last / first |")
    print(f"|---|---|{'---|' * len(sizes)}---|")
    for name, (make, ours, theirs) in SEARCHES.items():
        for who, search_class, n_jobs in (
            ("skhpo", ours, 1),
            ("skhpo", ours, 2),
            ("scikit-learn", theirs, 1),
            ("scikit-learn", theirs, 2),
        ):
            # scikit-learn 1.9 sends the whole tree of tasks with each task, which takes minutes for thousands of them.
            fair = [size for size in sizes if who == "skhpo" or n_jobs == 1 or size <= 1000]
            seconds(make(search_class, sizes[0], n_jobs))
            each = [
                1000 * np.median([seconds(make(search_class, size, n_jobs)) for _ in range(n_repeats)]) / size
                for size in fair
            ]
            cells = [f"{milliseconds:.2f}" for milliseconds in each] + ["-"] * (len(sizes) - len(fair))
            print(f"| {who}, {name} | {n_jobs} | {' | '.join(cells)} | {each[-1] / each[0]:.2f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=9, help="pairs of runs for the ratio (at least 7)")
    parser.add_argument("--sizes", type=int, nargs="+", default=[200, 1000, 5000], help="numbers of candidates")
    parser.add_argument("--size-repeats", type=int, default=3, help="runs of each number of candidates")
    options = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"  # for the workers, which are not yet started
    threadpool_limits(1)  # for this process, which has read the variables already
    print(
        f"skhpo {skhpo.__version__}, scikit-learn {sklearn.__version__}, Python {platform.python_version()}, "
        f"{os.cpu_count()} cores, {sys.platform}, one BLAS thread\n"
    )
    compare(max(options.repeats, 7))
    print()
    grow(options.sizes, options.size_repeats)


if __name__ == "__main__":
    main()

"""Milliseconds per fit of searches whose fits do nothing, from 1,000 to 32,000 fits: ours and scikit-learn's.

A grid of one parameter, 5 splits of 100 rows, and an estimator that only remembers. What is measured is the search:
its bookkeeping, the rows that it takes, and what it sends to workers, which are started before. Runs of one size are
made in turn; up to 4,000 fits a cell is the median of several. Ratios are what to read: others may use the machine,
and then all are slower.

scikit-learn 1.9 sends with each fit a note on every other fit of the search, so with two workers it is run up to 4,000
fits only. For a column of another version: an environment with that version, whose Python is given by ``--other``.

Run: ``python benchmarks/scale.py [--other PYTHON]``
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import numpy as np
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import GridSearchCV as TheirGrid

N_SPLITS = 5
X, Y = np.random.default_rng(0).normal(size=(100, 4)), np.arange(100) % 2
THEIRS, OURS, CHECKPOINT, CALLBACK = "scikit-learn", "skhpo", "skhpo, checkpoint", "skhpo, callback"
_MOST_OF_1_9 = _MOST_REPEATED = 4_000


class Nothing(ClassifierMixin, BaseEstimator):
    """Fits nothing."""

    def __init__(self, a=0):
        self.a = a

    def fit(self, X, y):
        self.classes_ = np.array([0, 1])
        return self

    def predict(self, X):
        return np.zeros(len(X), dtype=int)

    def score(self, X, y):
        return 0.5


class Silent:
    """A callback of scikit-learn that does nothing."""

    def setup(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context, *, X=None, y=None, metadata=None):
        pass

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, metadata=None):
        return False

    def teardown(self, estimator, context):
        pass


def seconds(kind, n_fits, n_jobs):
    """Return how long a search takes."""
    kinds = {"cv": N_SPLITS, "n_jobs": n_jobs, "refit": False}
    space = {"a": list(range(n_fits // N_SPLITS))}
    with tempfile.TemporaryDirectory() as folder:
        if kind == THEIRS:
            search = TheirGrid(Nothing(), space, **kinds)
        else:
            from skhpo import GridSearchCV

            checkpoint = str(Path(folder) / "search.db") if kind == CHECKPOINT else None
            search = GridSearchCV(Nothing(), space, checkpoint=checkpoint, **kinds)
            if kind == CALLBACK:
                search.set_callbacks(Silent())
        start = time.perf_counter()
        search.fit(X, Y)
        return time.perf_counter() - start


def serve():
    """Answer requests ``kind;n_fits;n_jobs``, a line each, with seconds."""
    print(sklearn.__version__, flush=True)
    for line in sys.stdin:
        kind, n_fits, n_jobs = line.strip().split(";")
        print(seconds(kind, int(n_fits), int(n_jobs)), flush=True)


class Side:
    """A process that measures, with workers of its own that stay."""

    def __init__(self, python):
        # Imported by name, so that workers can unpickle the estimator.
        code = "import sys; sys.path.append(sys.argv[1]); import scale; scale.serve()"
        self.process = subprocess.Popen(  # noqa: S603
            [python, "-W", "ignore", "-c", code, str(Path(__file__).parent)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.version = self.process.stdout.readline().strip()

    def seconds(self, kind, n_fits, n_jobs):
        print(kind, n_fits, n_jobs, sep=";", file=self.process.stdin, flush=True)
        return float(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def columns(here, other):
    """Return what is measured: title, side and kind."""
    found = [(f"{OURS} on {here.version}", here, OURS)]
    if other is not None:
        found.append((f"{THEIRS} {other.version}", other, THEIRS))
    found += [(f"{THEIRS} {here.version}", here, THEIRS), (CHECKPOINT, here, CHECKPOINT)]
    if hasattr(TheirGrid, "set_callbacks"):  # since scikit-learn 1.9
        found.append((CALLBACK, here, CALLBACK))
    return found


def is_run(side, kind, n_fits, n_jobs):
    is_square = kind == THEIRS and hasattr(TheirGrid, "set_callbacks") and side.version == sklearn.__version__
    return not (is_square and n_jobs > 1 and n_fits > _MOST_OF_1_9)


def cell(times, base, n_fits):
    """Milliseconds per fit, and the ratio to the first column."""
    if not times:
        return "-"
    median = float(np.median(times))
    return f"{1e3 * median / n_fits:.3f}" + ("" if times is base else f" ({np.median(base) / median:.2f})")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fits", type=int, nargs="+", default=[1_000, 2_000, 4_000, 8_000, 16_000, 32_000])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--other", help="Python of an environment with another scikit-learn")
    args = parser.parse_args()
    here, other = Side(sys.executable), Side(args.other) if args.other else None
    measured = columns(here, other)
    for n_jobs in args.workers:
        print(f"\n### Milliseconds per fit, {n_jobs} worker{'s' * (n_jobs > 1)}; in brackets ours / theirs\n")
        print("| fits | " + " | ".join(title for title, _, _ in measured) + " |")
        print("|---|" + "---|" * len(measured), flush=True)
        for _, side, kind in measured:
            side.seconds(kind, 10 * N_SPLITS, n_jobs)  # starts the workers
        for n_fits in args.fits:
            times = {title: [] for title, _, _ in measured}
            for _ in range(args.repeats if n_fits <= _MOST_REPEATED else 1):
                for title, side, kind in measured:
                    if is_run(side, kind, n_fits, n_jobs):
                        times[title].append(side.seconds(kind, n_fits, n_jobs))
            base = times[measured[0][0]]
            print(
                f"| {n_fits:,} | " + " | ".join(cell(each, base, n_fits) for each in times.values()) + " |", flush=True
            )
    for side in filter(None, (here, other)):
        side.close()


if __name__ == "__main__":
    main()

"""Milliseconds of deciding per fit, by the number of candidates; and per suggestion of a Bayesian search.

Fits are empty, so that a search does little but decide what to fit next; ``stats()["suggest_time"]`` is divided by the
fits, or for the Bayesian search by the candidates. Scores differ between candidates (standard deviation 1), between
splits (1), and by chance (0.5 on the least of the resource, less on more of it). What grows with the candidates costs
the square of them in all, so the rows are to be read from left to right.

Run: ``python benchmarks/deciding.py``
"""

import argparse
import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import numpy as np
from scipy.stats import loguniform, uniform
from sklearn.base import BaseEstimator
from sklearn.model_selection import KFold

from skhpo import BayesSearchCV, Float, RandomSearchCV, SuccessiveHalvingCV

N_SPLITS = 5
X = np.arange(float(N_SPLITS))[:, None]


def chance(*values):
    """About a normal deviate that follows from some numbers."""
    u = np.modf(np.sin(np.outer(np.arange(1.0, 5.0), np.dot(values, [12.9898, 78.233, 37.719]))) * 43758.5453)[0]
    return float(np.abs(u).sum() - 2) * np.sqrt(3)


class Empty(BaseEstimator):
    """An estimator whose fit does nothing, and whose score follows from its parameters and the split."""

    def __init__(self, x=0.5, C=1.0, gamma=1.0, steps=1):
        self.x, self.C, self.gamma, self.steps = x, C, gamma, steps

    def fit(self, X, y=None):
        return self

    def score(self, X, y=None):
        split = float(X[0, 0])
        level = np.log(self.steps) / np.log(3) + 1
        smooth = -((np.log10(self.C) - 1) ** 2) - (np.log10(self.gamma) + 2) ** 2 / 2 - 4 * (self.x - 0.3) ** 2
        good = chance(self.x, 0.0, 0.0) if self.C == self.gamma == 1.0 else smooth
        return good + chance(0.0, split, 0.0) + 0.5 / level * chance(self.x, split, level)


def halving(n, **more):
    n_levels = 1 + int(np.log(n) / np.log(3) + 1e-9)
    return SuccessiveHalvingCV(
        Empty(), {"x": uniform(0, 1)}, n_candidates=n, resource="steps", min_resources=1,
        max_resources=3 ** (n_levels - 1), cv=KFold(N_SPLITS), refit=False, random_state=0, sampler="random", **more,
    )  # fmt: skip


def random(n, **more):
    return RandomSearchCV(
        Empty(), {"x": uniform(0, 1)}, n_iter=n, cv=KFold(N_SPLITS), refit=False, random_state=0, **more
    )


def bayes(n):
    space = {"x": Float(0, 1), "C": loguniform(1e-3, 1e3), "gamma": loguniform(1e-5, 1e1)}
    return BayesSearchCV(Empty(), space, n_iter=n, cv=KFold(N_SPLITS), refit=False, random_state=0)


SEARCHES = {
    "synchronous halving": halving,
    "asynchronous halving": lambda n: halving(n, asynchronous=True),
    "racing halving": lambda n: halving(n, racing=True),
    "`RandomSearchCV(racing=True)`": lambda n: random(n, racing=True),
}


def stats(search):
    return search.fit(X).stats()


def table(title, counts, rows):
    """Print a table as soon as each of its rows is known."""
    print(f"\n### {title}\n")
    print("| | " + " | ".join(f"{n:,}" for n in counts) + " |")
    print("|---|" + "---|" * len(counts))
    for name, cells in rows:
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def per_fit(make, n, repeats):
    """Milliseconds of deciding per fit, the least of some runs, and the number of fits."""
    found = [stats(make(n)) for _ in range(repeats)]
    return 1e3 * min(each["suggest_time"] for each in found) / found[0]["n_fits"], found[0]["n_fits"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--candidates", type=int, nargs="*", default=[100, 300, 1_000, 2_000, 5_000, 10_000])
    parser.add_argument("--trials", type=int, nargs="*", default=[100, 300, 600])
    parser.add_argument("--repeats", type=int, default=1, help="runs of each, of which the quickest counts")
    parser.add_argument("--searches", nargs="*", default=list(SEARCHES))
    args = parser.parse_args()

    def rows():
        for name in args.searches:
            found = [per_fit(SEARCHES[name], n, args.repeats) for n in args.candidates]
            yield name, [f"{ms:.3f} ({n_fits:,} fits)" for ms, n_fits in found]

    def rows_of_bayes():
        found = [min(stats(bayes(n))["suggest_time"] for _ in range(args.repeats)) / n for n in args.trials]
        yield "`BayesSearchCV`, 3 parameters", [f"{1e3 * each:.2f}" for each in found]

    if args.candidates:
        table("Milliseconds of deciding per fit, by the number of candidates", args.candidates, rows())
    if args.trials:
        table("Milliseconds per suggestion, the mean over a search of so many trials", args.trials, rows_of_bayes())


if __name__ == "__main__":
    main()

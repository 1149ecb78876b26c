"""What a Bayesian search pays for a look-back, and how busy it keeps the workers.

``busy``
    Searches in simulated time: 100 candidates whose fits last differently (log-normal, standard deviation of the
    logarithm 1 between candidates, 0.1 between splits), five seeds. The share of the workers' time that is spent in
    fits, by the look-back in fits.
``regret``
    Searches of 50 candidates on tables of real scores, which stand here as grids of cheap estimators with five folds in
    two orders: how far the best so far is from the best of the table after 10, 25 and 50 candidates, as a share of the
    distance from the best to the median, and the paired difference to a look-back of 1 with its standard error.

Run: ``python benchmarks/look_back.py [--seeds N]``
"""

import argparse
import heapq
import itertools
import os
import warnings

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.linear_model import ElasticNet
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skhpo.executors.serial import SerialExecutor
from skhpo.history import History, Outcome, Task
from skhpo.journals.memory import MemoryJournal
from skhpo.loop import run_search
from skhpo.samplers.base import Sampler
from skhpo.samplers.bayes import BayesSampler
from skhpo.schedulers.fixed import FixedScheduler
from skhpo.space import Space

N_SPLITS = 5
N_CANDIDATES = 50
SHOWN = (10, 25, 50)


def logs(low, high, n):
    return [float(value) for value in np.geomspace(low, high, n)]


def scaled(estimator):
    return make_pipeline(StandardScaler(), estimator)


TREE = {"max_depth": [1, 2, 3, 4, 5, 6, 8, 12, 20], "min_samples_leaf": [1, 2, 4, 8, 16, 30, 60]}
TABLES = {
    "tree, diabetes": (
        load_diabetes,
        DecisionTreeRegressor(random_state=0),
        {**TREE, "ccp_alpha": [0.0, *logs(1, 300, 5)]},
    ),
    "tree, breast cancer": (
        load_breast_cancer,
        DecisionTreeClassifier(random_state=0),
        {**TREE, "ccp_alpha": [0.0, *logs(1e-4, 0.1, 5)]},
    ),
    "SVR, diabetes": (load_diabetes, scaled(SVR()), {"svr__C": logs(1e-3, 1e3, 13), "svr__gamma": logs(1e-5, 10, 13)}),
    "SVM, wine": (load_wine, scaled(SVC()), {"svc__C": logs(1e-3, 1e3, 13), "svc__gamma": logs(1e-5, 10, 13)}),
    "k-NN, diabetes": (
        load_diabetes,
        scaled(KNeighborsRegressor()),
        {
            "kneighborsregressor__n_neighbors": list(range(1, 61, 3)),
            "kneighborsregressor__p": [1.0, 1.5, 2.0, 3.0],
            "kneighborsregressor__weights": ["uniform", "distance"],
        },
    ),
    "elastic net, diabetes": (
        load_diabetes,
        scaled(ElasticNet()),
        {"elasticnet__alpha": logs(1e-4, 100, 25), "elasticnet__l1_ratio": [0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0]},
    ),
}


def table(name, seed):
    """Space, all its candidates, and their scores of shape (n, N_SPLITS)."""
    load, estimator, values = TABLES[name]
    rows = [dict(zip(values, row, strict=True)) for row in itertools.product(*values.values())]
    cv = (StratifiedKFold if is_classifier(estimator) else KFold)(N_SPLITS, shuffle=True, random_state=seed)
    X, y = load(return_X_y=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scores = np.array([cross_val_score(clone(estimator).set_params(**row), X, y, cv=cv) for row in rows])
    return Space(values), rows, scores


def regret(space, rows, scores, look_back, seed):
    """Distance of the best so far from the best, after each candidate."""
    place = {space.key(row): i for i, row in enumerate(rows)}
    history = History(N_SPLITS)

    def run(task):
        row = place[space.key(task.trial.params)]
        return Outcome(task.trial.number, task.split, float(scores[row, task.split]))

    with SerialExecutor(run) as executor:
        run_search(
            BayesSampler(space, seed), FixedScheduler(N_CANDIDATES), executor, MemoryJournal(), history,
            make_task=Task, identity=lambda trial: trial.number, look_back=look_back,
        )  # fmt: skip
    means = scores.mean(axis=1)
    found = np.maximum.accumulate([history.score(number) for number in range(N_CANDIDATES)])
    return (means.max() - found) / (means.max() - np.median(means))


class Blind(Sampler):
    """Learns from scores, and proposes whatever."""

    def ask(self, number, pending):
        return {"i": number}


class Clockwork:
    """Workers in simulated time."""

    gave_up = None

    def __init__(self, n_workers, seed):
        rng = np.random.default_rng(seed)
        self.n_workers, self.seconds = n_workers, np.exp(rng.normal(0, 1, (400, 1)) + rng.normal(0, 0.1, (400, 10)))
        self.running, self.now, self.busy = [], 0.0, 0.0

    @property
    def n_pending(self):
        return len(self.running)

    def has_room(self):
        return len(self.running) < self.n_workers

    def submit(self, task):
        seconds = self.seconds[task.trial.number, task.split]
        self.busy += seconds
        heapq.heappush(self.running, (self.now + seconds, task.trial.number, task.split))

    def wait(self, seconds=None):
        if not self.running:
            return None
        self.now, number, split = heapq.heappop(self.running)
        return Outcome(number, split, 0.0)

    def cancel(self):
        self.running.clear()


def share_busy(n_workers, n_splits, look_back):
    shares = []
    for seed in range(5):
        executor = Clockwork(n_workers, seed)
        run_search(
            Blind(), FixedScheduler(100), executor, MemoryJournal(), History(n_splits),
            make_task=Task, identity=lambda trial: trial.number, look_back=look_back,
        )  # fmt: skip
        shares.append(executor.busy / (n_workers * executor.now))
    return float(np.mean(shares))


def print_busy():
    look_backs = (1, 2, 3, 4, 6, 11)
    print("\n### Share of the workers' time in fits\n")
    print("| splits | workers | " + " | ".join(f"look-back {n}" for n in look_backs) + " |")
    print("|---" * (2 + len(look_backs)) + "|")
    for n_splits, n_workers in itertools.product((3, 5, 10), (2, 3, 4, 8)):
        cells = [f"{share_busy(n_workers, n_splits, look_back):.2f}" for look_back in look_backs]
        print(f"| {n_splits} | {n_workers} | " + " | ".join(cells) + " |", flush=True)


def print_regret(n_seeds):
    look_backs = (1, 2, 3, 6)
    problems = [table(name, seed) for name in TABLES for seed in (0, 1)]
    found = {
        look_back: np.array([regret(*problem, look_back, seed) for problem in problems for seed in range(n_seeds)])
        for look_back in look_backs
    }
    print(
        f"\n### Regret after so many candidates, {len(found[1])} searches each; in brackets, beside a look-back of 1\n"
    )
    print("| look-back | " + " | ".join(f"{n}" for n in SHOWN) + " |")
    print("|---" * (1 + len(SHOWN)) + "|")
    for look_back in look_backs:
        cells = []
        for n in SHOWN:
            difference = (found[look_back] - found[1])[:, n - 1]
            error = difference.std(ddof=1) / np.sqrt(len(difference))
            cells.append(f"{found[look_back][:, n - 1].mean():.4f} ({difference.mean():+.4f} ± {error:.4f})")
        print(f"| {look_back} | " + " | ".join(cells) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=6)
    args = parser.parse_args()
    print_busy()
    print_regret(args.seeds)


if __name__ == "__main__":
    main()

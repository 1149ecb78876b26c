"""What the engine costs and keeps busy: workers, milliseconds per fit, bytes and memory; peers on the same fits.

``python benchmarks/engine.py`` prints tables in Markdown, of all parts or of those named:

``utilisation``
    Two workers on fits whose durations differ by 10x; fits sleep, so that the load of the machine matters little. The
    seconds that fits took, over two times those of the search. All searches in turn, in each repeat; a search of two
    fits before starts the workers. Those that are not installed are left out (``pip install ".[bench]"``).
``cost``
    Wall time that is no fit's, per fit, on fits of 5 and 50 ms that busy-wait for a time, not for work.
``data``
    An array of 500 MB: seconds until the first fit begins, bytes written, private memory of a worker, and the parent's
    memory over 5,000 tasks. Linux only.
"""

import argparse
import importlib.util
import os
import pickle
import platform
import sys
import tempfile
import time
import warnings
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import numpy as np
import sklearn
from sklearn import model_selection
from sklearn.base import BaseEstimator

import skhpo
from skhpo.executors import slot

N_SPLITS = 3
LOW, HIGH = 0.1, 1.0  # seconds
X, y = np.arange(60.0).reshape(-1, 1), np.arange(60) % 2


class Sleeper(BaseEstimator):
    """A fit that takes so many seconds, and notes when it began and ended."""

    def __init__(self, seconds=0.0, quality=0.0, folder=None, *, is_busy=False, is_scattered=False):
        self.seconds, self.quality, self.folder = seconds, quality, folder
        self.is_busy, self.is_scattered = is_busy, is_scattered

    def fit(self, X, y=None):
        began = time.monotonic()
        seconds = self.seconds
        if self.is_scattered:  # log-uniform from LOW to HIGH, whatever is proposed
            seconds = LOW * (HIGH / LOW) ** (997 * (self.seconds + self.quality) % 1)
        if self.is_busy:
            while time.monotonic() < began + seconds:
                pass
        else:
            time.sleep(seconds)
        if self.folder is not None:
            with Path(self.folder, str(os.getpid())).open("a") as file:
                file.write(f"{began} {time.monotonic()}\n")
        return self

    def score(self, X, y=None):
        return -((self.quality - 0.3) ** 2) - (self.seconds - 0.6) ** 2

    def predict(self, X):
        return np.zeros(len(X))


def intervals(folder):
    """When fits began and ended, shape (n_fits, 2), monotonic seconds, which are the machine's."""
    lines = [line.split() for file in Path(folder).iterdir() for line in file.read_text().splitlines()]
    return np.array(sorted((float(began), float(ended)) for began, ended in lines))


def timed(search, n_workers):
    """Seconds of a search without refit, of its fits, their number, and the share of workers' time that fits took."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search.estimator.set_params(folder=folder)
        start = time.monotonic()
        search.fit(X, y)
        seconds = time.monotonic() - start
        found = intervals(folder)
    in_fits = float((found[:, 1] - found[:, 0]).sum())
    return seconds, in_fits, len(found), in_fits / (n_workers * seconds)


# -- utilisation ------------------------------------------------------------------------------------------------------


def candidates(n):
    """Durations log-uniform from LOW to HIGH, in one order for all."""
    durations = np.random.default_rng(0).permutation(np.geomspace(LOW, HIGH, n))
    return [float(seconds) for seconds in durations]


def fixed(cls, n, **kwargs):
    """A search over the list of durations."""
    return cls(Sleeper(), {"seconds": candidates(n)}, cv=N_SPLITS, n_jobs=2, refit=False, **kwargs)


def ours_bayes(n):
    space = {"seconds": skhpo.Float(0.0, 1.0), "quality": skhpo.Float(0.0, 1.0)}
    return skhpo.BayesSearchCV(
        Sleeper(is_scattered=True), space, n_iter=n, cv=N_SPLITS, n_jobs=2, refit=False, random_state=0
    )


def skopt_bayes(n):
    import skopt

    space = {"seconds": (0.0, 1.0), "quality": (0.0, 1.0)}
    options = {"n_iter": n, "n_points": 2, "cv": N_SPLITS, "n_jobs": 2, "refit": False, "random_state": 0}
    return skopt.BayesSearchCV(Sleeper(is_scattered=True), space, **options)


def optuna_search(n, sampler):
    """`OptunaSearchCV`: over the list of durations in its order without a sampler, else with one that models."""
    import optuna
    import optuna_integration

    warnings.simplefilter("ignore")  # that it is experimental
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    if sampler is None:
        space = {"seconds": optuna.distributions.CategoricalDistribution(candidates(n))}
        study = optuna.create_study(direction="maximize")
        for seconds in candidates(n):
            study.enqueue_trial({"seconds": seconds})
    else:
        space = {name: optuna.distributions.FloatDistribution(0.0, 1.0) for name in ("seconds", "quality")}
        study = optuna.create_study(direction="maximize", sampler=getattr(optuna.samplers, sampler)(seed=0))
    estimator = Sleeper(is_scattered=sampler is not None)
    options = {"n_trials": n, "cv": N_SPLITS, "n_jobs": 2, "refit": False, "study": study}
    return optuna_integration.OptunaSearchCV(estimator, space, **options)


SEARCHES = {
    "skhpo GridSearchCV": (lambda n: fixed(skhpo.GridSearchCV, n), None),
    "skhpo RandomSearchCV": (lambda n: fixed(skhpo.RandomSearchCV, n, n_iter=n, random_state=0), None),
    "scikit-learn GridSearchCV": (lambda n: fixed(model_selection.GridSearchCV, n), None),
    "OptunaSearchCV, the same list": (lambda n: optuna_search(n, None), "optuna"),
    "skhpo BayesSearchCV": (ours_bayes, None),
    "scikit-optimize BayesSearchCV, n_points=2": (skopt_bayes, "skopt"),
    "OptunaSearchCV, TPE": (lambda n: optuna_search(n, "TPESampler"), "optuna"),
    "OptunaSearchCV, GP": (lambda n: optuna_search(n, "GPSampler"), "torch"),
}


def utilisation(repeats, n):
    found = {}
    for repeat in range(-1, repeats):
        for name, (make, needs) in SEARCHES.items():
            if needs is None or importlib.util.find_spec(needs):
                result = timed(make(n if repeat >= 0 else 2), 2)
                if repeat >= 0:
                    found.setdefault(name, []).append(result)
    print(f"{n} candidates, {N_SPLITS} splits, fits of {LOW} to {HIGH} s, 2 workers, median of {repeats} runs\n")
    print("| search | fits | seconds in fits | seconds of the search | utilisation | lowest |")
    print("|---|---|---|---|---|---|")
    for name, results in found.items():
        seconds, in_fits, n_fits, share = np.median(results, axis=0)
        lowest = min(result[3] for result in results)
        print(f"| {name} | {n_fits:.0f} | {in_fits:.1f} | {seconds:.1f} | {share:.1%} | {lowest:.1%} |", flush=True)


# -- cost -------------------------------------------------------------------------------------------------------------


def cost(repeats):
    rows = {"skhpo": skhpo.GridSearchCV, "scikit-learn": model_selection.GridSearchCV}
    print(f"5 splits, median of {repeats} runs in turn; ms of each worker's time per fit that are not the fit's own\n")
    print("| fits | workers | skhpo, fits that sleep | scikit-learn | skhpo, fits that compute | scikit-learn |")
    print("|---|---|---|---|---|---|")
    for milliseconds, n in ((5, 120), (50, 60)):
        for n_jobs in (1, 2):
            found = {}
            for repeat in range(-1, repeats):
                for is_busy in (False, True):
                    for name, cls in rows.items():
                        space = {"quality": list(np.linspace(0, 1, n if repeat >= 0 else 2))}
                        estimator = Sleeper(seconds=milliseconds / 1e3, is_busy=is_busy)
                        search = cls(estimator, space, cv=5, n_jobs=n_jobs, refit=False)
                        seconds, in_fits, n_fits, _ = timed(search, n_jobs)
                        if repeat >= 0:
                            above = 1e3 * (seconds * n_jobs - in_fits) / n_fits
                            found.setdefault((is_busy, name), []).append(above)
            cells = [f"{np.median(found[is_busy, name]):.2f}" for is_busy in (False, True) for name in rows]
            print(f"| {n * 5} of {milliseconds} ms | {n_jobs} | " + " | ".join(cells) + " |", flush=True)


# -- data -------------------------------------------------------------------------------------------------------------


def megabytes(pid, field):
    """A field of what Linux tells of a process's memory: Rss, or Private_Clean and Private_Dirty as "Private"."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


class Reader(Sleeper):
    """Reads all of its data, and notes the private memory of its process."""

    def fit(self, X, y=None):
        began = time.monotonic()
        float(X.sum())
        time.sleep(self.seconds)
        with Path(self.folder, str(os.getpid())).open("a") as file:
            file.write(f"{began} {megabytes(os.getpid(), 'Private_')}\n")
        return self

    def score(self, X, y=None):
        return 0.0


class Rows:
    """A splitter of slices as short as can be: what is measured is shipping, not scikit-learn's copy of a side."""

    def split(self, X, y=None, groups=None):
        for i in range(3):
            yield np.arange(i, 100 + i), np.arange(100)

    def get_n_splits(self, X=None, y=None, groups=None):
        return 3


def ship(cls, n_megabytes):
    """Seconds until the first fit begins, and the private megabytes of each worker at its last fit."""
    large = np.ones((n_megabytes * 2**20 // 800, 100))
    target = np.arange(len(large)) % 2
    if cls is skhpo.GridSearchCV:
        slot._stop_all()  # noqa: SLF001 - workers that had this data before would have touched their memory
    with tempfile.TemporaryDirectory() as folder:
        search = cls(Reader(folder=folder), {"quality": list(range(40))}, cv=Rows(), n_jobs=2, refit=False)
        small = cls(Reader(seconds=0.2, folder=folder), {"quality": [0, 1]}, cv=Rows(), n_jobs=2, refit=False)
        while len(list(Path(folder).iterdir())) < 2:
            small.fit(large[:1000], target[:1000])  # starts the workers
        before = {file.name: float(file.read_text().split()[-1]) for file in Path(folder).iterdir()}
        start = time.monotonic()
        search.fit(large, target)
        seconds = time.monotonic() - start
        fits = [
            (file.name, *map(float, line.split()))
            for file in Path(folder).iterdir()
            for line in file.read_text().splitlines()
        ]
    first = min(began for _, began, _ in fits if began > start) - start
    private = {pid: memory for pid, _, memory in fits}  # the last of each
    return first, seconds, max(private[pid] - before.get(pid, 0.0) for pid in private), len(private)


def data(n_megabytes, n_tasks):
    print(f"An array of {n_megabytes} MB, 120 fits on 100 of its rows, 2 workers\n")
    print("| search | seconds to the first fit | seconds of the search | private memory a worker gained, MB |")
    print("|---|---|---|---|")
    for name, cls in (("skhpo", skhpo.GridSearchCV), ("scikit-learn", model_selection.GridSearchCV)):
        first, seconds, private, _ = ship(cls, n_megabytes)
        print(f"| {name} GridSearchCV | {first:.2f} | {seconds:.2f} | {private:.1f} |", flush=True)
    print()
    shipped(n_megabytes)
    flat(n_tasks)


def shipped(n_megabytes):
    """Print what travels: bytes through the pipes to the workers, and in the file they share."""
    sent = {"load": [], "run": []}
    files = {}
    original = slot.Slot._send  # noqa: SLF001 - what is measured

    def counted(self, message, stream=None):
        if message[0] in sent:
            sent[message[0]].append(len(pickle.dumps(message, protocol=5)) + len(stream or b""))
        if message[0] == "load":
            files[message[1].path] = message[1].ends[-1][1]
        return original(self, message, stream)

    slot.Slot._send = counted  # noqa: SLF001
    large = np.ones((n_megabytes * 2**20 // 800, 100))
    search = skhpo.GridSearchCV(Sleeper(seconds=0.02), {"quality": list(range(100))}, cv=Rows(), n_jobs=2, refit=False)
    search.fit(large, np.arange(len(large)) % 2)
    slot.Slot._send = original  # noqa: SLF001
    n_fits = search.stats()["n_fits"]
    print(
        f"Through the pipes: {len(sent['load'])} shipments for 2 workers, {np.mean(sent['load']) / 1024:.1f} kB each "
        f"and {len(files)} file of {sum(files.values()) / 2**20:.0f} MB that all map; {n_fits} tasks in "
        f"{len(sent['run'])} messages, {sum(sent['run']) / n_fits:.0f} bytes per task.\n"
    )


def flat(n_tasks):
    """Print the parent's memory while a search runs."""
    marks = []

    class Watched(skhpo.RandomSearchCV):
        """Looks at the process's memory now and then."""

        def _run(self, problem, journal, history, root, start):
            record = history.record

            def note(outcome):
                record(outcome)
                done[0] += 1
                if done[0] % (n_tasks // 10) == 0:
                    marks.append((done[0], megabytes(os.getpid(), "Rss"), megabytes(os.getpid(), "Private_")))

            done = [0]
            history.record = note
            return super()._run(problem, journal, history, root, start)

    large = np.ones((50 * 2**20 // 800, 100))
    space = {"quality": skhpo.Float(0.0, 1.0)}
    search = Watched(Sleeper(), space, n_iter=-(-n_tasks // 3), cv=Rows(), n_jobs=2, refit=False, random_state=0)
    search.fit(large, np.arange(len(large)) % 2)
    print("| tasks done | " + " | ".join(f"{done:,}" for done, _, _ in marks) + " |")
    print("|---|" + "---|" * len(marks))
    print("| resident memory of the parent, MB | " + " | ".join(f"{rss:.1f}" for _, rss, _ in marks) + " |")
    growth = (marks[-1][1] - marks[0][1]) / (marks[-1][0] - marks[0][0]) * 1e3
    print(f"\n{growth:.2f} kB per task: what `cv_results_` is made of, its parameters and outcomes.\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=["utilisation", "cost", "data"])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--candidates", type=int, default=32)
    parser.add_argument("--megabytes", type=int, default=500)
    parser.add_argument("--tasks", type=int, default=5_000)
    options = parser.parse_args()
    print(
        f"skhpo {skhpo.__version__}, scikit-learn {sklearn.__version__}, Python {platform.python_version()}, "
        f"{os.cpu_count()} cores, {sys.platform}, load {os.getloadavg()[0]:.1f}\n"
    )
    for part in options.parts:
        print(f"### {part.capitalize()}\n")
        if part == "utilisation":
            utilisation(options.repeats, options.candidates)
        elif part == "cost":
            cost(options.repeats)
        else:
            data(options.megabytes, options.tasks)
        print()


if __name__ == "__main__":
    main()

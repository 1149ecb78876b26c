"""A cluster simulated on this machine: Dask, many one-thread workers, fits that sleep; utilisation, memory, arithmetic.

``python benchmarks/cluster.py --workers 100 --fits 10000`` prints Markdown. Workers are threads of a few processes:
each is a place for one fit, as a worker of one thread is. First the cost of a task without any sleep is measured, for
the scheduler's process and for the client's; then, unless ``--seconds`` says how long a fit sleeps, that is chosen so
that the fits of all workers together come at a third of the rate at which the slower of them could serve.
Needs ``pip install ".[dask]"``; memory is read as Linux tells it.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import distributed
import numpy as np
import sklearn
from joblib import parallel_config
from sklearn.base import BaseEstimator

import skhpo

N_SPLITS = 5
X, y = np.arange(50.0).reshape(-1, 1), np.arange(50) % 2
TICK = os.sysconf("SC_CLK_TCK")


class Sleeper(BaseEstimator):
    """A fit that sleeps for ``seconds``, give or take the half of it; which, follows from ``quality``."""

    def __init__(self, seconds=0.0, quality=0.0):
        self.seconds, self.quality = seconds, quality

    def fit(self, X, y=None):
        time.sleep(self.seconds * (0.5 + 997 * self.quality % 1))
        return self

    def score(self, X, y=None):
        return -((self.quality - 0.3) ** 2)


def cpu_seconds(pid):
    """User and system time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def resident(pid):
    """Resident memory of a process, MB."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


@contextmanager
def cluster(n_workers, n_processes):
    """Yield the scheduler's process id, with a client connected; it and the workers are processes of their own."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(Path(skhpo.__file__).parents[1]), str(Path(__file__).parent)]),
        "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
        "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "200ms",
    }
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "scheduler.json")
        quiet = {"env": environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
        options = ["--scheduler-file", str(file), "--no-dashboard"]
        start = "from distributed.cli.dask_{0} import main; main()"
        command = [sys.executable, "-c"]
        processes = [
            subprocess.Popen([*command, start.format("scheduler"), *options, "--port", "0"], **quiet)  # noqa: S603
        ]
        for share in np.diff(np.linspace(0, n_workers, n_processes + 1).astype(int)):
            worker = [start.format("worker"), *options, "--no-nanny", "--nthreads", str(share), "--memory-limit", "0"]
            processes.append(subprocess.Popen([*command, *worker], **quiet))  # noqa: S603
        try:
            while not file.exists():
                time.sleep(0.1)
            with distributed.Client(scheduler_file=str(file)) as client:
                client.wait_for_workers(n_processes, timeout=120)
                yield processes[0].pid
        finally:
            for process in processes:
                process.kill()  # asked politely, they wait for each other
                process.wait()


class Watched(skhpo.RandomSearchCV):
    """Notes the memory of this process and of the scheduler's, twenty times on the way."""

    def _run(self, problem, journal, history, root, start):
        record, every = history.record, max(1, self.n_iter * N_SPLITS // 20)
        self.marks, n_done = [], 0

        def note(outcome):
            nonlocal n_done
            record(outcome)
            n_done += 1
            if n_done % every == 0:
                self.marks.append((n_done, resident(os.getpid()), resident(self.scheduler_pid)))

        history.record = note
        return super()._run(problem, journal, history, root, start)


def run(n_fits, seconds, scheduler_pid, checkpoint=None):
    """Run a search; returns seconds of wall, in fits, of the CPU of scheduler and client, and the marks."""
    space = {"quality": skhpo.Float(0.0, 1.0)}
    search = Watched(
        Sleeper(seconds), space, n_iter=n_fits // N_SPLITS, random_state=0, refit=False, checkpoint=checkpoint
    )
    search.scheduler_pid = scheduler_pid
    before = cpu_seconds(scheduler_pid), cpu_seconds(os.getpid())
    start = time.monotonic()
    with parallel_config(backend="dask"):
        search.fit(X, y)
    wall = time.monotonic() - start
    scheduler, client = cpu_seconds(scheduler_pid) - before[0], cpu_seconds(os.getpid()) - before[1]
    in_fits = search.cv_results_["mean_fit_time"].sum() * N_SPLITS
    return wall, in_fits, scheduler, client, search.marks


def asks(n_trials):
    """Milliseconds that the random and the Bayesian search think per trial, and a write to the checkpoint takes."""
    from skhpo.history import FitFinished, Observation, Outcome, Trial
    from skhpo.journals.events import Codec
    from skhpo.journals.sqlite import SqliteJournal
    from skhpo.samplers.bayes import BayesSampler
    from skhpo.samplers.random import RandomSampler
    from skhpo.space import Space

    space = {f"x{i}": skhpo.Float(0.0, 1.0) for i in range(6)}
    rows = []
    random = RandomSampler(space, n_iter=n_trials, random_state=0)
    start = time.perf_counter()
    for number in range(n_trials):
        random.ask(number, ())
    rows.append(("ask, RandomSearchCV", 1e3 * (time.perf_counter() - start) / n_trials))
    for n_told, n_pending in ((200, 20), (1_000, 20), (1_000, 200)):
        bayes = BayesSampler(Space(space), 0)
        for number in range(n_told):
            params = random.ask(number, ())
            bayes.tell(
                Observation(Trial(number, params), np.array([-sum((value - 0.3) ** 2 for value in params.values())]))
            )
        pending = [Trial(n_told + i, random.ask(n_told + i, ())) for i in range(n_pending)]
        bayes.ask(n_told, ())
        times = []
        for i in range(10):
            start = time.perf_counter()
            bayes.ask(n_told + n_pending + i, pending)
            times.append(time.perf_counter() - start)
        rows.append((f"ask, BayesSearchCV, {n_told:,} told, {n_pending} pending", 1e3 * np.median(times)))
    with tempfile.TemporaryDirectory() as folder:
        codec = Codec(lambda params: params, lambda params: params)
        journal = SqliteJournal(Path(folder, "search.db"), {}, codec=codec, header={})
        start = time.perf_counter()
        for number in range(2_000):
            journal.append(FitFinished(Outcome(number, 0, 0.5)))
        rows.append(("a fit written to the checkpoint", 1e3 * (time.perf_counter() - start) / 2_000))
        journal.close()
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=100)
    parser.add_argument("--processes", type=int, default=2, help="of which the workers are threads")
    parser.add_argument("--fits", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, help="that a fit sleeps, on average")
    options = parser.parse_args()
    print(
        f"skhpo {skhpo.__version__}, distributed {distributed.__version__}, scikit-learn {sklearn.__version__}, "
        f"Python {platform.python_version()}, {os.cpu_count()} cores, {sys.platform}, load {os.getloadavg()[0]:.1f}\n"
    )
    with cluster(options.workers, options.processes) as pid:
        run(options.workers * 2, 0.01, pid)  # imports
        n_probe = 40 * options.workers // 10
        # One task a message: longer than what is sent in batches.
        wall, _, scheduler, ours, _ = run(n_probe, 0.3, pid)
        per_task = 1e3 * scheduler / n_probe, 1e3 * ours / n_probe
        rate = n_probe / wall
        print(
            f"Probe, {n_probe} tasks of 0.3 s: {rate:.0f} tasks/s; CPU per task: scheduler {per_task[0]:.2f} ms, "
            f"client (this process, all it does) {per_task[1]:.2f} ms.\n"
        )
        ceiling = min(rate, 1e3 / max(per_task))
        seconds = options.seconds or max(0.5, round(3 * options.workers / ceiling, 1))
        print(f"{options.workers} workers x fits of {seconds} s = {options.workers / seconds:.0f} tasks/s asked for.\n")
        with tempfile.TemporaryDirectory() as folder:
            result = run(options.fits, seconds, pid, checkpoint=Path(folder, "search.db"))
            size = sum(file.stat().st_size for file in Path(folder).iterdir())
        report(options, seconds, result, size)
    print("| ms each | |\n|---|---|")
    for name, milliseconds in asks(2_000):
        print(f"| {name} | {milliseconds:.3f} |")


def report(options, seconds, result, size):
    wall, in_fits, scheduler, client, marks = result
    n = options.fits
    print("| | |\n|---|---|")
    print(f"| fits | {n:,} of {seconds} s on average (half to one and a half) |")
    print(f"| workers | {options.workers}, threads of {options.processes} processes |")
    print(f"| wall | {wall:.0f} s, {n / wall:.1f} fits/s |")
    print(f"| utilisation | {in_fits / (options.workers * wall):.1%} |")
    print(f"| CPU per fit, scheduler | {1e3 * scheduler / n:.2f} ms, {scheduler / wall:.0%} of a core |")
    print(f"| CPU per fit, client | {1e3 * client / n:.2f} ms, {client / wall:.0%} of a core |")
    print(f"| checkpoint | {size / 1e6:.1f} MB, {size / n:.0f} bytes per fit |\n")
    shown = marks[1::3]
    print("| fits done | " + " | ".join(f"{done:,}" for done, _, _ in shown) + " |\n|---|" + "---|" * len(shown))
    print("| resident memory of the client, MB | " + " | ".join(f"{ours:.0f}" for _, ours, _ in shown) + " |")
    print("| of the scheduler, MB | " + " | ".join(f"{theirs:.0f}" for _, _, theirs in shown) + " |\n")


if __name__ == "__main__":
    main()

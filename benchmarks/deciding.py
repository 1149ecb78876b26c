"""Milliseconds of deciding per fit, by the number of candidates; and per suggestion of a Bayesian search.

Searches as one worker has them, whose fits take no time: scores differ between candidates (standard deviation 1),
between splits (1), and by chance (0.5 on the least of the resource, less on more of it). Deciding is the scheduler, the
sampler and what they are told, in seconds of the processor. What grows with the candidates costs the square of them in
all, so the rows are to be read from left to right.

Run: ``python benchmarks/deciding.py``
"""

import argparse
import os
import time

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import numpy as np
from scipy.stats import loguniform, uniform

from skhpo.executors.serial import SerialExecutor
from skhpo.history import History, Outcome, Task
from skhpo.journals.memory import MemoryJournal
from skhpo.loop import run_search
from skhpo.samplers.bayes import BayesSampler
from skhpo.samplers.random import RandomSampler
from skhpo.schedulers.asha import AshaScheduler
from skhpo.schedulers.fixed import FixedScheduler
from skhpo.schedulers.halving import HalvingScheduler, halving_bracket
from skhpo.schedulers.racing import RacingScheduler
from skhpo.schedulers.racing_halving import RacingHalvingScheduler
from skhpo.search.stopwatch import Stopwatch
from skhpo.space import Space

N_SPLITS = 5
FACTOR = 3


def bracket(n):
    full = FACTOR ** int(np.log(n) / np.log(FACTOR) + 1e-9)
    return [halving_bracket(n, 1, full, FACTOR)]


SCHEDULERS = {
    "synchronous halving": (lambda n: HalvingScheduler(bracket(n)), N_SPLITS + 1),
    "asynchronous halving": (lambda n: AshaScheduler(bracket(n), FACTOR), 4 * N_SPLITS + 1),
    "racing halving": (lambda n: RacingHalvingScheduler(bracket(n), order=range(N_SPLITS)), 2),
    "a race": (lambda n: RacingScheduler(n, order=range(N_SPLITS), n_turns=N_SPLITS, alpha=0.03), 2),
}
SPACE = {"x": uniform(0, 1), "C": loguniform(1e-3, 1e3), "gamma": loguniform(1e-5, 1e1)}


def smooth(params):
    log_C, log_gamma = np.log10(params["C"]), np.log10(params["gamma"])
    return -((log_C - 1) ** 2) - (log_gamma + 2) ** 2 / 2 - 4 * (params["x"] - 0.3) ** 2


def search(sampler, scheduler, n, look_back, good=None):
    """Seconds of deciding, and the number of fits, of a search of n candidates."""
    rng = np.random.default_rng(0)
    chance = rng.normal(0, 0.5, (n, N_SPLITS))
    drawn, hard = rng.normal(size=n), rng.normal(size=N_SPLITS)
    places = {}  # trial -> which candidate it is

    def run(task):
        trial = task.trial
        if trial.number not in places:
            places[trial.number] = history.n_proposed - 1 if trial.parent is None else places[trial.parent]
        i = places[trial.number]
        score = (drawn[i] if good is None else good(trial.params)) + hard[task.split]
        return Outcome(trial.number, task.split, float(score + chance[i, task.split] / (trial.rung + 1)))

    cost, history = Stopwatch(time.thread_time), History(N_SPLITS)
    with SerialExecutor(run) as executor:
        run_search(
            sampler, scheduler, executor, MemoryJournal(), history,
            make_task=Task, identity=lambda trial: trial.number, look_back=look_back, deciding=cost,
        )  # fmt: skip
    return cost.deciding, sum(len(history.outcomes(trial.number)) for trial in history.trials)


def per_fit(name, n):
    """Milliseconds of deciding per fit, and the number of fits."""
    make, look_back = SCHEDULERS[name]
    sampler = RandomSampler({"x": uniform(0, 1)}, n_iter=n, random_state=0)
    seconds, n_fits = search(sampler, make(n), n, look_back)
    return f"{1e3 * seconds / n_fits:.3f} ({n_fits:,} fits)"


def per_suggestion(n):
    seconds, _ = search(BayesSampler(Space(SPACE), 0), FixedScheduler(n), n, N_SPLITS + 1, good=smooth)
    return f"{1e3 * seconds / n:.2f}"


def table(title, counts, rows):
    """Print a table, each row as soon as it is known."""
    print(f"\n### {title}\n")
    print("| | " + " | ".join(f"{n:,}" for n in counts) + " |")
    print("|---|" + "---|" * len(counts))
    for name, cells in rows:
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--candidates", type=int, nargs="*", default=[100, 300, 1_000, 2_000, 5_000, 10_000])
    parser.add_argument("--trials", type=int, nargs="*", default=[100, 300, 600])
    args = parser.parse_args()
    if args.candidates:
        rows = ((name, [per_fit(name, n) for n in args.candidates]) for name in SCHEDULERS)
        table("Milliseconds of deciding per fit, by the number of candidates", args.candidates, rows)
    if args.trials:
        rows = [("Bayesian, 3 parameters", [per_suggestion(n) for n in args.trials])]
        table("Milliseconds per suggestion, the mean over a search of so many trials", args.trials, rows)


if __name__ == "__main__":
    main()

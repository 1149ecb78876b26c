"""Seconds per suggestion: ours against Optuna's GP and TPE samplers and scikit-optimize.

Each optimiser is given the same n random observations of one function of 8 real and 2 categorical parameters, then
asked and told ten more; the figure is the median over these ten, in one thread. Optimisers run in turn, so that a slow
moment of the machine meets all of them; ratios are what to read.

Run: ``python benchmarks/overhead.py`` (needs ``pip install ".[bench]"``; peers that are not installed are left out)
"""

import argparse
import importlib.util
import os
import time
import warnings

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import numpy as np

from skhpo import Categorical, Float
from skhpo.history import Observation, Trial
from skhpo.samplers.bayes import BayesSampler
from skhpo.space import Space

REALS = [f"x{i}" for i in range(8)]
CATEGORIES = {"a": list("pqrs"), "b": list("pqrs")}
N_ASKED = 10


def score(params):
    x = np.array([params[name] for name in REALS])
    return -float(((x - 0.3) ** 2 * np.arange(1, 9)).sum()) + (params["a"] == "r") - 0.5 * (params["b"] == "s")


def observations(n, seed):
    rng = np.random.default_rng(seed)
    for _ in range(n):
        params = {name: float(rng.random()) for name in REALS}
        yield params | {name: str(rng.choice(choices)) for name, choices in CATEGORIES.items()}


def ours(n, seed):
    space = Space({**{name: Float(0, 1) for name in REALS}, **{k: Categorical(v) for k, v in CATEGORIES.items()}})
    sampler = BayesSampler(space, seed)
    for number, params in enumerate(observations(n, seed)):
        sampler.tell(Observation(Trial(number, params), np.array([score(params)])))
    sampler.ask(n, ())  # hyperparameters are fitted at fixed numbers of trials: what a running search has behind it
    for number in range(n, n + N_ASKED):
        start = time.perf_counter()
        params = sampler.ask(number, ())
        sampler.tell(Observation(Trial(number, params), np.array([score(params)])))
        yield time.perf_counter() - start


def optuna(n, seed, make_sampler):
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    space = {name: optuna.distributions.FloatDistribution(0, 1) for name in REALS}
    space |= {name: optuna.distributions.CategoricalDistribution(choices) for name, choices in CATEGORIES.items()}
    study = optuna.create_study(direction="maximize", sampler=make_sampler(optuna, seed))
    study.add_trials(
        [
            optuna.trial.create_trial(params=params, distributions=space, value=score(params))
            for params in observations(n, seed)
        ]
    )
    for _ in range(N_ASKED):
        start = time.perf_counter()
        trial = study.ask(space)
        study.tell(trial, score(trial.params))
        yield time.perf_counter() - start


def optuna_gp(n, seed):
    return optuna(n, seed, lambda optuna, seed: optuna.samplers.GPSampler(seed=seed))


def optuna_tpe(n, seed):
    return optuna(n, seed, lambda optuna, seed: optuna.samplers.TPESampler(seed=seed, multivariate=True))


def scikit_optimize(n, seed):
    import skopt

    optimizer = skopt.Optimizer([(0.0, 1.0)] * 8 + list(CATEGORIES.values()), random_state=seed, n_initial_points=1)
    known = [list(params.values()) for params in observations(n, seed)]
    optimizer.tell(known, [-score(params) for params in observations(n, seed)])
    for _ in range(N_ASKED):
        start = time.perf_counter()
        point = optimizer.ask()
        params = dict(zip([*REALS, *CATEGORIES], point, strict=True))
        optimizer.tell(point, -score(params))
        yield time.perf_counter() - start


PEERS = {
    "skhpo": (ours, None, 10_000),
    "Optuna GPSampler": (optuna_gp, "torch", 200),
    "Optuna TPESampler (multivariate)": (optuna_tpe, "optuna", 1_000),
    "scikit-optimize (gp_hedge)": (scikit_optimize, "skopt", 100),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, nargs="+", default=[50, 100, 200, 1_000, 2_000])
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    warnings.simplefilter("ignore")

    found = {}
    for n in args.n:
        for seed in range(args.seeds):
            for name, (run, needs, n_max) in PEERS.items():
                if n <= n_max and (needs is None or importlib.util.find_spec(needs)):
                    found.setdefault((name, n), []).extend(run(n, seed))
    print("| ms per suggestion, median | " + " | ".join(f"n = {n:,}" for n in args.n) + " |")
    print("|---|" + "---|" * len(args.n))
    for name in PEERS:
        cells = [
            f"{1e3 * np.median(found[name, n]):.1f} ({np.median(found[name, n]) / np.median(found['skhpo', n]):.1f}x)"
            if (name, n) in found
            else "-"
            for n in args.n
        ]
        print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()

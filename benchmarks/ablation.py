"""What each choice of the Bayesian sampler is worth: one change from the defaults at a time.

    python benchmarks/ablation.py --seeds 0-9 --jobs 2
    python benchmarks/ablation.py --arms "default,acquisition: EI" --problems my_module:my_problems

Regret of a run after t trials: (best known - best so far) / (best known - median of random configurations); 0 is
perfect, 1 is a random draw. A row is an arm: the mean over problems and seeds, and the standard error of the mean over
seeds. `--problems` names a function that returns a list of `Problem`.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import math
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one thread a process, before NumPy is loaded

import numpy as np

from skhpo.history import Observation, Trial
from skhpo.samplers.bayes import BayesOptions, BayesSampler
from skhpo.space import Categorical, Float, Int, Space
from skhpo.surrogates.hyperparameters import Gamma, LogNormal
from skhpo.surrogates.score_model import ModelOptions

if TYPE_CHECKING:
    from collections.abc import Callable

AT = (10, 20, 30, 40, 50)


@dataclass(frozen=True)
class Problem:
    """A function to maximise, its space, and its largest value (None: the best that any run found)."""

    name: str
    space: dict[str, Any]
    score: Callable[[dict[str, Any]], float]
    best: float | None = None


def hartmann6(params):
    A = np.array(
        [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]]
    )
    P = 1e-4 * np.array(
        [
            [1312, 1696, 5569, 124, 8283, 5886],
            [2329, 4135, 8307, 3736, 1004, 9991],
            [2348, 1451, 3522, 2883, 3047, 6650],
            [4047, 8828, 8732, 5743, 1091, 381],
        ]
    )
    x = np.array([params[f"x{i}"] for i in range(6)])
    return float(np.array([1.0, 1.2, 3.0, 3.2]) @ np.exp(-(A * (x - P) ** 2).sum(axis=1)))


def branin(x, y):
    """Branin's function; its minimum is 0.397887."""
    return (y - 5.1 * x**2 / (4 * np.pi**2) + 5 * x / np.pi - 6) ** 2 + 10 * (1 - 1 / (8 * np.pi)) * np.cos(x) + 10


def mixed_branin(params):
    """One of three valleys is deepest in one of four categories; an integer sets the scale."""
    shift = {"a": 0.0, "b": 4.0, "c": 8.0, "d": 12.0}[params["kind"]]
    return -float(np.log1p(branin(params["x"], params["y"]) + shift + (params["depth"] - 7) ** 2 / 4))


def conditional(params):
    """Like a choice of estimators: one branch with three parameters, one with one, one with none, and a cliff."""
    if params["model"] == "forest":
        return (
            0.8
            - 0.1 * (np.log10(params["leaf"]) - 0.5) ** 2
            - 0.05 * abs(params["width"] - 0.4)
            - (params["rows"] > 0.9)
        )
    if params["model"] == "svm":
        return 0.85 - 0.08 * (np.log10(params["C"]) - 1) ** 2 - 0.08 * (np.log10(params["gamma"]) + 2) ** 2
    return 0.6


def long_tail(params):
    """Ten columns of which four matter, scores down to -1e6, as R^2 of a regressor that diverges."""
    value = sum((params[f"x{i}"] - 0.2 - 0.15 * i) ** 2 for i in range(3)) + 0.3 * (params["c0"] != "b")
    return -math.expm1(6 * value**2 + 8 * max(params["x0"] - 0.7, 0))


@cache
def svc_table():
    """Mean accuracy of an SVC on a grid of C, gamma and kernel: three-fold cross-validation on real data."""
    from sklearn.datasets import load_wine
    from sklearn.model_selection import cross_val_score
    from sklearn.svm import SVC

    X, y = load_wine(return_X_y=True)
    grid = itertools.product(np.logspace(-2, 4, 16), np.logspace(-7, 1, 16), ["rbf", "sigmoid"])
    return {
        (C, gamma, kernel): cross_val_score(SVC(C=C, gamma=gamma, kernel=kernel), X, y, cv=3).mean()
        for C, gamma, kernel in grid
    }


def svc(params):
    return svc_table()[params["C"], params["gamma"], params["kernel"]]


def builtin() -> list[Problem]:
    unit = {f"x{i}": Float(0, 1) for i in range(6)}
    return [
        Problem("hartmann6", unit, hartmann6, 3.32237),
        Problem(
            "branin, mixed",
            {"x": Float(-5, 10), "y": Float(0, 15), "kind": Categorical(list("abcd")), "depth": Int(1, 15)},
            mixed_branin,
            -math.log1p(0.397887),
        ),
        Problem(
            "conditional",
            {
                "model": Categorical(["forest", "svm", "bayes"]),
                "leaf": Float(1, 100, log=True, when={"model": ["forest"]}),
                "width": Float(0, 1, when={"model": ["forest"]}),
                "rows": Float(0.1, 1, when={"model": ["forest"]}),
                "C": Float(1e-3, 1e3, log=True, when={"model": ["svm"]}),
                "gamma": Float(1e-5, 1, log=True, when={"model": ["svm"]}),
            },
            conditional,
            0.85,
        ),
        Problem(
            "long tail",
            {**{f"x{i}": Float(0, 1) for i in range(7)}, **{f"c{i}": Categorical(list("abc")) for i in range(3)}},
            long_tail,
            0.0,
        ),
        Problem(
            "SVC on wine",
            {"C": list(np.logspace(-2, 4, 16)), "gamma": list(np.logspace(-7, 1, 16)), "kernel": ["rbf", "sigmoid"]},
            svc,
        ),
    ]


def model(**changes) -> BayesOptions:
    return BayesOptions(model=replace(ModelOptions(), **changes))


ARMS = {
    "default": BayesOptions(),
    "acquisition: EI": BayesOptions(p_ei=1.0),
    "acquisition: EI, incumbent's mean known": BayesOptions(p_ei=1.0, incumbent="mean"),
    "acquisition: EI over the best observed": BayesOptions(p_ei=1.0, incumbent="observed"),
    "acquisition: UCB, width 1": BayesOptions(width=1.0),
    "acquisition: UCB, width 2": BayesOptions(width=2.0),
    "acquisition: UCB, width 4": BayesOptions(width=4.0),
    "acquisition: UCB, width uniform in 1 to 5": BayesOptions(is_width_drawn=True),
    "acquisition: a quarter EI": BayesOptions(p_ei=0.25),
    "design: 2 points": BayesOptions(n_init=2),
    "design: 5 points": BayesOptions(n_init=5),
    "design: 8 points": BayesOptions(n_init=8),
    "trust region for young models": BayesOptions(trust=True),
    "scores: standardised": model(warp="none"),
    "scores: half-rank, log at the top": model(warp="half-rank-log"),
    "scores: ranks": model(warp="ranks"),
    "scores: Yeo-Johnson": model(warp="yeo-johnson"),
    "lengthscales: dimension-scaled": model(lengthscale=None),
    "lengthscales: LogNormal(0.7, 1)": model(lengthscale=LogNormal(0.7, 1.0)),
    "lengthscales: Gamma(1.21, 1.52)": model(lengthscale=Gamma(1.21, 1.52)),
    "smoothness: nu = 5/2": model(nu=2.5),
    "input warp": model(input_warp=True),
    "noise: LogNormal(-6, 2)": model(noise=LogNormal(-6.0, 2.0)),
}


def run(problems: Callable[[], list[Problem]], arm: str, number: int, seed: int) -> tuple[str, int, int, Any, float]:
    """Scores of one run, and seconds per suggestion."""
    problem = problems()[number]
    sampler = BayesSampler(Space(problem.space), seed, options=ARMS[arm])
    scores, seconds = [], 0.0
    for i in range(AT[-1]):
        start = time.perf_counter()
        params = sampler.ask(i, ())
        seconds += time.perf_counter() - start
        if params is None:
            break
        scores.append(float(problem.score(params)))
        sampler.tell(Observation(Trial(i, params), np.array([scores[-1]])))
    return arm, number, seed, np.maximum.accumulate(scores), seconds / len(scores)


def load(name: str | None) -> Callable[[], list[Problem]]:
    if name is None:
        return builtin
    sys.path.insert(0, str(Path.cwd()))
    module, function = name.split(":")
    loaded: Callable[[], list[Problem]] = getattr(importlib.import_module(module), function)
    return loaded


def scale(problem: Problem) -> tuple[float | None, float]:
    """Best known score, and the median of random ones."""
    space = Space(problem.space)
    return problem.best, float(np.median([problem.score(p) for p in space.sample(np.random.default_rng(0), 1000)]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="0-9")
    parser.add_argument(
        "--arms", default=",".join(name.replace(",", ";") for name in ARMS), help="commas in names as ;"
    )
    parser.add_argument("--problems", help="module:function that returns a list of Problem")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--detail", action="store_true", help="regret after the last trial, by problem")
    arguments = parser.parse_args()
    low, high = map(int, arguments.seeds.split("-"))
    arms = [name.replace(";", ",") for name in arguments.arms.split(",")]
    problems = load(arguments.problems)
    listed = problems()
    work = list(itertools.product(arms, range(len(listed)), range(low, high + 1)))
    with ProcessPoolExecutor(arguments.jobs) as pool:
        runs = list(pool.map(partial(run, problems), *zip(*work, strict=True)))
    regret = np.empty((len(arms), len(listed), high - low + 1, len(AT)))
    seconds: dict[str, list[float]] = {arm: [] for arm in arms}
    for number, problem in enumerate(listed):
        best, random = scale(problem)
        best = max(best if best is not None else -math.inf, *(float(r[3][-1]) for r in runs if r[1] == number))
        for arm, _, seed, scores, each in (r for r in runs if r[1] == number):
            at = [scores[min(t, len(scores)) - 1] for t in AT]
            regret[arms.index(arm), number, seed - low] = (best - np.array(at)) / (best - random)
            seconds[arm].append(each)
    print("| arm | " + " | ".join(f"after {t}" for t in AT) + " | ms a suggestion |")
    print("|---" * (len(AT) + 2) + "|")
    for arm, cells in zip(arms, regret, strict=True):
        mean = cells.mean(axis=(0, 1))
        error = cells.mean(axis=0).std(axis=0, ddof=min(1, high - low)) / math.sqrt(high - low + 1)
        figures = " | ".join(f"{m:.3f} ± {e:.3f}" for m, e in zip(mean, error, strict=True))
        print(f"| {arm} | {figures} | {1e3 * np.median(seconds[arm]):.0f} |")
        if arguments.detail:
            for problem, last in zip(listed, cells.mean(axis=1), strict=True):
                print(f"|   {problem.name} | " + " | ".join(f"{v:.4f}" for v in last) + " | |")


if __name__ == "__main__":
    main()

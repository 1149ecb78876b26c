"""What each choice of the Bayesian sampler is worth: one change from the defaults at a time.

    python -m benchmarks.ablation --seeds 0-9 --jobs 2
    python -m benchmarks.ablation --arms "default,acquisition: EI" --problems my_module:my_problems

Regret of a run after t trials: (best known - best so far) / (best known - median of random configurations); 0 is
perfect, 1 is a random draw. A row is an arm: the mean over problems and seeds, and the standard error of the mean over
seeds. `--problems` names a function that returns a list of `Problem`.
"""

from __future__ import annotations

import argparse
import itertools
import math
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.history import Observation, Trial
from skhpo.space import Space

from .arms import ARMS
from .problems import AT, load, scale

if TYPE_CHECKING:
    from collections.abc import Callable

    from .problems import Problem


def run(problems: Callable[[], list[Problem]], arm: str, number: int, seed: int) -> tuple[str, int, int, Any, float]:
    """Scores of one run, and seconds per suggestion."""
    problem = problems()[number]
    sampler = ARMS[arm](Space(problem.space), seed)
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

"""Scores per fit: `BayesSearchCV`'s sampler against Optuna's samplers, scikit-optimize and random draws.

    python benchmarks/peers.py --seeds 0-2
    python benchmarks/peers.py --problems my_module:my_problems --optimisers "skhpo,Optuna GP"

Problems, regret and `--problems` are those of `ablation`. Every optimiser has 50 trials of the same function, one at
a time, in one thread, and its own defaults. Needs ``pip install ".[bench]"``.
"""

import argparse
import math

import numpy as np
from ablation.problems import AT, load, scale

from skhpo.history import Observation, Trial
from skhpo.samplers.bayes import BayesSampler
from skhpo.space import Categorical, Float, Int, Space


def ours(problem, seed):
    sampler = BayesSampler(Space(problem.space), seed)
    for number in range(AT[-1]):
        params = sampler.ask(number, ())
        if params is None:
            return
        score = float(problem.score(params))
        yield score
        sampler.tell(Observation(Trial(number, params), np.array([score])))


def random(problem, seed):
    for params in Space(problem.space).sample(np.random.default_rng([seed, 1]), AT[-1]):
        yield float(problem.score(params))


def parents_first(space):
    return sorted(space.items(), key=lambda item: bool(getattr(item[1], "when", None)))


def is_active(dimension, params):
    when = getattr(dimension, "when", None) or {}
    return all(params.get(parent) in values for parent, values in when.items())


def optuna(problem, seed, make_sampler):
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)

    def suggest(trial, name, dimension):
        if isinstance(dimension, Float):
            return trial.suggest_float(name, dimension.low, dimension.high, log=dimension.log)
        if isinstance(dimension, Int):
            return trial.suggest_int(name, dimension.low, dimension.high, log=dimension.log)
        choices = dimension.choices if isinstance(dimension, Categorical) else dimension
        if isinstance(choices[0], str):
            return trial.suggest_categorical(name, list(choices))
        # A list of numbers in order: their positions, which is how its users are told to write it.
        return choices[trial.suggest_int(name, 0, len(choices) - 1)]

    study = optuna.create_study(direction="maximize", sampler=make_sampler(optuna, seed))
    for _ in range(AT[-1]):
        trial, params = study.ask(), {}
        for name, dimension in parents_first(problem.space):
            if is_active(dimension, params):
                params[name] = suggest(trial, name, dimension)
        score = float(problem.score(params))
        study.tell(trial, score)
        yield score


def optuna_gp(problem, seed):
    return optuna(problem, seed, lambda optuna, seed: optuna.samplers.GPSampler(seed=seed))


def optuna_tpe(problem, seed):
    return optuna(problem, seed, lambda optuna, seed: optuna.samplers.TPESampler(seed=seed, multivariate=True))


def scikit_optimize(problem, seed):
    import skopt

    def dimension(of):
        if isinstance(of, Float):
            return skopt.space.Real(of.low, of.high, prior="log-uniform" if of.log else "uniform")
        if isinstance(of, Int):
            return skopt.space.Integer(of.low, of.high, prior="log-uniform" if of.log else "uniform")
        choices = list(of.choices if isinstance(of, Categorical) else of)
        return (
            skopt.space.Categorical(choices)
            if isinstance(choices[0], str)
            else skopt.space.Integer(0, len(choices) - 1)
        )

    optimizer = skopt.Optimizer([dimension(of) for of in problem.space.values()], random_state=seed)
    for _ in range(AT[-1]):
        point, params = optimizer.ask(), {}
        values = dict(zip(problem.space, point, strict=True))
        for name, of in parents_first(problem.space):
            if is_active(of, params):
                is_grid = isinstance(of, list) and not isinstance(of[0], str)
                params[name] = of[int(values[name])] if is_grid else values[name]
        score = float(problem.score(params))
        optimizer.tell(point, -score)
        yield score


OPTIMISERS = {
    "skhpo": ours,
    "Optuna GP": optuna_gp,
    "Optuna TPE (multivariate)": optuna_tpe,
    "scikit-optimize": scikit_optimize,
    "random": random,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="0-2")
    parser.add_argument("--problems", help="module:function that returns a list of Problem")
    parser.add_argument("--optimisers", default=",".join(OPTIMISERS))
    args = parser.parse_args()
    low, high = map(int, args.seeds.split("-"))
    names, problems = args.optimisers.split(","), load(args.problems)()

    best_so_far = np.empty((len(names), len(problems), high - low + 1, len(AT)))
    regret = np.empty_like(best_so_far)
    for p, problem in enumerate(problems):
        for s in range(high - low + 1):
            for o, name in enumerate(names):
                scores = np.maximum.accumulate(list(OPTIMISERS[name](problem, low + s)))
                best_so_far[o, p, s] = [scores[min(t, len(scores)) - 1] for t in AT]
        best, middle = scale(problem)
        best = max(-math.inf if best is None else best, best_so_far[:, p].max())
        regret[:, p] = (best - best_so_far[:, p]) / (best - middle)
    print("| optimiser | " + " | ".join(f"after {t}" for t in AT) + " |")
    print("|---" * (len(AT) + 1) + "|")
    for name, cells in zip(names, regret, strict=True):
        error = cells.mean(axis=0).std(axis=0, ddof=min(1, high - low)) / math.sqrt(high - low + 1)
        figures = (f"{m:.3f} ± {e:.3f}" for m, e in zip(cells.mean(axis=(0, 1)), error, strict=True))
        print(f"| {name} | " + " | ".join(figures) + " |")


if __name__ == "__main__":
    main()

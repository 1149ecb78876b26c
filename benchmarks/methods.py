"""The methods of `quality` and `same_score_time`: each tunes a problem with its own defaults and the same folds.

A method is a function of (trace, seed, number of trials); what it tries goes through the trace. Search classes are used
as they are, over an estimator that looks its scores up; Optuna, hyperopt and SMAC optimise a function, which is how
their users call them. Who cannot say that a parameter depends on another one is given all parameters, and those that do
not count are ignored: scikit-optimize and Optuna's Gaussian process. Ordered lists are given to the peers as integers,
their positions.
"""

from __future__ import annotations

import contextlib
import importlib.util
import inspect
import itertools
import math
import tempfile
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.stats
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV

import skhpo
from benchmarks.evaluation import Recorded
from benchmarks.problems import conditions, is_active, parents
from skhpo import Float, Int

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Method:
    """How to run it, the package that it needs, and whether it is this library's."""

    run: Callable
    needs: str = "sklearn"
    is_ours: bool = False

    @property
    def is_installed(self):
        return importlib.util.find_spec(self.needs) is not None


# -- search classes ---------------------------------------------------------------------------------------------------


def search(trace, cls, space, **options):
    """Run a search class on the rows' numbers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cls(Recorded(trace), space, cv=trace.splits, refit=False, **options).fit(trace.rows, trace.y)


def ours_bayes(trace, seed, n_trials):
    search(trace, skhpo.BayesSearchCV, trace.problem.space, n_iter=n_trials, random_state=seed)


def ours_racing(trace, seed, n_trials):
    search(trace, skhpo.BayesSearchCV, trace.problem.space, n_iter=n_trials, random_state=seed, racing=True)


def ours_random(trace, seed, n_trials):
    search(trace, skhpo.RandomSearchCV, trace.problem.space, n_iter=n_trials, random_state=seed)


def grid(trace, seed, n_trials):
    search(trace, GridSearchCV, {name: choices(of) for name, of in trace.problem.space.items()})


class LogInt:
    """Integers of a log-uniform distribution, as `Int` draws them; scipy has none."""

    def __init__(self, low, high):
        self.distribution, self.low, self.high = scipy.stats.loguniform(low - 0.5, high + 0.5), low, high

    def rvs(self, size=None, random_state=None):
        return int(np.clip(round(self.distribution.rvs(random_state=random_state)), self.low, self.high))


def distribution(dimension):
    if isinstance(dimension, Float):
        low, high = dimension.low, dimension.high
        return scipy.stats.loguniform(low, high) if dimension.log else scipy.stats.uniform(low, high - low)
    if isinstance(dimension, Int):
        kind = LogInt if dimension.log else lambda low, high: scipy.stats.randint(low, high + 1)
        return kind(dimension.low, dimension.high)
    return choices(dimension)


def choices(dimension):
    return list(getattr(dimension, "choices", dimension))


def randomized(trace, seed, n_trials):
    """Of a space with conditions, a list of dicts: one for each combination of the parents' values."""
    space = trace.problem.space
    names = parents(space)
    dicts = []
    for values in itertools.product(*(choices(space[name]) for name in names)):
        given = dict(zip(names, values, strict=True))
        dicts.append(
            {
                name: [given[name]] if name in given else distribution(dimension)
                for name, dimension in space.items()
                if is_active(dimension, given)
            }
        )
    search(trace, RandomizedSearchCV, dicts, n_iter=n_trials, random_state=seed)


def scikit_optimize(trace, seed, n_trials):
    import skopt

    def dimension(of):
        if isinstance(of, (Float, Int)):
            kind = skopt.space.Real if isinstance(of, Float) else skopt.space.Integer
            return kind(of.low, of.high, prior="log-uniform" if of.log else "uniform")
        if isinstance(of, list):
            return skopt.space.Integer(0, len(of) - 1)
        return skopt.space.Categorical(choices(of))

    space = {name: dimension(of) for name, of in trace.problem.space.items()}

    class Positions(Recorded):
        """Takes positions in ordered lists for the values there."""

        def __sklearn_clone__(self):
            return Positions(self.trace, dict(self.params))

        def fit(self, rows, y=None):
            self.score_ = self.trace.of_rows(from_positions(self.trace.problem.space, self.params), rows)
            return self

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        skopt.BayesSearchCV(
            Positions(trace), space, n_iter=n_trials, cv=trace.splits, refit=False, random_state=seed
        ).fit(trace.rows, trace.y)


def from_positions(space, params):
    """Return parameters with the values of ordered lists for their positions."""
    return {name: space[name][int(value)] if isinstance(space[name], list) else value for name, value in params.items()}


# -- functions --------------------------------------------------------------------------------------------------------


def optuna(trace, seed, n_trials, sampler, *, is_flat):
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)

    def suggest(trial, name, of):
        if isinstance(of, Float):
            return trial.suggest_float(name, of.low, of.high, log=of.log)
        if isinstance(of, Int):
            return trial.suggest_int(name, of.low, of.high, log=of.log)
        if isinstance(of, list):
            return of[trial.suggest_int(name, 0, len(of) - 1)]
        return trial.suggest_categorical(name, choices(of))

    def objective(trial):
        params = {}
        for name, of in trace.problem.space.items():
            if is_flat or is_active(of, params):
                params[name] = suggest(trial, name, of)
        return trace.mean(params)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = getattr(optuna.samplers, sampler)(seed=seed)
        study = optuna.create_study(direction="maximize", sampler=made)
        study.optimize(objective, n_trials=n_trials)


def optuna_tpe(trace, seed, n_trials):
    optuna(trace, seed, n_trials, "TPESampler", is_flat=False)


def optuna_gp(trace, seed, n_trials):
    import torch

    torch.set_num_threads(1)
    optuna(trace, seed, n_trials, "GPSampler", is_flat=True)


def hyperopt_tpe(trace, seed, n_trials):
    from hyperopt import fmin, hp, tpe
    from hyperopt.pyll import scope

    space = trace.problem.space

    def node(name, of):
        if isinstance(of, Float):
            if of.log:
                return hp.loguniform(name, math.log(of.low), math.log(of.high))
            return hp.uniform(name, of.low, of.high)
        if isinstance(of, Int):
            if of.log:
                return scope.int(hp.qloguniform(name, math.log(of.low), math.log(of.high), 1))
            return scope.int(hp.quniform(name, of.low, of.high, 1))
        if isinstance(of, list):
            return scope.int(hp.quniform(name, 0, len(of) - 1, 1))
        return hp.choice(name, choices(of))

    names = parents(space)
    nodes = {name: node(name, of) for name, of in space.items() if name not in names}
    tree = {name: each for name, each in nodes.items() if not conditions(space[name])}
    for parent in names:  # children of one value share their node with those of another one
        branches = [
            {parent: value}
            | {name: each for name, each in nodes.items() if value in conditions(space[name]).get(parent, ())}
            for value in choices(space[parent])
        ]
        tree[f"<{parent}>"] = hp.choice(parent, branches)

    def objective(sampled):
        params = {}
        for name, value in sampled.items():
            params |= value if name.startswith("<") else {name: value}
        return -trace.mean(from_positions(space, params))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fmin(
            objective,
            tree,
            algo=tpe.suggest,
            max_evals=n_trials,
            rstate=np.random.default_rng(seed),
            show_progressbar=False,
            verbose=False,
        )


def smac(trace, seed, n_trials):
    import ConfigSpace
    from smac import HyperparameterOptimizationFacade, Scenario
    from smac.main.exceptions import ConfigurationSpaceExhaustedException

    problem_space = trace.problem.space
    space = ConfigSpace.ConfigurationSpace(seed=seed)
    marks = {}  # values of categories that are no strings, as strings
    for name, of in problem_space.items():
        if isinstance(of, (Float, Int)):
            kind = ConfigSpace.Float if isinstance(of, Float) else ConfigSpace.Integer
            space.add(kind(name, (of.low, of.high), log=of.log))
        elif isinstance(of, list):
            space.add(ConfigSpace.Integer(name, (0, len(of) - 1)))
        else:
            marks[name] = {str(value): value for value in choices(of)}
            space.add(ConfigSpace.Categorical(name, list(marks[name])))
    for name, of in problem_space.items():
        for parent, values in conditions(of).items():
            space.add(ConfigSpace.InCondition(space[name], space[parent], [str(value) for value in values]))

    def objective(config, seed=0):
        params = {name: marks[name][value] if name in marks else value for name, value in dict(config).items()}
        return -trace.mean(from_positions(problem_space, params))

    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scenario = Scenario(space, deterministic=True, n_trials=n_trials, seed=seed, output_directory=folder)
        # It gives up on a small space when what it draws is what it has tried, with candidates still left.
        with contextlib.suppress(ConfigurationSpaceExhaustedException):
            HyperparameterOptimizationFacade(scenario, objective, overwrite=True, logging_level=False).optimize()


METHODS = {
    "skhpo BayesSearchCV": Method(ours_bayes, is_ours=True),
    "skhpo RandomSearchCV": Method(ours_random, is_ours=True),
    "scikit-learn RandomizedSearchCV": Method(randomized),
    "scikit-optimize BayesSearchCV": Method(scikit_optimize, "skopt"),
    "Optuna TPE": Method(optuna_tpe, "optuna"),
    "Optuna GP": Method(optuna_gp, "torch"),
    "hyperopt TPE": Method(hyperopt_tpe, "hyperopt"),
    "SMAC3": Method(smac, "smac"),
}
if "racing" in inspect.signature(skhpo.BayesSearchCV).parameters:
    METHODS["skhpo BayesSearchCV, racing"] = Method(ours_racing, is_ours=True)
GRIDS = {"scikit-learn GridSearchCV": Method(grid)}

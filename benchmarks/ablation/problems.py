"""Functions to maximise that anyone can run, with their spaces."""

import importlib
import itertools
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from skhpo.space import Categorical, Float, Int, Space

AT = (10, 20, 30, 40, 50)  # trials after which regret is measured


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

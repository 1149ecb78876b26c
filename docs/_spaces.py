"""The tables of the page on default spaces, from what the package knows: ``python docs/_spaces.py`` writes them."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sklearn.linear_model import LogisticRegression

from skhpo.space import Categorical
from skhpo.space.defaults import Traits
from skhpo.space.defaults.registry import SPACES
from skhpo.space.interop import as_dimension

PAGE = Path(__file__).parent / "guide" / "default_spaces.md"
BEGIN, END = "<!-- from here on by docs/_spaces.py -->\n", "<!-- to here -->\n"

MARK = chr(0x2020)  # a dagger: depends on the data
USUAL = Traits()
_OTHERS = (
    Traits(n_samples=90, n_features=3, smallest_class=30, spread=7.0, y_scale=13.0, slope=5.0),
    Traits(n_samples=50_000, n_features=90),
)
_STUBS = {
    "xgboost": SimpleNamespace(booster=None, early_stopping_rounds=None),
    "lightgbm": SimpleNamespace(subsample_freq=0),
    "catboost": SimpleNamespace(),
}
_FOREST = "TabArena (`max_features`, `bootstrap`), FLAML (its lower end), auto-sklearn (leaves of 1 to 20)"
_BOOSTING = (
    "auto-sklearn, TPOT, and TabArena's of LightGBM; narrower steps, so that 300 trees are enough"
)
_OURS = "of this package"
SOURCES = {
    "LogisticRegression": "TPOT, FLAML; two decades further down, for wide data",
    "Ridge": "hyperopt-sklearn; two decades further up, as the penalty is a sum over rows",
    "Lasso": "the path of scikit-learn's `LassoCV`, one decade further",
    "ElasticNet": "the path of scikit-learn's `ElasticNetCV`, one decade further",
    "SGD": "auto-sklearn",
    "SVC": 'auto-sklearn; the width moved to `gamma="scale"`, and narrower',
    "SVR": "auto-sklearn; on the scale of the target",
    "LinearSVC": "auto-sklearn, moved down by two decades",
    "KNeighbors": "auto-sklearn (1 to 100), FLAML (half of the rows)",
    "DecisionTree": "auto-sklearn (leaves); pruning is ours",
    "RandomForest": _FOREST,
    "ExtraTrees": _FOREST,
    "HistGradientBoosting": _BOOSTING,
    "GradientBoosting": _BOOSTING,
    "MLP": "auto-sklearn, TPOT; penalties up to 30, few units and small batches, for small data",
    "MultinomialNB": "TPOT, auto-sklearn",
    "LinearDiscriminantAnalysis": "auto-sklearn, TPOT",
    "QuadraticDiscriminantAnalysis": "auto-sklearn, TPOT",
    "SimpleImputer": "auto-sklearn",
    "OneHotEncoder": "auto-sklearn (rare categories)",
    "RobustScaler": "auto-sklearn (its ranges of quantiles)",
    "QuantileTransformer": "auto-sklearn",
    "KBinsDiscretizer": "TPOT, for small data fewer bins",
    "CountVectorizer": "auto-sklearn",
    "TfidfVectorizer": "auto-sklearn",
    "SelectPercentile": "auto-sklearn",
    "SelectFpr": "TPOT, wider",
    "PCA": "TPOT, auto-sklearn",
    "XGBC": "AutoGluon, TabArena",
    "LGBM": "TabArena, the steps up to .3",
    "CatBoost": "TabArena, wider penalties",
}


def _instance(name: str) -> Any:
    module, _, kind = name.rpartition(".")
    if module in _STUBS:
        return _STUBS[module]
    if kind == "IterativeImputer":
        importlib.import_module("sklearn.experimental.enable_iterative_imputer")
    cls = getattr(importlib.import_module(module), kind)
    needs = {
        each.name: LogisticRegression()
        for each in inspect.signature(cls).parameters.values()
        if each.default is each.empty and each.kind is each.POSITIONAL_OR_KEYWORD
    }
    return cls(**needs)


def _ranges(name: str, data: Traits) -> dict[str, Any]:
    ranges = SPACES[name]
    found = ranges(_instance(name), data) if callable(ranges) else ranges
    return {parameter: as_dimension(parameter, value) for parameter, value in found.items()}


def _number(value: float) -> str:
    return f"{value:.3g}".replace("e-0", "e-").replace("e+0", "e")


def _told(parameter: str, dimension: Any, others: list[Any]) -> str:
    if isinstance(dimension, Categorical) or not hasattr(dimension, "low"):
        values = ", ".join(str(value) for value in dimension.choices)
        text = f"{values}"
    else:
        text = f"{_number(dimension.low)} to {_number(dimension.high)}{', log' if dimension.log else ''}"
    is_same = all(other == dimension for other in others)
    when = "".join(
        f" where `{parent}` is {' or '.join(map(str, values))}"
        for parent, values in (dimension.when or {}).items()
    )
    return f"`{parameter}`: {text}{'' if is_same else MARK}{when}"


def _source(names: list[str]) -> str:
    return next(
        (text for start, text in SOURCES.items() for name in names if name.startswith(start)),
        _OURS,
    )


def table() -> str:
    """Return the tables in Markdown."""
    rows: dict[str, list[str]] = {}
    nothing = []
    for name in SPACES:
        usual, others = _ranges(name, USUAL), [_ranges(name, data) for data in _OTHERS]
        short = name.rpartition(".")[2]
        if not usual:
            nothing.append(short)
            continue
        told = "; ".join(
            _told(parameter, usual[parameter], [other.get(parameter) for other in others])
            for parameter in usual
        )
        rows.setdefault(told, []).append(short)
    lines = ["| estimator | ranges | from |", "|---|---|---|"]
    lines += [
        f"| {', '.join(f'`{name}`' for name in names)} | {told} | {_source(names)} |"
        for told, names in rows.items()
    ]
    lines += [
        "",
        "Known, with nothing to tune:",
        "",
        "| estimators |",
        "|---|",
        f"| {', '.join(f'`{n}`' for n in nothing)} |",
    ]
    return "\n".join([*lines, ""])


def main() -> None:
    """Write the tables into the page."""
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    PAGE.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()

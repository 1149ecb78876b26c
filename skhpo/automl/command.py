"""A model for a file: ``python -m skhpo.automl data.csv --target price --out model.skops``."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.automl.classifier import AutoClassifier
from skhpo.automl.portfolio import Task, families_of
from skhpo.automl.regressor import AutoRegressor
from skhpo.automl.saving import load_model, save_model

if TYPE_CHECKING:
    from collections.abc import Sequence

_MANY = 20  # different whole numbers from which on a target is a number and no label
_LIBRARIES = ("lightgbm", "catboost")


class CommandError(Exception):
    """What a command cannot do, and what to do instead."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str or None, default=None
        None takes those of the process.
    """
    given = _parser().parse_args(arguments)
    try:
        if given.predict is not None:
            _predict(given)
        else:
            _fit(given)
    except (CommandError, ValueError, TypeError, OSError) as error:
        sys.exit(f"skhpo.automl: {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m skhpo.automl",
        description="Fit a model to a table in a CSV or Parquet file, or predict with a model that was saved.",
    )
    parser.add_argument("file", help="CSV or Parquet file to fit, or with --predict the model that was saved")
    parser.add_argument("--target", help="column to predict")
    parser.add_argument("--time-budget", type=float, default=60, help="seconds for all of it (60)")
    parser.add_argument("--task", choices=["classification", "regression"], help="read off the target where left out")
    parser.add_argument("--scoring", help="metric to be best by, as in scikit-learn")
    parser.add_argument("--drop", nargs="*", default=[], help="columns to leave out")
    parser.add_argument("--n-jobs", type=int, help="fits at the same time")
    parser.add_argument("--seed", type=int, default=0, help="of models and splits (0)")
    parser.add_argument("--out", help="where to save the model (.skops), or with --predict the predictions (.csv)")
    parser.add_argument("--predict", help="CSV or Parquet file with rows to predict")
    return parser


def _fit(given: argparse.Namespace) -> None:
    if given.target is None:
        raise CommandError("--target needs the name of the column to predict.")
    if given.out is not None:
        _check_out(given.out)
    table = read_table(given.file)
    names = list(table.columns)
    for name in (given.target, *given.drop):
        if name not in names:
            raise CommandError(f"{given.file} has no column {name!r}. It has {', '.join(map(str, names))}.")
    y = table[given.target].to_numpy()
    X = table[[name for name in names if name not in {given.target, *given.drop}]]
    is_classifier = _has_labels(y) if given.task is None else given.task == "classification"
    kind = AutoClassifier if is_classifier else AutoRegressor
    auto = kind(
        time_budget=given.time_budget,
        scoring=given.scoring,
        estimators=_families(is_classifier=is_classifier),
        n_jobs=given.n_jobs,
        random_state=given.seed,
        verbose=1,
    ).fit(X, y)
    print(auto.report())  # noqa: T201
    print(auto.leaderboard_)  # noqa: T201
    if given.out is not None:
        save_model(auto, given.out)
        print(f"Saved to {given.out}. Predict with: python -m skhpo.automl {given.out} --predict new.csv")  # noqa: T201


def _families(*, is_classifier: bool) -> list[str]:
    """Return scikit-learn's own families: what is saved can then be read without these other libraries."""
    return [name for name in families_of(Task(is_classifier, 0, 0)) if name not in _LIBRARIES]


def _has_labels(y: Any) -> bool:
    if y.dtype.kind not in "iuf":
        return True
    numbers = y[np.isfinite(y)] if y.dtype.kind == "f" else y
    return bool((numbers == numbers.astype(int)).all()) and len(np.unique(numbers)) <= _MANY


def _predict(given: argparse.Namespace) -> None:
    model = load_model(given.file)
    table = read_table(given.predict)
    names = list(getattr(model, "feature_names_in_", table.columns))
    if missing := [name for name in names if name not in list(table.columns)]:
        raise CommandError(f"{given.predict} lacks columns of the model: {', '.join(missing)}.")
    found = model.predict(table[names])
    lines = ["prediction", *map(str, found)]
    if given.out is None:
        print("\n".join(lines))  # noqa: T201
    else:
        Path(given.out).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _check_out(out: str) -> None:
    """Refuse before time is spent what could not be saved afterwards."""
    if Path(out).suffix != ".skops":
        raise CommandError(f"--out needs a name that ends in .skops, got {out}: models are saved with skops.")
    if not Path(out).resolve().parent.is_dir():
        raise CommandError(f"--out needs a folder that exists, got {out}.")
    try:
        importlib.import_module("skops.io")
    except ImportError:
        raise CommandError("--out needs skops, which saves models without pickle: pip install skops.") from None


def read_table(path: str) -> Any:
    """Return the frame in a CSV or Parquet file.

    Parameters
    ----------
    path : str
        The file; its ending says of which kind it is.

    Raises
    ------
    CommandError
        If it is of another kind, or neither pandas nor polars is installed.
    """
    kind = {".csv": "read_csv", ".parquet": "read_parquet", ".pq": "read_parquet"}.get(Path(path).suffix.lower())
    if kind is None:
        raise CommandError(f"{path} needs to end in .csv or .parquet.")
    if not Path(path).is_file():
        raise CommandError(f"{path} does not exist.")
    for library in ("pandas", "polars"):
        try:
            frames = importlib.import_module(library)
        except ImportError:
            continue
        return getattr(frames, kind)(path)
    raise CommandError("Reading files needs pandas or polars: pip install pandas.")

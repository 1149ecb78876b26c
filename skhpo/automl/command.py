"""A model for a file: ``python -m skhpo.automl data.csv --target price --out model.skops``."""

from __future__ import annotations

import argparse
import csv
import importlib
import io
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
_READERS = {".csv": "read_csv", ".parquet": "read_parquet", ".pq": "read_parquet"}


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
    parser.add_argument("--n-iter", type=int, help="configurations at most")
    parser.add_argument("--seed", type=int, default=0, help="of models and splits (0)")
    parser.add_argument("--out", help="where to save the model (.skops), or with --predict the predictions (.csv)")
    parser.add_argument("--predict", help="CSV or Parquet file with rows to predict")
    return parser


# ---------------------------------------------------------------------------------------------------------------- fit


def _fit(given: argparse.Namespace) -> None:
    if given.target is None:
        raise CommandError("--target needs the name of the column to predict. Saved models need --predict.")
    if given.out is not None:
        _check_model_out(given.out)
    X, y = _split(read_table(given.file), given)
    auto = _estimator(y, given)
    _say(auto, y, given)
    auto.fit(X, y)
    print(auto.report())  # noqa: T201
    print(auto.leaderboard_)  # noqa: T201
    if given.out is not None:
        save_model(auto, given.out)
        print(f"Saved to {given.out}. Predict with: python -m skhpo.automl {given.out} --predict new.csv")  # noqa: T201


def _split(table: Any, given: argparse.Namespace) -> tuple[Any, Any]:
    """Return the columns to predict from, and the one to predict."""
    names = list(table.columns)
    for name in (given.target, *given.drop):
        if name not in names:
            raise CommandError(f"{given.file} has no column {name!r}. It has {', '.join(map(str, names))}.")
    left = [name for name in names if name not in {given.target, *given.drop}]
    return table[left], table[given.target].to_numpy()


def _estimator(y: Any, given: argparse.Namespace) -> Any:
    is_classifier = _has_labels(y) if given.task is None else given.task == "classification"
    kind = AutoClassifier if is_classifier else AutoRegressor
    return kind(
        time_budget=given.time_budget,
        scoring=given.scoring,
        estimators=_families(is_classifier=is_classifier),
        n_iter=given.n_iter,
        n_jobs=given.n_jobs,
        random_state=given.seed,
        verbose=1,
    )


def _families(*, is_classifier: bool) -> list[str]:
    """Return scikit-learn's own families: what is saved can then be read without these other libraries."""
    return [name for name in families_of(Task(is_classifier, 0, 0)) if name not in _LIBRARIES]


def _has_labels(y: Any) -> bool:
    if y.dtype.kind not in "iuf":
        return True
    numbers = y[np.isfinite(y)] if y.dtype.kind == "f" else y
    return bool((numbers == numbers.round()).all()) and len(np.unique(numbers)) <= _MANY


def _say(auto: Any, y: Any, given: argparse.Namespace) -> None:
    """Say what the target is taken for, where nobody has said it."""
    if given.task is None:
        is_classifier = isinstance(auto, AutoClassifier)
        taken, other = ("labels", "regression") if is_classifier else ("numbers", "classification")
        print(f"{given.target} is taken for {taken}, in {len(y)} rows. Otherwise give --task {other}.", flush=True)  # noqa: T201


def _check_model_out(out: str) -> None:
    """Refuse before time is spent what could not be saved afterwards."""
    if Path(out).suffix != ".skops":
        raise CommandError(f"--out needs a name that ends in .skops, got {out}: models are saved with skops.")
    _check_folder(out)
    try:
        importlib.import_module("skops.io")
    except ImportError:
        raise CommandError("--out needs skops, which saves models without pickle: pip install skops.") from None


def _check_folder(out: str) -> None:
    if not Path(out).resolve().parent.is_dir():
        raise CommandError(f"--out needs a folder that exists, got {out}.")


# ------------------------------------------------------------------------------------------------------------ predict


def _predict(given: argparse.Namespace) -> None:
    if given.out is not None:
        _check_predictions_out(given)
    model = load_model(given.file)
    table = read_table(given.predict)
    names = list(getattr(model, "feature_names_in_", table.columns))
    if missing := [name for name in names if name not in list(table.columns)]:
        raise CommandError(f"{given.predict} lacks columns of the model: {', '.join(missing)}.")
    text = _as_csv(model.predict(table[names]))
    if given.out is None:
        print(text, end="")  # noqa: T201
    else:
        Path(given.out).write_text(text, encoding="utf-8")


def _check_predictions_out(given: argparse.Namespace) -> None:
    """Refuse to write over what is read."""
    if Path(given.out).suffix.lower() != ".csv":
        raise CommandError(f"--out needs a name that ends in .csv for predictions, got {given.out}.")
    if Path(given.out).resolve() == Path(given.predict).resolve():
        raise CommandError(f"--out needs another file than --predict, got {given.out} for both.")
    _check_folder(given.out)


def _as_csv(predictions: Any) -> str:
    """Return one column with its name; labels that need quotes get them."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([["prediction"], *([value] for value in predictions.tolist())])
    return text.getvalue()


# ------------------------------------------------------------------------------------------------------------- tables


def read_table(path: str) -> Any:
    """Return the frame in a CSV or Parquet file.

    Parameters
    ----------
    path : str
        The file; its ending says of which kind it is.

    Raises
    ------
    CommandError
        If it is of another kind, cannot be read, or neither pandas nor polars is installed.
    """
    kind = _READERS.get(Path(path).suffix.lower())
    if kind is None:
        raise CommandError(f"{path} needs to end in .csv or .parquet.")
    if not Path(path).is_file():
        raise CommandError(f"{path} does not exist.")
    for library in ("pandas", "polars"):
        try:
            frames = importlib.import_module(library)
        except ImportError:
            continue
        return _read(getattr(frames, kind), path)
    raise CommandError("Reading files needs pandas or polars: pip install pandas.")


def _read(reader: Any, path: str) -> Any:
    try:
        return reader(path)
    except ImportError as error:  # pandas reads Parquet with pyarrow
        raise CommandError(f"{path} cannot be read here: {error}") from None
    except Exception as error:
        raise CommandError(f"{path} cannot be read, {type(error).__name__}: {error}") from error

"""What the fit on all data does that no fit on a fold did: settings called "auto" that go by the number of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EARLY_FROM = 10_000
"""Rows above which scikit-learn's histogram boosting with ``early_stopping="auto"`` stops early."""


def differences(estimator: Any, n_rows: int, most_trained: int) -> list[str]:
    """Say what a fitted estimator, or a step of a pipeline, did otherwise than on folds.

    Parameters
    ----------
    estimator : estimator
        Fitted on all data.
    n_rows : int
        Rows of all data.
    most_trained : int
        Rows of the largest training side.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> X, y = np.arange(20.0).reshape(-1, 1), np.arange(20) % 2
    >>> differences(KNeighborsClassifier(n_neighbors=9).fit(X, y), 20, 16)[0][:60]
    'KNeighborsClassifier with algorithm="auto" looks for neighbo'
    """
    found = []
    for step in _steps(estimator):
        tell = _TELLERS.get(type(step).__name__) if type(step).__module__.startswith("sklearn.") else None
        said = None if tell is None else tell(step, n_rows, most_trained)
        found += [] if said is None else [said]
    return found


def _steps(estimator: Any) -> Iterator[Any]:
    steps = getattr(estimator, "steps", None)
    if not isinstance(steps, list):
        yield estimator
        return
    for _, step in steps:
        yield from _steps(step)


def _boosting(step: Any, n_rows: int, most_trained: int) -> str | None:
    if step.early_stopping != "auto" or not most_trained <= EARLY_FROM < n_rows:
        return None
    return (
        f'{type(step).__name__} with early_stopping="auto" stops early above {EARLY_FROM} rows: the fit on all '
        f"{n_rows} rows did, those on folds of at most {most_trained} did not. Set early_stopping to True or False."
    )


def _components(step: Any, n_rows: int, most_trained: int) -> str | None:
    n_columns = getattr(step, "n_features_in_", None)
    if step.svd_solver != "auto" or n_columns is None:
        return None
    on_all, on_folds = (_solver(n, n_columns, step.n_components) for n in (n_rows, most_trained))
    if on_all == on_folds:
        return None
    return (
        f'PCA with svd_solver="auto" goes by the number of rows: the fit on all {n_rows} used {on_all!r}, those on '
        f"folds of at most {most_trained} used {on_folds!r}. Set svd_solver to one of them."
    )


def _solver(n_rows: int, n_columns: int, n_components: Any) -> str:
    """Return the solver that scikit-learn 1.6 to 1.9 chooses for a dense array."""
    smaller = min(n_rows, n_columns)
    if n_columns <= 1000 and n_rows >= 10 * n_columns:
        return "covariance_eigh"
    if max(n_rows, n_columns) <= 500 or n_components == "mle":
        return "full"
    wanted = smaller if n_components is None else n_components
    return "randomized" if 1 <= wanted < 0.8 * smaller else "full"


def _neighbours(step: Any, n_rows: int, most_trained: int) -> str | None:
    wanted = step.n_neighbors
    if step.algorithm != "auto" or step.metric == "precomputed" or getattr(step, "n_features_in_", 16) > 15:
        return None
    if (wanted >= n_rows // 2) == (wanted >= most_trained // 2):
        return None
    return (
        f'{type(step).__name__} with algorithm="auto" looks for neighbours in a tree where n_neighbors={wanted} is '
        f"below half of the rows: on all {n_rows} rows it did, on folds of at most {most_trained} it compared with "
        "all, so ties may fall out otherwise. Set algorithm."
    )


_TELLERS: dict[str, Callable[[Any, int, int], str | None]] = {
    "HistGradientBoostingClassifier": _boosting,
    "HistGradientBoostingRegressor": _boosting,
    "PCA": _components,
    "KNeighborsClassifier": _neighbours,
    "KNeighborsRegressor": _neighbours,
}

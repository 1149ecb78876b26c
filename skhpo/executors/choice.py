"""Which executor runs a search: joblib's active backend decides, as it does for scikit-learn."""

from __future__ import annotations

import ast
import operator
from typing import TYPE_CHECKING, Any

from joblib.parallel import SequentialBackend

from skhpo.executors.joblib import JoblibExecutor, active_backend, wants_all_workers
from skhpo.executors.local import LocalExecutor
from skhpo.executors.serial import SerialExecutor

if TYPE_CHECKING:
    from collections.abc import Callable

    from skhpo.executors.base import Executor
    from skhpo.history import Outcome, Task


def make_executor(
    run: Callable[[Task], Outcome],
    n_jobs: int | None = None,
    *,
    pre_dispatch: int | str = "2*n_jobs",
    fit_timeout: float | None = None,
) -> Executor:
    """Make the executor that ``joblib.Parallel(n_jobs=n_jobs)`` would correspond to here and now.

    Parameters
    ----------
    run : callable
        ``run(task) -> Outcome``.
    n_jobs : int or None
        As in `joblib.Parallel`: None means 1 unless in a `joblib.parallel_config` context, -1 all cores. On Ray, None
        without a number in the context means all places of the cluster: who chose it wants them.
    pre_dispatch : int, "all" or str
        As in `joblib.Parallel`: tasks that may be submitted and not finished, or an expression of ``n_jobs``. With the
        default and with "all" that is left to the executor; what travels with a task is small, so there is little
        memory to be saved.
    fit_timeout : float or None
        Seconds that one fit may take. It needs processes of our own: with one worker that is one process. Inside of a
        fit, or of whatever else joblib runs, it is one process whatever ``n_jobs`` is.

    Returns
    -------
    Executor
        `SerialExecutor` for one worker, `LocalExecutor` for processes of this machine (joblib's ``"loky"`` and
        ``"multiprocessing"``, whose own processes cannot be told apart when one dies), `DaskExecutor` and `RayExecutor`
        on these clusters, `JoblibExecutor` for threads and whatever else joblib has been taught.

    Raises
    ------
    ValueError
        If a parameter is none of these, or ``fit_timeout`` cannot be kept by the active backend.
    pickle.PicklingError
        If ``run`` has to be sent to other processes and cannot be pickled.
    """
    if fit_timeout is not None and not fit_timeout > 0:
        raise ValueError(f"fit_timeout must be a number of seconds above 0, or None for no limit; got {fit_timeout!r}.")
    backend, n_workers = active_backend(n_jobs)
    kind = _kind(backend)
    if fit_timeout is not None and kind == "threads" and getattr(backend, "nesting_level", None):
        # Nobody chose these threads: inside of its workers joblib has no other kind of parallelism.
        n_workers = 1
    max_pending = parse_pre_dispatch(pre_dispatch, n_workers)
    if kind == "processes" or (n_workers == 1 and fit_timeout is not None and kind in {"threads", "sequential"}):
        if n_workers == 1 and fit_timeout is None:
            return SerialExecutor(run)
        return LocalExecutor(
            run,
            n_workers,
            max_pending=max_pending,
            fit_timeout=fit_timeout,
            inner_threads=getattr(backend, "inner_max_num_threads", None),
        )
    if fit_timeout is not None:
        raise ValueError(
            f"fit_timeout needs worker processes that can be killed, got fit_timeout={fit_timeout!r} with joblib's "
            f"{type(backend).__name__}. Use the backend 'loky', or fit_timeout=None."
        )
    wants_all = kind == "ray" and wants_all_workers(n_jobs, backend)
    if n_workers == 1 and kind != "dask" and not wants_all:
        return SerialExecutor(run)
    if kind == "dask":
        from skhpo.executors.dask import DaskExecutor  # noqa: PLC0415 - it imports distributed

        return DaskExecutor(run, backend.client, max_pending=max_pending)
    if kind == "ray":
        from skhpo.executors.ray import RayExecutor  # noqa: PLC0415 - it imports ray

        return RayExecutor(
            run, None if wants_all else n_workers, max_pending=max_pending, remote_args=backend.ray_remote_args
        )
    return JoblibExecutor(run, n_jobs, max_pending=max_pending)


def _kind(backend: Any) -> str:
    """What a joblib backend runs in, by its class and those it derives from."""
    kinds = {
        "DaskDistributedBackend": "dask",
        "RayBackend": "ray",  # a MultiprocessingBackend: before it
        "LokyBackend": "processes",
        "MultiprocessingBackend": "processes",
        "ThreadingBackend": "threads",
        SequentialBackend.__name__: "sequential",
    }
    return next((kinds[kind.__name__] for kind in type(backend).__mro__ if kind.__name__ in kinds), "other")


_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}


def parse_pre_dispatch(pre_dispatch: int | str, n_jobs: int) -> int | None:
    """How many tasks may be pending; None for no such limit.

    Raises
    ------
    ValueError
        If it is not a number, "all", or arithmetic of numbers and ``n_jobs``.

    Examples
    --------
    >>> parse_pre_dispatch("1.5*n_jobs + 1", n_jobs=4)
    7
    """
    if isinstance(pre_dispatch, str) and pre_dispatch.replace(" ", "") in {"all", "2*n_jobs"}:
        return None
    try:
        parsed = pre_dispatch if not isinstance(pre_dispatch, str) else _value(_parsed(pre_dispatch), n_jobs)
        limit = int(parsed)
    except (SyntaxError, KeyError, TypeError, ValueError, ZeroDivisionError, OverflowError) as error:
        raise ValueError(
            f"pre_dispatch must be a number, 'all', or arithmetic such as '2*n_jobs'; got {pre_dispatch!r}."
        ) from error
    return max(1, limit)


def _parsed(expression: str) -> ast.expr:
    if len(expression) > 100:  # the parser's stack is not for strangers
        raise ValueError(expression)
    return ast.parse(expression.strip(), mode="eval").body


def _value(node: ast.expr, n_jobs: int) -> float:
    match node:
        case ast.Constant(value=int() | float() as value):
            return value
        case ast.Name(id="n_jobs"):
            return n_jobs
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, n_jobs)
        case ast.BinOp(left=left, op=sign, right=right):
            return _OPERATORS[type(sign)](_value(left, n_jobs), _value(right, n_jobs))
    raise ValueError(ast.dump(node))

"""The one place that limits BLAS to one thread.

A suggestion works on matrices of at most a few hundred rows, where threads cost more than they bring: SciPy's
L-BFGS-B with a multi-threaded OpenBLAS is several times slower than with one thread
(https://github.com/scipy/scipy/issues/22438, https://github.com/optuna/optuna/issues/6191), and the sums of a product
depend on the number of threads, so that one thread is also what makes suggestions the same on every machine size.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import scipy.linalg  # noqa: F401  (its BLAS must be loaded before the controller looks for libraries)
from threadpoolctl import ThreadpoolController

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


@cache
def _controller() -> ThreadpoolController:
    """Return the controller; finding the loaded libraries takes milliseconds, so it is done once."""
    return ThreadpoolController()


def one_blas_thread() -> AbstractContextManager[Any]:
    """Return a context in which BLAS uses one thread.

    Examples
    --------
    >>> with one_blas_thread():
    ...     pass
    """
    context: AbstractContextManager[Any] = _controller().limit(limits=1, user_api="blas")
    return context

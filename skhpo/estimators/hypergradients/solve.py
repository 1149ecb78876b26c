"""Conjugate gradients, by the names that versions of scipy have for the tolerance."""

from __future__ import annotations

import inspect
from typing import Any

from scipy.sparse.linalg import cg

_TOLERANCE = "rtol" if "rtol" in inspect.signature(cg).parameters else "tol"  # scipy 1.11 knows the latter only


def conjugate_gradients(A: Any, b: Any, *, rtol: float, **settings: Any) -> Any:
    """Return the solution of A x = b for a positive definite A of shape (n, n), to a relative tolerance."""
    return cg(A, b, **{_TOLERANCE: rtol}, atol=0.0, **settings)[0]

"""The contract of hypergradients as a test."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from skhpo.estimators.columns import ColumnScale
from skhpo.estimators.hypergradients import COLUMNS, family_of
from skhpo.estimators.hypergradients.chain import Slopes, loss_and_slopes
from skhpo.space import Space
from skhpo.testing.rules import check

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_N_POINTS = 3
_N_COLUMNS = 3  # of which the scales are tried
_SMALL = 1e-5  # of the loss: a slope below it is noise of the fits
_GOOD = 1e-6  # a relative error that no other step need be tried for


def check_hypergradient(
    estimator: Any,
    X: Any,
    y: Any,
    space: Mapping[str, Any],
    *,
    loss: Any = "auto",
    sample_weight: Any = None,
    rtol: float = 1e-4,
    step: float = 1e-4,
) -> None:
    """Check registered slopes against central differences of the loss on held-out samples.

    Parameters
    ----------
    estimator : estimator
        Of a registered class, with a tolerance so small that its fits are exact.
    X : array-like or sparse matrix of shape (n_samples, n_features)
        Samples; every third is held out.
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        Targets.
    space : dict of str to dimension
        Parameters to differentiate in, each a positive :class:`~skhpo.Float`.
    loss : str or callable, default="auto"
        The loss of the held-out samples; "auto" is that of the family.
    sample_weight : array-like of shape (n_samples,) or None, default=None
        Weights, for the fits and the loss.
    rtol : float, default=1e-4
        Largest relative error, in the logarithm of each parameter.
    step : float, default=1e-4
        Step of the differences, in the logarithm of each parameter. A tenth and ten times of it are tried too, and the
        nearest difference counts: a large step may cross a kink, and a small one drowns in the noise of the fits.

    Raises
    ------
    AssertionError
        If a slope is further from the difference.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import Ridge
    >>> from skhpo import Float
    >>> from skhpo.testing import check_hypergradient
    >>> check_hypergradient(Ridge(), *load_diabetes(return_X_y=True), {"alpha": Float(0.01, 10.0, log=True)})
    """
    for point, name, slope, difference, error in relative_errors(
        estimator, X, y, space, loss=loss, sample_weight=sample_weight, step=step
    ):
        check(
            error <= rtol,
            f"the slope in log({name}) at {point} must be that of central differences: {slope:.6g} is not "
            f"{difference:.6g} (relative error {error:.1e}, at most {rtol:.1e})",
        )


def relative_errors(
    estimator: Any,
    X: Any,
    y: Any,
    space: Mapping[str, Any],
    *,
    loss: Any = "auto",
    sample_weight: Any = None,
    step: float = 1e-4,
) -> list[tuple[dict[str, Any], str, float, float, float]]:
    """Return for points of a space and each parameter: point, name, slope, central difference, relative error."""
    measured = _held_out(estimator, X, y, loss, sample_weight)
    dimensions = Space(space)
    found = []
    for point in dimensions.decode(np.random.default_rng(0).uniform(0.2, 0.8, (_N_POINTS, dimensions.n_columns))):
        base = measured(point, {})
        slopes = {name: point[name] * base.slopes[name] for name in point}
        names = list(point)
        at_point = clone(estimator).set_params(**point)
        if family_of(at_point).has_columns_of(at_point):
            columns = range(min(_N_COLUMNS, X.shape[1]))
            slopes |= {f"column {j}": float(base.slopes[COLUMNS][j]) for j in columns}
            names += [f"column {j}" for j in columns]
        for name in names:
            difference, error = _nearest(slopes[name], partial(_changed, measured, point, name), base.loss, step)
            found.append((point, name, slopes[name], difference, error))
    return found


def _changed(
    measured: Callable[[dict[str, Any], dict[str, float]], Slopes], point: dict[str, Any], name: str, factor: float
) -> Slopes:
    """Return what is measured where a parameter, or the scale of a column, is a factor of what it was."""
    if name.startswith("column "):
        return measured(point, {name.replace("column ", "scale_"): factor})
    return measured({**point, name: point[name] * factor}, {})


def _nearest(slope: float, change: Callable[[float], Slopes], loss: float, step: float) -> tuple[float, float]:
    """Return the central difference that is nearest to a slope, and the relative error."""
    found = []
    for h in (step, step / 10, 10 * step):
        difference = (change(np.exp(h)).loss - change(np.exp(-h)).loss) / (2 * h)
        error = abs(slope - difference) / max(abs(slope), abs(difference), _SMALL * abs(loss))
        found.append((error, difference))
        if error < _GOOD:
            break
    error, difference = min(found)
    return difference, error


def _held_out(
    estimator: Any, X: Any, y: Any, loss: Any, sample_weight: Any
) -> Callable[[dict[str, Any], dict[str, float]], Slopes]:
    """Return ``measured(params, scales)``: the loss of every third sample after a fit on the others."""
    X = X.tocsr() if hasattr(X, "tocsr") else np.asarray(X, dtype=np.float64)
    y = np.asarray(y)
    test = np.arange(len(y)) % 3 == 0
    weight = None if sample_weight is None else np.asarray(sample_weight)

    def measured(params: dict[str, Any], scales: dict[str, float]) -> Slopes:
        scaled = ColumnScale(np.ones(X.shape[1])).set_params(**scales).fit_transform(X) if scales else X
        fitted = clone(estimator).set_params(**params)
        weights = {} if weight is None else {"sample_weight": weight[~test]}
        fitted.fit(scaled[~test], y[~test], **weights)
        return loss_and_slopes(
            fitted,
            scaled[~test],
            y[~test],
            scaled[test],
            y[test],
            loss=loss,
            sample_weight=weights.get("sample_weight"),
            test_weight=None if weight is None else weight[test],
        )

    return measured

"""The slopes of a fit's loss in its hyperparameters, for a search that descends them."""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.base import is_classifier
from sklearn.pipeline import Pipeline

from skhpo._sklearn import take_rows
from skhpo.estimators.columns import ColumnScale
from skhpo.estimators.hypergradients import COLUMNS, family_of, find_loss
from skhpo.estimators.hypergradients.chain import loss_and_slopes, loss_of
from skhpo.messages.texts import abridged_traceback

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from skhpo.estimators.hypergradients import Family
    from skhpo.fits.problem import Problem

OBJECTIVE = "<objective>"
"""Among the slopes of an outcome: minus its loss, so that larger is better. Slopes are those of this number."""
SQUARE = "<objective squared>"
"""Its square, whose mean over the splits tells how far they are apart."""
LOSS = "loss"
"""What the loss is called among the scorers that raised."""


class FoldSlopes(NamedTuple):
    """What differentiating one fit gave.

    Parameters
    ----------
    gradient : dict of str to float or None
        Slopes by parameter of the search, with `OBJECTIVE` and `SQUARE`; None where there are none.
    seconds : float
        How long it took.
    errors : dict of str to str
        Why there are none.
    """

    gradient: dict[str, float] | None
    seconds: float
    errors: dict[str, str]


NO_SLOPES = FoldSlopes(None, 0.0, {})


@dataclass(frozen=True)
class Gradients:
    """Differentiates a fit.

    Parameters
    ----------
    family : Family
        Of the estimator, or of the last step of the pipeline.
    loss : str or callable
        Of the test side.
    own : mapping of str to str
        For each parameter of the search that is one of the last step, its name there.
    scales : mapping of str to int
        For each that is a factor of the `ColumnScale` right before it, the number of the factor.
    """

    family: Family
    loss: Any
    own: Mapping[str, str] = field(default_factory=dict)
    scales: Mapping[str, int] = field(default_factory=dict)

    @property
    def shares(self) -> list[str]:
        """The parameters of the search that are shares."""
        return [name for name, own in self.own.items() if own in self.family.shares]

    def __call__(self, estimator: Any, problem: Problem, train: NDArray[np.intp], test: NDArray[np.intp]) -> FoldSlopes:
        """Return the slopes of a fitted estimator's loss on the test side; an error is none, but ``"raise"`` raises."""
        started = time.perf_counter()
        try:
            found = self.differentiated(estimator, problem, train, test)
        except Exception:
            if problem.error_score == "raise":
                raise
            errors = {LOSS: abridged_traceback(traceback.format_exc())}
            return FoldSlopes(None, time.perf_counter() - started, errors)
        return FoldSlopes(found, time.perf_counter() - started, {})

    def differentiated(
        self, estimator: Any, problem: Problem, train: NDArray[np.intp], test: NDArray[np.intp]
    ) -> dict[str, float]:
        """Return the slopes, with the loss and its square; raises where there are none."""
        X_train, X_test = (take_rows(problem.X, rows) for rows in (train, test))
        last, scale = estimator, None
        if isinstance(estimator, Pipeline):
            last = estimator[-1]
            for _, step in estimator.steps[:-1]:
                if step is not None and step != "passthrough":
                    X_train, X_test, scale = step.transform(X_train), step.transform(X_test), step
        loss, slopes = loss_and_slopes(
            last,
            X_train,
            take_rows(problem.y, train),
            X_test,
            take_rows(problem.y, test),
            loss=self.loss,
            sample_weight=_weights(problem.fit_params, estimator, train),
            test_weight=_rows(problem.score_params.get("sample_weight"), test),
            family=self.family,
            has_columns=bool(self.scales),
        )
        found = {name: -float(slopes[own]) for name, own in self.own.items()}
        if self.scales:
            found.update(self._in_scales(scale, slopes[COLUMNS]))
        return {OBJECTIVE: -loss, SQUARE: loss**2, **found}

    def _in_scales(self, step: Any, slopes: NDArray[np.float64]) -> dict[str, float]:
        """Return the slopes in factors of groups of columns, from those in the logarithms of each column's."""
        factors = np.asarray(step.scale, dtype=np.float64)
        sums = np.bincount(step.places(), weights=slopes, minlength=len(factors))
        return {name: -float(sums[j] / factors[j]) for name, j in self.scales.items()}


@dataclass(frozen=True)
class BranchGradients:
    """Differentiates those fits of a search of which the estimator is of a known family, and is silent about others.

    Parameters
    ----------
    names : tuple of str
        Parameters of the search.
    loss : str
        Of the test side: that of the scorer, or "auto" for that of the family.
    form : callable or None
        From the loss to one that differs from minus the score by a constant: `Root`, `Unexplained`; None where the loss
        itself does not.
    """

    names: tuple[str, ...]
    loss: str
    form: Callable[[Any], Any] | None = None

    def __call__(self, estimator: Any, problem: Problem, train: NDArray[np.intp], test: NDArray[np.intp]) -> FoldSlopes:
        """Return the slopes of a fitted estimator's loss on the test side, None where there are none."""
        started = time.perf_counter()
        try:
            found = self._of(estimator).differentiated(estimator, problem, train, test)
        except Exception:  # noqa: BLE001 - not every candidate has slopes, and the search can do without
            return FoldSlopes(None, time.perf_counter() - started, {})
        return FoldSlopes(found, time.perf_counter() - started, {})

    def _of(self, estimator: Any) -> Gradients:
        last, prefix = last_of(estimator)
        family = family_of(last)
        if self.loss in {"log_loss", "brier"} and loss_of(last, "auto") != "log_loss":
            raise ValueError(f"{last!r} has no probabilities of which {self.loss} has a slope.")
        loss = find_loss(loss_of(last, self.loss), is_classifier=is_classifier(last))
        known = {f"{prefix}{name}": name for name in family.parameters_of(last)}
        scales = scales_of(estimator) if family.has_columns_of(last) else {}
        return Gradients(
            family,
            loss if self.form is None else self.form(loss),
            own={name: known[name] for name in self.names if name in known},
            scales={name: scales[name] for name in self.names if name in scales},
        )


def last_of(estimator: Any) -> tuple[Any, str]:
    """Return the estimator to differentiate, and how names of its parameters begin."""
    if isinstance(estimator, Pipeline):
        return estimator[-1], f"{estimator.steps[-1][0]}__"
    return estimator, ""


def scale_step(estimator: Any) -> Any:
    """Return the `ColumnScale` right before the last step, or None."""
    if isinstance(estimator, Pipeline) and len(estimator.steps) > 1 and isinstance(estimator[-2], ColumnScale):
        return estimator[-2]
    return None


def scales_of(estimator: Any) -> dict[str, int]:
    """Return the names of the factors of a `ColumnScale` right before the last step, with their numbers."""
    step = scale_step(estimator)
    if step is None:
        return {}
    return {f"{estimator.steps[-2][0]}__scale_{j}": j for j in range(len(step.scale))}


def _weights(fit_params: Mapping[str, Any], estimator: Any, rows: NDArray[np.intp]) -> Any:
    """Return the weights of the samples with which the last step was fitted."""
    last = f"{estimator.steps[-1][0]}__sample_weight" if isinstance(estimator, Pipeline) else "sample_weight"
    return _rows(fit_params.get(last, fit_params.get("sample_weight")), rows)


def _rows(weights: Any, rows: NDArray[np.intp]) -> Any:
    return None if weights is None else np.asarray(weights)[rows]

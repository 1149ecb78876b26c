"""Whether a space can be descended: which parameters of which estimator, and what to say if not."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone, is_classifier

from skhpo.estimators.hypergradients import family_of, find_loss
from skhpo.estimators.hypergradients.chain import loss_of
from skhpo.estimators.hypergradients.losses import Root, Unexplained
from skhpo.fits.gradients import BranchGradients, Gradients, last_of, scale_step, scales_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skhpo.history import Params
    from skhpo.space import Space

_PER_COORDINATE = 10
"""Samples that each tuned coordinate needs, a judgement. With 30 penalties on 150 rows the cross-validated loss fell
to 0.004 and that of new rows rose to 0.38. Eleven kernel widths on 200 rows lowered the test error to a twelfth. See
``python -m benchmarks gradient``."""

_OF_SCORERS = {
    "neg_log_loss": "log_loss",
    "neg_brier_score": "brier",
    "r2": "squared",
    "neg_mean_squared_error": "squared",
    "neg_root_mean_squared_error": "squared",
    "neg_mean_absolute_error": "absolute",
    "neg_median_absolute_error": "absolute",
    "neg_mean_poisson_deviance": "poisson",
    "neg_mean_gamma_deviance": "gamma",
}

_FORMS = {None: Unexplained, "r2": Unexplained, "neg_root_mean_squared_error": Root}
"""What a scorer makes of its loss; a regressor's own score is R2, or the same of a deviance."""


def make_gradients(space: Space, estimator: Any, *, loss: Any, scoring: Any) -> Gradients:
    """Return how to differentiate the fits of a search.

    Parameters
    ----------
    space : Space
        What is searched.
    estimator : estimator
        What is tuned: of a known family, or a pipeline that ends in one.
    loss : str or callable
        What is descended; "auto" is the loss of the scorer where it has one, else that of the family.
    scoring : object
        As the user wrote it.

    Raises
    ------
    ValueError
        If a parameter cannot be descended, naming those that can.
    """
    constants = {name: space.decode([[0.5] * space.n_columns])[0][name] for name in _constants(space)}
    estimator = clone(estimator).set_params(**constants)
    last, prefix = last_of(estimator)
    family = family_of(last)
    names = [f"{prefix}{name}" for name in family.parameters_of(last)]
    scales = scales_of(estimator) if family.has_columns_of(last) else {}
    _refuse_others(space, last, names, scales)
    wanted = _of_scorer(scoring, last) if loss == "auto" else loss
    found = find_loss(loss_of(last, wanted or "auto"), is_classifier=is_classifier(last))
    return Gradients(
        family,
        found,
        own={name: name.removeprefix(prefix) for name in space.names if name in names},
        scales={name: scales[name] for name in space.names if name in scales},
    )


def slope_names(estimator: Any) -> list[str]:
    """Return the parameters of an estimator in which there are slopes, with the name of the step in front.

    Raises
    ------
    ValueError
        If it is of no known family.
    """
    last, prefix = last_of(estimator)
    return [f"{prefix}{name}" for name in family_of(last).parameters_of(last)]


def branch_gradients(space: Space, estimator: Any, *, scoring: Any) -> BranchGradients:
    """Return how to differentiate the fits of a search of which only some candidates may have slopes.

    Parameters
    ----------
    space : Space
        What is searched.
    estimator : estimator
        What is tuned.
    scoring : object
        As the user wrote it.

    Raises
    ------
    ValueError
        If the scorer is no loss with a slope.
    """
    # A regressor's own score is that of its family's loss: r2, or the share of the deviance. A median has no slopes.
    exact = {name: own for name, own in _OF_SCORERS.items() if name != "neg_median_absolute_error"}
    loss = "auto" if scoring is None else exact.get(scoring) if isinstance(scoring, str) else None
    known = [name for name, own in exact.items() if (own in {"log_loss", "brier"}) == is_classifier(estimator)]
    if loss is None or is_classifier(estimator) != (loss in {"log_loss", "brier"}):
        raise ValueError(
            f"polish=True needs a scoring that has a slope, got scoring={scoring!r}. Choose one of {known}, or leave "
            "polish=False."
        )
    return BranchGradients(tuple(space.names), loss, _FORMS.get(scoring))


def refuse_too_many(space: Space, estimator: Any, n_samples: int, *, has_prior: bool) -> None:
    """Refuse more coordinates than the data can bear, unless something holds them together.

    Raises
    ------
    ValueError
        If there are more than one for each ten samples, without a prior and without groups.
    """
    step = scale_step(estimator)
    has_groups = step is not None and step.groups is not None
    if has_prior or has_groups or space.n_columns * _PER_COORDINATE <= n_samples:
        return
    raise ValueError(
        f"GradientSearchCV needs {_PER_COORDINATE} samples for each parameter, got {space.n_columns} parameters and "
        f"{n_samples} samples: cross-validation would refit the data. Pass prior=1.0, give ColumnScale groups=, or "
        "search fewer parameters."
    )


def start_of(space: Space, own: Params | None) -> NDArray[np.float64]:
    """Return the point nearest to the estimator's own values, shape (d,); the middle where they are no numbers."""
    start = np.full(space.n_columns, 0.5)
    for j, (name, dimension) in enumerate(zip(space.names, space.dimensions, strict=True)):
        value = (own or {}).get(name)
        if isinstance(value, int | float | np.number) and not isinstance(value, bool):
            low, high = map(float, dimension.decode(np.array([0.0, 1.0])))
            start[j] = dimension.encode([float(np.clip(value, low, high))])[0]
    return start


def _constants(space: Space) -> list[str]:
    return [name for name in space.parameters if name not in space.names]


def _refuse_others(space: Space, last: Any, names: list[str], scales: dict[str, int]) -> None:
    factors = f" and {min(scales)!r} ..." if scales else ""
    can = f"Differentiable in {type(last).__name__} are {names}{factors}."
    if not space.names:
        raise ValueError(f"GradientSearchCV needs a parameter to tune, got none. {can}")
    for name, dimension in zip(space.names, space.dimensions, strict=True):
        if name not in names and name not in scales:
            raise ValueError(
                f"GradientSearchCV has no gradient in {name!r}. {can} Search the others with BayesSearchCV, or put "
                "the steps that they belong to outside of the search."
            )
        if dimension.n_choices != math.inf or not space.active(np.full((1, space.n_columns), 0.5)).all():
            raise ValueError(
                f"GradientSearchCV needs a range of real numbers, without conditions, for {name!r}, got "
                f"{dimension!r}. Write Float(low, high), or use BayesSearchCV. {can}"
            )


def _of_scorer(scoring: Any, estimator: Any) -> str | None:
    """Return the loss that a scorer is the mean of, where it can be descended."""
    loss = _OF_SCORERS.get(scoring) if isinstance(scoring, str) else None
    if loss is None:
        return None
    if is_classifier(estimator):
        return loss if loss in {"log_loss", "brier"} and loss_of(estimator, "auto") == "log_loss" else None
    return None if loss in {"log_loss", "brier"} else loss

"""Exhaustive search."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
from sklearn.model_selection import GridSearchCV as TheirGrid

from skhpo._sklearn import GRID_CONSTRAINTS, Interval
from skhpo.search.base import BaseSearch
from skhpo.search.families import families
from skhpo.search.plan import Plan, Prepared, Start
from skhpo.search.race import make_scheduler, racing_settings
from skhpo.search.samplers import grid
from skhpo.search.texts import documented
from skhpo.space.defaults import asks_for_default

if TYPE_CHECKING:
    import os


@TheirGrid.register  # for those who ask whether it is one
@documented
class GridSearchCV(BaseSearch):
    """Exhaustive search over a grid of parameter values.

    A drop-in replacement for :class:`sklearn.model_selection.GridSearchCV`: on the same grid every entry of
    ``cv_results_`` that is not a time is the same to the bit.

    Parameters
    ----------
    %(estimator)s
    param_grid : dict or list of dict
        For each parameter name the values to try, or a finite :class:`~skhpo.Int` or :class:`~skhpo.Categorical`,
        which may be conditional. A list of dicts is the union of their grids.
    %(scoring)s
    %(n_jobs)s
    %(refit)s
    %(cv)s
    %(verbose)s
    %(pre_dispatch)s
    %(error_score)s
    %(return_train_score)s
    %(timeout)s
    %(fit_timeout)s
    %(checkpoint)s
    %(cache_prefix)s
    %(store_predictions)s
    %(share_fits)s
    %(racing)s
    %(look_back)s

    Attributes
    ----------
    %(cv_results_)s
    %(space_)s
    %(best_estimator_)s
    %(best_score_)s
    %(best_params_)s
    %(best_index_)s
    %(scorer_)s
    %(n_splits_)s
    %(multimetric_)s
    %(refit_time_)s
    %(n_features_in_)s
    %(feature_names_in_)s
    %(classes_)s

    See Also
    --------
    RandomSearchCV : Draws candidates at random.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skhpo import GridSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> search = GridSearchCV(SVC(), {"C": [1, 10], "kernel": ["linear", "rbf"]}).fit(X, y)
    >>> search.best_params_
    {'C': 1, 'kernel': 'linear'}
    >>> search.cv_results_["mean_test_score"].round(3)
    array([0.98 , 0.967, 0.973, 0.98 ])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseSearch._parameter_constraints,
        "param_grid": [*GRID_CONSTRAINTS["param_grid"], str],
        "racing": ["boolean"],
        "look_back": [Interval(Integral, 1, None, closed="left"), None],
    }

    def __init__(
        self,
        estimator: Any,
        param_grid: Any,
        *,
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: Any = True,
        cv: Any = None,
        verbose: int = 0,
        pre_dispatch: Any = "2*n_jobs",
        error_score: Any = np.nan,
        return_train_score: bool = False,
        timeout: float | None = None,
        fit_timeout: float | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        cache_prefix: bool = True,
        store_predictions: bool = False,
        share_fits: bool | str = True,
        racing: bool = False,
        look_back: int | None = None,
    ) -> None:
        super().__init__(
            estimator,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            pre_dispatch=pre_dispatch,
            error_score=error_score,
            return_train_score=return_train_score,
            timeout=timeout,
            fit_timeout=fit_timeout,
            checkpoint=checkpoint,
            cache_prefix=cache_prefix,
            store_predictions=store_predictions,
            share_fits=share_fits,
        )
        self.param_grid = param_grid
        self.racing = racing
        self.look_back = look_back

    @property
    def _space(self) -> Any:
        return self.param_grid

    @property
    def _random_state(self) -> Any:
        return None

    def _written(self, X: Any, y: Any) -> Any:
        if asks_for_default(self.param_grid):
            raise ValueError(
                'GridSearchCV needs values to try, got "default", which stands for ranges. Use BayesSearchCV or '
                "RandomSearchCV, or list values; skhpo.default_space(estimator, X, y) shows the ranges."
            )
        return super()._written(X, y)

    def _settings(self, prepared: Prepared) -> list[Any]:
        return racing_settings(self, prepared.written)

    def _plan(self, start: Start) -> Plan:
        sampler = grid(start, 0)
        n_trials = cast("int", sampler.n_max)
        family_of = families(self, start.problem, start.written, sampler, n_trials)
        scheduler = make_scheduler(self, start.problem, sampler, n_trials, family_of)
        return Plan(sampler, scheduler, look_back=self.look_back, family_of=family_of)

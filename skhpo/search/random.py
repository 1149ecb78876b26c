"""Random search."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
from sklearn.model_selection import RandomizedSearchCV as TheirRandom

from skhpo._sklearn import RANDOM_CONSTRAINTS, Interval
from skhpo.search.base import BaseSearch
from skhpo.search.families import families
from skhpo.search.plan import Plan, Prepared, Start
from skhpo.search.race import make_scheduler, racing_settings
from skhpo.search.samplers import random
from skhpo.search.texts import documented

if TYPE_CHECKING:
    import os


@TheirRandom.register  # for those who ask whether it is one
@documented
class RandomSearchCV(BaseSearch):
    """Search over candidates drawn at random.

    A drop-in replacement for :class:`sklearn.model_selection.RandomizedSearchCV`: with the same ``random_state`` it
    draws the same candidates, and every entry of ``cv_results_`` that is not a time is the same to the bit. From
    :class:`~skhpo.Float`, :class:`~skhpo.Int` and :class:`~skhpo.Categorical` dimensions, conditional ones included, it
    draws without repetition.

    Parameters
    ----------
    %(estimator)s
    param_distributions : dict, list of dict or "default"
        For each parameter name a list of values, a distribution of :mod:`scipy.stats`, a :class:`~skhpo.Float`,
        :class:`~skhpo.Int` or :class:`~skhpo.Categorical`, or a dimension of scikit-optimize or Optuna. Of a list of
        dicts, each is drawn with the same probability, and then a candidate from it.
        ``"default"`` stands for ranges that are known: :doc:`/guide/default_spaces`.
    n_iter : int, default=10
        Candidates to draw. If the space has fewer points, all of them are tried.
    %(scoring)s
    %(n_jobs)s
    %(refit)s
    %(cv)s
    %(verbose)s
    %(pre_dispatch)s
    %(random_state)s
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
    GridSearchCV : Tries every candidate of a grid.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skhpo import Categorical, Float, RandomSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> space = {
    ...     "kernel": Categorical(["linear", "rbf"]),
    ...     "C": Float(1e-2, 1e2, log=True),
    ...     "gamma": Float(1e-3, 1e1, log=True, when={"kernel": "rbf"}),
    ... }
    >>> search = RandomSearchCV(SVC(), space, n_iter=8, random_state=0).fit(X, y)
    >>> len(search.cv_results_["params"]), search.stats()["n_fits"]
    (8, 40)
    >>> bool(search.best_score_ > 0.95)
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseSearch._parameter_constraints,
        **{name: RANDOM_CONSTRAINTS[name] for name in ("n_iter", "random_state")},
        "param_distributions": [*RANDOM_CONSTRAINTS["param_distributions"], str],
        "racing": ["boolean"],
        "look_back": [Interval(Integral, 1, None, closed="left"), None],
    }

    def __init__(
        self,
        estimator: Any,
        param_distributions: Any,
        *,
        n_iter: int = 10,
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: Any = True,
        cv: Any = None,
        verbose: int = 0,
        pre_dispatch: Any = "2*n_jobs",
        random_state: Any = None,
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
        self.param_distributions = param_distributions
        self.n_iter = n_iter
        self.random_state = random_state
        self.racing = racing
        self.look_back = look_back

    def _settings(self, prepared: Prepared) -> list[Any]:
        return racing_settings(self, prepared.written)

    def _plan(self, start: Start) -> Plan:
        sampler = random(start, self.n_iter)
        n_trials = cast("int", sampler.n_max)
        family_of = families(self, start.problem, start.written, sampler, n_trials)
        scheduler = make_scheduler(self, start.problem, sampler, n_trials, family_of)
        return Plan(sampler, scheduler, look_back=self.look_back, family_of=family_of)

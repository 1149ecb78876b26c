"""Descent of the cross-validated loss by its exact slopes."""

from __future__ import annotations

from dataclasses import replace
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.model_selection import RandomizedSearchCV as TheirRandom

from skhpo._sklearn import RANDOM_CONSTRAINTS, Interval
from skhpo.fits.gradients import LOSS, OBJECTIVE, Gradients
from skhpo.history import told_trials
from skhpo.samplers.gradient import GradientSampler
from skhpo.schedulers.descent import DescentScheduler
from skhpo.search.base import BaseSearch
from skhpo.search.differentiable import make_gradients, refuse_too_many, slope_names, start_of
from skhpo.search.per_feature import PerFeature, expanded
from skhpo.search.plan import Plan, Prepared, Start
from skhpo.search.texts import documented
from skhpo.search.untuned import own_params

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray


@TheirRandom.register  # for those who ask whether it is one
@documented
class GradientSearchCV(BaseSearch):
    """Search that follows the exact slope of the cross-validated loss.

    For ridge, lasso, elastic net, logistic regression, support vector machines, kernel ridge, Gaussian processes and
    generalised linear models, how the loss depends on a penalty follows from the fit itself. One such slope costs less
    than the fit, for any number of parameters. So a handful of candidates reaches what a grid of fifty comes near to.

    The estimator as it came is the first candidate. From there, one parameter is descended by a line search, several by
    a quasi-Newton method with steps of bounded length, on the logarithm of the mean loss over the splits [1]_, [2]_.
    The search ends when a step gains less than the splits are apart.

    The estimator is one of these, or a pipeline that ends in one. The steps before it have no parameters in the space,
    except for a :class:`~skhpo.ColumnScale` right before it: its factors are penalties, or kernel widths, per feature.

    The candidate with the lowest mean loss is the best one. Scores such as accuracy have no slope: they are in
    ``cv_results_`` and do not decide.

    Parameters
    ----------
    %(estimator)s
    param_distributions : dict or "default"
        For each parameter name a :class:`~skhpo.Float` or a continuous distribution of :mod:`scipy.stats`, or a
        :class:`~skhpo.PerFeature` for the ``scale`` of a :class:`~skhpo.ColumnScale`.
        ``"default"`` stands for ranges that are known: :doc:`/guide/default_spaces`.
    loss : str or callable, default="auto"
        What is descended. For regressors "squared", "absolute", "huber", "poisson" or "gamma"; for classifiers
        "log_loss", "brier", "squared" or "smoothed_hinge". "auto" is that of ``scoring`` where it is one of them, else
        the one that suits the estimator. A callable is called with targets, raw predictions and weights that sum to
        one; it returns the loss and its slope in the predictions.
    n_iter : int, default=30
        Candidates to try at most.
    n_restarts : int, default=0
        Descents from random points after the first one, for losses with several minima.
    prior : float or None, default=None
        Weight of a penalty on the factors of a :class:`~skhpo.ColumnScale`: it is this number times the squared
        distances of their logarithms from the mean, and is added to the logarithm of the mean loss. With more than one
        parameter per ten samples, the search refuses to begin without it; 1 is a careful choice.
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

    Attributes
    ----------
    cv_results_ : dict of str to ndarray
        A row per candidate, as in scikit-learn. Added are ``split0_test_loss`` and so on, ``mean_test_loss``,
        ``hypergradient_<parameter>``, the slope of the mean loss in each parameter, and ``stage``: "default", "descent"
        or "restart".
    best_loss_ : float
        Mean loss of the best candidate.
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
    BayesSearchCV : For parameters without a gradient.

    References
    ----------
    .. [1] Pedregosa: Hyperparameter optimization with approximate gradient. ICML 2016.
    .. [2] Bertrand et al.: Implicit differentiation for fast hyperparameter selection in non-smooth convex learning.
       JMLR 23 (2022).

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import Ridge
    >>> from skhpo import Float, GradientSearchCV
    >>> X, y = load_diabetes(return_X_y=True)
    >>> search = GradientSearchCV(Ridge(), {"alpha": Float(1e-4, 1e4, log=True)}).fit(X, y)
    >>> len(search.cv_results_["params"]) < 15
    True
    >>> bool(search.best_loss_ < search.cv_results_["mean_test_loss"][0])  # of the estimator as it came
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseSearch._parameter_constraints,
        **{name: RANDOM_CONSTRAINTS[name] for name in ("n_iter", "random_state")},
        "param_distributions": [dict, list, tuple, str],
        "loss": [str, callable],
        "n_restarts": [Interval(Integral, 0, None, closed="left")],
        "prior": [Interval(Real, 0, None, closed="neither"), None],
    }

    def __init__(
        self,
        estimator: Any,
        param_distributions: Any,
        *,
        loss: Any = "auto",
        n_iter: int = 30,
        n_restarts: int = 0,
        prior: float | None = None,
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
        )
        self.param_distributions = param_distributions
        self.loss = loss
        self.n_iter = n_iter
        self.n_restarts = n_restarts
        self.prior = prior
        self.random_state = random_state

    def _written(self, X: Any, y: Any) -> Any:
        return expanded(super()._written(X, y), self.estimator)

    def _keeps(self, name: str) -> bool:
        return name in slope_names(self.estimator)

    def _settings(self, prepared: Prepared) -> list[Any]:  # noqa: ARG002
        return [self.loss, self.n_restarts, self.prior]

    def _prepare(self, X: Any, y: Any, params: dict[str, Any]) -> Prepared:
        prepared = super()._prepare(X, y, params)
        space, estimator = prepared.space(), prepared.problem.estimator
        gradients = make_gradients(space, estimator, loss=self.loss, scoring=self.scoring)
        refuse_too_many(space, estimator, prepared.splits.n_rows, has_prior=self.prior is not None)
        return prepared._replace(problem=replace(prepared.problem, gradients=gradients))

    def _why_no_bootstrap(self) -> str | None:
        return "estimate_score chooses again by scores, and GradientSearchCV chooses by the loss that it descends."

    def _plan(self, start: Start) -> Plan:
        space = start.space()
        own, gradients = own_params(space, start.problem.estimator), start.problem.gradients
        sampler = GradientSampler(
            space,
            start.seed(),
            own=own.params,
            start=start_of(space, own.params),
            n_restarts=self.n_restarts,
            prior=self.prior or 0.0,
            shrunk=self._shrunk(start.written),
            shares=gradients.shares if isinstance(gradients, Gradients) else (),
        )
        return Plan(sampler, DescentScheduler(self.n_iter, lambda: sampler.has_arrived), look_back=1)

    def _shrunk(self, written: dict[str, Any]) -> list[str]:
        """Return the parameters that the prior holds together."""
        given = {} if isinstance(self.param_distributions, str) else self.param_distributions
        whole = [name for name, value in given.items() if isinstance(value, PerFeature)]
        if self.prior is not None and not whole:
            raise ValueError(
                f"prior needs factors to hold together, got prior={self.prior!r} and no PerFeature in the space. Leave "
                "prior out."
            )
        return [name for name in written if name.rpartition("_")[0] in whole]

    def _learn(self, sampler: Any) -> None:
        """Add what only this search has to ``cv_results_``."""
        trials = [self._history.trials[number] for number in told_trials(self._history)]
        found = [self._history.outcomes(trial.number) for trial in trials]
        splits = range(self._history.n_splits)
        is_run = np.array([[split in outcomes for split in splits] for outcomes in found])
        losses = -self._each(found, OBJECTIVE)
        mean_losses = _means(losses, is_run)
        if np.isnan(mean_losses).all():
            errors = (outcome.score_errors or {} for outcomes in found for outcome in outcomes.values())
            why = next((error[LOSS] for error in errors if LOSS in error), "All fits failed.")
            raise ValueError(f"GradientSearchCV needs a loss on all splits, and no candidate has one. {why}")
        results = self.cv_results_
        results.update({f"split{split}_test_loss": losses[:, split] for split in splits})
        results["mean_test_loss"] = mean_losses
        for name in sampler.space.names:
            results[f"hypergradient_{name}"] = -_means(self._each(found, name), is_run)
        results["stage"] = np.array([sampler.stage(trial.params) for trial in trials], dtype=object)

    def _each(self, found: list[Any], name: str) -> NDArray[np.float64]:
        """Return an entry of the gradients of all fits, shape (n_candidates, n_splits), NaN where there is none."""
        values = np.full((len(found), self._history.n_splits), np.nan)
        for row, outcomes in enumerate(found):
            for split, outcome in outcomes.items():
                values[row, split] = (outcome.gradient or {}).get(name, np.nan)
        return values

    def _choose(self, metric: Any) -> None:
        super()._choose(metric)
        if hasattr(self, "best_index_"):
            self.best_loss_ = float(self.cv_results_["mean_test_loss"][self.best_index_])

    def _best_index(self, metric: Any, results: dict[str, Any]) -> Any:
        """Return the row with the lowest loss, unless a function picks."""
        if callable(self.refit):
            return super()._best_index(metric, results)
        return int(np.nanargmin(results["mean_test_loss"]))


def _means(values: NDArray[np.float64], is_run: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the means over the splits that were run, shape (n_candidates,); NaN where one of these has no value."""
    means: NDArray[np.float64] = np.where(is_run, values, 0.0).sum(axis=1) / is_run.sum(axis=1)
    return means

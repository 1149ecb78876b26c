"""Bayesian optimisation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.model_selection import RandomizedSearchCV as TheirRandom
from sklearn.utils.validation import check_is_fitted

from skhpo._sklearn import RANDOM_CONSTRAINTS, HasMethods, Interval
from skhpo.report.fitted import fitted
from skhpo.samplers.first import FirstSampler
from skhpo.search.base import BaseSearch
from skhpo.search.differentiable import branch_gradients
from skhpo.search.plan import Plan, Prepared, Start
from skhpo.search.race import make_scheduler, racing_settings
from skhpo.search.samplers import bayes
from skhpo.search.texts import documented

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from skhpo.history import Params
    from skhpo.samplers.bayes import BayesSampler
    from skhpo.space import Space


@TheirRandom.register  # for those who ask whether it is one
@documented
class BayesSearchCV(BaseSearch):
    """Search guided by a model of the score: Bayesian optimisation.

    A Gaussian process models the score over the space [1]_. After a few points by design, each candidate is the point
    where the mean of the model plus three of its standard deviations is highest: an upper confidence bound [2]_.
    While fits are under way, the standard deviation is the one that will be left when they are done [3]_. There is
    nothing to tune about it. Use it like :class:`~skhpo.RandomSearchCV`; it needs fewer candidates.

    The estimator as it came is the first candidate, even where one of its values lies outside of the space. So the best
    candidate is at least as good as the untuned estimator, in cross-validation.

    Parameters
    ----------
    %(estimator)s
    param_distributions : dict, list of dict or "default"
        For each parameter name a :class:`~skhpo.Float`, :class:`~skhpo.Int` or :class:`~skhpo.Categorical`, a
        distribution of :mod:`scipy.stats`, a list of values (three or more numbers are taken as ordered), or a
        dimension of scikit-optimize or Optuna. A list of dicts is one space: one model learns which of the dicts is
        worth a try.
        ``"default"`` stands for ranges that are known: :doc:`/guide/default_spaces`.
    n_iter : int, default=50
        Candidates to try. If the space has fewer points, all of them are tried.
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
    initial_params : sequence of dict or None, default=None
        Candidates to try first, after the estimator's own parameters.
    warm_start_from : fitted search, dict or None, default=None
        An earlier search, or its ``cv_results_``, over the same space, with the same metric and comparable data. Its
        candidates count as observations, and are not tried again.
    %(look_back)s
    %(cache_prefix)s
    %(store_predictions)s
    %(share_fits)s
    %(racing)s
    polish : bool, default=False
        Whether the model learns the slopes of the score too, in the parameters that have one, as in
        :class:`GradientSearchCV`. The search is then at the best values of these after fewer candidates. Categories,
        integers and models without slopes may be searched beside them. Needs a ``scoring`` with a slope, such as
        "neg_mean_squared_error", "neg_log_loss", or a regressor's own.

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

    expected_improvement_remaining_ : float
        Expected improvement [4]_, [5]_ of the best further candidate over the best so far, in units of the score. Where
        it is small, more fits are hardly worth it.

    See Also
    --------
    RandomSearchCV : Draws candidates at random.

    References
    ----------
    .. [1] Rasmussen, Williams: Gaussian processes for machine learning. MIT Press 2006.
    .. [2] Srinivas, Krause, Kakade, Seeger: Gaussian process optimization in the bandit setting: no regret and
       experimental design. ICML 2010.
    .. [3] Desautels, Krause, Burdick: Parallelizing exploration-exploitation tradeoffs in Gaussian process bandit
       optimization. JMLR 15 (2014).
    .. [4] Jones, Schonlau, Welch: Efficient global optimization of expensive black-box functions.
       Journal of Global Optimization 13 (1998).
    .. [5] Ament et al.: Unexpected improvements to expected improvement for Bayesian optimization. NeurIPS 2023.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skhpo import BayesSearchCV, Float
    >>> X, y = load_iris(return_X_y=True)
    >>> space = {"C": Float(1e-3, 1e3, log=True), "gamma": Float(1e-4, 1e1, log=True)}
    >>> search = BayesSearchCV(SVC(), space, n_iter=12, random_state=0).fit(X, y)
    >>> bool(search.best_score_ > 0.97)
    True
    >>> mean, std = search.predict_score({"C": 1.0, "gamma": 0.1})
    >>> sorted(search.importances())
    ['C', 'gamma']
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseSearch._parameter_constraints,
        **{name: RANDOM_CONSTRAINTS[name] for name in ("n_iter", "random_state")},
        "param_distributions": [*RANDOM_CONSTRAINTS["param_distributions"], str],
        "initial_params": ["array-like", None],
        "warm_start_from": [HasMethods(["fit"]), dict, None],
        "look_back": [Interval(Integral, 1, None, closed="left"), None],
        "racing": ["boolean"],
        "polish": ["boolean"],
    }

    def __init__(
        self,
        estimator: Any,
        param_distributions: Any,
        *,
        n_iter: int = 50,
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
        initial_params: Sequence[Params] | None = None,
        warm_start_from: Any = None,
        look_back: int | None = None,
        cache_prefix: bool = True,
        store_predictions: bool = False,
        share_fits: bool | str = True,
        racing: bool = False,
        polish: bool = False,
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
        self.initial_params = initial_params
        self.warm_start_from = warm_start_from
        self.look_back = look_back
        self.racing = racing
        self.polish = polish

    def predict_score(self, params: Params | Sequence[Params]) -> tuple[Any, Any]:
        """Return what the model believes of the mean cross-validated score of candidates.

        Parameters
        ----------
        params : dict or sequence of dict
            One candidate or n of them.

        Returns
        -------
        mean, std : float or ndarray of shape (n,)
            Of the score without the noise of its splits; larger is better.

        Raises
        ------
        ValueError
            If a candidate lies outside of the space.
        """
        check_is_fitted(self)
        if isinstance(params, Mapping):
            mean, std = self._sampler.predict([params])
            return float(mean[0]), float(std[0])
        mean, std = self._sampler.predict(list(params))
        return mean, std

    def importances(self) -> dict[str, float]:
        """Return how much each parameter mattered.

        Shares of the parameters in the variance of the modelled score over the whole space, interactions included.
        They are total Sobol' indices [1]_ by quasi-Monte Carlo, divided by their sum; the functional ANOVA of [2]_ is
        of the same family. The score is taken as the model sees it: the better half as it is, the worse half by rank.
        So a few disastrous candidates do not decide.

        Returns
        -------
        importances : dict of str to float
            For each parameter with more than one value, the largest first. Of a list of dicts, ``"<branch>"`` is the
            choice between them.

        References
        ----------
        .. [1] Saltelli et al.: Variance based sensitivity analysis of model output. Computer Physics
           Communications 181 (2010).
        .. [2] Hutter, Hoos, Leyton-Brown: An efficient approach for assessing hyperparameter importance.
           ICML 2014.
        """
        check_is_fitted(self)
        shares = self._sampler.importances()
        return dict(sorted(shares.items(), key=lambda item: -item[1]))

    def _prepare(self, X: Any, y: Any, params: dict[str, Any]) -> Prepared:
        prepared = super()._prepare(X, y, params)
        if not self.polish:
            return prepared
        if self.racing:
            raise ValueError(
                "polish=True needs all splits of a candidate, got racing=True. Leave one of the two False."
            )
        gradients = branch_gradients(prepared.space(), prepared.problem.estimator, scoring=self.scoring)
        return prepared._replace(problem=replace(prepared.problem, gradients=gradients))

    def _plan(self, start: Start) -> Plan:
        space = start.space()
        sampler = bayes(start, initial_params=self._given(space), prior=self._prior(space), is_race=self.racing)
        scheduler = make_scheduler(self, start.problem, sampler, self.n_iter)
        return Plan(sampler, scheduler, look_back=self.look_back)

    def _given(self, space: Space) -> list[Params]:
        given = [] if self.initial_params is None else self.initial_params
        if isinstance(given, Mapping) or not all(isinstance(params, Mapping) for params in given):
            raise TypeError(
                f'initial_params needs a list of dicts, got {given!r}. Write for example [{{"C": 1.0, "gamma": 0.1}}].'
            )
        try:
            return checked(space, given)
        except ValueError as error:
            raise ValueError(f"initial_params needs points of the space: {error}") from error

    def _settings(self, prepared: Prepared) -> list[Any]:
        prior = self._prior(prepared.space())
        polish = ["polish"] if self.polish else []
        return [*racing_settings(self), list(self.initial_params or ()), prior, self.look_back, *polish]

    def _prior(self, space: Space) -> tuple[list[Params], list[float]] | None:
        """Return parameters and scores of the earlier search."""
        if self.warm_start_from is None:
            return None
        results = getattr(self.warm_start_from, "cv_results_", self.warm_start_from)
        metric = self.refit if isinstance(self.refit, str) else "score"
        columns = [name for name in results if isinstance(name, str)] if isinstance(results, Mapping) else []
        names = [f"mean_test_{metric}", *(name for name in columns if name.startswith("mean_test_"))]
        if "params" not in columns or not any(name in columns for name in names):
            raise ValueError(
                "warm_start_from needs a fitted search or its cv_results_, got one without params or scores, "
                f"{type(self.warm_start_from).__name__}. Fit it first."
            )
        column = next(name for name in names if name in columns)
        scores = results[column]
        if not isinstance(self.warm_start_from, Mapping):  # a search of ours knows which numbers stand for failures
            scores = fitted(self.warm_start_from, column.removeprefix("mean_test_")).scores
        n_outside = int(len(scores) > 0 and not space.contains(results["params"][0]))  # the estimator as it came
        return checked(space, results["params"][n_outside:]), [float(score) for score in scores[n_outside:]]

    def _learn(self, sampler: Any) -> None:
        model: Any = sampler
        while isinstance(model, FirstSampler):
            model = model.sampler
        self._sampler: BayesSampler = model
        self.expected_improvement_remaining_ = self._sampler.expected_improvement_remaining()


def checked(space: Space, params: Sequence[Params]) -> list[Params]:
    """Return points of the space in its own form.

    Raises
    ------
    ValueError
        If one lies outside, naming the parameter.
    """
    return [space.canonical(point) for point in params]

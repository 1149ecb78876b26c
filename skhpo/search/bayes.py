"""Bayesian optimisation."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skhpo._sklearn import RANDOM_CONSTRAINTS, HasMethods, Interval
from skhpo.results.fitted import fitted
from skhpo.search.base import BaseSearch
from skhpo.search.plan import Plan, Start
from skhpo.search.race import make_scheduler, racing_settings
from skhpo.search.samplers import bayes
from skhpo.space import Space

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from skhpo.history import Params
    from skhpo.samplers.bayes import BayesSampler


class BayesSearchCV(BaseSearch):
    """Search guided by a model of the score: Bayesian optimisation.

    After a few points by design, each candidate is the one from which a Gaussian process over all earlier candidates
    expects the largest improvement. There is nothing to tune about it. Use it like
    :class:`~skhpo.RandomSearchCV`; it needs a fraction of the fits. The estimator's own parameters are the first
    candidate where they lie in the space, so that the search never ends below them in cross-validation.

    Parameters
    ----------
    estimator : estimator object
        What is tuned; it has a ``score`` method, or ``scoring`` is given.
    param_distributions : dict or list of dict
        For each parameter name a :class:`~skhpo.Float`, :class:`~skhpo.Int` or :class:`~skhpo.Categorical`, a
        distribution of :mod:`scipy.stats`, a list of values (three or more numbers are taken as ordered), or a
        dimension of scikit-optimize or Optuna. A list of dicts is one space: one model learns which of them is worth
        a try.
    n_iter : int, default=50
        Candidates to try; fewer if the space has fewer, which are then all tried.
    scoring : str, callable, list, tuple, dict or None, default=None
        One metric or several, as in scikit-learn; larger is better. None is the estimator's own ``score``.
    n_jobs : int or None, default=None
        Fits that run at the same time: None is 1 outside of a :func:`joblib.parallel_config` context, -1 is one per
        core.
    refit : bool, str or callable, default=True
        Whether to fit the best candidate on all the data; with several metrics, the name of the one that decides; or a
        function from ``cv_results_`` to the index of the best. The metric that decides is the one that is modelled;
        where ``refit`` is False or a function, that is the first.
    cv : int, splitter or iterable, default=None
        How to split; None is five folds. The splits are made once and are the same for every candidate.
    verbose : int, default=0
        From 1 a summary line, from 2 a line per fit, from 3 scores, from 10 a line at each start. With 1, a terminal
        also shows how far the search is: trials done, best score, time left, failed fits; elsewhere there is a line
        about it every half minute.
    pre_dispatch : int or str, default="2*n_jobs"
        The most fits that are handed to the workers at a time; ``"all"`` is no limit.
    random_state : int, RandomState instance or None, default=None
        Seed of all that is random. With the same seed the candidates are the same for any backend and, at equal
        ``look_back``, for any ``n_jobs``.
    error_score : "raise" or float, default=np.nan
        Score of a fit that fails; "raise" raises its error.
    return_train_score : bool, default=False
        Whether to score the training sides too.
    timeout : float or None, default=None
        Seconds for the search; no fit starts later. The candidates that are complete are kept, and the best of them is
        fitted on all the data.
    fit_timeout : float or None, default=None
        Seconds for one fit and its scoring; a fit that takes longer is stopped with its worker process and has failed.
    checkpoint : path-like or None, default=None
        A file in which the search is written down while it runs. Fitted again with the same file after whatever ended
        it, it goes on where it was; with a larger ``n_iter`` it is extended. Another search's file is refused. Copies
        made by :func:`sklearn.base.clone`, as in an outer cross-validation, share the file, each with a search of its
        own.
    initial_params : sequence of dict or None, default=None
        Candidates to try first, after the estimator's own parameters.
    warm_start_from : fitted search, dict or None, default=None
        An earlier search, or its ``cv_results_``, over the same space and scored by the same metric on comparable data:
        its candidates count as observations, and are not tried again.
    look_back : int or None, default=None
        How many candidates may be under way when the next one is decided, that one included. None is 1 for one worker,
        and the fewest that keep all busy for several. Set it for the same candidates on machines of different size.
        With ``racing`` it counts fits, and None is one more than there are workers for several.
    cache_prefix : bool, default=True
        Whether the first steps of a :class:`~sklearn.pipeline.Pipeline`, where candidates have them in common, are
        fitted once per split and worker instead of once per candidate, and kept in memory, up to 256 MB per worker.
        Scores are the same to the bit; ``mean_fit_time`` and ``mean_score_time`` tell what was done. Steps without a
        seed that draw random numbers are fitted each time, so give them a ``random_state``; so are those with
        ``copy=False`` or ``warm_start=True``. Pipelines that are subclassed, inside of another estimator, or have a
        ``memory`` of their own are left alone. Turn it off if a transformer depends on more than data and parameters.
    store_predictions : bool, default=False
        Whether to keep what the candidates predict for the rows that they were not trained on: ``predictions_``, which
        `estimate_score` and `ensemble` read. See :doc:`/guide/honesty`.
    racing : bool, default=False
        Whether a candidate that will not be the best after all does not get all of its splits. After each, its scores
        are compared with those of the complete candidates on the same splits; it is stopped if the probability that
        the remaining ones would place it above the best is below half the chance that a new candidate has, going by
        those so far, and below 5 % (``skhpo.schedulers.racing`` has the rule; of candidates that are equal but for
        chance, 0.6 % of the stops were wrong).
        Never stopped are ties, the best, and anyone before two candidates are complete. The metric is that of
        ``refit``. In ``cv_results_``, splits that were skipped are NaN, ``mean_test_score`` of a stopped candidate is
        adjusted, see there, and columns ``status`` and ``n_splits_run`` are added. It assumes that splits differ by
        chance only.

    Attributes
    ----------
    cv_results_ : dict of str to ndarray
        A row per candidate, as in scikit-learn. With ``racing``, ``mean_test_score`` of a stopped candidate is the mean
        of the one it was stopped against plus their mean difference on the splits that both have, and so below it;
        ``status`` is "complete", "raced", "failed", "crashed" or "timeout", and ``n_splits_run`` how many were run.
    best_estimator_ : estimator
        The best candidate fitted on all the data; only if ``refit``.
    best_score_ : float
        Its mean score over the splits; not if ``refit`` is callable.
    best_params_ : dict
        Its parameters.
    best_index_ : int
        Its row in ``cv_results_``.
    scorer_ : callable or dict of str to callable
        What scored.
    n_splits_ : int
        Splits per candidate.
    multimetric_ : bool
        Whether there were several metrics.
    refit_time_ : float
        Seconds that fitting the best candidate on all the data took; only if ``refit``.
    n_features_in_ : int
        Features seen in `fit`, where ``best_estimator_`` knows.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Their names, where ``best_estimator_`` knows.
    classes_ : ndarray of shape (n_classes,)
        Class labels of a classifier.

    expected_improvement_remaining_ : float
        What the model expects the best further candidate to add to ``best_score_``: where it is small, more fits are
        hardly worth it.

    See Also
    --------
    RandomSearchCV : Draws candidates at random.

    References
    ----------
    .. [1] Jones, Schonlau, Welch: Efficient global optimization of expensive black-box functions.
       Journal of Global Optimization 13 (1998).
    .. [2] Ament et al.: Unexpected improvements to expected improvement for Bayesian optimization. NeurIPS 2023.

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
        **{name: RANDOM_CONSTRAINTS[name] for name in ("param_distributions", "n_iter", "random_state")},
        "initial_params": ["array-like", None],
        "warm_start_from": [HasMethods(["fit"]), dict, None],
        "look_back": [Interval(Integral, 1, None, closed="left"), None],
        "racing": ["boolean"],
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
        racing: bool = False,
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
        )
        self.param_distributions = param_distributions
        self.n_iter = n_iter
        self.random_state = random_state
        self.initial_params = initial_params
        self.warm_start_from = warm_start_from
        self.look_back = look_back
        self.racing = racing

    @property
    def _space(self) -> Any:
        return self.param_distributions

    def predict_score(self, params: Params | Sequence[Params]) -> tuple[Any, Any]:
        """Return what the model believes of the mean cross-validated score of candidates.

        Parameters
        ----------
        params : dict or sequence of dict
            One candidate or n of them.

        Returns
        -------
        mean, std : float or ndarray of shape (n,)
            Of the score without the noise of its folds, larger is better.

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

        Shares of the parameters in the variance of the modelled score over the whole space, interactions included:
        total Sobol' indices [3]_ by quasi-Monte Carlo, made to add up to 1; the functional ANOVA of [4]_ is of the
        same family. The score is taken as the model sees it, the better half as it is and the worse half by rank, so
        that a few disastrous candidates do not decide.

        Returns
        -------
        importances : dict of str to float
            For each parameter with more than one value, the largest first. Of a list of dicts, ``"<branch>"`` is the
            choice between them.

        References
        ----------
        .. [3] Saltelli et al.: Variance based sensitivity analysis of model output. Computer Physics
           Communications 181 (2010).
        .. [4] Hutter, Hoos, Leyton-Brown: An efficient approach for assessing hyperparameter importance.
           ICML 2014.
        """
        check_is_fitted(self)
        shares = self._sampler.importances()
        return dict(sorted(shares.items(), key=lambda item: -item[1]))

    def _plan(self, start: Start) -> Plan:
        space = start.space()
        sampler = bayes(start, self.param_distributions, initial_params=self._given(space), prior=self._prior(space))
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

    def _settings(self) -> list[Any]:
        prior = self._prior(Space(self.param_distributions))
        return [*racing_settings(self), list(self.initial_params or ()), prior, self.look_back]

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
        self._sampler: BayesSampler = sampler
        self.expected_improvement_remaining_ = self._sampler.expected_improvement_remaining()


def checked(space: Space, params: Sequence[Params]) -> list[Params]:
    """Return points of the space in its own form.

    Raises
    ------
    ValueError
        If one lies outside, naming the parameter.
    """
    return [space.canonical(point) for point in params]

"""Exhaustive search."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from skhpo._sklearn import GRID_CONSTRAINTS, Interval
from skhpo.search.base import BaseSearch
from skhpo.search.plan import Plan, Start
from skhpo.search.race import make_scheduler, racing_settings
from skhpo.search.samplers import grid

if TYPE_CHECKING:
    import os


class GridSearchCV(BaseSearch):
    """Exhaustive search over a grid of parameter values.

    A drop-in replacement for :class:`sklearn.model_selection.GridSearchCV`: on the same grid every entry of
    ``cv_results_`` that is not a time is the same to the bit.

    Parameters
    ----------
    estimator : estimator object
        What is tuned; it has a ``score`` method, or ``scoring`` is given.
    param_grid : dict or list of dict
        For each parameter name the values to try, or a finite :class:`~skhpo.Int` or :class:`~skhpo.Categorical`,
        which may be conditional. A list of dicts is the union of their grids.
    scoring : str, callable, list, tuple, dict or None, default=None
        One metric or several, as in scikit-learn; larger is better. None is the estimator's own ``score``.
    n_jobs : int or None, default=None
        Fits that run at the same time: None is 1 outside of a :func:`joblib.parallel_config` context, -1 is one per
        core.
    refit : bool, str or callable, default=True
        Whether to fit the best candidate on all the data; with several metrics, the name of the one that decides; or a
        function from ``cv_results_`` to the index of the best.
    cv : int, splitter or iterable, default=None
        How to split; None is five folds. The splits are made once and are the same for every candidate.
    verbose : int, default=0
        From 1 a summary line, from 2 a line per fit, from 3 scores, from 10 a line at each start. With 1, a terminal
        also shows how far the search is: trials done, best score, time left, failed fits; elsewhere there is a line
        about it every half minute.
    pre_dispatch : int or str, default="2*n_jobs"
        The most fits that are handed to the workers at a time; ``"all"`` is no limit.
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
        it, it goes on where it was. Another search's file is refused. Copies
        made by :func:`sklearn.base.clone`, as in an outer cross-validation, share the file, each with a search of its
        own.
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
        the remaining ones would place it above the best is below 3 % (``skhpo.schedulers.racing`` has the rule; of
        candidates that are equal but for chance, 0.6 % of the stops were wrong). Never stopped are ties, the best, and
        anyone before three candidates are complete. The metric is that of ``refit``. In ``cv_results_``, splits that
        were skipped are NaN, ``mean_test_score`` of a stopped candidate is adjusted, see there, and columns ``status``
        and ``n_splits_run`` are added. It assumes that splits differ by chance only.
    look_back : int or None, default=None
        With ``racing``, how many fits may be under way when the next one is decided, that one included. None is 1 for
        one worker, and one more than there are for several. Set it for the same fits on machines of different size.

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
        "param_grid": GRID_CONSTRAINTS["param_grid"],
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
        )
        self.param_grid = param_grid
        self.racing = racing
        self.look_back = look_back

    @property
    def _space(self) -> Any:
        return self.param_grid

    def _settings(self) -> list[Any]:
        return racing_settings(self)

    def _plan(self, start: Start) -> Plan:
        sampler = grid(start, self.param_grid, 0)
        return Plan(sampler, make_scheduler(self, start.problem, sampler, sampler.n_max), look_back=self.look_back)

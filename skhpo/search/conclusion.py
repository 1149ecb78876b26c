"""What a search has in hand at its end, whatever ended it: results, the best, what it cost, a report."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sklearn.utils.validation import check_is_fitted

from skhpo import _sklearn
from skhpo.history import History, has_complete, told_trials
from skhpo.honesty.rules import Rule
from skhpo.honesty.store import Predictions
from skhpo.loop.finish import expected_scores
from skhpo.messages.callers import warn
from skhpo.report import Report, relative_test_size, report_of
from skhpo.report.cv_results import cv_results, metric_names
from skhpo.samplers.bayes import BayesSampler
from skhpo.search.evidence import Evidence
from skhpo.search.honest import Honest
from skhpo.space.defaults import asks_for_default

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from skhpo.samplers.base import Sampler
    from skhpo.search.plan import Opened, Plan, Prepared


_PLAIN: dict[str, type[Any]] = {
    "_history": History,
    "_sampler": BayesSampler,
    "_evidence": Evidence,
    "predictions_": Predictions,
}
"""Attributes whose values know what they consist of, in other types than ours."""


class Concluding(Honest):
    """The end of a search: from its history to what users look at.

    ``cv_results_`` comes first, and then what may fail: the rule that picks the best, and the fit on all the data.
    """

    _gave_up: str | None = None  # why all workers were lost for good

    def __getstate__(self) -> dict[str, Any]:
        """Return the attributes, those of kinds of ours as what they consist of: a reader need not know the kinds."""
        state = dict(super().__getstate__())
        for name, kind in _PLAIN.items():
            if isinstance(state.get(name), kind):
                state[name] = state[name].__getstate__()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        for name, kind in _PLAIN.items():
            if name in state and not isinstance(state[name], kind):
                value: Any = object.__new__(kind)
                value.__setstate__(state[name])
                state[name] = value
        super().__setstate__(state)

    def stats(self) -> dict[str, Any]:
        """Return what the search cost, and why it ended.

        Returns
        -------
        stats : dict
            ``n_fits``, the fits that were run, without the one on all the data (equal candidates are fitted once; fits
            of earlier runs that a checkpoint remembers count); ``fit_time``, the seconds of these fits and their
            scoring, added up; ``started``, when the search began this time, seconds since the epoch; ``search_time``,
            seconds that it took, without the fit on all the data; ``suggest_time``, those of them spent on deciding
            what to try; ``n_workers``, fits that could run at the same time, the most there were;
            ``worker_time``, seconds that workers were there, added up; ``stop_reason``: ``"finished"``,
            ``"exhausted"`` where the space had no more points, ``"timeout"``, ``"callback"``, ``"workers"`` where all
            workers were lost for good, ``"interrupt"``, or ``"error"`` where the search ended with an exception.
        """
        check_is_fitted(self, "cv_results_")
        return dict(self._stats)

    def report(self) -> Report:
        """Return what the search found, in words: print it, or let a notebook show it.

        What was tried, the best and how sure that is, the estimator's own parameters in comparison if they were tried,
        failures by reason, where the time went, and parameters whose best value lies at an end of their range.

        Returns
        -------
        report : Report
            ``str(report)`` is the text; what it says is in attributes too.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn.svm import SVC
        >>> from skhpo import GridSearchCV
        >>> X, y = load_iris(return_X_y=True)
        >>> print(GridSearchCV(SVC(), {"C": [0.1, 1.0, 10.0]}).fit(X, y).report())
        GridSearchCV of SVC
          Tried         3 trials, 15 fits: 15 ok
          Ended         all that was planned was run
          Best          score 0.98, standard deviation 0.016 over 5 splits (trial 2)
                        C = 10.0
          ...
          Ranges        C = 10 lies at the upper end of its range (0.1 to 10, log scale): widen it, for example to
                        100, if larger values make sense
        """
        check_is_fitted(self, "cv_results_")
        return report_of(self, self._stats, self._test_to_train)

    def score(self, X: Any, y: Any = None, **params: Any) -> Any:
        """Return the score of the best estimator on some data, by the metric that chose it.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Targets; None for unsupervised estimators.
        **params : dict of str to object
            Passed to the scorers, with metadata routing enabled.

        Returns
        -------
        score : float
            By ``scoring`` where it is given, else by the estimator's own ``score``.

        Raises
        ------
        ValueError
            If a function chose the best by several metrics: none of them is the one.
        """
        if callable(self.refit) and getattr(self, "multimetric_", False):
            names = list(self.scorer_) if isinstance(self.scorer_, dict) else None
            example = f"search.scorer_[{names[0]!r}](search, X, y)" if names else "search.scorer_(search, X, y)"
            raise ValueError(
                f"score needs one metric, and here a function, refit={self.refit!r}, chose the best by several"
                f"{f', {names}' if names else ''}. Write for example {example}."
            )
        return super().score(X, y, **params)

    def _note(self, prepared: Prepared, opened: Opened, stats: dict[str, Any]) -> None:
        """Keep what happened, for `stats`, the report and the plots."""
        self._history, self._stats = opened.history, stats
        self._test_to_train = relative_test_size(opened.problem.splits)
        self._gave_up = opened.gave_up
        self._checked_cv_orig, self.n_splits_ = prepared.splitter, opened.history.n_splits
        for name, value in opened.plan.learned.items():
            setattr(self, name, value)

    def _forget(self) -> None:
        """Drop what an earlier fit learned: one that is interrupted must not leave the other's results."""
        self._history, self._stats = History(0), {}
        for name in [name for name in vars(self) if name.endswith("_") and not name.startswith("_")]:
            delattr(self, name)

    def _keep(self, prepared: Prepared, opened: Opened, stats: dict[str, Any]) -> None:
        """Have in hand what is complete where an error ended the search, which it is that is to be heard of."""
        self._note(prepared, opened, stats)
        with suppress(Exception):  # nothing may be complete, and a function that picks the best may need all
            self._conclude(prepared, opened)

    def _conclude(self, prepared: Prepared, opened: Opened) -> None:
        """Turn the history into what users look at."""
        self.scorer_ = _sklearn.fitted_scorer(prepared.scorers, self.estimator)
        if asks_for_default(self._space):
            self.space_ = prepared.written
        self._tell(opened.history, opened.plan)
        self._note_evidence(prepared, opened)
        self._learn(opened.plan.sampler)
        self._choose(prepared.metric)

    def _tell(self, history: History, plan: Plan) -> None:
        """Turn the history into ``cv_results_``; where no trial is complete, those that were begun count."""
        numbers = told_trials(history)
        expected = {} if has_complete(history) else expected_scores(history, plan.sampler)
        outcomes = [outcome for number in numbers for _, outcome in sorted(history.outcomes(number).items())]
        if not outcomes:
            raise ValueError(self._why_nothing())
        self.multimetric_ = metric_names([outcome.test_scores for outcome in outcomes]) is not None
        to_tell: list[str] = []  # once the results are there: warnings may be errors
        if expected and self._stats["stop_reason"] != "error":  # which is what is to be heard of
            to_tell.append(_only_partial(history, expected))
        self.cv_results_ = cv_results(
            history,
            numbers,
            error_score=self.error_score,
            return_train_score=self.return_train_score,
            resource=plan.measure,
            warn=to_tell.append,
            expected=expected,
        )
        _sklearn.check_failures((outcome.error for outcome in outcomes), self.error_score)
        for message in to_tell:
            warn(message, UserWarning)

    def _learn(self, sampler: Sampler) -> None:
        """Set what a kind of search tells besides ``cv_results_``."""

    def _choose(self, metric: Any) -> None:
        """Set ``best_*``, by the metric under its name in ``cv_results_``."""
        if callable(self.scoring) and self.multimetric_:
            metric = self.refit  # only the scores themselves tell that a callable returns several
        if self.refit or not self.multimetric_:
            results = self.cv_results_
            self.best_index_ = self._best_index(metric, results)
            if isinstance(self.refit, Rule):
                metric = self.refit.metric_in(results)
            if not callable(self.refit) or isinstance(self.refit, Rule):
                self.best_score_ = results[f"mean_test_{metric}"][self.best_index_]
            self.best_params_ = results["params"][self.best_index_]

    def _check_names(self, names: Sequence[str] | None) -> None:
        """Raise scikit-learn's error if a callable scores by several metrics, and `refit` names none of them."""
        if callable(self.scoring) and names is not None:
            _sklearn.check_multimetric_refit(self, names)

    def _best_index(self, metric: Any, results: dict[str, Any]) -> Any:
        """Return the row of the best candidate."""
        return (
            self._rule()(results) if isinstance(self.refit, Rule) else _sklearn.select_best_index(self, metric, results)
        )

    def _why_nothing(self) -> str:
        """Return what to say where no candidate has a score."""
        reason = self._stats.get("stop_reason")
        if reason == "timeout":
            return (
                f"timeout must leave time for at least one candidate, got timeout={self.timeout!r} seconds and none "
                "has a score. Raise timeout, or tune on less data."
            )
        if reason == "callback":
            return "A callback stopped the search before one candidate had a score. Let it stop later."
        if reason == "workers":
            return f"No candidate had a score when all workers were lost. {self._gave_up}"
        return "No fits were performed. Was the CV iterator empty? Were there no candidates?"


def _only_partial(history: History, expected: Mapping[int, float]) -> str:
    """Return what to say where the best candidate lacks splits."""
    n_splits = len(history.outcomes(max(expected, key=lambda number: expected[number])))
    return (
        f"No candidate was complete when the search was stopped. The best is the one of {len(expected)} of which most "
        f"is expected; it was fitted on {n_splits} of {history.n_splits} splits. Give the search more time, or fewer "
        "splits."
    )

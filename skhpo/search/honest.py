"""What a search says about new data: its predictions, what to expect, and an ensemble of what it tried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.metrics import get_scorer
from sklearn.utils.validation import check_is_fitted

from skhpo import _sklearn
from skhpo.history import told_trials
from skhpo.honesty.bootstrap import RuledChoice, bbc_estimate
from skhpo.honesty.coverage import n_positions
from skhpo.honesty.ensemble import EnsembleClassifier, EnsembleRegressor
from skhpo.honesty.estimate import naive_estimate
from skhpo.honesty.greedy import EnsembleChoice, best_pool, blendable, is_soft, select
from skhpo.honesty.known import check_settings, choice_of
from skhpo.honesty.metrics import measure_of, usual_scorer
from skhpo.honesty.nested import nested_estimate
from skhpo.honesty.pooled import PooledScorer
from skhpo.honesty.rules import Rule, UnlessBetter
from skhpo.search.evidence import Evidence, OneMetric
from skhpo.space import params_key

if TYPE_CHECKING:
    from skhpo.honesty.estimate import ScoreEstimate
    from skhpo.honesty.predictions import OutOfFold
    from skhpo.honesty.store import Predictions
    from skhpo.search.plan import Opened, Prepared

_METHODS = ("bbc", "nested", "naive")
_MOST_CHECKED = 2_000_000
"""Predictions up to which the scores of all candidates are made once more from them."""

_MOST_SPLITS = 20
"""Splits on which that is done: a metric that reads something else does so on all of them."""


class Honest(_sklearn.BaseSearchCV):
    """The part of a search that speaks of new data."""

    predictions_: Predictions
    _evidence: Evidence

    def estimate_score(
        self,
        method: str = "bbc",
        *,
        confidence: float = 0.95,
        n_bootstraps: int = 1000,
        outer_cv: Any = 5,
        X: Any = None,
        y: Any = None,
        random_state: int = 0,
    ) -> ScoreEstimate:
        """Estimate what this way of choosing gives on new data.

        ``best_score_`` is the largest of many scores with noise, and too good. ``"bbc"`` [1]_ chooses again on
        resampled rows, and scores what was chosen on the rows that were not drawn: no fit is run, but the search needs
        ``store_predictions=True``. ``"nested"`` runs the search again on the training side of each outer split: it
        makes no assumption, and takes as many times as long; what that will be is printed first. ``"naive"`` is the
        score of the best with the interval of its splits.

        Parameters
        ----------
        method : {"bbc", "nested", "naive"}, default="bbc"
            How.
        confidence : float, default=0.95
            Of the interval.
        n_bootstraps : int, default=1000
            Of ``"bbc"``.
        outer_cv : int, splitter or iterable, default=5
            Of ``"nested"``; with groups a number is that of `GroupKFold`.
        X, y : array-like or None, default=None
            For ``"nested"``: the data, where the search does not have them any more because it was pickled.
        random_state : int, default=0
            Of the bootstraps.

        Returns
        -------
        estimate : ScoreEstimate
            Its ``value``, ``interval`` and ``optimism``.

        Raises
        ------
        ValueError
            If an estimate by this method cannot be right for this search; it says why.

        References
        ----------
        .. [1] I. Tsamardinos, E. Greasidou, G. Borboudakis: Bootstrapping the out-of-sample predictions for efficient
           and accurate cross-validation. Machine Learning 107 (2018).

        Examples
        --------
        >>> from sklearn.datasets import load_wine
        >>> from sklearn.neighbors import KNeighborsClassifier
        >>> from skhpo import GridSearchCV
        >>> X, y = load_wine(return_X_y=True)
        >>> grid = {"n_neighbors": list(range(1, 31)), "weights": ["uniform", "distance"]}
        >>> search = GridSearchCV(KNeighborsClassifier(), grid, store_predictions=True).fit(X, y)
        >>> estimate = search.estimate_score()
        >>> bool(estimate.value < search.best_score_)
        True
        """
        check_is_fitted(self, "cv_results_")
        if method not in _METHODS:
            raise ValueError(f"method needs to be one of {list(_METHODS)}, got {method!r}.")
        check_settings(confidence, n_bootstraps)
        if not hasattr(self, "best_index_"):
            raise ValueError(
                f"estimate_score needs a search that chose one candidate, got refit={self.refit!r} with several "
                "metrics. Name one of them in refit."
            )
        self._check_complete()
        facts = {"metric": self._metric_shown, "n_candidates": len(self.cv_results_["params"])}
        if method == "naive":
            return naive_estimate(self._chosen_scores, test_share=self._test_to_train, confidence=confidence, **facts)
        if method == "nested":
            return self._nested(X, y, outer_cv, confidence, facts)
        table, scorer, best = self._chosen_from()
        measure = measure_of(scorer, table)
        return bbc_estimate(
            self._choice(table, scorer),
            table.n_rows,
            naive=float(measure.scores(np.ones((1, table.n_rows)), [best])[0, 0]),
            confidence=confidence,
            groups=table.groups,
            n_resamples=n_bootstraps,
            random_state=random_state,
            **facts,
        )

    def ensemble(
        self,
        size: int = 25,
        *,
        members: str = "refit",
        n_candidates: int = 50,
        n_bootstraps: int = 50,
        X: Any = None,
        y: Any = None,
        random_state: int = 0,
    ) -> EnsembleClassifier | EnsembleRegressor:
        """Return an ensemble of candidates, selected by their out-of-fold predictions and fitted.

        Greedy selection with replacement [1]_: the candidate that makes the ensemble best by ``scoring`` is added,
        ``size`` times, and the best of all steps is taken. Ties go to the smaller log loss. The search needs
        ``store_predictions=True``; no other cross-validation fits are run.

        Parameters
        ----------
        size : int, default=25
            How many to add; a candidate may be added again, and then weighs more.
        members : {"refit", "folds"}, default="refit"
            Whether members are fitted on all data, or on the training sides of the splits, whose mean then counts.
        n_candidates : int, default=50
            From how many of the best candidates to select.
        n_bootstraps : int, default=50
            Of the estimate; 0 for none.
        X, y : array-like or None, default=None
            The data, where the search does not have them any more because it was pickled.
        random_state : int, default=0
            Of the bootstraps.

        Returns
        -------
        ensemble : EnsembleClassifier or EnsembleRegressor
            Fitted. ``estimators`` and ``weights`` are its members; ``estimate_`` is what to expect of it on new data,
            with the selection repeated in each bootstrap; it is not there where `estimate_score` would refuse, as after
            a halving.

        Raises
        ------
        ValueError
            If there are no predictions, or they cannot be averaged.

        References
        ----------
        .. [1] R. Caruana, A. Niculescu-Mizil, G. Crew, A. Ksikes: Ensemble selection from libraries of models. ICML
           2004.

        Examples
        --------
        >>> from sklearn.datasets import load_wine
        >>> from sklearn.tree import DecisionTreeClassifier
        >>> from skhpo import GridSearchCV
        >>> X, y = load_wine(return_X_y=True)
        >>> tree, grid = DecisionTreeClassifier(random_state=0), {"max_depth": [1, 2, 3, 4], "max_features": [2, 5, 9]}
        >>> search = GridSearchCV(tree, grid, scoring="neg_log_loss", store_predictions=True).fit(X, y)
        >>> ensemble = search.ensemble()
        >>> bool(ensemble.estimate_.value > search.best_score_)
        True
        """
        check_is_fitted(self, "cv_results_")
        if members not in {"refit", "folds"}:
            raise ValueError(f"members needs to be 'refit' or 'folds', got {members!r}.")
        if size < 1 or n_candidates < 1 or n_bootstraps < 0:
            raise ValueError(
                "size and n_candidates need to be 1 or more, and n_bootstraps 0 or more, got "
                f"{size!r}, {n_candidates!r} and {n_bootstraps!r}."
            )
        self._check_complete()
        table, scorer = self._table()
        table = blendable(table, scorer)
        pool = best_pool(table, scorer, n_candidates)
        selection = select(table.only(pool), scorer, size)
        weights = np.zeros(table.n_candidates)
        weights[pool] = selection.weights
        ensemble = self._ensemble_of(weights, members)
        X, y = self._data(X, y)
        ensemble.fit(X, y, **self._evidence.data.fit_params)
        if n_bootstraps and self._why_no_bootstrap() is None and not self.predictions_.n_dropped:
            ensemble.estimate_ = bbc_estimate(
                EnsembleChoice(table, scorer, size, n_candidates),
                table.n_rows,
                naive=selection.score,
                groups=table.groups,
                n_resamples=n_bootstraps,
                random_state=random_state,
                metric=self._metric_shown,
                n_candidates=table.n_candidates,
            )
        return ensemble

    def _ensemble_of(self, weights: Any, members: str) -> EnsembleClassifier | EnsembleRegressor:
        """Return the ensemble of the candidates that have a weight, not fitted yet."""
        used = np.flatnonzero(weights)
        rows = self.predictions_.trials[used].tolist()
        estimators = [_sklearn.set_params(clone(self.estimator), self.cv_results_["params"][row]) for row in rows]
        settings: dict[str, Any] = {
            "weights": weights[used].tolist(),
            "cv": None if members == "refit" else self._folds(),
            "n_jobs": self.n_jobs,
        }
        table = self.predictions_.table
        if not table.is_classifier:
            return EnsembleRegressor(estimators, **settings)
        return EnsembleClassifier(estimators, voting="soft" if is_soft(table) else "hard", **settings)

    def _note_evidence(self, prepared: Prepared, opened: Opened) -> None:
        """Keep what estimates are made from."""
        scorer, metric = opened.problem.scorer, prepared.metric
        found = _sklearn.unwrapped_scorer(scorer)
        if isinstance(found, dict):
            metric = self._metric_of_refit(list(found))
            scorer = found.get(metric)
        elif callable(self.scoring) and self.multimetric_ and self.refit:
            names = [name.removeprefix("mean_test_") for name in self.cv_results_ if name.startswith("mean_test_")]
            metric = self._metric_of_refit(names)
            scorer = OneMetric(scorer, metric)
        is_pooled = isinstance(scorer, PooledScorer)
        scorer = get_scorer(scorer.scoring) if isinstance(scorer, PooledScorer) else scorer
        score_params, splits = opened.problem.score_params, opened.problem.splits
        sizes = [(n_positions(train), n_positions(test)) for train, test in splits]
        most_trained = max(train for train, _ in sizes)
        self._evidence = Evidence(is_pooled, scorer, metric, score_params, sum(sizes[0]), most_trained, prepared.data)
        if opened.store is not None:
            prepared.data.splits = splits
            predictions = opened.store.together(opened.history, told_trials(opened.history))
            if predictions is not None:
                self.predictions_ = predictions

    def _metric_of_refit(self, names: list[str]) -> str:
        """Return which of several metrics decides: the one that `refit` names, or its rule, else the first."""
        if isinstance(self.refit, Rule):
            return self.refit.metric_in(dict.fromkeys(f"mean_test_{name}" for name in names))
        return self.refit if isinstance(self.refit, str) else names[0]

    def _needs_untuned(self) -> bool:
        """Whether the estimator as it came has to be among the candidates."""
        return isinstance(self.refit, UnlessBetter) and self.refit.untuned is None

    # -- what these need ----------------------------------------------------------------------------------------------

    def _check_complete(self) -> None:
        """Refuse a search that was stopped before any candidate was complete."""
        if "partial" in self.cv_results_.get("status", ()):
            raise ValueError(
                f"This needs a candidate with all splits, and {type(self).__name__} was stopped before one had them. "
                "Fit it again with more time, or fewer splits."
            )

    def _why_no_bootstrap(self) -> str | None:
        """Return why the bootstrap cannot be right for this kind of search; None where it can."""
        if "n_resources" in self.cv_results_:
            return (
                "estimate_score needs candidates that were all compared on all data, got a search with rungs, where "
                "those of the last rung were chosen on the way by rows that they are scored on."
            )
        return None

    @property
    def _metric_shown(self) -> str:
        scoring = getattr(self, "scoring", None)
        scoring = scoring.scoring if isinstance(scoring, PooledScorer) else scoring
        return scoring if isinstance(scoring, str) else self._evidence.metric

    @property
    def _chosen_scores(self) -> Any:
        results, metric = self.cv_results_, self._evidence.metric
        return [results[f"split{split}_test_{metric}"][self.best_index_] for split in range(self.n_splits_)]

    def _table(self) -> tuple[OutOfFold, Any]:
        """Return the predictions and the scorer that reads them."""
        if not hasattr(self, "predictions_"):
            raise ValueError(
                "Out-of-fold predictions are needed here, and this search has none. Write store_predictions=True, or "
                'use estimate_score(method="nested"), which fits again.'
            )
        table, scorer = self.predictions_.table, self._evidence.scorer
        if _sklearn.is_own_score(scorer):
            scorer = usual_scorer(is_classifier=table.is_classifier)
        if unknown := self._evidence.score_params.keys() - {"sample_weight"}:
            raise ValueError(
                f"estimate_score knows of sample_weight only what to do in a resample, got {sorted(unknown)} for the "
                'scorer. Use method="nested".'
            )
        self._check_scores(table, scorer)
        return table, scorer

    def _check_scores(self, table: OutOfFold, scorer: Any) -> None:
        """Refuse a metric that makes of the predictions of a split another score than the search has seen."""
        rows, results, metric = self.predictions_.trials, self.cv_results_, self._evidence.metric
        some = range(table.n_candidates) if table.n_candidates * table.n_rows < _MOST_CHECKED else [0]
        assert table.splits is not None  # noqa: S101  # of a search
        if self._evidence.is_pooled:
            return
        for repeat, splits in enumerate(table.splits):
            measure = measure_of(scorer, table.repeat(repeat))
            for split in np.unique(splits)[:_MOST_SPLITS]:
                found = measure.scores((splits == split)[None].astype(np.intp), list(some))[0]
                known = results[f"split{split}_test_{metric}"][rows[list(some)]]
                is_known = np.isfinite(known) & np.isfinite(found)
                if not np.allclose(found[is_known], known[is_known], rtol=1e-3, atol=1e-4):
                    raise ValueError(
                        "scoring needs to be a metric of predictions here, got "
                        f"scoring={self.scoring!r}, by which those of split {split} have "
                        f"{found[is_known][0]:.4g} and the fit had {known[is_known][0]:.4g}: it reads something else. "
                        'Write for example scoring="neg_log_loss", or use estimate_score(method="nested").'
                    )

    def _chosen_from(self) -> tuple[OutOfFold, Any, int]:
        """Return the predictions of all that could have been chosen, the scorer, and which one was."""
        why = self._why_no_bootstrap()
        if why is not None:
            raise ValueError(f'{why} Use estimate_score(method="nested").')
        table, scorer = self._table()
        found = self.predictions_
        if found.n_dropped:
            raise ValueError(
                f"estimate_score needs the predictions of all candidates, got {len(found.trials)}, and "
                f"{found.n_dropped} more without: they were too many to keep, or are of an earlier run that did not "
                "keep them. What is left was chosen by the very rows that it would be scored on. Use "
                'method="nested".'
            )
        best = np.flatnonzero(found.trials == self._first_of(self.best_index_))
        if not len(best):
            raise ValueError("estimate_score needs the predictions of the chosen candidate, and it has none.")
        return table, scorer, int(best[0])

    def _first_of(self, row: int) -> int:
        """Return the first row with the parameters of a row, which was fitted for all of them."""
        params = self.cv_results_["params"]
        key = params_key(params[row])
        return next(first for first in range(row + 1) if params_key(params[first]) == key)

    def _choice(self, table: OutOfFold, scorer: Any) -> Any:
        """Return what is done in each bootstrap: the best is taken, or what `refit` says."""
        if not callable(self.refit):
            return choice_of(measure_of(scorer, table))
        trials = self.predictions_.trials
        facts = {name: column[trials] for name, column in self.cv_results_.items() if name != "params"}
        facts["params"] = [self.cv_results_["params"][row] for row in trials.tolist()]
        return RuledChoice(table, scorer, rule=self._rule(), results=facts, metric=self._evidence.metric)

    def _rule(self) -> Any:
        """Return `refit` where it is callable; a rule of ours with the estimator of this search."""
        return self.refit.of(self.estimator) if isinstance(self.refit, Rule) else self.refit

    def _data(self, X: Any, y: Any) -> tuple[Any, Any]:
        data = self._evidence.data
        X, y = (data.X, data.y) if X is None else (X, y)
        if X is None:
            raise ValueError(
                f"{type(self).__name__} does not have its data: it keeps them with store_predictions=True, until "
                "it is pickled. Give X and y."
            )
        return X, y

    def _folds(self) -> Any:
        splits = self._evidence.data.splits
        if splits is None:
            raise ValueError(
                f"members='folds' needs the splits of {type(self).__name__}, which it had until it was pickled. Use "
                "members='refit'."
            )
        return list(splits)

    def _nested(self, X: Any, y: Any, outer_cv: Any, confidence: float, facts: dict[str, Any]) -> ScoreEstimate:
        X, y = self._data(X, y)
        evidence = self._evidence
        return nested_estimate(
            self,
            X,
            y,
            evidence.data.params,
            outer_cv=outer_cv,
            scorer=evidence.scorer,
            score_params=evidence.score_params,
            confidence=confidence,
            naive=float(np.mean(self._chosen_scores)),
            **facts,
        )

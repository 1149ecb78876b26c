"""The bootstrap that corrects the bias of a score that is the best of many: BBC-CV.

Choosing is repeated on resampled rows, and what was chosen is scored on the rows that were not drawn. No model is
fitted: the predictions for all rows are known from the cross-validation.

References
----------
I. Tsamardinos, E. Greasidou, G. Borboudakis: Bootstrapping the out-of-sample predictions for efficient and accurate
cross-validation. Machine Learning 107 (2018), algorithm 3 (BBC-CV); section 4.4 for repeated cross-validation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from skhpo.honesty.estimate import ScoreEstimate
from skhpo.honesty.measure import chunks
from skhpo.honesty.metrics import measure_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from skhpo.honesty.measure import Measure
    from skhpo.honesty.predictions import OutOfFold

_FIRST = 50
"""Bootstraps after which a slow metric leaves out candidates that will not win one."""

_FAR = 4.0
"""How many standard deviations of the difference to the best one that is: one in 30,000 of a normal one is beyond."""

_SHARE_UNDEFINED = 0.5
"""Of bootstraps without a score, from which on there is no estimate."""


class Procedure(Protocol):
    """What is done with the rows that were drawn, and scored on those that were not."""

    def __call__(self, drawn: NDArray[np.intp], left: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the scores on the rows that were left, of what was chosen on those that were drawn.

        Parameters
        ----------
        drawn, left : ndarray of shape (n_resamples, n_rows)
            How often each row counts.
        """


def draws(n_rows: int, groups: Any, n_resamples: int, rng: np.random.Generator) -> Iterator[NDArray[np.intp]]:
    """Yield how often each row is drawn, as (n, n_rows) at a time; rows of a group are drawn together.

    Parameters
    ----------
    n_rows : int
        Of the data.
    groups : array-like of shape (n_rows,) or None
        Which rows belong together.
    n_resamples : int
        In all.
    rng : Generator
        Of the draws.
    """
    codes = None if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1].ravel()
    n_units = n_rows if codes is None else int(codes.max()) + 1
    for size in chunks(n_resamples, n_rows):
        counts = np.array([np.bincount(rng.integers(n_units, size=n_units), minlength=n_units) for _ in range(size)])
        yield counts if codes is None else counts[:, codes]


def best_of(measure: Measure) -> Procedure:
    """Return the choice of the candidate with the best score."""

    def choose(drawn: NDArray[np.intp], left: NDArray[np.intp]) -> NDArray[np.float64]:
        return _scores_of_winners(measure, measure.scores(drawn), left)

    return choose


class PrunedBest:
    """The choice of the candidate with the best score, by a metric that is slow.

    After some bootstraps the candidates are left out that are so far behind the best that they will not win one.
    """

    def __init__(self, measure: Measure) -> None:
        self._measure = measure
        self._kept = np.arange(measure.n_candidates)
        self._behind: list[NDArray[np.float64]] = []

    def __call__(self, drawn: NDArray[np.intp], left: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the scores of the winners, see `Procedure`."""
        found = np.full(len(drawn), np.nan)
        for start in range(0, len(drawn), _FIRST):
            at = slice(start, start + _FIRST)
            scores = self._measure.scores(drawn[at], self._kept)
            found[at] = _scores_of_winners(self._measure, scores, left[at], self._kept)
            if not self._behind:
                self._leave_out(scores)
        return found

    def _leave_out(self, scores: NDArray[np.float64]) -> None:
        known = scores[np.isfinite(scores).all(axis=1)]
        self._behind.append(scores)
        if len(known) < _FIRST // 2:
            return
        best = int(known.mean(axis=0).argmax())
        behind = known[:, [best]] - known
        is_near = behind.mean(axis=0) <= _FAR * behind.std(axis=0, ddof=1)
        is_near[best] = True
        self._kept = self._kept[is_near]


class RuledChoice:
    """The choice that a rule makes, a callable as scikit-learn's ``refit``, of scores by split.

    Parameters
    ----------
    oof : OutOfFold
        What was predicted, and on which split.
    scorer : callable
        Of the scores.
    rule : callable
        ``rule(cv_results) -> int``.
    results : dict
        What the rule may read beside scores: ``params`` and their columns, and times.
    metric : str
        Under what name the scores stand.
    """

    def __init__(self, oof: OutOfFold, scorer: Any, *, rule: Any, results: dict[str, Any], metric: str) -> None:
        self._measure = measure_of(scorer, oof)
        assert oof.splits is not None  # noqa: S101  # of a search
        self._parts = [
            (measure_of(scorer, oof.repeat(repeat)), splits == split)
            for repeat, splits in enumerate(oof.splits)
            for split in np.unique(splits)
        ]
        self._rule = rule
        self._metric = metric
        self._facts = {name: value for name, value in results.items() if "_test_" not in name and "_train_" not in name}

    def __call__(self, drawn: NDArray[np.intp], left: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the scores of what the rule chooses, see `Procedure`."""
        by_split = np.array([measure.scores(drawn * is_in) for measure, is_in in self._parts])
        chosen = [self._chosen(by_split[:, each]) for each in range(len(drawn))]
        is_made = np.array([each >= 0 for each in chosen])
        found = np.full(len(drawn), np.nan)
        if is_made.any():
            found[is_made] = self._measure.of_chosen(left[is_made], np.array(chosen)[is_made])
        return found

    def _chosen(self, scores: NDArray[np.float64]) -> int:
        """Return which candidate the rule chooses by scores of shape (n_splits, n_candidates); -1 for none."""
        known = scores[np.isfinite(scores).all(axis=1)]  # a split of which too little was drawn says nothing
        if not len(known):
            return -1
        mean = known.mean(axis=0)
        results = {f"split{split}_test_{self._metric}": row for split, row in enumerate(known)}
        results[f"mean_test_{self._metric}"] = mean
        results[f"std_test_{self._metric}"] = known.std(axis=0)
        results[f"rank_test_{self._metric}"] = (mean[None, :] > mean[:, None]).sum(axis=1) + 1
        return int(self._rule({**self._facts, **results}))


def _scores_of_winners(
    measure: Measure, scores: NDArray[np.float64], left: NDArray[np.intp], candidates: Any = None
) -> NDArray[np.float64]:
    """Return the score on the rows that were left of the candidate with the best of some scores."""
    is_known = np.isfinite(scores).any(axis=1)
    winners = np.where(np.isfinite(scores), scores, -np.inf).argmax(axis=1)
    winners = winners if candidates is None else candidates[winners]
    found = np.full(len(scores), np.nan)
    if is_known.any():
        found[is_known] = measure.of_chosen(left[is_known], winners[is_known])
    return found


class Bootstrapped(NamedTuple):
    """What the bootstrap gave.

    Parameters
    ----------
    scores : ndarray of shape (n_defined,)
        Of what was chosen, on the rows that were not drawn; those that are defined.
    n_undefined : int
        How many were not.
    """

    scores: NDArray[np.float64]
    n_undefined: int

    def interval(self, confidence: float) -> tuple[float, float]:
        """Return percentiles of the scores, as algorithm 3 has them."""
        low, high = np.quantile(self.scores, [0.5 - confidence / 2, 0.5 + confidence / 2])
        return float(low), float(high)


def bootstrapped(
    procedure: Procedure, n_rows: int, *, groups: Any = None, n_resamples: int = 1000, random_state: int = 0
) -> Bootstrapped:
    """Repeat a choice on resampled rows.

    Parameters
    ----------
    procedure : callable
        See `Procedure`.
    n_rows : int
        Of the predictions.
    groups : array-like of shape (n_rows,) or None
        Which rows are drawn together.
    n_resamples : int
        How often.
    random_state : int
        Of the draws.

    Raises
    ------
    ValueError
        If most of the resamples have no score.
    """
    rng = np.random.default_rng(random_state)
    found = [procedure(drawn, (drawn == 0).astype(drawn.dtype)) for drawn in draws(n_rows, groups, n_resamples, rng)]
    scores = np.concatenate(found)
    known = scores[np.isfinite(scores)]
    if len(known) <= _SHARE_UNDEFINED * n_resamples:
        raise ValueError(
            f"estimate_score needs rows enough for the metric to be defined on resampled ones, got {n_rows} rows, "
            f"{'each of them by itself' if groups is None else 'drawn by group'}, and no score in "
            f'{n_resamples - len(known)} of {n_resamples} resamples. Use method="nested", or more data.'
        )
    return Bootstrapped(known, n_resamples - len(known))


def bbc_estimate(
    procedure: Procedure,
    n_rows: int,
    *,
    naive: float,
    confidence: float = 0.95,
    groups: Any = None,
    n_resamples: int = 1000,
    random_state: int = 0,
    **facts: Any,
) -> ScoreEstimate:
    """Return the bias-corrected estimate of what a choice gives; see `bootstrapped` and `ScoreEstimate`."""
    found = bootstrapped(procedure, n_rows, groups=groups, n_resamples=n_resamples, random_state=random_state)
    return ScoreEstimate(
        float(found.scores.mean()),
        found.interval(confidence),
        naive,
        "bbc",
        confidence=confidence,
        scores=found.scores,
        **facts,
    )


def on_the_way(
    measure: Measure, *, groups: Any = None, n_resamples: int = 200, random_state: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the best score of the first candidates and its corrected estimate, for each number of them.

    Parameters
    ----------
    measure : Measure
        Of candidates in the order in which they were tried.
    groups : array-like of shape (n_rows,) or None
        Which rows are drawn together.
    n_resamples : int
        How often is chosen again.
    random_state : int
        Of the draws.

    Returns
    -------
    naive, estimate : ndarray of shape (n_candidates,)
        Of the best of the first i + 1 candidates.
    """
    rng = np.random.default_rng(random_state)
    naive = np.fmax.accumulate(measure.on_all())
    found = []
    for drawn in draws(measure.n_rows, groups, n_resamples, rng):
        inside = np.where(np.isfinite(seen := measure.scores(drawn)), seen, -np.inf)
        outside = measure.on_rest((drawn == 0).astype(drawn.dtype))
        best = np.zeros(len(drawn), dtype=np.intp)
        of_best = np.empty_like(outside)
        for candidate in range(measure.n_candidates):
            best = np.where(inside[:, candidate] > inside[np.arange(len(drawn)), best], candidate, best)
            of_best[:, candidate] = outside[np.arange(len(drawn)), best]
        found.append(of_best)
    return naive, np.nanmean(np.concatenate(found), axis=0)

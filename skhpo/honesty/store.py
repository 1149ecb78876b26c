"""Out-of-fold predictions of the trials of a search: taken from outcomes, kept within bounds, put together by row.

All complete trials are kept for as long as they take no more than `_MOST_BYTES`; beyond it the best `_FEWEST` and the
untuned one. Fewer would not do for the bootstrap: predictions of the best only are chosen by the very rows that are
left out in a bootstrap.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.honesty.coverage import put_together
from skhpo.honesty.predictions import METHODS, OutOfFold
from skhpo.space import params_key

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from skhpo.history import History, Outcome, Trial
    from skhpo.honesty.coverage import Coverage
    from skhpo.honesty.pooled import PooledScorer
    from skhpo.journals.base import Journal

    Arrays = Mapping[str, NDArray[Any]]

_MOST_BYTES = 200 * 2**20
_FEWEST = 50


@dataclass(frozen=True, eq=False)
class Predictions:
    """What the candidates of a search predict for rows that they were not trained on.

    Parameters
    ----------
    trials : ndarray of shape (n_trials,)
        Their rows in ``cv_results_``.
    rows : ndarray of shape (n_rows,)
        Positions in the data of the rows that are predicted.
    table : OutOfFold
        The predictions, with the targets of these rows.
    n_dropped : int
        Complete trials whose predictions were not kept.

    Attributes
    ----------
    method : str or None
        What all of them have: ``"predict_proba"``, else ``"decision_function"``, else ``"predict"``; None where there
        is nothing that all have.
    values : ndarray of shape (n_trials, n_rows, ...)
        By that method, the mean over the repeats of the cross-validation; of labels the first repeat.
    """

    trials: NDArray[np.intp]
    rows: NDArray[np.intp]
    table: OutOfFold
    n_dropped: int = 0

    @property
    def method(self) -> str | None:
        """By which method the values are."""
        return next((name for name in METHODS if all(name in each for each in self.table.candidates)), None)

    @property
    def values(self) -> NDArray[Any]:
        """Predictions, shape (n_trials, n_rows, ...)."""
        method = self.method
        if method is None:
            raise ValueError(
                "predictions_.values needs a method that all candidates have, got candidates of different kinds. Look "
                "at predictions_.table.candidates, which has those of each by method."
            )
        each = np.stack([candidate[method] for candidate in self.table.candidates])
        if method == "predict" and self.table.classes is not None:
            return np.asarray(self.table.classes[each[:, 0]])
        return np.asarray(each.mean(axis=1))

    def __getstate__(self) -> dict[str, Any]:
        """Return it in Python's and NumPy's own types."""
        table = {each.name: getattr(self.table, each.name) for each in fields(OutOfFold)}
        return {"trials": self.trials, "rows": self.rows, "n_dropped": self.n_dropped, "table": table}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, table=OutOfFold(**state["table"]))

    def __repr__(self) -> str:
        return f"Predictions of {len(self.trials)} trials for {len(self.rows)} rows, by {self.method}"


class PredictionStore:
    """Takes the predictions off the outcomes of a search, and keeps them.

    Parameters
    ----------
    coverage : Coverage
        Which split predicts which row.
    n_tests : sequence of int
        Sizes of the test sides.
    journal : Journal
        Where they are written down.
    is_untuned : callable
        Whether a trial's parameters are those of the estimator as it came.
    facts : OutOfFold
        What is known of the rows, without candidates.
    is_kept : bool
        Whether predictions are kept, and not only taken off.
    """

    def __init__(
        self,
        coverage: Coverage,
        n_tests: Sequence[int],
        journal: Journal,
        is_untuned: Callable[[Trial], bool],
        *,
        facts: OutOfFold,
        is_kept: bool = True,
    ) -> None:
        self._coverage = coverage
        self._n_tests = n_tests
        self._journal = journal
        self._is_untuned = is_untuned
        self._facts = facts
        self._used = np.unique(coverage.splits)
        self._is_kept = is_kept
        self._arrays: dict[int, dict[int, Arrays]] = {}
        self._dropped: set[int] = set()
        self._size = 0

    def restore(self) -> None:
        """Take what an earlier run has written down."""
        for number, split, arrays in self._journal.arrays():
            if split < len(self._n_tests) and all(len(each) == self._n_tests[split] for each in arrays.values()):
                self._put(number, split, arrays)

    def take(self, outcome: Outcome) -> Outcome:
        """Keep the predictions of an outcome, and of others that its fit answers for; return it without them."""
        if outcome.path is not None:
            outcome = replace(outcome, path={number: self.take(other) for number, other in outcome.path.items()})
        if outcome.predictions is None:
            return outcome
        if self._is_kept and outcome.number not in self._dropped:
            self._put(outcome.number, outcome.split, outcome.predictions)
            self._journal.append_arrays(outcome.number, outcome.split, outcome.predictions)
        return replace(outcome, predictions=None)

    def pooled_score(self, scorer: PooledScorer, outcomes: Sequence[Outcome]) -> float:
        """Return the score of the predictions of all splits together; NaN where some are missing."""
        found = self._by_row([outcome.predictions or {} for outcome in outcomes])
        if not found:
            return math.nan
        return scorer.pooled(replace(self._facts, candidates=[found], splits=self._coverage.splits))

    def settle(self, history: History) -> None:
        """Drop what takes too much: trials that were stopped or failed, and then the worst of the complete ones."""
        while self._size > _MOST_BYTES:
            begun = [number for number in self._arrays if number < len(history.trials)]  # others shared a fit early
            known = [number for number in begun if history.is_finished(number)]
            worst = min(known, key=lambda number: self._standing(history, number), default=None)
            is_needed = worst is None or (math.isfinite(history.score(worst)) and len(known) <= _FEWEST)
            if worst is None or is_needed or self._is_untuned(history.trials[worst]):
                return
            self._drop(worst)

    def together(self, history: History, numbers: Sequence[int]) -> Predictions | None:
        """Return the predictions of the complete trials, row by row; None where there are none.

        Parameters
        ----------
        history : History
            Of the search.
        numbers : sequence of int
            The trials that are the rows of ``cv_results_``.
        """
        n_splits = len(self._n_tests)
        rows, candidates, n_missing = [], [], 0
        seen: set[Hashable] = set()
        for row, number in enumerate(numbers):
            if not math.isfinite(history.score(number)):
                continue
            trial = history.trials[number]
            key = params_key(trial.params), trial.fraction
            if key in seen:
                continue  # an earlier one once more
            seen.add(key)
            by_split = self._arrays.get(number, {})
            found = self._by_row([by_split.get(split, {}) for split in range(n_splits)])
            if found:
                rows.append(row)
                candidates.append(found)
            elif history.trials[number].fraction == 1.0:
                n_missing += 1
        if not rows:
            return None
        coverage = self._coverage
        table = replace(self._facts, candidates=candidates, splits=coverage.splits)
        return Predictions(np.array(rows, dtype=np.intp), coverage.rows, table, n_missing)

    def _by_row(self, by_split: list[Arrays]) -> dict[str, NDArray[Any]]:
        """Return predictions in the order of rows, by the methods that all splits have."""
        used = self._used
        names = [name for name in METHODS if all(name in by_split[split] for split in used)]
        return {
            name: put_together([each.get(name, by_split[used[0]][name][:0]) for each in by_split], self._coverage)
            for name in names
        }

    def _put(self, number: int, split: int, arrays: Arrays) -> None:
        self._size += _n_bytes(arrays.values()) - _n_bytes(self._arrays.get(number, {}).get(split, {}).values())
        self._arrays.setdefault(number, {})[split] = arrays

    def _drop(self, number: int) -> None:
        self._dropped.add(number)
        self._size -= sum(_n_bytes(arrays.values()) for arrays in self._arrays.pop(number).values())
        self._journal.drop_arrays(number)

    def _standing(self, history: History, number: int) -> tuple[bool, float]:
        score = history.score(number)
        return self._is_untuned(history.trials[number]), score if math.isfinite(score) else -math.inf


def _n_bytes(arrays: Iterable[NDArray[Any]]) -> int:
    return sum(array.nbytes for array in arrays)

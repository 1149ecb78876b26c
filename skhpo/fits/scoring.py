"""What the scorers of one fit say: their scores, which of them raised and why, and how long they took.

scikit-learn puts ``error_score`` where a scorer raised, and no score tells whether it was put there. So the scorers are
watched.
"""

from __future__ import annotations

import time
import traceback
import warnings
from contextlib import nullcontext
from numbers import Complex, Real
from typing import TYPE_CHECKING, Any

from numpy.exceptions import ComplexWarning

from skhpo._sklearn import MultimetricScorer, unwrapped_scorer
from skhpo.messages.texts import abridged_traceback, said

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from skhpo.fits.recorder import Predicted, Recorder
    from skhpo.history import Scores

ONLY = "score"
"""What scikit-learn calls a metric without a name."""


class Watch:
    """What happened when the test side was scored, which comes first.

    Durations are those of a clock that nobody sets, unlike scikit-learn's.

    Attributes
    ----------
    errors : dict of str to str
        Why there is no score, by metric; a single scorer's is called `ONLY`.
    fit_time, score_time : float
        Seconds until the scorers were called, and those that they took.

    Parameters
    ----------
    on_call : callable
        Shown what the scorers are called with: the estimator, the data, the other parameters.
    recorder : Recorder or None
        Who takes down what is predicted meanwhile.
    """

    def __init__(
        self,
        on_call: Callable[[Any, tuple[Any, ...], dict[str, Any]], None] | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        self.on_call = on_call
        self._recorder = recorder
        self.errors: dict[str, str] = {}
        self.start()
        self._began: float | None = None
        self._is_done = False
        self.fit_time = self.score_time = 0.0

    def start(self) -> None:
        """Take note that the fit is about to begin."""
        self._started = time.perf_counter()

    def listening(self, estimator: Any, X: Any) -> AbstractContextManager[None]:
        """Take down what is predicted for X, where somebody does."""
        return nullcontext() if self._recorder is None else self._recorder.listening(estimator, X)

    def predicted(self) -> Predicted | None:
        """Return what was predicted for the test side; None where nobody took it down."""
        return None if self._recorder is None else self._recorder.predicted()

    def begin(self, estimator: Any, data: tuple[Any, ...], params: dict[str, Any]) -> None:
        """Take note that scorers are called."""
        if self._began is None:
            self.fit_time = time.perf_counter() - self._started
        if self.on_call is not None:
            self.on_call(estimator, data, params)
        if self._began is None:
            self._began = time.perf_counter()

    def end(self, errors: dict[str, str]) -> None:
        """Take note that they are done, and which of them raised."""
        if self._began is not None and not self._is_done:
            self._is_done = True
            self.score_time = time.perf_counter() - self._began
            self.errors = {name: abridged_traceback(text) for name, text in errors.items()}

    def stop(self) -> None:
        """Take note that it is over; without a call of the scorers it was the fit that took so long."""
        if self._began is None:
            self.fit_time = time.perf_counter() - self._started

    def scores(self, found: Any) -> Scores | None:
        """Return the scores of the test side, None for a scorer that raised or whose score is no number of ours.

        Parameters
        ----------
        found : number or dict of str to number
            What scikit-learn has in their place.
        """
        if isinstance(found, dict):
            return {name: self._score(name, score) for name, score in found.items()}
        return self._score(ONLY, found)

    def _score(self, name: str, found: Any) -> float | None:
        if name in self.errors:
            return None
        if isinstance(found, Complex) and not isinstance(found, Real):
            warnings.warn(
                f"scoring needs to give real numbers, got {said(found)} ({name}). Its imaginary part is discarded.",
                ComplexWarning,
                stacklevel=2,
            )
            found = found.real
        try:
            return float(found)
        except (TypeError, ValueError, OverflowError) as error:
            self.errors[name] = f"scoring needs to give numbers that a float can hold, got {said(found)} ({error})."
            return None


def watched(scorer: Any, watch: Watch) -> Any:
    """Return a scorer, or several as one, that does the same and lets it be seen."""
    kind = _Scorers if isinstance(scorer, MultimetricScorer) else _Scorer
    return kind(scorer, watch)


class _Scorer:
    """One scorer."""

    def __init__(self, scorer: Any, watch: Watch) -> None:
        self._scorer = scorer
        self._watch = watch

    def __call__(self, estimator: Any, *data: Any, **params: Any) -> Any:
        self._watch.begin(estimator, data, params)
        try:
            with self._watch.listening(estimator, data[0]):
                scores = self._scorer(estimator, *data, **params)
        except Exception as error:
            # The traceback without this frame: users read it.
            error.__traceback__ = None if error.__traceback__ is None else error.__traceback__.tb_next
            self._watch.end({ONLY: "".join(traceback.format_exception(error))})
            raise
        self._watch.end({})
        return scores

    def __repr__(self) -> str:
        return repr(self._scorer)


class _Scorers(MultimetricScorer):
    """Several scorers as one; of those that raised scikit-learn's gives the traceback in place of a score."""

    def __init__(self, scorers: MultimetricScorer, watch: Watch) -> None:
        super().__init__(scorers=unwrapped_scorer(scorers))
        self._given = scorers
        self._watch = watch

    def __call__(self, estimator: Any, *data: Any, **params: Any) -> Any:
        self._watch.begin(estimator, data, params)
        try:
            with self._watch.listening(estimator, data[0]):
                scores = self._given(estimator, *data, **params)
        except Exception as error:
            error.__traceback__ = None if error.__traceback__ is None else error.__traceback__.tb_next
            raise
        self._watch.end({name: found for name, found in scores.items() if isinstance(found, str)})
        return scores

    def __repr__(self) -> str:
        return repr(self._given)

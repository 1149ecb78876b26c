"""One fit, many candidates: what a fitted model says of the shorter ones that stand inside of it.

A family of trials is equal but for one parameter, along which shorter models stand inside longer ones
(`skhpo.estimators`). The longest is fitted as always. When its scorers are called, what they are given is remembered;
when they are done, the same scorers are called with views of the model, cut to one shorter place after the other.

One fit may not answer for others where it drew from NumPy's global generator, as each of them would have drawn, too.
That is seen when it is done; then it answers for itself.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from skhpo._sklearn import score_model
from skhpo.estimators.hops import NoRouteError
from skhpo.estimators.routes import Listener, Route, route_to
from skhpo.fits.scoring import Watch, watched

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from skhpo.fits.recorder import Recording
    from skhpo.history import Place


class Side(NamedTuple):
    """What the scorers were given of one side of a split, beside the model."""

    data: tuple[Any, ...]
    params: dict[str, Any]


class Scored(NamedTuple):
    """What was found at a place.

    Parameters
    ----------
    number : int
        Of the trial.
    cut_time : float
        Seconds that it took to get the model.
    watch : Watch
        What was seen of the scorers.
    test, train : number, dict of str to number, or None
        What scikit-learn makes of their scores.
    started : float
        When it began, seconds since the epoch.
    """

    number: int
    cut_time: float
    watch: Watch
    test: Any
    train: Any
    started: float


class Along:
    """Looks at a fit that is about to begin, and scores what is inside of it when it is done.

    Parameters
    ----------
    places : sequence of Place
        Where to score besides, from the longest to the shortest.
    """

    def __init__(self, places: Sequence[Place]) -> None:
        self.places = places
        self._before = _generator()
        self._route: Route | None = None
        self._model: Any = None
        self._listener: Listener | None = None
        self._sides: list[Side] = []

    def listen(self, estimator: Any) -> None:
        """Take note of what the owner of the parameter is fitted to, where its models are cut with the samples."""
        with suppress(NoRouteError):
            route = self._route_in(estimator)
            if route.needs_training:
                self._listener = Listener(route)

    def _route_in(self, estimator: Any) -> Route:
        """Return the way to the parameter; who put a family together has asked whether it may be a close one."""
        (name,) = self.places[0].params
        return route_to(estimator, name, is_close=True)

    def see(self, model: Any, data: tuple[Any, ...], params: dict[str, Any]) -> None:
        """Take note of what scorers are called with, before they can change any of it."""
        if not self._sides:
            self._hold(model)
        self._sides.append(Side(data, params))

    def _hold(self, model: Any) -> None:
        try:
            route = self._route_in(model)
            if not route.is_watched or _generator() == self._before:
                self._model, self._route = route.held(model), route
        except NoRouteError:
            return

    def scored(self, scorer: Any, error_score: Any, recording: Recording | None = None) -> Iterator[Scored]:
        """Yield what is found at each place; a place at which something raises is left out."""
        if self._route is None:
            return
        view, training = self._model, None if self._listener is None else self._listener.training
        for place in self.places:
            started, begun = time.time(), time.perf_counter()
            (value,) = place.params.values()
            watch = Watch(recorder=None if recording is None else recording.recorder(1.0))
            # Whatever is raised, it is raised again where the trial is fitted by itself.
            with suppress(Exception):
                view = self._route.cut(view, value, training)
                shown = self._route.held(view)  # the next is cut from this one, and scorers may do what they like
                cut_time = time.perf_counter() - begun
                test, *train = [
                    score_model(shown, side.data, watched(scorer, watch), side.params, error_score)
                    for side in self._sides
                ]
                yield Scored(place.number, cut_time, watch, test, train[0] if train else None, started)


def _generator() -> tuple[bytes, int]:
    """Return the state of NumPy's global generator, the one scikit-learn uses where there is no seed."""
    state: Any = np.random.get_state()  # noqa: NPY002
    return state[1].tobytes(), state[2]

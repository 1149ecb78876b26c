"""Trackers of experiments that record each fit by themselves, as mlflow does where its autologging is on.

The fits inside a search are not the user's: recorded one by one they hide the search, and take longer to record than to
run. What is recorded is the search, by mlflow's own code: it wraps ``fit`` of the classes in a list of its own, and a
class of ours is put on that list when it is first fitted with autologging on. Nothing is imported here. Who has no
tracker, or has it off, pays for a look into a dict.
"""

from __future__ import annotations

import functools
import sys
from contextlib import AbstractContextManager, contextmanager, nullcontext
from inspect import signature
from threading import Lock
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from skhpo.messages.callers import warn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

P = ParamSpec("P")
R = TypeVar("R")

_SWITCHES = "mlflow.utils.autologging_utils"
_FLAVOUR = "sklearn"  # mlflow's name for its autologging of scikit-learn
_LIST = "_get_meta_estimators_for_autologging"  # in mlflow.sklearn.utils; mlflow has no public list
_ONE_BY_ONE = Lock()  # mlflow's list is replaced for a moment


def unrecorded() -> AbstractContextManager[Any]:
    """Return a context in which trackers of this process record no fit by themselves.

    What an estimator or a callback logs itself is logged as ever. Fits in other processes have no tracker that is on.
    """
    mlflow = sys.modules.get(_SWITCHES)
    disable = getattr(mlflow, "disable_autologging", None)
    return nullcontext() if disable is None or _is_off_for_a_while(mlflow) else disable()


def _is_off_for_a_while(mlflow: ModuleType | None) -> bool:
    """Whether somebody has it off. This cannot be nested: at the end it is on again, whatever was before."""
    return bool(getattr(mlflow, "_AUTOLOGGING_GLOBALLY_DISABLED", False))


def recorded_whole(fit: Callable[Concatenate[Any, P], R]) -> Callable[Concatenate[Any, P], R]:
    """Wrap the ``fit`` that a class of searches defines: a tracker that is on is told of the class before.

    The tracker then has a wrapper of its own around this one. It is found in the class as long as it is there, and
    nothing is left to do.
    """

    @functools.wraps(fit)
    def wrapped(search: Any, /, *args: P.args, **kwargs: P.kwargs) -> R:
        kind = next((kind for kind in type(search).__mro__ if vars(kind).get("fit") is wrapped), None)
        if kind is not None and _is_on():
            _introduce(kind)
            if kind.fit is not wrapped:  # type: ignore[attr-defined]
                recorded: R = kind.fit(search, *args, **kwargs)  # type: ignore[attr-defined]
                return recorded
        return fit(search, *args, **kwargs)

    return wrapped


def _is_on() -> bool:
    """Whether mlflow records fits of scikit-learn's classes now."""
    mlflow = sys.modules.get(_SWITCHES)
    is_disabled = getattr(mlflow, "autologging_is_disabled", None)
    return is_disabled is not None and not _is_off_for_a_while(mlflow) and not is_disabled(_FLAVOUR)


def _introduce(kind: type[Any]) -> None:
    """Switch autologging on as it is, with one more class; says so if this version of mlflow does not take it."""
    try:
        with _ONE_BY_ONE:
            before = kind.fit
            _switch_on_again(kind)
            if kind.fit is before:
                raise AttributeError(f"{kind.__name__} is not watched")  # noqa: TRY301  # told below
    except Exception as error:  # noqa: BLE001 - whatever ails the tracker, the fit is what was asked for
        warn(
            f"mlflow's autologging is on, and this version of mlflow takes no search of skhpo ({error!r}): nothing of "
            "it is recorded. Log what is wanted by mlflow.log_params(search.best_params_) and mlflow.log_metric.",
            UserWarning,
        )


def _switch_on_again(kind: type[Any]) -> None:
    known, autolog = sys.modules[_SWITCHES].AUTOLOGGING_INTEGRATIONS, sys.modules["mlflow.sklearn"].autolog
    settings = known[_FLAVOUR]
    own = {name: settings[name] for name in signature(autolog).parameters if name in settings}
    own["silent"] = True  # what it has to say it has said to the user
    with watching(kind):
        try:
            autolog(**own)
            trouble = None
        except Exception as error:  # noqa: BLE001 - raised again below
            trouble = error
    if trouble is not None:
        autolog(**own)  # for scikit-learn's classes, as before
    known[_FLAVOUR] = settings  # with what mlflow notes beside its arguments
    if trouble is not None:
        raise trouble


@contextmanager
def watching(kind: type[Any]) -> Iterator[None]:
    """Have a class among those that mlflow's autologging of scikit-learn watches when it is switched on meanwhile.

    Parameters
    ----------
    kind : type
        It defines ``fit``; what inherits from it is watched, too.

    Raises
    ------
    AttributeError
        If this version of mlflow keeps its list elsewhere than version 3.17 does.
    """
    utils = sys.modules["mlflow.sklearn.utils"]
    listed = getattr(utils, _LIST)
    setattr(utils, _LIST, lambda: [*listed(), kind])
    try:
        yield
    finally:
        setattr(utils, _LIST, listed)

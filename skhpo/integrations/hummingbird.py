"""Fitted searches as tensor programs, by hummingbird."""

from __future__ import annotations

from sklearn.model_selection import GridSearchCV as TheirGrid

from skhpo.integrations import SEARCHES, written_for


def register() -> None:
    """Let hummingbird convert our fitted searches, as it converts scikit-learn's `GridSearchCV`.

    What is converted is ``best_estimator_``.

    Raises
    ------
    ModuleNotFoundError
        If hummingbird is not installed.
    RuntimeError
        If this version of hummingbird keeps its parsers elsewhere than version 0.4.12 does.

    Examples
    --------
    >>> from skhpo.integrations.hummingbird import register
    >>> register()  # doctest: +SKIP
    """
    import hummingbird.ml  # noqa: F401 - Python says if it is not installed

    with written_for("hummingbird-ml", "0.4.12", "Convert search.best_estimator_."):
        from hummingbird.ml._parse import sklearn_api_parsers_map

        sklearn_api_parsers_map.update(dict.fromkeys(SEARCHES, sklearn_api_parsers_map[TheirGrid]))

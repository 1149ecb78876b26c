"""mlflow's autologging, for our searches as for scikit-learn's."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

from skhpo.integrations import SEARCHES, written_for

_OTHERWISE = "Log what is wanted by mlflow.log_params(search.best_params_) and mlflow.log_metric."


def autolog(**settings: Any) -> None:
    """Switch on mlflow's autologging of scikit-learn, with our searches.

    A search is then a run with its parameters, ``best_*``, ``best_cv_score``, ``cv_results.csv`` and models, and a
    child run for each of the best candidates, as a `GridSearchCV` of scikit-learn is. Without this, mlflow records
    nothing of our searches, nor of the fits inside.

    Parameters
    ----------
    **settings : object
        Those of ``mlflow.sklearn.autolog``: ``max_tuning_runs=5`` is how many candidates become child runs (None for
        all), ``disable=True`` switches it off.

    Raises
    ------
    ModuleNotFoundError
        If mlflow is not installed.
    RuntimeError
        If this version of mlflow does not ask for the classes that it watches as version 3.17 does.

    Examples
    --------
    >>> from skhpo.integrations.mlflow import autolog
    >>> autolog(max_tuning_runs=None)  # doctest: +SKIP
    """
    import mlflow.sklearn
    from mlflow.sklearn import utils

    with written_for("mlflow", "3.17.2", _OTHERWISE):
        known = utils._get_meta_estimators_for_autologging  # noqa: SLF001 - mlflow has no public list
        before = [search.fit for search in SEARCHES]
        with patch.object(utils, known.__name__, lambda: [*known(), *SEARCHES]):
            mlflow.sklearn.autolog(**settings)
        is_watched = all(search.fit is not fit for search, fit in zip(SEARCHES, before, strict=True))
        if not is_watched and not settings.get("disable", False):
            raise AttributeError("no class of ours is watched")

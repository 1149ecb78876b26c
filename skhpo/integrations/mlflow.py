"""mlflow's autologging, for our searches as for scikit-learn's."""

from __future__ import annotations

from typing import Any

from skhpo.fits.trackers import watching
from skhpo.integrations import written_for
from skhpo.search.base import BaseSearch

_OTHERWISE = "Log what is wanted by mlflow.log_params(search.best_params_) and mlflow.log_metric."


def autolog(**settings: Any) -> None:
    """Switch on mlflow's autologging of scikit-learn, with our searches.

    A search is then a run with its parameters, ``best_*``, ``best_cv_score``, ``cv_results.csv`` and models, and a
    child run for each of the best candidates, as a `GridSearchCV` of scikit-learn is.

    ``mlflow.sklearn.autolog`` alone comes to the same: a search tells mlflow of its class when it is fitted. Where that
    does not work, this raises an error at once, and the fit of a search a warning.

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
    import mlflow.sklearn.utils

    with written_for("mlflow", "3.17.2", _OTHERWISE):
        before = BaseSearch.fit
        with watching(BaseSearch):
            mlflow.sklearn.autolog(**settings)
        if BaseSearch.fit is before and not settings.get("disable", False):
            raise AttributeError("no class of ours is watched")

"""What scorers get of the parameters of `fit`, beyond what scikit-learn's searches hand on.

Without metadata routing they hand on `sample_weight` only. A function that asks for more then fails on every fit, and a
ranker's own `score` takes all test rows for the answers to one query.
"""

from __future__ import annotations

from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.messages.callers import warn

if TYPE_CHECKING:
    from collections.abc import Mapping

QUERY = "qid"
"""How xgboost's ranker calls the query of each row: a parameter of its `fit`, or a column of a pandas frame."""


def score_params(estimator: Any, scoring: Any, params: Mapping[str, Any], X: Any) -> dict[str, Any]:
    """Return which parameters of `fit` a search's scorer is to get, to be split with the samples.

    Parameters
    ----------
    estimator : estimator
        The search's.
    scoring : object
        The search's.
    params : mapping of str to object
        What was given to `fit` beside X and y.
    X : array-like
        Samples.

    Returns
    -------
    found : dict
        What a function as ``scoring`` has no default for; ``qid`` for a ranker that scores itself by the query.
    """
    if callable(scoring):
        return {name: params[name] for name in _required(scoring) if name in params}
    if scoring is not None or params.get(QUERY) is None or not _takes_queries_by_column(estimator):
        return {}
    if not hasattr(X, "assign"):
        name = type(estimator).__name__
        warn(
            f"{name}.score needs the queries as a column '{QUERY}' of a pandas DataFrame, got X as "
            f"{type(X).__name__}; it takes all rows of a test side for one query. Pass X as a DataFrame.",
            UserWarning,
        )
        return {}
    return {QUERY: params[QUERY]}


class QueryScorer:
    """A scorer that puts the queries where a ranker's own `score` looks for them: into a column of X.

    Parameters
    ----------
    scorer : callable
        Called as ``scorer(estimator, X, y)``.
    """

    def __init__(self, scorer: Any) -> None:
        self.scorer = scorer

    def __call__(self, estimator: Any, X: Any, y: Any, *, qid: Any) -> Any:
        """Score an estimator on a frame and the query of each of its rows."""
        return self.scorer(estimator, X.assign(**{QUERY: np.asarray(qid)}), y)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.scorer!r})"


def with_queries(scorer: Any, estimator: Any, scoring: Any, params: Mapping[str, Any]) -> Any:
    """Return the scorer that takes the parameters that `score_params` found."""
    by_column = scoring is None and QUERY in params and _takes_queries_by_column(estimator)
    return QueryScorer(scorer) if by_column else scorer


def _takes_queries_by_column(estimator: Any) -> bool:
    """Whether `fit` takes the queries as a parameter, and `score` does not."""
    score = getattr(estimator, "score", None)
    return callable(score) and QUERY in signature(estimator.fit).parameters and QUERY not in signature(score).parameters


def _required(scoring: Any) -> list[str]:
    """Return the names that a function cannot be called without, after estimator, X and y."""
    kinds = {Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY}
    try:
        parameters = list(signature(scoring).parameters.values())
    except ValueError:  # of a function that is not Python's
        return []
    return [one.name for one in parameters[2:] if one.kind in kinds and one.default is Parameter.empty]

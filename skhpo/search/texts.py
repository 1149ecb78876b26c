"""What the searches document in the same words: each parameter and attribute once, filled into their docstrings.

A docstring holds a line ``%(name)s`` where the text of ``name`` belongs, as in scipy and matplotlib. It is filled when
the class is made, so that ``help``, Sphinx and numpydoc see all of it.
"""

from __future__ import annotations

import re
from textwrap import indent
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

_Class = TypeVar("_Class", bound=type)

_PARAMETERS = """
estimator : estimator object
    What is tuned; it has a ``score`` method, or ``scoring`` is given.
scoring : str, callable, list, tuple, dict or None, default=None
    One metric or several, as in scikit-learn; larger is better. None is the estimator's own ``score``.
n_jobs : int or None, default=None
    Fits that run at the same time; -1 is one per core. None is 1 outside of a :func:`joblib.parallel_config` context.
refit : bool, str or callable, default=True
    Whether to fit the best candidate on all the data. A string names the metric that decides, where there are several.
    A model learns from that metric, or from the first where none is named. A function is shown ``cv_results_`` and
    returns the index of the best.
cv : int, splitter or iterable, default=None
    How to split; None is five folds. The splits are made once and are the same for every candidate.
verbose : int, default=0
    From 1 on a summary line, from 2 on a line per fit, from 3 on its scores. From 10 on also a line at each start. With
    1, a terminal also shows how far the search is: trials done, best score, time left, failed fits. Elsewhere a line
    about it is printed every half minute.
pre_dispatch : int or str, default="2*n_jobs"
    The most fits that are handed to the workers at a time; ``"all"`` is no limit.
random_state : int, RandomState instance or None, default=None
    Seed of all that is random. The same seed gives the same candidates on any backend and for any ``n_jobs``. Where
    candidates depend on earlier scores, this holds at equal ``look_back``.
error_score : "raise" or float, default=np.nan
    Score of a fit that fails; "raise" raises its error.
return_train_score : bool, default=False
    Whether to score the training sides too.
timeout : float or None, default=None
    Seconds for the search; no fit starts later. Candidates that are complete by then are kept, and the best of them
    is fitted on all the data. If none is, those that were begun are compared by the splits that they have, and a
    warning says so.
fit_timeout : float or None, default=None
    Seconds for one fit and its scoring. A fit that takes longer has failed, and is stopped with its worker process.
checkpoint : path-like or None, default=None
    File in which the search is written down while it runs. Whatever ended the search, fitted again with the same file
    it goes on where it was; a larger ``n_iter``, where there is one, extends it. The file of another search is
    refused. Copies made by :func:`sklearn.base.clone`, as in an outer cross-validation, share the file, each with a
    search of its own.
cache_prefix : bool, default=True
    Whether the first steps of a :class:`~sklearn.pipeline.Pipeline` are fitted once per split and worker, for all
    candidates that have them in common, instead of once per candidate. Scores stay the same to the bit. Set it to False
    if a transformer depends on more than its data and parameters. The guide has the limits:
    :doc:`/guide/pipelines`.
store_predictions : bool, default=False
    Whether to keep what candidates predict for the rows that they were not trained on. ``predictions_`` has them;
    ``estimate_score`` and ``ensemble`` need them. The guide says what they are good for: :doc:`/guide/honesty`.
share_fits : bool or "close", default=True
    Whether candidates that differ only in how far a model goes, as in its number of trees, share one fit per split. The
    longest model holds the shorter ones, and scores stay the same to the bit. Only where all candidates are known in
    advance. "close" shares penalties of linear models, too: their scores are then not to the bit what they would be.
    The guide has what is shared, how close that is, and what the times then say: :doc:`/guide/sharing`.
racing : bool, default=False
    Whether a candidate is stopped before it has all of its splits, once it is very unlikely to become the best (in a
    halving: to be promoted). Splits that were skipped are NaN in ``cv_results_``, which gains columns ``status`` and
    ``n_splits_run``. The metric is that of ``refit``. The guide has the rule and what it saves:
    :doc:`/guide/racing`.
look_back : int or None, default=None
    How many fits may be under way when the next one is decided, that one included. Set it to get the same candidates
    on machines with different numbers of workers. None is half the splits and one where candidates depend on scores,
    and more where there are more workers. In a race None is 1 for one worker, and one more than the workers for
    several.
"""

_ATTRIBUTES = """
cv_results_ : dict of str to ndarray
    A row per candidate, as in scikit-learn. With ``racing`` there is ``status``: "complete", "raced", "failed",
    "crashed" or "timeout"; ``n_splits_run`` counts the splits. ``mean_test_score`` of a raced candidate is then the
    mean of the candidate that stopped it, plus their mean difference on the splits that both have; so it lies below.
    Where a search was stopped before any candidate was complete, with or without ``racing``, there are rows for those
    that were begun, with the status "partial" and what is expected of their mean.
space_ : dict or list of dict
    What was searched, with what ``"default"`` stood for; only where that was written.
best_estimator_ : estimator
    The best candidate fitted on all the data; only if ``refit``.
best_score_ : float
    Mean score of the best candidate over the splits; not if ``refit`` is callable.
best_params_ : dict
    Parameters of the best candidate.
best_index_ : int
    Row of the best candidate in ``cv_results_``.
scorer_ : callable or dict of str to callable
    What scored.
n_splits_ : int
    Splits per candidate.
multimetric_ : bool
    Whether there were several metrics.
refit_time_ : float
    Seconds that fitting the best candidate on all the data took; only if ``refit``.
n_features_in_ : int
    Features seen in `fit`, where ``best_estimator_`` knows.
feature_names_in_ : ndarray of shape (`n_features_in_`,)
    Names of the features seen in `fit`, where ``best_estimator_`` knows.
classes_ : ndarray of shape (n_classes,)
    Class labels of a classifier.
"""

_ENTRY = re.compile(r"^(?P<name>\w+) : .*(?:\n    .*)*", re.MULTILINE)
_PLACE = re.compile(r"^(?P<indent> *)%\((?P<name>\w+)\)s$", re.MULTILINE)


def entries_of(text: str) -> dict[str, str]:
    """Return entries as numpydoc has them by their names: name, type, and the lines about it."""
    return {entry["name"]: entry[0] for entry in _ENTRY.finditer(text)}


SHARED = entries_of(_PARAMETERS + _ATTRIBUTES)
"""The entry of each parameter and attribute that searches share."""


def documented(cls: _Class) -> _Class:
    """Fill the shared entries into the docstring of a search.

    Parameters
    ----------
    cls : type
        A class whose docstring has lines ``%(name)s``. Lines that follow such a line belong to its entry.

    Returns
    -------
    type
        The same class.

    Raises
    ------
    KeyError
        If there is no entry of that name.

    Examples
    --------
    >>> @documented
    ... class Search:
    ...     '''What a search documents:
    ...
    ...     %(return_train_score)s
    ...     '''
    >>> print(Search.__doc__)
    What a search documents:
    <BLANKLINE>
        return_train_score : bool, default=False
            Whether to score the training sides too.
    <BLANKLINE>
    """
    return filled(cls, SHARED)


def filled(cls: _Class, entries: Mapping[str, str]) -> _Class:
    """Fill entries into the docstring of a class."""
    if cls.__doc__ is not None:  # it is under ``python -OO``
        cls.__doc__ = _PLACE.sub(lambda place: indent(entries[place["name"]], place["indent"]), cls.__doc__)
    return cls

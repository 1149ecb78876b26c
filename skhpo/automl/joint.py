"""The spaces of several estimators as one: each exists where its estimator is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skhpo.space.choices import Categorical
from skhpo.space.defaults import nested

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from skhpo.space.dimension import Dimension

CHOICE = "choice"
"""The parameter that says which estimator is meant, and what stands in front of the parameters of all of them."""


def joint_space(names: Iterable[str], spaces: Mapping[str, Mapping[str, Any]]) -> dict[str, Dimension]:
    """Return one conditional space of the choice between estimators and of their parameters.

    Parameters
    ----------
    names : iterable of str
        Estimators to choose from.
    spaces : mapping of str to dict
        For each name the space of that estimator, as if it were searched alone; conditions included. One that has none
        is tried as it is.

    Returns
    -------
    space : dict of str to Dimension
        ``choice``, and ``choice__name__parameter`` where that name is chosen.

    Raises
    ------
    ValueError
        If there is a space for an estimator that is not there.

    Examples
    --------
    >>> from skhpo import Float
    >>> from skhpo.automl.joint import joint_space
    >>> joint_space(["svm", "tree"], {"svm": {"C": Float(0.1, 10.0)}})
    {'choice': Categorical(('svm', 'tree')), 'choice__svm__C': Float(0.1, 10.0, when={'choice': ['svm']})}
    """
    names = list(names)
    for name in spaces:
        if name not in names:
            raise ValueError(f"spaces needs names of candidates, got {name!r}. The candidates are {names}.")
    found: dict[str, Dimension] = {CHOICE: Categorical(names)}
    for name, space in spaces.items():
        found |= nested(space, f"{CHOICE}__{name}", when={CHOICE: [name]})
    return found

"""The choice among the configurations of a portfolio, which are many: a copy shares what nobody changes."""

from __future__ import annotations

from typing import Any, Self

from sklearn.base import clone

from skhpo.automl.choice import Choice
from skhpo.automl.joint import CHOICE

_PREFIX = f"{CHOICE}__"


class Lineup(Choice):
    """A choice of which a copy is made for each fit.

    A copy has the same candidates; one that is given other parameters is copied first. Nobody fits a candidate itself.
    So a fit costs the copy of one pipeline, and not of thirty.

    Parameters
    ----------
    candidates : dict of str to estimator
        The configurations by name.
    choice : str or None, default=None
        The one that is meant.
    """

    def __sklearn_clone__(self) -> Self:
        return type(self)(self.candidates, self.choice)

    def set_params(self, **params: Any) -> Self:
        """Set which candidate is meant, and parameters of candidates.

        Parameters
        ----------
        **params : dict
            ``choice`` and ``choice__NAME__PARAMETER``.

        Returns
        -------
        self : Lineup
            This one.
        """
        self.choice = params.pop(CHOICE, self.choice)
        changed: dict[str, dict[str, Any]] = {}
        for key, value in params.items():
            name, _, parameter = key.removeprefix(_PREFIX).partition("__")
            changed.setdefault(name, {})[parameter] = value
        copies = {name: clone(self.candidates[name]).set_params(**values) for name, values in changed.items()}
        self.candidates = {**self.candidates, **copies}
        return self

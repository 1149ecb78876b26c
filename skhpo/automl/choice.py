"""An estimator that is one of several, so that a search can choose between them."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Self

from skhpo._sklearn import visual_block
from skhpo.automl.delegation import Delegation
from skhpo.automl.joint import CHOICE, joint_space

if TYPE_CHECKING:
    from skhpo.space.dimension import Dimension

_PREFIX = f"{CHOICE}__"


class Choice(Delegation):
    """One of several estimators; which one is a parameter.

    It has the methods, tags and attributes of the chosen one. Any search can choose between estimators by it, those of
    scikit-learn too: ``choice`` says which, and ``choice__svm__C`` is a parameter of the candidate ``svm``.

    Parameters
    ----------
    candidates : dict of str to estimator
        The estimators by names; these have no two underscores in a row. They are cloned before they are fitted.
    choice : str or None, default=None
        The name of the one that is meant. None stands for the first.

    Attributes
    ----------
    estimator_ : estimator
        The chosen one, fitted.
    classes_ : ndarray of shape (n_classes,)
        Those of the chosen one, if it has any.
    n_features_in_ : int
        Number of columns seen in `fit`, if the chosen one knows.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns, if the chosen one knows.

    See Also
    --------
    BayesSearchCV : Has one model for all candidates and their parameters.

    Notes
    -----
    Without metadata routing, what is given to `fit` beside X and y is given to the chosen one. If that is a pipeline,
    ``sample_weight`` is given to its last step.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn.svm import SVC
    >>> from skhpo import BayesSearchCV, Choice, Float
    >>> X, y = load_wine(return_X_y=True)
    >>> model = Choice(
    ...     {"forest": RandomForestClassifier(20, random_state=0), "svm": make_pipeline(StandardScaler(), SVC())}
    ... )
    >>> space = {
    ...     "choice": ["forest", "svm"],
    ...     "choice__forest__max_features": Float(0.1, 1.0, when={"choice": "forest"}),
    ...     "choice__svm__svc__C": Float(0.01, 100.0, log=True, when={"choice": "svm"}),
    ... }
    >>> search = BayesSearchCV(model, space, n_iter=8, random_state=0).fit(X, y)
    >>> search.best_estimator_.choice
    'svm'
    """

    def __init__(self, candidates: Mapping[str, Any], choice: str | None = None) -> None:
        self.candidates = candidates
        self.choice = choice

    # -- parameters ---------------------------------------------------------------------------------------------------

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters.

        Parameters
        ----------
        deep : bool, default=True
            Whether those of the candidates are returned too.

        Returns
        -------
        params : dict
            Values by name.
        """
        params: dict[str, Any] = {"candidates": self.candidates, CHOICE: self.choice}
        if not deep or not isinstance(self.candidates, Mapping):
            return params
        for name, candidate in self.candidates.items():
            params[f"{_PREFIX}{name}"] = candidate
            if hasattr(candidate, "get_params") and not isinstance(candidate, type):
                inner = candidate.get_params(deep=True)
                params.update({f"{_PREFIX}{name}__{key}": value for key, value in inner.items()})
        return params

    def set_params(self, **params: Any) -> Self:
        """Set parameters.

        Parameters
        ----------
        **params : dict
            ``candidates``, ``choice``, ``choice__NAME`` for a candidate, ``choice__NAME__PARAMETER`` for its parameter.

        Returns
        -------
        self : Choice
            This one.

        Raises
        ------
        ValueError
            If there is no such parameter.
        """
        own = {key: params[key] for key in params if not key.startswith(_PREFIX)}
        super().set_params(**own)
        inner: dict[str, dict[str, Any]] = {}
        for key in params.keys() - own.keys():
            name, _, parameter = key.removeprefix(_PREFIX).partition("__")
            self._check_name(name)
            inner.setdefault(name, {})[parameter] = params[key]
        for name, values in inner.items():
            self._set_inside(name, values)
        return self

    def _set_inside(self, name: str, values: dict[str, Any]) -> None:
        if "" in values:  # the candidate itself; the dict is the user's own
            self.candidates = {**self.candidates, name: values.pop("")}
        if values:
            self.candidates[name].set_params(**values)

    def joint_space(self, spaces: Mapping[str, Mapping[str, Any]]) -> dict[str, Dimension]:
        """Return one conditional space of the choice and of the candidates' parameters.

        Parameters
        ----------
        spaces : mapping of str to dict
            For each name the space of that candidate, as if it were searched alone. A candidate without one is tried
            as it is.

        Returns
        -------
        space : dict of str to Float, Int or Categorical
            Parameters of a candidate exist where it is chosen.

        Raises
        ------
        ValueError
            If there is a space for a candidate that is not there.

        Examples
        --------
        >>> from sklearn.linear_model import LogisticRegression
        >>> from sklearn.naive_bayes import GaussianNB
        >>> from skhpo import Choice, Float
        >>> choice = Choice({"nb": GaussianNB(), "lr": LogisticRegression()})
        >>> sorted(choice.joint_space({"lr": {"C": Float(0.01, 100.0, log=True)}}))
        ['choice', 'choice__lr__C']
        """
        self._check_candidates()
        return joint_space(self.candidates, spaces)

    def stands_for(self, parameter: str) -> Any:
        """Return the value that a parameter stands for: the first candidate's name, where ``choice`` is None.

        A search asks, so that it finds the estimator as it came among its candidates.
        """
        return self._shown_choice() if parameter == CHOICE else self.get_params(deep=False)[parameter]

    def _shown_choice(self) -> str | None:
        is_first = self.choice is None and isinstance(self.candidates, Mapping) and len(self.candidates) > 0
        return next(iter(self.candidates)) if is_first else self.choice

    def _check_candidates(self) -> None:
        if not isinstance(self.candidates, Mapping):
            raise TypeError(
                f"candidates needs to be a dict of names to estimators, got {self.candidates!r}. Write for example "
                '{"svm": SVC()}.'
            )
        if not self.candidates:
            raise ValueError("candidates needs at least one estimator, got none.")
        for name in self.candidates:
            if not isinstance(name, str) or not name or "__" in name:
                raise ValueError(
                    f"candidates needs names without two underscores in a row, got {name!r}: those stand between names "
                    "and parameters."
                )

    def _check_name(self, name: str) -> None:
        self._check_candidates()
        if name in self.candidates:
            return
        close = get_close_matches(str(name), self.candidates, 1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(f"choice needs to be one of {list(self.candidates)}, got {name!r}.{hint}")

    def _chosen(self) -> Any:
        self._check_candidates()
        name = str(self._shown_choice())
        self._check_name(name)
        return self.candidates[name]

    def _all(self) -> list[Any]:
        return list(self.candidates.values())

    def _sk_visual_block_(self) -> Any:
        return visual_block(str(self._shown_choice()), self._current())

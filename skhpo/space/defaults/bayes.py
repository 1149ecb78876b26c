"""Naive Bayes: how much is added to what was counted."""

from __future__ import annotations

from typing import Any

from skhpo.space.choices import Categorical
from skhpo.space.numeric import Float

_COUNTS = {"alpha": Float(1e-3, 1e2, log=True), "fit_prior": Categorical([False, True])}

SPACES: dict[str, Any] = {
    "sklearn.naive_bayes.GaussianNB": {"var_smoothing": Float(1e-10, 1.0, log=True)},
    "sklearn.naive_bayes.MultinomialNB": _COUNTS,
    "sklearn.naive_bayes.BernoulliNB": _COUNTS,
    "sklearn.naive_bayes.CategoricalNB": _COUNTS,
    "sklearn.naive_bayes.ComplementNB": {"alpha": _COUNTS["alpha"], "norm": Categorical([False, True])},
}

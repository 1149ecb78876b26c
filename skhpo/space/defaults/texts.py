"""Texts: which words count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skhpo.space.choices import Categorical
from skhpo.space.numeric import Float

if TYPE_CHECKING:
    from skhpo.space.defaults.traits import Traits


def _counts(estimator: Any, data: Traits) -> dict[str, Any]:
    """Short texts of few rows have few words that occur five times."""
    rare = [1, 2, 3, 5, 10] if data.n_samples >= 500 else [1, 2]
    return {"min_df": rare, "max_df": Float(0.5, 1.0), **_words(estimator)}


def _words(estimator: Any) -> dict[str, Any]:
    return {"ngram_range": Categorical([(1, 1), (1, 2)])} if estimator.analyzer == "word" else {}


def _weights(estimator: Any, data: Traits) -> dict[str, Any]:
    return {**_counts(estimator, data), "sublinear_tf": Categorical([False, True])}


def _hashed(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    return {**_words(estimator), "norm": Categorical(["l1", "l2"])}


SPACES: dict[str, Any] = {
    "sklearn.feature_extraction.text.CountVectorizer": _counts,
    "sklearn.feature_extraction.text.TfidfVectorizer": _weights,
    "sklearn.feature_extraction.text.HashingVectorizer": _hashed,
    "sklearn.feature_extraction.text.TfidfTransformer": {"sublinear_tf": Categorical([False, True])},
    "sklearn.feature_extraction.DictVectorizer": {},
}

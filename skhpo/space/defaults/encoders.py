"""Encoders of categories: which of them are too rare to have a column."""

from __future__ import annotations

from typing import Any

from skhpo.space.choices import Categorical

_RARE = {"min_frequency": Categorical([None, 0.01, 0.03, 0.1])}

SPACES: dict[str, Any] = {
    "sklearn.preprocessing.OneHotEncoder": _RARE,
    "sklearn.preprocessing.OrdinalEncoder": {},
    "sklearn.preprocessing.TargetEncoder": {"smooth": Categorical(["auto", 1.0, 10.0, 100.0])},
}

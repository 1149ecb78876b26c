"""Which of scikit-learn's transformers each kind of column gets, for what a model needs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    QuantileTransformer,
    StandardScaler,
)

from skhpo.automl.target import target_encoder
from skhpo.automl.values import as_booleans, as_date_parts, as_labels, as_numbers, as_texts, date_part_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from skhpo.automl.columns import Column
    from skhpo.automl.target import Target
    from skhpo.estimators.needs import Needs

_MOST_ONE_HOT = 5_000_000
"""Zeros and ones, rows by columns, from which a model that is linear and takes sparse data gets them so: 40 MB."""
_MOST_WORDS = 20_000
_WORD = r"(?u)\w+"  # scikit-learn's own needs two letters, and fails where no word has them
_MOST_ORDINAL = 255
"""Codes that a histogram gradient boosting of scikit-learn tells apart."""
_MOST_QUANTILES = 1000

Part = tuple[str, Any, "list[int] | slice"]


@dataclass(frozen=True)
class Recipes:
    """The transformers of one table.

    Parameters
    ----------
    columns : sequence of Column
        What the columns hold; none of a sparse table.
    needs : Needs
        Of the model.
    target : Target
        What there is to encode by.
    n_samples : int
        Rows of the table.
    is_sparse_welcome : bool
        Whether the result may be sparse.
    threshold : int
        Most categories that get a column or a code each.
    min_frequency : int or float
        Rarer categories share a column.
    n_components : int
        Most columns that a text becomes.
    random_state : int, RandomState instance or None
        Seed.
    """

    columns: Sequence[Column]
    needs: Needs
    target: Target
    n_samples: int
    is_sparse_welcome: bool
    threshold: int
    min_frequency: int | float
    n_components: int
    random_state: Any

    def build(self) -> ColumnTransformer:
        """Return a transformer for a table with these columns, not fitted."""
        parts = list(self._parts()) or [("nothing", _nothing(), [column.number for column in self.columns])]
        return ColumnTransformer(parts, sparse_threshold=1.0 if self._is_sparse else 0.0)

    @property
    def coded(self) -> tuple[str, ...]:
        """Names of the parts that make codes of categories."""
        return ("ordinal", "many") if self.needs.is_tree else ()

    def build_sparse(self, n_columns: int) -> ColumnTransformer:
        """Return a transformer for a sparse table."""
        steps = [_numbers()] if self.needs.is_tree else [_numbers(), MaxAbsScaler()]
        if not self.needs.takes_missing:
            steps.append(SimpleImputer(keep_empty_features=True))
        return ColumnTransformer([("numbers", _joined(steps), slice(0, n_columns))], sparse_threshold=1.0)

    def _parts(self) -> Iterator[Part]:
        """Yield name, transformer and columns of each part."""
        groups: dict[str, list[Column]] = {}
        for column in self.columns:
            groups.setdefault(self._group(column), []).append(column)
        for name, make in self._makers().items():
            if name in groups:
                yield name, make(), _together([column.number for column in groups[name]])
        if "dates" in groups:
            yield "dates", self._dates(groups["dates"]), [column.number for column in groups["dates"]]
        for column in groups.get("text", []):
            yield f"text{column.number}", self._text(column), [column.number]

    def _group(self, column: Column) -> str:
        if column.kind == "number":
            return "heavy" if column.is_heavy and not self.needs.is_tree else "numbers"
        if column.kind == "category" and column.n_distinct <= self.threshold:
            return "ordinal" if self.needs.is_tree else ("rare" if self._has_rare(column) else "onehot")
        if column.kind == "category":
            return "target" if self.target.is_usable else "many"
        return {"boolean": "booleans", "date": "dates"}.get(column.kind, column.kind)

    def _makers(self) -> dict[str, Callable[[], Any]]:
        return {
            "numbers": self._scaled_numbers,
            "heavy": self._ranked_numbers,
            "booleans": self._booleans,
            "ordinal": self._ordinal,
            "onehot": self._one_hot,
            "rare": self._one_hot_rare,
            "target": self._by_target,
            "many": self._many,
        }

    @cached_property
    def _is_sparse(self) -> bool:
        if not (self.is_sparse_welcome and self.needs.takes_sparse and self.needs.is_linear):
            return False
        groups = [(self._group(column), column) for column in self.columns]
        n_one_hot = sum(
            min(column.n_distinct, self.threshold) for name, column in groups if name in {"onehot", "rare", "many"}
        )
        return n_one_hot * self.n_samples > _MOST_ONE_HOT or any(name == "text" for name, _ in groups)

    # -- what each group gets -----------------------------------------------------------------------------------------

    def _scaled(self, *steps: Any, scaler: Any = None) -> Any:
        """Return steps, and after them scaling and imputation as far as the model needs it."""
        steps = steps if self.needs.is_tree else (*steps, scaler or self._scaler())
        if self.needs.takes_missing:
            return _joined(steps)
        return _joined([*steps, self._imputer("median")])

    def _imputer(self, strategy: str) -> SimpleImputer:
        """Return what fills in missing values; the mean, which is soon found, where none are missing yet."""
        strategy = strategy if any(column.has_missing for column in self.columns) else "mean"
        return SimpleImputer(strategy=strategy, add_indicator=True, keep_empty_features=True)

    def _scaler(self) -> Any:
        return MinMaxScaler(clip=True) if self.needs.is_positive else StandardScaler()

    def _scaled_numbers(self) -> Any:
        return self._scaled(_numbers())

    def _ranked_numbers(self) -> Any:
        """Return a scaler that looks at ranks, so that what lies far out does not set the scale."""
        scaler = QuantileTransformer(
            n_quantiles=min(_MOST_QUANTILES, self.n_samples),
            output_distribution="uniform" if self.needs.is_positive else "normal",
            random_state=self.random_state,
        )
        return self._scaled(_numbers(), scaler=scaler)

    def _booleans(self) -> Any:
        booleans = FunctionTransformer(as_booleans, feature_names_out="one-to-one")
        return booleans if self.needs.takes_missing else make_pipeline(booleans, self._imputer("most_frequent"))

    def _dates(self, group: Sequence[Column]) -> Any:
        parts = tuple(column.parts for column in group)
        return self._scaled(
            FunctionTransformer(as_date_parts, kw_args={"parts": parts}, feature_names_out=date_part_names)
        )

    def _many(self) -> Any:
        return self._ordinal(_MOST_ORDINAL) if self.needs.is_tree else self._one_hot_rare()

    def _ordinal(self, max_categories: int | None = None) -> Any:
        nan = self.needs.takes_missing
        encoder = OrdinalEncoder(
            handle_unknown="use_encoded_value",
            unknown_value=np.nan if nan else -1,
            encoded_missing_value=np.nan if nan else -2,
            max_categories=max_categories,
        )
        return make_pipeline(_labels(), encoder)

    def _one_hot(self, **rare: Any) -> Any:
        encoder = OneHotEncoder(handle_unknown="infrequent_if_exist", sparse_output=self._is_sparse, **rare)
        return make_pipeline(_labels(), encoder)

    def _one_hot_rare(self) -> Any:
        """Return the same with rare categories together: counting takes longer than all the rest, so only if needed."""
        return self._one_hot(min_frequency=self.min_frequency, max_categories=self.threshold)

    def _has_rare(self, column: Column) -> bool:
        is_share = isinstance(self.min_frequency, float)
        return column.n_rarest < self.min_frequency * (self.n_samples if is_share else 1)

    def _by_target(self) -> Any:
        encoder = target_encoder(self.target, self.random_state)
        return _joined([_labels(), encoder] if self.needs.is_tree else [_labels(), encoder, self._scaler()])

    def _text(self, column: Column) -> Any:
        texts = FunctionTransformer(as_texts, feature_names_out="one-to-one")
        words = TfidfVectorizer(sublinear_tf=True, max_features=_MOST_WORDS, token_pattern=_WORD)
        n_components = min(self.n_components, column.n_tokens, self.n_samples)
        if self._is_sparse or self.needs.is_positive or n_components < 1:
            return make_pipeline(texts, words)
        svd = TruncatedSVD(n_components, random_state=self.random_state)
        return _joined([texts, words, svd] if self.needs.is_tree else [texts, words, svd, StandardScaler()])


def _nothing() -> Any:
    """Return what a table gets in which nothing is to be learnt from: its numbers, and 0 for all else."""
    return make_pipeline(_numbers(), SimpleImputer(strategy="constant", fill_value=0.0, keep_empty_features=True))


def _numbers() -> FunctionTransformer:
    return FunctionTransformer(as_numbers, accept_sparse=True, feature_names_out="one-to-one")


def _labels() -> FunctionTransformer:
    return FunctionTransformer(as_labels, feature_names_out="one-to-one")


def _joined(steps: Sequence[Any]) -> Any:
    """Return the steps as a pipeline, a single one as it is."""
    return steps[0] if len(steps) == 1 else make_pipeline(*steps)


def _together(numbers: list[int]) -> list[int] | slice:
    """Return columns as a slice where they lie side by side, which takes no copy."""
    is_run = numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    return slice(numbers[0], numbers[-1] + 1) if is_run else numbers

"""Shortcuts in what surrounds a fit: copies, parameters and rows are what scikit-learn would have made of them."""

import warnings

import numpy as np
import pytest
import sklearn
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.base import clone as their_clone
from sklearn.decomposition import PCA
from sklearn.ensemble import BaggingClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV as TheirGrid
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC
from sklearn.utils import _safe_indexing, all_estimators

from skhpo import GridSearchCV, _sklearn
from skhpo._sklearn import clone, set_params, take_rows
from skhpo.estimators import copies
from skhpo.estimators.copies import with_names


def made(kind):
    try:
        return kind()
    except (TypeError, FutureWarning):  # it needs an estimator, or is deprecated
        return None


ESTIMATORS = [found for _, kind in all_estimators() if (found := made(kind)) is not None]


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=[type(each).__name__ for each in ESTIMATORS])
def test_a_copy_is_a_clone(estimator):
    ours, theirs = clone(estimator), their_clone(estimator)
    assert type(ours) is type(theirs)
    assert list(vars(ours)) == list(vars(theirs))
    assert repr(ours) == repr(theirs)


def test_most_estimators_take_the_short_way():
    n_plain = sum(copies._names_of(type(estimator)) is not None for estimator in ESTIMATORS)
    assert n_plain > 0.9 * len(ESTIMATORS)


def test_a_later_scikit_learn_that_keeps_more_is_asked(monkeypatch):
    asked = []
    monkeypatch.setattr(_sklearn, "_CLONE_IS_KNOWN", False)
    monkeypatch.setattr(sklearn, "clone", lambda estimator: asked.append(estimator) or their_clone(estimator))
    ridge = Ridge(alpha=3.0)
    assert clone(ridge).alpha == 3.0
    assert asked == [ridge]


def test_it_is_known_what_this_one_keeps():
    assert _sklearn._CLONE_IS_KNOWN


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=[type(each).__name__ for each in ESTIMATORS])
def test_names_are_those_that_scikit_learn_reads(estimator):
    names = copies._names_of(type(estimator))
    assert names is None or list(names) == type(estimator)._get_param_names()


def test_estimators_inside_and_lists_are_copied():
    inner, numbers = LogisticRegression(C=3.0), np.arange(3.0)
    outer = BaggingClassifier(inner, max_samples=numbers)
    copied = clone(outer)
    assert copied.estimator is not inner
    assert copied.estimator.C == 3.0
    assert copied.max_samples is not numbers


def test_what_clone_keeps_is_kept():
    estimator = PCA().set_output(transform="pandas")
    assert clone(estimator)._sklearn_output_config == {"transform": "pandas"}
    with sklearn.config_context(enable_metadata_routing=True):
        assert clone(Ridge().set_fit_request(sample_weight=True)).get_metadata_routing().fit.requests == {
            "sample_weight": True
        }


class Lists(BaseEstimator):
    def __init__(self, a=(1, 2)):
        self.a = list(a)


class OwnWay(BaseEstimator):
    def __init__(self, a=1):
        self.a = a

    def __sklearn_clone__(self):
        return self


class OwnParams(BaseEstimator):
    def __init__(self, a=1):
        self.a = a

    def set_params(self, **params):
        self.was_asked = True
        return super().set_params(**params)


def test_a_constructor_that_changes_its_arguments_is_refused_as_ever():
    with pytest.raises(RuntimeError, match="the constructor either does not set or modifies parameter a"):
        clone(Lists())


def test_ways_of_an_estimators_own_are_taken():
    estimator = OwnWay()
    assert clone(estimator) is estimator
    assert set_params(OwnParams(), {"a": 2}).was_asked


def test_a_class_whose_constructor_is_replaced_is_read_again(monkeypatch):
    class Changing(BaseEstimator):
        def __init__(self, a=1):
            self.a = a

    assert clone(Changing(a=2)).a == 2

    def init(self, a=1, b=5):
        self.a, self.b = a, b

    monkeypatch.setattr(Changing, "__init__", init)
    assert clone(Changing(a=2, b=3)).b == 3


@pytest.mark.parametrize("params", [{"C": 2.0}, {"C": 2.0, "kernel": "rbf"}, {}])
def test_parameters_are_set(params):
    ours, theirs = set_params(SVC(), params), SVC().set_params(**params)
    assert vars(ours) == vars(theirs)


def test_an_unknown_parameter_is_refused_in_scikit_learns_words():
    with pytest.raises(ValueError, match="Invalid parameter 'D' for estimator SVC"):
        set_params(SVC(), {"C": 1.0, "D": 2.0})
    nested = set_params(make_pipeline(PCA(), SVC()), {"svc__C": 3.0})
    assert nested.named_steps["svc"].C == 3.0


DATA = np.random.default_rng(0).normal(size=(20, 3))
ROWS = np.array([3, 1, 4, 1, 5])
CONTAINERS = {
    "C order": DATA,
    "Fortran order": np.asfortranarray(DATA),
    "every other": np.random.default_rng(0).normal(size=(40, 6))[::2, ::2],
    "one dimension": DATA[:, 0],
    "three dimensions": np.zeros((20, 2, 3)),
    "objects": np.array([*range(19), None], dtype=object),
    "list": list(range(20)),
    "sparse": sparse.csr_matrix(DATA),
    "memory-mapped": "memmap",
}


@pytest.mark.parametrize("kind", CONTAINERS)
@pytest.mark.parametrize("rows", [ROWS, ROWS.astype(np.uint8), ROWS.tolist(), np.arange(20) % 3 == 0])
def test_rows_are_those_that_scikit_learn_takes(kind, rows, tmp_path):
    X = CONTAINERS[kind]
    if isinstance(X, str):
        X = np.memmap(tmp_path / "data", dtype=float, mode="w+", shape=(20, 3))
        X[:] = DATA
    ours, theirs = take_rows(X, rows), _safe_indexing(X, rows)
    assert type(ours) is type(theirs)
    if isinstance(ours, np.ndarray):
        assert ours.dtype == theirs.dtype
        assert ours.strides == theirs.strides
        assert ours.flags.writeable
        assert not np.shares_memory(ours, X)
        assert np.array_equal(ours, theirs)
    else:
        assert str(ours) == str(theirs)


def test_array_api_dispatch_is_left_to_scikit_learn(monkeypatch):
    asked = []
    monkeypatch.setattr("skhpo._sklearn._safe_indexing", lambda X, rows, axis: asked.append(axis) or X[rows])
    monkeypatch.setattr("skhpo._sklearn.get_config", lambda: {"array_api_dispatch": True})
    take_rows(DATA, ROWS)
    assert asked == [0]


def test_a_function_with_other_names_is_the_same_otherwise():
    def total(a, b=2, *, c=3):
        return round(a) + b + c

    assert with_names(total, round=abs)(-1.5) == 6.5
    assert with_names(total, round=abs)(-1.5, 0, c=0) == 1.5
    assert total(-1.5) == 3


def test_warnings_of_a_fit_name_the_file_that_they_named():
    """Filters by module see scikit-learn's: the code and its globals' ``__name__`` are the same."""
    found = []
    for kind in (TheirGrid, GridSearchCV):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            kind(Ridge(), {"alpha": [1.0]}, cv=3, scoring=broken).fit(DATA, DATA[:, 0])
        found.append({each.filename for each in caught if "Scoring failed" in str(each.message)})
    assert found[0] == found[1] != set()


def broken(estimator, X, y):
    raise ZeroDivisionError

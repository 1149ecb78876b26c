"""What a value is: equal in every process for equal content, and different for what is computed differently."""

import collections
import copy
import datetime as dt
import enum
import functools
import itertools
import json
import logging
import math
import operator
import os
import re
import subprocess
import sys
import threading
import types
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.gaussian_process.kernels import RBF
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, f1_score, make_scorer
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from skhpo.content import IndescribableError, describe, digest
from skhpo.content.walk import _LONG

X, Y = np.random.default_rng(0).random((20, 3)), np.arange(20) % 2


def key(value, **kwargs):
    return digest(describe(value, **kwargs))


# ------------------------------------------------------------------ everything has a description


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Slots:
    __slots__ = ("a", "b")

    def __init__(self, a):
        self.a = a


@dataclass
class Settings:
    a: int = 1
    b: list = field(default_factory=list)


class Plain:
    def __init__(self, a=1):
        self.a = a

    def __call__(self, x):
        return x + self.a


class Strange:
    def __getattr__(self, name):
        raise KeyError(name)


Point = collections.namedtuple("Point", "x y")  # noqa: PYI024

VALUES = [
    None,
    1,
    0.1,
    -0.0,
    math.inf,
    math.nan,
    10**400,
    10**5000,
    "a",
    b"a",
    b"b",
    1j,
    (1, [2, {"a": 3}]),
    {"b", "a", "c"},
    frozenset({1, 2}),
    range(3),
    slice(1, 2),
    ...,
    np.arange(3),
    np.arange(3.0),
    np.array([None, "a"]),
    np.array([None, "b"]),
    np.float32(0.1),
    np.datetime64("2026-01-01"),
    np.ma.array([1, 2], mask=[0, 1]),
    np.ma.array([1, 2], mask=[1, 0]),
    np.dtype("f4"),
    np.random.RandomState(0),
    np.random.RandomState(1),
    np.random.default_rng(0),
    SVC,
    np.log1p,
    math.sin,
    str.upper,
    len,
    operator.itemgetter(1),
    make_pipeline(FunctionTransformer(np.log1p), SVC(C=2.0)),
    RBF(1.0),
    KFold(3),
    KFold(4),
    stats.loguniform(1, 2),
    stats.loguniform(1, 3),
    functools.partial(max, key=lambda x: x),
    functools.partial(max, key=lambda x: -x),
    Colour.RED,
    Colour.BLUE,
    Slots(1),
    Slots(2),
    Settings(),
    Settings(b=[1]),
    Plain(),
    Plain(2),
    Plain().__call__,
    Plain(2).__call__,
    Point(1, 2),
    collections.OrderedDict(a=1),
    collections.Counter("ab"),
    collections.deque([1], 3),
    types.SimpleNamespace(a=1),
    Fraction(1, 3),
    Path("a"),
    re.compile("a"),
    re.compile("b"),
    dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    logging.getLogger("a"),
    os,
    threading.Lock(),
    Strange(),
    make_scorer(f1_score),
    make_scorer(f1_score, pos_label=0),
    functools.lru_cache(lambda x: x),
    functools.lru_cache(lambda x: 2 * x),
    lambda x: x,
]


@pytest.mark.parametrize("number", range(len(VALUES)))
def test_descriptions_are_json_without_addresses(number):
    value = VALUES[number]
    text = json.dumps(describe(value), allow_nan=False)
    assert "0x" not in text or isinstance(value, int)
    assert json.loads(text) == describe(value)


def test_descriptions_tell_values_apart():
    values = [value for value in VALUES if type(value) is not float or value == value]  # noqa: PLR0124
    values += [SVC(), SVC(C=2.0), [1], (1,), {1}, "1", True, 1.0, [10**5], 0.0]
    keys = [json.dumps(describe(value)) for value in values]
    for one, other in itertools.combinations(range(len(values)), 2):
        assert keys[one] != keys[other], (one, other)


@pytest.mark.parametrize("number", range(len(VALUES)))
def test_copies_are_the_same(number):
    value = VALUES[number]
    if "frozen" in type(value).__name__:
        return  # a copy of it has a generator of its own instead of the global one
    try:
        other = copy.deepcopy(value)
    except (TypeError, KeyError):
        return
    assert key(other) == key(value)


def test_descriptions_can_be_read():
    assert describe(SVC(C=2.0))["params"]["C"] == 2.0
    assert describe((1, "a", None)) == {"tuple": [1, "a", None]}
    assert describe(np.log1p) == {"name": "numpy.log1p"}
    assert describe([np.float64(0.5), np.int8(1), np.str_("a")]) == [0.5, 1, "a"]


@pytest.mark.parametrize("n", [_LONG, _LONG + 1])
@pytest.mark.parametrize("place", [0, -1])
def test_long_lists(n, place):
    values = [str(i) for i in range(n)]
    other = values.copy()
    other[place] = "x"
    assert key(values) == key(values.copy()) != key(other)
    assert key(values) != key(tuple(values))


# ------------------------------------------------------------------ what shows nothing


def generator():
    yield 1


class Raises:
    def __reduce_ex__(self, protocol):
        raise RuntimeError


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (object(), "builtins.object"),
        (generator(), "generator"),
        ([{"a": (Plain(object()),)}], "builtins.object"),
        (Raises(), "Raises"),
        (np.frompyfunc(lambda x: x, 1, 1), "numpy.ufunc"),
        (memoryview(b"a"), "builtins.memoryview"),
    ],
)
def test_what_shows_nothing_is_refused(value, kind):
    with pytest.raises(IndescribableError, match=f"class {kind} shows nothing") as error:
        describe(value)
    assert len(str(error.value)) < 120


# ------------------------------------------------------------------ functions


def made(text, name="f", **names):
    """Return what a script defines."""
    namespace = {"__name__": "script", **names}
    exec(compile(text, "script.py", "exec"), namespace)  # noqa: S102
    return namespace[name]


def closure(n):
    def f(x):
        return x + n

    return f


def holding(function):
    return lambda x: function(x) + 1


PAIRS = {
    "lambda": (lambda x: x + 1, lambda x: x + 2),
    "lambda of other names": (lambda x: x.a, lambda x: x.b),
    "closure": (closure(1), closure(2)),
    "closure over an array": (closure(np.arange(3)), closure(np.arange(4))),
    "closure over a function": (holding(closure(1)), holding(closure(2))),
    "default": (made("def f(x, a=1): return a"), made("def f(x, a=2): return a")),
    "keyword default": (made("def f(x, *, a=1): return a"), made("def f(x, *, a=2): return a")),
    "body": (made("def f(x): return x * 2"), made("def f(x): return x - 2")),
    "nested": (made("def f(x): return (lambda: 1)()"), made("def f(x): return (lambda: 2)()")),
    "constant set": (made("def f(x): return x in {'a', 'b'}"), made("def f(x): return x in {'a', 'c'}")),
    "global": (made("def f(x): return N", N=1), made("def f(x): return N", N=2)),
    "global list": (made("def f(x): return N", N=["a"]), made("def f(x): return N", N=["b"])),
    "global array": (made("def f(x): return N", N=np.arange(2)), made("def f(x): return N", N=np.arange(3))),
    "global function": (made("def f(x): return g(x)", g=closure(1)), made("def f(x): return g(x)", g=closure(2))),
    "global of a nested function": (
        made("f = lambda: [N for _ in (1, 2)]", N=1),
        made("f = lambda: [N for _ in (1, 2)]", N=2),
    ),
    "global dataclass": (made("def f(x): return N.a", N=Settings(1)), made("def f(x): return N.a", N=Settings(2))),
    "module of the user's": (
        made("def f(x): return m.n", m=types.SimpleNamespace(n=1)),
        made("def f(x): return m.n", m=types.SimpleNamespace(n=2)),
    ),
    "partial": (functools.partial(f1_score, pos_label=1), functools.partial(f1_score, pos_label=0)),
    "method": (Plain(1).__call__, Plain(2).__call__),
    "scorer": (make_scorer(lambda t, p: 1.0), make_scorer(lambda t, p: 2.0)),
    "scorer object": (Plain(1), Plain(2)),
    "vectorised": (np.vectorize(lambda x: x), np.vectorize(lambda x: -x)),
    "in an estimator": (FunctionTransformer(lambda x: x), FunctionTransformer(lambda x: -x)),
    "in a list": ([lambda: 1.0, lambda: 2.0], [lambda: 2.0, lambda: 1.0]),
    "decorated": (functools.wraps(f1_score)(closure(1)), functools.wraps(f1_score)(closure(2))),
    "loop": (made("def f(x):\n while x: x -= 1"), made("def f(x):\n while x: x -= 2")),
}


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("is_cloned", [True, False])
def test_code_that_computes_something_else(name, is_cloned):
    one, other = PAIRS[name]
    assert key(one, is_cloned=is_cloned) != key(other, is_cloned=is_cloned)


def test_line_numbers_files_and_modules_do_not_matter():
    one = made("def f(x):\n return x + 1")
    other = made("# more\n\n\ndef f(x):\n\n    return x + 1  # the same")
    other.__module__ = "__main__"
    assert key(one) == key(other) == key(made("def f(x):\n return x + 1"))


def test_what_a_function_counts_does_not_matter():
    one, other = (made("def f(x):\n global N\n N += 1\n return x", N=n) for n in (0, 7))
    assert key(one) == key(other)


def test_globals_that_are_not_named_do_not_matter():
    one, other = (made("def f(x):\n return x.N", N=n) for n in (0, 7))
    assert key(one) == key(other)


def test_objects_that_a_function_names_count_by_class():
    one, other = (made("def f(x):\n return N", N=Plain(n).__dict__.keys()) for n in (1, 2))
    assert key(one) == key(other)


def test_circles_come_to_an_end():
    def f(n):
        return g(n - 1) if n else 0

    def g(n):
        return f(n - 1) if n else 1

    values = [1]
    values.append(values)
    plain = Plain()
    plain.a = plain
    for value in (f, values, plain, made("def f(n): return f(n - 1) if n else 0")):
        assert key(value) == key(value)


@pytest.mark.parametrize("n", [30, 400])
def test_long_chains_of_functions_are_followed_to_their_end(n):
    def chain(last):
        names = {}
        text = "\n".join(f"def f{i}(x): return f{i + 1}(x)" for i in range(n)) + f"\ndef f{n}(x): return {last}"
        return made(text, "f0", **names)

    assert key(chain(1)) == key(chain(1)) != key(chain(2))
    assert key([chain(1)]) == key([chain(1)]) != key([chain(2)])
    assert key(chain(1), is_cloned=False) == key(chain(1))


def test_what_is_nested_too_deeply_is_refused():
    nested = []
    for _ in range(100_000):
        nested = [nested]
    with pytest.raises(IndescribableError):
        describe(nested)
    while nested:
        nested = nested.pop()


def test_functions_of_libraries_go_by_name():
    assert describe(f1_score) == {"name": "sklearn.metrics._classification.f1_score"}
    assert "code" not in json.dumps(describe(make_pipeline(StandardScaler(), SVC())))


# ------------------------------------------------------------------ classes

ESTIMATOR = """
class f(Base):
    {attribute}
    def __init__(self, C=1):
        self.C = C
    def fit(self, X, y=None):
        {body}
        return self
    {more}
"""


def estimator(attribute="pass", body="pass", more="", base=BaseEstimator, **names):
    return made(ESTIMATOR.format(attribute=attribute, body=body, more=more), Base=base, **names)()


OTHERS = {
    "fit": {"body": "self.a_ = 1"},
    "attribute": {"attribute": "n = 2"},
    "method": {"more": "def predict(self, X): return X"},
    "property": {"more": "n = property(lambda self: 1)"},
    "static": {"more": "n = staticmethod(lambda: 1)"},
    "class method": {"more": "n = classmethod(lambda cls: 1)"},
    "cached": {"more": "n = cached(lambda self: 1)", "cached": functools.cached_property},
    "base": {"base": type("Other", (BaseEstimator,), {"n": 1})},
    "of scikit-learn": {"base": LogisticRegression},
}


@pytest.mark.parametrize("name", OTHERS)
def test_an_edited_estimator_is_another(name):
    assert key(estimator()) == key(estimator())
    assert key(estimator()) != key(estimator(**OTHERS[name]))
    assert key(estimator(**OTHERS[name])) == key(estimator(**OTHERS[name]))
    for wrap in (lambda e: make_pipeline(StandardScaler(), e), lambda e: [("a", e)], type):
        assert key(wrap(estimator())) != key(wrap(estimator(**OTHERS[name])))


def test_an_edited_helper_of_an_estimator_is_another():
    one, other = (estimator(body="help(X)", help=closure(n)) for n in (1, 2))
    assert key(one) != key(other)
    inherited = [made("class f(Base): pass", Base=type(each))() for each in (one, other)]
    assert key(inherited[0]) != key(inherited[1])


@pytest.mark.parametrize("more", ["def __call__(self, x): return x", "n = 1"])
def test_an_edited_class_of_a_plain_object_is_another(more):
    one, other = (made(f"class f:\n a = 1\n {each}")() for each in ("pass", more))
    assert key(one) != key(other)
    assert key(Plain(one)) != key(Plain(other))


class Scaler(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X


def test_output_and_requests_count_and_what_was_learnt_does_not():
    model = make_pipeline(Scaler(), SelectKBest(f_classif, k=2), LogisticRegression())
    before = key(model)
    assert key(model.fit(X, Y)) == before
    assert key(make_pipeline(Scaler(), SelectKBest(f_classif, k=2), LogisticRegression())) == before
    assert key(StandardScaler().set_output(transform="pandas")) != key(StandardScaler())


def test_what_was_learnt_counts_where_it_is_not_cloned():
    frozen = pytest.importorskip("sklearn.frozen").FrozenEstimator
    one, other = (Ridge().fit(X[rows], Y[rows]) for rows in (slice(10), slice(10, 20)))
    assert key(frozen(one)) != key(frozen(other))
    assert key(one) == key(other)
    assert key({"model": one}) != key({"model": other})
    assert key(one, is_cloned=False) != key(other, is_cloned=False)
    assert key(Plain(one)) != key(Plain(other))


# ------------------------------------------------------------------ another process

SCRIPT = """
import sys, json
sys.path.insert(0, sys.argv[1])
import test_walk
print(json.dumps([test_walk.key(value) for value in test_walk.for_others()]))
"""


def for_others():
    values = [value for value in VALUES if not isinstance(value, types.ModuleType)]
    values += [each for pair in PAIRS.values() for each in pair]
    values += [estimator(**names) for names in OTHERS.values()]
    values += [dict.fromkeys({"a", "b", "c"}, 1), Plain(dict.fromkeys({"x", "y", "z"}))]
    return [*values, {"a", "b", "c", Colour.RED, (1, "x")}, accuracy_score, Scaler(), closure({"x", "y", "z"})]


@pytest.mark.slow
@pytest.mark.parametrize("seed", ["0", "1"])
def test_another_process_says_the_same(seed):
    command = [sys.executable, "-c", SCRIPT, str(Path(__file__).parent)]
    env = {**os.environ, "PYTHONHASHSEED": seed}
    found = subprocess.run(command, check=True, capture_output=True, text=True, env=env, timeout=120).stdout  # noqa: S603
    assert json.loads(found.splitlines()[-1]) == [key(value) for value in for_others()]


class Sealed:
    """What shows nothing of itself, as the objects in which compiled libraries keep their models."""

    def __reduce__(self):
        raise TypeError("cannot be pickled")


class Foreign:
    """An estimator of another library, which says itself what it consists of."""

    def __init__(self, depth=1):
        self.depth = depth
        self._inside = Sealed()

    def get_params(self, deep=True):
        return {"depth": self.depth}

    def fit(self, X, y):
        self._learnt = len(X)
        return self

    def __getstate__(self):
        return {"depth": self.depth, "learnt": getattr(self, "_learnt", None)}


def test_an_estimator_of_another_library_says_itself_what_it_consists_of():
    held = [describe({"model": model}) for model in (Foreign(), Foreign(), Foreign(2), Foreign().fit(X, Y))]
    assert held[0] == held[1]
    assert len({digest(each) for each in held}) == 3

"""Data by content: equal data have one hash, however they came about and whatever was done to them meanwhile."""

import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import OneHotEncoder
from sklearn.svm import SVC

from skhpo.content import describe, digest

RNG = np.random.default_rng(0)
N = 30
RNG_DATA = np.random.default_rng(0).random((N, 4))
DAYS = pd.date_range("2026-01-01", periods=N, freq="D")
TEXTS = [f"w{i % 7} w{i % 5} w{i}" for i in range(N)]


def key(value):
    return digest(describe(value, is_cloned=False, is_watched=False))


def frame():
    rng = np.random.default_rng(0)
    whole = pd.DataFrame(rng.random((N, 3)), columns=list("abc"))
    whole["when"] = DAYS
    whole["zone"] = DAYS.tz_localize("Europe/Berlin")
    whole["lag"] = DAYS - DAYS[0]
    whole["text"] = TEXTS
    whole["object"] = pd.Series([None, "x", "y"] * (N // 3), dtype=object)
    whole["kind"] = pd.Categorical(["u", "v", None] * (N // 3), categories=["v", "u", "w"])
    whole["level"] = pd.Categorical(["u", "v", "v"] * (N // 3), ordered=True)
    whole["int"] = rng.integers(0, 9, N)
    whole["small"] = rng.integers(0, 9, N).astype("int8")
    whole["maybe"] = pd.array([1, None, 3] * (N // 3), dtype="Int64")
    whole["flag"] = pd.array([True, None, False] * (N // 3), dtype="boolean")
    whole["real"] = pd.array([0.5, None, 1.5] * (N // 3), dtype="Float64")
    return whole


def looked_at(whole):
    whole = whole.set_index("when")
    _ = (
        whole.index.year,
        whole.index.is_unique,
        whole.index.is_monotonic_increasing,
        whole.to_numpy(),
        whole.index.hasnans,
    )
    return whole.reset_index()[list(frame())]


def assigned_one_by_one(whole):
    again = pd.DataFrame(index=whole.index)
    for name in whole:
        again[name] = whole[name]
    return again


def through_parquet(whole, tmp_path):
    pytest.importorskip("pyarrow")
    whole.to_parquet(tmp_path / "whole.parquet")
    return pd.read_parquet(tmp_path / "whole.parquet")


def cut_out(whole):
    return pd.concat([whole, whole])[:N]


SAME = [lambda w: w.copy(), looked_at, assigned_one_by_one, cut_out, lambda w: w.copy(deep=False), lambda w: w.iloc[:]]


@pytest.mark.parametrize("change", SAME)
def test_equal_frames_are_the_same(change):
    assert key(change(frame())) == key(frame())


def test_a_frame_read_back_is_the_same(tmp_path):
    whole = frame().drop(columns="object")  # which pandas reads back as strings
    back = through_parquet(whole, tmp_path)
    pd.testing.assert_frame_equal(back, whole)
    assert key(back) == key(whole)
    indexed = whole.set_index("when")
    assert key(through_parquet(indexed, tmp_path)) == key(indexed)


def other_frames():
    whole = frame()
    for name in whole:
        other = whole.copy()
        other[name] = other[name].to_numpy()[::-1].copy() if name != "object" else ["z", *whole["object"][1:]]
        yield f"values of {name}", other
        yield f"name of {name}", whole.rename(columns={name: "other"})
    yield "dtype", whole.astype({"int": "int32"})
    yield "time zone", whole.assign(zone=whole["zone"].dt.tz_convert("Asia/Tokyo"))
    yield "unit", whole.assign(when=whole["when"].astype("datetime64[ms]"))
    yield "order of categories", whole.assign(kind=whole["kind"].cat.reorder_categories(["u", "v", "w"]))
    yield "missing", whole.assign(maybe=pd.array([1, 0, 3] * (N // 3), dtype="Int64"))
    yield "index", whole.set_index(whole.index + 1)
    yield "name of the index", whole.rename_axis("i")
    yield "order of columns", whole[whole.columns[::-1]]
    yield "order of rows", whole[::-1]
    yield "levels", whole.set_index(["int", "when"], drop=False)


def test_different_frames_are_different():
    keys = {name: key(other) for name, other in other_frames()}
    keys["itself"] = key(frame())
    assert len(set(keys.values())) == len(keys)


@pytest.mark.parametrize("name", list(frame()))
def test_columns_and_indices(name):
    column = frame()[name]
    assert key(column) == key(column.copy()) != key(column[::-1])
    assert key(pd.Index(column)) == key(pd.Index(column.copy())) != key(column)
    assert key(column) != key(column.rename("other"))


def test_sparse_and_arrow_columns():
    pytest.importorskip("pyarrow")
    for values in (pd.array([0, 0, 1, 2], dtype="Sparse[int]"), pd.array([1, 2, None, 4], dtype="int64[pyarrow]")):
        series = pd.Series(values)
        assert key(series) == key(series.copy()) == key(pd.concat([series, series])[:4]) != key(series[::-1])


def test_nothing_large_is_copied():
    whole = pd.DataFrame(RNG.random((2**16, 16)))
    whole["text"] = [TEXTS[i % N] for i in range(len(whole))]
    tracemalloc.start()
    key(whole)
    key(whole[list(range(16))].to_numpy()[:, ::2])
    assert tracemalloc.get_traced_memory()[1] < 16e6  # of 8 MB of numbers; a copy for the second line is its own
    tracemalloc.stop()


# ------------------------------------------------------------------ sparse matrices

MATRIX = sparse.random(N, 6, 0.3, format="csr", random_state=0)


@pytest.mark.parametrize(
    "make",
    [lambda: TfidfVectorizer().fit_transform(TEXTS), lambda: OneHotEncoder().fit_transform(np.array(TEXTS)[:, None])],
)
@pytest.mark.parametrize("estimator", [SVC(), LogisticRegression()])
def test_a_fit_does_not_change_a_sparse_matrix(make, estimator):
    matrix = make()
    before = key(matrix)
    estimator.fit(matrix, np.arange(N) % 2)
    _ = matrix.has_sorted_indices, matrix.has_canonical_format
    matrix.sort_indices()
    assert key(matrix) == before == key(make())


@pytest.mark.parametrize("kind", ["csr", "csc", "coo", "lil", "dok", "bsr", "dia"])
@pytest.mark.parametrize("is_array", [False, True])
def test_sparse_matrices(kind, is_array):
    matrix = (sparse.csr_array(MATRIX) if is_array else MATRIX).asformat(kind)
    assert key(matrix) == key(matrix.copy())
    assert key(matrix) != key(matrix * 2)
    assert key(matrix) != key(MATRIX.asformat("csc" if kind == "csr" else "csr"))
    assert (key(matrix) == key(MATRIX.asformat(kind))) is not is_array


def test_the_order_of_entries_and_the_width_of_indices_are_no_content():
    data, indices, indptr = np.array([1.0, 2.0, 3.0]), np.array([2, 0, 1]), np.array([0, 2, 3])
    one = sparse.csr_matrix((data, indices, indptr), shape=(2, 3))
    wide = sparse.csr_matrix((data, indices.astype(np.int64), indptr.astype(np.int64)), shape=(2, 3))
    twice = sparse.csr_matrix(
        (np.array([1.0, 2.0, 1.0, 2.0]), np.array([2, 0, 1, 1]), np.array([0, 2, 4])), shape=(2, 3)
    )
    assert key(one) == key(sparse.csr_matrix(one.toarray())) == key(wide) == key(twice)
    assert one.indices.tolist() == [2, 0, 1]


@pytest.mark.skipif(not hasattr(sparse.coo_array([[1]]), "coords"), reason="SciPy has no other dimensions")
def test_sparse_arrays_of_one_dimension():
    one = sparse.coo_array(np.array([0.0, 1.0, 2.0]))
    assert key(one) == key(one.copy()) != key(one * 2)


# ------------------------------------------------------------------ others


def test_polars():
    pl = pytest.importorskip("polars")
    columns = {
        "a": RNG.random(N),
        "b": TEXTS,
        "c": [1, None, 3] * (N // 3),
        "d": list(DAYS),
        "e": [True, None, False] * (N // 3),
    }
    whole = pl.DataFrame(columns)
    assert key(whole) == key(pl.concat([whole[:9], whole[9:]])) == key(whole.clone())
    others = [
        whole[::-1],
        whole.rename({"a": "z"}),
        whole.with_columns(c=pl.col("c").fill_null(0)),
        whole.select("b", "a"),
    ]
    others += [whole.with_columns(**{name: pl.col(name).reverse()}) for name in "abcde"]
    assert len({key(other) for other in [whole, *others]}) == len(others) + 1
    assert key(whole["a"]) == key(whole["a"].clone()) != key(whole["a"].reverse())


def test_arrow():
    pa = pytest.importorskip("pyarrow")
    whole = pa.table({"a": RNG.random(N), "b": TEXTS, "c": [1, None, 3] * (N // 3)})
    assert key(whole) == key(pa.concat_tables([whole[:9], whole[9:]]))
    assert len({key(other) for other in (whole, whole[1:], whole.rename_columns(list("xyz")))}) == 3
    assert key(whole["a"]) != key(whole["a"][1:])


def test_torch():
    torch = pytest.importorskip("torch")
    one = torch.arange(12.0).reshape(3, 4)
    assert key(one) == key(one.clone()) == key(one.T.contiguous().T) != key(one + 1)
    assert key(one) != key(one.reshape(4, 3))
    assert key(one) != key(one.to(torch.float64))
    assert key(one.to(torch.bfloat16)) == key(one.to(torch.bfloat16).clone()) != key(one.to(torch.float16))
    assert key(one.clone().requires_grad_()) == key(one)
    assert key([one, one]) == key([one.clone(), one])


@pytest.mark.parametrize(
    "make",
    [
        RNG_DATA.copy,
        RNG_DATA.tolist,
        lambda: np.array(TEXTS, dtype=object),
        lambda: np.array(TEXTS),
        lambda: [np.arange(3), np.arange(4)],
        lambda: list(TEXTS),
        lambda: RNG_DATA.astype(object),
    ],
)
def test_arrays_and_lists(make):
    one, other = make(), make()
    assert key(one) == key(other)
    other[-1] = other[0]
    assert key(one) != key(other)


def test_a_file_that_is_mapped(tmp_path):
    np.save(tmp_path / "data.npy", RNG_DATA)
    assert key(np.load(tmp_path / "data.npy", mmap_mode="r")) == key(RNG_DATA)
    assert key(np.asfortranarray(RNG_DATA)) == key(RNG_DATA)


SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
import test_tables
print(*map(test_tables.key, test_tables.for_others()))
"""


def for_others():
    whole = frame()
    found = [whole, whole.set_index("when"), MATRIX, TfidfVectorizer().fit_transform(TEXTS), RNG_DATA]
    if "torch" in sys.modules or os.environ.get("SKHPO_TORCH"):
        import torch

        found.append(torch.arange(5.0))
    return found


@pytest.mark.slow
def test_another_process_says_the_same():
    try:
        import torch  # noqa: F401

        env = {**os.environ, "PYTHONHASHSEED": "3", "SKHPO_TORCH": "1"}
    except ImportError:
        env = {**os.environ, "PYTHONHASHSEED": "3"}
    command = [sys.executable, "-c", SCRIPT, str(Path(__file__).parent)]
    found = subprocess.run(command, check=True, capture_output=True, text=True, env=env, timeout=120).stdout  # noqa: S603
    assert found.split() == [key(value) for value in for_others()]

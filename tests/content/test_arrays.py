"""Arrays by content, without copying them."""

import tracemalloc

import numpy as np
import pytest

from skhpo.content.arrays import ArrayKey, blocks, digest_of_array
from skhpo.space import params_key
from skhpo.space.values import freeze

RNG = np.random.default_rng(0)
A = RNG.random((40, 30, 70))
PADDED = np.dtype([("a", "i1"), ("b", "f8")], align=True)


def in_another_order(array):
    return np.ascontiguousarray(array.T).T


def with_gaps(array):
    wide = RNG.random((*array.shape[:-1], 2 * array.shape[-1])).astype(array.dtype)
    wide[..., ::2] = array
    return wide[..., ::2]


@pytest.mark.parametrize("array", [A, A[0], A[0, 0], A.astype("M8[s]"), (A * 9).astype(bool), np.array(3.0), A[:0]])
def test_the_order_in_memory_is_no_content(array):
    others = [array.copy(), in_another_order(array)]
    if array.ndim and array.dtype.kind == "f":
        others.append(with_gaps(array))
    assert {digest_of_array(other) for other in others} == {digest_of_array(array)}
    assert b"".join(block.tobytes() for block in blocks(others[-1])) == array.tobytes()


def test_blocks_of_rows_longer_than_a_block():
    wide = RNG.random((2**20, 3)).T
    assert b"".join(block.tobytes() for block in blocks(wide)) == wide.tobytes()


def test_what_lies_between_fields_is_no_content():
    one = np.zeros(5, dtype=PADDED)
    other = np.frombuffer(bytearray(b"\xff" * one.nbytes), dtype=PADDED)
    other["a"], other["b"] = 0, 0.0
    assert one.tobytes() != other.tobytes()
    assert digest_of_array(one) == digest_of_array(other)


def test_keys_of_equal_arrays_are_equal():
    for same in (A, A.copy(), in_another_order(A), with_gaps(A)):
        assert ArrayKey(same) == ArrayKey(A)
        assert hash(ArrayKey(same)) == hash(ArrayKey(A))
        assert freeze(same) == freeze(A)


@pytest.mark.parametrize("place", [0, 1, A.size // 2 + 1, A.size - 1])
def test_keys_of_different_arrays_are_not_equal(place):
    other = A.copy()
    other.flat[place] = np.nextafter(other.flat[place], 1)
    for different in (other, A.reshape(-1), A.view(np.int64), A[1:]):
        assert ArrayKey(different) != ArrayKey(A)
    assert ArrayKey(A) != "A"


def test_an_array_that_was_shuffled_has_another_key():
    array = A.copy()
    before = ArrayKey(array)
    RNG.shuffle(array)
    assert ArrayKey(array) != before


def test_a_mask_counts():
    data = np.arange(4.0)
    keys = {freeze(np.ma.array(data, mask=mask)) for mask in ([0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0])}
    assert len(keys | {freeze(data)}) == 4


def test_nothing_of_a_large_array_is_copied():
    arrays = [np.full(2**20, float(i)) for i in range(4)]
    tracemalloc.start()
    kept = {params_key({"w": array}) for array in arrays for _ in range(3)}
    assert tracemalloc.get_traced_memory()[1] < 10**6
    tracemalloc.stop()
    assert len(kept) == 4

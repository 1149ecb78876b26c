"""Which splits give out-of-fold predictions of each row."""

import numpy as np
import pytest
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneOut,
    PredefinedSplit,
    RepeatedKFold,
    ShuffleSplit,
    TimeSeriesSplit,
)

from skhpo.honesty.coverage import coverage_of, put_together

N = 12
ROWS = np.arange(N)


def covered(splitter, **params):
    splits = list(splitter.split(np.zeros((N, 1)), **params))
    return splits, coverage_of(splits, N, splitter)


@pytest.mark.parametrize(
    ("splitter", "n_repeats"),
    [
        (KFold(4), 1),
        (KFold(5, shuffle=True, random_state=0), 1),
        (LeaveOneOut(), 1),
        (RepeatedKFold(n_splits=3, n_repeats=2, random_state=0), 2),
    ],
)
def test_each_row_finds_its_own_prediction(splitter, n_repeats):
    splits, coverage = covered(splitter)
    np.testing.assert_array_equal(coverage.rows, ROWS)
    by_split = [np.stack([100 * number + test, test], axis=1) for number, (_, test) in enumerate(splits)]
    found = put_together(by_split, coverage)
    assert found.shape == (n_repeats, N, 2)
    np.testing.assert_array_equal(found[:, :, 1], [ROWS] * n_repeats)
    np.testing.assert_array_equal(found[:, :, 0], 100 * coverage.splits + ROWS)
    for split, (_, test) in enumerate(splits):
        assert set(ROWS[(coverage.splits == split).any(axis=0)]) == set(test)


def test_groups_and_masks():
    groups = np.repeat(np.arange(4), 3)
    splits, coverage = covered(GroupKFold(2), groups=groups)
    masks = [tuple(np.isin(ROWS, side) for side in split) for split in splits]
    again = coverage_of(masks, N, None)
    for one, other in zip(coverage, again, strict=True):
        np.testing.assert_array_equal(one, other)


def test_rows_that_are_never_tested_are_left_out():
    _, coverage = covered(PredefinedSplit([-1, -1, 0, 0, 1, 1, -1, 0, 0, 1, 1, -1]))
    np.testing.assert_array_equal(coverage.rows, [2, 3, 4, 5, 7, 8, 9, 10])
    _, coverage = covered(ShuffleSplit(n_splits=1, test_size=4, random_state=0))
    assert coverage.splits.shape == (1, 4)


def test_negative_positions_are_counted_from_the_end():
    coverage = coverage_of([(ROWS[:6], ROWS[6:] - N), (ROWS[6:] - N, ROWS[:6])], N, None)
    np.testing.assert_array_equal(coverage.splits, [[1] * 6 + [0] * 6])


@pytest.mark.parametrize(
    ("splitter", "message"),
    [
        (ShuffleSplit(n_splits=5, random_state=0), "cv=ShuffleSplit, which tests some rows more often than others"),
        (TimeSeriesSplit(3), r"cv=TimeSeriesSplit: in a time series .* Use estimate_score\(method=\"naive\"\)"),
    ],
)
def test_other_splitters_are_told_what_is_possible(splitter, message):
    with pytest.raises(ValueError, match=message):
        covered(splitter)


@pytest.mark.parametrize("test", [[0, 1, 1], [0, 1, 2]])
def test_rows_that_are_tested_twice_or_trained_on(test):
    splits = [(ROWS[3:], np.array(test)), (ROWS[:3], ROWS[3:])]
    if len(set(test)) == 3:
        splits[0] = (ROWS[2:], np.array(test))
        message = "not trained on the rows that they predict, got 1 rows on both sides of split 0"
    else:
        message = "tests some rows more often than others"
    with pytest.raises(ValueError, match=message):
        coverage_of(splits, N, None)

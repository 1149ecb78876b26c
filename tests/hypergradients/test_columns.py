"""ColumnScale: factors of columns as hyperparameters."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from skhpo import ColumnScale

X = np.arange(12.0).reshape(4, 3)


def test_columns_are_multiplied_dense_and_sparse():
    scale = ColumnScale([1.0, 10.0, 100.0])
    assert np.array_equal(scale.fit_transform(X), X * [1, 10, 100])
    assert np.array_equal(scale.fit_transform(sparse.csr_matrix(X)).toarray(), X * [1, 10, 100])


def test_columns_of_a_group_share_a_factor():
    assert np.array_equal(ColumnScale([1.0, 5.0], groups=[0, 1, 1]).fit_transform(X), X * [1, 5, 5])


def test_single_factors_are_parameters_and_the_array_of_the_user_stays():
    given = np.ones(3)
    pipeline = make_pipeline(ColumnScale(given), Ridge()).set_params(columnscale__scale_1=7.0)
    assert pipeline.get_params()["columnscale__scale_1"] == 7
    assert clone(pipeline).get_params()["columnscale__scale_1"] == 7
    assert np.array_equal(given, np.ones(3))


def test_a_scale_and_a_penalty_are_the_same_thing():
    y = X[:, 0] - X[:, 1] + np.array([0.0, 1.0, 0.0, 2.0])
    narrow = make_pipeline(ColumnScale(np.full(3, 0.1)), Ridge(alpha=1.0)).fit(X, y)
    assert narrow.predict(X) == pytest.approx(Ridge(alpha=100.0).fit(X, y).predict(X))


@pytest.mark.parametrize(
    ("scale", "message"),
    [
        (ColumnScale(np.ones(2)), r"needs a factor for each of 3 columns, got 2"),
        (ColumnScale([1.0, -1.0, 1.0]), r"scale needs positive numbers"),
        (ColumnScale([1.0, 1.0], groups=[0, 1, 2]), r"groups needs numbers from 0 to 1"),
    ],
)
def test_what_does_not_fit_is_refused(scale, message):
    with pytest.raises(ValueError, match=message):
        scale.fit(X)


def test_an_unknown_factor_is_refused():
    with pytest.raises(ValueError, match=r"Invalid parameter 'scale_9' for ColumnScale.*'scale_0' to 'scale_2'"):
        ColumnScale(np.ones(3)).set_params(scale_9=1.0)

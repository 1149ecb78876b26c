"""Conditions between parameters, and lists of dictionaries as one tree."""

import numpy as np
import pytest
from scipy import stats
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skhpo.space import Categorical, Float, Int, Space

KERNELS = ["linear", "poly", "rbf"]
NESTED = {
    "kernel": KERNELS,
    "gamma": Float(0.1, 1, when={"kernel": ["poly", "rbf"]}),
    "degree": Int(2, 4, when={"kernel": "poly"}),
    "coef0": Float(0, 1, when={"degree": [3, 4], "kernel": "poly"}),
}


def places(space, **values):
    """Points of the columns' middles, but for those given."""
    U = np.full((1, space.n_columns), 0.5)
    for name, place in values.items():
        U[:, space.names.index(name)] = place
    return U


class TestConditions:
    space = Space(NESTED)

    def test_parents_come_first(self):
        assert self.space.names == ("kernel", "degree", "coef0", "gamma")

    @pytest.mark.parametrize(
        ("kernel", "degree", "active"),
        [
            (0.1, 0.9, {"kernel"}),
            (0.5, 0.1, {"kernel", "degree", "gamma"}),
            (0.5, 0.9, {"kernel", "degree", "coef0", "gamma"}),
            # The grandchild is inactive where the child is, whatever the child's column says.
            (0.9, 0.9, {"kernel", "gamma"}),
        ],
    )
    def test_active(self, kernel, degree, active):
        U = places(self.space, kernel=kernel, degree=degree)
        (row,) = self.space.active(U)
        assert {name for name, is_active in zip(self.space.names, row, strict=True) if is_active} == active
        assert self.space.decode(U)[0].keys() == active

    def test_inactive_columns_lie_in_the_middle(self):
        U = self.space.encode([{"kernel": "linear"}])
        np.testing.assert_allclose(U, [[1 / 6, 0.5, 0.5, 0.5]])
        np.testing.assert_allclose(self.space.snap([[0.1, 0.9, 0.2, 0.3]]), U)

    def test_what_is_inactive_does_not_matter(self):
        assert self.space.key({"kernel": "linear", "gamma": 0.5}) == self.space.key({"kernel": "linear"})
        assert self.space.canonical({"kernel": "linear", "gamma": 99}) == {"kernel": "linear"}

    @pytest.mark.parametrize(
        ("parent", "values"),
        [
            (Categorical([(1, 1), None]), (1, 1)),
            (Int(1, 10**9), [5, 7]),
            ([0.1, 1, 10], [1.0]),
            (stats.randint(1, 5), [2, 3]),
            (["only"], "only"),
            ([SVC(), DecisionTreeClassifier()], [SVC()]),
        ],
    )
    def test_parents_of_all_kinds(self, parent, values):
        space = Space({"parent": parent, "child": Float(0, 1, when={"parent": values})})
        wanted = values if isinstance(values, list) else [values]
        for params in space.sample(np.random.default_rng(0), 50):
            is_wanted = any(params["parent"] == value for value in wanted) or isinstance(params["parent"], SVC)
            assert ("child" in params) == is_wanted

    def test_a_constant_parent_hands_its_condition_on(self):
        space = Space({"a": [1, 2], "b": Categorical(["x"], when={"a": 2}), "c": Float(0, 1, when={"b": "x"})})
        assert space.names == ("a", "c")
        assert [sorted(params) for params in space.decode([[0.1, 0.5], [0.9, 0.5]])] == [["a"], ["a", "b", "c"]]


class TestTree:
    svc, tree = SVC(), DecisionTreeClassifier()
    scale = StandardScaler()
    space = Space(
        [
            {"clf": [svc], "scale": [scale, None], "clf__C": Float(0.1, 10), "clf__depth": [1, 2]},
            {"clf": [tree], "scale": [scale, None], "clf__depth": [1, 2, 3, 4]},
            {"clf": ["passthrough"]},
        ]
    )

    def test_columns(self):
        # What the very same values have in common shares a column; other values have one of their own.
        assert self.space.names == ("<branch>", "clf__C", "clf__depth", "scale", "clf__depth")
        assert self.space.is_categorical.tolist() == [True, False, True, True, False]
        assert self.space.n_levels.tolist() == [3, np.inf, 2, 2, 4]

    def test_one_dictionary_is_active_at_a_time(self):
        U = np.full((3, 5), 0.9)
        U[:, 0] = 1 / 6, 1 / 2, 5 / 6
        expected = [[1, 1, 1, 1, 0], [1, 0, 0, 1, 1], [1, 0, 0, 0, 0]]
        np.testing.assert_array_equal(self.space.active(U), np.array(expected, dtype=bool))
        first, second, third = self.space.decode(U)
        assert first["clf"] is self.svc
        assert second == {"clf": self.tree, "clf__depth": 4, "scale": None}
        assert third == {"clf": "passthrough"}
        np.testing.assert_allclose(self.space.encode([first, second, third]), self.space.snap(U))

    def test_dictionaries_are_equally_likely(self):
        drawn = self.space.sample(np.random.default_rng(0), 3000)
        # Three standard deviations of a binomial count: a false alarm in 370 seeds, and the seed is fixed.
        assert abs(sum(params["clf"] is self.svc for params in drawn) - 1000) < 3 * np.sqrt(3000 * 2 / 9)

    def test_values_that_are_only_equal_are_kept_apart(self):
        fitted = [DecisionTreeClassifier().fit([[0.0], [1.0]], [0, 1]), DecisionTreeClassifier().fit([[0.0]], [0])]
        space = Space([{"clf": [fitted[0]]}, {"clf": [fitted[1]]}])
        assert space.n_choices == 2
        for i, params in enumerate(space.grid()):
            assert params["clf"] is fitted[i]
            assert space.from_json(space.to_json(params))["clf"] is fitted[i]

    def test_a_configuration_of_several_dictionaries_is_one_of_the_first(self):
        space = Space([{"a": [1, 2], "b": [1, 2]}, {"a": [2, 3], "b": [2]}])
        assert space.encode([{"a": 2, "b": 2}])[0, 0] == 0.25
        assert space.encode([{"a": 3, "b": 2}])[0, 0] == 0.75

    def test_conditions_inside_of_a_dictionary(self):
        space = Space([{"a": [1, 2], "b": Float(0, 1, when={"a": 2})}, {"a": [1, 2], "c": ["x", "y"]}])
        assert space.names == ("<branch>", "a", "b", "c")
        U = np.array([[0.2, 0.2, 0.5, 0.5], [0.2, 0.8, 0.5, 0.5], [0.8, 0.8, 0.5, 0.2]])
        assert space.decode(U) == [{"a": 1}, {"a": 2, "b": 0.5}, {"a": 2, "c": "x"}]

    def test_outside_of_all(self):
        with pytest.raises(ValueError, match=r"need to lie in one dict of the space, got .*'clf__C' is missing"):
            self.space.encode([{"clf": self.svc, "scale": None, "clf__depth": 1}])


@pytest.mark.parametrize(
    ("space", "error", "message"),
    [
        (
            {"kernel": KERNELS, "gamma": Float(0, 1, when={"kernal": "rbf"})},
            ValueError,
            "Parameter 'gamma' needs a parent that is searched with it, .* Did you mean 'kernel'?",
        ),
        (
            [{"kernel": KERNELS}, {"gamma": Float(0, 1, when={"kernel": "rbf"})}],
            ValueError,
            "Parameter 'gamma' needs a parent that is searched with it, .* Add 'kernel' to the space",
        ),
        (
            {"kernel": KERNELS, "gamma": Float(0, 1, when={"kernel": "rfb"})},
            ValueError,
            "Parameter 'gamma' needs values that its parent 'kernel' can take in when: 'rfb' lies outside",
        ),
        (
            {"kernel": KERNELS, "gamma": Float(0, 1, when={"kernel": ("poly", "rbf")})},
            ValueError,
            "A list is several values, anything else is one",
        ),
        (
            {"a": ["x"], "b": Float(0, 1, when={"a": "y"})},
            ValueError,
            "its parent 'a' can take in when: 'y' lies outside",
        ),
        (
            {"a": Float(0, 1), "b": Float(0, 1, when={"a": 0.5})},
            TypeError,
            r"Parameter 'b' needs a parent with separate values, got 'a': Float\(0\.0, 1\.0\)",
        ),
        (
            {"a": Int(0, 1, when={"b": 1}), "b": Int(0, 1, when={"c": 1}), "c": Int(0, 1, when={"a": 1})},
            ValueError,
            "got the circle a -> b -> c -> a",
        ),
        ({"a": Int(0, 1, when={"a": 1})}, ValueError, "got the circle a -> a"),
        ([], ValueError, "A space needs at least one dict, got an empty list"),
        ("C", TypeError, "A space needs to be a dict .* got 'C'"),
        ([{"a": [1]}, ["b"]], TypeError, "A space needs to be a dict"),
        ({1: [1]}, TypeError, "A parameter's name needs to be a string, got 1"),
    ],
)
def test_errors(space, error, message):
    with pytest.raises(error, match=message):
        Space(space)

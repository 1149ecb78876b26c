"""Default spaces: every point of them is one that the estimator takes, on small and on larger data."""

import importlib.util
import warnings
from pathlib import Path

import numpy as np
import pytest
from default_cases import BOOSTERS, NAMES, data, groups, make, quick
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, clone
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier, StackingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC, SVR

from skhpo import Categorical, Float, Int, default_space, register_space
from skhpo.space import Space, check_names
from skhpo.space.defaults import Traits, asks_for_default, nested, space_of, written_out
from skhpo.space.defaults.registry import SPACES


def table(n_samples, n_features, seed=0):
    X = np.random.default_rng(seed).normal(size=(n_samples, n_features))
    return X, (X[:, 0] > 0).astype(int)


def fit_at_points(name, n_samples, n_points):
    """Fit an estimator at random points of its space, on half of the rows; a warning is an error."""
    X, y, half, y_half = data(name, n_samples)
    estimator = make(name)
    space = default_space(estimator, X, y)
    if not space:
        return
    check_names(space, estimator)
    for params in Space(space).sample(np.random.default_rng(0), n_points):
        model = clone(estimator).set_params(**quick(params))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # some points are too far out, which is no mistake
            model.fit(half, y_half, **groups(name, len(y_half)))


def test_forty_estimators_and_more_have_ranges():
    assert sum(bool(default_space(make(name))) for name in NAMES) >= 80
    assert {"xgboost.XGBClassifier", "lightgbm.LGBMRegressor", "catboost.CatBoostClassifier"} <= SPACES.keys()


@pytest.mark.parametrize("name", NAMES)
def test_each_takes_points_of_its_space_on_sixty_rows(name):
    fit_at_points(name, 60, 2)


@pytest.mark.slow
@pytest.mark.parametrize("n_samples", [60, 200])
@pytest.mark.parametrize("name", NAMES)
def test_each_takes_fifty_points_of_its_space(name, n_samples):
    fit_at_points(name, n_samples, 50)


@pytest.mark.slow
@pytest.mark.parametrize("name", BOOSTERS)
def test_boosters_take_fifty_points_of_their_space(name):
    pytest.importorskip(name.partition(".")[0])
    fit_at_points(name, 60, 50)


@pytest.mark.parametrize("name", NAMES)
def test_ranges_hold_for_any_number_of_rows(name):
    estimator = make(name)
    for n_samples, n_features in [(60, 1), (60, 2000), (50_000, 100), (4, 2)]:
        Space(space_of(estimator, Traits(n_samples=n_samples, n_features=n_features, smallest_class=2)))


@pytest.mark.parametrize(
    "model", [HistGradientBoostingClassifier(), KNeighborsClassifier(), SelectKBest(k=10), make_pipeline(SelectKBest())]
)
def test_defaults_of_scikit_learn_are_points_to_learn_from(model):
    X, y = table(60, 20)
    space = Space(default_space(model, X, y))
    assert space.contains({name: model.get_params()[name] for name in space.parameters})


@pytest.mark.parametrize("sides", [(60, 2000), (300, 30)])
def test_wide_data_gets_an_absolute_penalty(sides):
    X, y = table(*sides)
    space = default_space(LogisticRegression(), X, y)
    assert ("l1_ratio" in space) == (sides[0] < 5 * sides[1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for params in Space(space).sample(np.random.default_rng(0), 4):
            LogisticRegression(max_iter=5).set_params(**params).fit(X, y)


def test_bounds_follow_the_scale_of_data():
    X, y = table(200, 5)
    narrow, wide = default_space(SVC(), X, y)["gamma"], default_space(SVC(), 100 * X, y)["gamma"]
    np.testing.assert_allclose(wide.low, narrow.low / 1e4, rtol=0.1)  # bounds have two digits

    target = X @ np.arange(5.0)
    (alpha,) = default_space(Lasso(), X, target).values()
    assert not Lasso(alpha=alpha.high * 1.1).fit(X, target).coef_.any()
    assert Lasso(alpha=alpha.high * 0.9).fit(X, target).coef_.any()
    (ten_times,) = default_space(Lasso(), X, 10 * target).values()
    np.testing.assert_allclose(ten_times.high, 10 * alpha.high)
    np.testing.assert_allclose(default_space(SVR(), X, 10 * target)["epsilon"].high, 5 * target.std(), rtol=0.1)


def test_behind_a_scaler_columns_have_unit_variance():
    X, y = table(200, 5)
    pipeline = make_pipeline(StandardScaler(), SVC())
    assert default_space(pipeline, 100 * X, y) == default_space(pipeline, X, y)
    assert "pca__n_components" in default_space(make_pipeline(PCA(), SVC()), X, y)


def test_numbers_of_columns_are_proposed_where_they_are_known():
    X, y = table(200, 7)
    assert default_space(make_pipeline(StandardScaler(), SelectKBest(), SVC()), X, y)["selectkbest__k"].high == 7
    assert "selectkbest__k" not in default_space(make_pipeline(PCA(), SelectKBest(), SVC()), X, y)
    indicated = make_pipeline(SimpleImputer(add_indicator=True), SelectKBest(), SVC())
    assert "selectkbest__k" not in default_space(indicated, X, y)


def test_sparse_data_gets_whole_numbers_of_components():
    X = csr_matrix(np.random.default_rng(0).poisson(0.2, size=(100, 30)).astype(float))
    assert default_space(PCA(), X)["n_components"] == Int(2, 29, log=True)


@pytest.mark.parametrize(
    "X",
    [
        [["a", 1.0], ["b", 2.0]] * 30,
        np.array([["a", None]] * 60, dtype=object),
        ["some text"] * 60,
        np.full((60, 3), np.nan),
        np.zeros((60, 3)),
        np.full((60, 3), np.inf),
    ],
)
def test_data_of_any_kind_is_looked_at(X):
    assert default_space(SVC(), X, [0, 1] * 30)["C"] == Float(1e-2, 1e3, log=True)
    assert default_space(Lasso(), X, np.zeros(60))["alpha"] == Float(1e-4, 1.0, log=True)


def test_what_has_no_order_stays_where_it_was_set():
    assert list(default_space(KernelRidge())) == ["alpha", "kernel", "gamma"]
    gamma = default_space(KernelRidge(kernel="rbf"))["gamma"]
    assert gamma.when is None
    assert list(default_space(KernelRidge(kernel="poly"))) == ["alpha"]
    assert "criterion" not in default_space(RandomForestClassifier(criterion="entropy"))
    assert "bootstrap" not in default_space(RandomForestClassifier(oob_score=True))
    assert list(default_space(SVC(kernel="linear"))) == ["C"]
    assert "degree" in default_space(SVC(kernel="poly"))


def test_parts_have_the_names_of_their_places():
    columns = ColumnTransformer([("text", OneHotEncoder(), ["a"]), ("rest", "passthrough", ["b"]), ("no", "drop", [])])
    union = FeatureUnion([("pca", PCA()), ("best", SelectKBest())])
    stack = StackingClassifier([("svm", SVC()), ("nearest", KNeighborsClassifier())], LogisticRegression())
    pipeline = Pipeline([("columns", columns), ("nothing", "passthrough"), ("union", union), ("model", stack)])
    space = default_space(pipeline)
    assert {"columns__text__min_frequency", "union__pca__n_components", "model__svm__C"} <= space.keys()
    assert {"model__nearest__n_neighbors", "model__final_estimator__C"} <= space.keys()
    check_names(space, pipeline)
    target = TransformedTargetRegressor(Ridge(), func=np.log1p, inverse_func=np.expm1)
    assert list(default_space(target)) == ["regressor__alpha"]


def test_nested_moves_conditions_too():
    space = {"kernel": ["rbf", "poly"], "degree": Int(2, 5, when={"kernel": "poly"})}
    moved = nested(space, "svm", when={"choice": ["svm"]})
    assert moved["svm__kernel"] == Categorical(["rbf", "poly"], when={"choice": ["svm"]})
    assert moved["svm__degree"] == Int(2, 5, when={"choice": ["svm"], "svm__kernel": ["poly"]})


class Mine(BaseEstimator):
    """Nobody knows it."""

    def __init__(self, alpha=1.0):
        self.alpha = alpha


def test_an_unknown_estimator_is_refused_in_words():
    with pytest.raises(ValueError, match=r"got Mine\. Write a space, .* skhpo.register_space\(Mine, \{\.\.\.\}\)"):
        default_space(Mine())
    with pytest.raises(ValueError, match="got Mine"):
        default_space(make_pipeline(StandardScaler(), Mine()))
    near = type("RandomForestClasifier", (BaseEstimator,), {})()
    with pytest.raises(ValueError, match="Did you mean 'RandomForestClassifier'"):
        default_space(near)
    assert list(default_space(make_pipeline(Mine(), Ridge()))) == ["ridge__alpha"]  # a step may have nothing to tune


def test_estimators_of_ones_own_are_registered_in_a_line():
    class Penalised(Mine):
        pass

    class Further(Penalised):
        pass

    register_space(Penalised, {"alpha": [0.1, 1.0, 10.0]})
    assert Space(default_space(Further())).n_choices == 3
    register_space(Further, lambda estimator, data: {"alpha": Float(estimator.alpha, data.n_samples)})
    assert default_space(Further(2.0), np.zeros((60, 2))) == {"alpha": Float(2.0, 60.0)}
    with pytest.raises(TypeError, match="needs a class, got"):
        register_space(Penalised(), {})
    with pytest.raises(TypeError, match="needs a dict or a function"):
        register_space(Penalised, 3)


def test_subclasses_have_the_space_of_their_base_as_far_as_they_have_its_parameters():
    class Forest(RandomForestClassifier):
        def __init__(self, max_features="sqrt"):
            super().__init__(max_features=max_features)

    assert list(default_space(Forest())) == ["max_features"]


PIPELINE = Pipeline([("scale", StandardScaler()), ("pca", PCA()), ("svc", SVC())])


def test_the_word_default_is_written_out():
    given = {"svc__C": [1.0]}
    assert written_out(given, PIPELINE) is given
    assert written_out("default", PIPELINE) == default_space(PIPELINE)
    ours = Int(1, 4)
    space = written_out({"svc": "default", "pca__n_components": ours}, PIPELINE)
    assert space == {
        "svc__C": Float(1e-2, 1e3, log=True),
        "svc__gamma": default_space(PIPELINE)["svc__gamma"],
        "pca__n_components": ours,
    }
    assert list(written_out({"svc__C": "default"}, PIPELINE)) == ["svc__C"]
    assert list(written_out({"svc": "default", "svc__C": [3.0]}, PIPELINE)) == ["svc__C", "svc__gamma"]
    first, second = written_out([{"svc__C": "default"}, given], PIPELINE)
    assert first["svc__C"] == Float(1e-2, 1e3, log=True)
    assert second is given


def test_conditions_follow_what_is_given_beside():
    ridge = make_pipeline(KernelRidge())
    assert list(written_out({"kernelridge": "default", "kernelridge__kernel": ["linear"]}, ridge)) == [
        "kernelridge__kernel",
        "kernelridge__alpha",
    ]
    space = written_out({"kernelridge": "default", "kernelridge__kernel": ["linear", "rbf"]}, ridge)
    assert space["kernelridge__gamma"].when == {"kernelridge__kernel": ["rbf"]}
    with pytest.raises(ValueError, match="needs something to tune"):  # a linear kernel, which stays, has no width
        written_out({"kernelridge__gamma": "default"}, ridge)


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ("defaults", 'needs to be a dict, a list of dicts or "default"'),
        ({"svm": "default"}, "Invalid parameter 'svm' in the space. Did you mean 'svc'"),
        ({"svc__kernel": "default"}, "needs a step, or a parameter with a default range, got 'svc__kernel'"),
    ],
)
def test_what_default_cannot_stand_for(space, message):
    with pytest.raises(ValueError, match=message):
        written_out(space, PIPELINE)


def test_nothing_to_tune():
    assert default_space(LinearRegression()) == {}
    with pytest.raises(ValueError, match="needs something to tune, got LinearRegression, which has nothing"):
        written_out("default", LinearRegression())


def test_only_the_word_itself_is_meant():
    assert not asks_for_default({"strategy": ["default"], "C": np.array([1.0, 2.0])})
    assert asks_for_default([{"C": [1.0]}, {"svc": "default"}])


def test_the_tables_of_the_page_are_those_of_the_code():
    path = Path(__file__).parents[2] / "docs" / "_spaces.py"
    spec = importlib.util.spec_from_file_location("spaces_of_docs", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = module.PAGE.read_text(encoding="utf-8")
    assert f"{module.BEGIN}\n{module.table()}\n{module.END}" in text, "run: python docs/_spaces.py"

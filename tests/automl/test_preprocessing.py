"""Tables of all kinds through `tabular_preprocessor`: what each column becomes, and what does not make it fall over."""

import datetime as dt
import pickle
import subprocess
import sys
from decimal import Decimal

import numpy as np
import pytest
from scipy.sparse import csr_array, issparse
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import cross_val_score
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import QuantileTransformer
from sklearn.svm import SVC
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_estimator

from skhpo import GridSearchCV, tabular_preprocessor
from skhpo.automl import TabularPreprocessor

N = 200
WORDS = ["alpha", "beta", "gamma", "delta", "rho", "sigma", "tau", "phi", "chi", "psi", "omega"]
MODELS = {
    "none": None,
    "hgb": HistGradientBoostingClassifier(max_iter=2),
    "forest": RandomForestClassifier(3, random_state=0),
    "gb": GradientBoostingClassifier(n_estimators=2),
    "lr": LogisticRegression(max_iter=2000),
    "svc": SVC(),
    "knn": KNeighborsClassifier(),
    "nb": MultinomialNB(),
    "pipeline": make_pipeline(SVC()),
}
TAKES_SPARSE = get_tags(LogisticRegression()).input_tags.sparse  # it does not say so before scikit-learn 1.7
every_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)


def columns(rng, n=N):
    """A column of each kind: its values, and what is to be read of it."""
    days = [dt.date(2020, 1, 1) + dt.timedelta(int(d)) for d in rng.integers(0, 900, n)]
    return {
        "number": (rng.normal(size=n).tolist(), "number"),
        "heavy": (np.exp(4 * rng.normal(size=n)).tolist(), "number"),
        "count": (rng.integers(0, 9, n).tolist(), "number"),
        "decimal": ([Decimal(int(i)) / 8 for i in rng.integers(0, 99, n)], "number"),
        "numeral": ([str(i) if i % 9 else "?" for i in range(n)], "number"),
        "missing": ([None if i % 7 == 0 else float(i) for i in range(n)], "number"),
        "boolean": ((rng.random(n) > 0.5).tolist(), "boolean"),
        "maybe": ([None if i % 5 == 0 else i % 2 == 0 for i in range(n)], "boolean"),
        "label": (rng.choice(["red", "green", "blue"], n).tolist(), "category"),
        "holes": ([["x", None, "y", ""][i % 4] for i in range(n)], "category"),
        "mixed": ([[1, "a", None, 2.5, True][i % 5] for i in range(n)], "category"),
        "postcode": ([f"0{i % 60:03d}" for i in range(n)], "category"),
        "date": (days, "date"),
        "written": ([str(day) for day in days], "date"),
        "text": ([" ".join(rng.choice(WORDS, 6)) for _ in range(n)], "text"),
        "empty": ([None] * n, "nothing"),
        "constant": (["same"] * n, "nothing"),
    }


def table(seed=0, n=N):
    """A table of objects, what is to be read of it, and targets."""
    found = columns(np.random.default_rng(seed), n)
    X = np.empty((n, len(found)), dtype=object)
    for number, (values, _) in enumerate(found.values()):
        X[:, number] = values
    return X, [kind for _, kind in found.values()], (np.arange(n) % 3 == 0).astype(int)


def broken(X):
    """The same columns with what may come later: unknown, missing, infinite, of another type."""
    new = X.copy()
    new[0] = None
    new[1] = "never seen"
    new[2] = np.inf
    new[3] = float("nan")
    new[4] = -1e300
    for row, value in enumerate([True, dt.date(2030, 1, 1), ["a", "list"], {"a": "dict"}, b"bytes", 10**400]):
        new[5 + row] = [value] * X.shape[1]
    return new


# -- what is read -----------------------------------------------------------------------------------------------------


def test_an_array_of_objects_is_read_by_its_values():
    X, kinds, y = table()
    assert TabularPreprocessor().fit(X, y).kinds_ == kinds


def test_frames_are_read_by_their_dtypes():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "float": np.arange(6.0),
            "Int64": pandas.array([1, None, 3, 4, 5, 6], dtype="Int64"),
            "Float64": pandas.array([1.5, None, 3, 4, 5, 6], dtype="Float64"),
            "boolean": pandas.array([True, None, False] * 2, dtype="boolean"),
            "bool": [True, False, False] * 2,
            "string": pandas.array(["a", None, "b"] * 2, dtype="string"),
            "category": pandas.Categorical(["a b c d", None, "e f g h"] * 2),
            "numbers": pandas.Categorical([3, 4, 3] * 2),
            "date": pandas.date_range("2020-01-01", periods=6, freq="40D"),
            "zone": pandas.date_range("2020-01-01", periods=6, freq="7h", tz="Europe/Berlin"),
            "lapse": pandas.to_timedelta(np.arange(6), unit="h"),
            "period": pandas.period_range("2020", periods=6, freq="Y"),
            "object": pandas.Series([1, "a", None] * 2, dtype=object),
            "nothing": pandas.array([None] * 6, dtype="Int64"),
        }
    )
    fitted = TabularPreprocessor().fit(frame)
    kinds = dict(zip(frame.columns, fitted.kinds_, strict=True))
    assert kinds == {
        **dict.fromkeys(["float", "Int64", "Float64", "lapse"], "number"),
        **dict.fromkeys(["boolean", "bool"], "boolean"),
        **dict.fromkeys(["string", "category", "numbers", "period", "object"], "category"),
        **dict.fromkeys(["date", "zone"], "date"),
        "nothing": "nothing",
    }
    names = list(fitted.get_feature_names_out())
    assert {"float", "category_a b c d", "numbers_3", "zone_hour", "date_month"} <= set(names)
    hours = fitted.transformer_.named_transformers_["dates"][0].transform(frame[["date", "zone"]])
    assert hours[1, -1] == 7, "the clock of the zone"


def test_polars_gives_what_pandas_gives():
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    found = columns(np.random.default_rng(0))
    found.pop("mixed")
    values = {name: values for name, (values, _) in found.items()}
    frame = polars.DataFrame(values, strict=False)
    frame = frame.with_columns(frame["label"].cast(polars.Categorical), frame["date"].cast(polars.Datetime))
    y = np.arange(N) % 2
    for model in (None, MODELS["hgb"]):
        ours, theirs = (clone(TabularPreprocessor(model)).fit(X, y) for X in (pandas.DataFrame(values), frame))
        assert ours.kinds_ == theirs.kinds_ == [kind for _, kind in found.values()]
        np.testing.assert_allclose(ours.transform(pandas.DataFrame(values)), theirs.transform(frame), atol=1e-6)
        if hasattr(theirs, "feature_names_in_"):  # scikit-learn 1.6 does not see the names of a new polars
            assert list(ours.get_feature_names_out()) == list(theirs.get_feature_names_out())


WITHOUT_FRAMES = """
import sys, numpy as np
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name in {'pandas', 'polars'}:
            raise ImportError(name)
sys.meta_path.insert(0, Finder())
from skhpo import tabular_preprocessor
X = np.array([['a', 1.5, True], ['b', None, False], ['a', 2.0, True], ['b', 3.0, None]], dtype=object)
print(tabular_preprocessor().fit_transform(X).shape)
"""


def test_arrays_of_objects_need_neither_pandas_nor_polars():
    done = subprocess.run([sys.executable, "-c", WITHOUT_FRAMES], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout == "(4, 6)\n"


def test_complex_numbers_are_refused():
    X = np.array([["a", 1j], ["b", 2j]], dtype=object)
    with pytest.raises(ValueError, match="Complex data not supported"):
        TabularPreprocessor().fit(X)


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_an_empty_frame_is_refused(container):
    module = pytest.importorskip(container)
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        TabularPreprocessor().fit(module.DataFrame({"a": []}))
    fitted = TabularPreprocessor().fit(module.DataFrame({"a": [1, 2]}))
    with pytest.raises(ValueError, match="feature"):
        fitted.transform(module.DataFrame({"a": [1, 2], "b": [1, 2]}))


# -- what comes out ---------------------------------------------------------------------------------------------------


@every_model
def test_it_survives_what_comes_later(model):
    X, _, y = table()
    pipeline = tabular_preprocessor(model)
    Z = pipeline.fit_transform(X, y)
    later = pipeline.transform(broken(X))
    for found in (Z, later):
        values = found.toarray() if issparse(found) else found
        assert values.dtype == np.float64
        assert not np.isinf(values).any()
        assert np.isnan(values).any() <= (model is MODELS["hgb"] or model is MODELS["forest"])
    assert len(pipeline.get_feature_names_out()) == Z.shape[1] == len(set(pipeline.get_feature_names_out()))
    if model is not None:
        clone(model).fit(Z, y).predict(later)


@every_model
def test_pickled_it_gives_the_same(model):
    X, _, y = table()
    fitted = tabular_preprocessor(model).fit(X, y)
    again = pickle.loads(pickle.dumps(fitted))  # noqa: S301 - our own
    one, two = fitted.transform(broken(X)), again.transform(broken(X))
    assert (one != two).sum() == np.isnan(one.toarray() if issparse(one) else one).sum()


def test_it_is_made_of_parts_of_scikit_learn():
    X, _, y = table()
    transformer = tabular_preprocessor().fit(X, y).transformer_
    assert type(transformer) is ColumnTransformer
    for _, part, _ in transformer.transformers_:
        steps = [step for _, step in part.steps] if isinstance(part, Pipeline) else [part]
        assert all(type(step).__module__.startswith("sklearn.") for step in steps if step != "drop")


def test_numbers_for_trees_are_as_they_were():
    X = np.random.default_rng(0).normal(size=(50, 4))
    np.testing.assert_array_equal(tabular_preprocessor(MODELS["hgb"]).fit_transform(X), X)
    single = X.astype(np.float32)
    assert tabular_preprocessor(MODELS["hgb"]).fit_transform(single).dtype == np.float32


def test_infinite_numbers_are_missing_and_the_users_array_stays():
    X = np.array([[1.0, np.inf], [2.0, 3.0], [3.0, 4.0]])
    before = X.copy()
    found = tabular_preprocessor(MODELS["hgb"]).fit_transform(X)
    np.testing.assert_array_equal(found, [[1, np.nan], [2, 3], [3, 4]])
    np.testing.assert_array_equal(X, before)


def test_long_tails_are_ranked_for_models_that_mind():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=500), np.exp(3 * rng.normal(size=500)), rng.exponential(size=500)])
    fitted = tabular_preprocessor(SVC()).fit(X)
    ranked = [part for part in fitted.transformer_.transformers_ if part[0] == "heavy"]
    assert ranked[0][2] == slice(1, 2)
    assert isinstance(ranked[0][1][1], QuantileTransformer)
    assert np.abs(fitted.transform(X)).max() < 6
    assert "heavy" not in tabular_preprocessor(MODELS["hgb"]).fit(X).transformer_.named_transformers_


def test_where_values_were_missing_is_a_column_where_the_model_takes_none():
    X = np.array([[1.0, 5.0], [np.nan, 6.0], [3.0, 7.0]])
    names = tabular_preprocessor(SVC()).fit(X).get_feature_names_out()
    assert list(names) == ["x0", "x1", "missingindicator_x0"]
    assert list(tabular_preprocessor(MODELS["hgb"]).fit(X).get_feature_names_out()) == ["x0", "x1"]


def test_few_categories_are_columns_or_codes():
    X = [["red"], ["green"], ["red"], ["green"], ["blue"], [None]] * 5
    one_hot = tabular_preprocessor(SVC()).fit(X)
    assert list(one_hot.get_feature_names_out()) == ["x0_blue", "x0_green", "x0_red", "x0_nan"]
    codes = tabular_preprocessor(MODELS["hgb"]).fit(X)
    np.testing.assert_array_equal(codes.transform([["red"], ["blue"], [None], ["pink"]])[:, 0], [2, 0, np.nan, np.nan])
    codes = tabular_preprocessor(MODELS["gb"]).fit(X)
    np.testing.assert_array_equal(codes.transform([["red"], [None], ["pink"]])[:, 0], [2, -2, -1])


def test_columns_of_codes_are_told_to_boosting():
    X = np.array([[float(i), f"c{i % 7}", f"id{i % 300}", i % 2 == 0] for i in range(600)], dtype=object)
    fitted = tabular_preprocessor(MODELS["hgb"])
    Z = fitted.fit_transform(X)
    names = fitted.get_feature_names_out()
    assert set(names[fitted.is_categorical_]) == {"x1", "x2"}
    assert np.nanmax(Z[:, fitted.is_categorical_]) == 254, "the rarest share a code"
    told = HistGradientBoostingClassifier(max_iter=5, categorical_features=fitted.is_categorical_)
    y = np.isin(np.arange(600) % 7, [0, 3, 5])
    assert told.fit(Z, y).score(Z, y) > 0.9
    told.predict(fitted.transform(broken(X)))
    assert not tabular_preprocessor(SVC()).fit(X).is_categorical_.any()


def test_rare_categories_share_a_column():
    X = [["red"]] * 9 + [["green"]] * 9 + [["mauve"], ["ochre"]]
    fitted = tabular_preprocessor(SVC()).fit(X)
    assert list(fitted.get_feature_names_out()) == ["x0_green", "x0_red", "x0_infrequent_sklearn"]
    np.testing.assert_array_equal(fitted.transform([["mauve"], ["never"]]), [[0, 0, 1], [0, 0, 1]])
    alone = fitted.set_params(min_frequency=1).fit(X)
    assert alone.get_feature_names_out().tolist() == ["x0_green", "x0_mauve", "x0_ochre", "x0_red"]


def test_whole_numbers_are_one_category_whatever_their_type():
    pandas = pytest.importorskip("pandas")
    fitted = tabular_preprocessor(SVC()).fit(pandas.DataFrame({"a": pandas.Categorical([1, 2, 3, 1, 2, 3])}))
    later = fitted.transform(pandas.DataFrame({"a": [1.0, np.nan]}))
    np.testing.assert_array_equal(later, [[1, 0, 0], [0, 0, 0]])


@pytest.mark.parametrize(
    ("y", "model", "n_columns"),
    [
        (np.arange(300) % 2, LogisticRegression(), 1),
        (np.arange(300) % 3, LogisticRegression(), 3),
        (np.array(list("abc"))[np.arange(300) % 3], None, 3),
        (np.arange(300) % 250, Ridge(), 1),  # integers, that are numbers
        (np.arange(300) % 250, None, 1),
        (np.arange(300) / 7, HistGradientBoostingRegressor(), 1),
    ],
)
def test_many_categories_are_encoded_by_the_targets(y, model, n_columns):
    X = [[f"id{i % 60}"] for i in range(300)]
    assert tabular_preprocessor(model).fit_transform(X, y).shape == (300, n_columns)


@pytest.mark.parametrize(
    "y",
    [None, np.arange(300) % 30, np.r_[np.zeros(299), 1], np.ones((300, 2)), [np.nan] * 300, ["x"] * 300],
    ids=["none", "many classes", "a class of one row", "two outputs", "missing", "one class"],
)
def test_targets_that_cannot_encode_are_not_used(y):
    X = [[f"id{i % 60}"] for i in range(300)]
    codes = tabular_preprocessor(MODELS["hgb"]).fit_transform(X, y)
    assert codes.shape == (300, 1)
    assert len(np.unique(codes)) == 60
    assert tabular_preprocessor(SVC()).fit_transform(X, y).shape == (300, 40), "the rarest share a column"


def test_rare_classes_do_not_warn():
    X = [[f"id{i % 60}"] for i in range(300)]
    y = np.r_[np.zeros(298), 1, 1]
    assert tabular_preprocessor(SVC()).fit_transform(X, y).shape == (300, 1)


def test_a_row_is_not_encoded_by_its_own_target():
    rng = np.random.default_rng(0)
    X = np.array([[f"id{i}"] for i in rng.integers(0, 100, 400)], dtype=object)
    y = rng.integers(0, 2, 400)
    fitted = tabular_preprocessor(SVC())
    assert np.corrcoef(fitted.fit_transform(X, y)[:, 0], y)[0, 1] < 0.2  # 4 standard errors
    assert np.corrcoef(fitted.transform(X)[:, 0], y)[0, 1] > 0.4


def test_texts_are_components_or_words():
    X, _, y = table()
    texts = X[:, [14]]
    assert tabular_preprocessor(MODELS["hgb"]).fit_transform(texts).shape == (N, len(WORDS))
    few = TabularPreprocessor(MODELS["hgb"], n_components=3).fit(texts)
    assert list(few.get_feature_names_out()) == [f"x0_truncatedsvd{i}" for i in range(3)]
    words = tabular_preprocessor(LogisticRegression()).fit(texts)
    assert issparse(words.transform(texts)) == TAKES_SPARSE
    names = sorted(WORDS) if TAKES_SPARSE else [f"truncatedsvd{i}" for i in range(len(WORDS))]
    assert words.get_feature_names_out().tolist() == [f"x0_{name}" for name in names]
    assert isinstance(words.set_output(transform="default").fit_transform(texts, y), type(words.transform(texts)))


def test_dates_are_parts_that_differ():
    days = np.array(["2024-02-29T00:00", "2024-03-01T00:00", "2026-11-30T00:00", "NaT"], dtype="M8[m]")
    fitted = tabular_preprocessor(MODELS["hgb"]).fit(days[:, None])
    parts = ["seconds", "year", "month", "day", "weekday"]
    assert list(fitted.get_feature_names_out()) == [f"x0_{part}" for part in parts]
    found = fitted.transform(days[:, None])
    np.testing.assert_array_equal(found[:, 1:], [[2024, 2, 29, 3], [2024, 3, 1, 4], [2026, 11, 30, 0], [np.nan] * 4])


def test_dates_before_1970_have_the_parts_of_the_calendar():
    pandas = pytest.importorskip("pandas")
    dates = pandas.Series(pandas.date_range("1901-01-31 05:06", periods=400, freq="97D11h"))
    X = tabular_preprocessor(MODELS["hgb"]).fit_transform(dates.to_frame())
    expected = [getattr(dates.dt, part) for part in ("year", "month", "day", "day_of_week", "hour")]
    np.testing.assert_array_equal(X[:, 1:], np.column_stack(expected))


def test_models_that_take_no_negative_numbers_get_none():
    X, _, y = table()
    fitted = tabular_preprocessor(MultinomialNB()).fit(X, y)
    assert fitted.transform(X).min() >= 0
    assert fitted.transform(broken(X)).min() >= 0


@pytest.mark.parametrize("X", [[[None], [None], [None]], [["a"], ["a"], ["a"]], [[1.0], [1.0], [1.0]]])
@every_model
def test_a_table_without_anything_to_learn_is_no_error(X, model):
    fitted = tabular_preprocessor(model).fit(X, [0, 1, 0])
    found = fitted.transform([["new"], [None], [np.inf]])
    assert found.shape == (3, 1)
    assert np.isfinite(found).all()


def test_sparse_tables_stay_sparse_where_the_model_takes_them():
    X = csr_array(np.where(np.random.default_rng(0).random((40, 6)) > 0.8, 2.0, 0.0))
    assert issparse(tabular_preprocessor(LogisticRegression()).fit_transform(X)) == TAKES_SPARSE
    dense = tabular_preprocessor(HistGradientBoostingClassifier()).fit_transform(X)
    np.testing.assert_array_equal(dense, X.toarray())


@pytest.mark.parametrize("container", ["pandas", "polars"])
@every_model
def test_set_output(container, model):
    module = pytest.importorskip(container)
    X, _, y = table()
    fitted = tabular_preprocessor(model).set_output(transform=container)
    frame = fitted.fit_transform(X, y)
    assert isinstance(frame, module.DataFrame)
    assert list(frame.columns) == list(fitted.get_feature_names_out())
    with config_context(transform_output=container):
        configured = tabular_preprocessor(model).fit_transform(X, y)
    assert configured.equals(frame)


def test_names_that_are_equal_get_numbers():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a_b": ["c", "d"] * 9, "a": ["b_c", "b_d"] * 9})
    names = tabular_preprocessor(SVC()).fit(frame).get_feature_names_out()
    assert list(names) == ["a_b_c", "a_b_d", "a_b_c_1", "a_b_d_1"]


def test_a_name_that_a_frame_has_twice_is_refused():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame([["x", 1.0], ["y", 2.0]], columns=["a", "a"])
    with pytest.raises(ValueError, match="needs column names that differ, got 'a' more than once"):
        tabular_preprocessor(SVC()).fit(frame)


@every_model
def test_the_same_seed_gives_the_same(model):
    X, _, y = table()
    one, two = (clone(tabular_preprocessor(model, random_state=3)).fit_transform(X, y) for _ in range(2))
    assert (one != two).sum() == np.isnan(one.toarray() if issparse(one) else one).sum()


@pytest.mark.parametrize("model", [None, HistGradientBoostingClassifier(), LogisticRegression()], ids=str)
def test_the_checks_of_scikit_learn_pass(model):
    wrong = [
        (each["check_name"], each["exception"])
        for each in check_estimator(TabularPreprocessor(model), on_fail=None, on_skip=None)
        if each["status"] == "failed"
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "params", [{"cardinality_threshold": 0}, {"min_frequency": 0}, {"n_components": 0}, {"random_state": "a"}]
)
def test_bad_parameters_are_refused(params):
    with pytest.raises(ValueError, match=next(iter(params))):
        TabularPreprocessor(**params).fit([[1.0], [2.0]])


@pytest.mark.parametrize("model", ["svc", SVC, 3])
def test_what_is_no_model_is_refused(model):
    with pytest.raises(TypeError, match="estimator needs to be an estimator or None"):
        tabular_preprocessor(model).fit([[1.0], [2.0]])


def test_targets_of_other_rows_are_refused():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        tabular_preprocessor().fit([[1.0], [2.0]], [0, 1, 0])


# -- with others ------------------------------------------------------------------------------------------------------


def test_its_parameters_can_be_searched_over_in_a_pipeline():
    X, _, y = table()
    model = LogisticRegression(max_iter=2000)
    pipeline = Pipeline([("prep", tabular_preprocessor(model)), ("model", model)])
    search = GridSearchCV(pipeline, {"prep__n_components": [2, 5], "model__C": [0.1, 1.0]}, cv=3).fit(X, y)
    assert len(search.cv_results_["params"]) == 4
    assert search.predict(broken(X)).shape == (N,)


def test_it_makes_a_table_of_strings_learnable():
    rng = np.random.default_rng(0)
    colours, shops = rng.integers(0, 3, 400), rng.integers(0, 80, 400)
    y = (rng.normal(size=80)[shops] + 2.0 * (colours == 1) > 0.5).astype(int)
    X = np.array([[f"c{c}", f"shop{s}"] for c, s in zip(colours, shops, strict=True)], dtype=object)
    for model in (LogisticRegression(), HistGradientBoostingClassifier(random_state=0)):
        assert cross_val_score(make_pipeline(tabular_preprocessor(model), model), X, y).mean() > 0.8


def test_the_one_of_skrub_does_in_its_place():
    skrub, pandas = pytest.importorskip("skrub"), pytest.importorskip("pandas")
    X, _, y = table()
    frame = pandas.DataFrame({"number": X[:, 0].astype(float), "label": X[:, 8]})
    model = HistGradientBoostingClassifier(max_iter=5)
    pipeline = Pipeline([("prep", tabular_preprocessor(model)), ("model", model)])
    search = GridSearchCV(pipeline, {"prep": [tabular_preprocessor(model), skrub.TableVectorizer()]}, cv=3)
    assert len(search.fit(frame, y).cv_results_["params"]) == 2

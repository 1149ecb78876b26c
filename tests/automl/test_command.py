"""The command line: a model for a file, predictions for another one, and what is refused before time is spent."""

import csv
import importlib.util
import runpy
import sys
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge

from skhpo import AutoClassifier, AutoRegressor
from skhpo.automl import command
from skhpo.automl.command import CommandError, main, read_table
from skhpo.automl.kept import KEPT
from skhpo.automl.portfolio import Task, portfolio
from skhpo.automl.saving import load_model, save_model, without_predictions

pd = pytest.importorskip("pandas")

HAS_SKOPS = importlib.util.find_spec("skops") is not None
QUICK = ["--time-budget", "600", "--n-iter", "1"]


@pytest.fixture
def sio():
    return pytest.importorskip("skops.io")


def houses(n=80, seed=0):
    """A table with columns of all kinds."""
    rng = np.random.default_rng(seed)
    size = rng.normal(100, 20, n)
    return pd.DataFrame(
        {
            "size": np.where(rng.random(n) < 0.1, np.nan, size),
            "wealth": np.exp(3 * rng.normal(size=n)),
            "town": rng.choice(["Ulm", "Bonn, Rhine", "Kiel"], n),
            "street": [f"street {i % 60}" for i in range(n)],
            "garden": rng.random(n) < 0.5,
            "built": pd.Timestamp("1990-01-01") + pd.to_timedelta(rng.integers(0, 9000, n), unit="D"),
            "said": [f"a nice house with {i} rooms and a view" for i in rng.integers(1, 99, n)],
            "price": size + 30 * rng.random(n),
        }
    )


@pytest.fixture(autouse=True)
def few_families(monkeypatch):
    monkeypatch.setattr(command, "_families", lambda *, is_classifier: ["linear"])


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    houses().to_csv("houses.csv", index=False)
    houses(20, seed=1).drop(columns="price").to_csv("new.csv", index=False)
    return tmp_path


def said_by(*arguments):
    """What the command ends with."""
    with pytest.raises(SystemExit) as ended:
        main([*arguments])
    return str(ended.value)


# ------------------------------------------------------------------ what it does


def test_a_model_is_fitted_saved_and_predicts(files, capsys, sio):
    main(["houses.csv", "--target", "price", *QUICK, "--out", "model.skops"])
    said = capsys.readouterr().out
    for part in ("taken for numbers", "AutoRegressor", "Ensemble", "New data", "Saved to model.skops"):
        assert part in said
    main(["model.skops", "--predict", "new.csv", "--out", "predictions.csv"])
    found = pd.read_csv("predictions.csv")
    assert list(found.columns) == ["prediction"]
    model = load_model("model.skops")
    assert np.allclose(found["prediction"], model.predict(read_table("new.csv")))
    assert str(model.report()) in said
    main(["model.skops", "--predict", "new.csv"])
    assert capsys.readouterr().out == (files / "predictions.csv").read_text(encoding="utf-8")


@pytest.mark.slow
def test_labels_are_recognised_and_quoted(files, capsys, sio):
    main(["houses.csv", "--target", "town", *QUICK, "--out", "model.skops"])
    assert "taken for labels" in capsys.readouterr().out
    main(["model.skops", "--predict", "houses.csv"])
    rows = list(csv.reader(capsys.readouterr().out.splitlines()))
    assert {len(row) for row in rows} == {1}
    assert {value for (value,) in rows[1:]} <= {"Ulm", "Bonn, Rhine", "Kiel"}


@pytest.mark.parametrize(
    ("values", "is_label"),
    [
        (np.array([0, 1, 1]), True),
        (np.array([True, False]), True),
        (np.array(["a", "b"], dtype=object), True),
        (np.array([1.0, np.nan, 2.0]), True),
        (np.array([1.5, 2.0]), False),
        (np.arange(20), True),
        (np.arange(21), False),
    ],
)
def test_what_is_taken_for_labels(values, is_label):
    assert command._has_labels(values) is is_label


@pytest.mark.slow
def test_the_task_may_be_said(files, capsys):
    frame = houses()
    frame["price"] = frame["price"].round(-1) // 10 % 3
    frame.to_csv("few.csv", index=False)
    main(["few.csv", "--target", "price", *QUICK, "--task", "regression"])
    said = capsys.readouterr().out
    assert "AutoRegressor" in said
    assert "taken for" not in said


def test_columns_may_be_left_out(files, sio):
    main(["houses.csv", "--target", "price", *QUICK, "--drop", "said", "street", "--out", "model.skops"])
    assert not {"said", "street", "price"} & {*load_model("model.skops").feature_names_in_}


def test_parquet(files, sio):
    pytest.importorskip("pyarrow", exc_type=ImportError)  # it may be too new for NumPy
    houses().to_parquet("houses.parquet")
    main(["houses.parquet", "--target", "price", *QUICK, "--out", "model.skops"])
    main(["model.skops", "--predict", "houses.parquet", "--out", "predictions.csv"])
    assert len(pd.read_csv("predictions.csv")) == 80


@pytest.mark.slow
def test_polars_does_where_pandas_is_missing(files, monkeypatch, sio):
    polars = pytest.importorskip("polars")
    real = importlib.import_module

    def without_pandas(name):
        if name == "pandas":
            raise ImportError(name)
        return real(name)

    monkeypatch.setattr(command, "importlib", SimpleNamespace(import_module=without_pandas))
    assert isinstance(read_table("houses.csv"), polars.DataFrame)
    main(["houses.csv", "--target", "price", *QUICK, "--out", "model.skops"])
    main(["model.skops", "--predict", "new.csv", "--out", "predictions.csv"])
    assert len(polars.read_csv("predictions.csv")) == 20


def test_the_module_runs(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["skhpo.automl", "--help"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("skhpo.automl", run_name="__main__")
    assert ended.value.code == 0
    assert "--time-budget" in capsys.readouterr().out


# ------------------------------------------------------------------ what it refuses


@pytest.fixture
def no_fit(monkeypatch):
    def fit(self, X, y):
        raise AssertionError("time was spent")

    for kind in (AutoClassifier, AutoRegressor):
        monkeypatch.setattr(kind, "fit", fit)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["houses.csv"], "--target needs"),
        (["houses.csv", "--target", "prize"], "no column 'prize'. It has size, wealth"),
        (["houses.csv", "--target", "price", "--drop", "sise"], "no column 'sise'"),
        (["houses.csv", "--target", "price", "--out", "model.pkl"], "ends in .skops"),
        (["houses.csv", "--target", "price", "--out", "nowhere/model.skops"], "folder that exists"),
        (["houses.txt", "--target", "price"], "needs to end in .csv or .parquet"),
        (["homes.csv", "--target", "price"], "homes.csv does not exist"),
        (["empty.csv", "--target", "price"], "empty.csv cannot be read, EmptyDataError"),
        (["model.skops", "--predict", "new.csv"], "model.skops" if HAS_SKOPS else "pip install skops"),
        (["model.skops", "--predict", "new.csv", "--out", "new.csv"], "another file than --predict"),
        (["model.skops", "--predict", "new.csv", "--out", "found.txt"], "ends in .csv"),
        (["model.skops", "--predict", "new.csv", "--out", "nowhere/found.csv"], "folder that exists"),
    ],
)
def test_what_is_refused_before_time_is_spent(files, no_fit, arguments, says):
    (files / "empty.csv").write_text("", encoding="utf-8")
    assert says in said_by(*arguments)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--scoring", "no such"], "no such"),
        (["--time-budget", "0"], "time_budget"),
        (["--task", "classification"], "AutoRegressor"),
    ],
)
def test_what_the_estimator_refuses_is_said_in_a_line(files, more, says):
    said = said_by("houses.csv", "--target", "price", *more)
    assert said.startswith("skhpo.automl: ")
    assert says in said


def test_without_skops_nothing_is_fitted_that_could_not_be_saved(files, no_fit, monkeypatch):
    monkeypatch.setitem(sys.modules, "skops.io", None)
    assert "pip install skops" in said_by("houses.csv", "--target", "price", "--out", "model.skops")
    assert "pip install skops" in said_by("model.skops", "--predict", "new.csv")


def test_without_a_library_of_frames_it_says_so(files, no_fit, monkeypatch):
    for name in ("pandas", "polars"):
        monkeypatch.setitem(sys.modules, name, None)
    assert "pip install pandas" in said_by("houses.csv", "--target", "price")


def test_what_pandas_lacks_is_said(monkeypatch, tmp_path):
    def reader(path):
        raise ImportError("Unable to find a usable engine")

    path = tmp_path / "a.parquet"
    path.touch()
    monkeypatch.setattr(pd, "read_parquet", reader)
    with pytest.raises(CommandError, match="usable engine"):
        read_table(str(path))


@pytest.mark.slow
def test_columns_that_are_missing_are_named(files, sio):
    main(["houses.csv", "--target", "price", *QUICK, "--out", "model.skops"])
    houses()[["size", "town"]].to_csv("fewer.csv", index=False)
    assert "wealth, street, garden" in said_by("model.skops", "--predict", "fewer.csv")


# ------------------------------------------------------------------ saved files


@pytest.fixture(scope="module")
def small():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    auto = AutoRegressor(time_budget=None, n_iter=1, estimators=["linear"], random_state=0)
    return auto.fit(X[:60], y[:60])


def planted(where):
    """Write that it was called: what a file of a stranger must not reach."""
    where.write_text("called", encoding="utf-8")


class Stranger(Ridge):
    """Harmless, but none of those that a saved model holds."""


def test_a_file_with_another_type_is_refused_with_its_name(small, tmp_path, sio):
    other = clone(small).fit(np.c_[np.arange(20.0), np.arange(20.0) ** 2], np.arange(20.0))
    other.ensemble_.hold([Stranger()])
    save_model(other, tmp_path / "model.skops")
    with pytest.raises(ValueError, match=r"no model that was saved here: it holds .*test_command\.Stranger"):
        load_model(tmp_path / "model.skops")


def test_a_file_with_another_function_is_refused_with_its_name(small, tmp_path, sio):
    from sklearn.preprocessing import FunctionTransformer

    other = clone(small).fit(np.c_[np.arange(20.0), np.arange(20.0) ** 2], np.arange(20.0))
    other.ensemble_.hold([FunctionTransformer(planted, kw_args={"where": 1})])
    save_model(other, tmp_path / "model.skops")
    with pytest.raises(ValueError, match=r"test_command\.planted"):
        load_model(tmp_path / "model.skops")


def test_a_file_of_something_else_is_refused(tmp_path, sio):
    sio.dump(Ridge(), tmp_path / "ridge.skops")
    with pytest.raises(ValueError, match="it is a Ridge"):
        load_model(tmp_path / "ridge.skops")
    (tmp_path / "text.skops").write_text("hello", encoding="utf-8")
    with pytest.raises(ValueError, match="no file of skops"):
        load_model(tmp_path / "text.skops")
    with zipfile.ZipFile(tmp_path / "zip.skops", "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(ValueError, match="no file of skops"):
        load_model(tmp_path / "zip.skops")


def test_predictions_of_the_comparison_are_not_saved(small):
    light = without_predictions(small)
    assert not hasattr(light, "_evidence")
    assert light.score_estimate_ is small.score_estimate_
    assert hasattr(small, "_evidence")


def test_what_is_kept_is_named_one_by_one():
    assert sorted(set(KEPT)) == list(KEPT)
    assert not [name for name in KEPT if not name.startswith(("skhpo.", "sklearn.", "numpy.", "scipy.", "_loss."))]
    for name in KEPT:
        module, _, attribute = name.rpartition(".")
        if module.startswith("skhpo."):
            assert hasattr(importlib.import_module(module), attribute), name


def all_members(auto, X, y):
    """Put one of each configuration of scikit-learn's families into an ensemble, with few trees."""
    is_classifier = isinstance(auto, AutoClassifier)
    entries = [
        entry
        for entry in portfolio(Task(is_classifier, *X.shape, len(np.unique(y)) if is_classifier else 0))
        if entry.family not in {"lightgbm", "catboost"}
    ]
    auto.ensemble_.estimators = [entry.pipeline for entry in entries]
    auto.ensemble_.weights = None
    auto.ensemble_.hold([clone(entry.shortened()[0]).fit(X, y) for entry in entries])
    return auto


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of models on a few rows
@pytest.mark.parametrize("target", ["numbers", "two labels", "three labels"])
def test_all_families_are_saved_and_read(target, tmp_path, sio):
    """The list of what is kept is long enough for each of them."""
    frame = houses(90)
    X, price = frame.drop(columns="price"), frame["price"].to_numpy()
    y = {
        "numbers": price,
        "two labels": np.where(price > 110, "high", "low"),
        "three labels": np.digitize(price, [100, 120]),
    }[target]
    kind = AutoRegressor if target == "numbers" else AutoClassifier
    auto = kind(time_budget=None, n_iter=4, estimators=["linear", "nearest_neighbors"], cv=2, random_state=0)
    all_members(auto.fit(X, y), X, y)
    save_model(auto, tmp_path / "model.skops")
    again = load_model(tmp_path / "model.skops")
    assert np.array_equal(again.predict(X), auto.predict(X))
    assert str(again.report()) == str(auto.report())
    assert str(again.leaderboard_) == str(auto.leaderboard_)

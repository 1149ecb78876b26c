"""scikit-learn's callbacks see the same task tree and the same hooks as in its own searches, and can stop ours."""

import json
import os
import re
from collections import Counter

import numpy as np
import pytest
import scipy.stats
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils.fixes import parse_version

import skhpo

if parse_version(sklearn.__version__) < parse_version("1.9"):
    pytest.skip("callbacks came with scikit-learn 1.9", allow_module_level=True)

from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.callback.tests._utils import MaxIterEstimator

X, Y = load_iris(return_X_y=True)
X, Y = X[::3], Y[::3]
EVALUATION = "candidate-split-evaluation"
PAIRS = [(skhpo.GridSearchCV, GridSearchCV), (skhpo.RandomSearchCV, RandomizedSearchCV)]

every_pair = pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=["grid", "random"])
serial_and_parallel = pytest.mark.parametrize("n_jobs", [1, 2])


def make(search_class, estimator, space, **kwargs):
    if search_class in {skhpo.RandomSearchCV, RandomizedSearchCV}:
        kwargs = {"n_iter": 3, "random_state": 0, **kwargs}
    return search_class(estimator, space, **{"cv": 2, **kwargs})


# ------------------------------------------------------------------ callbacks


class Recorder:
    """Appends a line per hook to a file, so that workers can write too."""

    def __init__(self, path):
        self.path = str(path)

    def setup(self, estimator, context):
        self.write("setup", estimator, context)

    def on_fit_task_begin(self, estimator, context, *, X=None, y=None, metadata=None):
        self.write("begin", estimator, context, X=X, y=y, metadata=metadata)

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, metadata=None):
        self.write("end", estimator, context, X=X, y=y, metadata=metadata)

    def teardown(self, estimator, context):
        self.write("teardown", estimator, context)

    def write(self, hook, estimator, context, *, X=None, y=None, metadata=None):
        place, node = [], context
        while node is not None:
            place.insert(0, [node.task_name, node.task_id, node.max_subtasks, node.sequential_subtasks])
            node = node.parent
        line = {
            "hook": hook,
            "estimator": theirs(type(estimator).__name__),
            "place": place,
            "source": [theirs(context.source_estimator_name or ""), context.source_task_name],
            "n_rows": [None if each is None else len(each) for each in (X, y)],
            "metadata": metadata and {key: np.shape(value) for key, value in metadata.items()},
        }
        with open(self.path, "a", encoding="utf-8") as file:  # noqa: PTH123  (one write of one line, appended)
            file.write(json.dumps(line) + "\n")

    def lines(self):
        if not os.path.exists(self.path):  # noqa: PTH110
            return []
        with open(self.path, encoding="utf-8") as file:  # noqa: PTH123
            return [json.loads(line) for line in file]

    def count(self, hook, task=None):
        return sum(line["hook"] == hook and task in (None, line["place"][-1][0]) for line in self.lines())


class PropagatedRecorder(Recorder):
    """The same, handed on to the estimators inside."""

    max_propagation_depth = None


class Stopper(Recorder):
    """Asks to stop at the end of one evaluation, when a candidate is known on so many splits."""

    def __init__(self, path, at, n_splits=1):
        super().__init__(path)
        self.at, self.n_splits = at, n_splits

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, metadata=None):
        super().on_fit_task_end(estimator, context, X=X, y=y, metadata=metadata)
        if EVALUATION not in (context.task_name, context.source_task_name) or context.task_id < self.at:
            return False
        ended = {
            line["place"][-1][1]
            for line in self.lines()
            if line["hook"] == "end" and EVALUATION in (line["place"][-1][0], line["source"][1])
        }
        return max(Counter(number // self.n_splits for number in ended).values()) == self.n_splits


class PropagatedStopper(Stopper):
    max_propagation_depth = None


class IterationStopper(Recorder):
    """Asks the estimators inside to stop iterating."""

    max_propagation_depth = None

    def on_fit_task_end(self, estimator, context):
        self.write("end", estimator, context)
        return context.task_name.startswith("iteration")


class Fails(ClassifierMixin, BaseEstimator):
    def __init__(self, fails=False):
        self.fails = fails

    def fit(self, _X, y):
        if self.fails:
            raise RuntimeError("No fit.")
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.zeros(len(X), dtype=int)


def theirs(name):
    return name.replace("RandomSearchCV", "RandomizedSearchCV")


def as_counts(lines):
    return Counter(json.dumps(line, sort_keys=True) for line in lines)


# ------------------------------------------------------------------ the same tree and hooks

CASES = {
    "no callbacks inside": (KNeighborsClassifier(), {"n_neighbors": [1, 3, 5]}, {}),
    "callbacks inside": (MaxIterEstimator(computation_intensity=0), {"max_iter": [1, 2, 3]}, {"scoring": "r2"}),
    "pipeline": (
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=300)),
        {"logisticregression__C": [0.1, 1.0, 10.0]},
        {},
    ),
    "no refit": (KNeighborsClassifier(), {"n_neighbors": [1, 3, 5]}, {"refit": False}),
    "refit by name": (
        KNeighborsClassifier(),
        {"n_neighbors": [1, 3, 5]},
        {"scoring": ["accuracy", "f1_macro"], "refit": "accuracy"},
    ),
    "callable refit": (KNeighborsClassifier(), {"n_neighbors": [1, 3, 5]}, {"refit": lambda _results: 1}),
    "train scores": (KNeighborsClassifier(), {"n_neighbors": [1, 3, 5]}, {"return_train_score": True}),
}


@pytest.mark.parametrize("recorder", [Recorder, PropagatedRecorder])
@pytest.mark.parametrize("case", CASES)
@serial_and_parallel
@pytest.mark.parametrize("pair", PAIRS, ids=["grid", "random"])
# The one about estimators that do not support callbacks is scikit-learn's own, and is given for both.
@pytest.mark.filterwarnings("ignore:The estimator .* does not support callbacks:UserWarning")
def test_same_tree_and_hooks(pair, case, n_jobs, recorder, tmp_path):
    estimator, space, kwargs = CASES[case]

    def lines(search_class):
        seen = recorder(tmp_path / search_class.__module__)
        make(search_class, estimator, space, n_jobs=n_jobs, **kwargs).set_callbacks(seen).fit(X, Y)
        return seen.lines()

    found, expected = map(lines, pair)
    assert as_counts(found) == as_counts(expected)
    assert (found[0], found[-1]) == (expected[0], expected[-1])
    if n_jobs == 1:
        assert found == expected


@serial_and_parallel
def test_a_candidate_drawn_again_is_fitted_again_where_a_callback_watches(n_jobs, tmp_path):
    def lines(search_class):
        seen = Recorder(tmp_path / search_class.__module__)
        search = make(search_class, KNeighborsClassifier(), {"n_neighbors": scipy.stats.randint(1, 3)}, n_iter=6)
        search.set_params(n_jobs=n_jobs).set_callbacks(seen).fit(X, Y)
        assert seen.count("begin", EVALUATION) == 12
        return seen.lines()

    assert as_counts(lines(skhpo.RandomSearchCV)) == as_counts(lines(RandomizedSearchCV))


@every_pair
def test_callbacks_receive_the_search_itself(ours, theirs):
    def owners(search_class):
        found = []

        class Collects:
            def setup(self, estimator, context):
                pass

            def teardown(self, estimator, context):
                pass

            def on_fit_task_begin(self, estimator, context):
                found.append((context.task_name, estimator is search))

            def on_fit_task_end(self, estimator, context):
                found.append((context.task_name, estimator is search))

        search = make(search_class, KNeighborsClassifier(), {"n_neighbors": [1, 3, 5]})
        search.set_callbacks(Collects()).fit(X, Y)
        return found

    assert owners(ours) == owners(theirs)


@serial_and_parallel
@every_pair
def test_weights_are_shown(ours, theirs, n_jobs, tmp_path):
    def lines(search_class):
        seen = Recorder(tmp_path / search_class.__module__)
        search = make(search_class, SVC(), {"C": [0.1, 1.0, 10.0]}, n_jobs=n_jobs).set_callbacks(seen)
        search.fit(X, Y, sample_weight=np.ones(len(X)))
        return seen.lines()

    found = lines(ours)
    assert as_counts(found) == as_counts(lines(theirs))
    assert any(line["metadata"] for line in found)


@serial_and_parallel
@every_pair
def test_failing_fits_end_too(ours, theirs, n_jobs, tmp_path):
    def lines(search_class):
        seen = Recorder(tmp_path / search_class.__module__)
        search = make(search_class, Fails(), {"fails": [True, False]}, n_jobs=n_jobs, error_score=0, refit=False)
        if "n_iter" in search.get_params():
            search.set_params(n_iter=2)
        with pytest.warns(FitFailedWarning, match="2 fits failed out of a total of 4"):
            search.set_callbacks(seen).fit(X, Y)
        return seen.lines()

    assert as_counts(lines(ours)) == as_counts(lines(theirs))


@every_pair
def test_a_fit_that_raises_is_torn_down(ours, theirs, tmp_path):
    def lines(search_class):
        seen = Recorder(tmp_path / search_class.__module__)
        search = make(search_class, Fails(), {"fails": [False, True]}, error_score="raise").set_callbacks(seen)
        if "n_iter" in search.get_params():
            search.set_params(n_iter=2)
        with pytest.raises(RuntimeError, match="No fit"):
            search.fit(X, Y)
        return [(line["hook"], line["place"][-1][:2]) for line in seen.lines()]

    found = lines(ours)
    assert found == lines(theirs)
    assert found[-1][0] == "teardown"


@serial_and_parallel
@every_pair
def test_a_search_inside_a_search(ours, theirs, n_jobs, tmp_path):
    def lines(search_class):
        seen = PropagatedRecorder(tmp_path / search_class.__module__)
        inner = make(search_class, MaxIterEstimator(computation_intensity=0), {"max_iter": [1, 2]}, scoring="r2")
        if "n_iter" in inner.get_params():
            inner.set_params(n_iter=2)
        outer = search_class(inner, {"estimator__computation_intensity": [0, 1e-6]}, cv=2, scoring="r2", n_jobs=n_jobs)
        if "n_iter" in outer.get_params(deep=False):
            outer.set_params(n_iter=2, random_state=0)
        outer.set_callbacks(seen).fit(X, Y)
        return seen.lines()

    assert as_counts(lines(ours)) == as_counts(lines(theirs))


# ------------------------------------------------------------------ scikit-learn's own callbacks


def logged(monitor):
    """What a monitor logged, in the order of the tree, with our names for theirs."""
    log = monitor.get_logs()
    rows = [{**row, "estimator_name": theirs(row["estimator_name"])} for row in log.data]
    return sorted(rows, key=lambda row: row["task_id_path"])


@pytest.mark.parametrize("where", ["search", "estimator", "value"])
@serial_and_parallel
@every_pair
def test_scoring_monitor(ours, theirs, n_jobs, where):
    def log(search_class):
        monitor = ScoringMonitor(scoring="neg_mean_squared_error")
        model = MaxIterEstimator(max_iter=4, computation_intensity=0)
        if where != "search":
            model.set_callbacks(monitor)
        if where == "value":
            search = make(search_class, make_pipeline(MaxIterEstimator()), {"maxiterestimator": [model]}, scoring="r2")
        else:
            search = make(search_class, model, {"max_iter": [1, 2, 4]}, scoring="r2")
        search.set_params(n_jobs=n_jobs)
        if where == "value" and "n_iter" in search.get_params():
            search.set_params(n_iter=1)
        if where == "search":
            search.set_callbacks(monitor)
        search.fit(X, Y)
        if where == "search":  # a search has no state to score along the way
            with pytest.raises(ValueError, match="No logs"):
                monitor.get_logs()
            return len(monitor._log)
        return len(monitor.get_logs(select="all")), logged(monitor)

    found = log(ours)
    assert found == log(theirs)


@serial_and_parallel
@every_pair
def test_progress_bar(ours, theirs, n_jobs, capsys, monkeypatch):
    pytest.importorskip("rich")
    monkeypatch.setenv("COLUMNS", "200")

    def shown(search_class):
        search = make(search_class, MaxIterEstimator(computation_intensity=0), {"max_iter": [1, 2, 3]}, scoring="r2")
        search.set_params(n_jobs=n_jobs).set_callbacks(ProgressBar(max_propagation_depth=1)).fit(X, Y)
        out = re.sub(r"\d+:\d\d:\d\d|-:--:--", "TIME", capsys.readouterr().out)
        # The name's length moves what stands after it.
        bars = out.replace("RandomizedSearchCV", "RandomSearchCV").splitlines()
        return Counter(" ".join(re.sub(r"[━╸╺╌]+", "BAR", bar).split()) for bar in bars)

    found = shown(ours)
    assert found == shown(theirs)
    assert any(f"{ours.__name__} - fit" in line and "100%" in line for line in found)


# ------------------------------------------------------------------ stopping


@pytest.mark.parametrize("stopper", [Stopper, PropagatedStopper])
@pytest.mark.parametrize("estimator", [SVC(), LogisticRegression(max_iter=1000)], ids=["plain", "with callbacks"])
@serial_and_parallel
@pytest.mark.parametrize("search_class", [skhpo.GridSearchCV, skhpo.RandomSearchCV])
@pytest.mark.filterwarnings("ignore:The estimator .* does not support callbacks:UserWarning")
def test_a_callback_stops_the_search(search_class, n_jobs, estimator, stopper, tmp_path):
    space = {"C": np.logspace(-3, 3, 40).tolist()}
    search = make(search_class, estimator, space, n_jobs=n_jobs)
    if "n_iter" in search.get_params():
        search.set_params(n_iter=40)
    seen = stopper(tmp_path / "seen", at=5, n_splits=2)  # one worker may be long before the other begins
    search.set_callbacks(seen).fit(X, Y)

    assert search.stats()["stop_reason"] == "callback"
    n_rows = len(search.cv_results_["params"])
    assert 1 <= n_rows < 40 - 10
    assert 2 <= search.stats()["n_fits"] < 80 - 20
    if n_jobs == 1:
        assert search.stats()["n_fits"] == 6
        assert n_rows == 3
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_params_["C"] == search.best_estimator_.C
    assert search.predict(X).shape == Y.shape
    # What began has ended, and the tree is complete to its root.
    assert seen.count("begin") == seen.count("end")
    assert seen.count("end", "refit-with-best-params") + seen.count("end", "fit") >= 1
    assert seen.lines()[-1]["hook"] == "teardown"


def test_a_stop_before_a_candidate_is_complete_returns_the_best_that_was_begun(tmp_path):
    search = make(skhpo.GridSearchCV, KNeighborsClassifier(), {"n_neighbors": [1, 3]}, cv=5)
    with pytest.warns(UserWarning, match=r"No candidate was complete .* fitted on 1 of 5 splits"):
        search.set_callbacks(Stopper(tmp_path / "seen", at=0)).fit(X, Y)
    assert search.stats()["stop_reason"] == "callback"
    assert list(search.cv_results_["status"]) == ["partial"]
    assert search.best_estimator_.n_neighbors == 1
    assert "a callback stopped the search" in str(search.report())


def test_a_stop_before_there_is_a_score_is_an_error_that_says_so(tmp_path):
    search = make(skhpo.GridSearchCV, Fails(), {"fails": [True, False]}, cv=5)
    with pytest.raises(ValueError, match="A callback stopped the search before one candidate had a score"):
        search.set_callbacks(Stopper(tmp_path / "seen", at=0)).fit(X, Y)


@serial_and_parallel
def test_a_callback_that_stops_an_estimator_does_not_stop_the_search(n_jobs, tmp_path):
    search = make(
        skhpo.GridSearchCV,
        MaxIterEstimator(computation_intensity=0),
        {"max_iter": [2, 3, 4]},
        scoring="r2",
        n_jobs=n_jobs,
    )
    search.set_callbacks(IterationStopper(tmp_path / "seen")).fit(X, Y)
    assert search.stats()["stop_reason"] == "finished"
    assert search.stats()["n_fits"] == 6
    assert search.best_estimator_.n_iter_ == 1


def test_a_stop_that_comes_with_the_last_fit_changes_nothing(tmp_path):
    search = make(skhpo.GridSearchCV, KNeighborsClassifier(), {"n_neighbors": [1, 3]})
    search.set_callbacks(Stopper(tmp_path / "seen", at=3)).fit(X, Y)
    assert search.stats()["n_fits"] == 4
    assert len(search.cv_results_["params"]) == 2


def test_without_callbacks_nothing_is_set_up():
    search = make(skhpo.GridSearchCV, KNeighborsClassifier(), {"n_neighbors": [1, 3]}).fit(X, Y)
    assert not hasattr(search, "_skl_callbacks")
    assert search.stats()["stop_reason"] == "finished"

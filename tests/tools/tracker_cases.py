"""Trackers of experiments: mlflow records a search as it records scikit-learn's, and comet takes what it is given."""

import functools
import os
import tempfile
import warnings
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import numpy as np
from sklearn import model_selection
from sklearn.model_selection import GridSearchCV as TheirGrid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from tool_case import DEPTHS, ONE_LINE, Case, X, Y, searches

from skhpo import AutoClassifier, BayesSearchCV, EnsembleClassifier, Float, GridSearchCV, RandomSearchCV

TREE = DecisionTreeClassifier(random_state=0)


@contextmanager
def mlflow_runs():
    """A store of runs for mlflow; afterwards autologging is off, and no run is active."""
    import mlflow

    folder, before = store().name, Path.cwd()
    os.chdir(folder)  # where artefacts go by default
    mlflow.set_tracking_uri(f"sqlite:///{folder}/runs.db")
    try:
        yield mlflow.MlflowClient()
    finally:
        off()
        while mlflow.active_run() is not None:
            mlflow.end_run()
        os.chdir(before)


@functools.cache
def store():
    """Return a folder that is gone when Python ends: to make a store takes mlflow several seconds."""
    return tempfile.TemporaryDirectory()


def on(**settings):
    """Switch autologging on, as a user does who does not know of us: nothing of ours is known to mlflow afterwards."""
    import mlflow

    mlflow.sklearn.autolog(**{"silent": True, "log_models": False, **settings})


def off():
    import mlflow

    mlflow.sklearn.autolog(disable=True, silent=True)


def logged(client, search, **fit):
    """What mlflow has of a fit: the run, its children, and what lies beside them."""
    import mlflow

    with mlflow.start_run() as run:
        search.fit(X, Y, **fit)
    run = client.get_run(run.info.run_id)
    children = client.search_runs(
        [run.info.experiment_id], filter_string=f"tags.mlflow.parentRunId = '{run.info.run_id}'", order_by=["end_time"]
    )
    return run, children, {each.path for each in client.list_artifacts(run.info.run_id)}


def runs_of(client, action):
    """How many runs of which kind an action leaves: of what, as whose child, and how they ended."""
    before = {run.info.run_id for run in client.search_runs(["0"])}
    action()
    new = [run for run in client.search_runs(["0"]) if run.info.run_id not in before]
    return Counter(
        (run.data.tags.get("estimator_name"), "mlflow.parentRunId" in run.data.tags, run.info.status) for run in new
    )


def mlflow_grid():
    """The same run, parameters, metrics, artefacts and children for the same candidates."""
    with mlflow_runs() as client:
        on()
        theirs = logged(client, TheirGrid(TREE, DEPTHS, cv=3))
        for n_jobs in (1, 2):
            is_the_same(logged(client, GridSearchCV(TREE, DEPTHS, cv=3, n_jobs=n_jobs)), theirs)
        run, _, _ = logged(client, DecisionTreeClassifier(max_depth=2))  # it is on for all else as before
        assert run.data.params["max_depth"] == "2"


def mlflow_line():
    """The line of `skhpo.integrations` comes to the same, before a fit and after one, and nothing is recorded twice."""
    from skhpo.integrations.mlflow import autolog

    with mlflow_runs() as client:
        on()
        theirs = logged(client, TheirGrid(TREE, DEPTHS, cv=3))
        for _ in range(2):
            autolog(silent=True, log_models=False)
            is_the_same(logged(client, GridSearchCV(TREE, DEPTHS, cv=3)), theirs)
            on()
            is_the_same(logged(client, GridSearchCV(TREE, DEPTHS, cv=3)), theirs)


def is_the_same(found, wanted):
    (ours, children, files), (theirs, their_children, their_files) = found, wanted
    assert ours.data.tags["estimator_name"] == "GridSearchCV"
    assert theirs.data.params.items() <= {**ours.data.params, "n_jobs": "None"}.items()
    assert ours.data.metrics == theirs.data.metrics
    assert files == their_files
    assert len(children) == len(their_children) == 3
    for one, other in zip(by_depth(children), by_depth(their_children), strict=True):
        assert one.data.params == other.data.params
        assert untimed(one.data.metrics) == untimed(other.data.metrics)
        assert one.data.tags["estimator_name"] == "DecisionTreeClassifier"


def by_depth(runs):
    return sorted(runs, key=lambda run: run.data.params["max_depth"])


def untimed(metrics):
    return {name: value for name, value in metrics.items() if not name.endswith("_time")}


def mlflow_of_all_kinds():
    """Races, conditions, several metrics, halving: a child for each of the best candidates."""
    space = {"criterion": ["gini", "entropy"], "ccp_alpha": Float(1e-4, 1e-1, log=True, when={"criterion": "gini"})}
    with mlflow_runs() as client:
        on(max_tuning_runs=2)
        for search in searches():
            run, children, _ = logged(client, search)
            assert len(children) == 2
            assert run.data.tags["estimator_name"] == type(search).__name__
            assert run.data.metrics["best_cv_score"] == search.best_score_
            assert run.data.params["best_max_depth"] == str(search.best_params_["max_depth"])
        on(max_tuning_runs=None)
        race = RandomSearchCV(TREE, space, n_iter=6, cv=3, racing=True, random_state=0)
        _, children, _ = logged(client, race)
        assert len(children) == len(race.cv_results_["params"])
        several = BayesSearchCV(TREE, space, n_iter=4, cv=3, scoring=["accuracy", "f1_macro"], refit="accuracy")
        _, children, _ = logged(client, several)
        assert len(children) == 4
        assert all("mean_test_f1_macro" in child.data.metrics for child in children)


def mlflow_models():
    """Two models per search, as of scikit-learn's, and one that is loaded predicts the same."""
    import mlflow

    with mlflow_runs() as client:
        on(log_models=True)
        search = GridSearchCV(TREE, DEPTHS, cv=3)
        run, _, _ = logged(client, search)
        names = {client.get_logged_model(each.model_id).name for each in run.outputs.model_outputs}
        assert names == {"model", "best_estimator"}
        for found in run.outputs.model_outputs:
            model = mlflow.pyfunc.load_model(f"models:/{found.model_id}")
            assert np.array_equal(model.predict(X), search.predict(X))


def mlflow_settings():
    """Runs of the user and runs that there are not, ``exclusive``, ``disable``, and what a fit that fails leaves."""
    import mlflow
    from mlflow.utils.autologging_utils import AUTOLOGGING_INTEGRATIONS

    def in_a_run(search):
        with mlflow.start_run():
            search.fit(X, Y)

    def failing(kind):
        try:
            kind(TREE, {"max_depth": [-1]}, cv=3).fit(X, Y)
        except ValueError:
            return
        raise AssertionError("it has to fail")

    def same(action):
        found = [runs_of(client, lambda kind=kind: action(kind)) for kind in (TheirGrid, GridSearchCV)]
        assert found[0] == found[1], found
        return found[0]

    with mlflow_runs() as client:
        on()
        alone = same(lambda kind: kind(TREE, DEPTHS, cv=3).fit(X, Y))
        assert alone == {("GridSearchCV", False, "FINISHED"): 1, ("DecisionTreeClassifier", True, "FINISHED"): 3}
        assert same(lambda kind: in_a_run(kind(TREE, DEPTHS, cv=3))) == alone
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for kind in (TheirGrid, GridSearchCV):  # its name may come later than its end
                assert [status for _, _, status in runs_of(client, lambda kind=kind: failing(kind))] == ["FAILED"]
        on(exclusive=True)
        assert same(lambda kind: in_a_run(kind(TREE, DEPTHS, cv=3))) == {(None, False, "FINISHED"): 1}
        assert same(lambda kind: kind(TREE, DEPTHS, cv=3).fit(X, Y)) == alone
        off()
        assert not same(lambda kind: kind(TREE, DEPTHS, cv=3).fit(X, Y))
        AUTOLOGGING_INTEGRATIONS["sklearn"].clear()  # as before any call: `mlflow.autolog` respects what was set
        mlflow.autolog(silent=True, log_models=False)
        assert same(lambda kind: kind(TREE, DEPTHS, cv=3).fit(X, Y)) == alone
        mlflow.autolog(disable=True, silent=True)  # it was not mistaken for settings of scikit-learn's own
        assert not same(lambda kind: kind(TREE, DEPTHS, cv=3).fit(X, Y))


def mlflow_inside():
    """Inside of what mlflow records, a search leaves what scikit-learn's leaves there: no runs of its own."""
    space = {"estimator__criterion": ["gini", "entropy"]}
    around = {
        "pipeline": lambda kind: make_pipeline(StandardScaler(), kind(TREE, DEPTHS, cv=2)).fit(X, Y),
        "search": lambda kind: kind(kind(TREE, DEPTHS, cv=2), space, cv=2).fit(X, Y),
        "search of theirs": lambda kind: TheirGrid(kind(TREE, DEPTHS, cv=2), space, cv=2).fit(X, Y),
        "cross-validation": lambda kind: model_selection.cross_val_score(kind(TREE, DEPTHS, cv=2), X, Y, cv=2),
    }
    with mlflow_runs() as client:
        for action in around.values():
            found = []
            for kind in (TheirGrid, GridSearchCV):
                off()
                on()  # so that mlflow does not know of us when it is inside of that fit
                found.append(runs_of(client, lambda kind=kind, action=action: action(kind)))
            assert found[0] == found[1]
        search = GridSearchCV(TREE, DEPTHS, cv=3, store_predictions=True).fit(X, Y)
        assert not runs_of(client, lambda: search.estimate_score("nested", outer_cv=2))
        assert not runs_of(client, lambda: EnsembleClassifier([TREE, TREE]).fit(X, Y))
        assert not runs_of(client, lambda: AutoClassifier(time_budget=None, n_iter=2, random_state=0).fit(X, Y))


def mlflow_errors():
    """What goes wrong in a tracker costs the record, and not the fit."""
    import mlflow.sklearn.utils as theirs

    def fail(*args, **kwargs):
        raise RuntimeError("the disk is full")

    with mlflow_runs() as client:
        on()
        with patch.object(theirs, "_log_estimator_content", fail):
            assert GridSearchCV(TREE, DEPTHS, cv=3).fit(X, Y).best_params_ == {"max_depth": 3}
        on()
        listed = theirs._get_meta_estimators_for_autologging
        del theirs._get_meta_estimators_for_autologging  # as in a version that has its list elsewhere
        try:
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                found = runs_of(client, lambda: GridSearchCV(TREE, DEPTHS, cv=3).fit(X, Y))
            assert not found
            assert "takes no search of skhpo" in str(told[0].message)
        finally:
            theirs._get_meta_estimators_for_autologging = listed
        assert runs_of(client, lambda: TheirGrid(TREE, DEPTHS, cv=3).fit(X, Y)).total() == 4  # it is still on


def comet():
    """An offline experiment takes what is logged by hand; what it records of fits by itself are those inside."""
    import comet_ml

    with tempfile.TemporaryDirectory() as folder:
        experiment = comet_ml.OfflineExperiment(
            offline_directory=folder, display_summary_level=0, auto_log_co2=False, log_env_details=False, log_code=False
        )
        for search in searches():
            search.fit(X, Y)
            experiment.log_parameters(search.best_params_, prefix="best")
            experiment.log_metric("best_cv_score", search.best_score_)
            assert experiment.get_parameter("best_max_depth") == search.best_params_["max_depth"]
            assert experiment.get_metric("best_cv_score") == search.best_score_
        experiment.end()


CASES = [
    Case(
        "mlflow",
        ("mlflow",),
        "`mlflow.sklearn.autolog()`: a run per search, a child run per candidate",
        mlflow_grid,
    ),
    Case("mlflow", ("mlflow",), "races, conditions, several metrics, halving", mlflow_of_all_kinds),
    Case("mlflow", ("mlflow",), "models", mlflow_models),
    Case("mlflow", ("mlflow",), "active runs, `exclusive`, `disable`, fits that fail", mlflow_settings),
    Case("mlflow", ("mlflow",), "in a pipeline, a search, a cross-validation: only the outermost", mlflow_inside),
    Case("mlflow", ("mlflow",), "recording fails: a warning, and the fit goes on", mlflow_errors),
    Case("mlflow", ("mlflow",), "`skhpo.integrations.mlflow.autolog()`, which comes to the same", mlflow_line),
    Case(
        "comet-ml",
        ("comet_ml",),
        "experiments",
        comet,
        ONE_LINE,
        "`experiment.log_parameters(search.best_params_)`",
    ),
]

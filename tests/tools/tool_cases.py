"""Tools that know scikit-learn's `GridSearchCV`, with our searches in its place: the page *With other tools*.

A case says what is done with a tool, what it needs, and how to check it. It imports the tool inside of its check, so
that the table can be read without any of them.
"""

import io
import os
import pickle
import pickletools
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV as TheirGrid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skhpo import BayesSearchCV, Float, GridSearchCV, RandomSearchCV, SuccessiveHalvingCV

AS_IT_IS = "as it is"
ONE_LINE = "one line"
BEST = "`best_estimator_`"
NOTHING = "not recorded"
SAID = {
    AS_IT_IS: "gives what scikit-learn's `GridSearchCV` gives there",
    ONE_LINE: "the same, after the line under *write*",
    BEST: "takes no search of ours; give it `search.best_estimator_`",
    NOTHING: "nothing is in the way, and nothing of the search is recorded",
}

X, Y = load_iris(return_X_y=True)
ROWS = X.astype(np.float32)
DEPTHS = {"max_depth": [1, 2, 3]}
KINDS = {
    GridSearchCV: {},
    RandomSearchCV: {"n_iter": 3, "random_state": 0},
    BayesSearchCV: {"n_iter": 3, "random_state": 0},
    SuccessiveHalvingCV: {"min_resources": 60, "random_state": 0},
}


@dataclass(frozen=True)
class Case:
    """A row of the page."""

    package: str
    modules: tuple[str, ...]
    what: str
    check: Any = field(repr=False)
    how: str = AS_IT_IS
    write: str = ""

    @property
    def key(self):
        return f"{self.package}: {self.what}"


def searches(estimator=None, space=DEPTHS, **settings):
    """One search of each kind, not fitted."""
    estimator = DecisionTreeClassifier(random_state=0) if estimator is None else estimator
    return [kind(estimator, space, **{"cv": 3, **own, **settings}) for kind, own in KINDS.items()]


# ------------------------------------------------------------------------------------------------------ trackers


@contextmanager
def mlflow_runs():
    """A store of runs for mlflow, which is gone afterwards, and autologging with it."""
    import mlflow

    with tempfile.TemporaryDirectory() as folder:
        before = Path.cwd()
        os.chdir(folder)  # where artefacts go by default
        mlflow.set_tracking_uri(f"sqlite:///{folder}/runs.db")
        try:
            yield mlflow.MlflowClient()
        finally:
            mlflow.sklearn.autolog(disable=True, silent=True)
            while mlflow.active_run() is not None:
                mlflow.end_run()
            os.chdir(before)


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


def mlflow_alone():
    """With autologging on and nothing else done, a search leaves no trace, whoever has an active run."""
    import mlflow

    with mlflow_runs() as client:
        mlflow.sklearn.autolog(silent=True)
        for search in searches():
            run, children, files = logged(client, search)
            assert not run.data.params
            assert not run.data.metrics
            assert not children
            assert not files
        n_runs = len(client.search_runs(["0"]))
        GridSearchCV(DecisionTreeClassifier(), DEPTHS).fit(X, Y)  # without an active run
        assert len(client.search_runs(["0"])) == n_runs
        run, _, _ = logged(client, DecisionTreeClassifier(max_depth=2))  # it is still on for all else
        assert run.data.params["max_depth"] == "2"


def mlflow_autolog():
    """The same run, parameters, metrics, artefacts and children for the same candidates."""
    from skhpo.integrations.mlflow import autolog

    tree = DecisionTreeClassifier(random_state=0)
    with mlflow_runs() as client:
        autolog(silent=True, log_models=False)
        theirs, their_children, their_files = logged(client, TheirGrid(tree, DEPTHS, cv=3))
        for n_jobs in (1, 2):
            ours, children, files = logged(client, GridSearchCV(tree, DEPTHS, cv=3, n_jobs=n_jobs))
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
    from skhpo.integrations.mlflow import autolog

    space = {"criterion": ["gini", "entropy"], "ccp_alpha": Float(1e-4, 1e-1, log=True, when={"criterion": "gini"})}
    tree = DecisionTreeClassifier(random_state=0)
    with mlflow_runs() as client:
        autolog(silent=True, log_models=False, max_tuning_runs=2)
        for search in searches():
            run, children, _ = logged(client, search)
            assert len(children) == 2
            assert run.data.tags["estimator_name"] == type(search).__name__
            assert run.data.metrics["best_cv_score"] == search.best_score_
            assert run.data.params["best_max_depth"] == str(search.best_params_["max_depth"])
        autolog(silent=True, log_models=False, max_tuning_runs=None)
        race = RandomSearchCV(tree, space, n_iter=6, cv=3, racing=True, random_state=0)
        _, children, _ = logged(client, race)
        assert len(children) == len(race.cv_results_["params"])
        several = BayesSearchCV(tree, space, n_iter=4, cv=3, scoring=["accuracy", "f1_macro"], refit="accuracy")
        _, children, _ = logged(client, several)
        assert len(children) == 4
        assert all("mean_test_f1_macro" in child.data.metrics for child in children)


def mlflow_models():
    """Two models per search, as of scikit-learn's, and one that is loaded predicts the same."""
    import mlflow

    from skhpo.integrations.mlflow import autolog

    with mlflow_runs() as client:
        autolog(silent=True)
        search = GridSearchCV(DecisionTreeClassifier(random_state=0), DEPTHS, cv=3)
        run, _, _ = logged(client, search)
        names = {client.get_logged_model(each.model_id).name for each in run.outputs.model_outputs}
        assert names == {"model", "best_estimator"}
        for found in run.outputs.model_outputs:
            model = mlflow.pyfunc.load_model(f"models:/{found.model_id}")
            assert np.array_equal(model.predict(X), search.predict(X))


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


# ------------------------------------------------------------------------------------------------------ exporters


def onnx():
    """Outputs are those of the best estimator: classifiers and regressors, around and inside of pipelines."""
    from skhpo.integrations.onnx import register

    register()
    for search in searches():
        search.fit(ROWS, Y)
        predicted, probabilities = run_onnx(search, ROWS, options={id(search): {"zipmap": False}})
        assert np.array_equal(predicted, search.best_estimator_.predict(ROWS))
        assert np.allclose(probabilities, search.best_estimator_.predict_proba(ROWS), atol=1e-6)
    for search in searches(
        make_pipeline(StandardScaler(), LogisticRegression()), {"logisticregression__C": [0.1, 1.0]}
    ):
        whole = make_pipeline(StandardScaler(), search).fit(ROWS, Y)
        assert np.array_equal(run_onnx(whole, ROWS)[0], whole.predict(ROWS))
    data, targets = (part.astype(np.float32) for part in load_diabetes(return_X_y=True))
    for search in searches(DecisionTreeRegressor(random_state=0)):
        search.fit(data, targets)
        assert np.allclose(run_onnx(search, data)[0].ravel(), search.best_estimator_.predict(data), rtol=1e-5)


def run_onnx(model, rows, **settings):
    import onnxruntime
    from skl2onnx import to_onnx

    converted = to_onnx(model, rows[:1], **settings)
    session = onnxruntime.InferenceSession(converted.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"X": rows})


def hummingbird():
    """Tensor programs predict what the best estimator does."""
    import hummingbird.ml

    from skhpo.integrations.hummingbird import register

    register()
    for search in searches():
        search.fit(ROWS, Y)
        converted = hummingbird.ml.convert(search, "pytorch")
        assert np.array_equal(converted.predict(ROWS), search.best_estimator_.predict(ROWS))
        assert np.allclose(converted.predict_proba(ROWS), search.best_estimator_.predict_proba(ROWS), atol=1e-6)


def pmml():
    """The best estimator goes through the part in Python; the pickle of a search has no state that Java cannot read."""
    import joblib
    from sklearn2pmml import make_pmml_pipeline

    for search in searches():
        search.fit(X, Y)
        pipeline = make_pmml_pipeline(search.best_estimator_)
        assert np.array_equal(pipeline.predict(X), search.predict(X))
        with io.BytesIO() as file:
            joblib.dump(search, file)
            # A class with slots has a list for its state, which its unpickler does not know: each state here is a dict.
            assert "skhpo.history" not in file.getvalue().decode("latin-1")
        ours = [each for each in names_in(pickle.dumps(search)) if each.startswith("skhpo")]
        assert ours == [type(search).__module__]


def names_in(pickled):
    """Modules that a pickle names."""
    texts = [argument for op, argument, _ in pickletools.genops(pickled) if "UNICODE" in op.name]
    return [text for text in dict.fromkeys(texts) if text.startswith("skhpo.")]


def skops():
    """Saved and loaded, all four predict and report as before; of ours only their class has to be trusted."""
    import skops.io

    for search in searches():
        search.fit(X, Y)
        data = skops.io.dumps(search)
        kinds = skops.io.get_untrusted_types(data=data)
        assert [kind for kind in kinds if kind.startswith("skhpo")] == [
            f"{type(search).__module__}.{type(search).__name__}"
        ]
        again = skops.io.loads(data, trusted=kinds)
        assert np.array_equal(again.predict(X), search.predict(X))
        assert str(again.report()) == str(search.report())


def dill():
    import dill

    for search in searches():
        search.fit(X, Y)
        again = dill.loads(dill.dumps(search))  # noqa: S301 - our own
        assert np.array_equal(again.predict(X), search.predict(X))


def cloudpickle():
    import cloudpickle

    for search in searches():
        search.fit(X, Y)
        again = cloudpickle.loads(cloudpickle.dumps(search))
        assert np.array_equal(again.predict(X), search.predict(X))
        assert again.stats() == search.stats()


# ------------------------------------------------------------------------------------------------ effects, pictures


def econml():
    """A nuisance model is searched once, and its winner fitted per fold: the effects are scikit-learn's."""
    from econml.dml import LinearDML

    rng = np.random.default_rng(0)
    features, controls = rng.normal(size=(200, 1)), rng.normal(size=(200, 5))
    treatment = controls[:, 0] + rng.normal(size=200)
    outcome = treatment * (1 + features[:, 0]) + controls.sum(axis=1) + rng.normal(size=200)
    space = {"alpha": [0.1, 1.0, 10.0]}

    def effects(search):
        model = LinearDML(model_y=search, model_t=Ridge(), cv=2, random_state=0)
        model.fit(outcome, treatment, X=features, W=controls)
        assert type(model.models_y[0][0]) is Ridge
        return model.effect(features)

    theirs = effects(TheirGrid(Ridge(), space))
    for search in searches(Ridge(), space, cv=None)[:3]:  # a halving compares on fewer rows
        assert np.array_equal(effects(search), theirs)
    effects(SuccessiveHalvingCV(Ridge(), space, min_resources=150, random_state=0))


def yellowbrick():
    import matplotlib.pyplot as plt
    from yellowbrick.gridsearch import GridSearchColorPlot

    space = {"max_depth": [1, 2, 3], "min_samples_leaf": [1, 5]}
    for search in searches(DecisionTreeClassifier(max_depth=2, random_state=0), space):
        picture = GridSearchColorPlot(search, "max_depth", "min_samples_leaf")
        picture.fit(X, Y)
        assert picture.ax.collections
        plt.close("all")


def shap():
    import shap

    for search in searches():
        search.fit(X, Y)
        found = shap.Explainer(search.predict, X[:20])(X[:5]).values
        assert np.array_equal(found, shap.Explainer(search.best_estimator_.predict, X[:20])(X[:5]).values)


CASES = [
    Case("mlflow", ("mlflow",), "its own `autolog()` is on, and nothing else was done", mlflow_alone, NOTHING),
    Case(
        "mlflow",
        ("mlflow",),
        "a run per search, a child run per candidate",
        mlflow_autolog,
        ONE_LINE,
        "`skhpo.integrations.mlflow.autolog()` in place of `mlflow.sklearn.autolog()`",
    ),
    Case(
        "mlflow",
        ("mlflow",),
        "races, conditions, several metrics, halving",
        mlflow_of_all_kinds,
        ONE_LINE,
        "`skhpo.integrations.mlflow.autolog()`",
    ),
    Case("mlflow", ("mlflow",), "models", mlflow_models, ONE_LINE, "`skhpo.integrations.mlflow.autolog()`"),
    Case(
        "comet-ml",
        ("comet_ml",),
        "experiments",
        comet,
        ONE_LINE,
        "`experiment.log_parameters(search.best_params_)`",
    ),
    Case("skl2onnx", ("skl2onnx", "onnxruntime"), "`to_onnx`", onnx, ONE_LINE, "`skhpo.integrations.onnx.register()`"),
    Case(
        "hummingbird-ml",
        ("hummingbird",),
        "`convert`",
        hummingbird,
        ONE_LINE,
        "`skhpo.integrations.hummingbird.register()`",
    ),
    Case("sklearn2pmml", ("sklearn2pmml",), "`make_pmml_pipeline`", pmml, BEST),
    Case("skops", ("skops",), "`skops.io`", skops),
    Case("dill", ("dill",), "`dumps`, `loads`", dill),
    Case("cloudpickle", ("cloudpickle",), "`dumps`, `loads`", cloudpickle),
    Case("econml", ("econml",), "nuisance models", econml),
    Case("yellowbrick", ("yellowbrick",), "`GridSearchColorPlot`", yellowbrick),
    Case("shap", ("shap",), "`Explainer(search.predict, ...)`", shap),
]

"""All cases. Here are those of exporters, files and tools that ask what a search is, with each of our searches."""

import io
import pickle
import pickletools

import numpy as np
from explaining_cases import CASES as EXPLAINING
from model_cases import CASES as MODELS
from report_cases import CASES as REPORTS
from saving_cases import CASES as SAVING
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV as TheirGrid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from table_cases import CASES as TABLES
from tool_case import BEST, ONE_LINE, Case, X, Y, searches
from tracker_cases import CASES as TRACKERS

from skhpo import SuccessiveHalvingCV

ROWS = X.astype(np.float32)


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
    *TRACKERS,
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
    *SAVING,
    *EXPLAINING,
    *MODELS,
    *TABLES,
    *REPORTS,
]

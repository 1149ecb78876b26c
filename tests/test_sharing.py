"""What is said of shared fits: in words, and on the page of the documentation."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import uniform
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.cross_decomposition import PLSRegression
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_selection import SelectKBest, SelectPercentile
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skhpo import Categorical, Float
from skhpo.sharing import explain

DOCS = Path(__file__).resolve().parent.parent / "docs"
FOREST = RandomForestClassifier(random_state=0)
COLUMNS = Pipeline(
    [
        (
            "prep",
            ColumnTransformer(
                [
                    ("numbers", Pipeline([("scale", StandardScaler()), ("pca", PCA())]), [0, 1]),
                    ("rest", SelectKBest(), [2]),
                ],
                remainder=SelectPercentile(),
            ),
        ),
        ("model", SVC()),
    ]
)


@pytest.mark.parametrize(
    ("estimator", "space", "expected"),
    [
        (FOREST, {"n_estimators": [5, 20, 10]}, "the fit with 20 answers for 5, 10"),
        (FOREST, {"n_estimators": np.array([5, 20])}, "the fit with 20 answers for 5"),
        (FOREST, {"n_estimators": Categorical([5, 20])}, "the fit with 20 answers for 5"),
        (FOREST, {"n_estimators": [5, "x", 7, 0]}, "the fit with 7 answers for 5"),
        (DecisionTreeClassifier(random_state=0), {"ccp_alpha": [0.1, 0.0]}, "the fit with 0.0 answers for 0.1"),
        (
            make_pipeline(SelectKBest(), SVC()),
            {"selectkbest__k": [1, 2]},
            "SelectKBest is fitted once, and what follows it for each value, if it draws no random numbers",
        ),
        (make_pipeline(PCA(), SVC()), {"pca__n_components": [1, 2]}, "PCA is fitted once"),
        (COLUMNS, {"prep__numbers__pca__n_components": [1, 2]}, "PCA is fitted once, and what follows it for each"),
        (COLUMNS, {"prep__rest__k": [1, 2]}, "SelectKBest is fitted once"),
        (COLUMNS, {"prep__remainder__percentile": [1, 2]}, "SelectPercentile is fitted once"),
        (
            make_pipeline(FeatureUnion([("a", make_pipeline("passthrough", SelectKBest()))]), SVC()),
            {"featureunion__a__selectkbest__k": [1, 2]},
            "SelectKBest is fitted once",
        ),
        (
            CalibratedClassifierCV(FOREST),
            {"estimator__n_estimators": [5, 20], "method": ["sigmoid"]},
            "the fit with 20 answers for 5: what CalibratedClassifierCV learns from it is fitted anew",
        ),
        (
            make_pipeline(PCA(), SVC()),
            {"svc": [KNeighborsClassifier()], "svc__n_neighbors": [3, 2]},
            "the fit with 3 answers for 2",
        ),
    ],
)
def test_what_is_shared(estimator, space, expected):
    found = next(one for one in reversed(explain(estimator, space)) if one.parameter != "method")
    assert found.is_shared
    assert found.why.startswith(expected)


@pytest.mark.parametrize(
    ("estimator", "space", "why"),
    [
        (RandomForestClassifier(), {"n_estimators": [5, 20]}, "random_state is not an integer"),
        (FOREST, {"max_depth": [1, 2]}, "RandomForestClassifier has no path along max_depth"),
        (FOREST, {"n_estimators": [5]}, "fewer than two of its values are on the path"),
        (FOREST, {"max_samples": uniform(0, 1)}, "its values are not listed"),
        (FOREST, {"max_samples": Float(0.1, 1)}, "its values are not listed"),
        (FOREST, {"nothing": [1], "n_estimators": [1, 2]}, "the other parameters cannot be set"),
        (make_pipeline(PCA(), SVC()), {"pca__whiten": [True, False]}, "what follows PCA is fitted anew"),
        (make_pipeline(PLSRegression(), SVC()), {"plsregression__n_components": [1, 2]}, "is fitted anew"),
        (COLUMNS, {"prep__numbers__pca__whiten": [True, False]}, "what follows PCA is fitted anew"),
        (COLUMNS, {"prep__nobody__k": [1, 2]}, "what follows ColumnTransformer is fitted anew"),
        (clone(COLUMNS).set_params(prep__n_jobs=2), {"prep__rest__k": [1, 2]}, "has an n_jobs of its own"),
        (
            clone(COLUMNS).set_params(prep__numbers__memory="somewhere"),
            {"prep__numbers__pca__n_components": [1, 2]},
            "Pipeline has a memory of its own",
        ),
        (
            make_pipeline(ColumnTransformer([("a", SelectKBest(), lambda X: [0])]), SVC()),
            {"columntransformer__a__k": [1, 2]},
            "a function chooses the columns",
        ),
        (SVC(), {"estimator__C": [1, 2]}, "nothing is known of what SVC does with estimator"),
    ],
)
def test_what_is_not_shared_and_why(estimator, space, why):
    found = explain(estimator, space)[-1]
    assert not found.is_shared
    assert why in found.why


def test_what_is_close_is_told_only_where_it_is_asked_for():
    model, space = make_pipeline(PCA(), LogisticRegression()), {"logisticregression__C": [0.1, 10.0, 1.0]}
    assert explain(model, space)[0].why.endswith('is close, not to the bit: share_fits="close"')
    found = explain(model, space, share_fits="close")[0]
    assert found.is_shared
    assert found.why.startswith("the fit with 0.1 answers for 10.0, 1.0: both reach `tol`")
    assert explain(FOREST, {"n_estimators": [1, 2]}, share_fits="close")[0].why == "the fit with 2 answers for 1"
    assert not explain(FOREST, {"n_estimators": [1, 2]}, share_fits=False)[0].is_shared


def test_answers_that_depend_on_the_samples():
    boosting, neighbours = HistGradientBoostingClassifier(), KNeighborsClassifier()
    assert explain(boosting, {"max_iter": [1, 2]})[0].is_shared
    assert not explain(boosting, {"max_iter": [1, 2]}, n_samples=20_000)[0].is_shared
    assert explain(neighbours, {"n_neighbors": [1, 50]})[0].is_shared
    assert not explain(neighbours, {"n_neighbors": [1, 50]}, n_samples=100)[0].is_shared


def test_each_parameter_of_each_part_is_explained():
    found = explain(FOREST, [{"n_estimators": [1, 2], "max_depth": [1, 2]}, {"n_estimators": [3]}])
    assert [(one.parameter, one.is_shared) for one in found] == [
        ("n_estimators", True),
        ("max_depth", False),
        ("n_estimators", False),
    ]
    with pytest.raises(TypeError, match="A space needs to be a dict"):
        explain(FOREST, 3)


def test_the_table_of_the_page_is_that_of_the_code():
    spec = importlib.util.spec_from_file_location("paths_of_docs", DOCS / "_paths.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = module.PAGE.read_text(encoding="utf-8")
    assert f"{module.BEGIN}\n{module.table()}\n{module.END}" in text, "run: python docs/_paths.py"

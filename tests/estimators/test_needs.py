"""What a model needs of its columns, by tags and by class."""

import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Lasso, LogisticRegression, Ridge, SGDClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from skhpo import Choice
from skhpo.estimators.needs import Needs, needs_of

HGB = HistGradientBoostingClassifier()


@pytest.mark.parametrize(
    "model",
    [
        HGB,
        ExtraTreesRegressor(),
        GradientBoostingClassifier(),
        DecisionTreeClassifier(),
        IsolationForest(),
        CalibratedClassifierCV(HGB),
        BaggingClassifier(HGB),
        TransformedTargetRegressor(HistGradientBoostingRegressor()),
        make_pipeline(StandardScaler(), HGB),
        VotingClassifier([("a", HGB), ("b", DecisionTreeClassifier())]),
        Choice({"a": HGB, "b": make_pipeline(DecisionTreeClassifier())}),
        CalibratedClassifierCV(Choice({"a": HGB})),
    ],
    ids=lambda model: type(model).__name__,
)
def test_trees(model):
    assert needs_of(model).is_tree
    assert not needs_of(model).is_linear


@pytest.mark.parametrize("model", [Ridge(), Lasso(), LogisticRegression(), SGDClassifier(), LinearSVC()], ids=str)
def test_linear_models(model):
    assert needs_of(model).is_linear
    assert not needs_of(model).is_tree


@pytest.mark.parametrize("model", [SVC(), KNeighborsClassifier(), MultinomialNB(), None, object], ids=str)
def test_others(model):
    model = None if model is object else model
    assert not needs_of(model).is_linear
    assert not needs_of(model).is_tree


def test_missing_values_as_the_tags_say():
    assert needs_of(HGB).takes_missing
    assert needs_of(make_pipeline(StandardScaler(), HGB)).takes_missing
    assert not needs_of(make_pipeline(StandardScaler(), SVC())).takes_missing
    assert needs_of(make_pipeline(SimpleImputer(), StandardScaler(), SVC())).takes_missing
    assert needs_of(make_pipeline("passthrough", HGB)).takes_missing
    assert not needs_of(make_pipeline(PCA(), HGB)).takes_missing
    assert not needs_of(GradientBoostingClassifier()).takes_missing


def test_several_models_get_what_all_can_live_with():
    parts = [("a", HGB), ("b", LogisticRegression()), ("c", MultinomialNB())]
    for several in (VotingClassifier(parts), StackingClassifier(parts), Choice(dict(parts))):
        needs = needs_of(several)
        assert needs == Needs(takes_sparse=needs.takes_sparse, is_positive=True)


def test_without_a_model_anything_may_be_needed():
    assert needs_of(None) == Needs()


@pytest.mark.parametrize(
    ("module", "name"),
    [("xgboost", "XGBClassifier"), ("lightgbm", "LGBMRegressor"), ("catboost", "CatBoostClassifier")],
)
def test_boosting_of_other_libraries(module, name):
    model = getattr(pytest.importorskip(module), name)()
    assert needs_of(model).is_tree
    assert needs_of(model).takes_missing

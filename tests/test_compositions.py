"""A grid search inside of what scikit-learn makes of estimators: what comes out is what its own class gives there."""

import copy
import io
import pickle

import joblib
import numpy as np
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import (
    BaggingClassifier,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.feature_selection import RFE, RFECV, SelectFromModel, SequentialFeatureSelector
from sklearn.frozen import FrozenEstimator
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    FixedThresholdClassifier,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_validate,
    learning_curve,
    permutation_test_score,
    validation_curve,
)
from sklearn.model_selection import GridSearchCV as TheirGrid
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, RegressorChain
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.tree import DecisionTreeClassifier

from skhpo import GridSearchCV

X, Y = (each[::2] for each in load_iris(return_X_y=True))
TWO = Y < 1
BOTH = np.column_stack([Y > 0, Y > 1]).astype(int)
DATA, TARGETS = (each[:80] for each in load_diabetes(return_X_y=True))
UNKNOWN = np.where(np.arange(len(Y)) % 4, Y, -1)


def tree(kind, **settings):
    return kind(DecisionTreeClassifier(random_state=0), {"max_depth": [1, 3]}, cv=2, **settings)


def ridge(kind):
    return kind(Ridge(), {"alpha": [0.1, 10.0]}, cv=2)


def linear(kind):
    return kind(LogisticRegression(max_iter=500), {"C": [0.1, 10.0]}, cv=2)


def predicted(model, X=X, y=Y):
    return model.fit(X, y).predict(X)


def saved(model):
    with io.BytesIO() as file:
        joblib.dump(model, file)
        file.seek(0)
        return joblib.load(file)


PATTERNS = {
    "alone": lambda kind: tree(kind).fit(X, Y).predict_proba(X),
    "clone": lambda kind: predicted(clone(tree(kind).fit(X, Y))),
    "copy": lambda kind: copy.copy(tree(kind).fit(X, Y)).predict(X),
    "deepcopy": lambda kind: copy.deepcopy(tree(kind).fit(X, Y)).predict(X),
    "pickle": lambda kind: pickle.loads(pickle.dumps(tree(kind).fit(X, Y))).predict(X),  # noqa: S301 - our own
    "joblib": lambda kind: saved(tree(kind).fit(X, Y)).predict_proba(X),
    "kinds": lambda kind: [is_classifier(tree(kind)), is_regressor(tree(kind)), is_regressor(ridge(kind))],
    "pipeline": lambda kind: predicted(make_pipeline(StandardScaler(), tree(kind))),
    "stacking": lambda kind: predicted(StackingClassifier([("a", tree(kind)), ("b", linear(kind))], cv=2)),
    "stacking, prefit": lambda kind: predicted(
        StackingClassifier([("a", tree(kind).fit(X, Y))], cv="prefit", final_estimator=LogisticRegression())
    ),
    "stacking of regressors": lambda kind: predicted(StackingRegressor([("a", ridge(kind))], cv=2), DATA, TARGETS),
    "voting": lambda kind: predicted(VotingClassifier([("a", tree(kind)), ("b", linear(kind))], voting="soft")),
    "voting of regressors": lambda kind: predicted(VotingRegressor([("a", ridge(kind))]), DATA, TARGETS),
    "bagging": lambda kind: predicted(BaggingClassifier(tree(kind), n_estimators=2, random_state=0)),
    "calibrated": lambda kind: CalibratedClassifierCV(tree(kind), cv=2).fit(X, Y).predict_proba(X),
    "calibrated, frozen": lambda kind: (
        CalibratedClassifierCV(FrozenEstimator(tree(kind).fit(X, Y)), cv=2).fit(X, Y).predict_proba(X)
    ),
    "tuned threshold": lambda kind: predicted(TunedThresholdClassifierCV(linear(kind), cv=2), X, TWO),
    "threshold inside": lambda kind: predicted(
        kind(FixedThresholdClassifier(LogisticRegression()), {"threshold": [0.2, 0.6]}, cv=2), X, TWO
    ),
    "one against rest": lambda kind: predicted(OneVsRestClassifier(tree(kind))),
    "one against one": lambda kind: predicted(OneVsOneClassifier(tree(kind))),
    "output code": lambda kind: predicted(OutputCodeClassifier(tree(kind), random_state=0)),
    "several outputs": lambda kind: predicted(MultiOutputClassifier(tree(kind)), X, BOTH),
    "chain": lambda kind: predicted(ClassifierChain(tree(kind), random_state=0), X, BOTH),
    "chain of regressors": lambda kind: predicted(RegressorChain(ridge(kind)), X, X[:, :2]),
    "transformed target": lambda kind: predicted(
        TransformedTargetRegressor(ridge(kind), func=np.log1p, inverse_func=np.expm1), DATA, TARGETS
    ),
    "self-training": lambda kind: predicted(SelfTrainingClassifier(tree(kind)), X, UNKNOWN),
    "recursive elimination": lambda kind: (
        RFE(linear(kind), importance_getter="best_estimator_.coef_").fit(X, Y).ranking_
    ),
    "recursive elimination, cv": lambda kind: (
        RFECV(linear(kind), importance_getter="best_estimator_.coef_", cv=2).fit(X, Y).ranking_
    ),
    "sequential selection": lambda kind: (
        SequentialFeatureSelector(tree(kind), n_features_to_select=2, cv=2).fit(X, Y).get_support()
    ),
    "selection by a model": lambda kind: (
        SelectFromModel(linear(kind), importance_getter="best_estimator_.coef_").fit(X, Y).get_support()
    ),
    "columns": lambda kind: predicted(
        kind(
            make_pipeline(
                ColumnTransformer([("s", StandardScaler(), [0, 1])], remainder="passthrough"),
                FeatureUnion([("t", StandardScaler())]),
                LogisticRegression(max_iter=500),
            ),
            {"logisticregression__C": [0.1, 1.0]},
            cv=2,
        )
    ),
    "cross_validate": lambda kind: cross_validate(tree(kind), X, Y, cv=2, return_train_score=True)["test_score"],
    "cross_val_predict": lambda kind: cross_val_predict(tree(kind), X, Y, cv=2, method="predict_proba"),
    "learning_curve": lambda kind: learning_curve(tree(kind), X, Y, cv=2, train_sizes=[0.5, 1.0])[2],
    "validation_curve": lambda kind: validation_curve(
        tree(kind), X, Y, param_name="estimator__max_leaf_nodes", param_range=[2, 4], cv=2
    )[1],
    "permutation_test_score": lambda kind: permutation_test_score(
        tree(kind), X, Y, cv=2, n_permutations=2, random_state=0
    )[1],
    "search in a search": lambda kind: predicted(kind(tree(kind), {"estimator__criterion": ["gini", "entropy"]}, cv=2)),
    "search of theirs around": lambda kind: predicted(TheirGrid(tree(kind), {"estimator__splitter": ["best"]}, cv=2)),
    "permutation_importance": lambda kind: (
        permutation_importance(tree(kind).fit(X, Y), X, Y, n_repeats=2, random_state=0).importances
    ),
    "partial_dependence": lambda kind: partial_dependence(tree(kind).fit(X, Y), X, [0])["average"],
    "several metrics": lambda kind: (
        tree(kind, scoring=["accuracy", "f1_macro"], refit="f1_macro").fit(X, Y).cv_results_["rank_test_f1_macro"]
    ),
    "parameters": lambda kind: tree(kind).set_params(estimator__max_leaf_nodes=2).fit(X, Y).predict(X),
}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_what_comes_out_is_what_scikit_learns_grid_search_gives(pattern):
    ours, theirs = (np.asarray(PATTERNS[pattern](kind)) for kind in (GridSearchCV, TheirGrid))
    assert np.array_equal(ours, theirs)
    assert ours.size

"""Each row of the table of paths: where it holds it holds to the bit, and where it does not it is refused."""

import copy
import importlib
import pickle
from inspect import signature

import joblib
import numpy as np
import pytest
import sklearn
from sklearn.base import BaseEstimator, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.cross_decomposition import PLSRegression
from sklearn.datasets import make_classification, make_regression
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.feature_selection import RFE, SelectFdr, SelectFpr, SelectFwe, SelectKBest, SelectPercentile
from sklearn.linear_model import (
    Lars,
    LassoLars,
    LinearRegression,
    LogisticRegression,
    OrthogonalMatchingPursuit,
    SGDClassifier,
)
from sklearn.model_selection import FixedThresholdClassifier, KFold, TunedThresholdClassifierCV
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, MultiOutputRegressor, RegressorChain
from sklearn.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    RadiusNeighborsClassifier,
    RadiusNeighborsRegressor,
)
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor

from skhpo.estimators import register_path
from skhpo.estimators.facts import Shape, Training
from skhpo.estimators.hops import NoRouteError
from skhpo.estimators.routes import Listener, objection_to, route_to
from skhpo.estimators.table import FACTS, facts_of, path_of
from skhpo.testing import check_path

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")

N = 160
BINARY = make_classification(N, 8, n_informative=5, random_state=1)
THREE = make_classification(N, 8, n_informative=5, n_classes=3, random_state=2)
NUMBERS = make_regression(N, 8, n_informative=5, noise=20.0, random_state=3)
TIES = (np.round(THREE[0]), THREE[1])
NUMBERS_WITH_TIES = (np.round(NUMBERS[0]), NUMBERS[1])
TWO_TARGETS = (NUMBERS[0], np.c_[NUMBERS[1], NUMBERS[0][:, 0] ** 2])
TWO_LABELS = (BINARY[0], np.c_[BINARY[1], BINARY[0][:, 0] > 0])
WIDE = make_regression(40, 60, n_informative=5, noise=20.0, random_state=3)
SHAPE = Shape(N, N)
CHAINED = "estimator" if "estimator" in signature(RegressorChain).parameters else "base_estimator"
SELF_TRAINED = "estimator" if "estimator" in signature(SelfTrainingClassifier).parameters else "base_estimator"
GENERATOR = np.random.RandomState(0)
SEED = {"random_state": 0}


def with_gaps(data):
    X = data[0].copy()
    X[::7, 0] = np.nan
    return X, data[1]


COUNTS = [2, 11, 5, 12]
HISTOGRAM = {"max_leaf_nodes": 7, "max_bins": 32}
HOLDS = [
    # Histogram gradient boosting: without a seed as long as nothing is drawn.
    (HistGradientBoostingClassifier(**HISTOGRAM), "max_iter", COUNTS, BINARY),
    (HistGradientBoostingClassifier(**HISTOGRAM), "max_iter", COUNTS, with_gaps(THREE)),
    (HistGradientBoostingClassifier(**HISTOGRAM, max_features=0.5, **SEED), "max_iter", COUNTS, THREE),
    (
        HistGradientBoostingClassifier(**HISTOGRAM, class_weight="balanced", l2_regularization=1.0),
        "max_iter",
        COUNTS,
        TIES,
    ),
    (
        HistGradientBoostingClassifier(**HISTOGRAM, early_stopping=True, n_iter_no_change=2, learning_rate=0.9, **SEED),
        "max_iter",
        [1, 3, 5, 12, 40],
        THREE,
    ),
    (
        HistGradientBoostingRegressor(
            **HISTOGRAM, early_stopping=True, n_iter_no_change=2, scoring="r2", validation_fraction=None, **SEED
        ),
        "max_iter",
        COUNTS,
        NUMBERS,
    ),
    *(
        (
            HistGradientBoostingRegressor(**HISTOGRAM, loss=loss, **more),
            "max_iter",
            COUNTS,
            (NUMBERS[0], abs(NUMBERS[1])),
        )
        for loss, more in {
            "squared_error": {},
            "absolute_error": {},
            "quantile": {"quantile": 0.3},
            "gamma": {},
            "poisson": {"interaction_cst": "no_interactions"},
        }.items()
    ),
    # Gradient boosting.
    (GradientBoostingClassifier(subsample=0.5, max_features="sqrt", **SEED), "n_estimators", COUNTS, THREE),
    (GradientBoostingClassifier(loss="exponential", **SEED), "n_estimators", COUNTS, BINARY),
    (GradientBoostingClassifier(n_iter_no_change=2, learning_rate=0.9, **SEED), "n_estimators", [1, 3, 5, 40], TIES),
    *(
        (GradientBoostingRegressor(loss=loss, subsample=0.5, **SEED), "n_estimators", COUNTS, NUMBERS_WITH_TIES)
        for loss in ("huber", "quantile", "absolute_error", "squared_error")
    ),
    (GradientBoostingRegressor(max_leaf_nodes=5, init="zero", **SEED), "n_estimators", COUNTS, NUMBERS),
    # Forests.
    (RandomForestClassifier(**SEED), "n_estimators", COUNTS, TIES),
    (RandomForestClassifier(max_samples=0.5, class_weight="balanced_subsample", **SEED), "n_estimators", COUNTS, THREE),
    (RandomForestClassifier(criterion="entropy", max_depth=3, n_jobs=1, **SEED), "n_estimators", COUNTS, BINARY),
    (RandomForestClassifier(bootstrap=False, **SEED), "n_estimators", COUNTS, TWO_LABELS),
    (RandomForestRegressor(max_features=0.5, **SEED), "n_estimators", COUNTS, NUMBERS),
    (ExtraTreesClassifier(**SEED), "n_estimators", COUNTS, TIES),
    (ExtraTreesRegressor(bootstrap=True, **SEED), "n_estimators", COUNTS, TWO_TARGETS),
    # Bags.
    (BaggingClassifier(max_features=0.5, **SEED), "n_estimators", COUNTS, THREE),
    (BaggingClassifier(KNeighborsClassifier(), max_samples=0.5, **SEED), "n_estimators", COUNTS, TIES),
    (BaggingRegressor(DecisionTreeRegressor(max_features=2), **SEED), "n_estimators", COUNTS, NUMBERS),
    # AdaBoost.
    (AdaBoostClassifier(**SEED), "n_estimators", [1, 7, 20, 21], THREE),
    (AdaBoostClassifier(DecisionTreeClassifier(max_depth=8), **SEED), "n_estimators", COUNTS, TIES),
    (AdaBoostRegressor(**SEED), "n_estimators", [1, 7, 20], NUMBERS),
    # Isolation forests.
    (IsolationForest(**SEED), "n_estimators", COUNTS, (BINARY[0], None)),
    (
        IsolationForest(max_features=0.5, bootstrap=True, max_samples=40, **SEED),
        "n_estimators",
        COUNTS,
        (TIES[0], None),
    ),
    (IsolationForest(n_jobs=2, **SEED), "n_estimators", COUNTS, (BINARY[0], None)),
    # Trees.
    *(
        (tree, parameter, values, data)
        for tree, data in [
            (DecisionTreeClassifier(**SEED), THREE),
            (DecisionTreeClassifier(criterion="entropy", max_features=3, min_samples_leaf=2, **SEED), TIES),
            (DecisionTreeClassifier(splitter="random", **SEED), with_gaps(BINARY)),
            (DecisionTreeClassifier(max_depth=4, class_weight="balanced", **SEED), TWO_LABELS),
            (DecisionTreeRegressor(**SEED), NUMBERS),
            (DecisionTreeRegressor(max_features=3, **SEED), NUMBERS_WITH_TIES),
            (DecisionTreeRegressor(criterion="absolute_error", max_depth=5, **SEED), NUMBERS),
            (ExtraTreeClassifier(**SEED), THREE),
            (ExtraTreeRegressor(**SEED), TWO_TARGETS),
        ]
        for parameter, values in {
            "ccp_alpha": [0.0, 0.003, 0.01, 0.02, 500.0],
            "max_leaf_nodes": [2, 3, 9, 10, 31, 1000],
        }.items()
    ),
    (DecisionTreeClassifier(max_leaf_nodes=20, **SEED), "ccp_alpha", [0, 0.01, 0.02], THREE),
    # Neighbours.
    *(
        (kind(weights=weights, algorithm=algorithm, p=p), "n_neighbors", [1, 2, 5, 30], data)
        for kind, data in {KNeighborsClassifier: THREE, KNeighborsRegressor: NUMBERS}.items()
        for weights in ("uniform", "distance")
        for algorithm in ("auto", "kd_tree", "ball_tree", "brute")
        for p in (1, 2, 3)
    ),
    (KNeighborsClassifier(), "n_neighbors", [1, 2, 5, 30], TIES),
    (KNeighborsClassifier(weights="distance"), "n_neighbors", [1, 2, 5, 30], TIES),
    (KNeighborsRegressor(), "n_neighbors", [1, 2, 5, 30], (NUMBERS_WITH_TIES[0], TWO_TARGETS[1])),
    (KNeighborsClassifier(algorithm="kd_tree"), "n_neighbors", [1, 79, 140, N], THREE),
    (RadiusNeighborsClassifier(outlier_label=0), "radius", [1.0, 0.5, 3.0], THREE),
    (RadiusNeighborsRegressor(), "radius", [1.0, 2.0, 3.0], NUMBERS),
    # Selectors.
    (SelectKBest(), "k", [1, 3, "all", 8], (np.c_[THREE[0], THREE[0][:, :2]], THREE[1])),
    (SelectPercentile(), "percentile", [10, 50, 100], THREE),
    (SelectFpr(), "alpha", [0.9, 0.01], THREE),
    (SelectFdr(), "alpha", [0.9, 0.01], THREE),
    (SelectFwe(), "alpha", [0.9, 0.01], THREE),
    # Components.
    (PLSRegression(), "n_components", [1, 2, 5, 8], NUMBERS),
    (PLSRegression(scale=False), "n_components", [1, 2, 5, 8], TWO_TARGETS),
    # Features one after the other.
    *(
        (kind(fit_intercept=fit_intercept, precompute=precompute), "n_nonzero_coefs", [1, 2, 3, 7], data)
        for kind in (Lars, OrthogonalMatchingPursuit)
        for fit_intercept in (True, False)
        for precompute in ("auto", True, False)
        for data in (NUMBERS, WIDE, (np.asfortranarray(NUMBERS[0]), NUMBERS[1]))
    ),
    (Lars(), "n_nonzero_coefs", [1, 3, 8, 500], (np.c_[NUMBERS[0], NUMBERS[0][:, :2]], NUMBERS[1])),
    (make_pipeline(StandardScaler(), Lars()), "lars__n_nonzero_coefs", [1, 3, 8], NUMBERS_WITH_TIES),
    # Elimination of features.
    (RFE(LinearSVC(**SEED)), "n_features_to_select", [3, 1, 8, 5], BINARY),
    (RFE(LogisticRegression(), step=2), "n_features_to_select", [2, 4, 6, 8], THREE),
    (RFE(LogisticRegression(), step=0.25), "n_features_to_select", [2, 6], TIES),
    (RFE(LogisticRegression(), step=5), "n_features_to_select", [2, 3, 8], THREE),
    (RFE(RandomForestClassifier(4, **SEED)), "n_features_to_select", [1, 4, 5], THREE),
    (RFE(DecisionTreeRegressor(**SEED), step=3), "n_features_to_select", [2, 5], NUMBERS_WITH_TIES),
    (
        make_pipeline(StandardScaler(), RFE(LogisticRegression())),
        "rfe__n_features_to_select",
        [1, 4, 5],
        THREE,
    ),
    # Thresholds.
    (FixedThresholdClassifier(LogisticRegression()), "threshold", [0.2, 0.5, "auto"], BINARY),
    # In pipelines and wrappers.
    (
        make_pipeline(StandardScaler(), RandomForestClassifier(**SEED)),
        "randomforestclassifier__n_estimators",
        COUNTS,
        TIES,
    ),
    (TransformedTargetRegressor(GradientBoostingRegressor(**SEED)), "regressor__n_estimators", COUNTS, NUMBERS),
    (OneVsRestClassifier(GradientBoostingClassifier(**SEED)), "estimator__n_estimators", COUNTS, THREE),
    (OneVsOneClassifier(RandomForestClassifier(**SEED)), "estimator__n_estimators", COUNTS, THREE),
    (MultiOutputClassifier(RandomForestClassifier(**SEED)), "estimator__n_estimators", COUNTS, TWO_LABELS),
    (ClassifierChain(RandomForestClassifier(**SEED)), f"{CHAINED}__n_estimators", COUNTS, TWO_LABELS),
    (
        RegressorChain(GradientBoostingRegressor(**SEED), order="random", random_state=1),
        f"{CHAINED}__n_estimators",
        COUNTS,
        TWO_TARGETS,
    ),
    (
        VotingClassifier(
            [("one", LogisticRegression()), ("none", "drop"), ("two", RandomForestClassifier(**SEED))], voting="soft"
        ),
        "two__n_estimators",
        COUNTS,
        THREE,
    ),
    (
        VotingRegressor(
            [("one", make_pipeline(StandardScaler(), GradientBoostingRegressor(**SEED))), ("two", LinearRegression())]
        ),
        "one__gradientboostingregressor__n_estimators",
        COUNTS,
        NUMBERS,
    ),
    (MultiOutputRegressor(HistGradientBoostingRegressor(**HISTOGRAM)), "estimator__max_iter", COUNTS, TWO_TARGETS),
    (FixedThresholdClassifier(RandomForestClassifier(**SEED)), "estimator__n_estimators", COUNTS, BINARY),
    # Where something learns from predictions of the models inside, it learns anew.
    (CalibratedClassifierCV(RandomForestClassifier(**SEED)), "estimator__n_estimators", COUNTS, THREE),
    (
        CalibratedClassifierCV(GradientBoostingClassifier(**SEED), method="isotonic", ensemble=False),
        "estimator__n_estimators",
        COUNTS,
        TIES,
    ),
    (
        CalibratedClassifierCV(
            make_pipeline(StandardScaler(), HistGradientBoostingClassifier(**HISTOGRAM)),
            cv=KFold(3, shuffle=True, **SEED),
        ),
        "estimator__histgradientboostingclassifier__max_iter",
        COUNTS,
        BINARY,
    ),
    (
        make_pipeline(StandardScaler(), CalibratedClassifierCV(DecisionTreeClassifier(**SEED), cv=3)),
        "calibratedclassifiercv__estimator__ccp_alpha",
        [0, 0.01, 0.02],
        THREE,
    ),
    (
        CalibratedClassifierCV(OneVsRestClassifier(AdaBoostClassifier(**SEED)), cv=2, n_jobs=1),
        "estimator__estimator__n_estimators",
        [1, 7, 5],
        THREE,
    ),
    (CalibratedClassifierCV(KNeighborsClassifier(algorithm="brute")), "estimator__n_neighbors", [1, 9, 5], TIES),
    (
        TunedThresholdClassifierCV(RandomForestClassifier(**SEED), thresholds=15),
        "estimator__n_estimators",
        COUNTS,
        BINARY,
    ),
    (
        TunedThresholdClassifierCV(RandomForestClassifier(**SEED), thresholds=15, cv=0.5, refit=False, **SEED),
        "estimator__n_estimators",
        COUNTS,
        BINARY,
    ),
    (
        StackingClassifier(
            [
                ("a", RandomForestClassifier(**SEED)),
                ("b", GradientBoostingClassifier(n_estimators=5, **SEED)),
                ("none", "drop"),
            ]
        ),
        "a__n_estimators",
        COUNTS,
        THREE,
    ),
    (
        StackingClassifier([("a", RandomForestClassifier(3, **SEED))], GradientBoostingClassifier(**SEED), cv=3),
        "final_estimator__n_estimators",
        COUNTS,
        THREE,
    ),
    (
        StackingRegressor(
            [("a", make_pipeline(StandardScaler(), RandomForestRegressor(**SEED))), ("b", LinearRegression())],
            passthrough=True,
        ),
        "a__randomforestregressor__n_estimators",
        COUNTS,
        NUMBERS,
    ),
    (
        make_pipeline(
            StandardScaler(),
            TransformedTargetRegressor(
                make_pipeline(StandardScaler(), RandomForestRegressor(**SEED)),
                func=np.cbrt,
                inverse_func=np.exp,
                check_inverse=False,
            ),
        ),
        "transformedtargetregressor__regressor__randomforestregressor__n_estimators",
        COUNTS,
        NUMBERS,
    ),
]


def names(rows):
    return [f"{number}-{row[0].__class__.__name__}-{row[1]}" for number, row in enumerate(rows)]


@pytest.mark.parametrize(("estimator", "parameter", "values", "data"), HOLDS, ids=names(HOLDS))
def test_shorter_models_stand_inside_longer_ones(estimator, parameter, values, data):
    check_path(estimator, parameter, values, *data)


def test_bags_are_summed_up_by_workers():
    with joblib.parallel_config("threading"):
        check_path(BaggingClassifier(n_jobs=2, **SEED), "n_estimators", COUNTS, BINARY[0], BINARY[1])


# What is not to the bit, or not known to be, and the words that say why.
REFUSED = [
    (HistGradientBoostingClassifier(max_features=0.5), "max_iter", "random_state is not an integer"),
    (HistGradientBoostingClassifier(early_stopping=True), "max_iter", "random_state is not an integer"),
    (HistGradientBoostingClassifier(warm_start=True), "max_iter", "warm_start=True"),
    (HistGradientBoostingClassifier(scoring=lambda model, X, y: 0.5), "max_iter", "scoring is a function"),
    (GradientBoostingClassifier(), "n_estimators", "random_state is not an integer"),
    (GradientBoostingClassifier(init=LogisticRegression(), **SEED), "n_estimators", "init is an estimator"),
    (GradientBoostingRegressor(warm_start=True, **SEED), "n_estimators", "warm_start=True"),
    (RandomForestClassifier(), "n_estimators", "random_state is not an integer"),
    (RandomForestClassifier(random_state=GENERATOR), "n_estimators", "random_state is not an integer"),
    (RandomForestClassifier(random_state=True), "n_estimators", "random_state is not an integer"),
    (RandomForestClassifier(n_jobs=2, **SEED), "n_estimators", "n_jobs of its own"),
    (RandomForestClassifier(oob_score=True, **SEED), "n_estimators", "oob_score is of all trees"),
    (RandomForestClassifier(**SEED), "max_depth", "no path along max_depth"),
    (BaggingClassifier(oob_score=True, **SEED), "n_estimators", "oob_score is of all members"),
    (BaggingClassifier(), "n_estimators", "random_state is not an integer"),
    (
        BaggingClassifier(DecisionTreeClassifier(), n_jobs=2, **SEED),
        "n_estimators",
        "its members are fitted by other processes",
    ),
    (AdaBoostClassifier(), "n_estimators", "random_state is not an integer"),
    (AdaBoostClassifier(RandomForestClassifier(n_jobs=2, **SEED), **SEED), "n_estimators", "n_jobs of their own"),
    (IsolationForest(contamination=0.1, **SEED), "n_estimators", "contamination"),
    (DecisionTreeClassifier(**SEED), "max_depth", "no path along max_depth"),
    (DecisionTreeClassifier(**SEED), "min_samples_split", "no path along min_samples_split"),
    (DecisionTreeClassifier(), "ccp_alpha", "random_state is not an integer"),
    (DecisionTreeClassifier(ccp_alpha=0.1, **SEED), "max_leaf_nodes", "ccp_alpha"),
    (KNeighborsClassifier(), "n_neighbors", "half of the samples"),
    (LinearRegression(), "fit_intercept", "no path along"),
    (Lars(fit_path=False), "n_nonzero_coefs", "keeps no path"),
    (Lars(jitter=0.1, **SEED), "n_nonzero_coefs", "a jitter changes the mean"),
    (Lars(copy_X=False), "n_nonzero_coefs", "copy_X=False"),
    (OrthogonalMatchingPursuit(tol=1.0), "n_nonzero_coefs", "counts for nothing"),
    (LassoLars(), "alpha", "no path along alpha"),
    (LassoLars(), "max_iter", "no path along max_iter"),
    (RFE(LogisticRegression()), "step", "no path along step"),
    (RFE(LogisticRegression()), "estimator__C", "its features are chosen"),
    (
        MultiOutputRegressor(Lars()),
        "estimator__n_nonzero_coefs",
        "a wrapper keeps them to itself",
    ),
    (MLPClassifier(**SEED), "max_iter", "no path along max_iter"),
    (SGDClassifier(**SEED), "max_iter", "no path along max_iter"),
    (TruncatedSVD(**SEED), "n_components", "no path along n_components"),
    *(
        (wrapped(RandomForestClassifier(**SEED)), name, why)
        for wrapped, name, why in [
            (
                lambda forest: CalibratedClassifierCV(forest, n_jobs=2),
                "estimator__n_estimators",
                "CalibratedClassifierCV fits its models in other processes",
            ),
            (
                lambda forest: CalibratedClassifierCV(forest, cv=KFold(3, shuffle=True)),
                "estimator__n_estimators",
                "the splits of CalibratedClassifierCV have no seed",
            ),
            (
                lambda forest: StackingClassifier([("one", forest)], cv="prefit"),
                "one__n_estimators",
                "the models of StackingClassifier are fitted before it",
            ),
            (
                lambda forest: StackingClassifier([("one", forest)]),
                "final_estimator__n_estimators",
                "nothing is known of what StackingClassifier does with final_estimator",
            ),
            (
                lambda forest: OneVsRestClassifier(CalibratedClassifierCV(forest)),
                "estimator__estimator__n_estimators",
                "is fitted anew, and a wrapper keeps its samples to itself",
            ),
            (
                lambda forest: StackingClassifier([("one", TunedThresholdClassifierCV(forest))]),
                "one__estimator__n_estimators",
                "is fitted anew, and a wrapper keeps its samples to itself",
            ),
            (
                lambda forest: CalibratedClassifierCV(KNeighborsClassifier()),
                "estimator__n_neighbors",
                "half of the samples",
            ),
            (SelfTrainingClassifier, f"{SELF_TRAINED}__n_estimators", "its labels are chosen"),
            (lambda forest: ClassifierChain(forest, cv=3), f"{CHAINED}__n_estimators", "fitted to predictions of the"),
            (
                lambda forest: ClassifierChain(forest, order="random"),
                f"{CHAINED}__n_estimators",
                "random_state is not an integer",
            ),
            (lambda forest: VotingClassifier([("one", forest)]), "two__n_estimators", "nothing is known of what"),
        ]
    ),
    (TunedThresholdClassifierCV(LogisticRegression()), "thresholds", "no path along thresholds"),
    (
        make_pipeline(ColumnTransformer([("best", SelectKBest(), [0, 1, 2])]), RandomForestClassifier(**SEED)),
        "columntransformer__best__k",
        "not the last step",
    ),
    (
        FixedThresholdClassifier(LogisticRegression(random_state=np.random.RandomState(0))),
        "threshold",
        "is a generator",
    ),
    (make_pipeline(PLSRegression(), LinearRegression()), "plsregression__n_components", "not the last step"),
    (
        make_pipeline(StandardScaler(), SelectKBest(lambda X, y: X[0]), RandomForestClassifier(**SEED)),
        "randomforestclassifier__n_estimators",
        "nothing is known of '<lambda>'",
    ),
]


@pytest.mark.parametrize(("estimator", "parameter", "why"), REFUSED, ids=names(REFUSED))
def test_what_does_not_hold_is_refused(estimator, parameter, why):
    try:
        route = route_to(estimator, parameter)
        reason = objection_to(route, [2, N // 2], SHAPE)
    except NoRouteError as error:
        reason = str(error)
    assert why in (reason or "nothing is said")
    with pytest.raises(AssertionError, match=r".+"):
        check_path(estimator, parameter, [2, N // 2], *THREE)


def test_rows_from_which_on_boosting_draws():
    route = route_to(HistGradientBoostingClassifier(), "max_iter")
    assert objection_to(route, [1, 2], Shape(9_000, 10_000)) is None
    assert "random_state" in objection_to(route, [1, 2], Shape(9_000, 10_001)), "early stopping begins"
    never = route_to(HistGradientBoostingClassifier(early_stopping=False), "max_iter")
    assert objection_to(never, [1, 2], Shape(9_000, 10_001)) is None
    assert "random_state" in objection_to(never, [1, 2], Shape(9_000, 200_000)), "bins are those of a sample"
    seeded = route_to(HistGradientBoostingClassifier(random_state=0), "max_iter")
    assert objection_to(seeded, [1, 2], Shape(9_000, 300_000)) is None


@pytest.mark.parametrize(
    ("parameter", "value", "is_place"),
    [
        ("n_estimators", 1, True),
        ("n_estimators", np.int64(7), True),
        ("n_estimators", 0, False),
        ("n_estimators", True, False),
        ("n_estimators", 7.0, False),
        ("n_estimators", "7", False),
    ],
)
def test_values_that_are_places(parameter, value, is_place):
    assert (path_of(RandomForestClassifier(), parameter).length(value) is not None) == is_place


@pytest.mark.parametrize(
    ("estimator", "parameter", "good", "bad"),
    [
        (FixedThresholdClassifier(LogisticRegression()), "threshold", [0.5, -3, "auto"], ["x", None, True, [0.5]]),
        (SelectKBest(), "k", [0, 3, "all"], [-1, 2.0, "x", None, True]),
        (SelectPercentile(), "percentile", [0, 12.5, 100], [-1, 101, "x", None]),
        (SelectFpr(), "alpha", [0, 0.5, 1], [-0.1, 1.5, "x", np.nan]),
        (RadiusNeighborsRegressor(), "radius", [0, 0.5, 10], [-0.1, "x", None]),
    ],
)
def test_values_that_the_fit_itself_refuses_are_no_places(estimator, parameter, good, bad):
    length = path_of(estimator, parameter).length
    assert [length(value) for value in good] == [0.0] * len(good), "each of their models holds all others"
    assert [length(value) for value in bad] == [None] * len(bad)


def test_penalties_and_leaves_that_are_places():
    alpha, leaves = (path_of(DecisionTreeClassifier(), name).length for name in ("ccp_alpha", "max_leaf_nodes"))
    assert alpha(0.0) > alpha(0.1) > alpha(2), "the smallest penalty holds all others"
    assert alpha(-0.1) is alpha(np.nan) is alpha(None) is alpha(np.inf) is None
    assert leaves(3) > leaves(2)
    assert leaves(1) is leaves(None) is leaves(2.0) is None


class Subclass(RandomForestClassifier):
    """May do anything."""


class Own(BaseEstimator):
    """Predicts n means."""

    def __init__(self, n=1):
        self.n = n

    def fit(self, X, y=None):
        self.means_ = [X.mean() * i for i in range(self.n)]
        return self

    def predict(self, X):
        return np.full(len(X), sum(self.means_))


def test_only_the_exact_class_is_known():
    assert facts_of(RandomForestClassifier()).paths
    assert not facts_of(Subclass()).paths
    fake = type("RandomForestClassifier", (BaseEstimator,), {"__module__": "sklearn.ensemble._forest"})
    assert not facts_of(fake()).paths, "the name alone says nothing"


def test_every_class_is_found_where_it_is_said_to_be():
    for name in FACTS:
        module, _, short = name.rpartition(".")
        if module.startswith("sklearn."):
            kind = getattr(importlib.import_module(module), short)
            assert facts_of(object.__new__(kind)) is FACTS[name]


def test_versions_that_were_not_tested_are_refused(monkeypatch):
    for version, is_tested in {"1.5.2": False, "1.6.0": True, "1.9.dev0": True, "1.10.0": False, "2.0": False}.items():
        monkeypatch.setattr(sklearn, "__version__", version)
        if is_tested:
            route_to(RandomForestClassifier(**SEED), "n_estimators")
        else:
            with pytest.raises(NoRouteError, match=f"sklearn {version} is not among the tested versions, 1.6 to"):
                route_to(RandomForestClassifier(**SEED), "n_estimators")


def test_a_path_of_another_library():
    with pytest.raises(AssertionError, match="n is on no path: Own has no path along n"):
        check_path(Own(), "n", [1, 3], *NUMBERS)

    def cut(model, value):
        view = copy.copy(model)
        view.n, view.means_ = value, model.means_[:value]
        return view

    register_path(Own, "n", cut)
    check_path(Own(), "n", [1, 3, 2], *NUMBERS)
    check_path(make_pipeline(StandardScaler(), Own()), "own__n", [1, 3, 2], *NUMBERS)
    register_path(Own, "n", lambda model, value: model)
    with pytest.raises(AssertionError, match="predict with n=2, cut at once, is to the bit"):
        check_path(Own(), "n", [1, 3, 2], *NUMBERS)
    register_path(Own, "n", cut, objection=lambda model, values, shape: "it rains")
    with pytest.raises(AssertionError, match="The settings allow to share, but it rains"):
        check_path(Own(), "n", [1, 3, 2], *NUMBERS)


def test_a_path_that_changes_the_model_is_found():
    def cut(model, value):
        del model.means_[value:]
        return model

    register_path(Own, "n", cut)
    with pytest.raises(AssertionError, match="Cutting leaves the model as it was"):
        check_path(Own(), "n", [3, 1], *NUMBERS)


def test_who_learns_from_predictions_is_fitted_with_parts_of_models(monkeypatch):
    X, y = BINARY
    fits, plain = [], RandomForestClassifier.fit

    def fit(self, *args, **kwargs):
        fits.append(self.n_estimators)
        return plain(self, *args, **kwargs)

    monkeypatch.setattr(RandomForestClassifier, "fit", fit)
    for wrapped, n_inside in [
        (CalibratedClassifierCV(RandomForestClassifier(9, **SEED), cv=3), 3),
        (CalibratedClassifierCV(RandomForestClassifier(9, **SEED), cv=3, ensemble=False), 4),
        (TunedThresholdClassifierCV(RandomForestClassifier(9, **SEED), thresholds=15, cv=3), 4),
    ]:
        route = route_to(wrapped, "estimator__n_estimators")
        listener = Listener(route)
        wrapped.fit(X, y)
        assert fits == [9] * n_inside
        fits.clear()
        for value in (5, 2):
            view = route.cut(wrapped, value, listener.training)
            assert view.get_params()["estimator__n_estimators"] == value
            assert not fits, "nothing inside is fitted again"
            assert not vars(view.estimator).keys() & {"fit", "__sklearn_clone__"}
            assert pickle.loads(pickle.dumps(view)).predict(X).tobytes() == view.predict(X).tobytes()  # noqa: S301
        assert not vars(wrapped.estimator).keys() & {"fit", "__sklearn_clone__"}
        with pytest.raises(ValueError, match="the samples are not known"):
            route.cut(wrapped, 2)
        # Other samples are told by their content, and what is not known is fitted.
        other = listener.training._replace(y=1 - y)
        view = route.cut(wrapped, 5, other)
        assert fits == [5] * n_inside
        fits.clear()
        assert view.predict(X).tobytes() == clone(view).fit(X, 1 - y).predict(X).tobytes()
        fits.clear()


def test_the_other_models_of_a_stack_are_not_fitted_again(monkeypatch):
    X, y = THREE
    stack = StackingClassifier([("a", RandomForestClassifier(9, **SEED)), ("b", DecisionTreeClassifier(**SEED))], cv=3)
    route = route_to(stack, "a__n_estimators")
    listener = Listener(route)
    stack.fit(X, y)
    monkeypatch.setattr(DecisionTreeClassifier, "fit", lambda *_: pytest.fail("it was fitted"))
    view = route.cut(stack, 5, listener.training)
    monkeypatch.undo()
    assert view.predict_proba(X).tobytes() == clone(view).fit(X, y).predict_proba(X).tobytes()


def test_views_say_what_they_are():
    X, y = NUMBERS
    forest = RandomForestRegressor(20, **SEED).fit(X, y)
    view = route_to(forest, "n_estimators").cut(forest, 5)
    short = RandomForestRegressor(5, **SEED).fit(X, y)
    assert view.get_params() == short.get_params()
    assert len(view.estimators_) == 5
    assert view.feature_importances_.tobytes() == short.feature_importances_.tobytes()
    assert pickle.loads(pickle.dumps(view)).predict(X).tobytes() == short.predict(X).tobytes()  # noqa: S301
    assert clone(view).n_estimators == 5

    wrapped = TransformedTargetRegressor(GradientBoostingRegressor(n_estimators=12, **SEED)).fit(X, y)
    view = route_to(wrapped, "regressor__n_estimators").cut(wrapped, 5)
    assert view.get_params()["regressor__n_estimators"] == 5
    assert wrapped.get_params()["regressor__n_estimators"] == 12
    short = TransformedTargetRegressor(GradientBoostingRegressor(n_estimators=5, **SEED)).fit(X, y)
    assert view.regressor_.train_score_.tobytes() == short.regressor_.train_score_.tobytes()


def test_trees_are_the_same_to_the_last_node():
    X, y = THREE
    for parameter, value in {"max_leaf_nodes": 5, "ccp_alpha": 0.02}.items():
        tree = DecisionTreeClassifier(**SEED, **({"max_leaf_nodes": 30} if parameter == "max_leaf_nodes" else {}))
        view = route_to(tree, parameter).cut(tree.fit(X, y), value).tree_
        short = DecisionTreeClassifier(**SEED, **{parameter: value}).fit(X, y).tree_
        assert view.node_count == short.node_count
        assert view.max_depth == short.max_depth
        for name in ("children_left", "children_right", "feature", "threshold", "impurity", "n_node_samples", "value"):
            assert np.array_equal(getattr(view, name), getattr(short, name)), name


def test_eliminations_are_the_same_to_the_last_round():
    X, y = THREE
    long = RFE(LogisticRegression(), n_features_to_select=1, step=2)
    route = route_to(long, "n_features_to_select")
    training = Training(X, y, {}, {})
    for value in (2, 4, 6, 8):
        short = RFE(LogisticRegression(), n_features_to_select=value, step=2).fit(X, y)
        view = route.cut(clone(long).fit(X, y), value, training)
        assert view.ranking_.tolist() == short.ranking_.tolist()
        assert view.support_.tolist() == short.support_.tolist()
        assert view.n_features_ == short.n_features_
        assert view.estimator_.coef_.tobytes() == short.estimator_.coef_.tobytes()
    for value in (3, 5, 9):
        with pytest.raises(ValueError, match="after no round"):
            route.cut(clone(long).fit(X, y), value, training)
    with pytest.raises(TypeError, match="only arrays"):
        route.cut(clone(long).fit(X, y), 4, training._replace(X=X.tolist()))


def test_paths_of_features_are_the_same_to_the_last_step():
    X, y = NUMBERS
    for kind, names in {
        Lars: ("coef_", "intercept_", "coef_path_", "alphas_", "active_", "n_iter_"),
        OrthogonalMatchingPursuit: ("coef_", "intercept_", "n_iter_", "n_nonzero_coefs_"),
    }.items():
        long, short = (kind(n_nonzero_coefs=k).fit(X, y) for k in (7, 3))
        view = route_to(long, "n_nonzero_coefs").cut(long, 3, Training(X, y, {}, {}))
        for name in names:
            assert np.asarray(getattr(view, name)).tobytes() == np.asarray(getattr(short, name)).tobytes(), name


def test_samples_that_are_converted_before_they_are_used():
    X, y = NUMBERS
    for kind in (Lars, OrthogonalMatchingPursuit):
        model = kind(n_nonzero_coefs=7).fit(X, y)
        route = route_to(model, "n_nonzero_coefs")
        for data in ((X.astype(np.float32), y), (X.tolist(), y), (X, y.round().astype(int)), (X, y[:, None])):
            with pytest.raises(TypeError, match="only arrays of doubles"):
                route.cut(model, 3, Training(*data, {}, {}))


def test_a_cut_shares_its_arrays_with_the_model():
    X, y = THREE
    forest = RandomForestClassifier(20, **SEED).fit(X, y)
    view = route_to(forest, "n_estimators").cut(forest, 19)
    assert all(cut is whole for cut, whole in zip(view.estimators_, forest.estimators_, strict=False))
    boosting = GradientBoostingClassifier(n_estimators=9, **SEED).fit(X, y)
    assert np.shares_memory(route_to(boosting, "n_estimators").cut(boosting, 3).estimators_, boosting.estimators_)


def test_what_a_view_is_given_the_model_does_not_get():
    X, y = THREE
    forest = make_pipeline(StandardScaler(), RandomForestClassifier(3, **SEED)).fit(X, y)
    held = route_to(forest, "randomforestclassifier__n_estimators").held(forest)
    forest[-1].estimators_ = []
    forest.steps = []
    assert held.predict(X).shape == (N,)


def test_neighbours_are_asked_for_once_per_side(monkeypatch):
    X, y = THREE
    sides, queries, plain = (X[:50], X[50:]), [], KNeighborsClassifier.kneighbors

    def counted(self, X=None, n_neighbors=None, return_distance=True):
        queries.append(len(X))
        return plain(self, X, n_neighbors, return_distance)

    model = KNeighborsClassifier(20).fit(X, y)
    route, view = route_to(model, "n_neighbors"), model
    monkeypatch.setattr(KNeighborsClassifier, "kneighbors", counted)
    for k in (15, 10, 5, 2):
        view = route.cut(view, k)
        for side in sides:
            view.predict(side)
            view.predict_proba(side.copy())
    assert queries == [50, 110]
    changed = sides[0].copy()
    changed[0] += 1
    view.predict(changed)
    assert queries == [50, 110, 50], "other samples are asked for anew"


def test_neighbours_at_equal_distances_are_asked_for_anew():
    X = np.array([[0.0], [1.0], [-1.0], [2.0], [-2.0], [5.0]])
    y = np.array([0, 1, 2, 0, 1, 2])
    for algorithm in ("kd_tree", "ball_tree"):
        check_path(KNeighborsClassifier(algorithm=algorithm), "n_neighbors", [1, 2, 3, 4], X, y)

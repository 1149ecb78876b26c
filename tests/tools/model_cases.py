"""Models that take models: a search is one of their parts, or has them inside."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier
from tool_case import DATA, FEW, OF_FEW, TARGETS, TWO, X, Y, adding_to, linear, ridge, tree

CASES = []
pattern = adding_to(CASES)

GROUPS = np.where(np.arange(len(X)) % 2, "a", "b")


# ------------------------------------------------------------------------------------------------------ mlxtend


@pattern("mlxtend", "`EnsembleVoteClassifier`")
def vote(kind):
    from mlxtend.classifier import EnsembleVoteClassifier

    return EnsembleVoteClassifier([tree(kind), GaussianNB()], voting="soft").fit(X, Y).predict_proba(X)


@pattern("mlxtend", "`StackingClassifier`")
def stack(kind):
    from mlxtend.classifier import StackingClassifier

    return StackingClassifier([tree(kind), GaussianNB()], LogisticRegression()).fit(X, Y).predict(X)


@pattern("mlxtend", "`StackingCVClassifier`")
def stack_cv(kind):
    from mlxtend.classifier import StackingCVClassifier

    model = StackingCVClassifier([tree(kind), GaussianNB()], LogisticRegression(), cv=2, random_state=0)
    return model.fit(X, Y).predict(X)


@pattern("mlxtend", "`StackingCVRegressor`")
def stack_regressors(kind):
    from mlxtend.regressor import StackingCVRegressor

    return StackingCVRegressor([ridge(kind)], ridge(kind), cv=2, random_state=0).fit(DATA, TARGETS).predict(DATA)


@pattern("mlxtend", "`SequentialFeatureSelector`")
def sequential(kind):
    from mlxtend.feature_selection import SequentialFeatureSelector

    return SequentialFeatureSelector(tree(kind), k_features=2, cv=2).fit(X, Y).k_feature_idx_


@pattern("mlxtend", "`bias_variance_decomp`")
def decomposition(kind):
    from mlxtend.evaluate import bias_variance_decomp

    return bias_variance_decomp(tree(kind), FEW, OF_FEW, X, Y, num_rounds=2, random_seed=0)


@pattern("mlxtend", "`paired_ttest_5x2cv`")
def paired(kind):
    from mlxtend.evaluate import paired_ttest_5x2cv

    return paired_ttest_5x2cv(tree(kind), GaussianNB(), X, Y, random_seed=0)


@pattern("mlxtend", "`feature_importance_permutation`")
def permuted(kind):
    from mlxtend.evaluate import feature_importance_permutation

    predict = tree(kind).fit(X, Y).predict
    return feature_importance_permutation(X, Y, predict, metric="accuracy", num_rounds=2, seed=0)[0]


# ---------------------------------------------------------------------------------------------- fairness, intervals


@pattern("fairlearn", "`MetricFrame`")
def frame(kind):
    from fairlearn.metrics import MetricFrame

    predicted = tree(kind).fit(X, TWO).predict(X)
    return MetricFrame(metrics=accuracy_score, y_true=TWO, y_pred=predicted, sensitive_features=GROUPS).by_group


@pattern("fairlearn", "`ThresholdOptimizer`")
def thresholds(kind):
    from fairlearn.postprocessing import ThresholdOptimizer

    model = ThresholdOptimizer(estimator=linear(kind), predict_method="predict_proba")
    return model.fit(X, TWO, sensitive_features=GROUPS).predict(X, sensitive_features=GROUPS, random_state=0)


@pattern("fairlearn", "`ExponentiatedGradient`")
def reduction(kind):
    from fairlearn.reductions import DemographicParity, ExponentiatedGradient

    model = ExponentiatedGradient(linear(kind), DemographicParity(), max_iter=3)
    return model.fit(X, TWO, sensitive_features=GROUPS).predict(X, random_state=0)


@pattern("fairlearn", "`CorrelationRemover` inside")
def correlation(kind):
    from fairlearn.preprocessing import CorrelationRemover

    model = make_pipeline(CorrelationRemover(sensitive_feature_ids=[0]), LogisticRegression(max_iter=500))
    return kind(model, {"correlationremover__alpha": [0.0, 1.0]}, cv=2).fit(X, Y).cv_results_["mean_test_score"]


@pattern("mapie", "`SplitConformalRegressor`")
def conformal(kind):
    from mapie.regression import SplitConformalRegressor

    model = SplitConformalRegressor(ridge(kind), confidence_level=0.8, prefit=False)
    model.fit(DATA[::2], TARGETS[::2]).conformalize(DATA[1::2], TARGETS[1::2])
    return model.predict_interval(DATA)


@pattern("mapie", "`CrossConformalRegressor`")
def cross_conformal(kind):
    from mapie.regression import CrossConformalRegressor

    model = CrossConformalRegressor(ridge(kind), confidence_level=0.8, cv=3, random_state=0)
    return model.fit_conformalize(DATA, TARGETS).predict_interval(DATA)


@pattern("mapie", "`SplitConformalClassifier`, fitted before")
def conformal_classifier(kind):
    from mapie.classification import SplitConformalClassifier

    model = SplitConformalClassifier(linear(kind).fit(X[::2], Y[::2]), confidence_level=0.8, prefit=True)
    return model.conformalize(X[1::2], Y[1::2]).predict_set(X)


@pattern("crepes", "`WrapClassifier`")
def crepes_classifier(kind):
    from crepes import WrapClassifier

    model = WrapClassifier(linear(kind))
    model.fit(X[::2], Y[::2])
    model.calibrate(X[1::2], Y[1::2], seed=0)
    return model.predict_p(X, seed=0)


@pattern("crepes", "`WrapRegressor`")
def crepes_regressor(kind):
    from crepes import WrapRegressor

    model = WrapRegressor(ridge(kind))
    model.fit(DATA[::2], TARGETS[::2])
    model.calibrate(DATA[1::2], TARGETS[1::2], seed=0)
    return model.predict_int(DATA, confidence=0.8)


# ---------------------------------------------------------------------------------------------- unequal classes


@pattern("imbalanced-learn", "a pipeline with `SMOTE` inside", "imblearn")
def oversampled(kind):
    from imblearn.over_sampling import SMOTE
    from imblearn.pipeline import make_pipeline as with_samplers

    model = with_samplers(SMOTE(random_state=0), DecisionTreeClassifier(random_state=0))
    search = kind(model, {"smote__k_neighbors": [2, 4], "decisiontreeclassifier__max_depth": [1, 2]}, cv=2)
    search.fit(X[20:], Y[20:])
    return search.predict(X), search.cv_results_["mean_test_score"]


@pattern("imbalanced-learn", "a pipeline with a sampler around", "imblearn")
def undersampled(kind):
    from imblearn.pipeline import make_pipeline as with_samplers
    from imblearn.under_sampling import RandomUnderSampler

    return with_samplers(RandomUnderSampler(random_state=0), tree(kind)).fit(X[20:], Y[20:]).predict(X)


@pattern("imbalanced-learn", "`BalancedBaggingClassifier`", "imblearn")
def bagged(kind):
    from imblearn.ensemble import BalancedBaggingClassifier

    return BalancedBaggingClassifier(tree(kind), n_estimators=2, random_state=0).fit(X, Y).predict(X)


@pattern("imbalanced-learn", "`InstanceHardnessThreshold`", "imblearn")
def hardness(kind):
    from imblearn.under_sampling import InstanceHardnessThreshold

    sampler = InstanceHardnessThreshold(estimator=linear(kind), cv=2, random_state=0)
    return sampler.fit_resample(X[20:], Y[20:])


@pattern("imbalanced-learn", "`geometric_mean_score` as a scorer", "imblearn")
def geometric(kind):
    from imblearn.metrics import geometric_mean_score
    from sklearn.metrics import make_scorer

    return tree(kind, scoring=make_scorer(geometric_mean_score)).fit(X, Y).cv_results_["mean_test_score"]


# ---------------------------------------------------------------------------------------------- effects


def causal_data():
    rng = np.random.default_rng(0)
    controls = rng.normal(size=(200, 4))
    treatment = (controls[:, 0] + rng.normal(size=200) > 0).astype(int)
    return controls, treatment, treatment + controls.sum(axis=1) + rng.normal(size=200)


@pattern("econml", "`TLearner`")
def t_learner(kind):
    from econml.metalearners import TLearner

    controls, treatment, outcome = causal_data()
    return TLearner(models=ridge(kind)).fit(outcome, treatment, X=controls).effect(controls)


@pattern("econml", "`XLearner`")
def x_learner(kind):
    from econml.metalearners import XLearner

    controls, treatment, outcome = causal_data()
    model = XLearner(models=ridge(kind), propensity_model=linear(kind))
    return model.fit(outcome, treatment, X=controls).effect(controls)


@pattern("econml", "`LinearDRLearner`")
def dr_learner(kind):
    from econml.dr import LinearDRLearner

    controls, treatment, outcome = causal_data()
    model = LinearDRLearner(model_regression=ridge(kind), model_propensity=linear(kind), cv=2, random_state=0)
    return model.fit(outcome, treatment, X=controls).effect(controls)


@pattern("DoubleML", "`DoubleMLPLR`", "doubleml")
def partially_linear(kind):
    import doubleml

    controls, treatment, outcome = causal_data()
    data = doubleml.DoubleMLData.from_arrays(controls, outcome, treatment.astype(float))
    np.random.seed(0)  # noqa: NPY002 - it splits by that
    return doubleml.DoubleMLPLR(data, ridge(kind), ridge(kind), n_folds=2).fit().coef


@pattern("DoubleML", "`DoubleMLIRM`", "doubleml")
def interactive(kind):
    import doubleml

    controls, treatment, outcome = causal_data()
    data = doubleml.DoubleMLData.from_arrays(controls, outcome, treatment)
    np.random.seed(0)  # noqa: NPY002 - it splits by that
    return doubleml.DoubleMLIRM(data, ridge(kind), linear(kind), n_folds=2).fit().coef


# ---------------------------------------------------------------------------------------------- columns


@pattern("feature-engine", "a discretiser inside", "feature_engine")
def discretised(kind):
    import pandas as pd
    from feature_engine.discretisation import EqualFrequencyDiscretiser

    model = make_pipeline(EqualFrequencyDiscretiser(), LogisticRegression(max_iter=500))
    search = kind(model, {"equalfrequencydiscretiser__q": [3, 5]}, cv=2)
    return search.fit(pd.DataFrame(X).add_prefix("c"), Y).cv_results_["mean_test_score"]


@pattern("feature-engine", "`SelectByShuffling`", "feature_engine")
def shuffled(kind):
    import pandas as pd
    from feature_engine.selection import SelectByShuffling

    selector = SelectByShuffling(tree(kind), scoring="accuracy", cv=2, random_state=0)
    return list(selector.fit(pd.DataFrame(X).add_prefix("c"), Y).performance_drifts_.values())


@pattern("category-encoders", "`TargetEncoder` inside", "category_encoders")
def encoded(kind):
    import pandas as pd
    from category_encoders import TargetEncoder

    table = pd.DataFrame({"group": GROUPS, "length": X[:, 0]})
    model = make_pipeline(TargetEncoder(cols=["group"]), LogisticRegression(max_iter=500))
    search = kind(model, {"targetencoder__smoothing": [1.0, 20.0]}, cv=2).fit(table, TWO)
    return search.predict_proba(table), search.cv_results_["mean_test_score"]

"""What explains models: searches are asked for predictions, and what was fitted is looked into."""

import numpy as np
from sklearn.calibration import CalibrationDisplay
from sklearn.inspection import DecisionBoundaryDisplay, PartialDependenceDisplay
from sklearn.metrics import (
    ConfusionMatrixDisplay,
    DetCurveDisplay,
    PrecisionRecallDisplay,
    PredictionErrorDisplay,
    RocCurveDisplay,
)
from sklearn.model_selection import LearningCurveDisplay, ValidationCurveDisplay
from tool_case import DATA, FEW, OF_FEW, TARGETS, TWO, X, Y, adding_to, linear, ridge, tree

CASES = []
pattern = adding_to(CASES)

# ------------------------------------------------------------------------------------------------------ scikit-learn


@pattern("scikit-learn", "`DecisionBoundaryDisplay`", "sklearn", "matplotlib")
def boundary(kind):
    return DecisionBoundaryDisplay.from_estimator(tree(kind).fit(X[:, :2], TWO), X[:, :2], grid_resolution=20).response


@pattern("scikit-learn", "`PartialDependenceDisplay`", "sklearn", "matplotlib")
def dependence(kind):
    display = PartialDependenceDisplay.from_estimator(ridge(kind).fit(DATA, TARGETS), DATA, [0, (1, 2)])
    return [each["average"] for each in display.pd_results]


@pattern("scikit-learn", "`ConfusionMatrixDisplay`", "sklearn", "matplotlib")
def confusion(kind):
    return ConfusionMatrixDisplay.from_estimator(tree(kind).fit(X, Y), X, Y).confusion_matrix


@pattern("scikit-learn", "`RocCurveDisplay`", "sklearn", "matplotlib")
def roc(kind):
    display = RocCurveDisplay.from_estimator(linear(kind).fit(X, TWO), X, TWO)
    return display.fpr, display.tpr, display.roc_auc


@pattern("scikit-learn", "`PrecisionRecallDisplay`", "sklearn", "matplotlib")
def precision(kind):
    display = PrecisionRecallDisplay.from_estimator(linear(kind).fit(X, TWO), X, TWO)
    return display.precision, display.recall


@pattern("scikit-learn", "`DetCurveDisplay`", "sklearn", "matplotlib")
def det(kind):
    display = DetCurveDisplay.from_estimator(linear(kind).fit(X, TWO), X, TWO)
    return display.fpr, display.fnr


@pattern("scikit-learn", "`CalibrationDisplay`", "sklearn", "matplotlib")
def calibration(kind):
    display = CalibrationDisplay.from_estimator(linear(kind).fit(X, TWO), X, TWO)
    return display.prob_true, display.prob_pred


@pattern("scikit-learn", "`PredictionErrorDisplay`", "sklearn", "matplotlib")
def errors(kind):
    return PredictionErrorDisplay.from_estimator(ridge(kind).fit(DATA, TARGETS), DATA, TARGETS).y_pred


@pattern("scikit-learn", "`LearningCurveDisplay`", "sklearn", "matplotlib")
def learning(kind):
    display = LearningCurveDisplay.from_estimator(tree(kind), X, Y, cv=2, train_sizes=[0.5, 1.0])
    return display.train_scores, display.test_scores


@pattern("scikit-learn", "`ValidationCurveDisplay`", "sklearn", "matplotlib")
def validation(kind):
    ranged = {"param_name": "estimator__max_leaf_nodes", "param_range": [2, 4]}
    return ValidationCurveDisplay.from_estimator(tree(kind), X, Y, cv=2, **ranged).test_scores


# ------------------------------------------------------------------------------------------------------ shap, lime


@pattern("shap", "`TreeExplainer`")
def shap_tree(kind):
    import shap

    return shap.TreeExplainer(tree(kind).fit(X, Y).best_estimator_).shap_values(FEW)


@pattern("shap", "`LinearExplainer`")
def shap_linear(kind):
    import shap

    return shap.LinearExplainer(ridge(kind).fit(DATA, TARGETS).best_estimator_, DATA).shap_values(DATA[:5])


@pattern("shap", "`KernelExplainer`")
def shap_kernel(kind):
    import shap

    np.random.seed(0)  # noqa: NPY002 - shap draws from there
    explainer = shap.KernelExplainer(tree(kind).fit(X, Y).predict_proba, FEW[:10])
    return explainer.shap_values(X[:2], nsamples=20, silent=True)


@pattern("shap", "`PermutationExplainer`")
def shap_permutation(kind):
    import shap

    return shap.PermutationExplainer(linear(kind).fit(X, Y).predict_proba, FEW[:10], seed=0)(X[:3]).values


@pattern("shap", "`ExactExplainer`")
def shap_exact(kind):
    import shap

    return shap.ExactExplainer(linear(kind).fit(X, Y).predict_proba, FEW[:10])(X[:3]).values


@pattern("lime", "a classifier")
def lime_classifier(kind):
    from lime.lime_tabular import LimeTabularExplainer

    explainer = LimeTabularExplainer(X, random_state=0)
    return explainer.explain_instance(X[0], linear(kind).fit(X, Y).predict_proba, num_samples=100).as_map()[1]


@pattern("lime", "a regressor")
def lime_regressor(kind):
    from lime.lime_tabular import LimeTabularExplainer

    explainer = LimeTabularExplainer(DATA, mode="regression", random_state=0)
    return explainer.explain_instance(DATA[0], ridge(kind).fit(DATA, TARGETS).predict, num_samples=100).as_map()[1]


# ------------------------------------------------------------------------------------------- eli5, dalex, interpret


@pattern("eli5", "`PermutationImportance`")
def eli5_permutation(kind):
    from eli5.sklearn import PermutationImportance

    return PermutationImportance(tree(kind).fit(X, Y), random_state=0, cv="prefit").fit(X, Y).feature_importances_


@pattern("eli5", "`PermutationImportance` with cross-validation")
def eli5_permutation_cv(kind):
    from eli5.sklearn import PermutationImportance

    return PermutationImportance(tree(kind), random_state=0, cv=2).fit(X, Y).feature_importances_


@pattern("eli5", "`explain_weights`")
def eli5_weights(kind):
    import eli5

    return eli5.format_as_text(eli5.explain_weights(linear(kind).fit(X, Y).best_estimator_))


@pattern("eli5", "`explain_prediction`")
def eli5_prediction(kind):
    import eli5

    return eli5.format_as_text(eli5.explain_prediction(linear(kind).fit(X, Y).best_estimator_, X[0]))


def dalex_of(kind):
    import dalex
    import pandas as pd

    search = ridge(kind).fit(DATA, TARGETS)
    return dalex.Explainer(search, pd.DataFrame(DATA).add_prefix("c"), TARGETS, label="a", verbose=False)


@pattern("dalex", "`model_performance`")
def dalex_performance(kind):
    return dalex_of(kind).model_performance().result.to_numpy(dtype=float)


@pattern("dalex", "`model_parts`")
def dalex_parts(kind):
    return dalex_of(kind).model_parts(B=2, random_state=0).result["dropout_loss"].to_numpy()


@pattern("dalex", "`predict_parts`")
def dalex_prediction(kind):
    explainer = dalex_of(kind)
    return explainer.predict_parts(explainer.data.iloc[[0]]).result["contribution"].to_numpy()


@pattern("dalex", "`model_profile`")
def dalex_profile(kind):
    return dalex_of(kind).model_profile(variables=["c0"], N=20, verbose=False, random_state=0).result["_yhat_"]


@pattern("interpret-core", "`PartialDependence`", "interpret")
def interpret_dependence(kind):
    from interpret.blackbox import PartialDependence

    return PartialDependence(linear(kind).fit(X, TWO), X, num_points=5).explain_global().data(0)["scores"]


@pattern("interpret-core", "a search over `ExplainableBoostingClassifier`", "interpret")
def interpret_boosting(kind):
    from interpret.glassbox import ExplainableBoostingClassifier

    model = ExplainableBoostingClassifier(interactions=0, outer_bags=1, max_rounds=20, n_jobs=1, random_state=0)
    search = kind(model, {"max_leaves": [2, 3]}, cv=2).fit(FEW, OF_FEW > 0)
    return search.predict_proba(X), search.cv_results_["mean_test_score"]


@pattern("treeinterpreter", "`predict`")
def contributions(kind):
    from treeinterpreter import treeinterpreter

    return treeinterpreter.predict(tree(kind).fit(X, Y).best_estimator_, FEW)

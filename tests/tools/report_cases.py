"""Reports and pictures of models, and trackers that are told by hand."""

import tempfile

from tool_case import DATA, TARGETS, TWO, X, Y, adding_to, linear, ridge, tree

CASES = []
pattern = adding_to(CASES)

SIDES = {"X_train": X[::2], "y_train": Y[::2], "X_test": X[1::2], "y_test": Y[1::2]}


def drawn(visualizer, data=X, targets=Y):
    """A picture of yellowbrick, fitted and scored."""
    import matplotlib.pyplot as plt

    visualizer.fit(data, targets)
    visualizer.score(data, targets)
    plt.close("all")
    return visualizer


@pattern("yellowbrick", "`ClassificationReport`")
def classification(kind):
    from yellowbrick.classifier import ClassificationReport

    scores = drawn(ClassificationReport(tree(kind), force_model=True)).scores_
    return [list(each.values()) for each in scores.values()]


@pattern("yellowbrick", "`ConfusionMatrix`")
def confusion(kind):
    from yellowbrick.classifier import ConfusionMatrix

    return drawn(ConfusionMatrix(tree(kind), force_model=True)).confusion_matrix_


@pattern("yellowbrick", "`ROCAUC`")
def roc(kind):
    from yellowbrick.classifier import ROCAUC

    return list(drawn(ROCAUC(linear(kind), force_model=True)).roc_auc.values())


@pattern("yellowbrick", "`ResidualsPlot`")
def residuals(kind):
    from yellowbrick.regressor import ResidualsPlot

    visualizer = drawn(ResidualsPlot(ridge(kind), hist=False, force_model=True), DATA, TARGETS)
    return visualizer.train_score_, visualizer.test_score_


@pattern("yellowbrick", "`LearningCurve`")
def learning(kind):
    from yellowbrick.model_selection import LearningCurve

    return LearningCurve(tree(kind), cv=2, train_sizes=[0.5, 1.0], random_state=0).fit(X, Y).test_scores_


@pattern("yellowbrick", "`CVScores`")
def scores(kind):
    from yellowbrick.model_selection import CVScores

    return CVScores(tree(kind), cv=2).fit(X, Y).cv_scores_


@pattern("skore", "`EstimatorReport`")
def estimator_report(kind):
    from skore import EstimatorReport

    metrics = EstimatorReport(tree(kind), **SIDES).metrics
    return metrics.accuracy(), metrics.log_loss(), metrics.precision()


@pattern("skore", "`CrossValidationReport`")
def validation_report(kind):
    from skore import CrossValidationReport

    return CrossValidationReport(linear(kind), X, Y, splitter=2).metrics.accuracy().to_numpy()


@pattern("skore", "`ComparisonReport`")
def comparison(kind):
    from skore import ComparisonReport, EstimatorReport

    reports = {name: EstimatorReport(make(kind), **SIDES) for name, make in (("a", tree), ("b", linear))}
    return ComparisonReport(reports).metrics.accuracy().to_numpy()


@pattern("wandb", "`log` and `config`, offline")
def logged_offline(kind):
    import wandb

    with tempfile.TemporaryDirectory() as folder:
        run = wandb.init(mode="offline", dir=folder, settings=wandb.Settings(silent=True))
        search = tree(kind).fit(X, Y)
        run.config.update(search.best_params_)
        run.config.update({"settings": search.get_params(deep=False)["cv"]})
        run.log({"best_cv_score": search.best_score_, "scores": list(search.cv_results_["mean_test_score"])})
        found = dict(run.config), run.summary["best_cv_score"], list(run.summary["scores"])
        run.finish()
    return found


@pattern("wandb", "`wandb.sklearn`, offline")
def drawn_offline(kind):
    import wandb

    with tempfile.TemporaryDirectory() as folder:
        run = wandb.init(mode="offline", dir=folder, settings=wandb.Settings(silent=True))
        search = linear(kind).fit(X, TWO)
        wandb.sklearn.plot_confusion_matrix(TWO, search.predict(X), ["a", "b"])
        wandb.sklearn.plot_learning_curve(search, X, TWO, cv=2)
        wandb.sklearn.plot_summary_metrics(search, X, TWO, X, TWO)
        found = sorted(run.summary.keys())
        run.finish()
    return found

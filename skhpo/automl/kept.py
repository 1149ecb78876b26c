"""What a saved model consists of, beside what skops takes for harmless by itself."""

KEPT = (
    "_loss.CyHalfMultinomialLoss",
    "numpy.dtype",
    "scipy._lib.array_api_compat.numpy._aliases.asarray",
    "scipy.interpolate._bsplines.BSpline",
    "skhpo.automl.classifier.AutoClassifier",
    "skhpo.automl.leaderboard.Leaderboard",
    "skhpo.automl.leaderboard.Row",
    "skhpo.automl.preprocessing.TabularPreprocessor",
    "skhpo.automl.regressor.AutoRegressor",
    "skhpo.automl.values.as_booleans",
    "skhpo.automl.values.as_date_parts",
    "skhpo.automl.values.as_labels",
    "skhpo.automl.values.as_numbers",
    "skhpo.automl.values.as_texts",
    "skhpo.automl.values.date_part_names",
    "skhpo.honesty.ensemble.EnsembleClassifier",
    "skhpo.honesty.ensemble.EnsembleRegressor",
    "skhpo.honesty.estimate.ScoreEstimate",
    "sklearn._loss.link.IdentityLink",
    "sklearn._loss.link.Interval",
    "sklearn._loss.link.LogitLink",
    "sklearn._loss.link.MultinomialLogit",
    "sklearn._loss.loss.HalfBinomialLoss",
    "sklearn._loss.loss.HalfMultinomialLoss",
    "sklearn._loss.loss.HalfSquaredError",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.model_selection._split.KFold",
    "sklearn.model_selection._split.StratifiedKFold",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.tree._tree.Tree",
)
"""Types and functions by their full names, in order.

They are those that skops names (`skops.io.get_untrusted_types`) in models of all families of scikit-learn, on tables
with columns of all kinds, for one and for several classes and for numbers; with scikit-learn 1.6 and 1.9, and skops
0.12 and 0.16. None of them runs code out of the file. skops does not trust trees by itself, as numbers in a file that
point nowhere end the program when the tree predicts.
"""

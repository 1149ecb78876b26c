"""
A space over estimators
=======================

A list of dicts is one space: here, three estimators in the last step of a pipeline, with
parameters of their own. One model learns which of them is worth more fits.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skhpo import BayesSearchCV, Float, Int

X, y = load_breast_cancer(return_X_y=True)
pipeline = Pipeline([("scale", StandardScaler()), ("model", SVC())])
spaces = [
    {
        "model": [SVC()],
        "model__C": Float(1e-2, 1e3, log=True),
        "model__gamma": Float(1e-5, 1e0, log=True),
    },
    {"model": [LogisticRegression(max_iter=2000)], "model__C": Float(1e-4, 1e2, log=True)},
    {
        "model": [RandomForestClassifier(n_estimators=10, random_state=0)],
        "model__max_features": Float(0.05, 1.0),
        "model__min_samples_leaf": Int(1, 20, log=True),
    },
]
search = BayesSearchCV(pipeline, spaces, n_iter=25, cv=3, random_state=0).fit(X, y)
search.best_params_

# %%
# How the 25 candidates were spent:
model = np.array([type(params["model"]).__name__ for params in search.cv_results_["params"]])
score = search.cv_results_["mean_test_score"]
for name in np.unique(model):
    print(
        f"{name:22}  {np.sum(model == name):2} candidates, best {score[model == name].max():.4f}"
    )

# %%
fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
for name in np.unique(model):
    ax.plot(np.flatnonzero(model == name), score[model == name], "o", label=name)
ax.set(xlabel="candidate", ylabel="mean cross-validated accuracy")
_ = ax.legend()

"""
What a search found, in words and pictures
==========================================

:mod:`skhpo.plotting` has displays in scikit-learn's convention: ``XDisplay.from_search(search)``.
They also take scikit-learn's own searches, and what :func:`~skhpo.load_results` returns.
"""

# %%
import matplotlib.pyplot as plt
from sklearn.datasets import load_breast_cancer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skhpo import BayesSearchCV, Categorical, Float, GridSearchCV
from skhpo.plotting import (
    OptimizationHistoryDisplay,
    ParallelCoordinatesDisplay,
    ParamImportancesDisplay,
    ResponseDisplay,
    SlicesDisplay,
    TimelineDisplay,
)

X, y = load_breast_cancer(return_X_y=True)
space = {
    "svc__kernel": Categorical(["rbf", "sigmoid"]),
    "svc__C": Float(1e-2, 1e3, log=True),
    "svc__gamma": Float(1e-5, 1e0, log=True),
    "standardscaler__with_mean": Categorical([True, False]),
}
search = BayesSearchCV(
    make_pipeline(StandardScaler(), SVC(gamma=0.01)),
    space,
    n_iter=30,
    cv=3,
    n_jobs=2,
    random_state=0,
).fit(X, y)

# %%
# In words: what was tried, the best five and how sure that is, and where the time went. A notebook shows
# it as below; ``print`` gives the same as text.
search.report()

# %%
# The scores in the order of the candidates, the best so far with its standard deviation over the
# splits, and the untuned estimator. Candidates far below the others are arrows: they do not rule the
# axis.
_ = OptimizationHistoryDisplay.from_search(search)

# %%
# Shares of the parameters in how much the modelled score varies over the space.
_ = ParamImportancesDisplay.from_search(search)

# %%
# What the model believes of the score along each parameter, where the others are as in the best
# candidate. A point is the paler, the further away its other parameters are.
_ = SlicesDisplay.from_search(search)

# %%
# Along one of them, in other colours: keywords are those of scikit-learn's displays.
_ = ResponseDisplay.from_search(search, "svc__gamma", scatter_kw={"color": "C2"})

# %%
# Along two of them. Much of this space is hopeless, so that colours go by rank.
_ = ResponseDisplay.from_search(search, ["svc__C", "svc__gamma"])

# %%
# A line per candidate through its parameters to its score.
_ = ParallelCoordinatesDisplay.from_search(search)

# %%
# Which worker ran what, and when. A display draws into axes that are given.
fig, ax = plt.subplots(figsize=(9, 2.5), layout="constrained")
_ = TimelineDisplay.from_search(search, ax=ax)

# %%
# Two parameters of a grid search are a table of its scores.
grid = GridSearchCV(
    make_pipeline(StandardScaler(), SVC()),
    {
        "svc__C": [0.1, 1, 10, 100],
        "svc__gamma": [0.0001, 0.001, 0.01, 0.1],
        "svc__kernel": ["rbf", "sigmoid"],
    },
    cv=3,
    n_jobs=2,
).fit(X, y)
_ = ResponseDisplay.from_search(grid, ["svc__C", "svc__gamma"])

"""
Gradient boosting of another library
====================================

LightGBM's estimators are scikit-learn estimators, so they are tuned as those are.
``resource="auto"`` knows that their number of trees is what they can have little of; xgboost's
and catboost's likewise.
"""

# %%
from lightgbm import LGBMClassifier
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

from skhpo import Float, Int, SuccessiveHalvingCV
from skhpo.plotting import RungsDisplay

X, y = load_breast_cancer(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0, stratify=y)

booster = LGBMClassifier(n_estimators=90, random_state=0, n_jobs=1, verbose=-1)
space = {
    "learning_rate": Float(0.01, 0.5, log=True),
    "num_leaves": Int(4, 64, log=True),
    "min_child_samples": Int(2, 50, log=True),
    "colsample_bytree": Float(0.2, 1.0),
    "reg_lambda": Float(1e-3, 1e2, log=True),
}
search = SuccessiveHalvingCV(
    booster, space, n_candidates=18, resource="auto", min_resources=10, cv=3, random_state=0
).fit(X_train, y_train)
print(f"{search.resource_}: {search.n_resources_}, candidates: {search.n_candidates_}")
print(f"held out, untuned  {booster.fit(X_train, y_train).score(X_test, y_test):.3f}")
print(f"held out, tuned    {search.score(X_test, y_test):.3f}")
search.best_params_

# %%
# A line per candidate: who was promoted, and what more trees gave. By default a promoted candidate
# starts over here, because what these libraries offer for going on is another fit than one from
# the start wherever rows or columns are drawn at random; ``resume_fits="always"`` goes on.
_ = RungsDisplay.from_search(search)

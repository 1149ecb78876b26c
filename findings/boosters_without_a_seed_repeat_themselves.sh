#!/usr/bin/env bash
# In scikit-learn random_state=None means other numbers at each fit.
# Guessed: so it does for boosters behind scikit-learn's interface, where rows are subsampled.
# Seen with lightgbm 4.7.0, catboost 1.2.10 and xgboost 3.1.1: without a seed two fits are equal to the bit, as the
# seed is then a constant; scikit-learn 1.9.1's GradientBoostingClassifier differs. Cross-validation of an unseeded
# booster so tells nothing about how much its own randomness matters.
set -euo pipefail
box=$(mktemp -d)
trap 'rm -rf "$box"' EXIT
python3 -m venv "$box/venv"
"$box/venv/bin/python" -m pip install -q scikit-learn==1.9.1 lightgbm==4.7.0 catboost==1.2.10 xgboost==3.1.1
cd "$box"
"$box/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from catboost import CatBoostClassifier
from lightgbm import LGBMClassifier
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import GradientBoostingClassifier
from xgboost import XGBClassifier

X, y = load_breast_cancer(return_X_y=True)
models = {
    "scikit-learn": GradientBoostingClassifier(n_estimators=20, subsample=0.5),
    "lightgbm": LGBMClassifier(n_estimators=20, subsample=0.5, subsample_freq=1, n_jobs=1, verbose=-1),
    "catboost": CatBoostClassifier(
        iterations=20, subsample=0.5, bootstrap_type="Bernoulli", thread_count=1, verbose=0, allow_writing_files=False
    ),
    "xgboost": XGBClassifier(n_estimators=20, subsample=0.5, n_jobs=1),
}
repeats = {name: np.array_equal(*(model.fit(X, y).predict_proba(X) for _ in range(2))) for name, model in models.items()}
print("two fits without a seed are equal:", repeats)
assert repeats == {"scikit-learn": False, "lightgbm": True, "catboost": True, "xgboost": True}
PYTHON

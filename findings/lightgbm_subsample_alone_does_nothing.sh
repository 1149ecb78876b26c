#!/usr/bin/env bash
# LightGBM's scikit-learn interface has subsample, the share of rows for each tree, as xgboost and scikit-learn have.
# Guessed: LGBMClassifier(subsample=.5) trains each tree on half of the rows.
# Seen with lightgbm 4.7.0: without subsample_freq, which is 0 by default, the model is the same to the bit for every
# value, so all candidates of a search over subsample have one score. subsample_freq=1 turns it on.
set -euo pipefail
box=$(mktemp -d)
trap 'rm -rf "$box"' EXIT
python3 -m venv "$box/venv"
"$box/venv/bin/python" -m pip install -q lightgbm==4.7.0 scikit-learn==1.9.1
cd "$box"
"$box/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from lightgbm import LGBMClassifier
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import GridSearchCV

X, y = load_breast_cancer(return_X_y=True)


def scores(**settings):
    model = LGBMClassifier(n_estimators=30, random_state=0, n_jobs=1, verbose=-1, **settings)
    search = GridSearchCV(model, {"subsample": [0.1, 0.3, 0.5, 1.0]}, scoring="neg_log_loss", cv=3).fit(X, y)
    return search.cv_results_["mean_test_score"]


print("subsample .1 to 1:", scores().round(4))
print("subsample .1 to 1, subsample_freq=1:", scores(subsample_freq=1).round(4))
assert len(set(scores())) == 1
assert len(set(scores(subsample_freq=1))) == 4
PYTHON

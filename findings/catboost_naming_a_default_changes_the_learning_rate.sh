#!/usr/bin/env bash
# CatBoost chooses the learning rate by the data and the number of trees, unless one of some other parameters is given.
# Guessed: l2_leaf_reg=3, which is the default, gives the model that is got without it.
# Seen with catboost 1.2.10: both models report l2_leaf_reg 3, but with the default written out the learning rate is .03
# and no longer .126, and the predictions differ. A search over l2_leaf_reg so compares its candidates at another
# learning rate than that of the untuned model.
set -euo pipefail
box=$(mktemp -d)
trap 'rm -rf "$box"' EXIT
python3 -m venv "$box/venv"
"$box/venv/bin/python" -m pip install -q catboost==1.2.10 scikit-learn==1.9.1
cd "$box"
"$box/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from catboost import CatBoostClassifier
from sklearn.datasets import load_breast_cancer

X, y = load_breast_cancer(return_X_y=True)
settings = {"iterations": 50, "random_seed": 0, "thread_count": 1, "verbose": 0, "allow_writing_files": False}
left_out = CatBoostClassifier(**settings).fit(X, y)
written = CatBoostClassifier(**settings, l2_leaf_reg=3).fit(X, y)
for name, model in {"left out": left_out, "written out": written}.items():
    params = model.get_all_params()
    print(f"l2_leaf_reg {name}: l2_leaf_reg {params['l2_leaf_reg']}, learning rate {params['learning_rate']:.3f}")
assert left_out.get_all_params()["l2_leaf_reg"] == written.get_all_params()["l2_leaf_reg"] == 3
assert round(left_out.get_all_params()["learning_rate"], 3) == 0.126
assert round(written.get_all_params()["learning_rate"], 3) == 0.03
assert not np.allclose(left_out.predict_proba(X), written.predict_proba(X))
PYTHON

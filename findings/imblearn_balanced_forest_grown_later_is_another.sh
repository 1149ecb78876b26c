#!/usr/bin/env bash
# A forest of scikit-learn that is grown with warm_start=True from 5 to 15 trees is the forest of 15, with a seed.
# Guessed: so is imbalanced-learn's BalancedRandomForestClassifier, which derives from it.
# Seen with imbalanced-learn 0.14.2 and scikit-learn 1.9.1: the grown one predicts otherwise.
set -euo pipefail
box=$(mktemp -d)
trap 'rm -rf "$box"' EXIT
python3 -m venv "$box/venv"
"$box/venv/bin/python" -m pip install -q scikit-learn==1.9.1 imbalanced-learn==0.14.2
cd "$box"
"$box/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from imblearn.ensemble import BalancedRandomForestClassifier
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier

X, y = make_classification(300, weights=[0.8], random_state=0)


def is_same(kind):
    grown = kind(n_estimators=5, warm_start=True, random_state=0).fit(X, y)
    grown.set_params(n_estimators=15).fit(X, y)
    return np.array_equal(grown.predict_proba(X), kind(n_estimators=15, random_state=0).fit(X, y).predict_proba(X))


found = {kind.__name__: is_same(kind) for kind in (RandomForestClassifier, BalancedRandomForestClassifier)}
print("grown from 5 to 15 trees is the same as 15 at once:", found)
assert found == {"RandomForestClassifier": True, "BalancedRandomForestClassifier": False}
PYTHON

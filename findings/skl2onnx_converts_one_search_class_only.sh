#!/usr/bin/env bash
# skl2onnx converts a fitted GridSearchCV, looking up its exact class.
# Guessed: what holds for GridSearchCV holds for RandomizedSearchCV and for a subclass of GridSearchCV.
# Seen with skl2onnx 1.20.0 and scikit-learn 1.9.1: both are refused with MissingShapeCalculator, although the best
# estimator inside is the same. to_onnx(search.best_estimator_, ...) works for all.
set -euo pipefail
box=$(mktemp -d)
trap 'rm -rf "$box"' EXIT
python3 -m venv "$box/venv"
"$box/venv/bin/python" -m pip install -q scikit-learn==1.9.1 skl2onnx==1.20.0 onnx==1.23.2 onnxruntime==1.32.0
cd "$box"
"$box/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from skl2onnx import to_onnx
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.tree import DecisionTreeClassifier


class MyGridSearchCV(GridSearchCV):
    pass


X, y = load_iris(return_X_y=True)
row = X[:1].astype(np.float32)
space = {"max_depth": [1, 2]}
tree = DecisionTreeClassifier(random_state=0)
found = {}
for search in (GridSearchCV(tree, space), RandomizedSearchCV(tree, space, n_iter=2), MyGridSearchCV(tree, space)):
    search.fit(X, y)
    to_onnx(search.best_estimator_, row)
    try:
        to_onnx(search, row)
        found[type(search).__name__] = "converts"
    except Exception as error:
        found[type(search).__name__] = type(error).__name__
print(found)
refused = "MissingShapeCalculator"
assert found == {"GridSearchCV": "converts", "RandomizedSearchCV": refused, "MyGridSearchCV": refused}
PYTHON

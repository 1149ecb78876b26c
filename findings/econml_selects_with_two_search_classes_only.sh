#!/usr/bin/env bash
# econml takes a search as a nuisance model: it searches once on its own folds and then fits the winner on each fold.
# Guessed: it does so with every search class of scikit-learn.
# Seen with econml 0.17.0 and scikit-learn 1.9.1: GridSearchCV and RandomizedSearchCV are taken so; HalvingGridSearchCV
# is taken for a fixed model without a word, and the whole search is done again inside of each fold.
set -euo pipefail
box=$(mktemp -d)
trap 'rm -rf "$box"' EXIT
python3 -m venv "$box/venv"
"$box/venv/bin/python" -m pip install -q econml==0.17.0 scikit-learn==1.9.1
cd "$box"
"$box/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from econml.dml import LinearDML
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, RandomizedSearchCV

rng = np.random.default_rng(0)
X, W = rng.normal(size=(200, 1)), rng.normal(size=(200, 5))
T = W[:, 0] + rng.normal(size=200)
Y = T * (1 + X[:, 0]) + W.sum(axis=1) + rng.normal(size=200)
space = {"alpha": [0.1, 1.0, 10.0]}
found = {}
for search in (
    GridSearchCV(Ridge(), space, cv=3),
    RandomizedSearchCV(Ridge(), space, n_iter=2, cv=3, random_state=0),
    HalvingGridSearchCV(Ridge(), space, cv=3, random_state=0),
):
    model = LinearDML(model_y=search, model_t=Ridge(), cv=2, random_state=0).fit(Y, T, X=X, W=W)
    found[type(search).__name__] = type(model.models_y[0][0]).__name__
print(found)
assert found == {"GridSearchCV": "Ridge", "RandomizedSearchCV": "Ridge", "HalvingGridSearchCV": "HalvingGridSearchCV"}
PYTHON

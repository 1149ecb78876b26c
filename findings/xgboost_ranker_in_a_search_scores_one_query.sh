#!/usr/bin/env bash
# XGBRanker takes the queries of its rows as qid in fit; a search splits fit parameters with the rows.
# Guessed: the search scores each query of a test side by itself, or fails.
# Seen with xgboost 3.2.0 and scikit-learn 1.9.1: scorers get no qid, and score() without a column of that name takes
# the whole test side for one query. The scores are finite, no warning is shown, and they are another metric: with the
# queries as a column 'qid' of the frame all of them differ.
set -euo pipefail
box=$(mktemp -d)
trap 'rm -rf "$box"' EXIT
python3 -m venv "$box/venv"
"$box/venv/bin/python" -m pip install -q scikit-learn==1.9.1 xgboost==3.2.0 pandas==3.1.1
cd "$box"
"$box/venv/bin/python" -W ignore - <<'PYTHON'
import warnings

import numpy as np
import pandas as pd
from sklearn.model_selection import GridSearchCV, GroupKFold
from xgboost import XGBRanker

rng = np.random.default_rng(0)
qid = np.repeat(np.arange(30), 8)
X = pd.DataFrame(rng.normal(size=(240, 5)), columns=list("abcde"))
y = (X["a"] + rng.normal(size=240) > rng.normal(size=30)[qid]).astype(int).to_numpy()


def scores(X, **params):
    ranker = XGBRanker(n_estimators=5, n_jobs=1)
    search = GridSearchCV(ranker, {"max_depth": [1, 3]}, cv=GroupKFold(3), refit=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return search.fit(X, y, groups=qid, **params).cv_results_["mean_test_score"].round(3)


beside = scores(X, qid=qid)
inside = scores(X.assign(qid=qid))
print("qid given to fit:", beside)
print("qid as a column:", inside)
assert np.isfinite(beside).all()
assert (beside != inside).all()
PYTHON

#!/usr/bin/env bash
# joblib.hash is what joblib.Memory and others know data by. It hashes the pickled container, so equal data may have
# different hashes, and data that nobody wrote to may change theirs.
# Guessed: equal numbers, types and labels have equal hashes, and reading changes nothing.
# Seen with joblib 1.6.0, scipy 1.17.1 and pandas 3.1.1: a sparse matrix has another hash after has_sorted_indices was
# read (a fit of scikit-learn's SVC does it), a frame after index.year was read, and two frames that
# are equal have different hashes when one of them got a column later.
set -euo pipefail
box=$(mktemp -d)
trap 'rm -rf "$box"' EXIT
python3 -m venv "$box/venv"
"$box/venv/bin/python" -m pip install -q scikit-learn==1.9.1 joblib==1.6.0 scipy==1.17.1 pandas==3.1.1
cd "$box"
"$box/venv/bin/python" -W ignore - <<'PYTHON'
import joblib
import numpy as np
import pandas as pd
import scipy.sparse as sp
from sklearn.svm import SVC

random = sp.random(50, 20, density=0.2, format="csr", random_state=0)


def fresh():
    return sp.csr_matrix((random.data.copy(), random.indices.copy(), random.indptr.copy()), shape=random.shape)


X = fresh()
before = joblib.hash(X)
X.has_sorted_indices
print("sparse matrix, the same hash after has_sorted_indices was read:", joblib.hash(X) == before)
assert joblib.hash(X) != before

X = fresh()
SVC().fit(X, np.arange(50) % 2)
print("sparse matrix, the same hash after a fit:", joblib.hash(X) == before)
assert joblib.hash(X) != before
assert (X != fresh()).nnz == 0

frame = pd.DataFrame({"x": [1.0, 2.0]}, index=pd.date_range("2020", periods=2))
before = joblib.hash(frame)
frame.index.year
print("frame, the same hash after index.year was read:", joblib.hash(frame) == before)
assert joblib.hash(frame) != before

at_once = pd.DataFrame({"x": [1.0, 2.0], "y": [3.0, 4.0]})
later = pd.DataFrame({"x": [1.0, 2.0]})
later["y"] = [3.0, 4.0]
print("frames equal:", at_once.equals(later), "- the same hash:", joblib.hash(at_once) == joblib.hash(later))
assert at_once.equals(later)
assert joblib.hash(at_once) != joblib.hash(later)
PYTHON

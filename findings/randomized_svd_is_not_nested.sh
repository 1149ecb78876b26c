#!/usr/bin/env bash
# PCA's first 5 components do not depend on how many are asked for, with an exact solver.
# Guessed: neither do those of a TruncatedSVD with a seed, so that one fit with 20 answers for 5.
# Seen with scikit-learn 1.9.1 on a matrix without a steep spectrum: the random start has as many columns as components
# are asked for, and the fifth component differs by more than .1 (of entries of at most 1); arpack agrees to 1e-9.
set -euo pipefail
box=$(mktemp -d)
trap 'rm -rf "$box"' EXIT
python3 -m venv "$box/venv"
"$box/venv/bin/python" -m pip install -q scikit-learn==1.9.1
cd "$box"
"$box/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from sklearn.decomposition import TruncatedSVD

X = np.random.default_rng(0).normal(size=(300, 100))


def gap(algorithm):
    few, many = (TruncatedSVD(n, algorithm=algorithm, random_state=0).fit(X).components_ for n in (5, 20))
    return float(np.abs(np.abs(few) - np.abs(many[:5])).max())


print("randomized:", round(gap("randomized"), 3), "arpack:", gap("arpack"))
assert gap("randomized") > 0.1
assert gap("arpack") < 1e-9
PYTHON

#!/usr/bin/env bash
# A random search with more draws and the same seed is expected to go on where the shorter one ended: so it is for
# distributions.
# Guessed: so it is for lists of values, too.
# Seen with scikit-learn 1.9.1: over lists ParameterSampler draws without replacement, by an algorithm that depends on
# the share of the grid that is drawn, so with another n_iter all candidates may be others. Whether they are depends
# on the size of the grid: from 100 points, 5 draws are the first 5 of 10; from 2,000 points they are not the first 5
# of 100.
set -euo pipefail
box=$(mktemp -d)
trap 'rm -rf "$box"' EXIT
python3 -m venv "$box/venv"
"$box/venv/bin/python" -m pip install -q scikit-learn==1.9.1 scipy==1.17.1
cd "$box"
"$box/venv/bin/python" -W ignore - <<'PYTHON'
from scipy.stats import uniform
from sklearn.model_selection import ParameterSampler


def is_prefix(space, few, many):
    short, long = (list(ParameterSampler(space, n, random_state=0)) for n in (few, many))
    return short == long[:few]


small = {"a": list(range(10)), "b": list(range(10))}
large = {"a": list(range(40)), "b": list(range(50))}
print("distribution, 5 of 100:", is_prefix({"a": uniform()}, 5, 100))
print("100 points, 5 of 10:", is_prefix(small, 5, 10))
print("2,000 points, 5 of 100:", is_prefix(large, 5, 100))
assert is_prefix({"a": uniform()}, 5, 100)
assert is_prefix(small, 5, 10)
assert not is_prefix(large, 5, 100)
PYTHON

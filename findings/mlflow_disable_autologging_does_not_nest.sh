#!/usr/bin/env bash
# mlflow has a public context that switches autologging off for a while: disable_autologging.
# Guessed: inside of another one it changes nothing, and the outer one holds until its end.
# Seen with mlflow 3.17.2: the end of the inner one switches autologging on again, and fits in the rest of the outer one
# are recorded. Who uses it has to ask first whether it is off.
set -euo pipefail
box=$(mktemp -d)
trap 'rm -rf "$box"' EXIT
python3 -m venv "$box/venv"
"$box/venv/bin/python" -m pip install -q mlflow==3.17.2 scikit-learn==1.9.1
cd "$box"
"$box/venv/bin/python" -W ignore - <<'PYTHON'
import mlflow
from mlflow.utils.autologging_utils import disable_autologging
from sklearn.linear_model import LinearRegression

mlflow.set_tracking_uri("sqlite:///runs.db")
mlflow.sklearn.autolog(log_models=False, log_datasets=False, silent=True)
with disable_autologging():
    LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])
    before = len(mlflow.search_runs())
    with disable_autologging():
        pass
    LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])
print(before, len(mlflow.search_runs()))
assert (before, len(mlflow.search_runs())) == (0, 1)
PYTHON

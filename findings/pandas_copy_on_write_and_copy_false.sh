#!/usr/bin/env bash
# pandas 3 promises that a write into one frame never shows in another (copy-on-write). A transformer of scikit-learn
# with copy=False writes through that promise: it makes the read-only memory of the frame writable again.
# Guessed: fit_transform on a selection of a frame leaves the frame alone, as any write by pandas would.
# Seen with scikit-learn 1.9.1 and pandas 3.1.1: the frame from which the columns were selected is changed, by eight
# transformers with copy=False; SimpleImputer(copy=False) leaves it alone.
set -euo pipefail
box=$(mktemp -d)
trap 'rm -rf "$box"' EXIT
python3 -m venv "$box/venv"
"$box/venv/bin/python" -m pip install -q scikit-learn==1.9.1 pandas==3.1.1
cd "$box"
"$box/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import (
    Binarizer, MaxAbsScaler, MinMaxScaler, Normalizer, PowerTransformer, QuantileTransformer, RobustScaler, StandardScaler
)

values = np.random.default_rng(0).lognormal(size=(20, 3))


def is_frame_changed(transformer):
    frame = pd.DataFrame(values.copy(), columns=["a", "b", "c"])
    transformer.fit_transform(frame[["a", "b", "c"]])
    return not np.array_equal(frame.to_numpy(), values)


frame = pd.DataFrame(values.copy(), columns=["a", "b", "c"])
selection = frame[["a", "b", "c"]]
selection.iloc[0, 0] = -1.0
print("a write by pandas shows in the frame:", frame.iloc[0, 0] == -1.0)
assert frame.iloc[0, 0] != -1.0

kinds = [Binarizer, MaxAbsScaler, MinMaxScaler, Normalizer, PowerTransformer, RobustScaler, StandardScaler]
transformers = [kind(copy=False) for kind in kinds] + [QuantileTransformer(n_quantiles=5, copy=False)]
for transformer in transformers:
    print(f"{type(transformer).__name__}(copy=False) changes the frame:", is_frame_changed(transformer))
    assert is_frame_changed(transformer)
print("SimpleImputer(copy=False) changes the frame:", is_frame_changed(SimpleImputer(copy=False)))
assert not is_frame_changed(SimpleImputer(copy=False))
PYTHON

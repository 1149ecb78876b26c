"""Estimators of epochs, which tell how many they did."""

from __future__ import annotations

from skhpo.estimators.facts import Facts

_EPOCHS = Facts(counts=("max_iter", "n_iter_"))
FACTS = {
    f"sklearn.{name}{kind}": _EPOCHS
    for name in ("neural_network.MLP", "linear_model.SGD")
    for kind in ("Classifier", "Regressor")
}

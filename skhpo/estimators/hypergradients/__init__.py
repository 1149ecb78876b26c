"""Exact derivatives of predictions in hyperparameters: a file per family of estimators, and losses for all of them.

Notation: a fit solves F(w, t) = 0 for weights w, given hyperparameters t; H = dF/dw. The predictions are z(w), and the
loss has the slope u in them.

By the implicit function theorem dw/dt = -H^-1 dF/dt. So one solve of H q = (dz/dw)' u gives the slopes of the loss in
all hyperparameters, -q' dF/dt (Pedregosa, ICML 2016; Bertrand et al., JMLR 23, 2022).
"""

from skhpo.estimators.hypergradients.base import COLUMNS, Differentiated, Family, register_hypergradient
from skhpo.estimators.hypergradients.losses import find_loss, loss_names
from skhpo.estimators.hypergradients.registry import family_of

__all__ = [
    "COLUMNS",
    "Differentiated",
    "Family",
    "family_of",
    "find_loss",
    "loss_names",
    "register_hypergradient",
]

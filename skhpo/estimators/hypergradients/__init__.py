"""Exact derivatives of predictions in hyperparameters: a file per family of estimators, and losses for all of them.

Write :math:`F(w, \\theta) = 0` for what a fit solves, with weights w and hyperparameters :math:`\\theta`. By the implicit
function theorem, :math:`dw = -H^{-1} (\\partial F / \\partial \\theta) d\\theta` with :math:`H = \\partial F / \\partial w`.
For a loss with slope u in the predictions z, one solve of :math:`H q = (\\partial z / \\partial w)^T u` gives the slopes in all
hyperparameters: :math:`-q^T \\partial F / \\partial \\theta` each (Pedregosa, ICML 2016; Bertrand et al., JMLR 23, 2022).
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

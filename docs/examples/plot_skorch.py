"""
A PyTorch model through skorch
==============================

skorch makes a scikit-learn estimator of a PyTorch module; parameters of the module are named
``module__...``. This page is executed only where ``torch`` and ``skorch`` are installed.
"""

# %%
import numpy as np
import torch
from sklearn.datasets import load_digits
from skorch import NeuralNetClassifier
from torch import nn

from skhpo import BayesSearchCV, Categorical, Float, Int
from skhpo.plotting import OptimizationHistoryDisplay

torch.manual_seed(0)
torch.set_num_threads(1)


class Network(nn.Module):
    def __init__(self, width=32, dropout=0.0):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(64, width), nn.ReLU(), nn.Dropout(dropout), nn.Linear(width, 10)
        )

    def forward(self, X):
        return self.layers(X)


X, y = load_digits(return_X_y=True)
X, y = (X[:500] / 16).astype(np.float32), y[:500].astype(np.int64)
net = NeuralNetClassifier(
    Network,
    criterion=nn.CrossEntropyLoss,
    optimizer=torch.optim.Adam,
    max_epochs=10,
    train_split=None,
    verbose=0,
)
space = {
    "module__width": Int(8, 128, log=True),
    "module__dropout": Float(0.0, 0.6),
    "lr": Float(1e-4, 1e-1, log=True),
    "batch_size": Categorical([16, 32, 64]),
}

# %%
# Fits draw from PyTorch's global generator, so the scores of a candidate vary from run to run
# even with ``random_state``.
search = BayesSearchCV(net, space, n_iter=15, cv=3, random_state=0).fit(X, y)
print(f"best: {search.best_score_:.3f}")
search.best_params_

# %%
_ = OptimizationHistoryDisplay.from_search(search)

# %%
# The best network, trained on all the data:
search.best_estimator_.module_

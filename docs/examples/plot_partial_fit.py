"""
A neural network by partial_fit, with epochs as the resource
============================================================

Any integer parameter can be the resource of :class:`~skhpo.SuccessiveHalvingCV`. Here it is the epochs of an
estimator that trains by ``partial_fit``: 18 candidates get 1 epoch, a third of them 3, and a third of these 9.
"""

# %%
# An estimator of our own, which sees the data in mini-batches.
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

from skhpo import Categorical, Float, SuccessiveHalvingCV


class Network(ClassifierMixin, BaseEstimator):
    def __init__(self, hidden=32, learning_rate=1e-3, alpha=1e-4, batch_size=32, epochs=9, random_state=0):
        self.hidden = hidden
        self.learning_rate = learning_rate
        self.alpha = alpha
        self.batch_size = batch_size
        self.epochs = epochs
        self.random_state = random_state

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.network_ = MLPClassifier(
            (self.hidden,), learning_rate_init=self.learning_rate, alpha=self.alpha, random_state=self.random_state
        )
        rng = np.random.default_rng(self.random_state)
        for _ in range(self.epochs):
            order = rng.permutation(len(y))
            for batch in np.array_split(order, max(1, len(y) // self.batch_size)):
                self.network_.partial_fit(X[batch], y[batch], classes=self.classes_)
        return self

    def predict(self, X):
        return self.network_.predict(X)


# %%
X, y = load_digits(return_X_y=True)
X, y = X[:300] / 16, y[:300]
space = {
    "hidden": Categorical([16, 32, 64]),
    "learning_rate": Float(1e-4, 1e-1, log=True),
    "alpha": Float(1e-6, 1e-1, log=True),
    "batch_size": Categorical([16, 32, 64]),
}
search = SuccessiveHalvingCV(
    Network(), space, n_candidates=18, resource="epochs", max_resources=9, min_resources=1, cv=3, random_state=0
).fit(X, y)
print(f"{search.resource_}: {search.n_resources_}, candidates: {search.n_candidates_}")
print(f"best: {search.best_score_:.3f} with {search.best_params_}")

# %%
# Epochs that were spent, and those that the same 18 candidates would have cost with 9 epochs each:
spent = int(search.cv_results_["n_resources"].sum()) * search.n_splits_
print(spent, "instead of", 18 * 9 * search.n_splits_)

"""Support vector machines whose fits are exact: a last step in double precision.

libsvm keeps kernels in single precision (``Qfloat`` of its ``svm.h``), whatever ``tol`` is. A central difference with a
step of 1e-4 divides that rounding by the step. Here the coefficients of the free support vectors are solved for again,
in double precision, so that differences are differences of the optimum.
"""

from itertools import combinations

import numpy as np
from scipy import linalg
from sklearn.svm import SVC, SVR

from skhpo.estimators.hypergradients.base import register_hypergradient
from skhpo.estimators.hypergradients.kernel import Kernel
from skhpo.estimators.hypergradients.svm import _coefficients, _gamma, _Saddle, differentiate, refuse


class _Exact:
    """Decisions in double precision."""

    def fit(self, X, y, sample_weight=None):
        super().fit(X, y, sample_weight)
        self.exact_V_ = V = X[self.support_]
        self.exact_kernel_ = Kernel(self.kernel, _gamma(self, X)[0])
        K, _ = self.exact_kernel_(V, V)
        bound = np.ones(len(self.support_)) if sample_weight is None else np.asarray(sample_weight)[self.support_]
        found = [
            _solved(K, beta, bound, self.C, target)
            for beta, target in zip(_coefficients(self), self._targets(np.asarray(y)), strict=True)
        ]
        self.exact_betas_ = np.array([beta for beta, _ in found])
        self.exact_b_ = np.array([b for _, b in found])
        self.intercept_ = self.exact_b_
        return self

    def exact_decisions(self, X):
        return self.exact_kernel_(X, self.exact_V_)[0] @ self.exact_betas_.T + self.exact_b_


def _solved(K, beta, bound, C, target):
    """Coefficients and intercept of a problem, of which the sets of support vectors are known."""
    saddle = _Saddle(K, K[:0], beta, bound, C)
    F, B = saddle.F, saddle.B
    beta = beta.copy()
    beta[B] = np.sign(beta[B]) * C * bound[B]
    system = np.ones((len(F) + 1, len(F) + 1))
    system[-1, -1] = 0.0
    system[:-1, :-1] = K[np.ix_(F, F)]
    right = np.concatenate([target(beta)[F] - saddle.K_FB @ beta[B], [-beta[B].sum()]])
    solution = linalg.lstsq(system, right)[0]
    beta[F] = solution[:-1]
    return beta, solution[-1]


class ExactSVC(_Exact, SVC):
    """SVC of which the decisions are exact."""

    def _targets(self, y):
        codes = np.searchsorted(self.classes_, y)[self.support_]
        if len(self.classes_) == 2:
            return [lambda beta: np.where(codes == 1, 1.0, -1.0)]
        return [
            lambda beta, i=i: np.where(codes == i, 1.0, -1.0) for i, _ in combinations(range(len(self.classes_)), 2)
        ]

    def decision_function(self, X):
        return self.exact_decisions(X)[:, 0]  # of two classes


class ExactSVR(_Exact, SVR):
    """SVR of which the predictions are exact."""

    def _targets(self, y):
        return [lambda beta: y[self.support_] - self.epsilon * np.sign(beta)]

    def predict(self, X):
        return self.exact_decisions(X)[:, 0]


def differentiate_exact(estimator, X, y, X_test, sample_weight=None):
    """Exact decisions, and the slopes that are tested."""
    found = differentiate(estimator, X, y, X_test, sample_weight)
    z = estimator.exact_decisions(X_test)
    return found._replace(z=z.reshape(found.z.shape))


for _cls, _parameters, _loss in (
    (ExactSVC, ("C", "gamma"), "smoothed_hinge"),
    (ExactSVR, ("C", "epsilon", "gamma"), "squared"),
):
    register_hypergradient(
        _cls, differentiate_exact, parameters=_parameters, loss=_loss, refuse=refuse, has_columns=True
    )

from sklearn.base import BaseEstimator, clone
from sklearn.utils import get_tags
class Choice(BaseEstimator):
    def __init__(self, candidates, choice=None):
        self.candidates = candidates
        self.choice = choice
    @property
    def chosen_(self):
        return self.candidates[self.choice or next(iter(self.candidates))]
    def get_params(self, deep=True):
        out = {"candidates": self.candidates, "choice": self.choice}
        if deep:
            for name, est in self.candidates.items():
                for k, v in est.get_params().items():
                    out[f"{name}__{k}"] = v
        return out
    def set_params(self, **params):
        if "candidates" in params: self.candidates = params.pop("candidates")
        if "choice" in params: self.choice = params.pop("choice")
        own = {}
        for k, v in params.items():
            name, _, rest = k.partition("__")
            self.candidates[name].set_params(**{rest: v})
        return self
    def __sklearn_clone__(self):
        return Choice({k: clone(v) for k, v in self.candidates.items()}, self.choice)
    def fit(self, X, y, **p):
        self.estimator_ = clone(self.chosen_).fit(X, y, **p)
        return self
    @property
    def classes_(self): return self.estimator_.classes_
    def predict(self, X): return self.estimator_.predict(X)
    def __getattr__(self, name):
        if name in ("predict_proba",):
            return getattr(self.__dict__.get("estimator_") or self.chosen_, name)
        raise AttributeError(name)
    def __sklearn_tags__(self):
        return get_tags(self.chosen_)

"""Pytest plugin: scikit-learn's tests of its halving searches, run on ours; see `sklearn_swap`."""

import sklearn.model_selection._search_successive_halving as theirs
import sklearn_swap
from sklearn.experimental import enable_halving_search_cv  # noqa: F401  (it sets the names that are swapped)
from sklearn_swap import pytest_addoption  # noqa: F401  (a hook)

from skhpo import SuccessiveHalvingCV


class HalvingRandomSearchCV(SuccessiveHalvingCV):
    """Ours with scikit-learn's defaults."""

    def __init__(  # noqa: PLR0917
        self, estimator, param_distributions, n_candidates="exhaust", factor=3, resource="n_samples",
        max_resources="auto", min_resources="smallest", aggressive_elimination=False, cv=5, scoring=None, refit=True,
        error_score=float("nan"), return_train_score=True, random_state=None, n_jobs=None, verbose=0,
        set_sampler="random",
    ):  # fmt: skip
        super().__init__(
            estimator, param_distributions, n_candidates=n_candidates, factor=factor, resource=resource,
            max_resources=max_resources, min_resources=min_resources, aggressive_elimination=aggressive_elimination,
            cv=cv, scoring=scoring, refit=refit, error_score=error_score, return_train_score=return_train_score,
            random_state=random_state, n_jobs=n_jobs, verbose=verbose, sampler=set_sampler,
        )  # fmt: skip
        self.set_sampler = set_sampler


class HalvingGridSearchCV(HalvingRandomSearchCV):
    """Ours over a grid."""

    def __init__(  # noqa: PLR0917
        self, estimator, param_grid, factor=3, resource="n_samples", max_resources="auto", min_resources="exhaust",
        aggressive_elimination=False, cv=5, scoring=None, refit=True, error_score=float("nan"),
        return_train_score=True, random_state=None, n_jobs=None, verbose=0,
    ):  # fmt: skip
        super().__init__(
            estimator, param_grid, factor=factor, resource=resource, max_resources=max_resources,
            min_resources=min_resources, aggressive_elimination=aggressive_elimination, cv=cv, scoring=scoring,
            refit=refit, error_score=error_score, return_train_score=return_train_score, random_state=random_state,
            n_jobs=n_jobs, verbose=verbose, set_sampler="grid",
        )  # fmt: skip
        self.param_grid = param_grid


CLASSES = {"HalvingGridSearchCV": HalvingGridSearchCV, "HalvingRandomSearchCV": HalvingRandomSearchCV}
FILE = "sklearn/model_selection/tests/test_successive_halving.py::"
TOP = (
    "rungs are computed down from the full resource, which the last one always has; theirs up, and it is left with less"
)
FULL = "the only rung has all of the resource; theirs has the least"
SPLITS = "splits are made once, so that any splitter gives all rungs the same"
WHOLE = "test sides stay whole, so that training and test rows are more than n_resources"
PRIVATE = "calls a private method without a search; that the last rung decides is in test_halving.py"
ARITHMETIC = {
    "test_aggressive_elimination[True-unlimited-4-4-4-1-expected_n_candidates2-expected_n_resources2-{}]": TOP,
    "test_aggressive_elimination[False-unlimited-4-4-4-1-expected_n_candidates3-expected_n_resources3-{}]": TOP,
    "test_min_max_resources[smallest-auto-2-4-expected_n_resources0-{}]": TOP,
    "test_min_max_resources[50-auto-2-3-expected_n_resources1-{}]": TOP,
    "test_min_max_resources[smallest-30-1-1-expected_n_resources2-{}]": FULL,
    "test_min_max_resources[exhaust-auto-2-2-expected_n_resources3-{}]": TOP,
    "test_min_max_resources[exhaust-1000-2-2-expected_n_resources4-{}]": TOP,
    "test_min_max_resources[exhaust-599-2-2-expected_n_resources7-{}]": TOP,
    "test_min_max_resources[exhaust-50-1-1-expected_n_resources10-{}]": FULL,
    "test_resource_parameter[{}]": TOP,
}
OTHERS = {
    "test_input_errors[params4-must yield consistent folds-{}]": SPLITS,
    "test_input_errors[params5-must yield consistent folds-{}]": SPLITS,
    "test_base_estimator_inputs[{}]": WHOLE,
    "test_select_best_index[{}]": PRIVATE,
}
EXEMPT = {FILE + item.format(name): reason for item, reason in (ARITHMETIC | OTHERS).items() for name in CLASSES}


def pytest_configure(config):
    sklearn_swap.SWAP = CLASSES
    sklearn_swap.EXEMPT = EXEMPT
    sklearn_swap.pytest_configure(config)
    if not config.getoption("--no-swap"):
        for name, ours in CLASSES.items():
            setattr(theirs, name, ours)

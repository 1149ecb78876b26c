"""scikit-learn's checks of estimators as parameters of a test, under short names."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks


def checks_of(estimators, **kwargs):
    """Parametrize a test with an estimator and a check.

    As a list, because pytest 9 deprecates the generator that older versions of scikit-learn pass on:
    https://docs.pytest.org/en/stable/deprecations.html#parametrize-iterators. The names that scikit-learn gives show
    all parameters of all estimators, which took a third of the time that pytest needs to collect all tests.
    """
    names, checks = parametrize_with_checks(estimators, **kwargs).args
    return pytest.mark.parametrize(names, list(checks), ids=name)


def name(value):
    """Name an estimator and what is inside of it, or a check."""
    if not hasattr(value, "get_params"):
        return getattr(value, "func", value).__name__
    inner = getattr(value, "estimator", None)
    last = getattr(inner, "_final_estimator", None)
    return "-".join(type(each).__name__ for each in (value, inner, last) if each is not None)

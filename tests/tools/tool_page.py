"""The page *With other tools*: the cases, and the versions with which they went as their rows say.

``python tests/tools/tool_page.py [word ...]`` runs the cases whose tools are installed (and whose names have one of the
words), keeps their versions in `versions.json`, and writes the page. It fails where a case fails. Tools that cannot be
installed side by side are run one after the other: what is not installed keeps its row.
"""

import importlib.util
import json
import platform
import sys
import traceback
from importlib import metadata
from pathlib import Path

from tool_case import SAID
from tool_cases import CASES

VERSIONS = Path(__file__).parent / "versions.json"
PAGE = Path(__file__).parents[2] / "docs" / "tools.md"
HEAD = """\
# With other tools

A tracker, an exporter or a report behind `GridSearchCV` goes on when the class is replaced:

```python
from sklearn.model_selection import RandomizedSearchCV
from sklearn.svm import SVC
from skhpo import BayesSearchCV

search = BayesSearchCV(SVC(), {"C": [0.1, 1.0, 10.0]}, n_iter=3)
isinstance(search, RandomizedSearchCV)  # True, for tools that ask
```

`skhpo.GridSearchCV` counts as scikit-learn's `GridSearchCV`, the other searches as its `RandomizedSearchCV`. Some
tools look up the exact class, and have to be told in one line. Whatever does not take a search takes
`search.best_estimator_`.

{words}
| tool | version | what | works | write |
|---|---|---|---|---|
"""
FOOT = """
Each entry is a test that runs where its tool is installed (`tests/tools`). Most use the tool with scikit-learn's
`GridSearchCV` and with ours, and what comes out is equal. Those of mlflow, exporters and files were run with our other
searches, too. {sklearn}

## mlflow

Where `mlflow.sklearn.autolog()` is on, a search is recorded as scikit-learn's `GridSearchCV` is, after a halving and a
Bayesian search, too. The run has the parameters of the search, `best_*`, `best_cv_score`, `cv_results.csv` and the
models. Each of the best candidates is a child run, `max_tuning_runs` of them:

```
mlflow.sklearn.autolog(max_tuning_runs=10)
search.fit(X, y)
```

The fits inside are not recorded, in this process and in workers. The same holds for ensembles and for `AutoClassifier`,
which is no search. `skhpo.integrations.mlflow.autolog` takes the same arguments. It raises an error where a version of
mlflow cannot be told of our searches; a fit warns there, and goes on.

## comet

Import `comet_ml` before scikit-learn, as it asks for. It records the parameters of the fits inside this process, and
not those of the search, which take a line:

```
experiment.log_parameters(search.get_params(deep=False))
experiment.log_metric("best_cv_score", search.best_score_)
```

## ONNX, hummingbird, PMML

```
from skhpo.integrations.onnx import register

register()
to_onnx(search, X[:1])  # also inside of a pipeline
```

`skhpo.integrations.hummingbird.register()` is the same for hummingbird. `sklearn2pmml` has its list of classes in a
Java archive: give it `search.best_estimator_`.

## skops

Of a fitted search, the types to trust are its own class, and `Float`, `Int` and `Categorical` where its space has some.
All else is what the estimator, the splitter and the scorer need:

```
data = skops.io.dumps(search)
skops.io.loads(data, trusted=["skhpo.search.grid.GridSearchCV", ...])
```

## Notebooks

A search shows the descriptions of its parameters and attributes, as scikit-learn's do. The question mark leads to
scikit-learn's guide. Where these pages are served, `SKHPO_DOCS` is their address:

```
%env SKHPO_DOCS=http://localhost:8000
```

## Others

Another package may replace scikit-learn by a version that is too old. Then `import skhpo` says which version is needed
and which was found.

yellowbrick sorts the values of a parameter. A Bayesian search tries the estimator's own parameters first: where one of
them is `None` or a string among numbers, set it in the estimator. It takes no model of a recent scikit-learn for a
classifier, searches of either library included, unless it is given `force_model=True`.
"""


def page(versions):
    """Return the page: a row for all that a tool does in one way."""
    rows = {}
    for case in sorted(CASES, key=lambda case: case.package.lower()):
        if case.key in versions:
            row = case.package, versions[case.key]["version"], case.how, case.write
            rows.setdefault(row, []).append(case.what)
    lines = [
        f"| {tool} | {version} | {'; '.join(done)} | {how} | {write} |\n"
        for (tool, version, how, write), done in rows.items()
    ]
    words = "".join(f"* *{word}*: {said}\n" for word, said in SAID.items())
    return HEAD.replace("{words}", words) + "".join(lines) + FOOT.replace("{sklearn}", with_which(versions))


def with_which(versions):
    """Say with which scikit-learn the cases were run: most with one, and some tools need an older one."""
    tools = {}
    for case in CASES:
        if case.key in versions:
            tools.setdefault(versions[case.key]["scikit-learn"], {})[case.package] = None
    usual, *others = sorted(tools, key=lambda version: -len(tools[version]))
    exceptions = "".join(f" With {version}: {', '.join(sorted(tools[version]))}." for version in others)
    return f"They were run with scikit-learn {usual}.{exceptions}"


def version_of(package):
    return platform.python_version() if package == "Python" else metadata.version(package)


def main(words):
    versions = json.loads(VERSIONS.read_text(encoding="utf-8")) if VERSIONS.exists() else {}
    has_failed = False
    for case in CASES:
        is_wanted = not words or any(word in case.key for word in words)
        if not is_wanted or not all(map(importlib.util.find_spec, case.modules)):
            continue
        try:
            case.check()
        except Exception:  # noqa: BLE001 - the others are run, too
            traceback.print_exc()
            has_failed = True
            continue
        versions[case.key] = {
            "version": version_of(case.package),
            "scikit-learn": metadata.version("scikit-learn"),
        }
        print(f"{case.key}: {case.how}", flush=True)  # noqa: T201
    known = {case.key: versions[case.key] for case in CASES if case.key in versions}
    VERSIONS.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(known), encoding="utf-8")
    return int(has_failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""scikit-learn's own tests of its searches pass for ours, item by item."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import sklearn

HERE = Path(__file__).parent
SITE = Path(sklearn.__file__).parents[1]
FILES = [
    "sklearn/model_selection/tests/test_search.py",
    "sklearn/tests/test_metaestimators.py",
    "sklearn/tests/test_metaestimators_metadata_routing.py",
]
# Items that must be seen to use each class, per file: a swap that misses the lists of a module would leave none.
N_USES_AT_LEAST = dict(zip(FILES, [10, 4, 6], strict=True))


def run(path, *options, only=None):
    """What became of each item of one of scikit-learn's test files, or of some."""
    with tempfile.TemporaryDirectory() as folder:
        if only is not None:
            Path(folder, "only.json").write_text(json.dumps(sorted(only)), encoding="utf-8")
            options = (*options, "--only", "only.json")
        # An ini file of its own, so that neither ours nor one in the working directory applies.
        ini = Path(folder, "pytest.ini")
        ini.write_text("[pytest]\n", encoding="utf-8")
        outcomes = Path(folder, "outcomes.json")
        module = path.removesuffix(".py").replace("/", ".")
        search_path = [str(HERE), *(entry or str(Path.cwd()) for entry in sys.path)]
        done = subprocess.run(  # noqa: S603  (our own command line)
            [
                *(sys.executable, "-m", "pytest", "-q", "--tb=short", "-c", str(ini), "--rootdir", str(SITE)),
                *("-p", "no:cacheprovider", "-p", "sklearn_swap", "--outcomes", str(outcomes), *options),
                *("--pyargs", module),
            ],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(search_path), "PYTHONWARNINGS": ""},
            capture_output=True,
            text=True,
            timeout=1200,
            check=False,
        )
        if not outcomes.exists():
            pytest.fail(f"The tests did not run:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
        return json.loads(outcomes.read_text(encoding="utf-8"))


def passed(report):
    return {item for item, outcome in report["outcomes"].items() if outcome == "passed"}


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES)
def test_every_item_that_passes_for_scikit_learn_passes_for_ours(path):
    ours = run(path)
    failures = [f"{item}\n{message}" for item, message in ours["messages"].items()]
    assert not failures, "\n\n".join(failures)
    assert ours["stale"] == [], "exemptions of items that do not exist"

    # What passes for ours need not run for theirs. What does not, as what is skipped, must not pass for theirs.
    exempt = {item for item, outcome in ours["outcomes"].items() if outcome == "xfailed"}
    theirs = run(path, "--no-swap", only=set(ours["items"]) - passed(ours) - exempt)
    assert ours["items"] == theirs["items"]
    assert not passed(theirs)
    assert len(passed(ours)) > 30

    # The swap takes effect.
    for name, items in theirs["uses"].items():
        assert len(items) >= N_USES_AT_LEAST[path], f"{name} is found in too few items to tell"
        assert ours["uses"][name] == items, name

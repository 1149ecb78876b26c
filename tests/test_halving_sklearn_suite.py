"""scikit-learn's own tests of its halving searches pass for ours, but for the items of `halving_swap.EXEMPT`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import sklearn

HERE = Path(__file__).parent
SITE = Path(sklearn.__file__).parents[1]


def run(folder, *options):
    """What became of each item of scikit-learn's test file."""
    ini, outcomes = folder / "pytest.ini", folder / "outcomes.json"
    ini.write_text("[pytest]\n", encoding="utf-8")
    search_path = [str(HERE), *(entry or str(Path.cwd()) for entry in sys.path)]
    done = subprocess.run(  # noqa: S603  (our own command line)
        [
            *(sys.executable, "-m", "pytest", "-q", "--tb=short", "-c", str(ini), "--rootdir", str(SITE)),
            *("-p", "halving_swap", "-p", "no:cacheprovider", "--outcomes", str(outcomes), *options),
            *("--pyargs", "sklearn.model_selection.tests.test_successive_halving"),
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


@pytest.mark.slow
def test_every_item_that_passes_for_scikit_learn_passes_for_ours(tmp_path):
    ours = run(tmp_path)
    failures = [f"{item}\n{message}" for item, message in ours["messages"].items()]
    assert not failures, "\n\n".join(failures)
    assert ours["stale"] == [], "exemptions of items that do not exist"
    outcomes = list(ours["outcomes"].values())
    assert outcomes.count("xfailed") == 28
    assert outcomes.count("passed") >= 70
    assert set(outcomes) <= {"passed", "xfailed", "skipped"}
    for name, items in ours["uses"].items():
        assert len(items) >= 20, f"{name} is found in too few items to tell that it was swapped"

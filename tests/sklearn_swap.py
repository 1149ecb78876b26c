"""Pytest plugin: scikit-learn's own tests, run on our searches in place of its own.

``python -m pytest -p sklearn_swap --pyargs sklearn.model_selection.tests.test_search`` with this folder on the path.
The swap happens when the plugin is configured, before any test module can import the names. ``--no-swap`` runs the
same items on scikit-learn's own classes, ``--only FILE`` those that a JSON file names, and ``--outcomes FILE`` writes
what became of each item.
"""

import inspect
import json
from pathlib import Path

import pytest
import sklearn.model_selection
import sklearn.model_selection._search

import skhpo

SWAP = {"GridSearchCV": skhpo.GridSearchCV, "RandomizedSearchCV": skhpo.RandomSearchCV}

# Item -> why our class may differ there; none has to. The items are run all the same: one that passes, or that the
# installed scikit-learn does not have, is stale and fails the run.
EXEMPT: dict[str, str] = {}


def theirs(nodeid):
    """Name of an item with scikit-learn's names of the classes in it."""
    for name, ours in SWAP.items():
        nodeid = nodeid.replace(ours.__name__, name)
    return nodeid


class Swap:
    """Swaps at configuration, exempts at collection, reports at the end."""

    def __init__(self, config):
        self.is_swapped = not config.getoption("--no-swap")
        self.path = config.getoption("--outcomes")
        self.only = config.getoption("--only")
        self.items = []
        self.outcomes = {}
        self.messages = {}
        self.uses = {}
        self.stale = []
        self.classes = {name: getattr(sklearn.model_selection, name) for name in SWAP}
        if self.is_swapped:
            self.classes = SWAP
            for module in (sklearn.model_selection, sklearn.model_selection._search):
                for name, ours in SWAP.items():
                    setattr(module, name, ours)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items):
        found = {theirs(item.nodeid): item for item in items}
        self.uses = {
            name: {theirs(n) for n, item in found.items() if uses(item, cls)} for name, cls in self.classes.items()
        }
        self.items = sorted(found)
        if self.only:
            wanted = set(json.loads(Path(self.only).read_text(encoding="utf-8")))
            items[:] = [item for nodeid, item in found.items() if nodeid in wanted]
        if not self.is_swapped:
            return
        files = {nodeid.partition("::")[0] for nodeid in found}
        for nodeid, reason in EXEMPT.items():
            if nodeid in found:
                found[nodeid].add_marker(pytest.mark.xfail(reason=reason, strict=True))
            elif nodeid.partition("::")[0] in files:
                self.stale.append(nodeid)

    def pytest_runtest_logreport(self, report):
        nodeid = theirs(report.nodeid)
        if report.when == "call" or report.outcome != "passed":
            self.outcomes[nodeid] = "xfailed" if hasattr(report, "wasxfail") else report.outcome
            if report.failed:
                self.messages[nodeid] = report.longreprtext[-2000:]

    def pytest_sessionfinish(self, session):
        if self.stale and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if self.path:
            names = ("items", "outcomes", "messages", "stale")
            report = {name: getattr(self, name) for name in names}
            report["uses"] = {name: sorted(items) for name, items in self.uses.items()}
            Path(self.path).write_text(json.dumps(report), encoding="utf-8")

    def pytest_terminal_summary(self, terminalreporter):
        for nodeid in self.stale:
            terminalreporter.write_line(f"STALE exemption, no such item: {nodeid}", red=True)


def uses(item, cls):
    """Whether the test gets the class, or an instance of it, as a parameter, or its source names it."""
    parameters = getattr(getattr(item, "callspec", None), "params", {}).values()
    if any(holds(value, cls) for value in parameters):
        return True
    names = {name for name, value in vars(item.module).items() if value is cls}
    return any(name in inspect.getsource(item.function) for name in names)


def holds(value, cls):
    if isinstance(value, dict):
        return any(holds(inner, cls) for inner in value.values())
    return value is cls or type(value) is cls


def pytest_addoption(parser):
    group = parser.getgroup("swap")
    group.addoption("--no-swap", action="store_true", help="run scikit-learn's own classes")
    group.addoption("--only", metavar="FILE", help="run the items that a JSON file names")
    group.addoption("--outcomes", metavar="FILE", help="write the outcome of each item to a JSON file")


def pytest_configure(config):
    config.pluginmanager.register(Swap(config), "swap")

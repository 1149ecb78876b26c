"""What other libraries see of a search: its class, its attributes, its page in a notebook, which fits are its own."""

import html
import importlib
import re
import subprocess
import sys
import types
from contextlib import contextmanager

import pytest
import sklearn
from sklearn.base import is_classifier
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV as TheirGrid
from sklearn.model_selection import RandomizedSearchCV as TheirRandom
from sklearn.model_selection import cross_val_score

from skhpo import (
    BayesSearchCV,
    GradientSearchCV,
    GridSearchCV,
    RandomSearchCV,
    SearchCV,
    SuccessiveHalvingCV,
)
from skhpo.fits.trackers import unrecorded
from skhpo.integrations import SEARCHES, written_for

X, Y = load_iris(return_X_y=True)
GRID = {"C": [0.1, 1.0, 10.0]}
RANDOM = [RandomSearchCV, BayesSearchCV, SuccessiveHalvingCV, GradientSearchCV, SearchCV]


# ------------------------------------------------------------------------------------------------------ isinstance


def test_a_grid_search_is_one_for_who_asks():
    search = GridSearchCV(LogisticRegression(), GRID)
    assert isinstance(search, TheirGrid)
    assert not isinstance(search, TheirRandom)
    assert search.param_grid is GRID


@pytest.mark.parametrize("kind", RANDOM)
def test_the_others_are_random_searches_for_who_asks_and_have_what_these_have(kind):
    search = kind(LogisticRegression(), GRID)
    assert issubclass(kind, TheirRandom)
    assert not isinstance(search, TheirGrid)
    assert search.param_distributions is GRID
    assert isinstance(search.n_iter, int | str)
    assert hasattr(search, "random_state")


def test_a_name_of_others_is_no_parameter():
    search = SuccessiveHalvingCV(LogisticRegression(), GRID, n_candidates=7)
    assert search.n_iter == 7
    assert "n_iter" not in search.get_params()
    with pytest.raises(ValueError, match="Invalid parameter 'n_iter'"):
        search.set_params(n_iter=3)


def test_scikit_learns_own_searches_stay_what_they_are():
    theirs = TheirGrid(LogisticRegression(), GRID)
    assert not isinstance(theirs, GridSearchCV)
    assert not isinstance(theirs, TheirRandom)
    assert is_classifier(theirs)


# ------------------------------------------------------------------------------------------------------ a tracker


@pytest.fixture
def tracker(monkeypatch):
    """A stand-in for mlflow's module: its switch, and a record of what was fitted while it was on."""
    module = types.ModuleType("mlflow.utils.autologging_utils")
    module._AUTOLOGGING_GLOBALLY_DISABLED = False
    module.recorded = []

    @contextmanager
    def disable_autologging():
        module._AUTOLOGGING_GLOBALLY_DISABLED = True
        try:
            yield
        finally:
            module._AUTOLOGGING_GLOBALLY_DISABLED = False

    module.disable_autologging = disable_autologging
    monkeypatch.setitem(sys.modules, module.__name__, module)
    fit = LogisticRegression.fit

    def recorded_fit(self, *args, **kwargs):
        if not module._AUTOLOGGING_GLOBALLY_DISABLED:
            module.recorded.append(self.C)
        return fit(self, *args, **kwargs)

    monkeypatch.setattr(LogisticRegression, "fit", recorded_fit)
    return module


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_no_fit_inside_a_search_is_recorded(tracker, n_jobs):
    GridSearchCV(LogisticRegression(max_iter=500), GRID, cv=3, n_jobs=n_jobs).fit(X, Y)
    assert tracker.recorded == []
    LogisticRegression(C=7.0, max_iter=500).fit(X, Y)
    assert tracker.recorded == [7.0]  # it is on again


def test_a_search_in_a_search_records_nothing_either(tracker):
    inner = GridSearchCV(LogisticRegression(max_iter=500), {"C": [0.1, 1.0]}, cv=2)
    RandomSearchCV(inner, {"estimator__fit_intercept": [True, False]}, n_iter=2, cv=2).fit(X, Y)
    assert tracker.recorded == []


def test_who_had_it_off_before_has_it_off_afterwards(tracker):
    with tracker.disable_autologging():
        GridSearchCV(LogisticRegression(max_iter=500), GRID, cv=2).fit(X, Y)
        assert tracker._AUTOLOGGING_GLOBALLY_DISABLED


def test_a_search_that_raises_leaves_it_on(tracker):
    with pytest.raises(ValueError, match="All the"):
        GridSearchCV(LogisticRegression(), {"C": [-1.0]}, cv=2).fit(X, Y)
    assert not tracker._AUTOLOGGING_GLOBALLY_DISABLED


def test_nothing_is_imported_for_it(monkeypatch):
    monkeypatch.delitem(sys.modules, "mlflow.utils.autologging_utils", raising=False)
    with unrecorded():
        assert "mlflow.utils.autologging_utils" not in sys.modules


def test_a_tracker_without_such_a_switch_is_left_alone(monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow.utils.autologging_utils", types.ModuleType("other"))
    assert cross_val_score(GridSearchCV(LogisticRegression(max_iter=500), GRID, cv=2), X, Y, cv=2).min() > 0.9


@pytest.fixture
def recorder(tracker, monkeypatch):
    """The stand-in with autologging of scikit-learn: a list of classes whose ``fit`` is wrapped when it is on."""
    tracker.AUTOLOGGING_INTEGRATIONS = {"sklearn": {}}
    tracker.autologging_is_disabled = lambda name: tracker.AUTOLOGGING_INTEGRATIONS[name].get("disable", True)
    tracker.searches = []
    flavour, utils = types.ModuleType("mlflow.sklearn"), types.ModuleType("mlflow.sklearn.utils")
    utils._get_meta_estimators_for_autologging = lambda: [TheirGrid]
    watched = monkeypatch.context()
    patches = watched.__enter__()

    def wrapping(fit):
        def recorded(search, *args, **kwargs):
            if not tracker._AUTOLOGGING_GLOBALLY_DISABLED:
                tracker.searches.append(type(search))
            return fit(search, *args, **kwargs)

        return recorded

    def autolog(disable=False, silent=False, max_tuning_runs=5):
        patches.undo()
        tracker.AUTOLOGGING_INTEGRATIONS["sklearn"] = {"disable": disable, "silent": silent, "max_tuning_runs": 7}
        for kind in [] if disable else utils._get_meta_estimators_for_autologging():
            patches.setattr(kind, "fit", wrapping(kind.fit))

    flavour.autolog = autolog
    for module in (flavour, utils):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    yield tracker
    watched.__exit__(None, None, None)


def small(kind=GridSearchCV):
    return kind(LogisticRegression(max_iter=500), {"C": [0.1, 1.0]}, cv=2)


def switch(**settings):
    sys.modules["mlflow.sklearn"].autolog(**settings)


def test_a_search_is_recorded_once_where_a_tracker_is_on(recorder):
    before = GridSearchCV.fit
    small().fit(X, Y)
    assert recorder.searches == []  # it is off
    switch()
    settings = recorder.AUTOLOGGING_INTEGRATIONS["sklearn"]
    small().fit(X, Y)
    RandomSearchCV(LogisticRegression(max_iter=500), {"C": [0.1, 1.0]}, n_iter=2, cv=2).fit(X, Y)
    small().fit(X, Y)
    assert recorder.searches == [GridSearchCV, RandomSearchCV, GridSearchCV]
    assert recorder.recorded == []
    assert recorder.AUTOLOGGING_INTEGRATIONS["sklearn"] is settings  # as they were given, ``silent`` too
    assert sys.modules["mlflow.sklearn.utils"]._get_meta_estimators_for_autologging() == [TheirGrid]
    switch(disable=True)
    small().fit(X, Y)
    assert len(recorder.searches) == 3
    assert GridSearchCV.fit is before


def test_of_searches_in_searches_only_the_outermost_is_recorded(recorder):
    switch()
    RandomSearchCV(small(), {"estimator__fit_intercept": [True, False]}, n_iter=2, cv=2).fit(X, Y)
    assert recorder.searches == [RandomSearchCV]
    with recorder.disable_autologging():
        small().fit(X, Y)
    assert recorder.searches == [RandomSearchCV]


def test_a_class_that_has_its_own_fit_is_recorded_once(recorder):
    class Own(GridSearchCV):
        def fit(self, X, y=None, **params):
            return super().fit(X, y, **params)

    switch()
    small(Own).fit(X, Y)
    small(Own).fit(X, Y)
    assert recorder.searches == [Own, Own]


def test_a_tracker_that_takes_no_search_of_ours_costs_a_warning(recorder, monkeypatch):
    switch()
    monkeypatch.delattr(sys.modules["mlflow.sklearn.utils"], "_get_meta_estimators_for_autologging")
    with pytest.warns(UserWarning, match="takes no search of skhpo"):
        search = small().fit(X, Y)
    assert search.best_score_ > 0.9
    assert recorder.searches == []


def test_a_tracker_that_fails_with_us_goes_on_without(recorder, monkeypatch):
    autolog = sys.modules["mlflow.sklearn"].autolog
    told = []

    def picky(disable=False, silent=False):
        told.append(len(sys.modules["mlflow.sklearn.utils"]._get_meta_estimators_for_autologging()))
        if told[-1] > 1:
            raise RuntimeError("an unknown class")
        autolog(disable=disable, silent=silent)

    switch()
    monkeypatch.setattr(sys.modules["mlflow.sklearn"], "autolog", picky)
    with pytest.warns(UserWarning, match="an unknown class"):
        small().fit(X, Y)
    assert told == [2, 1]  # with our class, and again without
    small(TheirGrid).fit(X, Y)
    assert recorder.searches == [TheirGrid]


# ------------------------------------------------------------------------------------------------------ a notebook


def shown(search):
    return search._repr_html_()


@pytest.mark.skipif(sklearn.__version__ < "1.8", reason="tooltips came with scikit-learn 1.8")
@pytest.mark.parametrize("kind", [GridSearchCV, *RANDOM])
def test_parameters_have_tooltips_as_scikit_learns_have(kind):
    search = kind(LogisticRegression(max_iter=500), GRID)
    descriptions = re.findall(r'class="param-doc-description".*?>\s*(.*?)<br>', shown(search), re.DOTALL)
    names = {html.unescape(text).partition(":")[0].strip() for text in descriptions}
    assert names >= search.get_params(deep=False).keys()


@pytest.mark.skipif(sklearn.__version__ < "1.9", reason="fitted attributes are shown since scikit-learn 1.9")
def test_a_fitted_search_describes_as_much_as_scikit_learns():
    ours = shown(GridSearchCV(LogisticRegression(max_iter=500), GRID).fit(X, Y))
    theirs = shown(TheirGrid(LogisticRegression(max_iter=500), GRID).fit(X, Y))
    assert ours.count("param-doc-description") > theirs.count("param-doc-description")
    assert "best_score_: float" in ours


def test_the_link_leads_where_the_pages_are(monkeypatch):
    search = BayesSearchCV(LogisticRegression(), GRID)
    monkeypatch.delenv("SKHPO_DOCS", raising=False)
    assert 'href="https://scikit-learn.org/stable/modules/grid_search.html' in shown(search)
    monkeypatch.setenv("SKHPO_DOCS", "https://pages.example/skhpo/")
    assert 'href="https://pages.example/skhpo/generated/skhpo.BayesSearchCV.html' in shown(search)


# ------------------------------------------------------------------------------------------------- an old library


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "version", "said"),
    [
        ("sklearn", "1.5.2", "skhpo needs scikit-learn 1.6 or newer, found scikit-learn 1.5.2"),
        ("joblib", "1.3.0", "skhpo needs joblib 1.4 or newer, found joblib 1.3.0"),
    ],
)
def test_a_library_that_is_too_old_is_named(module, version, said):
    code = f"import {module}; {module}.__version__ = {version!r}; import skhpo"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(f"ImportError: {said}")
    assert "python -m pip install" in last


@pytest.mark.parametrize("version", ["1.6.0", "1.10.dev0", "2.0.1rc1", "unknown"])
def test_one_that_is_new_enough_or_says_nothing_is_not(version, monkeypatch):
    from skhpo.messages.requirements import check_versions

    monkeypatch.setattr(sklearn, "__version__", version)
    check_versions()


# ------------------------------------------------------------------------------------------------------ adapters


def test_a_tool_that_has_changed_is_named_with_what_to_write_instead():
    message = r"skhpo.integrations needs numpy as it is in version 0.1, got version .* \(AttributeError.* Do that."
    with pytest.raises(RuntimeError, match=message), written_for("numpy", "0.1", "Do that."):
        raise AttributeError


def test_a_tool_that_is_not_installed_is_pythons_to_name():
    with pytest.raises(ModuleNotFoundError, match="no_such_tool"), written_for("numpy", "0.1", "Do that."):
        importlib.import_module("no_such_tool")


def test_tools_are_told_of_every_search():
    assert {*SEARCHES} == {GridSearchCV, *RANDOM}


@pytest.mark.slow
def test_nothing_inside_imports_the_adapters():
    code = "import sys, skhpo, skhpo.plotting; sys.exit('skhpo.integrations' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603

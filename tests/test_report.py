"""What a search says about itself."""

import re

import numpy as np
import pytest
import sklearn.model_selection
from scipy.stats import loguniform, norm, ttest_1samp, uniform
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_diabetes, load_iris, load_wine
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.model_selection import LeaveOneOut
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skhpo import (
    BayesSearchCV,
    Categorical,
    Float,
    GridSearchCV,
    Int,
    RandomSearchCV,
    SuccessiveHalvingCV,
    load_results,
)
from skhpo.history import History, Outcome, Trial
from skhpo.report import relative_test_size, report_of
from skhpo.report.fitted import fitted
from skhpo.report.range_ends import at_ends
from skhpo.report.sections import reason
from skhpo.search.stopwatch import Stopwatch

ROWS, Y = np.arange(30.0).reshape(-1, 1), np.arange(30) % 2
IRIS = load_iris(return_X_y=True)

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning"),
    pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite"),
    pytest.mark.filterwarnings("ignore:Scoring failed"),
]


class Table(ClassifierMixin, BaseEstimator):
    """Scores what a table says of its row and the fold."""

    def __init__(self, row=0, other=1.0, n=1):
        self.row, self.other, self.n = row, other, n

    TABLE = ((0.50, 0.60, 0.70), (0.80, 0.90, 0.95), (0.81, 0.84, 0.99), (0.80, 0.90, 0.95))

    def fit(self, X, y):
        if self.row == 4:
            raise ValueError("no such <row>\n    in the table")
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.zeros(len(X), dtype=int)

    def score(self, X, y):
        return self.TABLE[self.row][int(X[0, 0]) // 10]


def tuned(rows, *, estimator=None, **kwargs):
    return GridSearchCV(Table() if estimator is None else estimator, {"row": rows}, cv=3, **kwargs).fit(ROWS, Y)


def test_differences_are_paired_and_corrected():
    report = tuned([0, 1, 2]).report()
    best, other = np.array(Table.TABLE[1]), np.array(Table.TABLE[2])
    plain = ttest_1samp(best - other, 0.0)
    # Three folds: the test side is half as large as the training side, and 1/3 + 1/2 stands for 1/3.
    error = (best - other).std(ddof=1) * np.sqrt(1 / 3 + 1 / 2)
    assert report.runner_up.row == 2
    assert report.runner_up.mean == pytest.approx((best - other).mean())
    assert report.runner_up.standard_error == pytest.approx(error)
    assert report.runner_up.p_value > plain.pvalue  # the correction makes less sure
    assert report.n_close == 1
    assert "Within one standard error of the best: 1 of 2 others" in str(report)
    assert "Nadeau and Bengio 2003" in str(report)
    assert f"trial 2 (standard error {error:.2g}, p = {report.runner_up.p_value:.2g})" in str(report)


def test_the_t_test_is_the_plain_one_where_nothing_has_to_be_corrected():
    search = tuned([0, 1, 2])
    found = report_of(search, search.stats(), 0.0).runner_up
    plain = ttest_1samp(np.subtract(Table.TABLE[1], Table.TABLE[2]), 0.0)
    assert found.p_value == pytest.approx(plain.pvalue)


def test_equals_are_level_and_close():
    report = tuned([0, 1, 3]).report()
    assert (report.runner_up.mean, report.runner_up.standard_error) == (0.0, 0.0)
    assert np.isnan(report.runner_up.p_value)
    assert report.n_close == 1
    assert "level with the next best" in str(report)


def test_the_same_candidate_twice_is_no_runner_up():
    report = tuned([1, 1, 0]).report()
    assert report.runner_up.row == 2
    assert "1 trial equal to an earlier one" in str(report)
    assert "9 fits" not in str(report)  # three were shared


def test_one_candidate_or_one_split_tell_little():
    assert tuned([1]).report().runner_up is None
    assert "Nothing else was tried." in str(tuned([1]).report())
    assert "no other candidate without a failed fit to compare" in str(tuned([1, 4]).report())
    own = GridSearchCV(Table(row=1), {"row": [1]}, cv=3).fit(ROWS, Y).report()
    assert own.sections["Untuned"] == ["The estimator's own parameters are all that was tried."]
    one = GridSearchCV(Table(), {"row": [0, 1]}, cv=[(np.arange(10, 30), np.arange(10))]).fit(ROWS, Y).report()
    assert one.runner_up.mean == pytest.approx(0.3)
    assert np.isnan(one.runner_up.standard_error)
    assert "one split does not tell" in str(one)


def test_a_choice_of_the_users_may_be_behind():
    report = tuned([0, 1], refit=lambda results: 0).report()
    assert report.runner_up.mean < 0
    assert "behind the best, trial 1" in str(report)
    assert "Better, or within one standard error: 1 of 1 others" in str(report)
    assert "(trial 0, chosen by refit)" in report.sections["Best"][0]
    assert "Chosen among many by such scores, this score is optimistic" in str(report)


def test_against_the_untuned_estimator():
    report = tuned([2, 1, 0]).report()
    assert report.untuned.row == 2
    assert report.untuned.mean == pytest.approx(np.mean(Table.TABLE[1]) - np.mean(Table.TABLE[0]))
    assert "The estimator's own parameters, trial 2, score 0.6: the best is 0.28 ahead" in str(report)
    assert tuned([2, 1]).report().untuned is None
    assert "Unknown: the estimator's own parameters were not tried." in str(tuned([2, 1]).report())
    own_best = tuned([0, 1], estimator=Table(row=1)).report()
    assert own_best.untuned.row == 1
    assert "own parameters are the best" in str(own_best)


def test_a_bayesian_search_knows_the_untuned_estimator():
    space = {"C": Float(1e-2, 1e2, log=True), "kernel": Categorical(["rbf", "linear"])}
    search = BayesSearchCV(SVC(), space, n_iter=4, cv=2, random_state=0).fit(*IRIS)
    assert search.report().untuned.row == 0


def test_failures_by_reason_and_fits_by_status():
    report = tuned([0, 4, 1]).report()
    assert report.failures == {"ValueError: no such <row>": 3}
    assert "3 trials, 9 fits: 6 ok, 3 failed" in str(report)
    assert "3 fits: ValueError: no such <row>" in str(report)
    assert tuned([0, 1]).report().failures == {}
    fallible = tuned([0, 1], scoring=lambda estimator, X, y: 1 / estimator.row, error_score=0.25).report()
    assert fallible.failures == {"ZeroDivisionError: division by zero": 3}
    assert "2 trials, 6 fits: 3 ok, 3 without a usable score" in str(fallible)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            'Traceback (most recent call last):\n  File "a.py", line 1\n    f()\nValueError: bad\nmore\n',
            "ValueError: bad",
        ),
        (
            "The fit took longer than fit_timeout=1.0 seconds and was stopped.",
            "The fit took longer than fit_timeout=1.0 ",
        ),
        (
            'Traceback:\n  File "a.py", line 1\nKeyError: 1\n\nDuring handling:\n\n  File "b.py", line 2\nOSError\n',
            "OSError",
        ),
    ],
)
def test_reasons_are_one_line(error, expected):
    assert reason(Outcome(0, 0, None, error=error, status="failed")).startswith(expected)


def test_the_text_and_its_table_say_the_same_and_the_table_is_escaped():
    report = tuned([0, 4, 1]).report()
    html = report._repr_html_()
    assert "no such &lt;row&gt;" in html
    assert "<row>" not in html
    assert repr(report) == str(report)
    headings = ["Tried", "Ended", "Best", "Best trials", "How sure", "Untuned", "Failures", "Time", "Ranges"]
    assert list(report.sections) == headings
    assert "nowrap" in re.search(r"<th ([^>]*)>How sure</th>", html)[1]  # a heading is one line
    assert all(f"  {heading} " in str(report) and f">{heading}</th>" in html for heading in headings)
    assert max(map(len, str(report).splitlines())) <= 110


def said(seconds):
    return f"{1000 * seconds:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"


def test_time():
    search = tuned([0, 1, 2])
    (asked, busy, refit) = search.report().sections["Time"]
    stats = search.stats()
    assert said(stats["search_time"]) + " for the search" in asked
    assert said(stats["fit_time"]) + " in fits" in busy
    assert "1 worker had" in busy
    assert refit == said(search.refit_time_) + " for the refit on all data"


def test_time_of_a_search_that_went_on(tmp_path):
    space = {"other": Float(0, 1)}
    kwargs = {"cv": 3, "random_state": 0, "checkpoint": tmp_path / "search.db"}
    RandomSearchCV(Table(), space, n_iter=2, **kwargs).fit(ROWS, Y)
    search = RandomSearchCV(Table(), space, n_iter=3, **kwargs).fit(ROWS, Y)
    times = search.report().sections["Time"]
    assert "in 6 fits of earlier runs" in times[2]
    again = RandomSearchCV(Table(), space, n_iter=3, **kwargs).fit(ROWS, Y)
    assert "in 9 fits of earlier runs" in again.report().sections["Time"][1]


def test_why_it_ended():
    assert tuned([0, 1]).report().sections["Ended"] == ["all that was planned was run"]
    small = BayesSearchCV(Table(), {"row": [0, 1, 2]}, n_iter=9, cv=3, random_state=0).fit(ROWS, Y)
    assert small.report().sections["Ended"] == ["the space has no more points"]
    search = tuned([0, 1])
    search._history.start(Trial(2, {"row": 2}))
    search.timeout = 5
    late = report_of(search, search.stats() | {"stop_reason": "timeout"}, 0.5)
    assert late.sections["Ended"] == ["timeout=5 seconds were over; 1 trial begun and not complete"]


def test_several_metrics():
    scoring = ["accuracy", "f1_macro"]
    search = GridSearchCV(SVC(), {"C": [0.1, 1.0]}, scoring=scoring, refit="f1_macro", cv=3).fit(*IRIS)
    (first, *others) = search.report().sections["Best"]
    assert first.startswith("f1_macro ")
    assert any(line.startswith("its accuracy is ") for line in others)
    assert "refit names" not in str(search.report())
    unrefitted = GridSearchCV(SVC(), {"C": [0.1, 1.0]}, scoring=scoring, refit=False, cv=3).fit(*IRIS)
    assert unrefitted.report().sections["Best"][0].startswith("accuracy ")
    assert "refit names no metric: this report goes by the first, accuracy." in str(unrefitted.report())


def test_rungs_compare_what_had_all_of_the_resource():
    search = SuccessiveHalvingCV(
        Table(),
        {"other": Float(0, 1), "row": [0, 1, 2]},
        n_candidates=9,
        resource="n",
        max_resources=9,
        min_resources=1,
        cv=3,
        random_state=0,
    ).fit(ROWS, Y)
    report = search.report()
    assert report.sections["Tried"][1] == (
        "By n: 9 trials with 1, 3 trials with 3, 1 trial with 9; only those with 9 are compared below"
    )
    assert report.runner_up is None
    assert report.sections["How sure"] == ["There is no other candidate with n = 9 to compare with."]
    assert report.untuned is None
    assert report.sections["Untuned"] == ["Unknown: the estimator's own n is 1, the most here was n = 9."]


def test_the_estimators_own_parameters_that_are_not_compared():
    rows = {"other": [1.0, 2.0, 3.0], "row": [0]}
    kwargs = {"resource": "n", "max_resources": 3, "min_resources": 1, "cv": 3, "sampler": "grid"}
    halving = SuccessiveHalvingCV(Table(row=0, n=3), rows, **kwargs).fit(ROWS, Y)
    halving.cv_results_["params"][-1]["other"] = 9.0  # whichever of equals went up
    assert halving.report().sections["Untuned"] == [
        "Unknown: the estimator's own parameters were not tried with all of the resource."
    ]
    failing = tuned([1, 4, 2], estimator=Table(row=4)).report()
    assert failing.sections["Untuned"] == ["The estimator's own parameters, trial 1, failed."]


def test_who_was_stopped_by_a_race_is_not_compared():
    X, y = load_wine(return_X_y=True)
    grid = {"max_depth": [1, 3, 4, 8], "min_samples_leaf": [1, 3, 30, 60]}
    search = GridSearchCV(DecisionTreeClassifier(max_depth=1, random_state=0), grid, cv=10, racing=True).fit(X, y)
    report = search.report()
    n_stopped = int((search.cv_results_["status"] == "raced").sum())
    assert n_stopped > 0
    assert f"{n_stopped} trials stopped by the race before all splits were run" in report.sections["Tried"]
    assert report.sections["How sure"][1].endswith(f"of {15 - n_stopped} others that had all splits")
    assert report.sections["Untuned"] == [
        "The estimator's own parameters, trial 0, were stopped by the race: they are behind."
    ]


def test_a_pipeline_is_named_with_its_steps():
    search = GridSearchCV(make_pipeline(StandardScaler(), "passthrough", SVC()), {"svc__C": [1.0]}, cv=2).fit(*IRIS)
    assert search.report().title == "GridSearchCV of Pipeline(StandardScaler, passthrough, SVC)"


def test_a_report_needs_a_fitted_search():
    search = GridSearchCV(SVC(), {"C": [1.0]})
    with pytest.raises(NotFittedError):
        search.report()
    with pytest.raises(NotFittedError):
        clone(tuned([0, 1])).report()


def test_values_of_any_kind_are_named():
    space = {"svc": [SVC(C=2), SVC()], "standardscaler": ["passthrough", StandardScaler()]}
    search = GridSearchCV(make_pipeline(StandardScaler(), SVC()), space, cv=2).fit(*IRIS)
    text = str(search.report())
    assert "svc = SVC" in text
    assert "np.float64" not in str(RandomSearchCV(SVC(), {"C": loguniform(1, 9)}, n_iter=2, cv=2).fit(*IRIS).report())


# -- the best few -----------------------------------------------------------------------------------------------------


def test_the_best_trials_stand_in_a_table():
    report = tuned([0, 1, 2, 3, 1, 4]).report()
    assert [each.row for each in report.best_trials] == [1, 3, 2, 0]  # ties in their order, twins once, no failure
    assert [each.number for each in report.best_trials] == [1, 3, 2, 0]
    best, *others = report.best_trials
    assert best.behind is None
    np.testing.assert_allclose(
        [each.score for each in report.best_trials], [np.mean(Table.TABLE[i]) for i in (1, 3, 2, 0)]
    )
    np.testing.assert_allclose(
        [each.std for each in report.best_trials], [np.std(Table.TABLE[i]) for i in (1, 3, 2, 0)]
    )
    assert others[1].behind == report_of(tuned([1, 2]), tuned([1, 2]).stats(), 0.5).runner_up._replace(row=2)
    head, first, *_, last = report.sections["Best trials"]
    assert head.split() == ["trial", "score", "std", "behind", "row"]
    assert first.split() == ["1", "0.88333", "0.062", "1"]
    assert last.split() == ["0", "0.6", "0.082", "0.28", "\N{PLUS-MINUS SIGN}", "0.026", "0"]
    text = str(report)
    assert all(line in text for line in report.sections["Best trials"])


def test_no_more_than_five_trials_and_no_table_of_one():
    search = GridSearchCV(Table(row=1), {"other": np.arange(9.0)}, cv=3).fit(ROWS, Y)
    assert [each.row for each in search.report().best_trials] == [0, 1, 2, 3, 4]
    alone = tuned([1]).report()
    assert len(alone.best_trials) == 1
    assert "Best trials" not in alone.sections
    nothing = tuned([0, 1], scoring=lambda estimator, X, y: np.nan).report()
    assert list(nothing.best_trials) == []


def test_the_table_in_html_has_cells_that_are_escaped_and_all_parameters():
    space = {"other": ["<a>", "<b>"], "row": [1, 2], "n": [1]}
    report = GridSearchCV(Table(), space, cv=3).fit(ROWS, Y).report()
    html = report._repr_html_()
    inner = re.search(r"Best trials</th><td [^>]*>(<table>.*?</table>)", html)[1]
    assert re.findall(r"<th[^>]*>(.*?)</th>", inner) == ["trial", "score", "std", "behind", "other", "row", "n"]
    assert inner.count("<tr>") == 5
    assert "&lt;a&gt;" in inner
    assert "<a>" not in inner


def test_the_table_fits_on_the_page_and_names_are_as_short_as_they_differ():
    steps = {f"{place}_{i}__columns__n_components": [1, 2] for place in ("left", "right") for i in range(5)}

    class Many(Table):
        def get_params(self, deep=True):
            return {"row": self.row} | dict.fromkeys(steps, 1)

        def set_params(self, **params):
            self.row = params.get("row", self.row)
            return self

        def __sklearn_clone__(self):
            return Many(self.row)

    space = {"row": [1, 2], **steps}
    report = RandomSearchCV(Many(), space, n_iter=6, cv=3, random_state=0).fit(ROWS, Y).report()
    lines = report.sections["Best trials"]
    assert max(map(len, str(report).splitlines())) <= 105
    assert re.fullmatch(r"\d+ more parameters in cv_results_", lines[-1])
    assert len(lines) == 7
    assert "left_0__columns__n_components" in report._repr_html_()
    search = GridSearchCV(make_pipeline(StandardScaler(), SVC()), {"svc__C": [1.0, 2.0]}, cv=2).fit(*IRIS)
    assert search.report().sections["Best trials"][0].split() == ["trial", "score", "std", "behind", "C"]


# -- ends of ranges ---------------------------------------------------------------------------------------------------


class Space:
    """What `at_ends` needs of the trials."""

    is_space_known = True

    def __init__(self, **space):
        from skhpo.space import Space as Real

        self.parameters = Real(space).parameters

    def dimensions(self, name):
        return [self.parameters[name]]


@pytest.mark.parametrize(
    ("dimension", "value", "expected"),
    [
        (Float(1e-3, 1e3, log=True), 1e3, ("upper", 1e4)),
        (Float(1e-3, 1e3, log=True), 950.0, ("upper", 1e4)),
        (Float(1e-3, 1e3, log=True), 0.00105, ("lower", 1e-4)),
        (Float(1e-3, 1e3, log=True), 500.0, None),  # on a linear scale it would be half way
        (Float(1e-3, 1e3, log=True), 1.0, None),
        (Float(1.0, 4.0, log=True), 4.0, ("upper", 8.0)),
        (Float(0.0, 1000.0), 995.0, ("upper", 1500.0)),
        (Float(0.0, 1000.0), 0.01, ("lower", None)),  # it would become negative
        (Float(-2.0, 0.0), 0.0, ("upper", None)),
        (Float(-2.0, 2.0), -2.0, ("lower", -4.0)),
        (Int(1, 20), 20, ("upper", 30)),
        (Int(1, 20), 19, None),
        (Int(1, 20), 1, ("lower", None)),
        (Int(10, 1000, log=True), 1000, ("upper", 10_000)),
        (Int(1, 1000, log=True), 1, ("lower", None)),
        ([1, 2, 3, 4], 4, ("upper", 6)),
        ([0.1, 1.0, 10.0], 10.0, ("upper", 100.0)),
        ([0.1, 1.0, 10.0], 1.0, None),
        ([1, 2], 2, None),  # each of two is an end
        (Categorical([1, 2, 3, 4]), 4, None),
        (["a", "b", "c"], "c", None),
        (loguniform(1e-2, 1e2), 99.9, ("upper", 1e3)),
        (uniform(0, 1), 0.999, ("upper", 1.5)),
        (norm(0, 1), 6.0, None),  # has no end
    ],
)
def test_which_values_lie_at_an_end(dimension, value, expected):
    found = at_ends(Space(x=dimension), {"x": value})
    assert [(each.end, each.suggestion) for each in found] == ([] if expected is None else [expected])


def test_an_end_is_named_with_the_advice():
    report = GridSearchCV(SVC(), {"C": [0.001, 0.01, 0.1]}, cv=3).fit(*IRIS).report()
    (found,) = report.at_end
    assert (found.name, found.end, found.is_log) == ("C", "upper", True)
    assert "C = 0.1 lies at the upper end of its range (0.001 to 0.1, log scale)" in str(report)
    assert "widen it, for example to 1, if larger" in " ".join(str(report).split())
    inside = GridSearchCV(Table(), {"row": [0, 1, 2]}, cv=3).fit(ROWS, Y).report()
    assert inside.at_end == []
    assert inside.sections["Ranges"] == ["The best numbers lie inside of their ranges."]
    without = GridSearchCV(Table(), {"row": [0, 1]}, cv=3).fit(ROWS, Y).report()
    assert without.sections["Ranges"] == ["No number had a range, or three values to choose from."]


def test_sizes_of_sides():
    assert relative_test_size([(np.array([True, True, False]), np.array([False, False, True]))]) == 0.5
    assert relative_test_size([([], [1])]) == 1.0


def test_cost_counts_each_fit_once():
    history = History(1)
    for number, is_shared in enumerate([False, True]):
        history.start(Trial(number, {}))
        history.record(Outcome(number, 0, 0.5, fit_time=2.0, score_time=1.0, shared=is_shared))
    stats = Stopwatch(lambda: 0.0).stats(history, "finished")
    assert (stats["n_fits"], stats["fit_time"]) == (1, 3.0)


# -- texts of others, and scores that are none ------------------------------------------------------------------------


class Mute:
    def __repr__(self):
        raise OSError("The file is closed.")


class Loud(Table):
    """Has a name of ten thousand letters, and says five million when it fails."""

    def __init__(self, row=0, message="", **more):
        super().__init__(row=row)
        self.message = message
        self.more = more

    @classmethod
    def _get_param_names(cls):
        return ["message", "row"]

    def get_params(self, deep=True):
        return {"row": self.row, "message": self.message, **self.more}

    def set_params(self, **params):
        self.row = params.pop("row", self.row)
        self.message = params.pop("message", self.message)
        self.more.update(params)
        return self

    def __sklearn_clone__(self):
        return type(self)(self.row, self.message, **self.more)

    def fit(self, X, y):
        if self.row == 1:
            raise ValueError(self.message)
        return super().fit(X, y)


def test_long_texts_are_shortened_in_reports_and_files(tmp_path):
    name = "n" * 10_000
    space = {"row": [0, 1], name: ["v" * 10_000]}
    estimator = Loud(0, "begin " + "x" * 5_000_000 + " end", **{name: "v" * 10_000})
    search = GridSearchCV(estimator, space, cv=3, checkpoint=tmp_path / "a.db").fit(ROWS, Y)
    report = search.report()
    for text in (str(report), report._repr_html_()):
        assert len(text) < 5000
        assert "begin xxx" in text
    (why,) = report.failures
    assert len(why) <= 300
    assert why.endswith("xxx end")
    assert all(len(outcome.error) < 9000 for outcome in search._history.outcomes(1).values())
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 300_000


def test_control_characters_are_seen_and_not_obeyed():
    name = "row\x1b[31m"
    estimator = Loud(0, "\x1b[5mblink\x07", **{name: 0})
    report = GridSearchCV(estimator, {"row": [0, 1], name: ["a\x1b[0m"]}, cv=3).fit(ROWS, Y).report()
    for text in (str(report), report._repr_html_()):
        assert "\x1b" not in text
        assert "\x07" not in text
        assert r"row\x1b[31m" in text
        assert r"\x1b[5mblink\x07" in text
    assert report.failures == {r"ValueError: \x1b[5mblink\x07": 3}


def test_a_value_that_cannot_be_said():
    report = GridSearchCV(Table(), {"other": [Mute()], "row": [0, 1]}, cv=3).fit(ROWS, Y).report()
    assert "other = <Mute object, repr failed>" in str(report)
    inside = GridSearchCV(Table(), {"other": [[Mute()]], "row": [0, 1]}, cv=3).fit(ROWS, Y).report()
    assert "other = <list object, repr failed>" in str(inside)


@pytest.mark.filterwarnings("ignore:R\\^2 score is not well-defined")
def test_one_row_is_too_few_for_some_metrics():
    X, y = load_diabetes(return_X_y=True)
    search = GridSearchCV(Ridge(), {"alpha": [0.1, 1.0, 10.0]}, cv=LeaveOneOut()).fit(X[:16], y[:16])
    report = search.report()
    assert "3 trials, 48 fits: 48 without a usable score" in str(report)
    assert report.failures == {"the score is nan (of one test row, for which some metrics are not defined)": 48}
    assert "race" not in str(report)
    assert report.sections["Best"] == ["no trial has a usable score"]
    assert "no candidate with a usable score" in report.sections["How sure"][0]
    trials = fitted(search)
    assert trials.failed.all()
    assert not trials.stopped.any()


@pytest.mark.parametrize("bad", [np.nan, -np.inf, np.inf])
def test_one_bad_split_is_told(bad):
    def scoring(estimator, X, y):
        return bad if estimator.row == 1 and X[0, 0] == 0 else estimator.score(X, y)

    report = tuned([0, 1, 2], scoring=scoring).report()
    assert "3 trials, 9 fits: 8 ok, 1 without a usable score" in str(report)
    assert report.failures == {f"the score is {bad}": 1}
    assert "race" not in str(report)


def test_a_scorer_that_raises_on_some_candidates():
    def scoring(estimator, X, y):
        if estimator.row == 1:
            raise KeyError("recall")
        return estimator.score(X, y)

    report = tuned([0, 1, 2], scoring=scoring).report()
    assert "6 ok, 3 without a usable score" in str(report)
    assert report.failures == {"KeyError: 'recall'": 3}


def test_of_an_older_file_it_is_known_that_the_scorer_failed():
    assert reason(Outcome(0, 0, 0.0, status="failed")) == "the scorer failed"


def test_results_alone_tell_who_was_stopped_by_a_race(tmp_path):
    X, y = load_wine(return_X_y=True)
    grid = {"max_depth": [1, 3, 4, 8], "min_samples_leaf": [-1, 3, 30, 60]}
    path = tmp_path / "a.db"
    search = GridSearchCV(DecisionTreeClassifier(random_state=0), grid, cv=10, racing=True, checkpoint=path).fit(X, y)
    ours, stored = fitted(search), fitted(load_results(path))
    assert ours.stopped.any()
    assert ours.failed.sum() == 4
    np.testing.assert_array_equal(stored.stopped, ours.stopped)
    np.testing.assert_array_equal(stored.failed, ours.failed)


def test_scikit_learns_searches_have_no_race():
    def scoring(estimator, X, y):
        return np.nan if estimator.row == 1 and X[0, 0] == 0 else estimator.score(X, y)

    grid = sklearn.model_selection.GridSearchCV(Table(), {"row": [0, 1, 2]}, cv=3, scoring=scoring).fit(ROWS, Y)
    for search in (grid, grid.cv_results_):
        trials = fitted(search)
        np.testing.assert_array_equal(trials.failed, [False, True, False])
        assert not trials.stopped.any()


def test_a_race_by_one_metric_tells_of_failures_of_another():
    """A stopped candidate whose other metric failed on a split it had has no score on that metric."""
    X, y = load_wine(return_X_y=True)

    def fails(estimator, X, y):
        if estimator.max_depth == 1:
            raise KeyError("other")
        return 1.0

    grid = {"max_depth": [8, 4, 3, 1], "min_samples_leaf": [1, 3, 60]}
    scoring = {"accuracy": "accuracy", "other": fails}
    with pytest.warns(UserWarning, match="Scoring failed"):
        search = GridSearchCV(
            DecisionTreeClassifier(random_state=0),
            grid,
            scoring=scoring,
            refit="accuracy",
            cv=10,
            racing=True,
            error_score=0.0,
        ).fit(X, y)
    is_one = np.array([params["max_depth"] == 1 for params in search.cv_results_["params"]])
    by_accuracy, by_other = fitted(search), fitted(search, "other")
    assert (by_accuracy.stopped & is_one).any()
    assert not by_accuracy.failed.any()
    np.testing.assert_array_equal(by_other.failed, is_one)
    np.testing.assert_array_equal(by_other.stopped, by_accuracy.stopped & ~is_one)

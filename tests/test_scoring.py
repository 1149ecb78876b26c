"""What counts as a score: not what failed, whatever number stands for it, and nothing that is not finite."""

import time
import warnings

import numpy as np
import pytest
import sklearn.model_selection
from numpy.exceptions import ComplexWarning
from sklearn.base import BaseEstimator
from sklearn.datasets import make_blobs, make_classification
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import KFold
from sklearn.neighbors import KernelDensity
from sklearn.tree import DecisionTreeClassifier

from skhpo import BayesSearchCV, Float, GridSearchCV, Int, RandomSearchCV, SuccessiveHalvingCV, load_results
from skhpo.fits.scoring import Watch, watched
from skhpo.history import FitFinished, History, Outcome, Trial
from skhpo.journals.events import Codec, from_text, to_text
from skhpo.report.fitted import fitted

pytestmark = [
    pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite"),
    pytest.mark.filterwarnings("ignore:Scoring failed"),
]
INF, NAN = float("inf"), float("nan")


class Table(BaseEstimator):
    """Has the scores of a row of a table; the data are a column of numbers that say which split is the test side."""

    def __init__(self, table=None, row=0, n=1):
        self.table, self.row, self.n = table, row, n

    def fit(self, X, y=None):
        if self.table[self.row][0] is None:
            raise ValueError("This row cannot be fitted.")
        return self

    def score(self, X, y=None):
        found = self.table[self.row][int(X[0, 0])]
        if found == "raise":
            raise ZeroDivisionError("There is no such score.")
        return found


def rows_of(n):
    return np.arange(float(n))[:, None]


def searched(cls, table, **options):
    k = len(table[0])
    more = {"n_iter": len(table)} if cls in {BayesSearchCV, RandomSearchCV} else {}
    more |= {"random_state": 0} if cls is not GridSearchCV else {}
    settings = {"cv": KFold(k), "refit": False} | more | options
    return cls(Table(table), {"row": list(range(len(table)))}, **settings).fit(rows_of(k))


# -- scores that are not finite ---------------------------------------------------------------------------------------


def test_a_model_is_told_of_no_candidate_with_an_infinite_score():
    """Fold scores (-inf, -inf, -46, -46, -inf) were a candidate that a race had skipped three folds of."""
    X, _ = make_blobs(60, random_state=0)
    space = {"bandwidth": Float(0.01, 10, log=True)}
    search = BayesSearchCV(KernelDensity(kernel="tophat"), space, n_iter=20, random_state=0).fit(X)
    means = search.cv_results_["mean_test_score"]
    model = search._sampler._model
    told = {float(row[0]): float(value) for row, value in zip(model.points, model.values, strict=True)}
    places = [float(row[0]) for row in search._sampler.space.encode(search.cv_results_["params"])]
    assert np.isneginf(means).any()
    np.testing.assert_array_equal([told[place] for place in places], np.where(np.isfinite(means), means, NAN))
    assert search.best_score_ > -46
    assert search._sampler._model.belief().success is not None


@pytest.mark.parametrize("bad", [-INF, INF, NAN])
@pytest.mark.parametrize("racing", [False, True])
def test_samplers_hear_that_it_failed(bad, racing):
    table = [[0.5, 0.6, 0.7], [0.8, bad, 0.9], [0.4, 0.4, 0.5]]
    search = searched(BayesSearchCV, table, racing=racing)
    model = search._sampler._model
    values = {tuple(point): value for point, value in zip(model.points, model.values, strict=True)}
    (place,) = search._sampler.space.encode([{"row": 1}])
    assert np.isnan(values[tuple(place)])
    assert np.isfinite(list(values.values())).sum() == 2
    assert search._history.ending(search._history.outcomes(row_number(search, 1))[1]) == "unscored"


def row_number(search, row):
    return next(trial.number for trial in search._history.trials if trial.params["row"] == row)


@pytest.mark.parametrize("bad", [-INF, INF, NAN])
@pytest.mark.parametrize("options", [{}, {"asynchronous": True}, {"racing": True}], ids=str)
def test_what_is_not_finite_is_not_promoted(bad, options):
    table = [[0.5, 0.6, 0.7], [0.8, bad, 0.9], [0.4, 0.4, 0.5]]
    search = searched(
        SuccessiveHalvingCV, table, sampler="grid", resource="n", min_resources=1, max_resources=3, **options
    )
    last = search.cv_results_["n_resources"] == 3
    assert [params["row"] for params, is_last in zip(search.cv_results_["params"], last, strict=True) if is_last] == [0]


@pytest.mark.parametrize("bad", [-INF, INF, NAN])
def test_results_are_scikit_learns_whatever_is_decided(bad):
    table = [[0.5, 0.6, 0.7], [0.8, bad, 0.9], [bad, bad, bad], [0.4, 0.4, 0.5]]
    found = []
    for cls in (GridSearchCV, sklearn.model_selection.GridSearchCV):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            search = cls(Table(table), {"row": [0, 1, 2, 3]}, cv=KFold(3), refit=False).fit(rows_of(3))
        found.append((search, sorted(str(each.message) for each in caught if "non-finite" in str(each.message))))
    (ours, said), (theirs, expected) = found
    assert said == expected
    assert ours.best_index_ == theirs.best_index_
    for name, column in theirs.cv_results_.items():
        if "time" not in name and name != "params":
            np.testing.assert_array_equal(np.asarray(ours.cv_results_[name]), np.asarray(column), err_msg=name)


@pytest.mark.parametrize("bad", [-INF, INF])
def test_an_earlier_searchs_infinite_mean_is_a_failure(bad):
    table = [[0.5, 0.6], [0.8, bad], [0.4, 0.4]]
    first = searched(GridSearchCV, table)
    for earlier in (first, first.cv_results_):
        search = BayesSearchCV(
            Table([*table, [0.1, 0.1]]),
            {"row": [0, 1, 2, 3]},
            n_iter=1,
            cv=KFold(2),
            warm_start_from=earlier,
            refit=False,
        ).fit(rows_of(2))
        np.testing.assert_array_equal(np.isnan(search._sampler._model.values[:3]), [False, True, False])


def test_pictures_and_importances_take_it_for_a_failure():
    trials = fitted(searched(GridSearchCV, [[0.5, 0.6], [0.8, -INF], [INF, 0.4], [NAN, 1.0], [0.4, 0.4]]))
    np.testing.assert_array_equal(trials.failed, [False, True, True, True, False])
    assert not trials.stopped.any()
    assert not np.isinf(trials.split_scores).any()


# -- scores that equal the error score ------------------------------------------------------------------------------


def test_a_true_zero_is_promoted_where_zero_stands_for_failures():
    """The smallest folds have none of a rare class, where f1 is 0."""
    X, y = make_classification(200, weights=[0.9], flip_y=0, random_state=0)
    space = {"max_depth": Int(1, 10), "min_samples_leaf": Int(1, 20)}
    search = SuccessiveHalvingCV(
        DecisionTreeClassifier(random_state=0),
        space,
        scoring="f1",
        error_score=0,
        cv=10,
        min_resources=50,
        n_candidates=9,
        random_state=0,
    ).fit(X, y)
    assert (search.cv_results_["split0_test_score"] == 0).any()
    assert search.n_resources_[0] < 200
    assert search.cv_results_["n_resources"].max() == 200
    assert search.report().failures == {}


@pytest.mark.parametrize("cls", [GridSearchCV, RandomSearchCV])
def test_a_race_lets_it_win(cls):
    table = [[0.0, 0.9, 0.9], [0.5, 0.5, 0.5], [0.1, 0.2, 0.1]]
    search = searched(cls, table, error_score=0.0, racing=True)
    assert search.best_params_ == {"row": 0}
    assert search.cv_results_["status"][search.best_index_] == "complete"
    assert search.report().failures == {}


def test_a_real_failure_with_the_same_number_is_one():
    table = [[0.0, 0.9, 0.9], ["raise", 0.9, 0.9], [None, None, None]]
    with pytest.warns(FitFailedWarning):
        search = searched(GridSearchCV, table, error_score=0.0)
    history = search._history
    assert [int(np.isnan(history.scores(row)).sum()) for row in range(3)] == [0, 1, 3]
    np.testing.assert_array_equal(search.cv_results_["split0_test_score"], [0, 0, 0])
    np.testing.assert_array_equal(fitted(search).failed, [False, True, True])


def test_an_earlier_searchs_failures_are_no_numbers_to_the_model():
    table = [[0.5, 0.6], ["raise", 0.8], [0.4, 0.4]]
    first = searched(GridSearchCV, table, error_score=0.45)
    search = BayesSearchCV(
        Table([*table, [0.1, 0.1]]), {"row": [0, 1, 2, 3]}, n_iter=1, cv=KFold(2), warm_start_from=first, refit=False
    ).fit(rows_of(2))
    np.testing.assert_array_equal(np.isnan(search._sampler._model.values[:3]), [False, True, False])


# -- several metrics --------------------------------------------------------------------------------------------------


def good(estimator, X, y):
    return estimator.score(X, y)


def bad(estimator, X, y):
    raise ZeroDivisionError("There is no such score.")


def sometimes(estimator, X, y):
    return 1 / (estimator.constant == 1)


def test_only_failures_of_the_metric_that_decides_count(tmp_path):
    X, y = rows_of(30), np.arange(30) % 2
    space = {"constant": [0, 1]}
    scoring = {"good": good, "bad": bad, "sometimes": sometimes}
    options = {"cv": 3, "scoring": scoring, "refit": "good", "error_score": 0.5}
    dummy = DummyClassifier(strategy="constant")
    search = GridSearchCV(dummy, space, **options, checkpoint=tmp_path / "a.db").fit(X, y)
    theirs = sklearn.model_selection.GridSearchCV(dummy, space, **options).fit(X, y)
    for name in theirs.cv_results_:
        if "test" in name:
            np.testing.assert_array_equal(search.cv_results_[name], theirs.cv_results_[name], err_msg=name)
    assert np.isfinite(search._history.scores(0)).all()
    assert search.report().failures == {}
    assert fitted(search, "bad").failed.all()
    np.testing.assert_array_equal(fitted(search, "sometimes").failed, [True, False])
    stored = load_results(tmp_path / "a.db")
    np.testing.assert_array_equal(stored["mean_test_bad"], search.cv_results_["mean_test_bad"])
    # Resumed from the file it is the same.
    again = GridSearchCV(dummy, space, **options, checkpoint=tmp_path / "a.db").fit(X, y)
    assert again._history.outcomes(0)[0].score_errors == search._history.outcomes(0)[0].score_errors
    assert "ZeroDivisionError" in again._history.outcomes(0)[0].score_errors["bad"]


def test_the_metric_that_decides_is_the_one_that_fails():
    X, y = rows_of(30), np.arange(30) % 2
    search = GridSearchCV(
        DummyClassifier(strategy="constant"),
        {"constant": [0, 1]},
        cv=3,
        scoring={"good": good, "sometimes": sometimes},
        refit="sometimes",
        error_score=9.0,
    ).fit(X, y)
    assert np.isnan(search._history.scores(0)).all()
    assert search.report().failures == {"ZeroDivisionError: division by zero": 3}
    assert "2 trials, 6 fits: 3 ok, 3 without a usable score" in str(search.report())
    assert "9, but 3 of 3 splits gave no usable score" in str(search.report())  # scikit-learn ranks by the number


def test_a_race_is_stored_with_the_metric_that_decides(tmp_path):
    X, y = rows_of(30), np.arange(30) % 2
    search = GridSearchCV(
        DummyClassifier(strategy="constant"),
        {"constant": [0, 1]},
        cv=3,
        scoring={"bad": bad, "good": good},
        refit="good",
        racing=True,
        checkpoint=tmp_path / "a.db",
    ).fit(X, y)
    assert set(search.cv_results_["status"]) == set(load_results(tmp_path / "a.db")["status"]) == {"complete"}


def two_metrics(estimator, X, y=None):
    if X[0, 0] < 10:
        raise ZeroDivisionError("There is no such score.")
    return {"a": 1.0, "b": -1.0}


@pytest.mark.parametrize("racing", [False, True])
def test_a_search_in_which_a_scorer_failed_is_continued_from_its_file(racing, tmp_path):
    """The fit went well and there is no score: a file that said no more could not have been written by a search."""
    path, table = tmp_path / "search.db", [[0.5, 0.6], ["raise", "raise"], [0.7, 0.8], [0.1, "raise"]]
    first = searched(GridSearchCV, table, checkpoint=path, racing=racing)
    for results in (
        searched(GridSearchCV, table, checkpoint=path, racing=racing).cv_results_,
        load_results(path),
    ):
        np.testing.assert_array_equal(results["mean_test_score"], first.cv_results_["mean_test_score"])
    assert list(np.isnan(first.cv_results_["mean_test_score"])) == [False, True, False, True]


def test_a_callable_for_several_metrics_that_raises_first():
    """Its name for no metric at all is no metric of the others."""
    search = GridSearchCV(
        DummyClassifier(), {"random_state": [0, 1]}, cv=KFold(3), scoring=two_metrics, refit="a", error_score=0.25
    ).fit(rows_of(30), np.arange(30) % 2)
    np.testing.assert_array_equal(search.cv_results_["split0_test_a"], [0.25, 0.25])
    np.testing.assert_array_equal(search.cv_results_["split1_test_b"], [-1.0, -1.0])
    assert search.report().failures == {"ZeroDivisionError: There is no such score.": 2}


# -- the watch ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scoring", [bad, {"a": bad, "b": good}], ids=["one", "several"])
@pytest.mark.parametrize("error_score", [0.0, NAN])
def test_warnings_are_scikit_learns_to_the_letter(scoring, error_score):
    said = []
    for cls in (GridSearchCV, sklearn.model_selection.GridSearchCV):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            cls(
                DummyClassifier(), {"random_state": [0]}, cv=2, scoring=scoring, refit=False, error_score=error_score
            ).fit(rows_of(10), np.arange(10) % 2)
        said.append([str(each.message) for each in caught if "Scoring failed" in str(each.message)])
    ours, theirs = said
    assert ours == theirs
    assert len(ours) == 2


@pytest.mark.parametrize("scoring", [bad, {"a": bad, "b": good}], ids=["one", "several"])
def test_errors_are_raised_as_they_are(scoring):
    search = GridSearchCV(
        DummyClassifier(), {"random_state": [0]}, cv=2, scoring=scoring, refit=False, error_score="raise"
    )
    with pytest.raises(ZeroDivisionError, match="There is no such score"):
        search.fit(rows_of(10), np.arange(10) % 2)


def test_what_is_no_number_is_refused_by_the_scorers_own_name():
    search = GridSearchCV(DummyClassifier(), {"random_state": [0]}, cv=2, scoring=lambda *_: "good")
    with pytest.raises(ValueError, match=r"scoring must return a number, got good .*scorer=<function .*lambda"):
        search.fit(rows_of(10), np.arange(10) % 2)


def test_the_first_call_counts():
    watch = Watch()
    scorer = watched(lambda estimator, X: 1 / X, watch)
    assert scorer(None, 2) == 0.5
    with pytest.raises(ZeroDivisionError):
        scorer(None, 0)  # the training side
    assert watch.errors == {}
    assert watch.fit_time >= 0


def test_a_complex_score_is_cast_as_scikit_learn_casts():
    table = [[0.5 + 1j, 0.6], [0.8, 0.9]]
    with pytest.warns(ComplexWarning, match="scoring needs to give real numbers"):
        search = searched(GridSearchCV, table, racing=True)
    np.testing.assert_array_equal(search.cv_results_["split0_test_score"], [0.5, 0.8])


@pytest.mark.parametrize("found", [10**400, -(10**400)])
def test_a_number_that_no_float_can_hold_costs_its_candidate(found, tmp_path):
    search = searched(GridSearchCV, [[found, 0.5], [0.25, 0.5]], checkpoint=tmp_path / "a.db")
    assert search.best_params_ == {"row": 1}
    (why,) = search.report().failures
    assert "scoring needs to give numbers that a float can hold" in why


class Mute:
    def __repr__(self):
        raise OSError("The file is closed.")


def test_lines_about_fits_take_any_value(capsys):
    search = GridSearchCV(Table([[0.5, 0.6]]), {"n": [Mute(), 1.5]}, cv=KFold(2), verbose=3).fit(rows_of(2))
    out = capsys.readouterr().out
    assert out.count("n=<Mute object, repr failed>") == 2
    assert out.count("n=1.5;") == 2
    assert isinstance(search.cv_results_["params"][0]["n"], Mute)


class SetsTheClockBack(Table):
    def fit(self, X, y=None):
        shift = time.time
        time.time = lambda: shift() - 3600.0
        return self


@pytest.mark.parametrize("cls", [GridSearchCV, SuccessiveHalvingCV])
def test_durations_do_not_follow_a_clock_that_is_set(cls, monkeypatch):
    monkeypatch.setattr(time, "time", time.time)
    more = {} if cls is GridSearchCV else {"resource": "n", "min_resources": 1, "max_resources": 3, "sampler": "grid"}
    search = cls(SetsTheClockBack([[0.5, 0.6]] * 3), {"row": [0, 1, 2]}, cv=KFold(2), **more).fit(rows_of(2))
    for name in ("mean_fit_time", "mean_score_time"):
        assert (search.cv_results_[name] >= 0).all()
        assert (search.cv_results_[name] < 1800).all()
    assert 0 <= search.refit_time_ < 1800
    assert 0 <= search.stats()["fit_time"] < 1800


def test_a_fit_that_fails_has_its_time():
    class Slow(BaseEstimator):
        def __init__(self, a=0):
            self.a = a

        def fit(self, X, y=None):
            if self.a == 0:
                until = time.perf_counter() + 0.01
                while time.perf_counter() < until:
                    pass
                raise ValueError("Not this one.")
            return self

        def score(self, X, y=None):
            return 1.0

    with pytest.warns(FitFailedWarning):
        search = GridSearchCV(Slow(), {"a": [0, 1]}, cv=KFold(2)).fit(rows_of(2))
    assert search.cv_results_["mean_fit_time"][0] >= 0.01
    assert search.cv_results_["mean_score_time"][0] == 0


# -- outcomes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "score", "ending"),
    [
        (Outcome(0, 0, 0.5), 0.5, "ok"),
        (Outcome(0, 0, -INF), NAN, "unscored"),
        (Outcome(0, 0, None, status="failed"), NAN, "unscored"),
        (Outcome(0, 0, 0.5, status="failed"), NAN, "unscored"),  # of older files: the error score was kept there
        (Outcome(0, 0, None, status="failed", error="ValueError"), NAN, "failed"),
        (Outcome(0, 0, None, status="timeout", error="too long"), NAN, "timeout"),
        (Outcome(0, 0, {"a": None, "b": 0.5}), NAN, "unscored"),
        (Outcome(0, 0, {"b": 0.5, "a": None}), 0.5, "ok"),
        (Outcome(0, 0, {}), NAN, "unscored"),
    ],
)
def test_how_a_fit_ended(outcome, score, ending):
    np.testing.assert_array_equal(outcome.score(), score)
    assert outcome.ending() == ending
    history = History(1)
    history.start(Trial(0, {}))
    history.record(outcome)
    np.testing.assert_array_equal(history.scores(0), [score])


def test_files_hold_why_there_is_no_score_where_there_is_none():
    codec = Codec(dict, dict)
    assert "score_errors" not in to_text(FitFinished(Outcome(0, 0, 0.5)), codec)
    written = to_text(FitFinished(Outcome(0, 0, {"a": None, "b": 0.5}, score_errors={"a": "ZeroDivisionError"})), codec)
    outcome = from_text(written, dict).outcome
    assert outcome.test_scores == {"a": None, "b": 0.5}
    assert outcome.score_errors == {"a": "ZeroDivisionError"}

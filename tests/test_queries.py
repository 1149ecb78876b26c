"""What scorers get of the parameters of `fit`: the queries of rankers, and what a function asks for."""

import numpy as np
import pytest
import sklearn
from sklearn.base import BaseEstimator
from sklearn.linear_model import Ridge
from sklearn.metrics import make_scorer, ndcg_score, r2_score
from sklearn.model_selection import GridSearchCV as TheirGrid
from sklearn.model_selection import GroupKFold

from skhpo import BayesSearchCV, Float, GridSearchCV

pd = pytest.importorskip("pandas")

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(120, 4)), columns=list("abcd"))
QUERIES = RNG.permutation(np.repeat(np.arange(12), 10))
QUERIES.sort()  # as rankers want them
Y = (X["a"] + RNG.normal(size=120) > 0).astype(int) + (X["b"] > 1)
CV = {"cv": GroupKFold(3)}


def ndcg(estimator, X, y, qid):
    predicted, y = estimator.predict(X), np.asarray(y)
    return np.mean([ndcg_score([y[qid == one]], [predicted[qid == one]]) for one in np.unique(qid)])


class Ranker(BaseEstimator):
    """Takes the queries as xgboost's ranker does: `fit` by parameter or column, `score` by column only."""

    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def fit(self, X, y, *, qid=None):
        assert qid is None or len(qid) == len(X)
        self.n_queries_ = len(np.unique(X["qid"] if qid is None else qid))
        self.ridge_ = Ridge(alpha=self.alpha).fit(X.drop(columns="qid", errors="ignore"), y)
        return self

    def predict(self, X):
        return self.ridge_.predict(X.drop(columns="qid", errors="ignore"))

    def score(self, X, y):
        return ndcg(self, X, y, np.asarray(X["qid"]) if "qid" in X else np.zeros(len(X)))


def test_queries_given_to_fit_are_a_column_for_the_rankers_own_score():
    grid = {"alpha": [1.0, 100.0, 1e4]}
    by_column = TheirGrid(Ranker(), grid, return_train_score=True, **CV).fit(X.assign(qid=QUERIES), Y, groups=QUERIES)
    ours = GridSearchCV(Ranker(), grid, return_train_score=True, **CV).fit(X, Y, groups=QUERIES, qid=QUERIES)
    for name in ("split0_test_score", "split2_train_score", "mean_test_score"):
        np.testing.assert_array_equal(ours.cv_results_[name], by_column.cv_results_[name])
    theirs = TheirGrid(Ranker(), grid, **CV).fit(X, Y, groups=QUERIES, qid=QUERIES)
    assert (theirs.cv_results_["mean_test_score"] != ours.cv_results_["mean_test_score"]).all()  # all rows one query
    assert ours.best_estimator_.n_queries_ == 12
    assert ours.score(X.assign(qid=QUERIES), Y) == by_column.score(X.assign(qid=QUERIES), Y)
    assert list(X.columns) == list("abcd")


def test_arrays_have_no_columns_and_the_user_is_told():
    class Unnamed(Ranker):
        def fit(self, X, y, *, qid=None):
            return super().fit(pd.DataFrame(X), y, qid=qid)

        def predict(self, X):
            return self.ridge_.predict(pd.DataFrame(X))

        def score(self, X, y):
            return 0.0

    with pytest.warns(
        UserWarning, match=r"Unnamed\.score needs the queries as a column 'qid'.*got X as ndarray"
    ) as told:
        GridSearchCV(Unnamed(), {"alpha": [1.0]}, **CV).fit(X.to_numpy(), Y, groups=QUERIES, qid=QUERIES)
    assert told[0].filename == __file__


@pytest.mark.parametrize("search_class", [GridSearchCV, BayesSearchCV])
def test_a_function_gets_what_it_cannot_be_called_without(search_class):
    space = {"alpha": [1.0, 100.0]} if search_class is GridSearchCV else {"alpha": Float(1, 100)}
    settings = CV if search_class is GridSearchCV else {**CV, "n_iter": 2, "random_state": 0}
    search = search_class(Ranker(), space, scoring=ndcg, **settings).fit(X, Y, groups=QUERIES, qid=QUERIES)
    train, test = next(GroupKFold(3).split(X, Y, QUERIES))
    first = Ranker(search.cv_results_["params"][0]["alpha"]).fit(X.iloc[train], Y.iloc[train], qid=QUERIES[train])
    assert search.cv_results_["split0_test_score"][0] == ndcg(first, X.iloc[test], Y.iloc[test], QUERIES[test])


def test_a_function_gets_groups_too():
    def by_group(estimator, X, y, *, groups):
        return len(np.unique(groups))

    search = GridSearchCV(Ridge(), {"alpha": [1.0]}, scoring=by_group, **CV).fit(X, Y, groups=QUERIES)
    assert search.cv_results_["mean_test_score"] == 4


def test_what_has_a_default_is_not_handed_on():
    """scikit-learn's searches do not either, and scores are theirs."""

    def score(estimator, X, y, groups=None):
        assert groups is None
        return r2_score(y, estimator.predict(X))

    for scoring in (score, make_scorer(r2_score), "r2", None, ["r2"]):
        settings = {"scoring": scoring, "refit": "r2" if isinstance(scoring, list) else True, **CV}
        theirs = TheirGrid(Ridge(), {"alpha": [1.0, 2.0]}, **settings).fit(X, Y, groups=QUERIES)
        ours = GridSearchCV(Ridge(), {"alpha": [1.0, 2.0]}, **settings).fit(X, Y, groups=QUERIES)
        name = "mean_test_r2" if isinstance(scoring, list) else "mean_test_score"
        np.testing.assert_array_equal(ours.cv_results_[name], theirs.cv_results_[name])


def test_with_metadata_routing_all_goes_where_it_was_requested():
    with sklearn.config_context(enable_metadata_routing=True):
        ranker = Ranker().set_fit_request(qid=True)
        theirs = TheirGrid(ranker, {"alpha": [1.0, 100.0]}, **CV).fit(X, Y, groups=QUERIES, qid=QUERIES)
        ours = GridSearchCV(ranker, {"alpha": [1.0, 100.0]}, **CV).fit(X, Y, groups=QUERIES, qid=QUERIES)
    np.testing.assert_array_equal(ours.cv_results_["mean_test_score"], theirs.cv_results_["mean_test_score"])


@pytest.mark.slow
def test_queries_with_workers_and_a_checkpoint(tmp_path):
    grid, where = {"alpha": [1.0, 100.0]}, {"checkpoint": tmp_path / "search.db"}
    one = GridSearchCV(Ranker(), grid, **CV).fit(X, Y, groups=QUERIES, qid=QUERIES)
    for _ in range(2):
        two = GridSearchCV(Ranker(), grid, n_jobs=2, **CV, **where).fit(X, Y, groups=QUERIES, qid=QUERIES)
        np.testing.assert_array_equal(one.cv_results_["mean_test_score"], two.cv_results_["mean_test_score"])


def test_xgboost():
    xgboost = pytest.importorskip("xgboost")
    ranker, grid = xgboost.XGBRanker(n_estimators=5, n_jobs=1), {"max_depth": [1, 3]}
    by_column = TheirGrid(ranker, grid, **CV).fit(X.assign(qid=QUERIES), Y, groups=QUERIES)
    ours = GridSearchCV(ranker, grid, **CV).fit(X, Y, groups=QUERIES, qid=QUERIES)
    np.testing.assert_array_equal(ours.cv_results_["mean_test_score"], by_column.cv_results_["mean_test_score"])

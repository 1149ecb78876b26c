"""Choice: parameters, delegation, tags, HTML, routing, and searches that choose by it."""

import pickle

import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn import config_context
from sklearn.base import clone, is_classifier, is_clusterer, is_regressor
from sklearn.cluster import DBSCAN, KMeans
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, LogisticRegression, SGDClassifier
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, cross_validate
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_estimator

import skhpo
from skhpo import BayesSearchCV, Categorical, Choice, Float, Int, RandomSearchCV
from skhpo.space import Space

X, Y = load_iris(return_X_y=True)


def choice(name=None):
    return Choice(
        {"tree": DecisionTreeClassifier(random_state=0), "svm": make_pipeline(StandardScaler(), SVC())}, choice=name
    )


# -- parameters -------------------------------------------------------------------------------------------------------


def test_parameters_have_the_names_of_candidates():
    params = choice("svm").get_params()
    assert params["choice"] == "svm"
    assert params["choice__tree__max_depth"] is None
    assert params["choice__svm__svc__C"] == 1.0
    assert params["choice__svm__svc"] is params["choice__svm"].named_steps["svc"]
    assert set(choice().get_params(deep=False)) == {"candidates", "choice"}


def test_parameters_are_set_at_any_depth_and_together():
    model = choice().set_params(
        choice="svm", choice__svm__svc__C=3.0, choice__svm__svc=SVC(kernel="linear"), choice__tree__max_depth=2
    )
    assert model.choice == "svm"
    assert model.candidates["svm"].named_steps["svc"].C == 3.0
    assert model.candidates["svm"].named_steps["svc"].kernel == "linear"
    assert model.candidates["tree"].max_depth == 2


def test_a_candidate_is_replaced_before_its_parameters_are_set_and_the_users_dict_stays():
    candidates = {"a": SVC()}
    model = Choice(candidates).set_params(choice__a__C=5.0, choice__a=LinearSVC())
    assert isinstance(model.candidates["a"], LinearSVC)
    assert model.candidates["a"].C == 5.0
    assert isinstance(candidates["a"], SVC)
    assert candidates["a"].C == 1.0


def test_new_candidates_are_set_with_the_choice_among_them():
    model = choice("svm").set_params(choice="nb", candidates={"nb": GaussianNB()}, choice__nb__var_smoothing=0.1)
    assert model.fit(X, Y).estimator_.var_smoothing == 0.1


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"choice__tre__max_depth": 2}, r"needs to be one of \['tree', 'svm'\], got 'tre'. Did you mean 'tree'"),
        ({"tree__max_depth": 2}, "Invalid parameter 'tree'"),
        ({"choice__tree__max_dept": 2}, "Invalid parameter 'max_dept'"),
    ],
)
def test_parameters_that_do_not_exist_are_refused(params, message):
    with pytest.raises(ValueError, match=message):
        choice().set_params(**params)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Choice([SVC()]), TypeError, "candidates needs to be a dict"),
        (lambda: Choice({}), ValueError, "at least one estimator"),
        (lambda: Choice({"a__b": SVC()}), ValueError, "without two underscores"),
        (lambda: Choice({1: SVC()}), ValueError, "without two underscores"),
        (lambda: Choice({"svm": SVC()}, "swm"), ValueError, "Did you mean 'svm'"),
    ],
)
def test_what_is_no_choice_is_refused_in_fit(make, error, message):
    model = make()  # constructors only store
    assert "Choice" in repr(model)
    with pytest.raises(error, match=message):
        model.fit(X, Y)


def test_none_stands_for_the_first():
    assert choice().get_params()["choice"] is None
    assert "tree: DecisionTreeClassifier" in choice()._repr_html_()
    assert isinstance(choice().fit(X, Y).estimator_, DecisionTreeClassifier)


def test_clones_are_equal_and_apart():
    model = choice("svm").set_params(choice__svm__svc__C=7.0)
    copy = clone(model)
    assert copy.choice == "svm"
    assert copy.candidates["svm"].named_steps["svc"].C == 7.0
    copy.set_params(choice__svm__svc__C=1.0)
    assert model.candidates["svm"].named_steps["svc"].C == 7.0


# -- delegation -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["tree", "svm"])
def test_it_is_the_chosen_one(name):
    model = choice(name)
    alone = clone(model.candidates[name]).fit(X, Y)
    model.fit(X, Y)
    assert not hasattr(model.candidates[name], "classes_"), "candidates stay unfitted"
    np.testing.assert_array_equal(model.predict(X), alone.predict(X))
    assert model.score(X, Y) == alone.score(X, Y)
    np.testing.assert_array_equal(model.classes_, alone.classes_)
    assert model.n_features_in_ == 4
    for method in ("predict_proba", "decision_function", "transform", "score_samples", "partial_fit", "set_output"):
        assert hasattr(model, method) == hasattr(alone, method), method
    again = pickle.loads(pickle.dumps(model))  # noqa: S301 - our own
    np.testing.assert_array_equal(again.predict(X), alone.predict(X))


def test_methods_are_there_before_fit_and_say_that_it_is_missing():
    assert hasattr(choice("svm"), "decision_function")
    assert not hasattr(choice("tree"), "decision_function")
    assert not hasattr(choice("svm"), "classes_")
    with pytest.raises(NotFittedError):
        choice("svm").decision_function(X)


def test_of_transformers_it_is_one():
    model = Choice({"pca": PCA(2), "scale": MinMaxScaler()}, "pca")
    pipeline = Pipeline([("prep", model), ("nb", GaussianNB())]).fit(X, Y)
    assert pipeline["nb"].n_features_in_ == 2
    assert list(pipeline[:1].get_feature_names_out()) == ["pca0", "pca1"]
    np.testing.assert_array_equal(clone(model).fit_transform(X), PCA(2).fit_transform(X))
    assert clone(pipeline).set_params(prep__choice="scale").fit(X, Y)["nb"].n_features_in_ == 4
    np.testing.assert_allclose(model.fit(X).inverse_transform(model.transform(X)), X, atol=0.6)


def test_containers_of_outputs():
    pandas = pytest.importorskip("pandas")
    model = Choice({"pca": PCA(2), "scale": MinMaxScaler()}).set_output(transform="pandas")
    frame = pandas.DataFrame(X, columns=list("abcd"))
    for name in ("pca", "scale"):
        found = clone(model).set_params(choice=name).fit(frame)
        assert list(found.feature_names_in_) == list("abcd")
        assert list(found.transform(frame).columns) == list(found.get_feature_names_out())


def test_of_clusterers_it_is_one():
    model = Choice({"db": DBSCAN(), "km": KMeans(3, random_state=0)}, "db")
    assert is_clusterer(model)
    assert not hasattr(model, "predict")
    np.testing.assert_array_equal(model.fit_predict(X), DBSCAN().fit_predict(X))


def test_partial_fit_goes_on_with_the_same_model():
    model = Choice({"sgd": SGDClassifier(random_state=0)})
    model.partial_fit(X[:75], Y[:75], classes=[0, 1, 2])
    inner = model.estimator_
    assert model.partial_fit(X[75:], Y[75:]).estimator_ is inner
    assert inner.t_ == 151


# -- tags, HTML, routing ----------------------------------------------------------------------------------------------


def test_tags_are_those_of_the_chosen_one():
    model = Choice({"lr": LinearRegression(), "hgb": HistGradientBoostingClassifier()})
    assert is_regressor(model)
    model.set_params(choice="hgb")
    assert is_classifier(model)
    assert get_tags(model).input_tags.allow_nan
    assert get_tags(model) == get_tags(HistGradientBoostingClassifier())


def test_html_shows_the_chosen_one():
    html = choice("svm")._repr_html_()
    assert "svm: Pipeline" in html
    assert "StandardScaler" in html
    assert "DecisionTreeClassifier</label>" not in html
    assert "tree: DecisionTreeClassifier" in choice("tree").fit(X, Y)._repr_html_()


def test_weights_reach_the_last_step_of_a_pipeline_without_routing():
    weights = np.where(Y == 0, 1.0, 1e-6)
    model = choice("svm").fit(X, Y, sample_weight=weights)
    expected = make_pipeline(StandardScaler(), SVC()).fit(X, Y, svc__sample_weight=weights)
    np.testing.assert_array_equal(model.decision_function(X), expected.decision_function(X))
    tree = choice("tree").fit(X, Y, sample_weight=weights)
    assert tree.score(X, Y, sample_weight=weights) > 0.99


def test_metadata_is_routed_to_the_chosen_one():
    weights = np.where(Y == 0, 1.0, 1e-6)
    with config_context(enable_metadata_routing=True):
        tree = (
            DecisionTreeClassifier(max_depth=1)
            .set_fit_request(sample_weight=True)
            .set_score_request(sample_weight=False)
        )
        model = Choice({"tree": tree, "knn": SVC().set_fit_request(sample_weight=False)})
        found = cross_validate(model, X, Y, params={"sample_weight": weights}, return_estimator=True)
        root = found["estimator"][0].estimator_.tree_.weighted_n_node_samples[0]
        assert root == pytest.approx(40.0, abs=1e-3), "the first class of four splits has weight"
        assert model.fit(X, Y, sample_weight=weights).estimator_.tree_.weighted_n_node_samples[0] < 51
        with pytest.raises(TypeError, match="sample_weight"):
            clone(model).set_params(choice="knn").fit(X, Y, sample_weight=weights)


@pytest.mark.parametrize("name", ["tree", "lr"])
def test_the_checks_of_scikit_learn_pass_for_a_choice_of_classifiers(name):
    model = Choice({"tree": DecisionTreeClassifier(random_state=0), "lr": LogisticRegression()}, name)
    wrong = [
        (each["check_name"], each["exception"])
        for each in check_estimator(model, on_fail=None, on_skip=None)
        if each["status"] == "failed"
    ]
    assert wrong == []


# -- searches ---------------------------------------------------------------------------------------------------------

SPACES = {
    "tree": {"max_depth": Int(1, 5), "criterion": ["gini", "entropy"]},
    "svm": {
        "svc__kernel": Categorical(["rbf", "linear"]),
        "svc__C": Float(1e-2, 1e2, log=True),
        "svc__gamma": Float(1e-3, 1.0, log=True, when={"svc__kernel": "rbf"}),
    },
}


def test_one_space_of_all_exists_where_its_candidate_is_chosen():
    space = Space(choice().joint_space(SPACES))
    found = [frozenset(params) for params in space.sample(np.random.default_rng(0), 200)]
    svm = {"choice", "choice__svm__svc__kernel", "choice__svm__svc__C"}
    assert set(found) == {
        frozenset({"choice", "choice__tree__max_depth", "choice__tree__criterion"}),
        frozenset(svm),
        frozenset(svm | {"choice__svm__svc__gamma"}),
    }


def test_lists_and_distributions_are_moved_too():
    space = choice().joint_space({"tree": {"min_samples_leaf": [1, 2, 4, 8]}, "svm": {"svc__C": loguniform(0.1, 10.0)}})
    assert Space(space).n_columns == 3
    assert space["choice__svm__svc__C"].when == {"choice": ["svm"]}


def test_a_candidate_without_a_space_is_tried_as_it_is():
    model = Choice({"nb": GaussianNB(), "tree": DecisionTreeClassifier(random_state=0)})
    space = model.joint_space({"tree": {"max_depth": Int(1, 4)}})
    search = BayesSearchCV(model, space, n_iter=8, random_state=0).fit(X, Y)
    assert {"choice": "nb"} in search.cv_results_["params"]


def test_a_space_for_no_candidate_is_refused():
    with pytest.raises(ValueError, match="got 'forest'"):
        choice().joint_space({"forest": {}})


@pytest.mark.parametrize("search", [BayesSearchCV, RandomSearchCV])
def test_our_searches_choose(search):
    found = search(choice(), choice().joint_space(SPACES), n_iter=12, random_state=0).fit(X, Y)
    chosen = found.cv_results_["param_choice"]
    assert set(chosen) == {"tree", "svm"}
    np.testing.assert_array_equal(found.cv_results_["param_choice__svm__svc__C"].mask, chosen == "tree")
    assert found.best_estimator_.choice == found.best_params_["choice"]
    assert found.predict(X).shape == Y.shape
    assert is_classifier(found)


def test_the_first_candidate_of_a_bayesian_search_is_the_choice_as_it_is():
    model = choice("svm")
    found = BayesSearchCV(model, {"choice": ["tree", "svm"]}, n_iter=2, random_state=0, refit=False).fit(X, Y)
    assert [params["choice"] for params in found.cv_results_["params"]] == ["svm", "tree"]
    first = BayesSearchCV(choice(), {"choice": ["svm", "tree"]}, n_iter=2, random_state=0, refit=False).fit(X, Y)
    assert first.cv_results_["params"] == [{"choice": "tree"}, {"choice": "svm"}]
    pipeline = Pipeline([("model", choice())])
    space = {"model__choice": ["svm", "tree"]}
    nested = BayesSearchCV(pipeline, space, n_iter=2, random_state=0, refit=False).fit(X, Y)
    assert nested.cv_results_["params"][0] == {"model__choice": "tree"}


@pytest.mark.parametrize("search", [GridSearchCV, skhpo.GridSearchCV])
def test_grids_choose(search):
    grid = [
        {"choice": ["tree"], "choice__tree__max_depth": [1, 3]},
        {"choice": ["svm"], "choice__svm__svc__C": [0.1, 1.0]},
    ]
    found = search(choice(), grid).fit(X, Y)
    alone = cross_validate(make_pipeline(StandardScaler(), SVC(C=0.1)), X, Y)["test_score"]
    np.testing.assert_array_equal([found.cv_results_[f"split{i}_test_score"][2] for i in range(5)], alone)
    assert found.best_estimator_.choice == found.best_params_["choice"]


def test_searches_of_scikit_learn_draw_from_it_in_a_pipeline():
    pipeline = Pipeline([("scale", StandardScaler()), ("model", choice())])
    space = {"model__choice": ["tree", "svm"], "model__choice__svm__svc__C": loguniform(0.1, 10.0)}
    found = RandomizedSearchCV(pipeline, space, n_iter=4, random_state=0, n_jobs=1).fit(X, Y)
    assert found.best_score_ > 0.9


def test_parallel_and_serial_searches_are_the_same(tmp_path):
    space = choice().joint_space(SPACES)
    one, two = (
        BayesSearchCV(
            choice(), space, n_iter=6, random_state=0, n_jobs=n_jobs, checkpoint=tmp_path / f"{n_jobs}.db"
        ).fit(X, Y)
        for n_jobs in (1, 2)
    )
    assert one.cv_results_["params"] == two.cv_results_["params"]
    again = BayesSearchCV(choice(), space, n_iter=6, random_state=0, checkpoint=tmp_path / "1.db").fit(X, Y)
    assert again.cv_results_["params"] == one.cv_results_["params"]


def test_scorers_take_the_response_that_the_chosen_one_has():
    Y2 = (Y == 1).astype(int)
    for name in ("tree", "svm"):
        assert get_scorer("roc_auc")(choice(name).fit(X, Y2), X, Y2) > 0.9


def test_a_choice_in_a_choice():
    inner = Choice({"rf": RandomForestClassifier(5, random_state=0), "nb": GaussianNB()})
    outer = Choice({"lr": LogisticRegression(max_iter=1000), "more": inner}, "more")
    outer.set_params(choice__more__choice="rf", choice__more__choice__rf__max_depth=2)
    assert outer.fit(X, Y).estimator_.estimator_.max_depth == 2

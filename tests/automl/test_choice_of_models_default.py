"""The word "default" for a choice: the candidates' default spaces as one."""

import pytest
from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skhpo import BayesSearchCV, Choice, RandomSearchCV, default_space, tabular_preprocessor

X, Y = load_wine(return_X_y=True)
FOREST = RandomForestClassifier(10, random_state=0)


def choice():
    return Choice(
        {
            "forest": make_pipeline(tabular_preprocessor(FOREST), FOREST),
            "svm": make_pipeline(StandardScaler(), SVC()),
            "nb": GaussianNB(),
        }
    )


def test_each_candidate_has_its_own_default_space_where_it_is_chosen():
    space = default_space(choice(), X, Y)
    assert list(space["choice"].choices) == ["forest", "svm", "nb"]
    alone = default_space(choice().candidates["svm"], X, Y)
    assert {f"choice__svm__{name}" for name in alone} == {name for name in space if name.startswith("choice__svm__")}
    assert all(space[name].when == {"choice": ["svm"]} for name in space if name.startswith("choice__svm__"))
    assert any(name.startswith("choice__forest__randomforestclassifier__") for name in space)


def test_a_search_over_the_default_begins_with_the_choice_as_it_is():
    search = BayesSearchCV(choice(), "default", n_iter=6, cv=3, random_state=0).fit(X, Y)
    assert search.cv_results_["param_choice"][0] == "forest"
    assert len(set(search.cv_results_["param_choice"])) > 1


@pytest.mark.parametrize("space", ["default", {"model": "default"}], ids=str)
def test_a_choice_in_a_pipeline(space):
    pipeline = Pipeline([("scale", StandardScaler()), ("model", choice().set_params(choice__nb=LogisticRegression()))])
    search = RandomSearchCV(pipeline, space, n_iter=4, cv=3, random_state=0, refit=False).fit(X, Y)
    assert set(search.cv_results_["param_model__choice"]) <= {"forest", "svm", "nb"}

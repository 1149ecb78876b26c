"""BayesSearchCV(polish=True): a descent from the best candidate, inside of its branch."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, make_friedman1, make_regression
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import ElasticNet, LogisticRegression, PoissonRegressor
from sklearn.model_selection import KFold
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhpo import BayesSearchCV, Categorical, ColumnScale, Float, Int
from skhpo.fits.gradients import OBJECTIVE, SQUARE
from skhpo.history import Observation, Trial
from skhpo.samplers.base import Sampler
from skhpo.samplers.polish import PolishSampler
from skhpo.space import Space

FRIEDMAN = make_friedman1(100, noise=0.3, random_state=0)
STRENGTH, WIDTH = Float(1e-5, 1e2, log=True), Float(1e-4, 1e1, log=True)
KERNELS = {
    "kernel": Categorical(["rbf", "linear"]),
    "alpha": STRENGTH,
    "gamma": Float(1e-4, 1e1, log=True, when={"kernel": "rbf"}),
}


def search(**more):
    settings = {"n_iter": 24, "scoring": "neg_mean_squared_error", "cv": KFold(3), "random_state": 0, "polish": True}
    return BayesSearchCV(KernelRidge(), KERNELS, **{**settings, **more})


def test_what_has_no_slope_stays_as_it_is_and_the_first_half_is_that_without():
    polished = search().fit(*FRIEDMAN)
    plain = search(polish=False).fit(*FRIEDMAN)
    params = polished.cv_results_["params"]
    assert params[:12] == plain.cv_results_["params"][:12]
    assert params[12:] != plain.cv_results_["params"][12:]
    best = params[int(np.argmax(polished.cv_results_["mean_test_score"][:12]))]
    assert params[12]["kernel"] == best["kernel"]
    assert params[12]["alpha"] != best["alpha"]
    assert list(polished.cv_results_) == list(plain.cv_results_)
    assert polished.predict_score(polished.best_params_)[0] == pytest.approx(polished.best_score_, rel=0.2)


def test_many_widths_end_far_below_a_search_without():
    estimator = make_pipeline(StandardScaler(), ColumnScale(np.ones(10)), KernelRidge(kernel="rbf", gamma=0.1))
    space = {"kernelridge__alpha": STRENGTH}
    space |= {f"columnscale__scale_{j}": Float(1e-2, 1e1, log=True) for j in range(10)}
    scores = [
        BayesSearchCV(
            estimator, space, n_iter=24, scoring="neg_mean_squared_error", cv=3, random_state=0, polish=polish
        )
        .fit(*FRIEDMAN)
        .best_score_
        for polish in (True, False)
    ]
    assert scores[0] > 0.5 * scores[1]  # errors, negative


def test_a_share_and_an_integer_and_the_regressors_own_score():
    X, y = make_regression(100, 20, n_informative=5, noise=10, random_state=0)
    space = {"alpha": Float(1e-3, 1e1, log=True), "l1_ratio": Float(0.05, 0.95), "max_iter": Int(9_000, 10_000)}
    found = BayesSearchCV(ElasticNet(), space, n_iter=16, random_state=0, polish=True).fit(X, y)
    tried = found.cv_results_["params"]
    assert len({params["max_iter"] for params in tried[8:11]}) == 1
    assert found.best_score_ > max(found.cv_results_["mean_test_score"][:8])


def test_the_own_score_of_a_generalised_linear_model_is_its_deviance():
    X, y = FRIEDMAN
    counts = np.floor(np.abs(y) / 3)
    estimator = make_pipeline(StandardScaler(), PoissonRegressor())
    space = {"poissonregressor__alpha": Float(1e-4, 1e2, log=True)}
    settings = {"n_iter": 8, "cv": KFold(3), "random_state": 0, "polish": True}
    found = [
        BayesSearchCV(estimator, space, scoring=scoring, **settings).fit(X, counts).cv_results_["params"][4]
        for scoring in (None, "neg_mean_poisson_deviance", "neg_mean_squared_error")
    ]
    alphas = [params["poissonregressor__alpha"] for params in found]
    assert alphas[0] != alphas[2]
    assert alphas[1] != alphas[2]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_it_goes_on_from_its_checkpoint(tmp_path, n_jobs):
    whole = search(n_jobs=n_jobs, look_back=2).fit(*FRIEDMAN)
    part = search(n_jobs=n_jobs, look_back=2, checkpoint=tmp_path / "a.db")
    part.fit(*FRIEDMAN)
    again = clone(part).fit(*FRIEDMAN)
    for found in (part, again):
        assert found.cv_results_["params"] == whole.cv_results_["params"]


def test_an_estimator_without_slopes_is_searched_as_ever():
    space = {"n_neighbors": Int(1, 20), "p": Float(1.0, 3.0)}
    found = [
        BayesSearchCV(KNeighborsRegressor(), space, n_iter=6, random_state=0, polish=polish).fit(*FRIEDMAN)
        for polish in (True, False)
    ]
    assert found[0].cv_results_["params"] == found[1].cv_results_["params"]


def test_a_logistic_regression_is_polished_by_its_log_loss():
    X, y = load_breast_cancer(return_X_y=True)
    estimator = make_pipeline(StandardScaler(), LogisticRegression())
    space = {"logisticregression__C": Float(1e-4, 1e4, log=True)}
    settings = {"scoring": "neg_log_loss", "cv": 3, "random_state": 0, "n_iter": 8}
    found = BayesSearchCV(estimator, space, polish=True, **settings).fit(X, y)
    assert found.best_score_ > max(found.cv_results_["mean_test_score"][:4])


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            {"scoring": "neg_max_error"},
            r"needs a scoring that has a slope, got scoring='neg_max_error'.*neg_mean_squared_error",
        ),
        ({"scoring": "neg_log_loss"}, r"needs a scoring that has a slope, got scoring='neg_log_loss'"),
        ({"scoring": ["r2"], "refit": "r2"}, r"needs a scoring that has a slope"),
        ({"racing": True}, r"needs all splits of a candidate, got racing=True"),
    ],
)
def test_what_cannot_be_polished_is_refused(more, message):
    with pytest.raises(ValueError, match=message):
        search(**more).fit(*FRIEDMAN)


class Fixed(Sampler):
    def ask(self, number, pending):
        return {"C": 1.0, "kind": "other"}

    def tell(self, observation):
        pass


def told(number, C, kind="a", slope=1.0):
    gradient = {"C": slope, OBJECTIVE: -C, SQUARE: C**2}
    return Observation(Trial(number, {"C": C, "kind": kind}), np.full(3, -C), gradient=gradient)


def test_the_sampler_asks_the_other_before_while_pending_and_without_slopes():
    space = Space({"C": Float(0.1, 100.0, log=True), "kind": Categorical(["a", "b", "other"])})
    sampler = PolishSampler(Fixed(), space, 0, n_before=2)
    other = {"C": 1.0, "kind": "other"}
    assert sampler.ask(2, ()) == other  # nothing is known
    sampler.tell(told(0, 10.0, slope=-1.0))
    sampler.tell(told(1, 20.0, "b"))
    assert sampler.ask(1, ()) == other
    point = sampler.ask(2, ())
    assert point["kind"] == "a"
    assert point["C"] < 10.0
    assert sampler.ask(3, ()) == point
    assert sampler.ask(3, [Trial(2, point)]) == other
    sampler.tell(Observation(Trial(1, {"C": 0.5, "kind": "b"}), np.full(3, -0.5)))
    assert sampler.ask(2, ()) == other  # the best has no slopes

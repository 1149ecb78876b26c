"""What a share of a resource means, and that fits which go on are the fits that start over."""

import pickle
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier, SGDRegressor
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold, TimeSeriesSplit
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.fixes import parse_version

from skhpo.executors import SharedFolder
from skhpo.fits.amounts import (
    Iterations,
    Models,
    check_rows,
    enough_iterations,
    enough_rows,
    find_parameter,
    full_iterations,
    make_rows,
    smallest_rows,
)
from skhpo.fits.amounts.continuation import continues_exactly, last_step
from skhpo.history import Trial
from skhpo.schedulers.halving import halving_bracket

NOTHING = frozenset()
sklearn_version = parse_version(sklearn.__version__)


def problem(y, splits, estimator=None):
    return SimpleNamespace(estimator=estimator or LogisticRegression(), y=y, splits=splits)


def rows_of(y, cv, groups=None, *, full=None, estimator=None, seed=0):
    X = np.zeros((len(y), 1))
    made = problem(y, list(cv.split(X, y, groups)), estimator)
    return make_rows(made, full or len(y), len(y), groups, np.random.default_rng(seed)), made


Y = np.repeat([0, 1, 2], [600, 300, 15])[np.random.default_rng(0).permutation(915)]
FRACTIONS = (0.05, 1 / 9, 0.2, 1 / 3, 0.5, 0.9, 1.0)


@pytest.mark.parametrize("cv", [StratifiedKFold(3), KFold(4), TimeSeriesSplit(3)])
def test_rows_are_nested_and_have_the_classes_in_their_shares(cv):
    rows, made = rows_of(Y, cv)
    for split, (train, _) in enumerate(made.splits):
        before = np.array([], dtype=int)
        for fraction in FRACTIONS:
            some = rows.rows(split, train, fraction)
            assert np.isin(before, some).all()
            assert (np.diff(some) > 0).all()
            assert np.isin(some, train).all()
            assert len(some) == rows.amount(fraction) * len(train) // len(Y)
            expected = np.bincount(Y[train], minlength=3) * len(some) / len(train)
            assert (np.abs(np.bincount(Y[some], minlength=3) - expected) <= 1).all()
            before = some


def test_the_full_resource_is_the_training_side_itself():
    rows, made = rows_of(Y, StratifiedKFold(3))
    train = made.splits[0][0]
    assert rows.rows(0, train, 1.0) is train
    less, _ = rows_of(Y, StratifiedKFold(3), full=300)
    assert len(less.rows(0, train, 1.0)) == 200
    assert less.amount(1.0) == 300


def test_a_mask_is_a_training_side_too():
    mask = np.arange(len(Y)) % 3 > 0
    rows = make_rows(problem(Y, [(mask, ~mask)]), len(Y), len(Y), None, np.random.default_rng(0))
    some = rows.rows(0, mask, 0.1)
    assert mask[some].all()
    assert len(some) == round(0.1 * 915) * mask.sum() // 915


def test_every_class_is_there_from_the_start():
    y = np.repeat(np.arange(20), 50)
    rows, made = rows_of(y, StratifiedKFold(5))
    assert set(y[rows.rows(0, made.splits[0][0], 0.025)]) == set(range(20))


@pytest.mark.parametrize("y", [Y, np.where(Y == 2, "b", "a"), Y == 1])
def test_groups_stay_whole(y):
    groups = np.random.default_rng(1).integers(0, 60, len(y))
    rows, made = rows_of(y, GroupKFold(3), groups)
    for split, (train, _) in enumerate(made.splits):
        before = set()
        for fraction in FRACTIONS:
            some = rows.rows(split, train, fraction)
            inside = set(groups[some])
            assert before <= inside
            assert not inside & set(groups[np.setdiff1d(train, some)])
            largest = np.bincount(groups[train]).max()
            assert len(some) <= max(rows.amount(fraction) * len(train) / len(y), largest)
            before = inside


def test_groups_of_one_class_each_alternate():
    y, groups = np.repeat([0, 1], 300), np.repeat(np.arange(60), 10)
    rows, made = rows_of(y, GroupKFold(3), groups)
    some = rows.rows(0, made.splits[0][0], 0.1)
    assert np.bincount(y[some]).tolist() == [20, 20]


def test_regression_rows_are_drawn_at_random():
    y = np.linspace(0, 1, 500)
    rows, made = rows_of(y, KFold(5), estimator=Ridge())
    some = rows.rows(0, made.splits[0][0], 0.2)
    assert len(some) == 80
    assert 0.3 < y[some].mean() < 0.8
    other, _ = rows_of(y, KFold(5), estimator=Ridge(), seed=1)
    assert not np.array_equal(some, other.rows(0, made.splits[0][0], 0.2))


def test_subsamples_without_a_class_are_refused():
    y, groups = np.repeat([0, 1], [570, 30]), np.arange(600) // 10
    y[[5, 15]] = 1  # in mixed groups
    rows, made = rows_of(np.repeat(np.arange(30), 20), StratifiedKFold(2))
    with pytest.raises(ValueError, match=r"min_resources needs to leave rows of every class .* none of 5 class"):
        check_rows(rows, made, 50 / 600)
    check_rows(rows, made, 60 / 600)
    rows, made = rows_of(y, GroupKFold(2), groups)
    check_rows(rows, made, 60 / 600)


def test_least_rows():
    splits = [(np.arange(800), np.arange(800, 1000))] * 5
    y = np.arange(1000) % 2
    assert smallest_rows(problem(y, splits)) == 20  # scikit-learn's: 2 * n_splits * n_classes
    assert smallest_rows(problem(y / 7, splits, Ridge())) == 10
    assert enough_rows(problem(y, splits), 1000) == 1250  # 1000 rows in training sides that have 800 of 1000
    rare = np.zeros(100_000, dtype=int)
    rare[:40] = 1
    splits = [(np.arange(0, 100_000, 2), np.arange(1, 100_000, 2))]
    assert enough_rows(problem(rare, splits), 100_000) == 25_000  # 5 of 20
    assert enough_iterations(100) == 4
    assert enough_iterations(10) == 1


# -- which parameter --------------------------------------------------------------------------------------------------


def test_auto_prefers_iterations_that_add_up():
    forest, pipe = RandomForestClassifier(), make_pipeline(StandardScaler(), HistGradientBoostingClassifier())
    assert find_parameter(forest, "auto", NOTHING) == "n_estimators"
    assert find_parameter(pipe, "auto", NOTHING) == "histgradientboostingclassifier__max_iter"
    assert find_parameter(make_pipeline(PCA(), pipe), "auto", NOTHING).startswith("pipeline__histgradientboosting")
    # more iterations of these are other models, not larger ones
    assert find_parameter(LogisticRegression(), "auto", NOTHING) == "n_samples"
    assert find_parameter(forest, "auto", frozenset({"n_estimators"})) == "n_samples"
    replaced = frozenset({"histgradientboostingclassifier"})
    assert find_parameter(pipe, "auto", replaced) == "n_samples"


def test_parameters_of_the_last_step_go_by_their_short_name_too():
    pipe = make_pipeline(StandardScaler(), RandomForestClassifier())
    full = "randomforestclassifier__n_estimators"
    assert find_parameter(pipe, "n_estimators", NOTHING) == find_parameter(pipe, full, NOTHING) == full
    with pytest.raises(ValueError, match="Cannot use resource=max_iter which is not supported by estimator Pipeline"):
        find_parameter(pipe, "max_iter", NOTHING)
    with pytest.raises(ValueError, match=r"Cannot use parameter .* as the resource since it is part of the searched"):
        find_parameter(pipe, "n_estimators", frozenset({full}))


def test_the_estimators_own_value_is_the_full_resource():
    assert full_iterations(RandomForestClassifier(n_estimators=np.int64(7)), "n_estimators") == 7
    assert full_iterations(LogisticRegression(), "C") is None
    assert full_iterations(LogisticRegression(), "dual") is None


# -- going on ---------------------------------------------------------------------------------------------------------

X_CLASS, Y_CLASS = load_iris(return_X_y=True)
X_REGRESSION, Y_REGRESSION = load_diabetes(return_X_y=True)
EXACT = [
    RandomForestClassifier(random_state=0),
    RandomForestClassifier(random_state=0, class_weight="balanced", oob_score=True, max_samples=0.5),
    RandomForestRegressor(random_state=0, max_features=0.5),
    ExtraTreesClassifier(random_state=0),
    ExtraTreesRegressor(random_state=0, bootstrap=True),
    BaggingClassifier(DecisionTreeClassifier(max_features=1), random_state=0),
    GradientBoostingClassifier(random_state=0),
    GradientBoostingRegressor(random_state=0, subsample=0.5, max_features=0.5),
    HistGradientBoostingClassifier(random_state=0),
    HistGradientBoostingRegressor(random_state=0, early_stopping=False, max_leaf_nodes=4),
    HistGradientBoostingClassifier(random_state=0, early_stopping=True, n_iter_no_change=5, learning_rate=0.5),
]
PIPELINES = [make_pipeline(StandardScaler(), PCA(random_state=0), estimator) for estimator in (EXACT[0], EXACT[6])]


def data(estimator):
    return (X_REGRESSION, Y_REGRESSION) if type(estimator).__name__.endswith("Regressor") else (X_CLASS, Y_CLASS)


def answer(model, X):
    return model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)


@pytest.mark.parametrize("is_weighted", [False, True])
@pytest.mark.parametrize("estimator", EXACT + PIPELINES, ids=str)
@pytest.mark.filterwarnings("ignore:Some inputs do not have OOB scores")
def test_going_on_is_starting_over_to_the_bit(estimator, is_weighted):
    X, y = data(estimator)
    weights = np.random.default_rng(0).uniform(size=len(y))
    weighted = {"sample_weight": weights} if is_weighted else {}
    if estimator in PIPELINES:
        weighted = {f"{estimator.steps[-1][0]}__{name}": value for name, value in weighted.items()}
    name = find_parameter(estimator, "auto", NOTHING)
    resource = Iterations(name, 18, Models())
    parent = None
    for number, fraction in enumerate([2 / 18, 6 / 18, 1.0]):
        trial = Trial(number, {}, fraction, rung=number, parent=parent)
        with resource.begun(trial, 0, estimator) as model:
            assert hasattr(model, "n_features_in_") == (number > 0)
            model.set_params(**resource.params(fraction)).fit(X, y, **weighted)
        fresh = clone(estimator).set_params(**resource.params(fraction)).fit(X, y, **weighted)
        np.testing.assert_array_equal(answer(model, X), answer(fresh, X))
        resource.keep(trial, 0, model, 0.5)
        parent = number
    assert len(resource.models) == 0  # what has the full resource goes nowhere


@pytest.mark.parametrize(
    "estimator",
    [
        RandomForestClassifier(),  # another forest each time
        make_pipeline(PCA(), RandomForestClassifier(random_state=0)),  # other components each time
        GradientBoostingClassifier(random_state=0, n_iter_no_change=3),
        BaggingClassifier(random_state=0, oob_score=True),
        AdaBoostClassifier(random_state=0),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:Some inputs do not have OOB scores", "ignore:invalid value encountered")
def test_what_would_differ_starts_over(estimator):
    name = find_parameter(estimator, "auto", NOTHING)
    resource = Iterations(name, 12, Models())
    model = clone(estimator).set_params(**resource.params(0.5)).fit(X_CLASS, Y_CLASS)
    assert not continues_exactly(model, name)
    resource.keep(Trial(0, {}, 0.5), 0, model, 0.5)
    assert len(resource.models) == 0


# Each ends by itself within 48 iterations, most within 24.
ENDING = [
    GradientBoostingClassifier(random_state=0, n_iter_no_change=3, learning_rate=1.0, subsample=0.7),
    GradientBoostingRegressor(random_state=0, n_iter_no_change=3, learning_rate=0.5),
    HistGradientBoostingClassifier(random_state=0, early_stopping=True, n_iter_no_change=2, learning_rate=1.0),
    HistGradientBoostingRegressor(
        random_state=0, early_stopping=True, n_iter_no_change=2, validation_fraction=None, tol=50.0
    ),
    HistGradientBoostingRegressor(random_state=0, early_stopping=True, n_iter_no_change=2, scoring="r2"),
    MLPClassifier(hidden_layer_sizes=(8,), random_state=0, learning_rate_init=0.1, n_iter_no_change=2, tol=0.1),
    MLPClassifier(hidden_layer_sizes=(8,), random_state=0, early_stopping=True, n_iter_no_change=3, tol=0.01),
    SGDClassifier(random_state=0, early_stopping=True, n_iter_no_change=2),
    SGDRegressor(random_state=0, early_stopping=True, tol=10.0),
]


@pytest.mark.parametrize("estimator", ENDING, ids=str)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning", "ignore:invalid value encountered")
def test_what_has_ended_by_itself_is_not_fitted_again(estimator, monkeypatch):
    X, y = data(estimator)
    name = (
        "n_estimators" if isinstance(estimator, GradientBoostingClassifier | GradientBoostingRegressor) else "max_iter"
    )
    resource = Iterations(name, 48, Models())
    parent = None
    for number, amount in enumerate([3, 4, 5, 6, 12, 24, 48]):
        trial = Trial(number, {}, amount / 48, rung=number, parent=parent)
        with resource.begun(trial, 0, estimator) as model:
            model.set_params(**{name: amount}).fit(X, y)
        fresh = clone(estimator).set_params(**{name: amount}).fit(X, y)
        np.testing.assert_array_equal(answer(model, X), answer(fresh, X))
        resource.keep(trial, 0, model, 0.5)
        parent = number
    resource.keep(Trial(7, {}, 0.5), 0, model, 0.5)
    monkeypatch.setattr(type(estimator), "fit", None)
    with resource.begun(Trial(8, {}, 1.0, parent=7), 0, estimator) as ended:
        assert ended.set_params(**{name: 48}).fit(X, y) is model


# -- going on where it is another fit ---------------------------------------------------------------------------------

CLOSE = [
    (MLPClassifier(random_state=0, hidden_layer_sizes=(20,)), "max_iter", True),
    (make_pipeline(StandardScaler(), SGDClassifier(random_state=0, tol=None)), "sgdclassifier__max_iter", True),
    (
        make_pipeline(StandardScaler(), SGDClassifier(class_weight="balanced", random_state=0)),
        "sgdclassifier__max_iter",
        False,
    ),
    (MLPClassifier(random_state=0, early_stopping=True), "max_iter", False),
    (LogisticRegression(random_state=0), "max_iter", False),
    (RandomForestClassifier(), "n_estimators", False),
    (GradientBoostingClassifier(random_state=0, n_iter_no_change=5), "n_estimators", False),
]
BRACKETS = [halving_bracket(9, 2, 18)]


def seeds_of(estimator):
    return [value for name, value in estimator.get_params().items() if name.endswith("random_state")]


@pytest.mark.parametrize(("estimator", "name", "has_epochs"), CLOSE, ids=str)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning", "ignore:lbfgs failed")
def test_always_goes_on_and_who_finds_no_model_goes_the_whole_way(estimator, name, has_epochs, monkeypatch):
    weight = {f"{name.rpartition('max_iter')[0]}sample_weight": np.ones(150)} if has_epochs else {}
    if sklearn_version < parse_version("1.7") and isinstance(estimator, MLPClassifier):
        weight = {}
    resource = Iterations(name, 18, Models(), BRACKETS, is_exact=False)
    trials = [Trial(i, {}, f, rung=i, parent=i - 1 if i else None) for i, f in enumerate([2 / 18, 6 / 18, 1.0])]
    step = last_step(estimator)[1]
    n_epochs = 0
    if has_epochs:
        original = type(step).partial_fit

        def counted(self, *args, **kwargs):
            nonlocal n_epochs
            n_epochs += 1
            return original(self, *args, **kwargs)

        monkeypatch.setattr(type(step), "partial_fit", counted)
    for trial in trials:
        with resource.begun(trial, 0, estimator) as model:
            is_fitted = hasattr(last_step(model)[1], "n_features_in_")
            assert is_fitted == (trial.rung > 0)
            model.set_params(**resource.params(trial.fraction)).fit(X_CLASS, Y_CLASS, **weight)
        assert "fit" not in vars(last_step(model)[1])
        assert model.get_params()[name] == resource.amount(trial.fraction)
        resource.keep(trial, 0, model, 0.5)
    assert n_epochs == (16 if has_epochs else 0)
    lost = Iterations(name, 18, Models(), BRACKETS, is_exact=False)
    with lost.begun(trials[-1], 0, estimator) as other:
        other.set_params(**lost.params(1.0)).fit(X_CLASS, Y_CLASS, **weight)
    if all(isinstance(seed, int) for seed in seeds_of(estimator)):
        np.testing.assert_array_equal(answer(other, X_CLASS), answer(model, X_CLASS))
    fresh = clone(estimator).set_params(**{name: 18}).fit(X_CLASS, Y_CLASS)
    assert model.score(X_CLASS, Y_CLASS) > fresh.score(X_CLASS, Y_CLASS) - 0.1


@pytest.mark.parametrize(
    "estimator", [AdaBoostClassifier(), BaggingClassifier(oob_score=True), DecisionTreeClassifier()]
)
@pytest.mark.filterwarnings("ignore:Some inputs do not have OOB scores", "ignore:invalid value encountered")
def test_what_cannot_go_on_starts_over_always_too(estimator):
    name = "max_depth" if isinstance(estimator, DecisionTreeClassifier) else "n_estimators"
    resource = Iterations(name, 18, Models(), BRACKETS, is_exact=False)
    with resource.begun(Trial(0, {}, 2 / 18), 0, estimator) as model:
        model.set_params(**{name: 2}).fit(X_CLASS, Y_CLASS)
    resource.keep(Trial(0, {}, 2 / 18), 0, model, 0.5)
    assert len(resource.models) == 0


def test_other_parameters_than_the_number_of_iterations_start_over():
    model = RandomForestClassifier(random_state=0, n_estimators=2).fit(X_CLASS, Y_CLASS)
    assert not continues_exactly(model, "max_depth")
    assert continues_exactly(model, "n_estimators")


def test_who_finds_no_model_starts_over():
    resource = Iterations("n_estimators", 12, Models())
    with resource.begun(Trial(1, {}, 1.0, rung=1, parent=0), 0, RandomForestClassifier()) as model:
        assert not hasattr(model, "estimators_")
    with Iterations("n_estimators", 12).begun(Trial(1, {}, 1.0, parent=0), 0, RandomForestClassifier()) as model:
        assert not hasattr(model, "estimators_")


def test_models_are_bounded_and_the_least_promising_go_first():
    size = len(pickle.dumps(np.zeros(1000), protocol=5))
    models = Models(max_bytes=3 * size)
    for number, score in enumerate([0.5, 0.9, 0.1, 0.7, 0.3]):
        models.keep(number, 0, np.zeros(1000), worth=(0.1, score))
    assert [models.take(number, 0) is not None for number in range(5)] == [True, True, False, True, False]
    models.keep(5, 0, np.zeros(1000), worth=(0.1, 0.99))
    models.keep(6, 0, np.zeros(2500), worth=(0.3, 0.0))
    assert models.take(5, 0) is None  # more of the resource is worth more than a better score
    assert models.take(6, 0) is not None
    assert models.take(6, 0) is None  # whoever took it has it
    models.keep(7, 0, np.zeros(10_000), worth=(1.0, 1.0))
    assert len(models) == 0


def test_models_without_a_folder_stay_where_they_are():
    models = Models()
    models.keep(0, 0, "a model", worth=(0.1, 0.5))
    models.keep(1, 0, lambda: None, worth=(0.1, 0.5))  # of unknown size
    assert len(models) == 1
    assert len(pickle.loads(pickle.dumps(models))) == 0  # noqa: S301 - our own


def copies(models, n):
    return [pickle.loads(pickle.dumps(models)) for _ in range(n)]  # noqa: S301 - our own


def test_workers_find_each_others_models(tmp_path, monkeypatch):
    monkeypatch.setenv("JOBLIB_TEMP_FOLDER", str(tmp_path))
    models = Models(SharedFolder(1000))
    assert list(tmp_path.iterdir()) == []  # nobody to share with
    one, other = copies(models, 2)
    (directory,) = tmp_path.iterdir()
    assert directory.stat().st_mode & 0o777 == 0o700
    one.keep(3, 1, "a model", worth=(0.1, 0.5))
    one.keep(4, 1, lambda: None, worth=(0.1, 0.5))
    assert [file.name for file in directory.iterdir()] == ["3-1"]
    assert other.take(3, 0) is None
    assert other.take(3, 1) == "a model"
    assert one.take(3, 1) is None  # whoever took it has it
    other.keep(5, 0, "another", worth=(0.1, 0.5))
    models.close()
    assert list(tmp_path.iterdir()) == []
    assert one.take(5, 0) is None
    one.keep(6, 0, "too late", worth=(0.1, 0.5))
    assert one.take(6, 0) is None


def test_models_in_the_folder_are_bounded_too(tmp_path, monkeypatch):
    monkeypatch.setenv("JOBLIB_TEMP_FOLDER", str(tmp_path))
    size = len(pickle.dumps(np.zeros(1000), protocol=5))
    models = Models(SharedFolder(1000), max_bytes=3 * size)
    one, other = copies(models, 2)
    for number, score in enumerate([0.5, 0.9, 0.1]):
        one.keep(number, 0, np.zeros(1000), worth=(0.1, score))
    assert other.take(1, 0) is not None
    one.keep(3, 0, np.zeros(1000), worth=(0.1, 0.7))  # for which there is room now
    one.keep(4, 0, np.zeros(1000), worth=(0.1, 0.6))
    assert [other.take(number, 0) is not None for number in range(5)] == [True, False, False, True, True]


def test_a_folder_opens_nothing_but_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("JOBLIB_TEMP_FOLDER", str(tmp_path))
    folders = SharedFolder(1000), SharedFolder(1000)
    (one,), (stranger,) = (copies(folder, 1) for folder in folders)
    stranger.put("0-0", "a trap")
    one.put("0-1", "a model")
    ours, theirs = (next(tmp_path.glob(f"*/{name}")) for name in ("0-1", "0-0"))
    content = ours.read_bytes()
    (ours.parent / "0-0").write_bytes(theirs.read_bytes())
    (ours.parent / "0-2").write_bytes(content)  # signed, but another's
    (ours.parent / "0-3").write_bytes(content[:-1])
    (ours.parent / "0-4").write_bytes(b"")
    assert [one.take(f"0-{i}") for i in range(6)] == [None, "a model", None, None, None, None]


def test_a_full_disk_keeps_no_models(tmp_path, monkeypatch):
    monkeypatch.setenv("JOBLIB_TEMP_FOLDER", str(tmp_path))
    folder = SharedFolder(1000)
    (one,) = copies(folder, 1)
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("skhpo.executors.folder.shutil.disk_usage", lambda path: usage._replace(free=100))
    assert one.put("0-0", np.zeros(100)) is None
    assert one.take("0-0") is None
    monkeypatch.setattr("skhpo.executors.directory.shutil.disk_usage", lambda path: usage._replace(free=100))
    (models,) = copies(Models(SharedFolder(1000)), 1)
    models.keep(0, 0, "a model", worth=(0.1, 0.5))
    assert models.take(0, 0) == "a model"  # by who has fitted it

"""What the first thirty fits find: a race that a model leads, beside other starts and Optuna's TPE.

``python -m benchmarks starts`` searches tables of scores instead of fitting, so that only decisions cost time. The
tables are the twelve pairs of ``benchmarks/racing.py`` and two boostings, each as a grid of 128 to 512 candidates with
5 folds, in two orders of the rows. To fit them takes some minutes; ``--cache FOLDER`` keeps them.

``first``
    Regret after 10, 20 and 30 single fits: how far the candidate that is returned is below the best of the table, by
    its mean over all folds, as a share of the distance from the best to the median. Returned is the best complete one,
    and before there is any the one of which the model expects most.
``later``
    The same of the two races, up to 250 fits.
``line``
    Candidates until one is within a thousandth of the best score, on eight smooth problems of one parameter.
"""

import argparse
import contextlib
import importlib.util
import itertools
import os
import platform
import warnings
from typing import NamedTuple

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import numpy as np
import sklearn
from joblib import Parallel, delayed
from scipy.interpolate import CubicSpline
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression, Ridge
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

import skhpo
from benchmarks import racing
from skhpo.executors.serial import SerialExecutor
from skhpo.history import History, Observation, Outcome, Task, Trial, TrialStarted
from skhpo.journals.memory import MemoryJournal
from skhpo.loop import run_search
from skhpo.samplers.bayes import BayesOptions, BayesSampler
from skhpo.schedulers.fixed import FixedScheduler
from skhpo.schedulers.racing import RacingScheduler
from skhpo.space import Categorical, Float, Int, Space

N_SPLITS = 5
N_ORDERS = 2
SHOWN = (10, 20, 30, 50, 100, 250)
N_LEVELS = {1: 64, 2: 16, 3: 7, 4: 4}  # by the number of numeric parameters


def diabetes():
    return load_diabetes(return_X_y=True)


PROBLEMS = {
    **racing.PROBLEMS,
    "small boosting, diabetes": (
        diabetes,
        GradientBoostingRegressor(n_estimators=30, random_state=0),
        {
            "learning_rate": Float(1e-2, 1, log=True),
            "max_depth": Int(1, 5),
            "min_samples_leaf": Int(1, 60, log=True),
            "subsample": Float(0.3, 1.0),
        },
    ),
    "histogram boosting, diabetes": (
        diabetes,
        HistGradientBoostingRegressor(max_iter=20, random_state=0),
        {
            "learning_rate": Float(1e-2, 1, log=True),
            "max_leaf_nodes": Int(2, 31),
            "l2_regularization": Float(1e-3, 1e3, log=True),
        },
    ),
}


class Table(NamedTuple):
    """Candidates of a grid and their scores, shape (n, folds); the candidate that is nearest to the untuned one."""

    space: Space
    rows: list
    scores: np.ndarray
    own: int


def grid(space):
    """Return lists of values for the dimensions of a space."""
    n_numeric = sum(not isinstance(dimension, Categorical) for dimension in space.values())
    levels = (np.arange(N_LEVELS[n_numeric]) + 0.5) / N_LEVELS[n_numeric]
    return {name: values(name, dimension, levels) for name, dimension in space.items()}


def values(name, dimension, levels):
    if isinstance(dimension, Categorical):
        return list(dimension.choices)
    if name.endswith("__p"):
        return [1.0, 1.5, 2.0, 3.0]  # of these distances few are fast
    return list(dict.fromkeys(dimension.decode(levels)))


def table(name, order, cache):
    load, estimator, ranges = PROBLEMS[name]
    lists = grid(ranges)
    rows = [dict(zip(lists, row, strict=True)) for row in itertools.product(*lists.values())]

    def compute():
        cv = (StratifiedKFold if is_classifier(estimator) else KFold)(N_SPLITS, shuffle=True, random_state=order)
        X, y = load()
        return np.array([cross_val_score(clone(estimator).set_params(**row), X, y, cv=cv) for row in rows])

    scores = racing.kept(cache, f"starts_{list(PROBLEMS).index(name)}_{order}", compute)
    return Table(Space(lists), rows, scores, nearest(Space(ranges), rows, estimator))


def nearest(space, rows, estimator):
    """Return the row whose parameters are nearest to the estimator's own, in the unit cube."""
    known = estimator.get_params()
    own = np.full(len(space.names), 0.5)
    for i, (name, dimension) in enumerate(space.parameters.items()):
        with contextlib.suppress(ValueError, TypeError):
            own[i] = dimension.encode([dimension.canonical(known[name])])[0]
    return int(((space.encode(rows) - own) ** 2).sum(axis=1).argmin())


# -- searches of tables -----------------------------------------------------------------------------------------------

BEFORE_A_MODEL = {"n_open": 4, "alpha": 0.05, "share": 0.5, "n_first": 2}  # without a start
ORDER = {"order": range(N_SPLITS), "n_turns": N_SPLITS}


class StartedSmall(RacingScheduler):
    """The start of a race, and then all folds for each candidate: what a start would be without a race."""

    def __init__(self):
        super().__init__(N_TRIALS, **ORDER, n_open=4, alpha=0.0, n_first=N_TRIALS, n_start=8, n_second=4)

    def decide(self, history, ask, *, look_back=1):
        if len(history.complete) < 2:
            return super().decide(history, ask, look_back=look_back)
        for number in history.open:
            if number >= self.n_start and len(history.begun(number)) < N_SPLITS:
                return self._race.fit(history, number)
        trial = self.next_trial(history, ask)
        return None if trial is None else TrialStarted(trial, splits=())


N_TRIALS = 400
METHODS = {  # scheduler, points by design
    "race, four at first": (lambda: RacingScheduler(N_TRIALS, **ORDER, **BEFORE_A_MODEL), 3),
    "**race, eight at first**": (
        lambda: RacingScheduler(N_TRIALS, **ORDER, **BEFORE_A_MODEL, n_start=8, n_second=4),
        8,
    ),
    "all folds": (lambda: FixedScheduler(N_TRIALS), 3),
    "all folds, eight by design": (lambda: FixedScheduler(N_TRIALS), 8),
    "eight at first, then all folds": (StartedSmall, 8),
}


def trace(table, seed, method, n_fits):
    """Regret of what would be returned after so many fits, by the number of fits."""
    make, n_init = METHODS[method]
    sampler = BayesSampler(
        table.space, seed, initial_params=[table.rows[table.own]], options=BayesOptions(n_init=n_init, n_line=0)
    )
    place = {table.space.key(row): i for i, row in enumerate(table.rows)}
    history, regret, found, state = History(N_SPLITS), regrets(table), {}, {"n": 0}

    def row(number):
        return place[table.space.key(history.trials[number].params)]

    def make_task(trial, split):
        if state["n"] in SHOWN:
            found[state["n"]] = regret[row(returned(history, sampler))]
        state["n"] += 1
        return Task(trial, split)

    def run(task):
        score = float(table.scores[row(task.trial.number), task.split])
        return Outcome(task.trial.number, task.split, score)

    with SerialExecutor(run) as executor:
        run_search(
            sampler, make(), executor, MemoryJournal(), history, make_task=make_task,
            identity=lambda trial: trial.number,
            seconds_left=lambda: 1e9 if state["n"] <= n_fits else 0.0,
        )  # fmt: skip
    last = regret[row(returned(history, sampler))]  # of a table that was searched to its end
    return [found.get(n, last) for n in SHOWN if n <= n_fits]


def returned(history, sampler):
    """Return the number of the best complete trial, or else of the one of which most is expected."""
    scores = {trial.number: history.score(trial.number) for trial in history.trials}
    complete = {number: score for number, score in scores.items() if np.isfinite(score)}
    if complete:
        return max(complete, key=complete.get)
    begun = [trial for trial in history.trials if history.seen(trial.number)]
    return begun[int(np.argmax(sampler.expected_scores(begun)))].number


def regrets(table):
    means = table.scores.mean(axis=1)
    return (means.max() - means) / (means.max() - np.median(means))


def optuna_tpe(table, seed, n_fits):
    """The same of Optuna's TPE with all folds; it is not told of the untuned estimator."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    lists = {name: list(dict.fromkeys(row[name] for row in table.rows)) for name in table.rows[0]}
    place = {table.space.key(row): i for i, row in enumerate(table.rows)}
    means, regret, tried = table.scores.mean(axis=1), regrets(table), []

    def objective(trial):
        params = {
            name: trial.suggest_categorical(name, values)
            if isinstance(values[0], str)
            else values[trial.suggest_int(name, 0, len(values) - 1)]
            for name, values in lists.items()
        }
        tried.append(place[table.space.key(params)])
        return means[tried[-1]]

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    study.optimize(objective, n_trials=n_fits // N_SPLITS)
    best = np.minimum.accumulate(regret[tried])
    return [best[n // N_SPLITS - 1] for n in SHOWN if n <= n_fits]


def one(of, seed, method, n_fits, cache):
    warnings.simplefilter("ignore")
    found = table(*of, cache)
    return optuna_tpe(found, seed, n_fits) if method == TPE else trace(found, seed, method, n_fits)


TPE = "Optuna TPE, all folds"


def first(options):
    compare([*METHODS, *([TPE] if importlib.util.find_spec("optuna") else [])], 30, options)


def later(options):
    compare(list(METHODS)[:2], max(SHOWN), options)


def compare(methods, n_fits, options):
    tables = list(itertools.product(PROBLEMS, range(options.orders)))
    cells = list(itertools.product(tables, range(options.seeds)))
    tasks = [delayed(one)(of, seed, method, n_fits, options.cache) for method in methods for of, seed in cells]
    results = np.array(Parallel(options.jobs)(tasks)).reshape(len(methods), len(cells), -1)
    shown(methods, results, n_fits, f"{len(tables)} tables, {options.seeds} seeds")


def shown(methods, results, n_fits, title):
    budgets = [n for n in SHOWN if n <= n_fits]
    print(f"\n### Regret by single fits, to {n_fits} of them, {title}\n")
    print(f"| search | {' | '.join(map(str, budgets))} |\n|---|{'---|' * len(budgets)}")
    for name, own in zip(methods, results, strict=True):
        print(f"| {name} | {' | '.join(f'{v:.3f}' for v in own.mean(axis=0))} |")
    print("\nLess that of the race with four at first, with its standard error:\n")
    print(f"| search | {' | '.join(map(str, budgets))} |\n|---|{'---|' * len(budgets)}")
    for name, own in zip(methods[1:], results[1:], strict=True):
        gap = own - results[0]
        error = gap.std(axis=0, ddof=1) / np.sqrt(len(gap))
        cells = (f"{v:+.3f} ± {e:.3f}" for v, e in zip(gap.mean(axis=0), error, strict=True))
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


# -- one parameter ----------------------------------------------------------------------------------------------------


def scaled(estimator):
    return make_pipeline(StandardScaler(), estimator)


def cancer():
    return load_breast_cancer(return_X_y=True)


def wine():
    return load_wine(return_X_y=True)


def wide(low=1e-4, high=1e4):
    return Float(low, high, log=True)


LINES = {
    "ridge, diabetes": (diabetes, Ridge(), {"alpha": wide()}, "r2"),
    "lasso, diabetes": (diabetes, Lasso(), {"alpha": wide(high=1e2)}, "r2"),
    "elastic net, diabetes": (
        diabetes,
        scaled(ElasticNet()),
        {"elasticnet__alpha": wide(high=1e2)},
        "neg_mean_squared_error",
    ),
    "logistic regression, breast cancer": (
        cancer,
        scaled(LogisticRegression()),
        {"logisticregression__C": wide()},
        "neg_log_loss",
    ),
    "logistic regression, wine": (
        wine,
        scaled(LogisticRegression()),
        {"logisticregression__C": wide()},
        "neg_log_loss",
    ),
    "kernel ridge, diabetes": (
        diabetes,
        scaled(KernelRidge(kernel="rbf", gamma=0.01)),
        {"kernelridge__alpha": wide()},
        "r2",
    ),
    "SVR, diabetes": (diabetes, scaled(SVR(gamma=0.01)), {"svr__C": wide(1e-2)}, "r2"),
    "shrinkage, wine": (
        wine,
        LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.5),
        {"shrinkage": wide(high=1.0)},
        "neg_log_loss",
    ),
}
N_ON_LINE = 101
MOST_ON_LINE = 14


def curve(name, cache):
    """Scores along the parameter, shape (N_ON_LINE, folds)."""
    load, estimator, space, scoring = LINES[name]
    ((parameter, dimension),) = space.items()

    def compute():
        X, y = load()
        cv = (StratifiedKFold if is_classifier(estimator) else KFold)(N_SPLITS, shuffle=True, random_state=0)
        values = dimension.decode(np.linspace(0, 1, N_ON_LINE))
        models = [clone(estimator).set_params(**{parameter: value}) for value in values]
        return np.array([cross_val_score(model, X, y, cv=cv, scoring=scoring) for model in models])

    return racing.kept(cache, f"starts_line_{list(LINES).index(name)}", compute)


def n_to_the_best(name, scores, seed, n_line):
    """Candidates until one is within a thousandth of the best score; between its points the curve is a spline."""
    _, estimator, ranges, _ = LINES[name]
    space, places = Space(ranges), np.linspace(0, 1, N_ON_LINE)
    own = {name: estimator.get_params()[name] for name in ranges}
    sampler = BayesSampler(space, seed, initial_params=[own], options=BayesOptions(n_line=n_line))
    at = CubicSpline(places, scores)
    best = at(np.linspace(0, 1, 10_001)).mean(axis=1).max()
    for number in range(MOST_ON_LINE):
        params = sampler.ask(number, ())
        found = at(space.encode([params])[0, 0])
        if best - found.mean() <= 1e-3 * abs(best):
            return number + 1
        sampler.tell(Observation(Trial(number, params), found))
    return np.inf


def line(options):
    print(f"\n### Candidates to a thousandth of the best, one parameter, {options.seeds} seeds (median)\n")
    print("| problem | the model alone | **line search** |\n|---|---|---|")
    medians = []
    for name in LINES:
        scores = curve(name, options.cache)
        medians.append(
            [
                np.median([n_to_the_best(name, scores, s, n) for s in range(options.seeds)])
                for n in (0, BayesOptions().n_line)
            ]
        )
        print(f"| {name} | {' | '.join(map(number, medians[-1]))} |", flush=True)
    print(f"| median | {' | '.join(map(number, np.median(medians, axis=0)))} |")


def number(value):
    return f"{value:g}" if np.isfinite(value) else f"more than {MOST_ON_LINE}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=["first", "later", "line"])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--orders", type=int, default=N_ORDERS, help="of the rows")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--cache", help="folder of tables that were computed before")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    print(f"skhpo {skhpo.__version__}, scikit-learn {sklearn.__version__}, Python {platform.python_version()}")
    for part in options.parts:
        {"first": first, "later": later, "line": line}[part](options)


if __name__ == "__main__":
    main()

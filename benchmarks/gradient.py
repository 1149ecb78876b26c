"""Descent by exact slopes: errors of the slopes, evaluations and seconds to the optimum, many parameters.

Parts: errors, evaluations, seconds, sparho, many, penalties, rows, trap; without a part all of them. An
evaluation is a fit on each of five splits. *Arrived* is a mean cross-validated loss within 0.1 % of the lowest that
anything here found. Seconds are those of the processor. Optuna, its Gaussian process with torch, and sparho take part
where they are installed.

Run: ``python benchmarks/gradient.py [PART ...] [--starts 5]``
"""

import argparse
import os
import time
import warnings
from functools import partial
from typing import Any, NamedTuple

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import numpy as np
from scipy import sparse
from scipy.optimize import minimize_scalar
from sklearn.base import clone
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    make_classification,
    make_friedman1,
    make_regression,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import (
    ElasticNet,
    ElasticNetCV,
    GammaRegressor,
    Lasso,
    LassoCV,
    LogisticRegression,
    LogisticRegressionCV,
    PoissonRegressor,
    Ridge,
    RidgeClassifier,
    TweedieRegressor,
)
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC, LinearSVR

from benchmarks.exact_svm import ExactSVC, ExactSVR
from benchmarks.slopes_in_model import mixed_problems
from skhpo import BayesSearchCV, ColumnScale, Float, GradientSearchCV, GridSearchCV, PerFeature
from skhpo.space import Space
from skhpo.testing.hypergradients import relative_errors

WITHIN = 1.001
N_ITER = 40
N_BAYES = 40
N_BAYES_SEEDS = 2
N_GP_MOST = 100  # parameters: with so many its hundred candidates take a quarter of an hour


class Problem(NamedTuple):
    estimator: Any
    space: Any
    X: Any
    y: Any
    scoring: str
    cv: Any

    def loss(self, params):
        estimator = clone(self.estimator).set_params(**params)
        return -cross_val_score(estimator, self.X, self.y, cv=self.cv, scoring=self.scoring).mean()


def log(low, high):
    return Float(low, high, log=True)


def scaled(data):
    X, y = data
    return StandardScaler().fit_transform(X), y


def regression(estimator, space, data):
    return Problem(estimator, space, *data, "neg_mean_squared_error", KFold(5))


def classification(estimator, space, data):
    return Problem(estimator, space, *data, "neg_log_loss", StratifiedKFold(5))


def problems():
    diabetes, cancer = scaled(load_diabetes(return_X_y=True)), scaled(load_breast_cancer(return_X_y=True))
    wide = make_regression(200, 100, n_informative=10, noise=20, random_state=0)
    friedman = scaled(make_friedman1(200, noise=0.3, random_state=0))
    labels = scaled(make_classification(800, 40, n_informative=8, flip_y=0.1, random_state=0))
    path = {"max_iter": 100_000}
    rbf = KernelRidge(kernel="rbf")
    one = {
        "ridge, diabetes": regression(Ridge(), {"alpha": log(1e-4, 1e4)}, diabetes),
        "ridge, 200 x 100": regression(Ridge(), {"alpha": log(1e-4, 1e4)}, wide),
        "lasso, diabetes": regression(Lasso(**path), {"alpha": log(1e-3, 1e2)}, diabetes),
        "lasso, 200 x 100": regression(Lasso(**path), {"alpha": log(1e-3, 1e2)}, wide),
        "logistic, breast cancer": classification(LogisticRegression(**path), {"C": log(1e-4, 1e4)}, cancer),
        "logistic, 800 x 40": classification(LogisticRegression(**path), {"C": log(1e-4, 1e4)}, labels),
        "kernel ridge, friedman1": regression(
            KernelRidge(kernel="rbf", gamma=0.02), {"alpha": log(1e-6, 1e2)}, friedman
        ),
    }
    net = {"alpha": log(1e-3, 1e2), "l1_ratio": Float(0.01, 0.99)}
    widths = {"alpha": log(1e-5, 1e2), "gamma": log(1e-4, 1e1)}
    two = {
        "elastic net, diabetes": regression(ElasticNet(**path), net, diabetes),
        "elastic net, 200 x 100": regression(ElasticNet(**path), net, wide),
        "kernel ridge, diabetes": regression(rbf, widths, diabetes),
        "kernel ridge, friedman1": regression(rbf, widths, friedman),
        "SVR, friedman1": regression(SVR(), {"C": log(1e-2, 1e3), "gamma": log(1e-4, 1e1)}, friedman),
        "SVR, diabetes": regression(SVR(), {"C": log(1e-2, 1e4), "gamma": log(1e-4, 1e1)}, diabetes),
    }
    return one, two


def starts(problem, n):
    """The estimator as it comes, and the same at random points of the space."""
    space = Space(problem.space)
    points = space.sample(np.random.default_rng(0), n - 1)
    return [problem.estimator, *(clone(problem.estimator).set_params(**point) for point in points)]


def descent(problem, estimator, **more):
    settings = {"n_iter": N_ITER, "scoring": problem.scoring, "cv": problem.cv, "refit": False, **more}
    return GradientSearchCV(estimator, problem.space, **settings).fit(problem.X, problem.y)


def arrival(losses, best):
    """How many evaluations until one is within 0.1 % of the best; infinite if none is."""
    arrived = np.flatnonzero(np.asarray(losses) <= WITHIN * best)
    return int(arrived[0]) + 1 if len(arrived) else np.inf


def grid_points(space, n):
    sides = Space(space)
    n_each = round(n ** (1 / sides.n_columns))
    axes = np.meshgrid(*[np.linspace(0, 1, n_each)] * sides.n_columns, indexing="ij")
    return sides.decode(np.column_stack([axis.ravel() for axis in axes]))


def said(count):
    return "never" if count == np.inf else f"{count:g}"


def evaluations(n_starts):
    for title, group in zip(("one parameter", "two parameters"), problems(), strict=True):
        print(f"\n### Evaluations until arrival, {title}\n")
        print("Median (most) over the starts; `BayesSearchCV` over two seeds; a grid in the order of its points.\n")
        print("| problem | descent | BayesSearchCV, of 40 | grid of 49 or 50 | best of the grid |")
        print("|---|---|---|---|---|")
        medians = []
        for name, problem in group.items():
            ours = [descent(problem, start).cv_results_["mean_test_loss"] for start in starts(problem, n_starts)]
            theirs = [
                -BayesSearchCV(
                    problem.estimator,
                    problem.space,
                    n_iter=N_BAYES,
                    scoring=problem.scoring,
                    cv=problem.cv,
                    refit=False,
                    random_state=seed,
                )
                .fit(problem.X, problem.y)
                .cv_results_["mean_test_score"]
                for seed in range(N_BAYES_SEEDS)
            ]
            grid = [problem.loss(params) for params in grid_points(problem.space, 50)]
            best = min(np.min(losses) for losses in [*ours, *theirs, grid])
            counts = [arrival(losses, best) for losses in ours]
            medians.append(np.median(counts))
            bayes = [arrival(losses, best) for losses in theirs]
            print(
                f"| {name} | {said(np.median(counts))} ({said(max(counts))}) | "
                f"{said(np.median(bayes))} | {said(arrival(grid, best))} | +{100 * (min(grid) / best - 1):.2f} % |",
                flush=True,
            )
        print(f"\nMedian over the problems: {said(np.median(medians))}.")


def spent(run):
    started = time.process_time()
    found = run()
    return time.process_time() - started, found


def brent(problem):
    """Seconds until Brent's method on the loss arrives is its caller's affair: losses with the time of each."""
    (name,) = problem.space
    low, high = np.log([problem.space[name].low, problem.space[name].high])
    losses, times, started = [], [], time.process_time()

    def loss(x):
        losses.append(problem.loss({name: float(np.exp(x))}))
        times.append(time.process_time() - started)
        return losses[-1]

    minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-3})
    return losses, times


def of_their_own(problem):
    """The search that scikit-learn has for this very estimator, or None; it returns its lowest loss."""
    cv, X, y = problem.cv, problem.X, problem.y
    if type(problem.estimator) is Lasso:
        return lambda: LassoCV(cv=cv, max_iter=100_000).fit(X, y).mse_path_.mean(axis=1).min()
    if type(problem.estimator) is ElasticNet:
        ratios = [0.1, 0.5, 0.7, 0.9, 0.95, 0.99]
        return lambda: ElasticNetCV(cv=cv, l1_ratio=ratios, max_iter=100_000).fit(X, y).mse_path_.mean(axis=2).min()
    if type(problem.estimator) is LogisticRegression:
        Cs = np.geomspace(1e-4, 1e4, 50)

        def run():
            fitted = LogisticRegressionCV(
                Cs=Cs,
                l1_ratios=(0.0,),
                cv=cv,
                scoring="neg_log_loss",
                max_iter=100_000,
                refit=True,
                use_legacy_attributes=False,
            ).fit(X, y)
            scores = fitted.scores_
            scores = next(iter(scores.values())) if isinstance(scores, dict) else scores
            return -np.max(np.mean(scores, axis=0))

        return run
    return None


def seconds(n_starts):
    one, two = problems()
    print("\n### Seconds of the processor\n")
    print(
        "Whole searches from the estimator as it comes, without the last fit. In brackets how far above the lowest loss"
    )
    print("a search ended. *Until arrival* is what nobody knows beforehand: the time until the first candidate within")
    print("0.1 % of the lowest loss. Brent's method goes on until the penalty is known to 0.1 %.\n")
    print(
        "| problem | descent | Brent | descent, until arrival | Brent, until arrival | scikit-learn's own "
        "| BayesSearchCV, 20 | GridSearchCV, 50 |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for name, problem in [*one.items(), *two.items()]:
        print(f"| {name} | {' | '.join(durations(problem))} |", flush=True)


def durations(problem):
    """The cells of a row: seconds, and how far above the lowest loss."""
    ours = []
    descent(problem, problem.estimator)  # what is imported when it is first asked for is not counted
    settings = {"scoring": problem.scoring, "cv": problem.cv, "refit": False}
    grid = [{key: [value] for key, value in point.items()} for point in grid_points(problem.space, 50)]
    searches = {
        "descent": lambda: ours.append(descent(problem, problem.estimator)) or ours[0].best_loss_,
        "own": of_their_own(problem),
        "bayes": lambda: (
            -BayesSearchCV(problem.estimator, problem.space, n_iter=20, random_state=0, **settings)
            .fit(problem.X, problem.y)
            .best_score_
        ),
        "grid": lambda: -GridSearchCV(problem.estimator, grid, **settings).fit(problem.X, problem.y).best_score_,
    }
    rows = {name: spent(run) for name, run in searches.items() if run is not None}
    losses, times = brent(problem) if len(problem.space) == 1 else ([], [])
    best = min([loss for _, loss in rows.values()] + losses)
    cells = {name: f"{took:.2f} (+{100 * (loss / best - 1):.2f} %)" for name, (took, loss) in rows.items()}
    if losses:
        cells["Brent"] = f"{times[-1]:.2f} (+{100 * (min(losses) / best - 1):.2f} %)"
        count = arrival(losses, best)
        cells["Brent, arrival"] = "never" if count == np.inf else f"{times[count - 1]:.2f}"
    count = arrival(ours[0].cv_results_["mean_test_loss"], best)
    cells["arrival"] = "never"
    if count < np.inf:
        cells["arrival"] = f"{spent(lambda: descent(problem, problem.estimator, n_iter=count))[0]:.2f}"
    order = ("descent", "Brent", "arrival", "Brent, arrival", "own", "bayes", "grid")
    return [cells.get(name, "-") for name in order]


def sparho_search(problem, ratio):
    """Lowest loss of sparho's HOAG from a penalty of 1, with its defaults and 30 steps; None without sparho."""
    try:
        import sparho
        from sparho.adapters.sklearn import SklearnElasticNet, SklearnLasso
    except ImportError:
        return None
    penalty, solver = (sparho.L1(), SklearnLasso()) if ratio == 1 else (sparho.ElasticNet(ratio), SklearnElasticNet())
    inner = sparho.Problem(sparho.SquaredLoss(), penalty, problem.X, problem.y)
    folds = sparho.CrossVal.kfold(len(problem.y), k=5, shuffle=False)
    found = sparho.hoag_search(inner, 1.0, solver=solver, criterion=folds, n_iter=30)
    return problem.loss({"alpha": float(found.best_hyperparam)})


def beside_sparho(n_starts):
    print("\n### Beside sparho: seconds of the processor, one penalty, without intercept\n")
    print("Both from a penalty of 1, on the same folds. In brackets how far above the lowest loss.\n")
    print("| problem | descent | sparho, HOAG |")
    print("|---|---|---|")
    one, _ = problems()
    space = {"alpha": log(1e-3, 1e2)}
    for ratio in (1, 0.5):
        for name in ("diabetes", "200 x 100"):
            X, y = one[f"lasso, {name}"][2:4]
            net = ElasticNet(l1_ratio=ratio, fit_intercept=False, max_iter=10_000, tol=1e-6)
            estimator = net if ratio < 1 else Lasso(fit_intercept=False, max_iter=10_000, tol=1e-6)
            problem = regression(estimator, space, (X, y - y.mean()))
            descent(problem, estimator), sparho_search(problem, ratio)  # imports are not counted
            ours, search = spent(lambda problem=problem: descent(problem, problem.estimator))
            theirs, loss = spent(lambda problem=problem, ratio=ratio: sparho_search(problem, ratio))
            losses = [search.best_loss_, *([] if loss is None else [loss])]
            cells = [
                f"{took:.3f} (+{100 * (found / min(losses) - 1):.2f} %)"
                for took, found in zip((ours, theirs), losses, strict=False)
            ]
            print(f"| {type(estimator).__name__}, {name} | {' | '.join(cells)} |", flush=True)


def optuna_search(loss, space, n, seed, sampler):
    """Lowest loss after each of n evaluations of a sampler of Optuna; None without Optuna, or without its torch."""
    try:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        study = optuna.create_study(sampler=getattr(optuna.samplers, sampler)(seed=seed))
    except ImportError:
        return None
    study.optimize(
        lambda trial: loss({name: trial.suggest_float(name, d.low, d.high, log=d.log) for name, d in space.items()}),
        n_trials=n,
    )
    return np.minimum.accumulate([trial.value for trial in study.trials])


def curves_of_others(problem, n):
    """Lowest loss after each of n evaluations, by the name of the search; those that are not installed are left out."""
    bayes = BayesSearchCV(
        problem.estimator,
        problem.space,
        n_iter=n,
        random_state=0,
        refit=False,
        cv=problem.cv,
        scoring=problem.scoring,
    ).fit(problem.X, problem.y)
    found = {"BayesSearchCV": np.minimum.accumulate(-bayes.cv_results_["mean_test_score"])}
    for name, sampler in (("Optuna TPE", "TPESampler"), ("Optuna GP", "GPSampler")):
        if sampler == "GPSampler" and len(problem.space) > N_GP_MOST:
            continue
        curve = optuna_search(problem.loss, problem.space, n, 0, sampler)
        if curve is not None:
            found[name] = curve
    return found


def print_curves(curves, counts):
    print("| evaluations | " + " | ".join(map(str, counts)) + " |")
    print("|---|" + "---|" * len(counts))
    for name, curve in curves.items():
        print(f"| {name} | " + " | ".join(f"{curve[min(n, len(curve)) - 1]:.4g}" for n in counts) + " |", flush=True)


def penalties(n_starts):
    """A penalty per feature: which search gets lowest, whatever that is worth on new data."""
    cancer, wide = problems()[0]["logistic, breast cancer"], problems()[0]["ridge, 200 x 100"]
    for title, problem, model, counts in (
        ("Logistic regression on breast cancer, thirty penalties", cancer, LogisticRegression(max_iter=10_000), 50),
        ("Ridge on 200 rows of 100 features, a hundred penalties", wide, Ridge(), 100),
    ):
        p = problem.X.shape[1]
        estimator = make_pipeline(ColumnScale(np.ones(p)), model)
        factor = log(1e-2, 1e2)
        each = problem._replace(estimator=estimator, space={f"columnscale__scale_{j}": factor for j in range(p)})
        factors = {"columnscale__scale": PerFeature(factor)}  # the same, such that a prior can be next to none
        ours = descent(each._replace(space=factors), estimator, n_iter=counts, prior=1e-12)
        print(f"\n### {title}\n")
        print("Lowest cross-validated loss, which is no estimate for new data.\n")
        curves = {"descent": np.minimum.accumulate(ours.cv_results_["mean_test_loss"])}
        print_curves(curves | curves_of_others(each, counts), tuple(counts * n // 10 for n in (2, 4, 6, 8, 10)))


def many(n_starts):
    X, y = make_friedman1(2200, noise=0.3, random_state=0)
    X, X_test, y, y_test = X[:200], X[200:], y[:200], y[200:]
    shared = make_pipeline(StandardScaler(), KernelRidge(kernel="rbf", gamma=0.1))
    each = make_pipeline(StandardScaler(), ColumnScale(np.ones(10)), KernelRidge(kernel="rbf", gamma=0.1))
    strength = {"kernelridge__alpha": log(1e-5, 1e2)}
    widths = log(1e-2, 1e1)
    counts = (10, 20, 30, 40, 50)
    common = {"cv": KFold(5), "scoring": "neg_mean_squared_error"}
    ours = GradientSearchCV(each, {**strength, "columnscale__scale": PerFeature(widths)}, n_iter=50, **common).fit(X, y)
    two = GradientSearchCV(shared, {**strength, "kernelridge__gamma": log(1e-4, 1e1)}, **common).fit(X, y)
    space = {**strength, **{f"columnscale__scale_{j}": widths for j in range(10)}}
    problem = Problem(each, space, X, y, common["scoring"], common["cv"])
    curves = {"descent": np.minimum.accumulate(ours.cv_results_["mean_test_loss"])} | curves_of_others(problem, 50)
    print("\n### Lowest cross-validated loss, eleven parameters\n")
    print("Kernel ridge on friedman1 with a width for each of ten features, 200 rows.\n")
    print_curves(curves, counts)
    print("\n### Test error, eleven parameters and two\n")
    print("| search | evaluations | cross-validated | on 2,000 test rows |")
    print("|---|---|---|---|")
    for name, search in {"a width per feature": ours, "one width": two}.items():
        error = mean_squared_error(y_test, search.predict(X_test))
        print(f"| {name} | {len(search.cv_results_['params'])} | {search.best_loss_:.4f} | {error:.4f} |")


def trap(n_starts):
    """A penalty per feature on little data, which a search refuses without a prior; here the prior is next to none."""
    X, y = scaled(load_breast_cancer(return_X_y=True))
    order = np.random.default_rng(0).permutation(len(y))
    train, test = order[:150], order[150:]
    each = make_pipeline(ColumnScale(np.ones(30)), LogisticRegression(max_iter=10_000))
    factors = {"columnscale__scale": PerFeature(log(1e-2, 1e2))}
    cases = {
        "one penalty": (LogisticRegression(max_iter=10_000), {"C": log(1e-4, 1e4)}, None),
        "30 penalties": (each, factors, 1e-12),
        **{f"30 penalties, prior={prior:g}": (each, factors, prior) for prior in (0.1, 1.0, 10.0)},
    }
    print("\n### Log loss with a penalty per feature\n")
    print("Breast cancer, 150 rows, 30 features.\n")
    print("| search | evaluations | cross-validated | on the other 419 rows |")
    print("|---|---|---|---|")
    for name, (estimator, space, prior) in cases.items():
        search = GradientSearchCV(estimator, space, prior=prior, n_iter=50, cv=StratifiedKFold(5))
        search.fit(X[train], y[train])
        loss = log_loss(y[test], search.predict_proba(X[test]))
        print(f"| {name} | {len(search.cv_results_['params'])} | {search.best_loss_:.4f} | {loss:.3f} |", flush=True)


def widths_of_features():
    """Kernel ridge with a strength and a width for each of ten features."""
    X, y = make_friedman1(200, noise=0.3, random_state=0)
    estimator = make_pipeline(StandardScaler(), ColumnScale(np.ones(10)), KernelRidge(kernel="rbf", gamma=0.1))
    space = {"kernelridge__alpha": log(1e-5, 1e2)} | {f"columnscale__scale_{j}": log(1e-2, 1e1) for j in range(10)}
    return regression(estimator, space, (X, y))


def rows(n_starts):
    """What slopes are worth in the model of a Bayesian search, at equal numbers of candidates."""
    _smooth_rows(n_starts)
    _mixed_rows(n_starts)


def _smooth_rows(n_starts):
    _, two = problems()
    cases = {
        name: two[name] for name in ("elastic net, 200 x 100", "kernel ridge, diabetes", "kernel ridge, friedman1")
    }
    cases["kernel ridge, eleven parameters"] = widths_of_features()
    searches = {
        "`BayesSearchCV`": BayesSearchCV,
        "`polish=True`": partial(BayesSearchCV, polish=True),
        "`GradientSearchCV`": GradientSearchCV,
    }
    counts = (5, 10, 20)
    print("\n### Slopes in the model, every parameter has one: percent above the lowest loss\n")
    print(f"Searches of 20 candidates; mean and standard error over {n_starts} starts, then the median of the last.\n")
    _print_rows_head(counts)
    for name, problem in cases.items():
        found = {search: [] for search in searches}
        for seed, start in enumerate(starts(problem, n_starts)):
            settings = {"n_iter": 20, "scoring": problem.scoring, "cv": problem.cv, "refit": False}
            for search, make in searches.items():
                one = make(start, problem.space, random_state=seed, **settings)
                found[search].append(_curve(one, problem.X, problem.y))
        best = min(curve[-1] for runs in found.values() for curve, _ in runs)
        _print_rows(name, found, [best] * n_starts, counts)


def _mixed_rows(n_seeds):
    counts = (10, 20, 30)
    print("\n### Slopes in the model, some parameters have one: percent above the lowest loss\n")
    print("Searches of 30 candidates. Each seed has splits of its own, and the lowest loss on these counts. Mean and")
    print(f"standard error over {n_seeds} seeds, then the median of the last.\n")
    _print_rows_head(counts)
    for name, problem in mixed_problems().items():
        found = {"`BayesSearchCV`": [], "`polish=True`": []}
        for seed in range(n_seeds):
            settings = {"n_iter": 30, "scoring": problem.scoring, "cv": problem.cv(seed), "refit": False}
            for search, runs in found.items():
                is_polished = search == "`polish=True`"
                one = BayesSearchCV(
                    clone(problem.estimator), problem.space, polish=is_polished, random_state=seed, **settings
                )
                runs.append(_curve(one, *problem.data))
        best = [min(runs[seed][0][-1] for runs in found.values()) for seed in range(n_seeds)]
        _print_rows(name, found, best, counts)


def _curve(search, X, y):
    """Lowest loss after each candidate, and seconds."""
    took, _ = spent(lambda: search.fit(X, y))
    losses = -search.cv_results_["mean_test_score"]
    return np.minimum.accumulate(np.where(np.isnan(losses), np.inf, losses)), took


def _print_rows_head(counts):
    print(f"| problem | search | {' | '.join(map(str, counts))} | median | seconds |")
    print("|---|---|" + "---|" * (len(counts) + 2))


def _print_rows(name, found, best, counts):
    for search, runs in found.items():
        above = [
            [curve[min(n, len(curve)) - 1] / lowest for n in counts]
            for (curve, _), lowest in zip(runs, best, strict=True)
        ]
        above = 100 * (np.array(above) - 1)
        errors = above.std(axis=0, ddof=1) / np.sqrt(len(runs))
        cells = [f"{mean:.2f} ± {error:.2f}" for mean, error in zip(above.mean(axis=0), errors, strict=True)]
        cells += [f"{np.median(above[:, -1]):.2f}", f"{np.mean([took for _, took in runs]):.1f}"]
        print(f"| {name} | {search} | {' | '.join(cells)} |", flush=True)


def error_cases():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 8)) * (rng.random((90, 8)) < 0.7)
    signal = X @ np.array([1.5, -1.0, 0.5, 0.0, 0.0, 0.3, -0.2, 0.0])
    real = 1.0 + signal + 0.5 * rng.normal(size=90)
    counts, positive = rng.poisson(np.exp(0.3 * signal)).astype(float), np.exp(0.3 * signal + 0.3 * rng.normal(size=90))
    two, three = (signal + rng.normal(size=90) > 0).astype(int), np.digitize(signal + rng.normal(size=90), [-0.7, 0.7])
    tight, newton = {"tol": 1e-12, "max_iter": 100_000}, {"tol": 1e-12, "solver": "newton-cholesky"}
    strength, small = log(1e-3, 1e1), log(1e-3, 0.3)
    support = {"C": log(0.3, 10), "gamma": log(1e-2, 1.0)}
    cases = {
        "Ridge": (Ridge(tol=1e-12), real, {"alpha": strength}),
        "RidgeClassifier": (RidgeClassifier(tol=1e-12), three, {"alpha": strength}),
        "LogisticRegression": (LogisticRegression(**newton), two, {"C": strength}),
        "LogisticRegression, three classes": (LogisticRegression(**newton), three, {"C": strength}),
        "Lasso": (Lasso(**tight), real, {"alpha": small}),
        "ElasticNet": (ElasticNet(**tight), real, {"alpha": small, "l1_ratio": Float(0.1, 0.9)}),
        "LinearSVC": (LinearSVC(**tight), two, {"C": log(1e-3, 0.1)}),
        "LinearSVR": (
            LinearSVR(loss="squared_epsilon_insensitive", **tight),
            real,
            {"C": log(1e-3, 0.1), "epsilon": Float(0.05, 0.5)},
        ),
        "PoissonRegressor": (PoissonRegressor(**newton), counts, {"alpha": strength}),
        "GammaRegressor": (GammaRegressor(**newton), positive, {"alpha": strength}),
        "TweedieRegressor, 1.5": (TweedieRegressor(power=1.5, **newton), counts, {"alpha": strength}),
        "KernelRidge": (KernelRidge(kernel="rbf"), real, {"alpha": strength, "gamma": log(1e-2, 1.0)}),
        "LinearSVR, absolute": (
            LinearSVR(**tight),
            real,
            {"C": log(1e-3, 0.1), "epsilon": Float(0.05, 0.3)},
        ),
        "GaussianProcessRegressor": (
            GaussianProcessRegressor(ConstantKernel() * RBF() + WhiteKernel(), optimizer=None),
            real,
            {
                "kernel__k1__k1__constant_value": strength,
                "kernel__k1__k2__length_scale": log(0.3, 5),
                "kernel__k2__noise_level": log(1e-3, 1),
            },
        ),
        "SVC": (ExactSVC(tol=1e-10), two, support),
        "SVC, three classes": (ExactSVC(tol=1e-10), three, support),
        "SVR": (ExactSVR(tol=1e-10), real, {**support, "epsilon": Float(0.05, 0.3)}),
        "SVC of libsvm": (SVC(tol=1e-10), two, support),
        "SVC of libsvm, three classes": (SVC(tol=1e-10), three, support),
        "SVR of libsvm": (SVR(tol=1e-10), real, {**support, "epsilon": Float(0.05, 0.3)}),
    }
    return X, rng.uniform(0.2, 2.0, size=90), cases


def errors(n_starts):
    print("\n### Worst relative error of the slopes against central differences\n")
    print(
        "At three points of each space, in all parameters and in the scales of three columns. libsvm keeps kernels in"
    )
    print(
        "single precision, and a difference divides that by its step. *SVC* and *SVR* solve for the coefficients of the"
    )
    print("free support vectors again, in double precision.\n")
    print("| estimator | dense | sparse | weighted | without intercept |")
    print("|---|---|---|---|---|")
    X, weight, cases = error_cases()

    def worst(estimator, data, y, space, **more):
        return max(error for *_, error in relative_errors(estimator, data, y, space, **more))

    for name, (estimator, y, space) in cases.items():
        is_ridge = isinstance(estimator, Ridge | RidgeClassifier)
        on_sparse = clone(estimator).set_params(solver="sparse_cg") if is_ridge else estimator
        found = [worst(estimator, X, y, space)]
        if not isinstance(estimator, GaussianProcessRegressor):  # which takes neither
            found += [
                worst(on_sparse, sparse.csr_matrix(X), y, space),
                worst(estimator, X, y, space, sample_weight=weight),
            ]
        if "fit_intercept" in estimator.get_params():
            found.append(worst(clone(estimator).set_params(fit_intercept=False), X, y, space))
        cells = [f"{error:.0e}" for error in found] + ["-"] * (4 - len(found))
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


PARTS = {
    "errors": errors,
    "evaluations": evaluations,
    "seconds": seconds,
    "sparho": beside_sparho,
    "many": many,
    "penalties": penalties,
    "rows": rows,
    "trap": trap,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], default=[])
    parser.add_argument("--starts", type=int, default=5, help="starts of each descent that is counted")
    given = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    warnings.simplefilter("ignore", UserWarning)
    for part in given.parts or PARTS:
        PARTS[part](given.starts)


if __name__ == "__main__":
    main()

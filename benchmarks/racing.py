"""Racing beside full cross-validation: how many fits, and how often the same winner.

``python benchmarks/racing.py`` counts fits, so that the load of the machine matters little, and prints tables in
Markdown, of all parts or of those named:

``grid``
    ``GridSearchCV(racing=True)`` over 100 candidates, 5 and 10 folds, beside the whole grid on the same splits: the
    share of its fits, whether the winner is the same (or has the same score), how far its score is below where it is
    not, and whether within one standard error of the paired difference. Two rules of others are replayed on the same
    scores, candidate after candidate in the same order: Optuna's ``WilcoxonPruner`` (p < 0.1, from the second split on)
    and the forgiving rule of Bergman, Purucker and Hutter (2024: below the incumbent's worst fold).
``bayes``
    ``BayesSearchCV(racing=True)`` beside ``racing=False`` of 40, 50 and 100 candidates, 5 and 10 folds: the fits it
    needs to reach the other's final score, beside those the other took itself, the score at half of the fits and at
    equal fits, and how far from the best both are after equally many fits.
``null``
    Candidates that are equal but for chance, 5 and 10 folds: how many are stopped although their mean over all splits
    would have been above that of the one they were stopped against.

``--cache FOLDER`` keeps the scores of whole grids and what Bayesian searches found there, and takes what it finds: use
another folder for another version.
"""

import argparse
import contextlib
import functools
import os
import platform
import warnings
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import numpy as np
import sklearn
from joblib import Parallel, delayed
from scipy.stats import wilcoxon
from sklearn.base import BaseEstimator, clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine, make_classification
from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import skhpo
from skhpo import Categorical, Float, Int

N_CANDIDATES = 100


def synthetic():
    """Noisy: a fifth of the labels are flipped, so that many candidates are level."""
    return make_classification(400, 20, n_informative=5, flip_y=0.2, random_state=0)


def digits():
    X, y = load_digits(return_X_y=True)
    return X[::3], y[::3]


cancer = functools.partial(load_breast_cancer, return_X_y=True)
wine = functools.partial(load_wine, return_X_y=True)
diabetes = functools.partial(load_diabetes, return_X_y=True)
TREE = {
    "max_depth": Int(1, 20),
    "min_samples_leaf": Int(1, 60, log=True),
    "max_features": Float(0.1, 1.0),
    "ccp_alpha": Float(1e-5, 1e-1, log=True),
}
SVM = {"C": Float(1e-3, 1e3, log=True), "gamma": Float(1e-5, 1e1, log=True)}
KNN = {"n_neighbors": Int(1, 60), "weights": Categorical(["uniform", "distance"]), "p": Float(1.0, 3.0)}


def scaled(estimator):
    return make_pipeline(StandardScaler(), estimator)


def named(space, name):
    return {f"{name}__{key}": value for key, value in space.items()}


PROBLEMS = {
    "decision tree, breast cancer": (cancer, DecisionTreeClassifier(random_state=0), TREE),
    "decision tree, digits": (digits, DecisionTreeClassifier(random_state=0), TREE),
    "decision tree, diabetes": (diabetes, DecisionTreeRegressor(random_state=0), TREE),
    "SVM, wine": (wine, scaled(SVC()), named(SVM, "svc")),
    "SVM, breast cancer": (cancer, scaled(SVC()), named(SVM, "svc")),
    "SVM, synthetic": (synthetic, scaled(SVC()), named(SVM, "svc")),
    "SVR, diabetes": (diabetes, scaled(SVR()), named(SVM, "svr")),
    "k-NN, breast cancer": (cancer, scaled(KNeighborsClassifier()), named(KNN, "kneighborsclassifier")),
    "k-NN, diabetes": (diabetes, scaled(KNeighborsRegressor()), named(KNN, "kneighborsregressor")),
    "logistic regression, breast cancer": (
        cancer,
        scaled(LogisticRegression(solver="liblinear", random_state=0)),
        named({"C": Float(1e-4, 1e3, log=True), "l1_ratio": Categorical([0.0, 1.0])}, "logisticregression"),
    ),
    "extra trees, synthetic": (
        synthetic,
        ExtraTreesClassifier(n_estimators=10, random_state=0),
        {"max_depth": Int(1, 12), "min_samples_leaf": Int(1, 40, log=True), "max_features": Float(0.05, 1.0)},
    ),
    "gradient boosting, diabetes": (
        diabetes,
        GradientBoostingRegressor(n_estimators=15, random_state=0),
        {"learning_rate": Float(1e-2, 1, log=True), "max_depth": Int(1, 5), "min_samples_leaf": Int(1, 60, log=True)},
    ),
}


class Replayed(BaseEstimator):
    """Gives the scores that were found before: row and column of a table."""

    def __init__(self, table=None, row=0):
        self.table, self.row = table, row

    def fit(self, X, y=None):
        return self

    def score(self, X, y=None):
        return float(self.table[self.row, int(X[0, 0])])


def folds(name, n_splits, seed):
    _, estimator, _ = PROBLEMS[name]
    kind = StratifiedKFold if sklearn.base.is_classifier(estimator) else KFold
    return kind(n_splits, shuffle=True, random_state=seed)


def draw(space, n, seed):
    """Candidates of a space as ``RandomSearchCV`` draws them, without repetition."""
    drawn = skhpo.space.Space(space).sample(np.random.default_rng([seed, 1]), 3 * n)
    unique = {str(sorted(params.items())): params for params in drawn}
    return list(unique.values())[:n]


def full_table(name, n_splits, seed, cache=None):
    """Scores of the whole grid, shape (100, n_splits)."""
    return kept(cache, f"{list(PROBLEMS).index(name)}_{n_splits}_{seed}", lambda: fit_table(name, n_splits, seed))


def fit_table(name, n_splits, seed):
    load, estimator, space = PROBLEMS[name]
    grid = [{key: [value] for key, value in params.items()} for params in draw(space, N_CANDIDATES, seed)]
    search = skhpo.GridSearchCV(clone(estimator), grid, cv=folds(name, n_splits, seed), refit=False)
    results = search.fit(*load()).cv_results_
    return np.column_stack([results[f"split{i}_test_score"] for i in range(n_splits)])


def kept(cache, name, compute):
    """Return an array that is in the folder ``cache``, or compute it and keep it there; only compute it without."""
    if cache is None:
        return compute()
    path = Path(cache) / f"{name}.npy"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, compute())
    return np.load(path, allow_pickle=False)


def race(table):
    """Fits and the winner of a race over a table."""
    n, k = table.shape
    search = skhpo.GridSearchCV(
        Replayed(table), {"row": list(range(n))}, cv=KFold(k), refit=False, racing=True, cache_prefix=False
    )
    search.fit(np.arange(float(k))[:, None])
    return search


def one_by_one(table, is_hopeless):
    """Fits and the winner where candidates come one after the other, each until it is hopeless."""
    best, incumbent, n_fits = -np.inf, None, 0
    for row, scores in enumerate(table):
        for m in range(1, len(scores) + 1):
            n_fits += 1
            if incumbent is not None and m < len(scores) and is_hopeless(scores[:m], table[incumbent]):
                break
        else:
            if scores.mean() > best:
                best, incumbent = scores.mean(), row
    return n_fits, incumbent


def by_wilcoxon(scores, incumbent):
    """Optuna 4's WilcoxonPruner: a one-sided signed-rank test, unless the mean is no worse."""
    difference = scores - incumbent[: len(scores)]
    if len(scores) < 2 or difference.mean() >= 0:
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return wilcoxon(difference, alternative="less", zero_method="zsplit").pvalue < 0.1


def is_below_worst(scores, incumbent):
    return scores.mean() < incumbent.min()


def grid(n_seeds, n_splits, cache):
    rows = []
    for name in PROBLEMS:
        for seed in range(n_seeds):
            table = full_table(name, n_splits, seed, cache)
            means = table.mean(axis=1)
            search = race(table)
            found = {
                "**racing=True**": (search.stats()["n_fits"], search.best_index_),
                "Wilcoxon, p < 0.1": one_by_one(table, by_wilcoxon),
                "below the worst fold": one_by_one(table, is_below_worst),
            }
            for rule, (n_fits, winner) in found.items():
                gap = means.max() - means[winner]
                error = (table[means.argmax()] - table[winner]).std(ddof=1) / np.sqrt(n_splits)
                rows.append((rule, name, n_fits / table.size, gap <= 1e-12, gap <= max(error, 1e-12)))
    print(f"\n### Grid of {N_CANDIDATES} candidates, {n_splits} folds, {n_seeds} seeds x {len(PROBLEMS)} problems\n")
    print("| rule | share of the fits, median | lowest to highest problem | same winner | within one standard error |")
    print("|---|---|---|---|---|")
    for rule in dict.fromkeys(row[0] for row in rows):
        own = [row for row in rows if row[0] == rule]
        share = np.median([row[2] for row in own])
        each = [np.median([row[2] for row in own if row[1] == name]) for name in PROBLEMS]
        same, within = (np.mean([row[i] for row in own]) for i in (3, 4))
        print(f"| {rule} | {share:.1%} | {min(each):.1%} to {max(each):.1%} | {same:.1%} | {within:.1%} |", flush=True)
    print("\n| problem | share of the fits | same winner |\n|---|---|---|")
    for name in PROBLEMS:
        own = [row for row in rows if row[:2] == ("**racing=True**", name)]
        print(f"| {name} | {np.median([r[2] for r in own]):.1%} | {np.mean([r[3] for r in own]):.0%} |", flush=True)


class Budget:
    """A scorer that interrupts the search after so many fits; the score is the estimator's own."""

    def __init__(self, n_fits):
        self.n_left = n_fits

    def __call__(self, estimator, X, y):
        if self.n_left == 0:
            raise KeyboardInterrupt
        self.n_left -= 1
        return estimator.score(X, y)


def trace(name, seed, n_splits, n_fits, **options):
    """Best mean of a complete candidate after each fit, by the order in which fits began; shape (n_fits,)."""
    load, estimator, space = PROBLEMS[name]
    search = skhpo.BayesSearchCV(
        clone(estimator),
        space,
        n_iter=n_fits,  # more than there will be
        scoring=Budget(n_fits),
        cv=folds(name, n_splits, seed),
        random_state=seed,
        refit=False,
        **options,
    )
    warnings.simplefilter("ignore")
    with contextlib.suppress(KeyboardInterrupt):
        search.fit(*load())
    history = search._history  # noqa: SLF001 - the order of the fits is nowhere else
    steps = history.steps or [(trial.number, split) for trial in history.trials for split in range(n_splits)]
    n_seen, best, found = {}, -np.inf, []
    for number, _ in steps[:n_fits]:
        n_seen[number] = n_seen.get(number, 0) + 1
        if n_seen[number] == n_splits:
            best = max(best, history.scores(number).mean())
        found.append(best)
    return np.array(found)


def pair(name, seed, n_splits, n_fits, cache=None):
    """The traces of a search without a race and of one with it, on the same splits."""
    file = f"bayes_{list(PROBLEMS).index(name)}_{n_splits}_{seed}_{n_fits}"
    return tuple(
        kept(cache, f"{file}_{racing}", lambda racing=racing: trace(name, seed, n_splits, n_fits, racing=racing))
        for racing in (False, True)
    )


def bayes(n_seeds, budgets, n_splits, n_jobs, cache):
    """Compare at several budgets at once: the first candidates of a search are those of a shorter one."""
    n_fits = max(budgets) * n_splits
    tasks = [delayed(pair)(name, seed, n_splits, n_fits, cache) for name in PROBLEMS for seed in range(n_seeds)]
    traces = list(Parallel(n_jobs)(tasks))
    for n_candidates in budgets:
        print(f"\n### BayesSearchCV, {n_splits} folds, {n_candidates} candidates without racing, {n_seeds} seeds\n")
        print(
            "| problem | fits to reach its final score | reached | took itself | at half of the fits | at equal fits | "
            "their error |"
        )
        print("|---|---|---|---|---|---|---|")
        ratios, alone, everything = [], [], []
        budget = n_candidates * n_splits
        for place, name in enumerate(PROBLEMS):
            own, itself, halves, gaps = [], [], [], []
            for one, other in traces[place * n_seeds : (place + 1) * n_seeds]:
                final = one[:budget][-1]
                own.append(fits_to(final, other[:budget]) / budget)
                itself.append(fits_to(final, one[:budget]) / budget)
                halves.append(other[: budget // 2][-1] - final)
                gaps.append(other[:budget][-1] - final)
            ratios += own
            alone += itself
            everything += gaps
            error = np.std(gaps, ddof=1) / np.sqrt(n_seeds) if n_seeds > 1 else np.nan
            print(
                f"| {name} | {np.median(own):.0%} | {np.isfinite(own).mean():.0%} | {np.median(itself):.0%} | "
                f"{np.mean(halves):+.4f} | {np.mean(gaps):+.4f} | {error:.4f} |".replace("inf%", "more than all"),
                flush=True,
            )
        gaps = np.array(everything)
        level = 1e-12
        print(
            f"\nMedian of all runs: {np.median(ratios):.0%} of the fits (standard error "
            f"{error_of_median(np.reshape(ratios, (-1, n_seeds))):.1%}), where the search without a race itself took "
            f"{np.median(alone):.0%}. At equal fits better in "
            f"{np.mean(gaps > level):.0%}, equal in {np.mean(np.abs(gaps) <= level):.0%}, worse in "
            f"{np.mean(gaps < -level):.0%}. Differences are means over seeds of racing=True minus racing=False at its "
            "end.",
            flush=True,
        )
    distances(traces, n_seeds, n_splits, max(budgets))


def fits_to(score, trace):
    """Fits until a trace is as good, infinitely many if it never is."""
    reached = np.flatnonzero(trace >= score - 1e-12)
    return reached[0] + 1 if len(reached) else np.inf


def error_of_median(values, n_draws=2000):
    """Standard error of the median of values of shape (n_problems, n_seeds), by drawing seeds (bootstrap)."""
    drawn = np.random.default_rng(0).integers(values.shape[1], size=(n_draws, values.shape[1]))
    medians = np.median(values[:, drawn], axis=(0, 2))
    return np.std(medians) if np.isfinite(medians).all() else np.nan


def distances(traces, n_seeds, n_splits, n_candidates):
    """How far from the best that either search found both are, after as many fits as so many candidates have.

    In units of what a search without a race is below it after five candidates, the median over a problem's seeds, and
    3 at most.
    """
    budgets = [n for n in (10, 15, 20, 30, 40, 50, 70, 100) if n <= n_candidates]
    found = []
    for place in range(len(PROBLEMS)):
        pairs = np.array(traces[place * n_seeds : (place + 1) * n_seeds])
        below = pairs.max(axis=(1, 2))[:, None, None] - pairs
        unit = max(np.median(below[:, 0, 5 * n_splits - 1]), 1e-12)
        found.append(np.minimum(below[:, :, [n * n_splits - 1 for n in budgets]] / unit, 3))
    found = np.concatenate(found)
    print(f"\n### Distance to the best, {n_splits} folds, means over {n_seeds} seeds and {len(PROBLEMS)} problems\n")
    print(f"| fits of so many candidates | {' | '.join(map(str, budgets))} |\n|---|{'---|' * len(budgets)}")
    for name, own in (("racing=False", found[:, 0]), ("racing=True", found[:, 1])):
        print(f"| {name} | {' | '.join(f'{v:.3f}' for v in own.mean(axis=0))} |")
    gap = found[:, 1] - found[:, 0]
    error = gap.std(axis=0, ddof=1) / np.sqrt(len(gap))
    cells = (f"{v:+.3f} ± {e:.3f}" for v, e in zip(gap.mean(axis=0), error, strict=True))
    print(f"| difference | {' | '.join(cells)} |", flush=True)


def null(n_seeds):
    print(f"\n### Candidates that are equal but for chance, {N_CANDIDATES} candidates, {n_seeds} seeds\n")
    print("| folds | stopped | share of the fits | false stops, of the stopped | loss of the winner's mean, median |")
    print("|---|---|---|---|---|")
    for n_splits in (5, 10):
        n_stopped = n_false = n_fits = 0
        losses = []
        for seed in range(n_seeds):
            rng = np.random.default_rng(seed)
            table = rng.normal(0, 1, (1, n_splits)) + rng.normal(0, 1, (N_CANDIDATES, n_splits))
            means = table.mean(axis=1)
            search = race(table)
            stopped = search._history.stopped  # noqa: SLF001 - against whom is nowhere else
            n_stopped += len(stopped)
            n_false += sum(means[number] > means[against] for number, against in stopped.items())
            n_fits += search.stats()["n_fits"]
            losses.append((means.max() - means[search.best_index_]) / means.std())
        total = n_seeds * N_CANDIDATES
        print(
            f"| {n_splits} | {n_stopped / total:.1%} | {n_fits / total / n_splits:.1%} | {n_false / n_stopped:.2%} | "
            f"{np.median(losses):.2f} standard deviations of the means |",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=["grid", "bayes", "null"])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--folds", type=int, nargs="+", default=[5, 10])
    parser.add_argument("--cache", help="folder of what was computed before")
    parser.add_argument("--candidates", type=int, nargs="+", default=[40, 50, 100], help="of the search without a race")
    parser.add_argument("--jobs", type=int, default=1, help="Bayesian searches at a time")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    print(f"skhpo {skhpo.__version__}, scikit-learn {sklearn.__version__}, Python {platform.python_version()}")
    for part in options.parts:
        if part == "grid":
            for n_splits in options.folds:
                grid(options.seeds, n_splits, options.cache)
        elif part == "bayes":
            for n_splits in options.folds:
                bayes(options.seeds, options.candidates, n_splits, options.jobs, options.cache)
        elif part == "null":
            null(options.seeds)


if __name__ == "__main__":
    main()

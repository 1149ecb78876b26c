"""Ten statements about choosing by cross-validation, each with its figure."""

import numpy as np
from scipy.stats import spearmanr
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.svm import SVC

from benchmarks import honest_problems as problems


def write(lines, seeds, quick):
    """Measure them all."""
    for number, statement in enumerate(STATEMENTS):
        text, figure = statement(4 if quick else 30)
        lines.write({"kind": "statement", "number": number + 1, "statement": text, "figure": figure})


def _accuracies(name, n, seed, models, splits):
    """Return accuracy by split, shape (n_splits, n_models), and the rows."""
    (X, y), fresh = problems.drawn(problems.CLASSIFICATION, name, n, seed)
    right = [
        [np.mean(clone(model).fit(X[train], y[train]).predict(X[test]) == y[test]) for model in models]
        for train, test in splits(y)
    ]
    return np.array(right), (X, y), fresh


def _names(n_runs):
    names = list(problems.CLASSIFICATION)
    return [(names[run % len(names)], run) for run in range(n_runs)]


def _machines(seed, n):
    return problems.machines(SVC, n, np.random.default_rng(seed))


def _folds(seed, n_splits=5):
    return lambda y: problems.folds(y, seed, n_splits)


def _repeated(seed, n_repeats):
    return lambda y: [split for repeat in range(n_repeats) for split in problems.folds(y, 10 * seed + repeat)]


def noise_of_fifty(n_runs):
    found = {}
    for n in (60, 150, 500):
        rng = np.random.default_rng(n)
        guesses = rng.random((n_runs * 20, 50, n)) < 0.5
        found[n] = (guesses.mean(axis=2)).max(axis=1).mean()
    figure = ", ".join(f"{value:.3f} with {n} rows" for n, value in found.items())
    return "The best accuracy of 50 candidates that guess, where .5 is true", figure


def optimism_by_number(n_runs):
    found = {}
    for n_candidates in (10, 50, 200):
        rng = np.random.default_rng(n_candidates)
        true = rng.beta(9, 6, size=(n_runs * 20, n_candidates))
        seen = rng.binomial(100, true) / 100
        best = seen.argmax(axis=1)
        at = np.arange(len(best))
        found[n_candidates] = np.mean(seen[at, best] - true[at, best])
    figure = ", ".join(f"{value:+.3f} of {n}" for n, value in found.items())
    return "By how much the best score of candidates of accuracies Beta(9, 6) is too good, 100 rows", figure


def worse_than_untuned(n_runs):
    found = {}
    for n in (60, 200):
        worse = []
        for name, seed in _names(n_runs):
            models = _machines(seed, 25)
            scores, (X, y), (X_new, y_new) = _accuracies(name, n, seed, models, _folds(seed))
            best = scores.mean(axis=0).argmax()
            fresh = [clone(models[row]).fit(X, y).score(X_new, y_new) for row in (0, best)]
            worse.append(fresh[1] < fresh[0])
        found[n] = np.mean(worse)
    figure = ", ".join(f"{value:.0%} with {n} rows" for n, value in found.items())
    return "How often the best of 25 SVC is worse on fresh rows than SVC()", figure


def same_winner(n_runs):
    same, kept = [], []
    for name, seed in _names(n_runs):
        models = _machines(seed, 25)
        scores, *_ = _accuracies(
            name,
            150,
            seed,
            models,
            lambda y, seed=seed: [s for r in range(5) for s in problems.folds(y, 10 * seed + r)],
        )
        five, all_of_them = scores[:5].mean(axis=0), scores.mean(axis=0)
        same.append(all_of_them[five.argmax()] >= all_of_them.max() - 1e-12)
        kept.append(all_of_them.max() - all_of_them[five.argmax()])
    return (
        "How often the winner of 5 folds is that of 5 x 5, of 25 SVC and 150 rows, and how far it is behind it",
        f"{np.mean(same):.0%}, {np.mean(kept):.3f}",
    )


def one_fold(n_runs):
    found = []
    for name, seed in _names(n_runs):
        scores, *_ = _accuracies(name, 150, seed, _machines(seed, 25), _folds(seed))
        found.append(spearmanr(scores[0], scores.mean(axis=0)).statistic)
    return "Rank correlation of one fold with the mean of five, 25 SVC, 150 rows: median", f"{np.nanmedian(found):.2f}"


def repeats_or_candidates(n_runs):
    found = {"5 x 5 folds, 10 SVC": [], "5 folds, 50 SVC": []}
    for name, seed in _names(n_runs):
        for label, n_candidates, n_repeats in (("5 x 5 folds, 10 SVC", 10, 5), ("5 folds, 50 SVC", 50, 1)):
            models = _machines(seed, n_candidates)
            scores, (X, y), (X_new, y_new) = _accuracies(name, 100, seed, models, _repeated(seed, n_repeats))
            found[label].append(clone(models[scores.mean(axis=0).argmax()]).fit(X, y).score(X_new, y_new))
    difference = np.subtract(*found.values())
    error = difference.std(ddof=1) / np.sqrt(len(difference))
    return (
        (
            "Accuracy on fresh rows of the best of 10 SVC by 5 x 5 folds less that of the best of 50 by 5 folds, "
            "250 fits each, 100 rows"
        ),
        f"{difference.mean():+.3f} ± {error:.3f}",
    )


def untuned_boosting(n_runs):
    worse = []
    for name, seed in _names(n_runs):
        rng = np.random.default_rng(seed)
        models = [
            HistGradientBoostingClassifier(
                max_iter=int(rng.integers(20, 100)), learning_rate=10 ** rng.uniform(-2, 0),
                max_leaf_nodes=int(rng.integers(2, 32)), min_samples_leaf=int(rng.integers(2, 30)),
            )
            for _ in range(25)
        ]  # fmt: skip
        models = [HistGradientBoostingClassifier(), *models]
        scores, (X, y), (X_new, y_new) = _accuracies(name, 200, seed, models, _folds(seed, 3))
        best = 1 + scores[:, 1:].mean(axis=0).argmax()
        fresh = [clone(models[row]).fit(X, y).score(X_new, y_new) for row in (0, best)]
        worse.append(fresh[0] >= fresh[1])
    return (
        "How often untuned HistGradientBoostingClassifier() is as good on fresh rows as the best of 25, 200 rows",
        f"{np.mean(worse):.0%}",
    )


def binned_targets(n_runs):
    spread = {"by chance": [], "stratified": []}
    for seed in range(n_runs):
        (X, y), _ = problems.drawn(problems.REGRESSION, list(problems.REGRESSION)[seed % 6], 100, seed)
        bins = np.searchsorted(np.quantile(y, [0.2, 0.4, 0.6, 0.8]), y)
        for label, kind, target in (("by chance", KFold, y), ("stratified", StratifiedKFold, bins)):
            means = []
            for repeat in range(20):
                splits = kind(5, shuffle=True, random_state=repeat).split(X, target)
                means.append(np.mean([Ridge().fit(X[a], y[a]).score(X[b], y[b]) for a, b in splits]))
            spread[label].append(np.std(means, ddof=1))
    ratio = np.median(np.array(spread["stratified"]) / np.array(spread["by chance"]))
    return (
        (
            "Standard deviation over shuffles of the mean R2 of 5 folds, stratified by fifths of the target, over that "
            "of folds by chance, Ridge, 100 rows: median"
        ),
        f"{ratio:.2f}",
    )


def leave_one_out(n_runs):
    penalties = np.logspace(-3, 4, 30)
    lost = {"leave-one-out": [], "5 folds": []}
    for seed in range(4 * n_runs):
        rng = np.random.default_rng(seed)
        X, X_new = rng.normal(size=(50, 20)), rng.normal(size=(2000, 20))
        weights = rng.normal(size=20) * (rng.random(20) < 0.4)
        noise = rng.uniform(0.5, 4)
        y, y_new = X @ weights + noise * rng.normal(size=50), X_new @ weights + noise * rng.normal(size=2000)
        fresh = np.array([((Ridge(a).fit(X, y).predict(X_new) - y_new) ** 2).mean() for a in penalties])
        by = {"leave-one-out": _by_hat(X, y, penalties), "5 folds": _by_folds(X, y, penalties, seed)}
        for label, losses in by.items():
            lost[label].append(100 * (fresh[losses.argmin()] / fresh.min() - 1))
    figure = ", ".join(f"{np.mean(values):.1f} % ({label})" for label, values in lost.items())
    return "Squared error on fresh rows above that of the best ridge penalty, 50 rows, 20 features", figure


def _by_hat(X, y, penalties):
    """Return leave-one-out errors by the hat matrix, with an intercept."""
    losses = []
    centred, target = X - X.mean(axis=0), y - y.mean()
    U, s, _ = np.linalg.svd(centred, full_matrices=False)
    for penalty in penalties:
        shrunk = s**2 / (s**2 + penalty)
        residual = target - U @ (shrunk * (U.T @ target))
        losses.append(np.mean((residual / (1 - 1 / len(y) - (U**2) @ shrunk)) ** 2))
    return np.array(losses)


def _by_folds(X, y, penalties, seed):
    splits = list(KFold(5, shuffle=True, random_state=seed).split(X))
    return np.array(
        [np.mean([((Ridge(a).fit(X[i], y[i]).predict(X[j]) - y[j]) ** 2).mean() for i, j in splits]) for a in penalties]
    )


def intervals_of_folds(n_runs):
    plain, corrected = [], []
    from scipy.stats import t as student

    for name, seed in _names(4 * n_runs):
        model = SVC()
        scores, (X, y), (X_new, y_new) = _accuracies(name, 150, seed, [model], _folds(seed))
        fresh = model.fit(X, y).score(X_new, y_new)
        mean, spread = scores.mean(), scores.std(ddof=1)
        half = student.ppf(0.975, 4) * spread
        plain.append(abs(mean - fresh) <= half * np.sqrt(1 / 5))
        corrected.append(abs(mean - fresh) <= half * np.sqrt(1 / 5 + 1 / 4))
    return (
        (
            "How often a 95 % interval from the scores of 5 folds holds the accuracy of one SVC() on fresh rows, 150 "
            "rows: as if folds were independent, and with Nadeau and Bengio's variance"
        ),
        f"{np.mean(plain):.0%}, {np.mean(corrected):.0%}",
    )


STATEMENTS = (
    noise_of_fifty,
    optimism_by_number,
    worse_than_untuned,
    same_winner,
    one_fold,
    repeats_or_candidates,
    untuned_boosting,
    binned_targets,
    leave_one_out,
    intervals_of_folds,
)

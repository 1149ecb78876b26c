"""What the best score of a search promises, and what new data then says.

    python -m benchmarks honesty                    # all parts
    python -m benchmarks honesty --parts bias,rules
    python -m benchmarks honesty --quick            # a minute

*bias*: naive, bias-corrected and nested estimates beside the score on 4,000 fresh rows. *ten_folds*: the same with ten
folds. *noise*: the same where labels are guesses. *way*: the same as candidates come, for a picture. *rules*: how often
what a rule takes is worse than the untuned estimator. *ensembles*: log loss on held-out rows beside the best single
model's. *statements*: ten facts about choosing by cross-validation. *cost*: seconds.
"""

import argparse
import os
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import get_scorer, log_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler, scale
from sklearn.svm import SVC

from benchmarks import honest_problems as problems
from benchmarks import honest_statements as statements
from benchmarks import record
from skhpo.honesty import estimate_from_predictions
from skhpo.honesty.bootstrap import on_the_way
from skhpo.honesty.greedy import blendable, select
from skhpo.honesty.known import choice_of
from skhpo.honesty.metrics import measure_of
from skhpo.honesty.predictions import OutOfFold
from skhpo.selection import unless_better

METRICS = {"classification": ("accuracy", "roc_auc"), "regression": ("r2",)}
N_CANDIDATES = 30


# -- estimates beside fresh rows --------------------------------------------------------------------------------------


def classes_of(y, kind):
    return np.unique(y) if kind == "classification" else None


def in_table(found, y, kind, method):
    return OutOfFold(
        [{method: each[None]} for each in found], y, classes_of(y, kind), is_classifier=kind == "classification"
    )


def nested(models, X, y, kind, seed):
    """Return the mean score over five outer folds of what five inner ones chose."""
    method, scores = problems.KINDS[kind][1], []
    for train, test in problems.folds(y, seed + 1, is_classifier=kind == "classification"):
        inner = problems.folds(y[train], seed + 2, is_classifier=kind == "classification")
        found = problems.out_of_fold(models, X[train], y[train], inner, method)
        scores.append((train, test, found))
    means = {}
    for name in METRICS[kind]:
        scorer, each = get_scorer(name), []
        for train, test, found in scores:
            winner = measure_of(scorer, in_table(found, y[train], kind, method)).on_all().argmax()
            model = clone(models[winner]).fit(X[train], y[train])
            each.append(scorer(model, X[test], y[test]))
        means[name] = float(np.mean(each))
    return means


def estimates(kind, name, n, seed, *, n_candidates, n_splits=5, is_noise=False):
    """Yield a row for each metric: what was promised, and what fresh rows say."""
    machine, method = problems.KINDS[kind]
    generators = problems.CLASSIFICATION if kind == "classification" else problems.REGRESSION
    rng = np.random.default_rng([seed, n, len(name)])
    (X, y), (X_new, y_new) = problems.drawn(generators, name, n, seed)
    if is_noise:
        y, y_new = rng.permutation(np.arange(n) % 2), rng.permutation(np.arange(len(y_new)) % 2)
    models = problems.machines(machine, n_candidates, rng)
    splits = problems.folds(y, seed, n_splits, is_classifier=kind == "classification")
    found = problems.out_of_fold(models, X, y, splits, method)
    outer = nested(models, X, y, kind, seed) if n_splits == 5 else {}
    for metric in METRICS[kind]:
        scorer = get_scorer(metric)
        table = in_table(found, y, kind, method)
        winner = int(measure_of(scorer, table).on_all().argmax())
        estimate = estimate_from_predictions(
            y, _labels(found) if metric == "accuracy" else found, scoring=metric, n_bootstraps=1000,
            method="predict" if metric == "accuracy" else method, random_state=seed,
        )  # fmt: skip
        fresh = scorer(clone(models[winner]).fit(X, y), X_new, y_new)
        yield {
            "kind": "noise" if is_noise else "bias" if n_splits == 5 else "ten folds",
            "metric": metric,
            "generator": name,
            "n": n,
            "seed": seed,
            "fresh": fresh,
            "naive": estimate.naive,
            "bbc": estimate.value,
            "nested": outer.get(metric),
            "low": estimate.interval[0],
            "high": estimate.interval[1],
        }


def _labels(decisions):
    return (decisions > 0).astype(int)


def bias(lines, seeds, quick):
    kinds = {"classification": problems.CLASSIFICATION, "regression": problems.REGRESSION}
    for n in (60, 150):
        for kind, generators in kinds.items():
            for name in list(generators)[: 2 if quick else None]:
                for seed in seeds:
                    write(lines, estimates(kind, name, n, seed, n_candidates=N_CANDIDATES))


def ten_folds(lines, seeds, quick):
    """The same candidates on ten folds: models that are trained on nine tenths of the rows are closer to the last."""
    kinds = {"classification": problems.CLASSIFICATION, "regression": problems.REGRESSION}
    for n in (60, 150):
        for kind, generators in kinds.items():
            for name in list(generators)[: 2 if quick else None]:
                for seed in seeds:
                    write(lines, estimates(kind, name, n, seed, n_candidates=N_CANDIDATES, n_splits=10))


def noise(lines, seeds, quick):
    for n in (60, 150):
        for seed in range(10 if quick else 2 * len(seeds)):
            write(lines, estimates("classification", "linear", n, seed, n_candidates=N_CANDIDATES, is_noise=True))


def write(lines, rows):
    for row in rows:
        lines.write(row)


def on_its_way(name, seed, n=100):
    """Return accuracies as candidates come: of the best so far, what to expect of it, and what it has on fresh rows."""
    (X, y), (X_new, y_new) = problems.drawn(problems.CLASSIFICATION, name, n, seed)
    models = problems.machines(SVC, 50, np.random.default_rng([seed, n, 7]))
    found = problems.out_of_fold(models, X, y, problems.folds(y, seed), "decision_function")
    measure = measure_of(get_scorer("accuracy"), in_table(found, y, "classification", "decision_function"))
    naive, estimate = on_the_way(measure, n_resamples=300, random_state=seed)
    scores = measure.on_all()
    best = [int(scores[: number + 1].argmax()) for number in range(len(models))]
    fresh = {row: clone(models[row]).fit(X, y).score(X_new, y_new) for row in set(best)}
    return {"naive": naive.tolist(), "estimate": estimate.tolist(), "fresh": [fresh[row] for row in best]}


def way(lines, seeds, quick):
    for name in list(problems.CLASSIFICATION)[: 2 if quick else None]:
        for seed in list(seeds)[:6]:
            found = {key: [round(each, 4) for each in values] for key, values in on_its_way(name, seed).items()}
            lines.write({"kind": "way", "generator": name, "seed": seed, **found})


def draw_way(rows, path):
    """Draw the means over data sets, in the manner of `skhpo.plotting.OptimismDisplay`."""
    try:
        import matplotlib as mpl
    except ImportError:
        return
    mpl.use("Agg")
    from skhpo.plotting import OptimismDisplay

    naive, estimate, fresh = (np.mean([row[key] for row in rows], axis=0) for key in ("naive", "estimate", "fresh"))
    display = OptimismDisplay(trials=np.arange(len(naive)), naive=naive, estimate=estimate, label="accuracy").plot()
    display.ax_.plot(fresh, drawstyle="steps-post", color="0.3", ls="--", label="on 4,000 fresh rows")
    low, high = min(estimate.min(), fresh.min()), naive.max()
    display.ax_.set_ylim(low - 0.01, high + 0.01)
    display.ax_.legend(frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0)
    display.figure_.savefig(path, dpi=90)


# -- rules ------------------------------------------------------------------------------------------------------------


def wide(n, seed):
    """Two hundred features of which ten matter."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 200))
    return X, (X[:, :10].sum(axis=1) + rng.normal(size=n) > 0).astype(int)


def unscaled(n, seed):
    """Features whose scales are up to ten thousand apart."""
    X, y = problems.CLASSIFICATION["clusters"](n, seed)
    return X * 10 ** np.random.default_rng(seed).uniform(-2, 2, size=X.shape[1]), y


def logistics(n_candidates, rng):
    return [LogisticRegression(), *(LogisticRegression(C=10 ** rng.uniform(-4, 2)) for _ in range(n_candidates - 1))]


def machines(n_candidates, rng):
    return problems.machines(SVC, n_candidates, rng)


def scaled_or_not(n_candidates, rng):
    """Support vector machines behind nothing, as untuned, or a scaler."""
    scalers = ["passthrough", *rng.choice(["passthrough", "scaler"], size=n_candidates - 1)]
    return [
        Pipeline([("scaler", StandardScaler() if scaler == "scaler" else scaler), ("svc", machine)])
        for scaler, machine in zip(scalers, machines(n_candidates, rng), strict=True)
    ]


TUNING_HELPS = {
    "wide logistic regression, log loss": (wide, logistics, "neg_log_loss"),
    "SVC on unscaled data": (unscaled, scaled_or_not, "accuracy"),
}


def after_rules(make, candidates, scorer, n, seed):
    """Return the score on fresh rows of the untuned estimator and of what each rule takes."""
    X, y = make(n + problems.N_TEST, seed)
    models = candidates(N_CANDIDATES, np.random.default_rng([seed, n]))
    scores = np.array(
        [
            [scorer(clone(model).fit(X[train], y[train]), X[test], y[test]) for model in models]
            for train, test in problems.folds(y[:n], seed)
        ]
    )
    results = {"params": [{"number": number} for number in range(len(models))]}
    results |= {f"split{i}_test_score": each for i, each in enumerate(scores)} | {
        "mean_test_score": scores.mean(axis=0)
    }
    taken = {"untuned": 0, "argmax": int(scores.mean(axis=0).argmax())}
    taken |= {f"unless_better({k})": unless_better(k, untuned={"number": 0})(results) for k in (1, 2)}
    fresh = {row: scorer(clone(models[row]).fit(X[:n], y[:n]), X[n:], y[n:]) for row in set(taken.values())}
    return {name: fresh[row] for name, row in taken.items()}


def rules(lines, seeds, quick):
    some = list(problems.CLASSIFICATION)[: 2 if quick else None]
    cases = [(name, problems.CLASSIFICATION[name], machines, "accuracy", n) for n in (60, 200) for name in some]
    cases += [(name, *each, n) for n in (60, 200) for name, each in TUNING_HELPS.items()]
    for name, make, candidates, metric, n in cases:
        for seed in seeds:
            found = after_rules(make, candidates, get_scorer(metric), n, seed)
            lines.write({"kind": "rule", "generator": name, "n": n, "seed": seed, **found})


# -- ensembles --------------------------------------------------------------------------------------------------------


def ensemble(X, y, seed):
    """Return log losses on held-out rows, of the best single model and of ensembles of all."""
    X, X_new, y, y_new = train_test_split(X, y, train_size=min(350, int(0.7 * len(y))), random_state=seed)
    models = problems.mixed(np.random.default_rng(seed))
    found = problems.out_of_fold(models, X, y, problems.folds(y, seed), "predict_proba")
    scorer = get_scorer("neg_log_loss")
    table = in_table(found, y, "classification", "predict_proba")
    best = int(measure_of(scorer, table).on_all().argmax())
    weights = select(blendable(table, scorer), scorer, 25).weights
    used = sorted({best, *np.flatnonzero(weights)})
    given = {row: clone(models[row]).fit(X, y).predict_proba(X_new) for row in used}
    blend = sum(weights[row] * given[row] for row in used)
    kept = np.isin(y_new, np.unique(y))
    labels = np.unique(y)
    loss, single = (log_loss(y_new[kept], each[kept], labels=labels) for each in (blend, given[best]))
    return {"loss": loss, "single": single, "members": int((weights > 0).sum())}


def ensembles(lines, seeds, quick):
    for name in list(problems.REAL)[: 3 if quick else None]:
        try:
            X, y = problems.REAL[name]()
        except ImportError as error:
            print(f"{name}: left out, {error}", flush=True)
            lines.write({"kind": "missing", "problem": name, "needs": str(error)})
            continue
        X, y = np.asarray(X, dtype=float), np.unique(np.asarray(y), return_inverse=True)[1]
        for seed in list(seeds)[:5]:
            lines.write({"kind": "ensemble", "problem": name, "seed": seed, **ensemble(X, y, seed)})


# -- cost -------------------------------------------------------------------------------------------------------------


def cost(lines, seeds, quick):
    rng = np.random.default_rng(0)
    n, n_candidates, n_bootstraps = (1000, 50, 200) if quick else (5000, 200, 1000)
    y = rng.integers(2, size=n)
    decisions = y + rng.normal(size=(n_candidates, n))
    for metric in ("accuracy", "f1", "roc_auc", "average_precision", "neg_log_loss"):
        proba = 1 / (1 + np.exp(-scale(decisions, axis=1)))
        table = in_table(np.stack([1 - proba, proba], axis=-1), y, "classification", "predict_proba")
        choice = choice_of(measure_of(get_scorer(metric), table))
        rng = np.random.default_rng(0)
        counts = np.array([np.bincount(rng.integers(n, size=n), minlength=n) for _ in range(n_bootstraps)])
        began = time.process_time()
        choice(counts, (counts == 0).astype(int))
        seconds = time.process_time() - began
        lines.write(
            {"kind": "cost", "metric": metric, "rows": n, "candidates": n_candidates, "n": n_bootstraps, "s": seconds}
        )


# -- tables -----------------------------------------------------------------------------------------------------------


def mean_error(values):
    values = np.asarray(values, dtype=float)
    return f"{values.mean():+.3f} ± {values.std(ddof=1) / np.sqrt(len(values)):.3f}" if len(values) > 1 else "-"


def tables(lines):
    yield "## Estimates less the score on fresh rows\n"
    yield (
        f"The best of {N_CANDIDATES} support vector machines in five folds; mean and its standard error. Nested cross-"
        "validation has five outer folds, six times the fits. Spread: root mean square of the error. Covered: how "
        "often the 95 % interval of the bootstrap holds the score on fresh rows.\n"
    )
    head = ["metric", "rows", "runs", "naive", "bbc", "nested", "spread naive", "bbc", "nested", "covered", "width"]
    yield record.table(head, [_bias_row(*key, rows) for key, rows in _by(lines.of("bias"), "metric", "n")])
    yield "## The same with ten folds\n"
    head = ["metric", "rows", "runs", "naive", "bbc", "spread naive", "bbc", "covered", "width"]
    yield record.table(head, [_ten_row(*key, rows) for key, rows in _by(lines.of("ten folds"), "metric", "n")])
    yield "## Labels that are guesses\n"
    head = ["metric", "rows", "runs", "naive", "bbc", "nested", "covered"]
    yield record.table(head, [_noise_row(*key, rows) for key, rows in _by(lines.of("noise"), "metric", "n")])
    yield "## Worse than the untuned estimator\n"
    yield "Share of runs, and the mean gain in score over the untuned estimator, on 4,000 fresh rows.\n"
    yield record.table(["data", "rows", "runs", *_RULES, *(f"gain, {each}" for each in _RULES)], _rule_rows(lines))
    yield "## Log loss of ensembles against the best single model\n"
    rows = _by(lines.of("ensemble"), "problem")
    yield record.table(["problem", "splits", "change, %", "members"], [_ensemble_row(*key, of) for key, of in rows])
    changes = [100 * (row["loss"] / row["single"] - 1) for row in lines.of("ensemble")]
    if changes:
        yield f"Of all {len(changes)}: median {np.median(changes):+.1f} %, mean {np.mean(changes):+.1f} %.\n"
    yield "## Seconds of the bootstrap\n"
    columns = ["metric", "rows", "candidates", "n", "s"]
    yield record.table(
        columns, [[f"{row[c]:.2f}" if c == "s" else row[c] for c in columns] for row in lines.of("cost")]
    )
    yield "## Ten statements\n"
    yield record.table(["statement", "figure"], [[row["statement"], row["figure"]] for row in lines.of("statement")])


_RULES = ("argmax", "unless_better(1)", "unless_better(2)")


def _by(rows, *keys):
    found = {}
    for row in rows:
        found.setdefault(tuple(row[key] for key in keys), []).append(row)
    return list(found.items())


def _errors(rows, name):
    return np.array([row[name] - row["fresh"] for row in rows])


def _covered(rows):
    return np.mean([row["low"] <= row["fresh"] <= row["high"] for row in rows])


def _bias_row(metric, n, rows):
    names = ("naive", "bbc", "nested")
    spread = [f"{np.sqrt((_errors(rows, name) ** 2).mean()):.3f}" for name in names]
    width = np.mean([row["high"] - row["low"] for row in rows])
    biases = [mean_error(_errors(rows, name)) for name in names]
    return [metric, n, len(rows), *biases, *spread, f"{_covered(rows):.0%}", f"{width:.2f}"]


def _ten_row(metric, n, rows):
    errors = [_errors(rows, name) for name in ("naive", "bbc")]
    spread = [f"{np.sqrt((each**2).mean()):.3f}" for each in errors]
    width = np.mean([row["high"] - row["low"] for row in rows])
    return [metric, n, len(rows), *map(mean_error, errors), *spread, f"{_covered(rows):.0%}", f"{width:.2f}"]


def _noise_row(metric, n, rows):
    values = [f"{np.mean([row[name] for row in rows]):.3f}" for name in ("naive", "bbc", "nested")]
    return [metric, n, len(rows), *values, f"{_covered(rows):.0%}"]


def _rule_rows(lines):
    groups = {}
    for row in lines.of("rule"):
        name = row["generator"] if row["generator"] in TUNING_HELPS else "six generators"
        groups.setdefault((name, row["n"]), []).append(row)
    for (name, n), rows in groups.items():
        worse = [f"{np.mean([row[rule] < row['untuned'] for row in rows]):.0%}" for rule in _RULES]
        gains = [mean_error([row[rule] - row["untuned"] for row in rows]) for rule in _RULES]
        yield [name, n, len(rows), *worse, *gains]


def _ensemble_row(problem, rows):
    changes = [100 * (row["loss"] / row["single"] - 1) for row in rows]
    return [problem, len(rows), f"{np.mean(changes):+.1f}", f"{np.mean([row['members'] for row in rows]):.1f}"]


PARTS = {
    "cost": cost,
    "bias": bias,
    "ten_folds": ten_folds,
    "noise": noise,
    "way": way,
    "rules": rules,
    "ensembles": ensembles,
    "statements": statements.write,
}


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=record.seeds, default=None, help="of each generator, as 0-17")
    parser.add_argument("--parts", default=",".join(PARTS), help=f"of {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--resume", action="store_true", help="keep the lines that are there")
    parser.add_argument("--results", default=record.RESULTS)
    parser.add_argument("--images", default=None, help="folder for the picture; none is drawn without")
    options = parser.parse_args(arguments)
    seeds = options.seeds or list(range(2 if options.quick else 18))
    folder = record.folder(options.results, is_quick=options.quick)
    environment = record.environment("honesty", arguments, seeds)
    lines = record.Lines(folder / "honesty.jsonl", environment, is_resumed=options.resume)
    with problems.plain_sklearn():
        for part in options.parts.split(","):
            began = time.process_time()
            PARTS[part](lines, seeds, options.quick)
            print(f"{part}: {time.process_time() - began:.0f} s", flush=True)
            lines.write({"kind": "seconds", "part": part, "s": time.process_time() - began})
    text = "\n".join(tables(lines))
    (folder / "honesty.md").write_text(
        f"# honesty\n\n{record.heading(lines.of('environment'))}\n{text}", encoding="utf-8"
    )
    if options.images is not None and lines.of("way"):
        draw_way(lines.of("way"), f"{options.images}/optimism.png")
    print(text)


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])

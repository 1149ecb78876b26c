"""What every benchmark writes down: the circumstances, JSON lines, and Markdown tables."""

import json
import os
import platform
import shlex
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
CORE = ("skhpo", "scikit-learn", "numpy", "scipy", "joblib")
PEERS = ("optuna", "optuna-integration", "scikit-optimize", "hyperopt", "smac", "torch", "distributed")


def command(name, arguments):
    """Return the command that does the same at once: without where to write, and in how many pieces it was run."""
    kept, rest = [], list(arguments)
    in_pieces = {"--minutes", "--methods", "--problems"} if "--resume" in rest else set()
    while rest:
        each = rest.pop(0)
        if each in {"--results", "--cache", "--images", "--python"} | in_pieces:
            del rest[:1]
        elif each != "--resume":
            kept.append(each)
    return shlex.join(["python", "-m", "benchmarks", name, *kept])


def environment(name, arguments, seeds=()):
    """Return the circumstances of a run, JSON-able."""
    return {
        "kind": "environment",
        "benchmark": name,
        "command": command(name, arguments),
        "seeds": list(seeds),
        "versions": versions(CORE) | versions(PEERS),
        "python": platform.python_version(),
        "system": f"{sys.platform}, {platform.machine()}",
        "cores": os.cpu_count(),
        "threads": 1,
        "load": round(os.getloadavg()[0], 1),
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
    }


def versions(packages):
    """Return the versions of the packages that are installed."""
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            if package == "skhpo":  # run from the sources
                import skhpo

                found[package] = skhpo.__version__
    return found


def heading(environments):
    """Return Markdown that says how the tables below were made; one environment for each time that it was run."""
    last = environments[-1]
    commands = list(dict.fromkeys(each["command"] for each in environments))
    loads = sorted(each["load"] for each in environments)
    lines = ["    " + command for command in commands]
    packages = ", ".join(f"{name} {number}" for name, number in last["versions"].items())
    seeds = f" Seeds {', '.join(map(str, last['seeds']))}." if last["seeds"] else ""
    load = f"{loads[0]}" if loads[0] == loads[-1] else f"{loads[0]} to {loads[-1]}"
    made = (
        f"{last['date']}. {packages}; Python {last['python']}, {last['system']}, {last['cores']} cores, one BLAS "
        f"thread, load at the start {load}.{seeds}"
    )
    return "\n".join(
        [
            *lines,
            "",
            made,
            "",
        ]
    )


def table(head, rows):
    """Return a Markdown table."""
    lines = ["| " + " | ".join(map(str, cells)) + " |" for cells in [head, *rows]]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]]) + "\n"


def folder(results, *, is_quick):
    """Return the folder of the results, made where it is not there."""
    path = Path(results) / "quick" if is_quick else Path(results)
    path.mkdir(parents=True, exist_ok=True)
    return path


class Lines:
    """A file of JSON lines: each is complete when it is written, so that a run that was stopped can go on.

    Parameters
    ----------
    path : path-like
        The file.
    environment : dict
        Its next line.
    is_resumed : bool
        Whether to keep the lines that are there. A last one that is cut off is dropped.
    """

    def __init__(self, path, environment, *, is_resumed=False):
        self.path = Path(path)
        self.rows = list(read(path)) if is_resumed and self.path.exists() else []
        before = [row for row in self.rows if row["kind"] == "environment"]
        if before and before[-1]["versions"] != environment["versions"]:
            raise SystemExit(f"{path} has results of other versions. Run it without --resume.")
        self.rows.append(environment)
        self.path.write_text("".join(_line(row) for row in self.rows), encoding="utf-8")

    def write(self, row):
        self.rows.append(row)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(_line(row))

    def of(self, kind):
        return [row for row in self.rows if row["kind"] == kind]


def installed(methods, names, lines):
    """Return those of the methods that can run; what the others lack is said and written down."""
    for name in names:
        if not methods[name].is_installed:
            print(f"{name}: left out, {methods[name].needs} is not installed", flush=True)
            lines.write({"kind": "missing", "method": name, "needs": methods[name].needs})
    return [name for name in names if methods[name].is_installed]


def read(path):
    """Yield the lines of a file that are whole."""
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            return


def _line(row):
    return json.dumps(row, separators=(",", ":")) + "\n"


def seeds(text):
    """Return the seeds of "0-4", or of "7"."""
    low, _, high = text.partition("-")
    return list(range(int(low), int(high or low) + 1))

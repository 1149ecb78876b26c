"""The table of paths of the page on shared fits, from what the package knows: ``python docs/_paths.py`` writes it."""

from __future__ import annotations

from pathlib import Path

from skhpo.estimators.table import FACTS, TESTED

PAGE = Path(__file__).parent / "guide" / "sharing.md"
BEGIN, END = "<!-- from here on by docs/_paths.py -->\n", "<!-- to here -->\n"
NAMES = {
    "sklearn": "scikit-learn",
    "xgboost": "xgboost",
    "lightgbm": "lightgbm",
    "catboost": "CatBoost",
    "ngboost": "ngboost",
}


def _row(names: list[str], parameter: str, *cells: str) -> str:
    return f"| {', '.join(f'`{name}`' for name in names)} | `{parameter}` | {' | '.join(cells)} |"


def table() -> str:
    """Return the table, and the versions with which it was tested, in Markdown."""
    paths: dict[tuple[str, str], list[str]] = {}
    close: dict[tuple[str, str, str], list[str]] = {}
    wholes: dict[str, list[str]] = {}
    for name, facts in FACTS.items():
        short = name.rpartition(".")[2]
        for path in facts.paths:
            if path.close:
                close.setdefault((path.parameter, path.settings, path.close), []).append(short)
            else:
                paths.setdefault((path.parameter, path.settings), []).append(short)
        if facts.whole is not None:
            wholes.setdefault(facts.whole.parameter, []).append(short)
    lines = ["| estimator | parameter | holds to the bit with |", "|---|---|---|"]
    lines += [_row(names, *path) for path, names in paths.items()]
    lines += [
        "",
        "In front of the last step of a pipeline, also inside a `ColumnTransformer`, a `FeatureUnion` or a `Pipeline`:",
        "",
        "| step | parameter |",
        "|---|---|",
    ]
    lines += [
        f"| {', '.join(f'`{name}`' for name in names)} | `{parameter}` |"
        for parameter, names in wholes.items()
    ]
    lines += [
        "",
        'With `share_fits="close"` only:',
        "",
        "| estimator | parameter | for | how close |",
        "|---|---|---|---|",
    ]
    lines += [_row(names, *path) for path, names in close.items()]
    lines += [
        "",
        "Versions with which this was tested:",
        "",
        "| library | from | to |",
        "|---|---|---|",
    ]
    lines += [f"| {NAMES[library]} | {low} | {high} |" for library, (low, high) in TESTED.items()]
    return "\n".join([*lines, ""])


def main() -> None:
    """Write the table into the page."""
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    PAGE.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()

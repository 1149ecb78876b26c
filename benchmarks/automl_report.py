"""The tables of `benchmarks/automl.py`: log ratios of losses beside each peer, ranks, budgets and estimates."""

from itertools import pairwise

import numpy as np
from scipy.stats import rankdata

from benchmarks import record
from benchmarks.automl_entrants import ENTRANTS, OURS, PARTS_OF_OURS


class Losses:
    """Losses on new rows by entrant, table and seed, of one budget.

    Parameters
    ----------
    rows : list of dict
        Runs; of two that are the same, the first counts.
    budget : float
        Runs with another one do not take part; what is not timed always does.
    """

    def __init__(self, rows, budget):
        self.rows = {}
        self._by = {}
        for row in rows:
            if ENTRANTS[row["entrant"]].is_timed and row["budget"] != budget:
                continue
            at = row["table"], row["seed"]
            if at not in self.rows.setdefault(row["entrant"], {}):
                self.rows[row["entrant"]][at] = row
                self._take(row["entrant"], at, row.get("loss"))
                for variant, loss in row.get("variants", {}).items():
                    self._take(f"{row['entrant']}: {variant}", at, loss)

    def _take(self, name, at, loss):
        if loss is not None:
            self._by.setdefault(name, {})[at] = loss

    @property
    def names(self):
        """Return the entrants that have runs, in their usual order."""
        return [name for name in ENTRANTS if name in self._by]

    @property
    def without(self):
        """Return the entrants none of whose runs ended, with what the last one failed of."""
        missing = [name for name in ENTRANTS if name in self.rows and name not in self._by]
        return {name: list(self.rows[name].values())[-1]["error"] for name in missing}

    @property
    def variants(self):
        """Return what else can be had from ours."""
        return [name for name in self._by if name.startswith(f"{OURS}: ")]

    def of(self, name):
        """Return losses by table and seed."""
        return self._by.get(name, {})

    def ratios(self, name, beside, *, elsewhere=None):
        """Return the logarithm of the ratio of two losses by table, the mean over its seeds."""
        mine, other = self.of(name), (elsewhere or self).of(beside)
        found = {}
        for at in mine.keys() & other.keys():
            found.setdefault(at[0], []).append(np.log(mine[at] / other[at]))
        return {table: float(np.mean(each)) for table, each in sorted(found.items())}

    def ranks(self, names):
        """Return mean ranks, 1 for the smallest loss, and over how many pairs of table and seed all have ended."""
        shared = sorted(set.intersection(*(set(self.of(name)) for name in names)))
        if not shared:
            return dict.fromkeys(names, np.nan), 0
        found = rankdata([[self.of(name)[at] for name in names] for at in shared], axis=1)
        return dict(zip(names, found.mean(axis=0).tolist(), strict=True)), len(shared)


def report(lines, stored):
    """Yield Markdown."""
    rows = lines.of("run")
    if rows:
        yield from _of_slower(rows)
        yield from _of_tables(rows, stored)
    if lines.of("budget"):
        yield "## Budgets, by the real clock\n"
        yield record.table(
            ["table", "rows x columns", "budget", "seconds", "over", "too long", "peak MB"],
            list(map(_budget_row, lines.of("budget"))),
        )
        yield "Too long: by more than the larger of 5 % and 2 s.\n"
    if lines.of("estimate"):
        yield "## `score_estimate_` beside 4,000 fresh rows\n"
        head = ["metric", "rows", "fits", "estimate - fresh", "naive - fresh", "typical error", "in the interval"]
        yield record.table(head, list(_estimate_rows(lines.of("estimate"))))
        yield "Six generators, means with standard errors over fits. Typical error: root mean square.\n"
    missing = list(dict.fromkeys(row["method"] for row in lines.of("missing")))
    if missing:
        yield f"Left out, not installed: {', '.join(missing)}.\n"


def _of_slower(rows):
    for factor in sorted({row["slower"] for row in rows if "slower" in row}):
        n = sum(row.get("slower") == factor for row in rows)
        yield f"In {n} of {len(rows)} runs a second of the clock was {factor:g} seconds of this machine's processor.\n"


# -- tables -----------------------------------------------------------------------------------------------------------


def _of_tables(rows, stored):
    budgets = sorted({row["budget"] for row in rows})
    each = {budget: Losses(rows + stored, budget) for budget in budgets}
    for budget, losses in each.items():
        yield f"## {budget:g} s\n"
        yield from _ranked(losses)
        yield from _beside(losses, f"### Ours against each\n\n{_HOW}", [OURS], losses.names)
        yield from _beside(losses, "### What is left out of ours", [*PARTS_OF_OURS, *losses.variants], [OURS])
    for budget, longer in pairwise(budgets):
        ratios = each[longer].ratios(OURS, OURS, elsewhere=each[budget])
        if ratios:
            yield f"## {longer:g} s against {budget:g} s\n"
            yield record.table(_HEAD, [[OURS, OURS, *_summary(ratios)]])
    if stored:
        yield _origin(stored)
    for budget, losses in each.items():
        yield f"## Each table, {budget:g} s\n"
        yield record.table(["table", "seed", *losses.names], list(_each(losses)))


_HOW = (
    "Log ratio of the losses on new rows, of a table the mean over its seeds; below 0 the first is better. Means "
    "with standard errors over tables."
)
_HEAD = ["", "against", "mean", "median", "better on", "best", "worst"]


def _ranked(losses):
    for name, error in losses.without.items():
        yield f"No run ended of {ENTRANTS[name].title}: {error}\n"
    names = [name for name in losses.names if name not in PARTS_OF_OURS]
    if not names:
        return
    most = len(losses.rows.get(OURS, ()))
    ranks, n = losses.ranks([name for name in names if 2 * len(losses.rows[name]) >= most])
    rows = [
        [ENTRANTS[name].title, f"{ranks[name]:.2f}" if name in ranks else "", *_costs(list(losses.rows[name].values()))]
        for name in sorted(names, key=lambda name: ranks.get(name, len(names) + 1))
    ]
    head = ["", "mean rank", "runs", "CPU s, median", "largest", "predicting, s", "peak MB", "failed"]
    yield record.table(head, rows)
    yield f"Ranks over {n} pairs of table and seed, among entrants that ended on at least half as many as ours.\n"


def _costs(rows):
    ended = [row for row in rows if row.get("loss") is not None]
    seconds, predicting = ([row[name] for row in ended] for name in ("fit_s", "predict_s"))
    peak = max((row.get("peak_mb") or 0 for row in ended), default=0)
    figures = [f"{np.median(seconds):.1f}", f"{max(seconds):.1f}", f"{np.median(predicting):.2f}"]
    return [len(rows), *figures, f"{peak:.0f}" if peak else "", len(rows) - len(ended)]


def _beside(losses, title, names, others):
    rows = []
    for name in names:
        for other in others:
            ratios = losses.ratios(name, other) if name != other else {}
            if ratios:
                rows.append([_title(name), _title(other), *_summary(ratios)])
    if rows:
        yield f"{title}\n"
        yield record.table(_HEAD, rows)


def _title(name):
    return ENTRANTS[name].title if name in ENTRANTS else name


def _summary(ratios):
    values = 100 * np.array(list(ratios.values()))
    tables = list(ratios)
    ends = [f"{values[at]:+.1f} ({tables[at]})" for at in (values.argmin(), values.argmax())]
    return [told(values, "%"), f"{np.median(values):+.1f}", f"{np.sum(values < 0)} of {len(values)}", *ends]


def told(values, unit="", digits=1):
    """Return a mean with its standard error."""
    values = np.asarray(values)
    mean = f"{values.mean():+.{digits}f}"
    if len(values) > 1:
        mean += f" ± {values.std(ddof=1) / np.sqrt(len(values)):.{digits}f}"
    return f"{mean} {unit}".strip()


def _origin(stored):
    """Say what was not run now."""
    versions = {row["entrant"]: f"{ENTRANTS[row['entrant']].library} {row['version']}" for row in stored}
    dates = sorted({row["date"] for row in stored})
    date = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    found = ", ".join(dict.fromkeys(versions.values()))
    return f"Stored runs of {date} take part where there are none of now: {found}.\n"


def _each(losses):
    for at in sorted(set().union(*(losses.of(name) for name in losses.names))):
        found = [losses.of(name).get(at) for name in losses.names]
        yield [*at, *("" if loss is None else f"{loss:.4g}" for loss in found)]


# -- budgets and estimates --------------------------------------------------------------------------------------------


def over(row):
    """Return by how many seconds a budget was overrun, and whether that is too much: more than 5 % and than 2 s."""
    seconds = row["real_fit_s"] - row["budget"]
    return seconds, seconds > max(0.05 * row["budget"], 2)


def _budget_row(row):
    about = [row["table"], f"{row.get('rows', '')} x {row.get('columns', '')}", f"{row['budget']:g}"]
    if "error" in row:
        return [*about, row["error"].replace("|", " "), "", "yes", ""]
    seconds, is_too_long = over(row)
    peak = f"{row['peak_mb']:.0f}" if row["peak_mb"] else ""
    return [*about, f"{row['real_fit_s']:.1f}", f"{seconds:+.1f}", "yes" if is_too_long else "no", peak]


def _estimate_rows(rows):
    groups = {}
    for row in rows:
        groups.setdefault((row["metric"], row["n"]), []).append(row)
        groups.setdefault((row["metric"], "all"), []).append(row)
    for (metric, n), each in sorted(
        groups.items(), key=lambda item: (item[0][0], item[0][1] == "all", str(item[0][1]).zfill(9))
    ):
        errors, naive = ([row[name] - row["fresh"] for row in each] for name in ("value", "naive"))
        inside = np.mean([row["low"] <= row["fresh"] <= row["high"] for row in each])
        typical = np.sqrt(np.mean(np.square(errors)))
        yield [metric, n, len(each), told(errors, digits=3), told(naive, digits=3), f"{typical:.3f}", f"{inside:.0%}"]

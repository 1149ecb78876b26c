"""What the pages say runs: the Python of every page, block after block, and the calls in the tables of *Coming from*.

A block needs nothing but ``X``, ``y`` and what the page has shown before it. Comments before a block, which readers do
not see, say what else there is to know: ``<!-- needs: module ... -->`` skips it where one is not installed, and
``<!-- raises: Error: text -->`` says what it raises.

Sentences of users' pages and of the searches' docstrings are counted, links and paths are followed, and notes of
decisions have their form.
"""

import builtins
import importlib.util
import inspect
import re
import sys
import warnings
from pathlib import Path

import pytest
import sentences
from sklearn.datasets import load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import scale
from test_architecture import HEIGHT

import skhpo
import skhpo.plotting
import skhpo.testing
from skhpo.search.base import BaseSearch

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = [
    ROOT / "README.md",
    *sorted(path for path in DOCS.rglob("*.md") if not {"auto_examples", "generated"} & {*path.parts}),
]
FIRST = [ROOT / "README.md", DOCS / "index.md"]
"""Pages whose snippets stand each by itself."""
BLOCK = re.compile(r"^```(?:python|\{code-block\} python)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
REMARK = re.compile(r"<!-- (needs|raises): (.*?) -->")
ROW = re.compile(r"^\|(?P<cells>.*)\|$", re.MULTILINE)
CODE = re.compile(r"`([^`]+)`")
QUICK = {
    *("docs/coming_from/index.md", "docs/extend.md", "docs/guide/clustering.md", "docs/guide/default_spaces.md"),
    *("docs/guide/racing.md", "docs/guide/scoring.md", "docs/libraries.md", "docs/tools.md"),
}
"""Pages that run in about a second: the others are slow, and run once where what they need is installed."""


def cases(paths):
    names = [str(path.relative_to(ROOT)) for path in paths]
    return [
        pytest.param(path, id=name, marks=[pytest.mark.slow] * (name not in QUICK))
        for path, name in zip(paths, names, strict=True)
    ]


def remarks(text, start):
    """What the comments say that stand right before a place."""
    before = text[:start].rstrip("\n").rsplit("\n\n", 1)[-1]
    return dict(REMARK.findall(before))


def are_installed(modules):
    return all(importlib.util.find_spec(module) is not None for module in modules)


def run_blocks(path, namespace):
    """Run a page's blocks in one namespace; returns the modules for want of which some were not run."""
    missing = []
    text = path.read_text(encoding="utf-8")
    for block in BLOCK.finditer(text):
        told = remarks(text, block.start())
        if not are_installed(told.get("needs", "").split()):
            missing.append(told["needs"])
            continue
        # Tracebacks point into the page.
        first_line = text.count("\n", 0, block.start("code"))
        code = compile("\n" * first_line + block["code"], str(path), "exec")
        if "raises" in told:
            name, _, message = told["raises"].partition(": ")
            with pytest.raises(getattr(builtins, name), match=re.escape(message)):
                exec(code, namespace)  # noqa: S102 - our own pages
        else:
            exec(code, namespace)  # noqa: S102
    return missing


@pytest.fixture
def namespace(tmp_path, monkeypatch):
    """What the pages take as given."""
    monkeypatch.chdir(tmp_path)
    X, y = load_wine(return_X_y=True)
    X = scale(X)
    X, X_new, y, _ = train_test_split(X, y, random_state=0, stratify=y)
    yield {"X": X, "y": y, "X_new": X_new, "__name__": "page"}
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
    if "ray" in sys.modules:  # a page starts it without ending it, as its reader does
        sys.modules["ray"].shutdown()


TABLES = [path for path in PAGES if path.parent.name == "coming_from" and path.stem != "index"]
"""Pages whose tables have new calls, which run after the blocks of the page."""


@pytest.mark.parametrize(
    "path",
    cases([path for path in PAGES if path not in {*FIRST, *TABLES} and BLOCK.search(path.read_text(encoding="utf-8"))]),
)
def test_the_code_of_a_page_runs(path, namespace):
    if missing := run_blocks(path, namespace):
        pytest.skip(f"ran but for the blocks that need {', '.join(missing)}")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # networks of a few iterations
@pytest.mark.parametrize("path", cases(TABLES))
def test_new_calls_in_tables_run(path, namespace):
    """The second cell of each row is the new call; a search that it makes is fitted, on a few candidates."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)  # the blocks are pasted as they are
        missing = run_blocks(path, namespace)
    calls = []
    for row in ROW.finditer(path.read_text(encoding="utf-8")):
        cells = [cell.strip() for cell in row["cells"].replace(r"\|", "\0").split("|")]
        new = CODE.findall(cells[1].replace("\0", "|"))
        assert new or not CODE.search(cells[0]), f"{cells[0]} has no new call"
        calls += new
    assert calls
    for call in calls:
        found = eval(call, namespace)  # noqa: S307 - our own pages
        if isinstance(found, BaseSearch) and not hasattr(found, "cv_results_"):
            few = {"n_iter": 3, "cv": 3, "n_jobs": 1}
            found.set_params(**{name: value for name, value in few.items() if name in found.get_params(deep=False)})
            found.fit(namespace["X"], namespace["y"])
    if missing:
        pytest.skip(f"ran but for the blocks that need {', '.join(missing)}")


def test_figures_are_those_of_the_pages_they_come_from():
    """Each number in a row of *What was measured* stands on the page that the row links to."""
    text = (DOCS / "why.md").read_text(encoding="utf-8").partition("## What was measured")[2].partition("## ")[0]
    figures = []
    for row in ROW.finditer(text):
        *_, ours, others, source = row["cells"].split("|")
        if link := re.search(r"\((\w+\.md)\)", source):
            page = (DOCS / link[1]).read_text(encoding="utf-8")
            for figure in re.findall(r"\d[\d.,]*\d|\d", ours + others):
                whole = rf"(?<![\d.,]){re.escape(figure)}(?![\d]|[.,]\d)"
                assert re.search(whole, page), f"{figure} is not in {link[1]}"
                figures.append(figure)
    assert len(figures) > 20


def rows_of(path, n_cells, heading):
    """Cells of the rows of tables of so many columns after a heading, without emphasis and code, by the first."""
    text = path.read_text(encoding="utf-8").partition(heading)[2].partition("\n## ")[0]
    rows = ([re.sub(r"[*`]", "", cell).strip() for cell in row["cells"].split("|")] for row in ROW.finditer(text))
    return {first: rest for first, *rest in rows if len(rest) == n_cells - 1 and first.strip("-")}


def test_figures_of_the_readme_are_those_of_the_benchmarks():
    results = ROOT / "benchmarks" / "results"
    times = rows_of(results / "same_score_time.md", 10, "## Until the grid's best score")
    own = rows_of(results / "quality.md", 5, "## In short")
    found = rows_of(ROOT / "README.md", 4, "## What it gains")
    methods = [method for method in found if method in own]
    assert len(methods) == 8
    for method in methods:
        share, reached, own_time = found[method]
        assert [share, reached] == times[method][:2]
        assert own_time == f"{1000 * float(own[method][-1]) / 30:.0f} ms"  # of 30 candidates


def test_milliseconds_of_the_readme_are_those_of_the_benchmark():
    text = (ROOT / "benchmarks" / "results" / "scale.md").read_text(encoding="utf-8")
    measured = [row.split("|") for row in text.splitlines() if row.startswith("| 4,000 |")]
    found = rows_of(ROOT / "README.md", 3, "## What it gains")
    for place, name in enumerate(("skhpo", "scikit-learn 1.8.0", "scikit-learn 1.9.1"), start=2):
        assert found[name] == [row[place].split()[0] for row in measured]


ON_THEIR_OWN = [
    pytest.param(path, block["code"], id=f"{path.name}-{number}")
    for path in FIRST
    for number, block in enumerate(BLOCK.finditer(path.read_text(encoding="utf-8")), start=1)
]


@pytest.mark.parametrize(("path", "code"), ON_THEIR_OWN)
def test_the_first_snippets_run_as_pasted_and_print_a_result(path, code, tmp_path, monkeypatch, capsys):
    """Nothing is given, not even data."""
    monkeypatch.chdir(tmp_path)
    exec(compile(code, str(path), "exec"), {"__name__": "__main__"})  # noqa: S102 - our own pages
    assert len(capsys.readouterr().out) > 20


# Pages of measurements, where figures are what is said; of *Successive halving* only its second half.
OF_FIGURES = {"ablation.md", "benchmarks.md", "engine.md", "racing_measured.md"}
FOR_USERS = [
    path
    for path in [*PAGES, ROOT / "CONTRIBUTING.md"]
    if path.name not in OF_FIGURES and path.parent.name != "decisions"
]


def for_users(path):
    text = path.read_text(encoding="utf-8")
    return text.partition("\n## Measured\n")[0] if path.name == "halving.md" else text


@pytest.mark.parametrize("path", FOR_USERS, ids=[str(path.relative_to(ROOT)) for path in FOR_USERS])
def test_sentences_of_pages_for_users_need_to_be_read_once(path):
    assert list(sentences.faults(sentences.sentences(for_users(path)))) == []


def test_that_many_sentences_are_read():
    assert sum(len(sentences.sentences(for_users(path))) for path in FOR_USERS) > 500


def docstrings():
    """Those of all public classes and functions, and of the public methods of the classes."""
    for module in (skhpo, skhpo.plotting, skhpo.testing):
        for name in module.__all__:
            public = getattr(module, name)
            yield name, inspect.getdoc(public)
            if isinstance(public, type):
                for method, value in vars(public).items():
                    if not method.startswith("_") and inspect.getdoc(value):
                        yield f"{name}.{method}", inspect.getdoc(value)


@pytest.mark.parametrize(("name", "text"), [pytest.param(name, text, id=name) for name, text in docstrings()])
def test_sentences_of_public_docstrings_need_to_be_read_once(name, text):
    assert list(sentences.faults(sentences.sentences_of_docstring(text))) == []


LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?!https?:)([^)#]+)[^)]*\)")
MADE = {"auto_examples", "generated"}  # when the pages are built


@pytest.mark.parametrize(
    "path",
    [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_links_lead_somewhere(path):
    for link in LINK.findall(re.sub(r"`[^`]*`", "", path.read_text(encoding="utf-8"))):
        assert MADE & {*Path(link).parts} or (path.parent / link).exists(), link


NAMED = re.compile(r"`((?:skhpo|tests|docs|benchmarks|\.ci)/[\w./]*)`")


@pytest.mark.parametrize("name", ["docs/architecture.md", "docs/how_it_works.md", "docs/extend.md", "CONTRIBUTING.md"])
def test_paths_that_are_named_exist(name):
    named = NAMED.findall((ROOT / name).read_text(encoding="utf-8"))
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_room_has_a_line():
    rooms = rows_of(DOCS / "architecture.md", 3, "## The rooms")
    assert sorted(rooms.keys() - {"room"}) == sorted(HEIGHT)


NOTES = sorted((DOCS / "decisions").glob("[0-9]*.md"))
NOTE = re.compile(
    r"# (?P<title>.{10,120})\n\n"
    r"\d{4}-\d\d-\d\d(?:, replaced by \[\d{4}\]\((?P<later>[\w-]+\.md)\))?\n\n"
    r"\*\*What\.\*\* .+?\n\n"
    r"\*\*Why\.\*\* .+?"
    r"(?:\n\n\*\*Rejected\.\*\* .+?)?\n",
    re.DOTALL,
)


@pytest.mark.parametrize("path", NOTES, ids=lambda path: path.stem)
def test_a_note_of_a_decision_has_its_form_and_is_short(path):
    text = path.read_text(encoding="utf-8")
    note = NOTE.fullmatch(text)
    assert note, "see CONTRIBUTING.md"
    assert len(text.split()) <= 200, "measurements go to benchmarks/results/notes.md"
    assert note["later"] is None or (path.parent / note["later"]) in NOTES


def test_notes_of_decisions_have_numbers_of_their_own():
    numbers = [path.name[:5] for path in NOTES]
    assert len(set(numbers)) == len(numbers) > 80
    assert all(re.fullmatch(r"\d{4}-", number) for number in numbers)

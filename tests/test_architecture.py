"""The layers of the design, kept: who imports whom, and who may touch what."""

import ast
import functools
from pathlib import Path

import pytest
import sklearn.model_selection._search as theirs

import skhpo

ROOT = Path(skhpo.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))

# Each line may import from the lines above it. Within a line nobody imports another, except inside one package.
LAYERS = [
    ["messages"],
    ["content", "estimators", "history"],
    ["_sklearn", "space"],
    ["surrogates", "journals", "schedulers", "executors"],
    ["fits"],
    ["samplers", "loop"],
    ["honesty"],
    ["report"],
    ["plotting", "testing", "selection", "sharing"],
    ["search"],
    ["automl"],
    ["__init__", "integrations"],
]
HEIGHT = {name: height for height, layer in enumerate(LAYERS) for name in layer}

# What the design says beyond the layers: these see nothing of ours but what is listed.
SEES_ONLY = {
    "loop": {"history"},
    "schedulers": {"history"},
    "surrogates": set(),
    "journals": {"messages", "history"},
    "history": set(),
    "estimators": {"messages"},
    "space": {"messages", "content"},
    "content": set(),
}
HAS_NO_SKLEARN = {"loop", "history", "schedulers", "journals", "surrogates"}

# Names that scikit-learn's classes have and that ours define for themselves.
OUR_OWN = {
    "_parameter_constraints",  # how an estimator declares what its constructor accepts
}
INHERITED = {each for each in dir(theirs.BaseSearchCV) if each.startswith("_") and not each.startswith("__")} - OUR_OWN
OPENERS = {"pickle", "cloudpickle", "dill", "marshal", "shelve", "joblib"}
MOST_LINES = 450


def each(paths=FILES):
    """Have a test look at all of the files: as thousands of tests they took longer to collect than to run."""

    def over(look):
        def test():
            faults = []
            for path in paths:
                try:
                    look(path)
                except AssertionError as error:
                    faults.append(f"{path.relative_to(ROOT)}: {error}")
            assert not faults, "\n".join(faults)

        return test

    return over


def part(path):
    """Which name of the layers a file belongs to: its package, or itself."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


@functools.cache
def parse(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def is_for_types(node):
    test = node.test
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def running(tree):
    """Nodes of a tree without what only a type checker sees."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and is_for_types(node):
            for child in node.orelse:
                yield child
                yield from running(child)
        else:
            yield node
            yield from running(node)


def imports(path):
    """Dotted names that running the file imports: of ``from a import b`` both ``a`` and ``a.b``."""
    for node in running(parse(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute"
            yield node.module
            for alias in node.names:
                yield f"{node.module}.{alias.name}"


def ours(path):
    """Parts of the package that a file imports."""
    found = set()
    for name in imports(path):
        head, _, rest = name.partition(".")
        if head == "skhpo" and rest:
            first = rest.split(".")[0]
            found.add(first if first in HEIGHT else "__init__")
    return found


@each()
def test_every_file_has_a_layer(path):
    assert part(path) in HEIGHT, "give it a line in LAYERS and in the design"


@each()
def test_imports_come_from_layers_above(path):
    here = part(path)
    for other in ours(path) - {here}:
        assert HEIGHT[other] < HEIGHT[here], f"{here} imports {other}"


@each([path for path in FILES if part(path) in SEES_ONLY])
def test_parts_that_see_little(path):
    here = part(path)
    assert ours(path) - {here} <= SEES_ONLY[here]


@each([path for path in FILES if part(path) in HAS_NO_SKLEARN])
def test_parts_without_scikit_learn(path):
    assert not [name for name in imports(path) if name.split(".")[0] == "sklearn"]


@each([path for path in FILES if part(path) != "_sklearn"])
def test_private_names_of_scikit_learn_stay_in_one_file(path):
    for name in imports(path):
        head, *rest = name.split(".")
        assert head != "sklearn" or not any(word.startswith("_") for word in rest), name

    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Attribute) and node.attr in INHERITED:
            raise AssertionError(f"line {node.lineno} uses {node.attr}, which is scikit-learn's")


@each([path for path in FILES if part(path) != "executors"])
def test_internals_of_joblib_stay_with_the_executors(path):
    for name in imports(path):
        head, *rest = name.split(".")
        if head == "joblib" and rest:
            assert len(rest) == 1, f"{name} is none of joblib's public names"
            assert not rest[0].startswith("_"), name
            assert rest[0] not in {"externals", "parallel", "_parallel_backends"}, name


@each()
def test_nothing_evaluates_text_or_opens_pickles(path):
    for node in ast.walk(parse(path)):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        assert name not in {"eval", "exec"}, f"line {node.lineno}"
        module, _, function = name.rpartition(".")
        if function in {"load", "loads", "Unpickler"}:
            is_opener = module.split(".")[-1] in OPENERS or function == "Unpickler"
            # Workers and their parent pickle what they send each other; nothing else is ever opened.
            assert not is_opener or part(path) == "executors", f"line {node.lineno}: {name}"
    if part(path) != "executors":
        assert not {f"{m}.{f}" for m in OPENERS for f in ("load", "loads", "Unpickler")} & set(imports(path))


@pytest.mark.parametrize("name", [name for name in skhpo.__all__ if not name.startswith("__")])
def test_public_names_are_documented_with_examples(name):
    doc = getattr(skhpo, name).__doc__
    assert doc
    assert len(doc.splitlines()[0]) < 80, "the first line says in one line what it is"
    assert "Examples\n" in doc
    assert ">>> " in doc


def test_all_is_sorted_and_complete():
    assert sorted(skhpo.__all__) == list(skhpo.__all__)
    public = {name for name, value in vars(skhpo).items() if not name.startswith("_") and isinstance(value, type)}
    assert public <= set(skhpo.__all__)


@each()
def test_files_are_short_enough_to_read(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_there_are_few_rooms():
    rooms = {part(path) for path in FILES} - {"__init__", "selection", "sharing"}  # doors: public names, nothing else
    assert len(rooms) <= 20, sorted(rooms)


# ------------------------------------------------------------------ functions

MOST_FUNCTION_LINES = {0.5: 5, 0.9: 17}
"""Lines of a function without its docstring, and which share of all functions has no more."""
LONGEST = 45


def n_code_lines(function):
    """How many lines a function has from its ``def`` on, without its docstring."""
    n = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function, clean=False) is None:
        return n
    return n - (function.body[0].end_lineno - function.body[0].lineno + 1)


def only_stores(function):
    """Whether it is a constructor as scikit-learn wants them, which has a line for each parameter."""
    statements = [node for node in function.body if not isinstance(node, ast.Expr)]
    return function.name == "__init__" and all(
        isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) for node in statements
    )


def functions():
    """Lines and names of all functions but constructors that only store."""
    return [
        (n_code_lines(node), f"{path.relative_to(ROOT)} {node.name}")
        for path in FILES
        for node in ast.walk(parse(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not only_stores(node)
    ]


@pytest.mark.parametrize(("share", "most"), MOST_FUNCTION_LINES.items())
def test_most_functions_are_short(share, most):
    lines = [n for n, _ in functions()]
    assert len(lines) > 1000
    assert sum(n <= most for n in lines) >= share * len(lines)


def test_no_function_is_long():
    assert not [f"{name}, {n} lines" for n, name in functions() if n > LONGEST]

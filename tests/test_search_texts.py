"""The docstrings of the searches: every parameter once, in the constructor's order, and the same words for the same."""

import inspect
import re

import pytest
from sklearn.linear_model import LogisticRegression

import skhpo
from skhpo.search.texts import SHARED, documented

SEARCHES = [
    skhpo.GridSearchCV,
    skhpo.RandomSearchCV,
    skhpo.BayesSearchCV,
    skhpo.GradientSearchCV,
    skhpo.SuccessiveHalvingCV,
    skhpo.SearchCV,
]

# What means something else in each search, or has another default there.
OF_ITS_OWN = {"param_grid", "param_distributions", "n_iter", "sampler", "resource"}
# A row of a halving is another thing than one of the other searches.
ATTRIBUTES_OF_ITS_OWN = {"cv_results_"}

ENTRY = re.compile(r"^(?P<names>\w+(?:, \w+)*) : (?P<type>.+)\n(?P<text>(?:    .*\n?)+)", re.MULTILINE)


def entries(cls, section):
    """Pairs of names and text of a section of a docstring, in their order."""
    doc = inspect.getdoc(cls)
    body = doc.partition(f"\n{section}\n{'-' * len(section)}\n")[2]
    body = re.split(r"\n\n\w[\w ]+\n-+\n", body)[0] + "\n"
    return [(name, entry[0].strip()) for entry in ENTRY.finditer(body) for name in entry["names"].split(", ")]


@pytest.mark.parametrize("cls", SEARCHES)
def test_every_parameter_is_documented_once_in_the_order_of_the_constructor(cls):
    assert [name for name, _ in entries(cls, "Parameters")] == list(inspect.signature(cls).parameters)


@pytest.mark.parametrize("cls", SEARCHES)
def test_defaults_are_those_of_the_constructor(cls):
    for name, entry in entries(cls, "Parameters"):
        default = inspect.signature(cls).parameters[name].default
        said = entry.splitlines()[0].partition("default=")[2]
        if default is inspect.Parameter.empty:
            assert not said, name
        else:
            assert said == {"nan": "np.nan"}.get(repr(default), repr(default).replace("'", '"')), name


@pytest.mark.parametrize("section", ["Parameters", "Attributes"])
def test_what_searches_share_is_said_in_the_same_words(section):
    texts = {}
    for cls in SEARCHES:
        for name, entry in entries(cls, section):
            texts.setdefault(name, []).append(entry)
    shared = {name for name, found in texts.items() if len(found) > 1} - OF_ITS_OWN - ATTRIBUTES_OF_ITS_OWN
    assert len(shared) > 10
    for name in shared:
        assert set(texts[name]) == {SHARED[name]}, name


@pytest.mark.parametrize("cls", SEARCHES)
def test_no_attribute_is_documented_twice_and_fitted_ones_are_all_there(cls):
    names = [name for name, _ in entries(cls, "Attributes")]
    assert len(names) == len(set(names))
    space = {"C": skhpo.Float(1, 52) if cls is skhpo.GradientSearchCV else [*range(1, 53)]}
    X, y = [[0.0], [0.1], [0.2], [1.0], [1.1], [1.2]] * 10, [0, 0, 0, 1, 1, 1] * 10
    more = {"min_resources": 15} if cls is skhpo.SuccessiveHalvingCV else {}
    search = cls(LogisticRegression(), space, cv=3, **more).fit(X, y)
    learned = {name for name in vars(search) if name.endswith("_") and not name.startswith("_")}
    assert learned <= set(names)


@pytest.mark.parametrize("cls", SEARCHES)
def test_nothing_is_left_to_fill(cls):
    assert "%(" not in cls.__doc__


def test_every_text_is_used():
    whole = "\n".join(inspect.getdoc(cls) for cls in SEARCHES)
    assert [name for name, text in SHARED.items() if text not in whole] == []


def test_a_name_without_text_is_an_error():
    class Search:
        """A search.

        %(nonsense)s
        """

    with pytest.raises(KeyError, match="nonsense"):
        documented(Search)


def test_lines_below_a_place_belong_to_its_entry():
    class Search:
        """A search.

        %(timeout)s
            Ten minutes are a good start.
        """

    doc = inspect.getdoc(documented(Search)).splitlines()
    assert doc[2].startswith("timeout : float")
    assert doc[-1] == "    Ten minutes are a good start."


def test_without_docstrings_nothing_happens():
    class Search:
        pass

    assert documented(Search).__doc__ is None

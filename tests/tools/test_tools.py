"""Tools that know scikit-learn's searches, where these are installed, and the page that says what was found."""

import json

import pytest
from tool_case import BEST, ONE_LINE, SAID
from tool_cases import CASES
from tool_page import PAGE, VERSIONS, page


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # tools warn of each other's versions
@pytest.mark.parametrize("case", CASES, ids=[case.key for case in CASES])
def test_a_tool_works_as_its_row_says(case):
    for module in case.modules:
        pytest.importorskip(module)
    case.check()


def test_the_page_is_made_of_the_cases():
    versions = json.loads(VERSIONS.read_text(encoding="utf-8"))
    assert PAGE.read_text(encoding="utf-8") == page(versions), "run tests/tools/tool_page.py"
    assert {case.key for case in CASES} == versions.keys()


def test_each_row_says_what_to_write():
    assert len({case.key for case in CASES}) == len(CASES)
    for case in CASES:
        assert case.how in SAID
        assert (case.how == ONE_LINE) == bool(case.write) or case.how == BEST
        assert "|" not in case.what + case.write

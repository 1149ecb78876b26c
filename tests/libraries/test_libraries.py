"""Estimators of other libraries, where these are installed, and the page that says what was found."""

import json

import pytest
from library_cases import CASES, EQUAL, NEITHER, SAID
from library_outcome import is_as_said, outcome
from library_page import PAGE, VERSIONS, page


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=[case.key for case in CASES])
def test_a_library_goes_as_its_row_says(case):
    for module in case.modules:
        pytest.importorskip(module)
    found = outcome(case)
    assert is_as_said(case, found), found


def test_the_page_is_made_of_the_cases():
    versions = json.loads(VERSIONS.read_text(encoding="utf-8"))
    assert PAGE.read_text(encoding="utf-8") == page(versions), "run tests/libraries/library_page.py"


def test_each_row_says_what_else_there_is_to_know():
    assert len({case.key for case in CASES}) == len(CASES)
    for case in CASES:
        assert case.expected in SAID
        assert "|" not in case.what + case.note
        if case.expected == NEITHER:
            assert case.note, f"{case.key}: what to write instead?"
    assert sum(case.expected == EQUAL for case in CASES) > len(CASES) / 2

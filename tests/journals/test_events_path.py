"""What an outcome says of other trials is written down with it."""

import math

import pytest

from skhpo.history import FitFinished, Outcome
from skhpo.journals.events import Codec, from_text, to_text

CODEC = Codec(dict, dict)
OTHERS = {
    7: Outcome(
        7, 1, {"a": 1 / 3, "b": math.nan}, {"a": 1.0, "b": -math.inf}, 1e-4, 0.25, 30, shared=True, started=1.7e9
    ),
    4: Outcome(4, 1, {"a": 0.5, "b": None}, score_errors={"b": "no"}, shared=True, worker="host:1"),
}


def there_and_back(outcome):
    return from_text(to_text(FitFinished(outcome), CODEC), dict).outcome


def test_a_path_is_read_as_it_was_written():
    outcome = Outcome(2, 1, {"a": 0.25, "b": 0.5}, fit_time=3.0, path=OTHERS)
    found = there_and_back(outcome)
    assert [*found.path] == [7, 4]
    assert repr(found) == repr(outcome)
    assert there_and_back(Outcome(2, 1, 0.5)).path is None


def test_files_of_before_have_no_path():
    assert '"path"' not in to_text(FitFinished(Outcome(2, 1, 0.5)), CODEC)


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ('"path": [', '"path": [3, ', "'fit' with path="),
        ('"path": [{"number": 7', '"path": [{"number": -7', "'fit' with number=-7"),
        ('"path": [{"number": 7, "split": 1', '"path": [{"number": 7, "split": 0', "outcomes of other splits"),
        ('"shared": true, "started"', '"started"', "'fit' with the fields"),
        ('"path": [{', '"path": [{"path": [], ', "outcomes of other splits in its path"),
    ],
)
def test_a_path_that_was_changed_is_refused(before, after, why):
    text = to_text(FitFinished(Outcome(2, 1, 0.25, path=OTHERS)), CODEC)
    assert before in text
    with pytest.raises(ValueError, match=why):
        from_text(text.replace(before, after, 1), dict)

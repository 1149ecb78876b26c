"""Lists of events that no search can have written are refused by the first event that cannot follow."""

import pytest

from skhpo.history import FitFinished, FitStarted, Outcome, Trial, TrialStarted, TrialStopped
from skhpo.journals.order import check_order

N_SPLITS = 2


def begun(number=0, splits=None, **more):
    return TrialStarted(Trial(number, {}, **more), splits)


def raced(number=0):
    """A trial of which no fit begins at once."""
    return begun(number, splits=())


def ended(number, split, score=0.5):
    return FitFinished(Outcome(number, split, score))


def race(number):
    """A trial that has all its fits."""
    for split in range(N_SPLITS):
        yield FitStarted(number, split)
        yield ended(number, split)


@pytest.mark.parametrize(
    ("events", "message"),
    [
        ([begun(1)], "event 1 begins trial 1, and trial 0 is the next"),
        ([begun(), begun()], "event 2 begins trial 0, and trial 1 is the next"),
        ([begun(), begun(1, parent=1)], "child of trial 1, which has not begun"),
        ([ended(0, 0)], "is about trial 0, which has not begun"),
        ([begun(), ended(0, 2)], "is about split 2, and there are 2"),
        ([raced(), FitStarted(0, 0), FitStarted(0, 0)], "on split 0 a second time"),
        ([raced(), FitStarted(0, 0), ended(0, 1)], "ends the fit of trial 0 on split 1, which has not begun"),
        ([begun(), FitStarted(0, 0)], "on split 0 a second time"),
        ([begun(splits=(0, 2))], r"on splits \[0, 2\], and there are 2"),
        ([begun(splits=(1,)), ended(0, 0)], "ends the fit of trial 0 on split 0, which has not begun"),
        ([begun(), ended(0, 0, None)], "succeeded and has no score"),
        ([begun(), ended(0, 0), ended(0, 1, {"a": 0.5})], "by other metrics"),
        ([raced(), FitStarted(0, 0), TrialStopped(0), FitStarted(0, 1)], "begins a fit of trial 0, which was stopped"),
        ([raced(), FitStarted(0, 0), TrialStopped(0), TrialStopped(0)], "event 4 stops trial 0, which has ended"),
        ([raced(), *race(0), TrialStopped(0)], "stops trial 0, which has ended"),
        ([raced(), raced(1), FitStarted(1, 0), TrialStopped(1, 0)], "against trial 0, which is not complete"),
        ([raced(), FitStarted(0, 0), TrialStopped(0, 0)], "against trial 0, which is not complete"),
    ],
)
def test_the_first_that_cannot_follow_is_named(events, message):
    with pytest.raises(ValueError, match=message):
        check_order(events, N_SPLITS)
    check_order(events[:-1], N_SPLITS)


def test_what_a_race_writes_is_read():
    check_order([raced(), *race(0), raced(1), FitStarted(1, 0), ended(1, 0), TrialStopped(1, 0)], N_SPLITS)

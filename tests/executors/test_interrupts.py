"""Ctrl-C acts once, and not in the middle of what has to be done whole."""

import signal

import pytest

from skhpo.executors import interrupts
from skhpo.executors.interrupts import FirstInterruptCounts, InterruptsWait, end_of_interrupt


def press():
    signal.raise_signal(signal.SIGINT)


@pytest.fixture(autouse=True)
def handler():
    before = signal.getsignal(signal.SIGINT)
    yield
    assert signal.getsignal(signal.SIGINT) == before


def test_an_interrupt_waits_for_the_end():
    done = []
    with pytest.raises(KeyboardInterrupt), InterruptsWait():  # noqa: PT012
        press()
        press()
        done.append(1)
    assert done == [1]


def test_an_interrupt_of_what_an_interrupt_ends_is_nothing():
    with pytest.raises(KeyboardInterrupt) as caught:  # noqa: PT012
        try:
            press()
        finally:
            with InterruptsWait():
                press()
    assert caught.value.__context__ is None


def test_at_the_end_of_the_process_an_interrupt_is_nothing():
    with InterruptsWait(forget=True):
        press()


def test_the_first_interrupt_counts_and_what_ends_because_of_it_is_left_alone():
    reached = []
    try:
        with FirstInterruptCounts():
            try:
                press()
            finally:
                press()
                reached.append("inside")
    except KeyboardInterrupt as error:
        press()
        reached.append("outside")
        assert error.__context__ is None  # noqa: PT017
        end_of_interrupt()
    assert reached == ["inside", "outside"]
    with pytest.raises(KeyboardInterrupt):
        press()


def test_later_it_means_something_again(monkeypatch):
    monkeypatch.setattr(interrupts, "_ENDING_SECONDS", 0.0)
    with pytest.raises(KeyboardInterrupt), FirstInterruptCounts():
        press()
    with pytest.raises(KeyboardInterrupt):
        press()


def test_without_an_interrupt_nothing_changes():
    before = signal.getsignal(signal.SIGINT)
    with FirstInterruptCounts():
        assert signal.getsignal(signal.SIGINT) != before
    with pytest.raises(ValueError, match="another"), FirstInterruptCounts():
        raise ValueError("another")


def test_what_ignores_interrupts_goes_on_to():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with FirstInterruptCounts(), InterruptsWait():
            press()
    finally:
        signal.signal(signal.SIGINT, before)

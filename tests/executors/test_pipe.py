"""Pipes of which one end never waits, whatever the other end does."""

import multiprocessing
import pickle
import sys
from multiprocessing.connection import wait as wait_for_any

import pytest

from skhpo.executors import pipe as pipes
from skhpo.executors.pipe import Assembler, Pipe, pieces, wait_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes there cannot be asked whether they take more")

MESSAGES = [
    (("forget",), b""),
    (("run", [1, 2, 3]), b"x"),
    (("run", [1]), bytes(range(256)) * 10_000),
    (("done", "y" * 1_000_000), b""),
    (("both", "y" * 100_000), b"z" * 100_000),
    (("edge",), b"z" * pipes._PIECE),
]


@pytest.fixture
def ends():
    ours, theirs = multiprocessing.Pipe()
    yield Pipe(ours), theirs
    ours.close()
    theirs.close()


def whole(message, payload):
    return (*message, payload) if payload else message


def test_messages_of_any_size_arrive_whole_and_in_order(ends):
    pipe, theirs = ends
    for message, payload in MESSAGES:
        pipe.send(message, payload)
    assert pipe.is_waiting, "nobody has read yet, and all of it is more than a pipe holds"
    assembler, arrived = Assembler(), []
    while len(arrived) < len(MESSAGES):
        wait_for([pipe], 0.0)
        while theirs.poll():
            message = assembler.add(theirs.recv_bytes())
            if message is not None:
                arrived.append(message)
    assert arrived == [whole(*pair) for pair in MESSAGES]
    assert not pipe.is_waiting


def test_what_is_read_is_the_same(ends):
    pipe, theirs = ends
    back = Pipe(theirs)
    arrived = []
    for message, payload in MESSAGES:
        back.send(message, payload)
    while len(arrived) < len(MESSAGES):
        assert wait_for([pipe], 10.0) == [pipe]
        arrived += pipe.receive()
        back.flush()
    assert arrived == [whole(*pair) for pair in MESSAGES]


def test_a_piece_is_written_by_one_call():
    """So that one that has begun to arrive arrives, though the other side may not get to run again."""
    for message, payload in MESSAGES:
        assert max(len(piece) for piece in pieces(message, payload)) <= pipes._PIECE < 16_384


def test_who_does_not_read_keeps_nobody_from_hearing_the_others(ends):
    deaf, _ = ends
    ours, theirs = multiprocessing.Pipe()
    other = Pipe(ours)
    deaf.send(("run",), bytes(10_000_000))
    theirs.send_bytes(pickle.dumps((("ready",), 0)))
    assert wait_for([deaf, other], 60.0) == [other]
    assert list(other.receive()) == [("ready",)]
    assert wait_for([deaf, other], 0.01) == []
    assert deaf.is_waiting
    ours.close()
    theirs.close()


def test_who_goes_away_while_it_is_written_to_is_noticed(ends):
    pipe, theirs = ends
    pipe.send(("run",), bytes(10_000_000))
    theirs.close()
    assert wait_for([pipe], 60.0) == [pipe]
    with pytest.raises(EOFError):
        list(pipe.receive())
    assert pipe.is_broken
    assert pipe.has_hung_up
    assert not pipe.is_waiting
    pipe.send(("forget",))  # nobody minds


def test_an_interrupt_in_a_piece_breaks_the_pipe(ends, monkeypatch):
    pipe, theirs = ends

    def interrupted(piece):
        raise KeyboardInterrupt

    monkeypatch.setattr(pipe.connection, "send_bytes", interrupted)
    with pytest.raises(KeyboardInterrupt):
        pipe.send(("forget",))
    assert pipe.is_broken
    assert not pipe.has_hung_up
    with pytest.raises(EOFError):
        list(pipe.receive())
    assert not wait_for_any([theirs], 0.0)

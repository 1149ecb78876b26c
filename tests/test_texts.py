"""What is said of texts of others."""

import traceback

import pytest

from skhpo.executors.crossing import pack
from skhpo.executors.package import pack_tasks
from skhpo.history import Task, Trial
from skhpo.messages.texts import abridged, abridged_traceback, message_start, one_line, said, visible


class Mute:
    def __repr__(self):
        raise OSError("The file is closed.")


class Wrong:
    def __repr__(self):
        return 3


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Mute(), "<Mute object, repr failed>"),
        (Wrong(), "<Wrong object, repr failed>"),
        ([Mute()], "<list object, repr failed>"),
        (1.5, "1.5"),
        ("a\nb", "'a\\nb'"),
    ],
)
def test_values_are_said(value, expected):
    assert said(value) == expected


@pytest.mark.parametrize("n", [10, 300])
def test_long_values_have_a_bound(n):
    text = said(list(range(10_000)), n)
    assert len(text) == n
    assert text.startswith("[0")
    assert text.endswith("9]")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("a\x00b", "a\\x00b"),
        ("left\u202eright", "left\\u202eright"),
        ("half \udc80", "half \\udc80"),
        ("a\r\x08b", "a \\x08b"),
        ("größe 良い", "größe 良い"),
        (" two\n\n lines ", "two lines"),
    ],
)
def test_one_line_can_be_printed(text, expected):
    assert one_line(text) == expected
    assert one_line(text).isprintable()


def test_lines_stay_lines():
    assert visible("a\n\tb\x07") == "a\n\tb\\x07"


@pytest.mark.parametrize("n", [0, 3, 4, 10, 1000])
def test_head_and_tail(n):
    text = "b" * 500 + "e" * 500
    short = abridged(text, n)
    assert len(short) <= max(n, 3)
    assert n < 10 or (short[0] == "b" and short[-1] == "e")


def deep(n, message):
    if n:
        return deep(n - 1, message) + 1  # not a tail call, and lines that differ are not folded
    raise ValueError(message)


def text_of(function, *args):
    try:
        function(*args)
    except ValueError:
        return traceback.format_exc()
    return ""


def test_short_tracebacks_are_as_they_are():
    text = text_of(deep, 2, "short\nand more")
    assert abridged_traceback(text) == text
    assert text[message_start(text) :] == "ValueError: short\nand more\n"


@pytest.mark.parametrize("message", ["x" * 5_000_000, "word " * 1_000_000, "line\n" * 1_000_000])
def test_long_messages_keep_the_error_and_the_call(message):
    text = abridged_traceback(text_of(deep, 1, message))
    assert len(text) < 9000
    assert "raise ValueError(message)" in text
    assert "\nValueError: " + message[:100] in text
    assert text.rstrip().endswith(message.rstrip()[-100:])


def test_many_calls_keep_the_last_ones():
    source = "\n".join(f"def f{i}():\n    return f{i - 1}() + 1" for i in range(1, 400))
    space = {"f0": lambda: deep(0, "the end")}
    exec(compile(source, "many.py", "exec"), space)  # noqa: S102 - frames of different names, which Python does not fold
    text = abridged_traceback(text_of(space["f399"]))
    assert len(text) < 9000
    assert text.startswith("Traceback (most recent call last):")
    assert "raise ValueError(message)" in text
    assert text.endswith("ValueError: the end\n")


class Unpicklable(Mute):
    def __reduce__(self):
        raise TypeError("No " + "copies. " * 10_000)


def test_messages_of_executors_name_what_cannot_name_itself():
    with pytest.raises(Exception, match=r"got <Unpicklable object, repr failed> \(TypeError: No copies") as caught:
        pack_tasks([Task(Trial(0, {"a": Unpicklable()}), 0)])
    assert len(str(caught.value)) < 1000
    error = pack(Unpicklable()).unpack()
    assert "got <Unpicklable object, repr failed>" in str(error)
    assert len(str(error)) < 1000

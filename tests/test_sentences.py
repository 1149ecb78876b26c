"""The reader of sentences sees what a reader sees: planted bad sentences are found, and what is no sentence is not."""

import pytest
from sentences import faults, figures, sentences, sentences_of_docstring, words

LONG = " ".join(["word"] * 36)

PAGE = f"""# Heading with 1, 2, 3, 4 and 5 figures

A first sentence. A second one, e.g. with `code. With dots.` and version 1.2.3! Is [the third](page.md#part-1) one?
It goes on
over lines.

<!-- a comment {LONG} -->
| a table | {LONG} | 1 2 3 4 5 |
|---|---|---|

```python
x = [1, 2, 3, 4, 5]  # {LONG}
```

* An item without an end
* Another. *Emphasis* goes, **so does** this, and snake_case stays.
  An item goes on, see below:

      python {LONG}

1. A number is no figure of an item
2. "Quoted." (In brackets.) 97.5 % begin one. xgboost's begins one, from 0 ... i - L.

    indented code {LONG}

![{LONG}](picture.png)

:::{{note}}
{LONG}
:::
"""


def test_sentences_of_a_page():
    assert sentences(PAGE) == [
        "A first sentence.",
        "A second one, e.g. with Code and version 1.2.3!",
        "Is the third one?",
        "It goes on over lines.",
        "An item without an end",
        "Another.",
        "Emphasis goes, so does this, and snake_case stays.",
        "An item goes on, see below:",
        "A number is no figure of an item",
        '"Quoted.',
        "(In brackets.",
        "97.5 % begin one.",
        "xgboost's begins one, from 0 ... i - L.",
    ]


@pytest.mark.parametrize(
    "planted",
    [
        f"{LONG}.",
        f"Short. {LONG.capitalize()}.",
        f"* {LONG}",
        f"A line\n{LONG}\nand a line.",
        f"`code` {LONG[:-5]} [with a link](a.md).",
        f"{LONG[:90]}; {LONG[:90]}, e.g. Words.",
    ],
)
def test_a_long_sentence_is_found(planted):
    (fault,) = faults(sentences(f"{PAGE}\n\n{planted}\n\nAnother."))
    assert "words: " in fault


@pytest.mark.parametrize(
    "planted",
    [
        "From 1 to 2, and 3 or 4.",
        "It is 0.15 [0.08, 0.20] of 1,000.",
        "97.5 and 96.5, then 81 % and\n10x.",
        "* 1 2 3 4",
    ],
)
def test_a_sentence_of_figures_is_found(planted):
    (fault,) = faults(sentences(f"{PAGE}\n\n{planted}\n"))
    assert fault.startswith("4 figures: ")


def test_sentences_at_the_bounds_pass():
    assert not list(faults(sentences(PAGE)))
    assert not list(faults(sentences(LONG[:-5] + ".\n\nFrom 1 to 2 of 3.\n")))


def test_words_and_figures():
    assert words("One, two - three / four (five) 6 % and/or.") == 8
    assert figures("F1 and B3 of x86, 1,000 or 97.5 %, 10x, [0.1, 2] and 3.") == [
        "1,000",
        "97.5",
        "10",
        "0.1",
        "2",
        "3",
    ]


DOCSTRING = f"""What it is.

It refers to :class:`~a.B` [1]_. It has ``x == 1.0``.

Parameters
----------
a : int, default=5
    What a is.
b, c : str
    {LONG}. What they are.

Raises
------
ValueError
    If it must. Or else.

References
----------
.. [1] Somebody: {LONG} 1, 2, 3, 4, 5
   and more {LONG}.
.. [2] Another.

Examples
--------
>>> print({LONG})
{LONG}
"""


def test_sentences_of_a_docstring():
    found = sentences_of_docstring(DOCSTRING)
    assert found == [
        "What it is.",
        "It refers to Code .",
        "It has Code.",
        "What a is.",
        f"{LONG}.",
        "What they are.",
        "If it must.",
        "Or else.",
    ]
    (fault,) = faults(found)
    assert fault.startswith("36 words")

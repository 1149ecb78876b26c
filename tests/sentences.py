"""The running sentences of a page in Markdown, or of a docstring, and what makes them hard to read.

Tables, code, comments, headings and directives are no sentences. Each paragraph and each item of a list is read by
itself. Code inside a sentence is a word; a link is its text.
"""

import re

MOST_WORDS = 35
MOST_FIGURES = 3

_CODE = "Code"
"""What stands for a piece of code: a word that may begin a sentence."""

_DROPPED = [
    re.compile(r"^---\n.*?\n---\n", re.DOTALL),  # front matter
    re.compile(r"<!--.*?-->", re.DOTALL),
    re.compile(r"^(?P<indent> *)(?P<fence>`{3,}|~{3,}|:{3,}).*?^(?P=indent)(?P=fence) *$", re.DOTALL | re.MULTILINE),
    re.compile(r"^ *\|.*$", re.MULTILINE),  # tables
    re.compile(r"^#+ .*$", re.MULTILINE),  # headings
    re.compile(r"^ *!\[[^\]]*\]\([^)]*\) *$", re.MULTILINE),  # pictures
    re.compile(r"^ *>>> .*(?:\n(?! *$).*)*", re.MULTILINE),  # examples of docstrings
    re.compile(r"^.*\n *[-=]{3,} *$", re.MULTILINE),  # headings of docstrings
]
_INDENTED = re.compile(r"(?:(?<=\n\n)|\A)(?: {4}.*\n)+(?=\n|\Z)")  # code of Markdown
_ITEM = re.compile(r"^ *(?:[-*+]|\d+[.)])\s+", re.MULTILINE)
_ENTRY = re.compile(
    r"^(?P<indent> *)\S.*\n(?=(?P=indent) {4}\S)", re.MULTILINE
)  # "name : type" of a docstring, "ValueError"
_REFERENCE = re.compile(r"^ *\.\. .*(?:\n(?! *\n| *\.\. ).*)*", re.MULTILINE)
_REPLACED = [
    (re.compile(r"(?::[\w:+-]+:|\{[\w:]+\})?(`+)(?:(?!\1).|\n)+?\1", re.DOTALL), _CODE),
    (re.compile(r"!?\[([^\]]*)\]\([^)]*\)"), r"\1"),
    (re.compile(r"\[\d+\]_"), ""),
    (re.compile(r"(?<!\w)[*_]+(?=\S)|(?<=\S)[*_]+(?!\w)"), ""),  # emphasis
]
_ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|et al|vs|approx|cf|No|resp)\.$")
_END = re.compile(
    r"(?<=[^.][.!?])[\"')\]]*\s+"
)  # not of "0, 1, ... n"; the next may begin with a library's small letter
_FIGURE = re.compile(r"(?<![\w.,])\d+(?:[.,]\d+)*")


def sentences(text):
    """The running sentences of a page."""
    for pattern in _DROPPED:
        text = pattern.sub("\n", text)
    text = _INDENTED.sub("\n", text)
    return [sentence for block in _blocks(text) for sentence in _split(block)]


def sentences_of_docstring(text):
    """The running sentences of a docstring; those about a parameter, too."""
    for pattern in _DROPPED:
        text = pattern.sub("\n", text)
    text = _ENTRY.sub("\n", _REFERENCE.sub("\n", text))
    return [sentence for block in _blocks(text) for sentence in _split(block)]


def words(sentence):
    """How many words a sentence has."""
    return sum(any(letter.isalnum() for letter in word) for word in re.split(r"[\s/]+", sentence))


def figures(sentence):
    """The figures of a sentence; not those inside of names."""
    return _FIGURE.findall(sentence)


def faults(found):
    """What is wrong with sentences, in words that a test can show."""
    for sentence in found:
        if (n := words(sentence)) > MOST_WORDS:
            yield f"{n} words: {sentence}"
        if (n := len(figures(sentence))) > MOST_FIGURES:
            yield f"{n} figures: {sentence}"


def _blocks(text):
    text = _ITEM.sub("\n\n", text)
    for block in re.split(r"\n\s*\n", text):
        for pattern, replacement in _REPLACED:
            block = pattern.sub(replacement, block)  # noqa: PLW2901 - one replacement after the other
        if block := " ".join(block.split()):
            yield block


def _split(block):
    start = 0
    for end in _END.finditer(block):
        sentence = block[start : end.start()]
        if not _ABBREVIATION.search(sentence):
            yield sentence
            start = end.end()
    yield block[start:]

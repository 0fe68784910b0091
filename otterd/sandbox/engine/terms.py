"""Words of a text as the term index sees them, distance between texts, and regular expressions."""

from __future__ import annotations

import re
import unicodedata

from otterd.sandbox.failures import Failed, unsupported

_LAST_EASY = 0x24F
"""The last of the Latin letters; other scripts have rules of their own for what a word is."""
_WORD = re.compile(r"[^\W_](?:\w|(?<=[^\W\d_])[.':·](?=[^\W\d_])|(?<=\d)[.,';](?=\d))*|_+[^\W_](?:\w)*")
_CONSTRUCTS = re.compile(r"\\[pPQEAzZbBCGkRXNu0-9]|\(\?|\[\[|\[:|[*+?}]\+|\\x\{")
_CLASS = re.compile(r"\[(?:\\.|[^\]\\])*\]")
_QUANTITY = re.compile(r"[*?]|\{0")
_FLAGS = {"": re.MULTILINE, "i": re.MULTILINE | re.IGNORECASE}


def terms(text: str) -> list[str]:
    """Return the words of `text`, each once, in order; the empty text has the empty word."""
    if not text:
        return [""]
    if any(ord(letter) > _LAST_EASY and unicodedata.category(letter)[0] in "LNM" for letter in text):
        raise unsupported("a term index over letters that are not Latin")
    words = {unicodedata.normalize("NFKC", word.lower()) for word in _WORD.findall(text)}
    return sorted(words, key=lambda word: word.encode())


def distance(a: str, b: str) -> int:
    """Return how many letters must change, come or go to make `b` of `a`."""
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (letter != other))
    return row[-1]


def trigrams(text: str) -> set[str]:
    """Return all runs of three letters in `text`."""
    return {text[i : i + 3] for i in range(len(text) - 2)}


def expression(source: str, flags: str) -> re.Pattern[str]:
    """Return the expression as Python's; raise Failed for those that differ from Go's or are bad."""
    if flags not in _FLAGS:
        raise Failed(f"Invalid regexp modifier: {flags}")
    if _CONSTRUCTS.search(source) or not source.isascii():
        raise unsupported("this regular expression")
    try:
        return re.compile(source, _FLAGS[flags] | re.ASCII)
    except re.error:
        raise unsupported("this regular expression") from None


def has_trigram(source: str) -> bool:
    """Tell whether every match surely holds three letters in a row that an index can look up.

    False only means that it is not plain to see.
    """
    plain = _CLASS.sub("\n", source)
    if "|" in plain or "(" in plain:
        return False
    run = 0
    letters = re.findall(r"\\.|\{[^}]*\}|.|\n", plain)
    for index, letter in enumerate(letters):
        following = letters[index + 1] if index + 1 < len(letters) else ""
        literal = (
            letter.isalnum() or letter in " _-,:;'\"@#%&=<>!~/" or (letter[0] == "\\" and letter[1:] in ".-/")
        )
        run = run + 1 if literal and not _QUANTITY.match(following) else 0
        if run >= 3:
            return True
    return False


def too_wide(source: str) -> bool:
    """Tell whether an expression plainly holds nothing to look up."""
    return re.fullmatch(r"\^?(?:\.[*+?]?|\w{0,2})?(?:\.[*+])?\$?", source) is not None

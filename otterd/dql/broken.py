"""What is wrong with IRIs and strings that the lexer cannot read."""

import re

from otterd.dql.errors import DqlError, Unlike, unlexed
from otterd.dql.golang import quoted

_IRI_CHAR = r'[^\x00-\x20<>"{}|^`\\]*+'
IRI = _IRI_CHAR + r"(?:\\(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})" + _IRI_CHAR + r")*+"
_IRI_START = re.compile(IRI)
_STRING_START = re.compile(r'"[^"\\]*+(?:\\[uvtbnrf"\'\\][^"\\]*+)*+')


def bad_iri(text: str, at: int) -> DqlError:
    """Return what is wrong with the IRI whose inside starts at `at` in `text`."""
    found = _IRI_START.match(text, at)
    assert found is not None
    at = found.end()
    if at == len(text):
        return unlexed(text, at, "Unexpected end of IRI", ">")
    char = text[at]
    shown = "'" + ("\\'" if char == "'" else quoted(char)[1:-1].replace('\\"', '"')) + "'"
    return unlexed(text, at, f"Unexpected character {shown} while parsing IRI", ">")


def bad_string(text: str, at: int) -> DqlError:
    """Return what is wrong with the string that starts at `at` in `text`."""
    found = _STRING_START.match(text, at)
    assert found is not None
    if found.end() == len(text):
        return unlexed(text, at, "Unexpected end of input.", 'a closing "')
    char = text[found.end() + 1 : found.end() + 2] or "\ufffd"
    return unlexed(text, at, f"Not a valid escape char: '{char}'", "one of u v t b n r f \" ' \\")


def too_many(most: int, what: str = "words in one query") -> Unlike:
    """Return the refusal of a text that would take too much time and memory: more than `most` of `what`."""
    return Unlike(f"more than {most} {what}", expected="a shorter text")

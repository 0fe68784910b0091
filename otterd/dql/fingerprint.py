"""A text's fingerprint: the text with its literals replaced in one pass.

What is replaced is what the lexer reads as one token: strings, regular
expressions, and numbers where an argument may stand. So two texts with one
fingerprint have the same tokens but for what their literals hold, if all that
is replaced in one of them are such tokens; `literals` lets that be checked.
"""

import re
from collections.abc import Iterator
from typing import Final

# A string that nothing ends is taken to the end, lest each quote in it is tried as a beginning.
_STRING: Final = r'[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?+\Z)'
_NUMBER: Final = r"(?<=[ (,:\[-][0-9])(?:(?<=0)x[0-9a-fA-F]++|[0-9]*+(?:\.[0-9]++)?)(?=[ \t\r\n,)\]])"
_REGEX: Final = r"(?<=,)[ \t\r\n]*+/[^\\/]*+(?:\\.[^\\/]*+)*+/[A-Za-z]*+"
# Quotes in a name in <> or in a comment open nothing, so both are passed over.
_KEPT: Final = r'(?<=<)[^\x00-\x20<>"{}|^`]*+>|(?<=#)[^\r\n]*+'

# A set of characters in front of everything is what makes the search quick.
_PLAIN: Final = re.compile(rf'["0-9](?:(?<="){_STRING}|{_NUMBER})', re.DOTALL).sub
_LITERAL: Final = re.compile(rf'[",<#0-9](?:(?<="){_STRING}|{_REGEX}|{_NUMBER}|({_KEPT}))', re.DOTALL)
_MARK: Final = "\x00"


def fingerprint(text: str) -> str:
    """Return `text` with its literals replaced."""
    if "#" not in text and "<" not in text:
        found = _PLAIN(_MARK, text)
        # Where no slash is left, nothing but strings can have held a quote.
        if "/" not in found:
            return found
    return _LITERAL.sub(_marked, text)


def literals(text: str) -> Iterator[tuple[int, str]]:
    """Yield the offset and the text of all that the fingerprint of `text` replaces."""
    for found in _LITERAL.finditer(text):
        if found[1] is None:
            literal = found[0]
            if literal[0] == ",":
                literal = literal[1:].lstrip(" \t\r\n")
            yield found.end() - len(literal), literal


def varied(text: str) -> str:
    """Return `text` with other literals, of the same fingerprint."""
    return _LITERAL.sub(_other, text)


def _marked(found: "re.Match[str]") -> str:
    whole = found[0]
    first = whole[0]
    if first == "#" or first == "<":
        return whole
    return f",{_MARK}" if first == "," else _MARK


def _other(found: "re.Match[str]") -> str:
    whole = found[0]
    if found[1] is not None:
        return whole
    if whole[0] == '"':
        return '"1"' if whole != '"1"' else '"2"'
    if whole[0] == ",":
        return ", /q/" if "/q/" not in whole else ", /z/"
    return "1" if whole != "1" else "2"

"""The order of words as dictionaries have it, for the languages that agree on it.

Dgraph orders texts of a language by Unicode's collation. Here are the letters of ASCII and their
accents, which suffice for the languages that keep the common order; what is beyond is refused.
"""

from __future__ import annotations

import unicodedata

from otterd.sandbox.failures import unsupported
from otterd.sandbox.values import Value

COMMON = frozenset(("de", "en", "fr", "it", "nl", "pt"))
"""Languages that change nothing of the common order."""

_BASES = " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789abcdefghijklmnopqrstuvwxyz"
_ACCENTS = "\u0301\u0300\u0306\u0302\u030c\u030a\u0308\u030b\u0303\u0307\u0328\u0327\u0304"
_PRIMARY = {base: chr(at) for at, base in enumerate(_BASES, 2)}
_SECONDARY = {accent: chr(at) for at, accent in enumerate(_ACCENTS, 3)}
_PLAIN, _LOWER, _UPPER = "\x02", "\x02", "\x03"


def in_index(value: Value, lang: str) -> Value:
    """Return a text that sorts as the entry of `value`, in the language `lang`, does in an index."""
    return Value("string", f"{lang}\x01{collated(value, lang).data}")


def collated(value: Value, lang: str) -> Value:
    """Return a text that sorts by its bytes as the text `value` does in the language `lang`."""
    if lang not in COMMON:
        raise unsupported(f"an order in the language {lang}")
    text = str(value.data)
    primary, secondary, tertiary = [], [], []
    for letter in unicodedata.normalize("NFD", text):
        if letter in _SECONDARY:
            secondary.append(_SECONDARY[letter])
            tertiary.append(_LOWER)
        elif letter.lower() in _PRIMARY:
            primary.append(_PRIMARY[letter.lower()])
            secondary.append(_PLAIN)
            tertiary.append(_LOWER if letter == letter.lower() else _UPPER)
        else:
            raise unsupported("an order of letters that are not Latin")
    if text != unicodedata.normalize("NFC", text):
        raise unsupported("an order of decomposed letters")
    return Value("string", "\x01".join(map("".join, (primary, secondary, tertiary))))

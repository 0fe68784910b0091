"""The tokens of a line of N-Quads, and the refusal of what is none."""

from enum import Enum, auto
from typing import NamedTuple


class Kind(Enum):
    """What a token is."""

    SUBJECT = auto()
    PREDICATE = auto()
    OBJECT = auto()
    LABEL = auto()
    SUBJECT_VAR = auto()
    OBJECT_VAR = auto()
    STAR = auto()
    LITERAL = auto()
    LANGUAGE = auto()
    TYPE = auto()
    OPEN = auto()
    CLOSE = auto()
    EQUAL = auto()
    COMMA = auto()
    TEXT = auto()
    END = auto()
    COMMENT = auto()


class Token(NamedTuple):
    """A piece of a line; a literal keeps its quotation marks."""

    kind: Kind
    value: str
    at: int


class Refused(Exception):
    """The line is no N-Quad; `at` is an offset in it."""

    def __init__(self, at: int, reason: str, expected: str = "") -> None:
        super().__init__(reason)
        self.at = at
        self.reason = reason
        self.expected = expected

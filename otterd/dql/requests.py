"""Schema requests: `schema(pred: [a, b]) { type index }`."""

from otterd.dql.cursor import Cursor
from otterd.dql.lexer import (
    COLON,
    COMMA,
    END,
    LEFT_CURL,
    LEFT_ROUND,
    LEFT_SQUARE,
    NAME,
    RIGHT_CURL,
    RIGHT_ROUND,
    RIGHT_SQUARE,
)
from otterd.dql.tree import SchemaRequest

_WRONG = "Invalid schema block"


def schema(cursor: Cursor) -> SchemaRequest:
    """Return the schema request on whose first word the cursor stands."""
    position = cursor.starts[cursor.at]
    names: tuple[str, ...] = ()
    of_types = bracket = False
    while (kind := cursor.step()) != LEFT_CURL:
        if kind != LEFT_ROUND:
            raise cursor.fail(_WRONG, "{ or (pred: ...)")
        if bracket:
            raise cursor.fail("Too many left rounds in schema block", "{")
        bracket = True
        of_types, names = _wanted(cursor)
    fields: list[str] = []
    while (kind := cursor.step()) != RIGHT_CURL:
        if kind != NAME:
            raise cursor.fail(_WRONG + ".", "a field or }")
        fields.append(cursor.values[cursor.at])
    return SchemaRequest(position, () if of_types else names, names if of_types else (), tuple(fields))


def _wanted(cursor: Cursor) -> tuple[bool, tuple[str, ...]]:
    """Return whether types are wanted, and the names; the cursor is on the opening bracket."""
    if cursor.step() != NAME and cursor.values[cursor.at] not in ("pred", "type"):
        raise cursor.fail(_WRONG, "pred or type")
    of_types = cursor.values[cursor.at] == "type"
    if cursor.step() != COLON:
        raise cursor.fail(_WRONG, "a colon")
    kind = cursor.step()
    if kind not in (NAME, LEFT_SQUARE):
        raise cursor.fail(_WRONG, "a name or [")
    names = _list(cursor) if kind == LEFT_SQUARE else [cursor.values[cursor.at]]
    if cursor.step() != RIGHT_ROUND:
        raise cursor.fail(_WRONG + "s", ")")
    return of_types, tuple(names)


def _list(cursor: Cursor) -> list[str]:
    """Return the names of a list, on whose opening bracket the cursor stands."""
    found: list[str] = []
    while (kind := cursor.step()) != RIGHT_SQUARE:
        if kind == COMMA:
            if cursor.step() != NAME:
                raise cursor.fail("Invalid scheam block", "a name")  # an alpha's spelling
        elif kind != NAME:
            end = kind == END
            reason = "Expecting ] to end list but none was found" if end else _WRONG
            raise cursor.fail(reason, "a name or ]")
        found.append(cursor.values[cursor.at])
    return found

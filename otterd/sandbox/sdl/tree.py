"""What a GraphQL schema says, as data; `line` counts from 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


class Refused(Exception):
    """A schema that Dgraph does not take, and its reasons as Dgraph tells them: (line or 0, text)."""

    def __init__(self, *reasons: tuple[int, str], several: bool = False) -> None:
        lines = [f"input:{line}: {text}" if line else f"input: {text}" for line, text in reasons]
        super().__init__("\n".join(lines) + "\n" * several)
        self.lines = lines


@dataclass(slots=True, frozen=True)
class Kind:
    """The type of a field: `name`, or a list of `element`; `line` is where Dgraph says that it is."""

    name: str = ""
    element: Kind | None = None
    required: bool = False
    line: int = 0

    def __str__(self) -> str:
        inner = self.name if self.element is None else f"[{self.element}]"
        return inner + "!" * self.required

    @property
    def base(self) -> str:
        """The name inside all lists."""
        return self.name if self.element is None else self.element.base


@dataclass(slots=True, frozen=True)
class Literal:
    """A value: its kind by the lexer's name (or `list`), its text, and a list's members."""

    kind: str
    raw: str = ""
    members: Sequence[Literal] = ()


@dataclass(slots=True, frozen=True)
class Directive:
    """`@name(arguments)`."""

    name: str
    line: int
    arguments: Sequence[tuple[str, Literal]] = ()

    def argument(self, name: str) -> Literal | None:
        """Return the argument `name`, if it is there."""
        return next((value for key, value in self.arguments if key == name), None)


@dataclass(slots=True, frozen=True)
class Field:
    """A field of a type."""

    name: str
    kind: Kind
    line: int
    directives: Sequence[Directive] = ()

    def directive(self, name: str) -> Directive | None:
        """Return the first directive `name`, if there is one."""
        return next((found for found in self.directives if found.name == name), None)


@dataclass(slots=True)
class Definition:
    """A type, an interface or an enum, by Dgraph's word for it: OBJECT, INTERFACE, ENUM."""

    kind: str
    name: str
    line: int
    interfaces: Sequence[str] = ()
    directives: Sequence[Directive] = ()
    fields: list[Field] = field(default_factory=list)
    members: Sequence[str] = ()

    def field(self, name: str) -> Field | None:
        """Return the field `name`, if there is one."""
        return next((found for found in self.fields if found.name == name), None)

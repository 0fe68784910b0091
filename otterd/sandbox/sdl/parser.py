"""Reads a GraphQL schema; errors are in the words of Dgraph's own parser of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from otterd.sandbox.failures import unsupported
from otterd.sandbox.sdl.lexer import BLOCK, END, FLOAT, INT, NAME, STRING, Token, tokens
from otterd.sandbox.sdl.tree import Definition, Directive, Field, Kind, Literal, Refused

_UNTAKEN = {
    "union": "a union",
    "input": "an input type",
    "extend": "an extension of a type",
    "schema": "a schema definition",
    "directive": "a definition of a directive",
}
_KINDS = {"type": "OBJECT", "interface": "INTERFACE", "enum": "ENUM", "scalar": "SCALAR"}
_WORDS = {"true": "Boolean", "false": "Boolean", "null": "Null"}
_DEEPEST = 20

Part = TypeVar("Part")


def parse_sdl(text: str) -> list[Definition]:
    """Return the definitions in `text`; raise Refused, or Failed for what is not supported."""
    parser = _Parser(text)
    found = []
    while parser.token.kind != END:
        found.append(parser.definition())
    return found


class _Parser:
    """Goes through the tokens of a schema; `token` is the next one."""

    def __init__(self, text: str) -> None:
        self._tokens = tokens(text)
        self.token = next(self._tokens)
        self._depth = 0

    def definition(self) -> Definition:
        self._description()
        word = self.token.text if self.token.kind == NAME else ""
        if word in _UNTAKEN:
            raise unsupported(f"{_UNTAKEN[word]} in a GraphQL schema")
        if word not in _KINDS:
            self._unexpected()
        self._next()
        line = self.token.line
        found = Definition(_KINDS[word], self._name(), line)
        if word == "type":
            found.interfaces = self._interfaces()
        found.directives = self._directives()
        if word == "enum":
            found.members = self._some("{", "}", self._member)
        elif word != "scalar":
            found.fields = self._some("{", "}", self._field)
        return found

    def _next(self) -> Token:
        token = self.token
        self.token = next(self._tokens, token)
        return token

    def _unexpected(self) -> None:
        raise Refused((self.token.line, f"Unexpected {self.token}"), several=True)

    def _expect(self, kind: str) -> Token:
        if self.token.kind != kind:
            text = f"Expected {kind}, found {self.token.kind}"
            raise Refused((self.token.line, text), several=True)
        return self._next()

    def _skip(self, kind: str) -> bool:
        if self.token.kind != kind:
            return False
        self._next()
        return True

    def _name(self) -> str:
        return self._expect(NAME).text

    def _description(self) -> None:
        if self.token.kind in (STRING, BLOCK):
            self._next()

    def _some(self, begin: str, end: str, part: Callable[[], Part]) -> list[Part]:
        """Read one or more parts between two marks, if the first of them is there."""
        found: list[Part] = []
        if not self._skip(begin):
            return found
        while self.token.kind != end:
            found.append(part())
        if not found:
            text = f"expected at least one definition, found {self.token.kind}"
            raise Refused((self.token.line, text), several=True)
        self._next()
        return found

    def _interfaces(self) -> list[str]:
        if self.token.text != "implements":
            return []
        self._next()
        self._skip("&")
        names = [self._name()]
        while self._skip("&"):
            names.append(self._name())
        return names

    def _member(self) -> str:
        self._description()
        name = self._name()
        if self._directives():
            raise unsupported("a directive of a value of an enum")
        return name

    def _field(self) -> Field:
        line = self.token.line
        self._description()
        name = self._name()
        if self.token.kind == "(":
            raise unsupported("an argument of a field in a GraphQL schema")
        self._expect(":")
        return Field(name, self._kind(), line, self._directives())

    def _kind(self) -> Kind:
        self._deeper()
        line = self.token.line
        if self._skip("["):
            line = self.token.line
            element: Kind | None = self._kind()
            self._expect("]")
            name = ""
        else:
            element, name = None, self._name()
        self._depth -= 1
        required = self._skip("!")
        # After a `!` Dgraph looks where the next token is.
        return Kind(name, element, required, self.token.line if required else line)

    def _directives(self) -> list[Directive]:
        found = []
        while self._skip("@"):
            line = self.token.line
            found.append(Directive(self._name(), line, self._arguments()))
        return found

    def _arguments(self) -> list[tuple[str, Literal]]:
        found = []
        if self._skip("("):
            while self.token.kind != ")":
                found.append(self._argument())
            self._next()
        return found

    def _argument(self) -> tuple[str, Literal]:
        name = self._name()
        self._expect(":")
        return name, self._literal()

    def _literal(self) -> Literal:
        self._deeper()
        if self._skip("["):
            members = []
            while self.token.kind != "]":
                members.append(self._literal())
            self._next()
            found = Literal("list", members=members)
        elif self.token.kind == "{":
            raise unsupported("an object in a directive")
        elif self.token.kind in (INT, FLOAT, STRING, BLOCK, NAME):
            token = self._next()
            kind = _WORDS.get(token.text, "Enum") if token.kind == NAME else token.kind
            found = Literal(kind, token.text)
        else:
            self._unexpected()
        self._depth -= 1
        return found

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise unsupported("a list this deep in a GraphQL schema")

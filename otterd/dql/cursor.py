"""A place in the tokens of a query, and the small steps that all parsers of parts take."""

from otterd.dql.errors import DqlError, Unlike, misplaced
from otterd.dql.golang import quoted
from otterd.dql.lexer import AT, COLON, END, NAME, PADDING, PERIOD, STAR, Tokens
from otterd.dql.literals import Unreadable, unquoted
from otterd.dql.scope import Scope
from otterd.dql.tree import Func

DEEPEST = 100
"""How deep functions, filters, math and selections may nest; so whoever walks the tree may recurse."""


class Cursor:
    """Stands on one token, at first before all; a parser of a part leaves it on the part's last token."""

    __slots__ = ("at", "end", "kinds", "scope", "starts", "text", "values", "varied")

    def __init__(self, tokens: Tokens) -> None:
        self.text = tokens.text
        self.kinds = tokens.kinds
        self.values = tokens.values
        self.starts = tokens.starts
        self.end = len(self.kinds) - PADDING
        self.at = -1
        self.scope = Scope()
        self.varied = False  # whether the function just read has a declared variable in it

    def step(self) -> int:
        """Go on by one token and return its kind; behind the end there is one place more."""
        at = self.at + 1
        if at > self.end + 1:
            at = self.end + 1
        self.at = at
        return self.kinds[at]

    def take(self, kind: int) -> bool:
        """Go on by one token if it is of `kind`; return whether it was."""
        if self.kinds[self.at + 1] != kind:
            return False
        self.at += 1
        return True

    def joined(self, start: str) -> str:
        """Return the name that begins with `start` and goes on with dashes and names behind the cursor."""
        values, kinds = self.values, self.kinds
        if values[self.at + 1] != "-":
            return start
        parts = [start]
        dash = True
        while (values[self.at + 1] == "-") if dash else (kinds[self.at + 1] == NAME):
            self.at += 1
            parts.append(values[self.at])
            dash = not dash
        return "".join(parts)

    def fail(self, reason: str, expected: str = "", *, ahead: int = 0) -> DqlError:
        """Return an error at the current token, or at one `ahead` of it."""
        at = self.at + ahead
        if at > self.end:
            return DqlError(f"line -1 column -1: {reason}", expected=expected, reason=reason)
        return misplaced(self.text, self.starts[at], reason, expected)

    def shown(self, ahead: int = 0) -> str:
        """Return the current token, or one `ahead`, as Dgraph prints it."""
        at = self.at + ahead
        if self.kinds[at] == END:
            return "EOF"
        error = misplaced(self.text, self.starts[at], "")
        return f"lex.Item [{self.kinds[at]}] {quoted(self.values[at])} at {error.line}:{error.column}"

    def languages(self) -> tuple[str, ...]:
        """Return the languages that start at the current token, which follows an @: `en:fr:.`."""
        found: list[str] = []
        while self.kinds[self.at] in (NAME, PERIOD, STAR):
            found.append(self.values[self.at])
            if self.step() != COLON:
                break
            self.step()
        if self.kinds[self.at] == PERIOD and self.kinds[self.at + 1] == PERIOD:
            raise self.fail("Expected only one dot(.) while parsing language list.", "one dot", ahead=1)
        self.at -= 1
        if len(found) > 1 and "*" in found:
            shown = " ".join(found)
            raise DqlError(
                f"If * is used, no other languages are allowed in the language list. Found [{shown}]",
                expected="* alone",
            )
        return tuple(found)

    def uses(self, call: Func) -> None:
        """Note what the function `call`, just read, uses."""
        if self.varied:
            self.scope.uses.append(call)
            self.varied = False
        for need in call.needs:
            self.scope.needs.append(need.name)

    def languages_behind(self) -> tuple[str, ...]:
        """Return the languages if an @ follows the current token, else nothing."""
        if self.kinds[self.at + 1] != AT:
            return ()
        self.at += 1
        self.step()
        return self.languages()


def plain(value: str) -> str:
    """Return the `value` of a token without quotes; raise DqlError for an escape that Go does not know."""
    if value[:1] != '"':
        return value.strip(" \t") if value[:1] in " \t" else value
    try:
        return unquoted(value)
    except Unreadable as error:
        raise DqlError(str(error), expected="a string in double quotes") from None


def variable_name(cursor: Cursor) -> str:
    """Return the name of the variable behind the $ on which the cursor stands."""
    if cursor.kinds[cursor.at + 1] != NAME:
        raise cursor.fail("Expected variable name after $", "a name", ahead=1)
    parts = ["$"]
    while cursor.take(NAME):
        parts.append(cursor.values[cursor.at])
    return "".join(parts)


def too_deep(what: str) -> Unlike:
    """Return the refusal of `what` nested deeper than Otter reads."""
    return Unlike(f"{what} nested deeper than {DEEPEST} levels", expected="less nesting")


def deepest(depth: int) -> int:
    """Return the `depth` of selections; raise if it is too deep."""
    if depth > DEEPEST:
        raise too_deep("selections")
    return depth

"""How a text in one of Dgraph's languages is refused: where, what was expected, and in Dgraph's own words."""

from otterd.errors import BadRequest

LINE_ENDS = "\n\r"
# What Go's strings.TrimSpace takes off; an alpha trims a query before it counts lines.
SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)


class DqlError(BadRequest):
    """A text that Dgraph's parser refuses.

    `message` is what an alpha answers; `reason` is the same without the place
    and without the text itself; `line` counts from 1, `column` from 0 in bytes
    of UTF-8, as Dgraph does, and both are -1 where Dgraph names no place.
    `expected` says in a few words what would have been right, "" if nothing would.
    """

    def __init__(
        self, message: str, line: int = -1, column: int = -1, expected: str = "", *, reason: str | None = None
    ) -> None:
        super().__init__(message)
        self.line = line
        self.column = column
        self.expected = expected
        self.reason = message if reason is None else reason


class Unlike(DqlError):
    """A text that Otter refuses by a limit of its own, or that would end an alpha's process."""


def locate(text: str, offset: int) -> tuple[int, int]:
    """Return the line (from 1) and the column (from 0, in bytes of UTF-8) of `offset` in `text`."""
    before = text[:offset]
    line = 1 + before.count("\n") + before.count("\r")
    start = 1 + max(before.rfind("\n"), before.rfind("\r"))
    return line, len(before[start:].encode("utf-8", "surrogatepass"))


def misplaced(text: str, offset: int, reason: str, expected: str = "") -> DqlError:
    """Return a parser's error at `offset`, worded `line 1 column 2: reason`."""
    line, column = locate(text, offset)
    return DqlError(f"line {line} column {column}: {reason}", line, column, expected, reason=reason)


def unlexed(text: str, offset: int, reason: str, expected: str = "") -> DqlError:
    """Return a lexer's error at `offset`; Dgraph repeats the whole text in it."""
    line, column = locate(text, offset)
    message = f"while lexing {text} at line {line} column {column}: {reason}"
    return DqlError(message, line, column, expected, reason=reason)

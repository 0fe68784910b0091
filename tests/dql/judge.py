"""An alpha's verdict on a document, against the parser's."""

from dataclasses import dataclass

from otterd.dql.document import parse_query
from otterd.dql.errors import DqlError, Unlike

# An alpha puts these before what goes wrong in running a query or writing its answer.
RUNNING = (": ", "while running ToJson: ")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a document is taken, and the words if it is not."""

    taken: bool
    words: str = ""
    unlike: bool = False


def ours(text: str, variables: dict[str, str]) -> Verdict:
    """Return the parser's verdict."""
    try:
        parse_query(text, variables)
    except Unlike as error:
        return Verdict(False, error.message, unlike=True)
    except DqlError as error:
        return Verdict(False, error.message)
    return Verdict(True)


def theirs(message: str | None) -> Verdict:
    """Return the verdict that an alpha's error `message` means, None being success."""
    if message is None or message.startswith(RUNNING):
        return Verdict(True, message or "")
    return Verdict(False, message)

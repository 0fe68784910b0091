"""Values as Dgraph prints them, and the tree of members that becomes JSON."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from otterd.sandbox.instants import Instant
from otterd.sandbox.values import Value, go_float

_ESCAPED = re.compile('["\\\\\x00-\x1f<>&\u2028\u2029\ud800-\udfff]')
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def quoted(text: str) -> str:
    """Return `text` as a JSON string, escaped as Go does it for the web."""
    return f'"{_ESCAPED.sub(_escape, text)}"'


def _escape(match: re.Match[str]) -> str:
    letter = match.group()
    if "\ud800" <= letter <= "\udfff":
        return "\\ufffd"
    return _SHORT.get(letter) or f"\\u{ord(letter):04x}"


def told(value: Value) -> str | None:
    """Return `value` in JSON; None for a float that JSON cannot say."""
    data = value.data
    if value.kind == "uid":
        return f'"0x{data:x}"'
    if isinstance(data, bool):
        return "true" if data else "false"
    if isinstance(data, int):
        return str(data)
    if isinstance(data, float):
        return go_float(data).lower() if math.isfinite(data) else None
    return f'"{data.text()}"' if isinstance(data, Instant) else quoted(data)


@dataclass(slots=True, eq=False)
class Member:
    """A name with a text or with members of its own; neighbours of one name make a list.

    `listed` makes a list of one, too; `facets` marks the members `{"0": …}` of a list's facets.
    """

    name: str
    text: str = ""
    members: list[Member] = field(default_factory=list)
    listed: bool = False
    facets: bool = False

    def add(self, name: str, value: Value, *, listed: bool = False) -> None:
        """Add a member with the text of `value`, if it has one."""
        text = told(value)
        if text is not None:
            self.members.append(Member(name, text, listed=listed))

    def add_node(self, child: Member) -> None:
        """Add an object of a list."""
        child.listed = True
        self.members.append(child)

    def join(self, child: Member) -> None:
        """Add an object, or its members to the one of its name that is there."""
        for member in reversed(self.members):
            if member.name == child.name:
                member.members += child.members
                return
        self.members.append(child)

    def add_uid(self, name: str, uid: int) -> None:
        """Add the id of the node, which stands at most once under `uid`."""
        if name != "uid" or all(member.name != name for member in self.members):
            self.members.append(Member(name, f'"0x{uid:x}"'))


def printed_json(root: Member) -> str:
    """Return the JSON of `root`; `{}` if nothing is in it."""
    return "".join(_pieces(root)) if root.members else "{}"


def _pieces(member: Member) -> Iterator[str]:
    if not member.members:
        yield member.text
        return
    yield "{"
    run = 0
    last = len(member.members) - 1
    for index, child in enumerate(member.members):
        more = index < last and member.members[index + 1].name == child.name
        if not run:
            yield f'"{child.name}":'
            if more or child.listed:
                yield "["
        run += 1
        yield from _pieces(child)
        if not more:
            if run > 1 or child.listed:
                yield "]"
            run = 0
        if index < last:
            yield ","
    yield "}"

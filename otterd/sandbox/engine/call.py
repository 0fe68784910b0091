"""One function at work, and the pages that limit what an index is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from otterd.sandbox.engine.langs import spoken
from otterd.sandbox.engine.part import Part
from otterd.sandbox.failures import Failed
from otterd.sandbox.schema import Predicate, Schema
from otterd.sandbox.store import View
from otterd.sandbox.values import Value

ENDLESS = (1 << 31) - 1
_NARROWED = frozenset(("regexp", "alloftext", "allofterms", "match", "ngram"))


@dataclass(slots=True)
class Call:
    """One function at work: over all nodes at the root (`among` is None), or over those of a filter."""

    view: View
    schema: Schema
    part: Part
    predicate: Predicate
    name: str
    words: list[str]
    among: list[int] | None
    limit: int
    offset: int

    @property
    def attr(self) -> str:
        """The predicate as it is asked for, `~` included."""
        return self.part.attr

    @property
    def bare(self) -> str:
        """The predicate without `~`."""
        return self.attr.removeprefix("~")

    @property
    def place(self) -> str:
        """The predicate with its namespace, as it stands in some of Dgraph's texts."""
        return f"{self.view.namespace:x}-{self.bare}"

    @property
    def lang(self) -> str:
        """The language asked for, or nothing."""
        return self.part.langs[0] if self.part.langs else ""

    @property
    def by_language(self) -> bool:
        """Whether what an index finds must still be looked at in one language."""
        return self.predicate.kind == "string" and self.predicate.lang and self.lang != "."

    def need(self, count: int) -> None:
        """Refuse any other number of arguments."""
        if len(self.words) != count:
            said = f"{len(self.words)} ([{' '.join(self.words)}])"
            raise Failed(f"Function '{self.name}' requires {count} arguments, but got {said}")

    def candidates(self) -> list[int]:
        """Return the nodes of the filter, or all that have the predicate."""
        return self.view.has(self.attr) if self.among is None else self.among

    def check(self) -> None:
        """Refuse a reverse and a language that the predicate does not have."""
        self.check_reverse()
        self.check_language()

    def check_reverse(self) -> None:
        """Refuse `~` for a predicate without a reverse."""
        if self.attr.startswith("~") and not self.predicate.reverse:
            raise Failed(f"Predicate {self.bare} doesn't have reverse edge")

    def check_language(self) -> None:
        """Refuse a language for a predicate without @lang."""
        if self.part.langs and not self.predicate.lang:
            raise Failed(
                "Language tags can only be used with predicates of string type having @lang directive in"
                f" schema. Got: [{self.bare}]"
            )

    def spoken(self, uid: int) -> list[Value]:
        """Return the values of a node that count after an index was asked."""
        if self.lang == ".":
            found = self.view.values(self.bare, uid)
        else:
            found = spoken(self.view, self.bare, uid, self.lang, is_list=self.predicate.is_list)
        return [posting.value for posting in found if posting.value is not None]

    def texts(self, uid: int) -> list[str]:
        """Return the texts of a node in the language asked for."""
        found = spoken(self.view, self.bare, uid, self.lang, is_list=self.predicate.is_list)
        return [str(posting.value.data) for posting in found if posting.value is not None]


def pages(part: Part) -> tuple[int, int]:
    """Return how many nodes a predicate or an index is asked for at once, and the offset with them."""
    narrowed = part.func is not None and part.func.name in _NARROWED
    if part.filters or part.order or narrowed or not part.first:
        return ENDLESS, 0
    return part.first, part.offset

"""The texts of mutations and upserts, `{ set {…} delete {…} }` and `upsert {…}`, and their parts."""

import re

from otterd.dql.block_lexer import GAP, NQUADS, Kind, Lexer, Token, opens_mutation
from otterd.dql.errors import DqlError, locate
from otterd.dql.mutation_tree import Change, Mutation, Query, Upsert

_BRACE = "`{`"
_NOT_OVER_HTTP = {
    "schema": "Altering schema not supported through http client.",
    "dropall": "Dropall not supported through http client.",
}
# Almost all mutations look like this, and one match is quicker than a dozen tokens.
_PLAIN = re.compile(
    rf"{GAP}\{{{GAP}(set|delete){GAP}\{{({NQUADS})\}}{GAP}"
    rf"(?:(set|delete){GAP}\{{({NQUADS})\}}{GAP})?+\}}{GAP}",
    re.DOTALL,
).fullmatch


def parse_mutation(text: str, *, alone: bool = False) -> Mutation | Upsert | Query:
    """Return the parts of `text`, or a Query when it is no mutation; raise DqlError.

    The N-Quads in it, the query and the conditions are not looked into. With `alone` nothing
    may follow the closing brace: v24.1 refuses that over HTTP, v25 does not look at it.
    """
    plain = _PLAIN(text)
    if plain is not None:
        return Mutation(_plain_change(plain))
    if not opens_mutation(text):
        return Query(text)
    parser = _Parser(text)
    parsed = parser.parse()
    if alone:
        parser.end()
    return parsed


def _plain_change(match: re.Match[str]) -> Change:
    first, nquads, second, more = match.groups("")
    at, more_at = match.start(2), max(match.start(4), 0)
    if first == "set" and second != "set":
        return Change(nquads, more, "", at, more_at)
    if first == "delete" and second != "delete":
        return Change(more, nquads, "", more_at, at)
    # What comes last of a kind holds.
    return Change(more, "", "", more_at) if first == "set" else Change("", more, "", 0, more_at)


class _Parser:
    """Walks the tokens once; `self.token` is the one looked at."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = Lexer(text).read()
        self.at = 0
        self.token = self.tokens[0]

    def parse(self) -> Mutation | Upsert:
        """Return what the whole text says."""
        if self.token.kind is not Kind.UPSERT:
            return Mutation(self._change(Token(Kind.PASSAGE, "", 0)))
        self._step()
        return self._upsert()

    def end(self) -> None:
        """Raise DqlError when there is more after what `parse` returned."""
        kind, word, _ = self._step()
        if kind is Kind.OTHER and not word:
            # A comment without an end is no more than nothing.
            kind, word, _ = self._step()
        if kind is not Kind.END:
            raise self._wrong(f"Unexpected {word} after the end of the block", "the end")

    def _step(self) -> Token:
        """Go to the next token, or stay at the END."""
        self.at = min(self.at + 1, len(self.tokens) - 1)
        self.token = self.tokens[self.at]
        return self.token

    def _upsert(self) -> Upsert:
        if self.token.kind is not Kind.OPEN:
            raise self._wrong(f"Expected {{ at the start of block. Got: [{self.token.value}]", _BRACE)
        changes: list[Change] = []
        pieces: list[tuple[str, int]] = []
        has_query = False
        cond = Token(Kind.PASSAGE, "", 0)
        while True:
            kind, word, _ = self._step()
            if kind is Kind.CLOSE:
                if not changes:
                    raise self._wrong("Empty mutation block", "a mutation")
                if not has_query:
                    raise self._wrong("Query op not found in upsert block", "a query")
                query = "".join(piece for piece, _ in pieces)
                return Upsert(query, tuple(changes), tuple(pieces))
            if kind is not Kind.BLOCK:
                raise self._wrong(f"Unexpected token in upsert block [{word}]", "query, fragment or mutation")
            if word == "query" and has_query:
                raise self._wrong("Multiple query ops inside upsert block", "a mutation")
            has_query = has_query or word == "query"
            following = self._step()
            if word != "mutation":
                # The lexer lets nothing but a passage follow here.
                head = "fragment" if word == "fragment" else ""
                pieces.append((head + following.value, following.at - len(head)))
                continue
            if following.kind is Kind.PASSAGE:
                # A mutation without a condition has that of the one before it: so Dgraph reads it.
                cond = following
                self._step()
            changes.append(self._change(cond))

    def _change(self, cond: Token) -> Change:
        if self.token.kind is not Kind.OPEN:
            raise self._wrong(f"Expected {{ at the start of block. Got: [{self.token.value}]", _BRACE)
        parts = {"set": Token(Kind.NQUADS, "", 0), "delete": Token(Kind.NQUADS, "", 0)}
        while True:
            kind, word, _ = self._step()
            if kind is Kind.CLOSE:
                setting, deleting = parts["set"], parts["delete"]
                return Change(setting.value, deleting.value, cond.value, setting.at, deleting.at, cond.at)
            if kind is Kind.END:
                raise self._wrong("Invalid mutation.", "`}`")
            if kind is Kind.CHANGE:
                self._nquads(word, parts)

    def _nquads(self, word: str, parts: dict[str, Token]) -> None:
        """Read up to the brace that closes what `word` opens; what comes last of a kind holds."""
        opened = False
        while True:
            kind = self._step().kind
            if kind is Kind.CLOSE:
                return
            if kind is Kind.END:
                raise self._wrong("Invalid mutation formatting.", "`}`")
            if kind is Kind.OPEN:
                if opened:
                    raise self._wrong("Too many left curls in set mutation.", "`}`")
                opened = True
            elif kind is Kind.NQUADS:
                if not opened:
                    raise self._wrong("Mutation syntax invalid.", _BRACE)
                if word not in parts:
                    reason = _NOT_OVER_HTTP.get(word, "Invalid mutation operation.")
                    raise self._wrong(reason, "set or delete")
                parts[word] = self.token

    def _wrong(self, reason: str, expected: str) -> DqlError:
        """Return the error at this token; Dgraph's words name the place of the one after it."""
        line, column = locate(self.text, self.token.at)
        told = (-1, -1)
        if self.at + 1 < len(self.tokens):
            told = locate(self.text, self.tokens[self.at + 1].at)
        message = f"line {told[0]} column {told[1]}: {reason}"
        return DqlError(message, line, column, expected, reason=reason)

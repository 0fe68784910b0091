"""The directive `@index(…)` of a schema: tokenizers, and indexes of vectors with their options."""

from collections.abc import Iterator

from otterd.dql.errors import DqlError
from otterd.dql.mutation_tree import VectorIndex
from otterd.dql.schema_lexer import NOTHING, Kind, Token
from otterd.dql.tokenizers import NEVER_INDEXED, SORTABLE, TOKENIZERS, VECTOR_INDEXES, flaw_of_option

_Indexes = tuple[tuple[str, ...], tuple[VectorIndex, ...]]


class Walk:
    """Goes over tokens once; `token` is the one looked at."""

    def __init__(self, found: Iterator[Token]) -> None:
        self._coming = found
        self.tokens: list[Token] = []
        self.at = -1
        self.token = NOTHING

    def step(self) -> Token:
        """Go to the next token and return it; past the last there is NOTHING."""
        self.at += 1
        self.token = self.peek(0)
        return self.token

    def peek(self, ahead: int) -> Token:
        """Return the token so many further on."""
        at = self.at + ahead
        while at >= len(self.tokens):
            token = next(self._coming, None)
            if token is None:
                return NOTHING
            self.tokens.append(token)
        return self.tokens[at]

    def back(self) -> None:
        """Go one token back."""
        self.at -= 1
        self.token = self.peek(0)


def wrong(token: Token, reason: str, expected: str) -> DqlError:
    """Return the error that Dgraph would tell at `token`."""
    message = f"line {token.line} column {token.column}: {reason}"
    return DqlError(message, token.line, token.column, expected, reason=reason)


def read_index(walk: Walk, predicate: str, kind: str) -> _Indexes:
    """Return the tokenizers and vector indexes after `@index`, for a predicate of type `kind`."""
    # Dgraph forces the caller's namespace on every name, and shows it.
    return _Reader(walk, predicate, kind).read(f"0-{predicate}")


class _Reader:
    def __init__(self, walk: Walk, predicate: str, kind: str) -> None:
        self.walk = walk
        self.predicate = predicate
        self.kind = kind
        self.vectors: list[VectorIndex] = []

    def read(self, name: str) -> _Indexes:
        if self.kind in NEVER_INDEXED:
            reason = f"Indexing not allowed on predicate {name} of type {self.kind}"
            raise wrong(self.walk.token, reason, "another directive")
        directive = self.walk.token
        opening = self.walk.step()
        if opening.kind is not Kind.OPEN:
            reason = f"Require type of tokenizer for pred: {name} for indexing."
            raise wrong(directive, reason, "`(` and a tokenizer")
        seen: list[str] = []
        sortable, mark = False, opening
        while True:
            tokenizer = self._tokenizer()
            now_sortable = tokenizer in SORTABLE
            if sortable and now_sortable:
                raise wrong(mark, f"Only one index tokenizer can be sortable for {name}", "another")
            sortable = now_sortable
            if tokenizer and tokenizer in seen:
                raise wrong(mark, f"Duplicate tokenizers defined for predicate {name}", "another tokenizer")
            if tokenizer:
                seen.append(tokenizer)
            mark = self.walk.step()
            if mark.kind is Kind.CLOSE:
                break
            if mark.kind is not Kind.COMMA:
                reason = f"Expected ',' or ')' but found '{mark.value}' for predicate '{name}'"
                raise wrong(mark, reason, "`,` or `)`")
        return tuple(seen), tuple(self.vectors)

    def _tokenizer(self) -> str:
        """Return the tokenizer named next, or nothing when it is an index of vectors."""
        token = self.walk.step()
        if token.kind is not Kind.TEXT:
            reason = f"Expected token or VectorFactory name, but found '{token.value}'"
            raise wrong(token, reason, "a tokenizer")
        name = token.value.lower()
        if name in VECTOR_INDEXES:
            if self.kind != "float32vector":
                raise wrong(token, f"IndexFactory: {name}" + self._unfit(), f"an index for {self.kind}")
            self.vectors.append(VectorIndex(name, self._options(token)))
            return ""
        if name not in TOKENIZERS:
            raise wrong(token, f"Invalid tokenizer {token.value}", "a tokenizer")
        if TOKENIZERS[name] != self.kind:
            raise wrong(token, f"Tokenizer: {name}" + self._unfit(), f"a tokenizer for {self.kind}")
        return name

    def _options(self, index: Token) -> tuple[tuple[str, str], ...]:
        found: list[tuple[str, str]] = []
        token = self.walk.peek(1)
        if token.kind in (Kind.COMMA, Kind.CLOSE):
            return ()
        if token.kind is not Kind.OPEN:
            raise _surprise(token, "'('")
        self.walk.step()
        while True:
            found.append(self._option())
            token = self.walk.step()
            if token.kind is Kind.CLOSE:
                break
            if token.kind is not Kind.COMMA:
                raise _surprise(token, "',' or ')'")
        for name, value in found:
            flaw = flaw_of_option(name, value)
            if flaw:
                reason = f"IndexFactory: {index.value.lower()} issues this error: '{flaw}'"
                raise wrong(index, reason, "another option")
        return tuple(found)

    def _option(self) -> tuple[str, str]:
        name = self.walk.step()
        if name.kind is not Kind.TEXT:
            raise _surprise(name, "option name")
        colon = self.walk.step()
        if colon.kind is not Kind.COLON:
            raise _surprise(colon, "':'")
        value = self.walk.step()
        if value.kind is not Kind.QUOTED:
            raise _surprise(value, "quoted text")
        return name.value, value.value[1:-1]

    def _unfit(self) -> str:
        return f" isn't valid for predicate: {self.predicate} of type: {self.kind}"


def _surprise(token: Token, expected: str) -> DqlError:
    return wrong(token, f"unexpected '{token.value}' found when expecting {expected}", expected)

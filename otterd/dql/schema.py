"""Alter schemas: predicates, types, indexes and directives, read as Dgraph reads them."""

from otterd.dql.errors import DqlError
from otterd.dql.golang import Misread, unsigned
from otterd.dql.mutation_tree import Predicate, Schema, TypeDefinition, VectorIndex
from otterd.dql.schema_index import Walk, read_index, wrong
from otterd.dql.schema_lexer import MOST_TOKENS, NOTHING, Kind, Token, tokens
from otterd.dql.tokenizers import SORTABLE, TYPES

_FLAGS = {"count": "count", "upsert": "upsert", "unique": "unique", "noconflict": "noconflict"}
_RESERVED = "dgraph."
_A_TYPE = "a type"


def parse_schema(text: str, most: int = MOST_TOKENS) -> Schema:
    """Return what the schema `text` declares; raise DqlError where Dgraph refuses it.

    It is refused too when it has more than `most` words.
    What only the server can know is not judged: data that is there already, tokenizers
    loaded as plugins, and what its own predicates look like.
    """
    return _Parser(tokens(text, most)).schema()


def check_schema(schema: Schema) -> None:
    """Raise DqlError when `schema` declares something twice, or in Dgraph's own part of the names."""
    for what, declared in (("predicate", schema.predicates), ("type", schema.types)):
        seen: set[str] = set()
        each: Predicate | TypeDefinition
        for each in declared:
            if each.name in seen:
                reason = f"{what} {each.name} defined multiple times"
                raise DqlError(reason, each.line, each.column, f"one {what} of this name")
            seen.add(each.name)
            if each.name.lower().startswith(_RESERVED):
                reason = (
                    f"Can't alter {what} `{each.name}` as it is prefixed with `dgraph.` which is"
                    " reserved as the namespace for dgraph's internal types/predicates."
                )
                raise DqlError(reason, each.line, each.column, "another name")


class _Draft:
    """A predicate while its directives are read."""

    __slots__ = ("at", "directive", "flags", "list", "name", "namespace", "tokenizers", "type", "vectors")

    def __init__(self, name: str, namespace: int, at: Token) -> None:
        self.name = name
        self.namespace = namespace
        self.at = at
        self.type = ""
        self.list = False
        self.flags: set[str] = set()
        self.directive = ""
        """Of `@index` and `@reverse` the one that came last counts."""
        self.tokenizers: tuple[str, ...] = ()
        self.vectors: tuple[VectorIndex, ...] = ()

    def predicate(self) -> Predicate:
        """Return what was read."""
        return Predicate(
            name=self.name,
            type=self.type,
            list=self.list,
            indexed=self.directive == "index",
            tokenizers=self.tokenizers,
            vectors=self.vectors,
            reverse=self.directive == "reverse",
            namespace=self.namespace,
            line=self.at.line,
            column=self.at.column,
            **dict.fromkeys(self.flags, True),
        )


class _Parser(Walk):
    """Reads declarations one after the other."""

    def schema(self) -> Schema:
        drafts: list[_Draft] = []
        types: list[TypeDefinition] = []
        while True:
            token = self.step()
            if token.kind is Kind.END:
                for draft in drafts:
                    _check_index(draft)
                return Schema(tuple(draft.predicate() for draft in drafts), tuple(types))
            if token.kind is Kind.NEWLINE:
                continue
            namespace = 0
            if token.kind is Kind.OPEN_SQUARE:
                namespace = self._namespace()
            elif token.kind is not Kind.TEXT:
                raise wrong(token, f"Unexpected token: {token} while parsing schema", "a predicate or a type")
            if self._declares_type():
                types.append(self._type(namespace))
            else:
                drafts.append(self._predicate(namespace))

    def _namespace(self) -> int:
        number, closing = self.peek(1), self.peek(2)
        prefix = "While parsing namespace:: "
        if closing is NOTHING:
            raise DqlError(prefix + "Unable to peek: Out of range for peek", expected="`[0x1]`")
        if number.kind is not Kind.NUMBER or closing.kind is not Kind.CLOSE_SQUARE:
            reason = prefix + "Typed oes not match the expected"
            raise DqlError(reason, number.line, number.column, "`[0x1]`")
        try:
            namespace = unsigned(number.value)
        except Misread as wrong:
            raise DqlError(prefix + str(wrong), number.line, number.column, "a number") from None
        for _ in range(3):
            self.step()
        return namespace

    def _declares_type(self) -> bool:
        return (
            self.token.value == "type"
            and self.peek(1).kind is Kind.TEXT
            and self.peek(2).kind is Kind.OPEN_CURLY
        )

    def _predicate(self, namespace: int) -> _Draft:
        draft = _Draft(self.token.value, namespace, self.token)
        token = self.step()
        if token.kind is Kind.AT or "@" in draft.name:
            raise wrong(token, "Invalid '@' in name", "a name without `@`")
        if token.kind is not Kind.COLON:
            raise wrong(token, "Missing colon", "`:`")
        self.step()
        self._value_type(draft)
        while self.token.kind is Kind.AT:
            self._directive(draft)
        if self.token.kind is not Kind.DOT:
            raise wrong(self.token, "Invalid ending", "`.` or a directive")
        token = self.step()
        if token.kind is Kind.END:
            self.back()
        elif token.kind is not Kind.NEWLINE:
            raise wrong(token, "Invalid ending", "a new line")
        return draft

    def _value_type(self, draft: _Draft) -> None:
        token = self.token
        if token.kind is Kind.OPEN_SQUARE:
            draft.list = True
            token = self.step()
        if token.kind is not Kind.TEXT:
            raise wrong(token, "Missing Type", _A_TYPE)
        draft.type = token.value.lower()
        if draft.type not in TYPES:
            raise wrong(token, "Undefined Type", "one of " + ", ".join(sorted(TYPES)))
        if draft.list and draft.type in ("password", "bool"):
            raise wrong(token, f"Unsupported type for list: [{draft.type}].", "another type")
        token = self.step()
        if draft.list:
            if token.kind is not Kind.CLOSE_SQUARE:
                raise wrong(token, f"Unclosed [ while parsing schema for: {draft.name}", "`]`")
            self.step()

    def _directive(self, draft: _Draft) -> None:
        token = self.step()
        if token.kind is not Kind.TEXT:
            raise wrong(token, "Missing directive name", "a directive")
        name = token.value
        if name == "reverse":
            if draft.type != "uid":
                raise wrong(token, "Cannot reverse for non-UID type", "another directive")
            draft.directive = name
        elif name == "index":
            draft.tokenizers, draft.vectors = read_index(self, draft.name, draft.type)
            draft.directive = name
        elif name == "lang":
            if draft.type != "string" or draft.list:
                reason = "@lang directive can only be specified for string type."
                got = f" Got: [{draft.type}] for attr: [0-{draft.name}]"
                raise wrong(token, reason + got, "another directive")
            draft.flags.add(name)
        elif name in _FLAGS:
            draft.flags.add(name)
        else:
            raise wrong(token, "Invalid index specification", "a directive")
        self.step()

    def _type(self, namespace: int) -> TypeDefinition:
        begin = self.token
        name = self.step().value
        self.step()
        fields: list[str] = []
        while True:
            token = self.step()
            if token.kind is Kind.CLOSE_CURLY:
                break
            if token.kind is Kind.TEXT:
                fields.append(token.value)
                self._field()
            elif token.kind is not Kind.NEWLINE:
                if token is NOTHING:
                    raise DqlError("Shouldn't reach here.", expected="`}`")
                raise wrong(token, f"Unexpected token. Got {token.value}", "a predicate or `}`")
        after = self.step()
        if after.kind not in (Kind.NEWLINE, Kind.END):
            reason = f"Expected new line or EOF after type declaration. Got {after}"
            raise wrong(after, reason, "a new line")
        self.back()
        seen: set[str] = set()
        for each in fields:
            if each in seen:
                raise wrong(self.token, f"Duplicate fields with name: {each}", "other fields")
            seen.add(each)
        return TypeDefinition(name, tuple(fields), namespace, begin.line, begin.column)

    def _field(self) -> None:
        """Step over what follows the name of a field: a new line, or a type of old times and one."""
        token = self.step()
        if token.kind is Kind.NEWLINE:
            return
        if token.kind is not Kind.COLON:
            raise wrong(token, f"Missing colon in type declaration. Got {token.value}", "a new line")
        token = self.step()
        is_list = token.kind is Kind.OPEN_SQUARE
        token = self.step() if is_list else token
        if token.kind is not Kind.TEXT:
            raise wrong(token, f"Missing field type in type declaration. Got {token.value}", _A_TYPE)
        token = self._past_bang()
        if is_list:
            if token.kind is not Kind.CLOSE_SQUARE:
                raise wrong(token, f"Expected matching square bracket. Got {token.value}", "`]`")
            token = self._past_bang()
        if token.kind is not Kind.NEWLINE:
            reason = f"Expected new line after field declaration. Got {token.value}"
            raise wrong(token, reason, "a new line")

    def _past_bang(self) -> Token:
        token = self.step()
        return self.step() if token.kind is Kind.BANG else token


def _check_index(draft: _Draft) -> None:
    """Raise DqlError when the last of `@index` and `@reverse` does not fit the rest."""
    if draft.type == "uid":
        return
    sortable = [name for name in draft.tokenizers if name in SORTABLE]
    if len(sortable) > 1:
        name = f"0-{draft.name}"
        reason = f"failed to enrich schema: More than one sortable index encountered for: {name}"
        raise DqlError(reason, draft.at.line, draft.at.column, "one sortable tokenizer")

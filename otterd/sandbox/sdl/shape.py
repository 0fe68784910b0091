"""Whether a GraphQL schema holds together: names, types, interfaces. Errors are in Dgraph's words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from otterd.sandbox.failures import unsupported
from otterd.sandbox.sdl.tree import Definition, Directive, Field, Refused

SCALARS: Mapping[str, str] = {
    "ID": "uid",
    "Boolean": "bool",
    "Int": "int",
    "Int64": "int",
    "Float": "float",
    "String": "string",
    "DateTime": "datetime",
}
"""GraphQL's scalar types that fields may have, and what they are in DQL."""

_RESERVED = frozenset(
    (*SCALARS, "Password", "Point", "Polygon", "MultiPolygon", "Query", "Mutation", "uid", "Subscription")
)
_UNNAMEABLE = frozenset((
    "Int64", "DateTime", "DgraphIndex", "AuthRule", "HTTPMethod", "Mode", "CustomHTTP", "IntFilter",
    "Int64Filter", "FloatFilter", "DateTimeFilter", "StringTermFilter", "StringRegExpFilter",
    "StringFullTextFilter", "StringExactFilter", "StringHashFilter", "PointGeoFilter", "PointRef",
    "NearFilter",
))  # fmt: skip
_DGRAPHS = frozenset((
    "Point", "Polygon", "MultiPolygon", "PointList", "PointListRef", "PolygonRef", "MultiPolygonRef",
    "WithinFilter", "ContainsFilter", "IntersectsFilter", "PolygonGeoFilter", "GenerateQueryParams",
    "GenerateMutationParams", "DgraphDefault", "IntRange", "FloatRange", "Int64Range", "DateTimeRange",
    "StringRange", "StringNgramFilter",
))  # fmt: skip
"""Further types that Dgraph itself has, and this does not."""
TAKEN: Mapping[str, str] = {"search": "by", "id": "interface", "hasInverse": "field"}
"""The directives of fields that are understood, and the argument that each may have."""
_UNTAKEN = frozenset((
    "embedding", "dgraph", "default", "withSubscription", "secret", "auth", "custom", "remote",
    "remoteResponse", "cascade", "lambda", "lambdaOnMutate", "cacheControl", "generate", "key",
    "extends", "external", "requires", "provides", "deprecated", "specifiedBy", "include", "skip",
))  # fmt: skip
_NOT_ON_TYPES = frozenset(TAKEN)


def shaped(definitions: Sequence[Definition]) -> list[Definition]:
    """Return `definitions`, each with the fields of its interfaces; raise Refused, or Failed."""
    _names(definitions)
    interfaces = {found.name: found for found in definitions if found.kind == "INTERFACE"}
    for found in definitions:
        if found.kind == "OBJECT" and found.interfaces:
            _inherit(found, interfaces)
    known: dict[str, Definition] = {}
    for found in definitions:
        if found.name in known or found.name in _DGRAPHS:
            raise Refused((found.line, f"Cannot redeclare type {found.name}."), several=True)
        known[found.name] = found
    for found in definitions:
        _whole(found, known)
    return list(definitions)


def _names(definitions: Sequence[Definition]) -> None:
    """Raise Refused for names that Dgraph keeps for itself."""
    reasons = [reason for found in definitions for reason in _own_names(found)]
    made = set(_UNNAMEABLE)
    for found in definitions:
        made |= _made_of(found)
    for found in definitions:
        if found.name in made:
            text = (
                f"{found.name} is a reserved word, so you can't declare a {found.kind} with this name. "
                f"Pick a different name for the {found.kind}."
            )
            reasons.append((found.line, text))
    if reasons:
        raise Refused(*reasons, several=True)


def _own_names(found: Definition) -> Iterator[tuple[int, str]]:
    if found.kind == "SCALAR":
        yield (
            found.line,
            "You can't add scalar definitions. "
            "Only type, interface, union, input and enums are allowed in initial schema.",
        )
    elif found.name in ("Query", "Mutation") and found.kind == "OBJECT":
        for field in found.fields:
            if field.directive("custom") or field.directive("lambda"):
                raise unsupported("@custom or @lambda in a GraphQL schema")
            yield (
                found.line,
                "GraphQL Query and Mutation types are only allowed to have fields with @custom/@lambda"
                " directive. Other fields are built automatically for you."
                f" Found {found.name} {field.name} without @custom/@lambda.",
            )
            break
    elif kept(found.name):
        yield (
            found.line,
            f"{found.name} is a reserved word, so you can't declare a type with this name. "
            "Pick a different name for the type.",
        )
    for directive in found.directives:
        if directive.name in _NOT_ON_TYPES:
            yield (
                directive.line,
                f"Type {found.name}; has the @{directive.name} directive, but it is not applicable at type"
                " level.",
            )


def kept(name: str) -> bool:
    """Tell whether nothing of a user's may have this name."""
    return name in _RESERVED or name.lower() == "as"


def _made_of(found: Definition) -> set[str]:
    """Return the names of the types that Dgraph makes of a type."""
    name = found.name
    if found.kind not in ("OBJECT", "INTERFACE") or name in ("Query", "Mutation"):
        return set()
    made = {f"{name}{end}" for end in ("Ref", "Patch", "AggregateResult", "Filter", "Order", "Orderable")}
    made |= {f"Update{name}Input", f"Update{name}Payload", f"Delete{name}Input"}
    return made | {f"Add{name}Input", f"Add{name}Payload"} if found.kind == "OBJECT" else made


def _inherit(found: Definition, interfaces: Mapping[str, Definition]) -> None:
    """Give a type the fields of the interfaces that it implements."""
    own = [field.name for field in found.fields]
    seen: dict[str, str] = {}
    for interface in (interfaces[name] for name in found.interfaces if name in interfaces):
        added: list[Field] = []
        for field in interface.fields:
            there = found.field(field.name)
            if own.count(field.name) == 1 and there is not None:
                _retold(found, interface, field, there)
                if field.name not in seen:
                    found.fields[found.fields.index(there)] = field
                elif field.kind.name != "ID":
                    added.append(field)
            elif field.kind.name == "ID" and field.name in seen and there is not None:
                if str(field.kind) != str(there.kind):
                    text = (
                        f"field {field.name} is of type {field.kind} in interface {interface.name}"
                        f" and is of type {there.kind} in interface {seen[field.name]}"
                    )
                    raise Refused((found.line, text), several=True)
            else:
                added.append(field)
            seen[field.name] = interface.name
        found.fields = [*added, *found.fields]


def _retold(found: Definition, interface: Definition, field: Field, there: Field) -> None:
    if str(field.kind) != str(there.kind):
        text = (
            f"For type {found.name} to implement interface {interface.name}"
            f" the field {field.name} must have type {field.kind}"
        )
        raise Refused((found.line, text), several=True)


def _whole(found: Definition, known: Mapping[str, Definition]) -> None:
    """Raise Refused unless everything that a definition names exists."""
    for field in found.fields:
        _private(field.line, field.name)
        _is_known(field, known)
        for directive in field.directives:
            _understood(directive)
    for name in found.interfaces:
        _implements(found, name, known)
    if found.kind != "ENUM" and not found.fields:
        raise Refused((found.line, f"{found.kind} must define one or more fields."), several=True)
    if found.kind == "ENUM" and not found.members:
        text = "ENUM must define one or more unique enum values."
        raise Refused((found.line, text), several=True)
    names = [field.name for field in found.fields]
    for at, name in enumerate(names):
        if name in names[at + 1 :]:
            line = found.fields[names.index(name, at + 1)].line
            raise Refused((line, f"Field {found.name}.{name} can only be defined once."), several=True)
    _private(found.line, found.name)
    for directive in found.directives:
        _understood(directive, of_type=True)


def _private(line: int, name: str) -> None:
    if name.startswith("__"):
        text = f'Name "{name}" must not begin with "__", which is reserved by GraphQL introspection.'
        raise Refused((line, text), several=True)


def _is_known(field: Field, known: Mapping[str, Definition]) -> None:
    base = field.kind.base
    if base in known or base in SCALARS:
        return
    if base in _DGRAPHS or base in _UNNAMEABLE or base.startswith("__"):
        raise unsupported(f"type {base} in a GraphQL schema")
    raise Refused((field.kind.line, f"Undefined type {base}."), several=True)


def _implements(found: Definition, name: str, known: Mapping[str, Definition]) -> None:
    if name not in known and name not in SCALARS:
        raise Refused((found.line, f'Undefined type "{name}".'), several=True)
    kind = known[name].kind if name in known else "SCALAR"
    if kind != "INTERFACE":
        text = f'"{name}" is a non interface type {kind}.'
        raise Refused((found.line, text), several=True)


def _understood(directive: Directive, *, of_type: bool = False) -> None:
    """Raise Refused for a directive that there is not, and Failed for one that is not supported."""
    _private(directive.line, directive.name)
    if directive.name in _UNTAKEN or (of_type and directive.name in TAKEN):
        raise unsupported(f"@{directive.name} in a GraphQL schema")
    if directive.name not in TAKEN:
        raise Refused((directive.line, f"Undefined directive {directive.name}."), several=True)
    for name, _ in directive.arguments:
        if name != TAKEN[directive.name]:
            text = f"{name} is not supported as an argument for {directive.name} directive."
            raise Refused((directive.line, text), several=True)
    if directive.name == "id" and directive.arguments:
        raise unsupported("@id(interface: …) in a GraphQL schema")

"""Whether the fields of a GraphQL schema and their directives make sense; errors are in Dgraph's words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from otterd.sandbox.failures import unsupported
from otterd.sandbox.sdl.search import check_search
from otterd.sandbox.sdl.shape import kept
from otterd.sandbox.sdl.tree import Definition, Directive, Field, Refused

Reason = tuple[int, str]
Known = Mapping[str, Definition]


def check_fields(definitions: Sequence[Definition]) -> None:
    """Raise Refused, with all reasons, unless the fields of `definitions` can be kept."""
    known = {found.name: found for found in definitions}
    reasons: list[Reason] = []
    for found in definitions:
        reasons += _ids(found)
        for at in range(len(found.fields)):
            reasons += _field(found, found.fields[at])
            # Checking an inverse may add a directive to a field, itself included.
            for directive in found.fields[at].directives:
                reasons += _DIRECTIVES[directive.name](known, found, found.fields[at], directive)
    if reasons:
        raise Refused(*reasons, several=True)


def _ids(found: Definition) -> Iterator[Reason]:
    ids = [field for field in found.fields if field.kind.base == "ID"]
    if len(ids) > 1:
        names = f"{', '.join(field.name for field in ids[:-1])} and {ids[-1].name}"
        yield (
            ids[0].line,
            f"Fields {names} are listed as IDs for type {found.name}, but a type can have only one ID field. "
            f"Pick a single field as the ID for type {found.name}.",
        )
    if found.kind == "OBJECT" and len(ids) == len(found.fields):
        yield (
            found.line,
            f"Type {found.name}; is invalid, a type must have atleast one field that is not of ID! type and"
            " doesn't have @custom/@lambda directive.",
        )


def _field(found: Definition, field: Field) -> Iterator[Reason]:
    where = f"Type {found.name}; Field {field.name}: "
    element = field.kind.element
    if element is not None and element.element is not None:
        yield field.line, f"{where}Nested lists are invalid."
    if kept(field.name):
        text = f"{field.name} is a reserved keyword and you cannot declare a field with this name."
        yield field.line, where + text
    elif field.name.endswith("Aggregate"):
        text = "Aggregate is a reserved keyword and you cannot declare a field with Aggregate as suffix."
        yield field.line, where + text
    if element is not None and element.base in ("ID", "Boolean"):
        yield field.line, f"{where}{element.base} lists are invalid."


def _check_id(known: Known, found: Definition, field: Field, directive: Directive) -> list[Reason]:
    if field.kind.name in ("String", "Int", "Int64"):
        return []
    text = (
        f"Type {found.name}; Field {field.name}: with @id directive must be of type String, Int or Int64, not"
        f" {field.kind}"
    )
    return [(directive.line, text)]


def _check_inverse(known: Known, found: Definition, field: Field, directive: Directive) -> list[Reason]:
    where = f"Type {found.name}; Field {field.name}: "
    base = field.kind.base
    far = known.get(base)
    if far is None or far.kind not in ("OBJECT", "INTERFACE"):
        text = f"Field {field.name} is of type {base}, but @hasInverse directive only applies"
        return [(field.line, f"{where}{text} to fields with object types.")]
    named = directive.argument("field")
    if named is None:
        return [(directive.line, f"{where}@hasInverse directive doesn't have field argument.")]
    inverse = far.field(named.raw)
    if inverse is None:
        text = f"inverse field {named.raw} doesn't exist for type {base}."
        return [(directive.line, where + text)]
    text = _mismatch(known, found, field, far, inverse)
    if text:
        return [(directive.line, text)]
    if inverse.directive("hasInverse") is None:
        back = Directive("hasInverse", directive.line, (("field", replace(named, raw=field.name)),))
        for each in [far, *_implementing(known, far)]:
            _mark(each, named.raw, back)
    return []


def _mismatch(known: Known, found: Definition, field: Field, far: Definition, inverse: Field) -> str:
    """Return why `field` and `inverse` are not each other's inverse, or the empty text."""
    near = found.name
    parent = parent_of(known, found, field.name)
    if parent is not None:
        told = parent.field(field.name)
        near = parent.name if told is not None and told.directive("hasInverse") else near
    if inverse.kind.base != near:
        return (
            f"Type {near}; Field {field.name}: @hasInverse is required to link the fields of same type, but"
            f" the field {inverse.name} is of the type {inverse.kind} instead of {near}. To link these make"
            " sure the fields are of the same type."
        )
    said = inverse.directive("hasInverse")
    if said is None:
        return ""
    argument = said.argument("field")
    if argument is None:
        raise unsupported("@hasInverse without a field")
    if argument.raw == field.name:
        return ""
    return (
        f"Type {near}; Field {field.name}: @hasInverse should be consistant."
        f" {near}.{field.name} is the inverse of {far.name}.{inverse.name},"
        f" but {far.name}.{inverse.name} is the inverse of {near}.{argument.raw}."
    )


def _implementing(known: Known, interface: Definition) -> list[Definition]:
    if interface.kind != "INTERFACE":
        return []
    return [each for each in known.values() if interface.name in each.interfaces]


def _mark(found: Definition, name: str, directive: Directive) -> None:
    for at, field in enumerate(found.fields):
        if field.name == name:
            found.fields[at] = replace(field, directives=[*field.directives, directive])


def parent_of(known: Known, found: Definition, name: str) -> Definition | None:
    """Return the first interface of `found` that has the field `name`."""
    interfaces = (known[interface] for interface in found.interfaces)
    return next((each for each in interfaces if each.field(name) is not None), None)


def _check_search(known: Known, found: Definition, field: Field, directive: Directive) -> list[Reason]:
    text = check_search(known, field, directive)
    return [(directive.line, f"Type {found.name}; Field {field.name}: {text}")] if text else []


_DIRECTIVES: Mapping[str, Callable[[Known, Definition, Field, Directive], list[Reason]]] = {
    "id": _check_id,
    "hasInverse": _check_inverse,
    "search": _check_search,
}

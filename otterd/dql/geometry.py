"""GeoJSON: which texts are geometries that Dgraph stores."""

import json

from otterd.dql.golang import Misread, floating
from otterd.dql.json_text import Array, Json, NotJson, Number, Object, parse_json

_DEPTHS = {
    "Point": 0,
    "LineString": 1,
    "MultiPoint": 1,
    "Polygon": 2,
    "MultiLineString": 2,
    "MultiPolygon": 3,
}
"""How many arrays lie around a position in the coordinates of each kind."""

_DEEPEST = 10_000
"""How deep Go reads JSON."""

_COLLECTION = "GeometryCollection"


def flaw_of_geojson(text: str) -> str:
    """Return why `text` is no geometry that Dgraph stores, or nothing."""
    try:
        value = parse_json(text, _DEEPEST)
    except NotJson as wrong:
        return f"Error while unmarshalling: [{text}] as geojson: {wrong}"
    flaw = flaw_of_geometry(value)
    # Dgraph wraps what is wrong with the JSON, and not what it cannot store.
    return (
        flaw
        if flaw.startswith(("geom: unsupported", "cannot encode")) or not flaw
        else (f"Error while unmarshalling: [{text}] as geojson: {flaw}")
    )


def flaw_of_geometry(value: Json) -> str:
    """Return why `value` is no geometry that Dgraph stores, or nothing."""
    left = [value]
    while left:
        each = left.pop()
        if not isinstance(each, Object):
            return "json: cannot unmarshal it into a geometry"
        kind = _member(each, "type")
        if kind == _COLLECTION:
            inner = _member(each, "geometries")
            if isinstance(inner, Array):
                left.extend(item for _, item in inner.items)
            elif inner is not None:
                return "json: cannot unmarshal its geometries"
            continue
        flaw = _flaw_of_simple(kind, _member(each, "coordinates"))
        if flaw:
            return flaw
    return ""


def _member(value: Object, name: str) -> Json:
    """Return what stands under `name` in any case; of several the last."""
    found: Json = None
    for key, (_, member) in value.members.items():
        if key.lower() == name:
            found = member
    return found


def _flaw_of_simple(kind: Json, coordinates: Json) -> str:
    if not isinstance(kind, str | None):
        return "json: cannot unmarshal its type"
    if kind not in _DEPTHS:
        return f"geojson: unsupported type: {kind or ''}"
    if coordinates is None:
        return "geom: unsupported layout NoLayout"
    sizes: list[int] = []
    flaw = _measure(coordinates, _DEPTHS[kind], sizes)
    if flaw:
        return flaw
    if kind == "Point" and sizes == [0]:
        return "cannot encode empty Point in WKB"
    first = 2 if _starts_empty(coordinates, _DEPTHS[kind]) else sizes[0]
    if first < 2:
        return f"geojson: dimensionality too low ({first})"
    other = next((size for size in sizes if size != first), first)
    if other != first:
        return f"geom: stride mismatch, got {other}, want {first}"
    return f"geom: unsupported layout Layout({first})" if first > 4 else ""


def _starts_empty(value: Json, depth: int) -> bool:
    """Tell whether there is no position at the very beginning of the coordinates."""
    for _ in range(depth):
        if not isinstance(value, Array) or not value.items:
            return True
        value = value.items[0][1]
    return False


def _measure(value: Json, depth: int, sizes: list[int]) -> str:
    """Note how many numbers each position in `value` has; `depth` is at most 3."""
    if value is None:
        if not depth:
            sizes.append(0)
        return ""
    if not isinstance(value, Array):
        return "json: cannot unmarshal its coordinates"
    if depth:
        return next(filter(None, (_measure(item, depth - 1, sizes) for _, item in value.items)), "")
    for _, item in value.items:
        if item is None:
            continue
        try:
            floating(item.text if isinstance(item, Number) else "")
        except Misread:
            return "json: cannot unmarshal a coordinate"
    sizes.append(len(value.items))
    return ""


def geojson(value: Json) -> str:
    """Return the JSON of `value`, a geometry in which no flaw was found."""
    if isinstance(value, Object):
        members = (f"{json.dumps(key)}:{geojson(member)}" for key, (_, member) in value.members.items())
        return "{" + ",".join(members) + "}"
    if isinstance(value, Array):
        return "[" + ",".join(geojson(item) for _, item in value.items) + "]"
    return value.text if isinstance(value, Number) else json.dumps(value)

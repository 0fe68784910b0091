"""The JSON body of a request to `/query`: the text of the query and its variables."""

from json import loads

import msgspec

from otterd.edges.http.golang import Unsure, ignorable


class QueryText(msgspec.Struct):
    """The text, and its variables if there are any."""

    query: str = ""
    variables: dict[str, str] | None = None


class _StrictText(QueryText, forbid_unknown_fields=True):
    pass


_text = msgspec.json.Decoder(QueryText).decode
_strict_text = msgspec.json.Decoder(_StrictText).decode
_keys = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_NAMES = frozenset(("query", "variables"))


def query_text(body: bytes) -> QueryText:
    """Return what `body` says, where Go certainly reads the same."""
    try:
        # Go merges the maps of a key that comes twice.
        if (b"\\u" in body or body.count(b"variables") > 1) and _twice(body, "variables"):
            raise Unsure
        try:
            return _strict_text(body)
        except msgspec.ValidationError:
            if not all(key in _NAMES or ignorable(key, _NAMES) for key in _keys(body)):
                raise Unsure from None
            return _text(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise Unsure from None


def _twice(body: bytes, name: str) -> bool:
    pairs: list[tuple[str, object]] = loads(body, object_pairs_hook=list)
    return len([key for key, _ in pairs if key == name]) > 1

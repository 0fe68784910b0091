"""The JSON body of a request to `/query`, as msgspec reads it: what cannot be built as machine code."""

import msgspec


class QueryText(msgspec.Struct):
    """The text of a query, and its variables; UNSET when the body has no member of that name."""

    query: str = ""
    variables: dict[str, str] | msgspec.UnsetType | None = msgspec.UNSET


class _Strict(QueryText, forbid_unknown_fields=True):
    pass


strict = msgspec.json.Decoder(_Strict).decode
"""Reads a body that has no other members."""
loose = msgspec.json.Decoder(QueryText).decode
"""Reads any; others are left out."""
members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
"""Reads what members there are."""

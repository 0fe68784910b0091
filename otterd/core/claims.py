"""The claims of a token that Otter reads, as msgspec reads them: what cannot be built as machine code."""

import msgspec


class _Claims(msgspec.Struct):
    namespace: int | float = 0


claims = msgspec.json.Decoder(_Claims).decode
"""Reads them; all others are left out."""

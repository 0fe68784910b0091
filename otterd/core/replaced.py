"""Copies of Structs with some fields changed, also where these are built as plain classes."""

from typing import Any, TypeVar

T = TypeVar("T")


def replaced(struct: T, **changes: Any) -> T:
    """Return a copy of `struct` in which the fields named in `changes` have other values."""
    fields: tuple[str, ...] = struct.__struct_fields__  # type: ignore[attr-defined]
    return type(struct)(**({name: getattr(struct, name) for name in fields} | changes))

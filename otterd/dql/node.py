"""How the nodes of a tree are declared."""

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def node(kind: type[T]) -> type[T]:
    """Make `kind` a slotted dataclass, which only the type checker holds to be frozen.

    To set a field of a class frozen at run time takes ten times as long, and a text has hundreds.
    """
    return dataclass(slots=True, unsafe_hash=True)(kind)

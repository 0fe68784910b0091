"""Which requests stay with the alpha that began their transaction."""

from otterd.core.balance.policy import Ask
from otterd.core.operation import DATA


def pin_of(ask: Ask) -> str:
    """Return the alpha with which `ask` stays, "" when any will do."""
    return ask.pin if ask.purpose in DATA else ""


def pin_first(order: tuple[str, ...], pin: str) -> tuple[str, ...]:
    """Return `order` with `pin` first, if it is among them."""
    if not pin or pin not in order or order[0] == pin:
        return order
    return (pin, *(address for address in order if address != pin))

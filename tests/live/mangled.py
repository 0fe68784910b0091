"""Spoil good texts a little, so that a parser meets what is almost right."""

from random import Random


def mangled(random: Random, text: str, marks: str) -> str:
    """Return `text` after one to three small changes, with characters out of `marks`."""
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        at = random.randrange(len(text) + 1)
        to = min(len(text), at + random.choice((0, 1, 1, 1, 2, 5)))
        change = random.randrange(5)
        if change == 0:
            text = text[:at] + text[to:]
        elif change == 1:
            text = text[:at] + random.choice(marks) + text[at:]
        elif change == 2:
            text = text[:at] + random.choice(marks) + text[to:]
        elif change == 3:
            text = text[:at] + text[at:to] * 2 + text[to:]
        else:
            other = random.randrange(len(text) + 1)
            text = text[:at] + text[other : other + 6] + text[at:]
    return text

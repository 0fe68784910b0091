"""Good documents broken by chance: tokens lost, doubled, swapped, taken from elsewhere."""

import re
from collections.abc import Sequence
from random import Random

_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[A-Za-z_~0-9.]+|\s+|.', re.DOTALL)
STRANGE = (
    "{", "}", "(", ")", "[", "]", ",", ":", "@", "$", ".", "...", "/", "*", "-", "+", "=", "!", "<", ">",
    "<=", "#", '"', '\\', "'", ";", "&", "é", '\u2028', '\x00', '\n', '\r', "as", "AS", "and", "not",
    "count", "count(", "uid", "val", "val(", "math(", "expand(", "func:", "@filter", "@filter(",
    "@facets", "@facets(", "@cascade", "@groupby(", "@recurse", "@normalize", "@en", "first:",
    "orderasc:", "min(", "<a b>", "<x>", "<>", "<$x>", "$a", "1", "0", "-1", '"x"', "/a/", "query",
    "fragment", "schema", "mutation", "set", "{}", "()", "uid()", "eq(", "type(", "shortest(", "from:",
    "var(", "similar_to(", "ef:", "uid_in(", "near(", "regexp(", ", /a/i", "<a@b>", "_all_", "len(",
    "checkpwd(",
)  # fmt: skip


def mangled(text: str, chance: Random, others: Sequence[str]) -> str:
    """Return `text` with one to four changes."""
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 4))):
        pieces = _PIECE.findall(text)
        if not pieces:
            return text
        at = chance.randrange(len(pieces))
        way = chance.randrange(9)
        if way == 0:
            del pieces[at]
        elif way == 1:
            pieces.insert(at, pieces[at])
        elif way == 2:
            other = chance.randrange(len(pieces))
            pieces[at], pieces[other] = pieces[other], pieces[at]
        elif way in (3, 4):
            pieces.insert(at, chance.choice(STRANGE))
        elif way == 5:
            pieces[at] = chance.choice(STRANGE)
        elif way == 6:
            del pieces[at : at + chance.randrange(1, 6)]
        elif way == 7:
            donor = _PIECE.findall(chance.choice(others))
            start = chance.randrange(len(donor))
            pieces[at:at] = donor[start : start + chance.randrange(1, 12)]
        else:
            spot = chance.randrange(len(text))
            text = text[:spot] + chance.choice(STRANGE) + text[spot + chance.randrange(2) :]
            continue
        text = "".join(pieces)
    return text

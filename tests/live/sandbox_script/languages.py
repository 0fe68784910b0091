"""Orders and comparisons in a language, over predicates of their own."""

# ruff: noqa: E501
from tests.live.differential.case import Case, query
from tests.live.sandbox_script.changes import alter, case, sets

_SAID = [
    "be",
    "Be",
    "bé",
    "Ba",
    "zeta",
    "Éa",
    "ea",
    "10",
    "9",
    "a b",
    "ab",
    "a-b",
    "cote",
    "coté",
    "côte",
    "côté",
    "_x",
    "x!",
]

_GROUND = case(
    "texts in languages",
    alter("$P.say: string @lang @index(exact) .\n$P.saw: string @lang .\n$P.kind: string .\n$P.mix: string @lang ."),
    sets(
        *(f'<{0x2101 + at:#x}> <$P.say> "{text}"@en .\n<{0x2101 + at:#x}> <$P.saw> "{text}"@fr .\n<{0x2101 + at:#x}> <$P.kind> "{"abc"[at % 3]}" .' for at, text in enumerate(_SAID)),
        '<0x2101> <$P.mix> "eins"@de .\n<0x2101> <$P.mix> "one" .\n<0x2102> <$P.mix> "un"@fr .\n<0x2103> <$P.mix> "two" .\n<0x2104> <$P.mix> "Drei"@de .',
    ),
)  # fmt: skip

_BLOCKS = """
q(func: has($P.say), orderasc: $P.say@en) { $P.say@en }
q(func: has($P.say), orderdesc: $P.say@en) { $P.say@en }
q(func: has($P.say), orderasc: $P.saw@fr) { $P.saw@fr }
q(func: has($P.say), orderdesc: $P.saw@fr) { $P.saw@fr }
q(func: has($P.say), orderasc: $P.say@en, first: 4) { $P.say@en }
q(func: has($P.say), orderasc: $P.say@en, first: 4, offset: 3) { $P.say@en }
q(func: has($P.say), orderdesc: $P.saw@fr, first: 4, offset: 3) { $P.saw@fr }
q(func: has($P.say), orderasc: $P.kind, orderasc: $P.say@en) { $P.kind $P.say@en }
q(func: has($P.say), orderasc: $P.kind, orderdesc: $P.saw@fr) { $P.kind $P.saw@fr }
q(func: has($P.say), orderasc: $P.say@en, orderasc: $P.kind) { $P.say@en }
q(func: has($P.say), orderasc: $P.saw@fr, orderdesc: $P.kind, first: 5) { $P.saw@fr }
q(func: has($P.say), orderasc: $P.mix@de, first: 6) { uid $P.mix@de }
q(func: has($P.mix), orderasc: $P.mix@fr) { uid $P.mix@fr }
q(func: has($P.mix), orderasc: $P.mix@.) { uid $P.mix@. }
q(func: has($P.mix), orderdesc: $P.mix@.) { uid $P.mix@de:fr:. }
q(func: has($P.mix), orderasc: $P.mix) { uid $P.mix@fr:de:. }
q(func: has($P.mix), orderasc: $P.mix@de:fr) { uid }
q(func: has($P.mix), orderasc: $P.mix@de:.) { uid }
q(func: has($P.mix)) { $P.mix@de:fr $P.mix@fr:. $P.mix@. }
q(func: ge($P.say@en, "be")) { $P.say@en }
q(func: gt($P.say@en, "be")) { $P.say@en }
q(func: le($P.say@en, "be")) { $P.say@en }
q(func: lt($P.say@en, "be")) { $P.say@en }
q(func: between($P.say@en, "a", "cote")) { $P.say@en }
q(func: eq($P.say@en, "côté")) { $P.say@en }
q(func: eq($P.say@en, ["be", "Be"])) { $P.say@en }
q(func: eq($P.say, "be")) { $P.say@en }
q(func: has($P.say)) @filter(ge($P.say@en, "be")) { $P.say@en }
q(func: has($P.say)) @filter(le($P.say@en, "be")) { $P.say@en }
q(func: has($P.say)) @filter(ge($P.saw@fr, "be")) { $P.saw@fr }
q(func: has($P.mix)) @filter(eq($P.mix@de, "eins")) { uid }
q(func: has($P.mix)) @filter(eq($P.mix@., "one")) { uid }
q(func: has($P.mix)) @filter(eq($P.mix@de:fr, "un")) { uid }
q(func: has($P.say), orderasc: $P.say@sv) { uid }
q(func: has($P.say), orderasc: $P.say@.) { uid }
q(func: eq($P.say@., "be")) { uid }
"""

LANGUAGES: list[Case] = [_GROUND, *(query(line, f"{{ {line} }}") for line in _BLOCKS.splitlines() if line)]

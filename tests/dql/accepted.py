"""Where the parser's words or verdict differ from an alpha's, each with its reason."""

import re

# Verdicts, by the parser's word: what it refuses though an alpha takes it.
LIMITS = {
    "words in one query": "memory must not grow with the text; 64 KiB hold no more",
    "nested deeper than": "whoever walks the tree may recurse; an alpha has no limit",
    "selections in one query": "fragments that hold fragments grow beyond any memory, an alpha's too",
    "ends an alpha's process": "the alpha panics on it, so it cannot be asked",
}

# Words, by a pattern of either's: why an alpha's may be others for the same refusal.
WORDS = {
    (
        r"Mutation block no longer allowed\.|Upsert block not allowed|lex\.Item \[(18|21)\]"
        r"|(mutation|upsert)( \w+)?(: .*)?\Z|Expected @if|Matching brackets not found|Unopened"
    ): ("the rest of a mutation is not lexed, since it is refused whatever it holds"),
    r"should be initialised|not specified|Type .* not supported|Expected an? \w+ but got": (
        "of several wrong variables an alpha names one by chance"
    ),
}


def limit(words: str) -> str:
    """Return why the parser alone refuses, or ""."""
    return next((reason for part, reason in LIMITS.items() if part in words), "")


def other_words(mine: str, theirs: str = "") -> str:
    """Return why an alpha may say `theirs` for `mine`, or ""."""
    ends = (mine[-200:], theirs[-200:])
    return next((why for pattern, why in WORDS.items() if any(re.search(pattern, end) for end in ends)), "")

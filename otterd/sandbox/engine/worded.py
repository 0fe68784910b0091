"""allofterms, anyofterms, regexp and match: what texts say."""

from __future__ import annotations

from otterd.sandbox.engine.call import Call
from otterd.sandbox.engine.terms import distance, expression, has_trigram, terms, too_wide, trigrams
from otterd.sandbox.failures import Failed, unsupported


def by_terms(call: Call) -> list[int]:
    call.need(1)
    if "term" not in call.predicate.tokenizers:
        raise Failed(f"Attribute {call.bare} is not indexed with type term")
    wanted = set(terms(call.words[0]))
    every = call.name == "allofterms"
    call.check()

    def fits(words: set[str]) -> bool:
        return bool(wanted) and (wanted <= words if every else bool(wanted & words))

    def matches(uid: int) -> bool:
        said = [str(p.value.data) for p in call.view.values(call.bare, uid) if p.value is not None]
        if not fits({word for text in said for word in terms(text)}):
            return False
        if not call.by_language:
            return True
        return any(fits(set(terms(str(value.data)))) for value in call.spoken(uid))

    after = call.part.after if call.among is None else 0
    return [uid for uid in call.candidates() if uid > after and matches(uid)]


def by_expression(call: Call) -> list[int]:
    call.need(2)
    pattern = expression(call.words[0], call.words[1])
    call.check()
    if call.predicate.is_edge:
        raise Failed(f"Attribute not scalar: {call.bare} uid")
    if call.predicate.kind != "string":
        raise Failed("Got non-string type. Regex match is allowed only on string type.")
    if call.among is None:
        if "trigram" not in call.predicate.tokenizers:
            raise Failed(
                f"Attribute {call.bare} does not have trigram index for regex matching. Please add a"
                " trigram index or use has/uid function with regexp() as filter."
            )
        if too_wide(call.words[0]):
            raise Failed("regular expression is too wide-ranging and can't be executed efficiently")
        if not has_trigram(call.words[0]):
            raise unsupported("a regular expression at the root without three letters in a row")
    after = call.part.after if call.among is None else 0
    return [
        uid
        for uid in call.candidates()
        if uid > after and any(text and pattern.search(text) for text in call.texts(uid))
    ]


def by_likeness(call: Call) -> list[int]:
    call.need(2)
    if "trigram" not in call.predicate.tokenizers:
        raise Failed(f"Attribute {call.bare} is not indexed with type trigram")
    text, most = call.words
    if not most.lstrip("+-").isdigit():
        raise Failed(f"Levenshtein distance value must be an int, got {most}")
    if int(most) < 0:
        raise Failed(f"Levenshtein distance value must be greater than 0, got {most}")
    call.check()
    after = call.part.after if call.among is None else 0

    def near(uid: int) -> bool:
        return any(said and distance(said, text) <= int(most) for said in call.texts(uid))

    def shares(uid: int) -> bool:
        values = call.view.values(call.bare, uid)
        return any(trigrams(text) & trigrams(str(p.value.data)) for p in values if p.value is not None)

    looked_up = call.among is None
    return [uid for uid in call.candidates() if uid > after and near(uid) and (not looked_up or shares(uid))]

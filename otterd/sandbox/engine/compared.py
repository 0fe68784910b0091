"""eq, le, lt, ge, gt and between: of values, and of counts."""

from __future__ import annotations

from otterd.sandbox.engine.call import Call
from otterd.sandbox.engine.collation import COMMON, in_index
from otterd.sandbox.engine.compare import between, holds
from otterd.sandbox.engine.langs import preferred, untagged
from otterd.sandbox.engine.tokens import check_token, picked
from otterd.sandbox.failures import Failed, unsupported
from otterd.sandbox.values import Value, converted

FEW = 10
"""Below so many candidates a comparison looks at their values, and not at an index."""


def by_count(call: Call) -> list[int]:
    call.need(2 if call.name == "between" else 1)
    numbers = [_threshold(call, word) for word in call.words]
    call.check()
    low, high = numbers[0], numbers[-1]

    def fits(uid: int) -> bool:
        edges = (
            call.view.targets(call.attr, uid) if call.predicate.is_edge else call.view.values(call.bare, uid)
        )
        count = Value("int", len(edges))
        if call.name == "between":
            return between(count, Value("int", low), Value("int", high))
        return holds(call.name, count, Value("int", low))

    if call.among is None:
        if not call.predicate.count:
            raise Failed(f"Need @count directive in schema for attr: {call.bare} for fn: {call.name} at root")
        least = {"lt": 2, "gt": 0}.get(call.name, 1)
        if low < least or high < min(least, 1):
            raise Failed(
                "count(predicate) cannot be used to search for negative counts (nonsensical) or zero"
                " counts (not tracked)."
            )
    return [uid for uid in call.candidates() if fits(uid)]


def _threshold(call: Call, word: str) -> int:
    try:
        number = int(word, 0)
    except ValueError:
        raise Failed(
            f"Compare {call.name}({call.words[0]}) require digits, but got invalid num:"
            f' strconv.ParseInt: parsing "{word}": invalid syntax'
        ) from None
    if not 0 <= number < 1 << 32:
        raise Failed(f"Compare {call.name}: threshold value {number} must be between 0 and {(1 << 32) - 1}")
    return number


def _wanted(call: Call) -> list[Value]:
    """Return the arguments of a comparison as values of the predicate's kind."""
    if call.name == "eq" and not call.words:
        raise Failed("eq expects atleast 1 argument.")
    if call.name == "between" and len(call.words) != 2:
        raise Failed("between expects exactly 2 argument.")
    if call.name not in ("eq", "between") and len(call.words) != 1:
        raise Failed(f"{call.name} expects only 1 argument. Got: [{' '.join(call.words)}]")
    values = []
    for word in call.words:
        try:
            if call.predicate.is_edge:
                raise Failed(f"Attribute {call.bare} is not valid scalar type")
            values.append(converted(Value("string", word), call.predicate.kind))
        except Failed as failure:
            if failure.text.startswith("sandbox:"):
                raise
            args = " ".join(f'args:"{each}"' for each in call.words)
            said = f'name:"{call.name}"  {args}'
            raise Failed(f"Got error: {failure.text} while running: {said}") from None
    return values


def by_value(call: Call) -> list[int]:
    wanted = _wanted(call)
    few = call.among is not None and len(call.among) < FEW and 0 not in call.among
    tokenizer = ""
    if call.predicate.tokenizers and (call.name == "eq" or not few):
        tokenizer = picked(call.predicate, call.name, call.place)
        if call.name == "eq":
            for value in wanted:
                check_token(tokenizer, value, call.place)
    call.check_reverse()
    if call.among is None and not tokenizer:
        raise Failed(f"Predicate {call.bare} is not indexed")
    call.check_language()

    unindexed = call.among is not None and (few or not tokenizer)
    lang = "" if unindexed or not call.part.langs else call.part.langs[0]
    if lang == "." and call.name != "eq":
        raise unsupported(f"{call.name} in any language")

    def fits(value: Value) -> bool:
        return _fits(call.name, value, wanted)

    if call.among is not None and unindexed:
        return [uid for uid in call.among if any(map(fits, _looked_at(call, uid)))]
    after = call.part.after if call.among is None else 0
    found = [uid for uid in call.candidates() if uid > after]
    if lang and call.name != "eq":
        found = _indexed(call, found, wanted)
    if lang == "." and tokenizer == "exact":
        return [uid for uid in found if any(map(fits, _english(call, uid)))]
    return [uid for uid in found if any(map(fits, call.spoken(uid)))]


def _indexed(call: Call, uids: list[int], wanted: list[Value]) -> list[int]:
    """Return those of `uids` that an index finds; its entries are of all languages, one after the other."""
    bounds = [in_index(value, call.lang) for value in wanted]
    langs = {posting.lang for _, posting in call.view.scan(call.bare) if posting.lang}
    if call.among is not None and len(langs) > 1:
        raise unsupported(f"a filter by {call.name} of texts in several languages")

    def found(uid: int) -> bool:
        spoken = [p for p in call.view.values(call.bare, uid) if p.lang and p.value is not None]
        return any(_fits(call.name, in_index(p.value, p.lang), bounds) for p in spoken if p.value is not None)

    return [uid for uid in uids if found(uid)]


def _english(call: Call, uid: int) -> list[Value]:
    """Return the values of a node among which an index looks for `.`, which it takes for English."""
    said = [(posting.lang, posting.value) for posting in call.view.values(call.bare, uid)]
    if any(lang and lang not in COMMON for lang, _ in said):
        raise unsupported("eq in any language, where there are rare ones,")
    return [value for lang, value in said if lang == "en" and value is not None]


def _fits(name: str, value: Value, wanted: list[Value]) -> bool:
    if name == "between":
        return between(value, wanted[0], wanted[1])
    return any(holds(name, value, each) for each in wanted)


def _looked_at(call: Call, uid: int) -> list[Value]:
    """Return the values of a node that a comparison without an index looks at."""
    if call.predicate.is_list and not call.part.langs:
        found = untagged(call.view, call.bare, uid)
    else:
        posting = preferred(call.view, call.bare, uid, call.part.langs)
        found = [posting] if posting is not None else []
    return [posting.value for posting in found if posting.value is not None]

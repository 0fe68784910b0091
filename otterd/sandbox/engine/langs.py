"""Which value of a cell answers a request for languages."""

from __future__ import annotations

from otterd.sandbox.store import Posting, View


def untagged(view: View, pred: str, uid: int) -> list[Posting]:
    """Return the values of a cell that have no language."""
    return [posting for posting in view.values(pred, uid) if not posting.lang]


def preferred(view: View, pred: str, uid: int, langs: tuple[str, ...]) -> Posting | None:
    """Return the value of the first of `langs` that is there; `.` is the untagged one, or any."""
    for lang in langs:
        if lang == ".":
            break
        found = view.value(pred, uid, lang)
        if found is not None:
            return found
    else:
        return None if langs else next(iter(untagged(view, pred, uid)), None)
    return next(iter((*untagged(view, pred, uid), *view.values(pred, uid))), None)


def spoken(view: View, pred: str, uid: int, lang: str, *, is_list: bool) -> list[Posting]:
    """Return the values that a function with the language `lang` looks at: one, or those of a list."""
    if lang:
        found = view.value(pred, uid, lang)
        return [found] if found is not None else []
    values = untagged(view, pred, uid)
    return values if is_list else values[:1]

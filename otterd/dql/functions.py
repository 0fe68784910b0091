"""Functions: `eq(name@en, "a")`, `uid(0x1, v)`, `near(loc, [1.0, 2.0], 5)` and the like."""

from otterd.dql.call import Call
from otterd.dql.cursor import DEEPEST, Cursor, plain, too_deep, variable_name
from otterd.dql.draft import Draft
from otterd.dql.errors import DqlError, Unlike
from otterd.dql.golang import quoted
from otterd.dql.lexer import (
    AT,
    COLON,
    COMMA,
    DOLLAR,
    END,
    LEFT_CURL,
    LEFT_ROUND,
    LEFT_SQUARE,
    MATH,
    NAME,
    REGEX,
    RIGHT_CURL,
    RIGHT_ROUND,
    RIGHT_SQUARE,
)
from otterd.dql.lists import geo, values
from otterd.dql.literals import TooLarge, Unreadable, unsigned
from otterd.dql.tree import Arg, Func, Holds, Need

COMPARISONS = frozenset(("eq", "le", "ge", "gt", "lt", "between"))
GEO = frozenset(("near", "contains", "within", "intersects"))
AT_ROOT = COMPARISONS | GEO | frozenset(
    (
        "regexp", "anyofterms", "allofterms", "alloftext", "anyoftext", "ngram", "has", "uid", "uid_in",
        "anyof", "allof", "type", "match", "similar_to",
    )
)  # fmt: skip
_LISTS = COMPARISONS | {"uid_in", "similar_to"}
_TO_CLEAN = frozenset(("", '"', " ", "\t"))
_NAMES_VARIABLES = frozenset(("uid", "val", "len", "var"))
_OPTIONS = ("ef", "distance_threshold")


def function(cursor: Cursor, root: Draft | None = None, depth: int = 0) -> Func:
    """Return the function whose name is the next token; a uid of a `root` block also goes to that."""
    if depth > DEEPEST:
        raise too_deep("functions")
    call = _begun(cursor, root)
    kinds = cursor.kinds
    similar = call.name == "similar_to"
    while True:
        cursor.at += 1
        kind = kinds[cursor.at]
        if kind == RIGHT_ROUND:
            break
        if kind == COMMA:
            if call.want or call.dollar:
                raise _comma(cursor, call)
            call.want = True
        elif kind == NAME and not (similar and call.attr and len(call.args) >= 2):
            _argument(cursor, call, "")
        elif kind == LEFT_ROUND:
            _nested(cursor, call, depth)
        elif kind == AT:
            if call.tag_at != cursor.at:
                reason = "Invalid usage of '@' in function argument, must only appear immediately after attr."
                raise cursor.fail(reason, "an @ right behind the predicate")
            call.tag = True
        elif kind == DOLLAR:
            if call.dollar:
                raise cursor.fail("Invalid use of $ in func args", "the name of a variable")
            call.dollar = True
        elif kind == END:
            cursor.at = cursor.end
            break
        else:
            _other(cursor, call, kind)
    _check(cursor, call)
    return call.built()


def _begun(cursor: Cursor, root: Draft | None) -> Call:
    """Read the name of a function and its opening bracket."""
    if cursor.step() != NAME:
        shown = quoted(cursor.values[cursor.at])
        raise cursor.fail(f"Expected a function but got {shown}", "a function")
    position = cursor.starts[cursor.at]
    call = Call(cursor.joined(cursor.values[cursor.at]).lower(), position, root)
    if not cursor.take(LEFT_ROUND):
        raise cursor.fail(f"Expected ( after func name [{call.name}]", "(", ahead=1)
    return call


def _comma(cursor: Cursor, call: Call) -> DqlError:
    if call.want:
        return cursor.fail("Invalid use of comma.", "an argument")
    return cursor.fail("Invalid use of comma after dollar.", "the name of a variable")


def _other(cursor: Cursor, call: Call, kind: int) -> None:
    """Read an argument that is neither a name nor a function."""
    if kind == MATH:
        sign = cursor.values[cursor.at]
        cursor.step()
        _argument(cursor, call, sign)
    elif kind == REGEX:
        call.args += regex(cursor.values[cursor.at], cursor.starts[cursor.at])
        call.want = False
    elif kind == LEFT_SQUARE:
        if call.name in GEO:
            call.args.append(geo(cursor))
        elif call.name in _LISTS:
            call.args += values(cursor)
        else:
            raise cursor.fail("Unexpected character [ while parsing request.", "an argument")
        call.want = False
    elif kind == RIGHT_SQUARE:
        call.want = False
    elif kind in (LEFT_CURL, RIGHT_CURL):
        shown = "U+007B '{'" if kind == LEFT_CURL else "U+007D '}'"
        raise cursor.fail(f"Unrecognized character inside a func: {shown}", "an argument")
    elif kind == NAME:
        _option(cursor, call)
    else:
        reason = f"Expected arg after func [{call.name}], but got item {cursor.shown()}"
        raise cursor.fail(reason, "an argument")


def regex(text: str, position: int) -> tuple[Arg, Arg]:
    """Return the expression and the flags of a regular expression written `/a/i`; raise DqlError."""
    if not text:
        raise DqlError("Found empty regex: []", expected="/.../")
    end = text.rfind("/")
    if end < 1 or text[0] != "/":
        raise DqlError(f"Found invalid regex: [{text}]", expected="/.../")
    return Arg(text[1:end].replace("\\/", "/"), position), Arg(text[end + 1 :], position)


def _nested(cursor: Cursor, call: Call, depth: int) -> None:
    """Read a function that is an argument; the cursor is on its bracket."""
    if call.nested:
        raise cursor.fail("Multiple functions as arguments not allowed", "one function")
    bracket = cursor.at
    cursor.at -= 2
    inner = function(cursor, call.root, depth + 1)
    call.nested = True
    call.want = False
    problem = _placed(call, inner)
    if problem:
        cursor.at = bracket
        raise cursor.fail(problem, "val, count, len or uid")


def _placed(call: Call, inner: Func) -> str:
    """Make `inner` an argument of `call`; return what forbids it, or ""."""
    if inner.name == "count":
        call.attr, call.of = inner.attr, "count"
        return ""
    if inner.name not in ("val", "len", "uid"):
        return f"Only val/count/len/uid allowed as function within another. Got: {inner.name}"
    if inner.name == "uid":
        if len(inner.needs) != 1:
            return f"Nested uid fn expects 1 uid variable, got {len(inner.needs)}"
        if inner.uids:
            return "Nested uid fn expects only uid variable, got UID"
        call.args.append(Arg(inner.needs[0].name, inner.position))
    elif not inner.needs:
        raise Unlike(f"{inner.name}() without a variable ends an alpha's process", expected="a variable")
    elif len(inner.needs) > 1:
        return f"Multiple variables not allowed in {'len' if inner.name == 'len' else 'a'} function"
    elif inner.name == "len" and call.name not in COMPARISONS:
        return "len function only allowed inside inequality function"
    elif not call.attr:
        call.attr, call.of = inner.needs[0].name, inner.name
    elif inner.name == "len":
        return "incorrect order, the first argument should be len function"
    else:
        call.args.append(Arg(inner.needs[0].name, inner.position, of_var=True))
    call.needs += inner.needs
    if inner.name != "len":
        call.needs[0] = Need(call.needs[0].name, Holds.UIDS if inner.name == "uid" else Holds.VALUES)
    return ""


def _argument(cursor: Cursor, call: Call, sign: str) -> None:
    """Read a plain argument, on which the cursor stands, with the `sign` before it."""
    at = cursor.at
    following = cursor.kinds[at + 1] if at < cursor.end else END
    if following == LEFT_ROUND:
        return
    if not call.want and not call.tag:
        reason = f"Expected comma or language but got: {cursor.values[at]}"
        raise cursor.fail(reason, "a comma")
    raw = value = cursor.values[at]
    if cursor.values[at + 1] == "-":
        value = cursor.joined(raw)
    if value[:1] in _TO_CLEAN:
        value = plain(value)
    value = sign + value
    call.want = False
    if call.dollar:
        call.dollar = False
        _variable(cursor, call, "$" + value, at)
        return
    if not call.attr and call.name not in ("uid", "type"):
        if '"' in raw:
            raise _at(cursor, at, f'Attribute in function must not be quoted with ": {raw}', "a predicate")
        if call.name == "uid_in" and following == RIGHT_ROUND:
            raise _at(cursor, at, "uid_in function expects an argument, got none", "a comma and a uid")
        call.attr = value
        cursor.varied = cursor.varied or value[:1] == "$"
        call.tag_at = cursor.at + 1
    elif call.tag:
        if value == "*":
            raise DqlError(
                "The * symbol cannot be used as a valid language inside functions", expected="a language"
            )
        call.language = value
        call.tag = False
    elif call.name != "uid":
        call.args.append(Arg(value, cursor.starts[at]))
    if call.name in _NAMES_VARIABLES:
        _used(cursor, call, value, at)


def _at(cursor: Cursor, at: int, reason: str, expected: str) -> DqlError:
    cursor.at = at
    return cursor.fail(reason, expected)


def _variable(cursor: Cursor, call: Call, name: str, at: int) -> None:
    """Take the declared variable `name` as an argument."""
    if call.name == "uid" and call.root is not None:
        if call.root.uid_variable:
            raise _at(cursor, at, "Only one DQL variable allowed inside uid function.", "one variable")
        call.root.uid_variable = name
    call.args.append(Arg(name, cursor.starts[at], variable=name))
    cursor.varied = True


def _used(cursor: Cursor, call: Call, value: str, at: int) -> None:
    """Note what the argument `value` means to functions whose arguments are variables."""
    name = call.name
    if name == "uid":
        try:
            call.uids.append(unsigned(value))
        except TooLarge:
            raise _at(
                cursor, at, f"The uid value {quoted(value)} is too large.", "a uid of 64 bits"
            ) from None
        except Unreadable:
            call.needs.append(Need(value, Holds.UIDS))
    elif name == "val":
        call.needs.append(Need(value, Holds.VALUES))
    elif name == "len":
        call.needs.append(Need(value, Holds.UIDS))
    elif name == "var":
        raise _at(cursor, at, "Unexpected var(). Maybe you want to try using uid()", "uid()")


def _option(cursor: Cursor, call: Call) -> None:
    """Read a named option of similar_to."""
    if cursor.kinds[cursor.at + 1] != COLON:
        raise cursor.fail(
            "Expected named parameter in similar_to options (e.g. ef: 64)", "ef: or distance_threshold:"
        )
    key = cursor.values[cursor.at].lower()
    if key not in _OPTIONS:
        raise cursor.fail(f"Unknown option {quoted(key)} in similar_to", "ef or distance_threshold")
    if key in call.options:
        raise cursor.fail(f"Duplicate key {quoted(key)} in similar_to options", "each option once")
    call.options.add(key)
    call.args.append(Arg(key, cursor.starts[cursor.at]))
    cursor.at += 1
    kind = cursor.step()
    position = cursor.starts[cursor.at]
    if kind == DOLLAR:
        name = variable_name(cursor)
        call.args.append(Arg(name, position, variable=name))
        cursor.varied = True
    else:
        sign = cursor.values[cursor.at] if kind == MATH else ""
        if (cursor.step() if sign else kind) != NAME:
            raise cursor.fail(f"Expected value for {key}", "a number")
        call.args.append(Arg(sign + plain(cursor.joined(cursor.values[cursor.at])), position))
    call.want = False


def _check(cursor: Cursor, call: Call) -> None:
    """Raise if the function lacks what it must have."""
    if call.name == "type":
        if len(call.args) != 1:
            shown = " ".join(f"{{{arg.value} false {str(bool(arg.variable)).lower()}}}" for arg in call.args)
            reason = f"type function only supports one argument. Got: [{shown}]"
            raise cursor.fail(reason, "one type", ahead=1)
    elif not call.attr and call.name != "uid":
        raise cursor.fail(f"Got empty attr for function: [{call.name}]", "a predicate", ahead=1)

"""Queries: one to a line, all of the same graph."""

# ruff: noqa: E501
from tests.live.differential.case import Case, asked, query

_BLOCKS = """
q(func: uid(0x2001)) { uid }
q(func: uid(0x2001, 0x2003, 0x2002)) { uid $P.name }
q(func: uid(0x2fff)) { uid }
q(func: uid(0x2fff)) { $P.name }
q(func: has($P.name)) { $P.name }
q(func: has($P.name)) { uid $P.name@de }
q(func: has($P.name)) { $P.name@de:fr:. }
q(func: has($P.name)) { $P.name@. }
q(func: has($P.name)) { $P.name@en:de }
q(func: has($P.name@de)) { uid }
q(func: uid(0x2001)) { $P.name@* }
q(func: uid(0x2001)) { $P.name@de $P.name@fr $P.name }
q(func: has($P.nick)) { $P.nick }
q(func: has($P.height)) { $P.height }
q(func: has($P.alive)) { $P.alive $P.age }
q(func: has($P.born)) { $P.born }
q(func: has($P.tags)) { $P.tags }
q(func: has($P.marks)) { $P.marks }
q(func: has($P.note)) { $P.note }
q(func: has($P.plain)) { $P.plain }
q(func: has($P.friend)) { uid $P.friend { uid } }
q(func: has($P.friend)) { $P.name $P.friend { $P.name $P.friend { $P.name } } }
q(func: has(~$P.friend)) { uid }
q(func: uid(0x2003)) { ~$P.friend { uid $P.name } }
q(func: uid(0x2002)) { ~$P.boss { uid $P.name } }
q(func: uid(0x2001)) { $P.boss { uid $P.name } }
q(func: has($P.nothing)) { uid }
q(func: has($P.name)) { $P.nothing }
q(func: eq($P.name, "Ada Lovelace")) { uid $P.name }
q(func: eq($P.name, ["Ada Lovelace", "Ada Byron"])) { uid $P.name }
q(func: eq($P.name, "nobody")) { uid }
q(func: eq($P.name, "")) { uid }
q(func: eq($P.name@de, "Ada auf Deutsch")) { uid }
q(func: eq($P.age, 36)) { uid $P.age }
q(func: eq($P.age, "36")) { uid }
q(func: eq($P.age, [36, 79])) { uid $P.age }
q(func: eq($P.age, -9223372036854775808)) { uid $P.age }
q(func: eq($P.age, 36.5)) { uid }
q(func: eq($P.age, abc)) { uid }
q(func: ge($P.age, 36)) { uid $P.age }
q(func: gt($P.age, 36)) { uid $P.age }
q(func: le($P.age, 36)) { uid $P.age }
q(func: lt($P.age, 36)) { uid $P.age }
q(func: between($P.age, 7, 79)) { uid $P.age }
q(func: between($P.age, 79, 7)) { uid $P.age }
q(func: ge($P.height, 1.65)) { uid $P.height }
q(func: lt($P.height, 1)) { uid $P.height }
q(func: eq($P.alive, true)) { uid }
q(func: eq($P.alive, false)) { uid }
q(func: ge($P.alive, false)) { uid }
q(func: ge($P.born, "1790")) { uid $P.born }
q(func: lt($P.born, "1800-01-01")) { uid $P.born }
q(func: between($P.born, "1780", "1792")) { uid }
q(func: eq($P.born, "1815-12-10T00:00:00Z")) { uid }
q(func: ge($P.name, "Charles")) { $P.name }
q(func: lt($P.name, "B")) { $P.name }
q(func: between($P.name, "Ada", "Charles Z")) { $P.name }
q(func: eq($P.tags, "poet")) { uid $P.tags }
q(func: eq($P.nick, "countess")) { uid }
q(func: gt($P.nick, "a")) { uid }
q(func: eq($P.note, "x")) { uid }
q(func: eq($P.plain, "anything")) { uid }
q(func: allofterms($P.name, "ada lovelace")) { $P.name }
q(func: allofterms($P.name, "lovelace ada")) { $P.name }
q(func: allofterms($P.name, "ada nobody")) { $P.name }
q(func: anyofterms($P.name, "ada babbage")) { $P.name }
q(func: anyofterms($P.name, "ADA")) { $P.name }
q(func: anyofterms($P.name@de, "deutsch")) { $P.name@de }
q(func: anyofterms($P.name, "")) { uid }
q(func: anyofterms($P.nick, "x")) { uid }
q(func: regexp($P.name, /ada/)) { $P.name }
q(func: regexp($P.name, /ada/i)) { $P.name }
q(func: regexp($P.name, /^Ada.*e$/)) { $P.name }
q(func: regexp($P.name, /a/)) { $P.name }
q(func: regexp($P.name, /[/)) { $P.name }
q(func: match($P.name, "Adda", 5)) { $P.name }
q(func: match($P.name, "Ada Byran", 2)) { $P.name }
q(func: type($P.Person)) { uid }
q(func: type($P.Pet)) { uid dgraph.type }
q(func: type($P.None)) { uid }
q(func: eq(count($P.friend), 2)) { uid count($P.friend) }
q(func: gt(count($P.friend), 1)) { uid count($P.friend) }
q(func: ge(count($P.friend), 1)) { n: count($P.friend) }
q(func: lt(count($P.friend), 3)) { uid }
q(func: eq(count($P.boss), 1)) { uid }
q(func: eq(count(~$P.friend), 2)) { uid }
q(func: has($P.friend)) { count(~$P.friend) }
q(func: has($P.name)) { count(uid) }
q(func: has($P.friend)) { $P.friend { count(uid) } }
q(func: uid(0x2001)) { friends: count($P.friend) boss: $P.boss { who: $P.name } }
q(func: has($P.name), first: 2) { $P.name }
q(func: has($P.name), first: -2) { $P.name }
q(func: has($P.name), offset: 2) { uid }
q(func: has($P.name), first: 2, offset: 1) { uid }
q(func: has($P.name), after: 0x2002) { uid }
q(func: has($P.name), after: 0x2002, first: 1) { uid }
q(func: has($P.name), first: 0) { uid }
q(func: has($P.name), offset: 100) { uid }
q(func: has($P.friend)) { $P.friend (first: 1) { uid } }
q(func: has($P.friend)) { $P.friend (first: -1) { uid } }
q(func: has($P.friend)) { $P.friend (offset: 1) { uid } }
q(func: has($P.friend)) { $P.friend (after: 0x2001) { uid } }
q(func: has($P.age), orderasc: $P.age) { $P.age }
q(func: has($P.age), orderdesc: $P.age) { $P.age }
q(func: has($P.age), orderasc: $P.age, orderdesc: $P.name) { $P.age $P.name }
q(func: has($P.name), orderasc: $P.name) { $P.name }
q(func: has($P.name), orderasc: $P.name@de) { $P.name@de uid }
q(func: has($P.name), orderdesc: $P.born) { uid $P.born }
q(func: has($P.name), orderasc: $P.height, first: 2) { $P.height }
q(func: has($P.name), orderasc: $P.height, offset: 2, first: 2) { $P.height }
q(func: has($P.name), orderasc: $P.note) { uid }
q(func: has($P.friend)) { $P.friend (orderasc: $P.age) { $P.age } }
q(func: has($P.friend)) { $P.friend (orderdesc: $P.name, first: 1) { $P.name } }
q(func: has($P.name)) @filter(eq($P.age, 36)) { $P.name }
q(func: has($P.name)) @filter(ge($P.age, 36) AND lt($P.age, 90)) { $P.age }
q(func: has($P.name)) @filter(eq($P.age, 36) OR eq($P.age, 7)) { $P.age }
q(func: has($P.name)) @filter(NOT eq($P.age, 36)) { $P.age }
q(func: has($P.name)) @filter(NOT (eq($P.age, 36) OR eq($P.age, 7))) { $P.age }
q(func: has($P.name)) @filter(has($P.friend) AND NOT has($P.nick)) { uid }
q(func: has($P.name)) @filter(uid(0x2001, 0x2004)) { uid }
q(func: has($P.name)) @filter(NOT uid(0x2001)) { uid }
q(func: has($P.name)) @filter(uid_in($P.boss, 0x2002)) { uid }
q(func: has($P.name)) @filter(uid_in($P.friend, 0x2003)) { uid }
q(func: has($P.name)) @filter(uid_in($P.friend, [0x2001, 0x2004])) { uid }
q(func: has($P.name)) @filter(uid_in(~$P.friend, 0x2001)) { uid }
q(func: has($P.name)) @filter(type($P.Pet)) { uid }
q(func: has($P.name)) @filter(anyofterms($P.name, "ada")) { $P.name }
q(func: has($P.name)) @filter(regexp($P.name, /Lov/)) { $P.name }
q(func: has($P.name)) @filter(match($P.name, "Mary Sommerville", 3)) { $P.name }
q(func: has($P.name)) @filter(ge(count($P.friend), 2)) { uid }
q(func: has($P.name)) @filter() { uid }
q(func: has($P.name)) @filter(eq($P.note, "x")) { uid }
q(func: has($P.friend)) { $P.friend @filter(ge($P.age, 79)) { $P.name } }
q(func: has($P.friend)) { $P.friend @filter(NOT has($P.nick)) (first: 1) { $P.name } }
q(func: has($P.friend)) { $P.friend @facets { $P.name } }
q(func: has($P.friend)) { $P.friend @facets(close) { $P.name } }
q(func: has($P.friend)) { $P.friend @facets(c: close, weight) { uid } }
q(func: has($P.friend)) { $P.friend @facets(eq(close, true)) { $P.name } }
q(func: has($P.friend)) { $P.friend @facets(ge(weight, 0.5)) { $P.name } }
q(func: has($P.friend)) { $P.friend @facets(eq(close, true) OR ge(weight, 0.1)) @facets(weight) { uid } }
q(func: has($P.friend)) { $P.friend @facets(orderasc: weight) { uid } }
q(func: has($P.friend)) { $P.friend @facets(orderdesc: weight) { uid } }
q(func: has($P.name)) { $P.name @facets }
q(func: has($P.name)) { $P.name @facets(origin) }
q(func: has($P.friend)) @cascade { $P.name $P.nick }
q(func: has($P.friend)) @cascade($P.nick) { $P.name $P.nick }
q(func: has($P.friend)) @cascade { $P.name $P.friend { $P.nick } }
q(func: has($P.friend)) { $P.name $P.friend @cascade { $P.name $P.nick } }
q(func: has($P.friend)) @normalize { n: $P.name $P.friend { f: $P.name } }
q(func: has($P.friend)) @normalize { $P.name $P.friend { f: $P.name } }
q(func: has($P.friend)) { $P.friend @normalize { f: $P.name $P.boss { b: $P.name } } }
q(func: has($P.age)) @groupby($P.age) { count(uid) }
q(func: has($P.name)) @groupby($P.alive) { count(uid) }
q(func: has($P.name), orderdesc: $P.name) @groupby($P.age) { count(uid) }
q(func: has($P.name), orderdesc: $P.name, first: 1) @groupby($P.age) { count(uid) }
q(func: has($P.friend)) { $P.friend @groupby($P.age) { count(uid) } }
q(func: has($P.name)) @groupby($P.boss) { count(uid) }
q(func: type($P.Person)) { expand(_all_) }
q(func: type($P.Person)) { expand($P.Person) }
q(func: type($P.Pet)) { expand($P.Pet) { uid } }
q(func: uid(0x2001)) { expand(_all_) { uid } }
q(func: uid(0x2001)) { expand(_all_) { expand(_all_) } }
q(func: has($P.name)) { dgraph.type }
q(func: uid(0x2001)) { alias: $P.name other: $P.age }
q(func: uid(0x2001)) { $P.name $P.name }
q(func: uid(0x2001)) { n1: $P.name n2: $P.name }
q(func: uid(0x2001)) { uid: $P.name }
q(func: uid(0x2001)) { $P.friend }
q(func: uid(0x2001)) { $P.name { uid } }
q(func: uid(0x2001)) { $P.friend { } }
q(func: uid(0x2001)) { }
q(func: uid(0x2001)) @recurse(depth: 3) { $P.name $P.boss }
q(func: uid(0x2001)) @recurse(depth: 2) { $P.name $P.friend }
q(func: uid(0x2001)) @ignorereflex { $P.name $P.friend { $P.name $P.friend { $P.name } } }
q(func: has($P.age), orderasc: $P.age, offset: 2) { $P.age }
q(func: has($P.age), orderdesc: $P.age, first: 2, offset: 1) { $P.age }
q(func: has($P.name), orderasc: $P.height, orderdesc: $P.name, first: 3) { $P.name $P.height }
q(func: has($P.name), orderdesc: $P.age, orderasc: $P.born) { $P.name }
q(func: has($P.friend)) { $P.name $P.friend (first: -1, offset: 1) { $P.name } }
q(func: has($P.friend)) { $P.name $P.friend (first: -2) { uid } }
q(func: has($P.friend)) @normalize @cascade { n: $P.name $P.boss { b: $P.name } }
q(func: has($P.friend), first: 1) @cascade { $P.name $P.friend (first: 1) { $P.name $P.age } }
q(func: has($P.friend)) @cascade($P.boss) { $P.name $P.note $P.boss { $P.name } }
q(func: has($P.friend)) @ignorereflex { $P.name $P.friend { $P.name $P.friend { $P.name } } }
q(func: uid(0x2001)) { $P.friend { count(uid) } }
q(func: has($P.name)) @filter(match($P.note, "x", 3)) { uid }
q(func: has($P.name)) @filter(not (has($P.age) or has($P.height))) { $P.name }
q(func: has($P.name)) @groupby($P.age, $P.alive) { count(uid) }
q(func: has($P.name)) @groupby(b: $P.boss) { n: count(uid) m: max($P.age) }
"""

_DOCUMENTS = """
{ a as var(func: eq($P.age, 36)) q(func: uid(a)) { $P.name } }
{ var(func: eq($P.age, 36)) { f as $P.friend } q(func: uid(f)) { $P.name } }
{ var(func: has($P.age)) { a as $P.age } q(func: uid(a), orderasc: val(a)) { $P.name val(a) } }
{ var(func: has($P.age)) { a as $P.age } q(func: uid(a), orderdesc: val(a), first: 2) { val(a) } }
{ var(func: has($P.age)) { a as $P.age } q(func: uid(a)) @filter(gt(val(a), 36)) { $P.name } }
{ var(func: has($P.age)) { a as $P.age } q(func: gt(val(a), 36)) { $P.name } }
{ var(func: has($P.age)) { a as $P.age } q() { min(val(a)) max(val(a)) sum(val(a)) avg(val(a)) } }
{ var(func: has($P.height)) { a as $P.height } q() { min(val(a)) max(val(a)) sum(val(a)) avg(val(a)) } }
{ var(func: has($P.name)) { a as $P.name } q() { min(val(a)) max(val(a)) } }
{ var(func: has($P.born)) { a as $P.born } q() { min(val(a)) max(val(a)) } }
{ var(func: has($P.friend)) { c as count($P.friend) } q(func: uid(c), orderdesc: val(c)) { $P.name val(c) } }
{ var(func: has($P.friend)) { $P.friend { a as $P.age } } q(func: has($P.friend)) { $P.friend { $P.age } oldest: max(val(a)) } }
{ q(func: has($P.friend)) { $P.name $P.friend { a as $P.age } s: sum(val(a)) } }
{ var(func: has($P.age)) { a as $P.age d as math(a * 2) } q(func: uid(a)) { val(a) val(d) } }
{ var(func: eq($P.age, 36)) { a as $P.age h as $P.height m as math(a + h) } q(func: uid(m)) { val(m) } }
{ q(func: eq($P.age, 36)) { a as $P.age twice: math(a + a) } }
{ q(func: eq($P.age, 36)) { a as $P.age half: math(a / 2) } }
{ q(func: eq($P.age, 36)) { a as $P.age c: math(cond(a > 10, 1, 0)) } }
{ q(func: eq($P.age, 36)) { a as $P.age b: math(a % 5) } }
{ q(func: has($P.height)) { h as $P.height f: math(floor(h)) c: math(ceil(h)) } }
{ q(func: eq($P.age, 36)) { a as $P.age s: math(sqrt(a)) l: math(ln(a)) } }
{ q(func: eq($P.age, 36)) { a as $P.age p: math(pow(a, 2)) } }
{ a as var(func: eq($P.age, 36)) b as var(func: has($P.nick)) q(func: uid(a, b)) { uid } }
{ a as var(func: eq($P.age, 36)) q(func: has($P.name)) @filter(uid(a)) { uid } }
{ a as var(func: eq($P.age, 36)) q(func: has($P.name)) @filter(NOT uid(a)) { uid } }
{ a as var(func: eq($P.age, 36)) q(func: has($P.name)) @filter(uid_in($P.friend, uid(a))) { uid } }
{ a as var(func: eq($P.age, 1000)) q(func: uid(a)) { uid } }
{ a as var(func: has($P.name)) @filter(eq($P.age, 36)) q(func: uid(a), first: 1) { uid } }
{ a as var(func: has($P.name)) { uid } }
{ q(func: uid(b)) { uid } }
{ a as var(func: has($P.name)) { b as $P.age } q(func: uid(a)) { val(b) } }
{ var(func: has($P.name)) { n as $P.name } q(func: eq(val(n), "Ada Byron")) { uid } }
{ var(func: has($P.friend)) { $P.friend @facets(w as weight) } q(func: uid(w)) { uid val(w) } }
{ one(func: uid(0x2001)) { uid } two(func: uid(0x2002)) { uid } }
{ one(func: uid(0x2001)) { uid } one(func: uid(0x2002)) { uid } }
query { q(func: uid(0x2001)) { ...part } } fragment part { $P.name $P.age }
query { q(func: uid(0x2001)) { ...part } } fragment part { $P.name ...deep } fragment deep { $P.boss { uid } }
{ q(func: uid(0x2001)) { ...missing } }
query named { q(func: uid(0x2001)) { uid } }
query q($a: int = 36) { q(func: eq($P.age, $a)) { uid } }
query q($n: string = "Ada Byron") { q(func: eq($P.name, $n)) { uid } }
query q($n: string) { q(func: eq($P.name, $n)) { uid } }
query q($f: int = 2, $o: int = 1) { q(func: has($P.name), first: $f, offset: $o) { uid } }
{ var(func: uid(0x2fff)) { a as $P.age } q(func: ge(val(a), 0)) { count(uid) } r(func: ge(val(a), 0), orderasc: $P.name) { count(uid) } }
{ var(func: uid(0x2fff)) { a as $P.age } q(func: ge(val(a), 0), orderasc: $P.nothing) { count(uid) } }
{ q(func: has($P.friend)) @groupby($P.age) { n as count(uid) } p(func: uid(n)) { uid } }
{ q(func: has($P.boss)) @groupby($P.boss) { n as count(uid) } p(func: uid(n)) { uid val(n) } }
schema(pred: [$P.name, $P.age, $P.friend]) { }
schema(pred: [$P.name, $P.tags]) { type index tokenizer lang list reverse count upsert }
schema(pred: $P.badge) { type unique upsert tokenizer }
schema(pred: $P.nothing) { }
schema(type: $P.Person) { }
schema(type: [$P.Pet, $P.Person]) { }
{ q(func: has($P.name) { uid } }
{ q(func: has($P.name)) { uid }
{ q(has($P.name)) { uid } }
{ q(func: nonsense($P.name)) { uid } }
{ q(func: eq($P.name)) { uid } }
{ q(func: uid(x'y)) { uid } }
{ }
{ path as shortest(from: 0x2001, to: 0x2004) { $P.friend } p(func: uid(path)) { $P.name } }
{ q(func: near($P.loc, [1,1], 10)) { uid } }
"""


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line]


BLOCKS = [query(line, f"{{ {line} }}") for line in _lines(_BLOCKS)]
DOCUMENTS = [query(line, line) for line in _lines(_DOCUMENTS)]
FORMS: list[Case] = [
    query("rdf", "{ q(func: has($P.friend)) { $P.name $P.age $P.friend { $P.name } } }", "?respFormat=rdf"),
    query("rdf of values", "{ q(func: uid(0x2001)) { $P.tags $P.born $P.height $P.alive } }", "?respFormat=rdf"),
    query("rdf with an alias", "{ q(func: uid(0x2001)) { n: $P.name } }", "?respFormat=rdf"),
    query("debug", "{ q(func: has($P.friend)) { $P.name $P.friend { $P.name } } }", "?debug=true"),
    query("debug of nothing", "{ q(func: eq($P.name, \"x\")) { $P.name } }", "?debug=true"),
    query("read only", "{ q(func: uid(0x2001)) { $P.name } }", "?ro=true"),
    query("best effort", "{ q(func: uid(0x2001)) { $P.name } }", "?be=true"),
    asked("variables", {"query": "query q($n: string) { q(func: eq($P.name, $n)) { uid } }", "variables": {"$n": "Ada Byron"}}),
    asked("variables of other kinds", {"query": "query q($a: int, $f: int) { q(func: ge($P.age, $a), first: $f) { uid } }", "variables": {"$a": "7", "$f": "1"}}),
    asked("a variable that is no number", {"query": "query q($a: int) { q(func: ge($P.age, $a)) { uid } }", "variables": {"$a": "x"}}),
    asked("a variable too many", {"query": "query q($a: int) { q(func: ge($P.age, $a)) { uid } }", "variables": {"$a": "1", "$b": "2"}}),
    asked("an empty query", {"query": ""}),
]  # fmt: skip

QUERIES = [*BLOCKS, *DOCUMENTS, *FORMS]

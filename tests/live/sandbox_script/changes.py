"""Alters, mutations, upserts and transactions, each followed by what it left."""

# ruff: noqa: E501
import json
from collections.abc import Sequence

from tests.live.differential.case import DQL, JSON, RDF, Case, Step

NOW = "/mutate?commitNow=true"


def read(text: str, params: str = "") -> Step:
    """Ask `text`."""
    return Step("/query" + params, text.encode(), DQL)


def put(text: str, params: str = "?commitNow=true") -> Step:
    """Send a mutation in RDF."""
    return Step("/mutate" + params, text.encode(), RDF)


def sets(*lines: str, params: str = "?commitNow=true") -> Step:
    """Set N-Quads."""
    return put("{ set {\n" + "\n".join(lines) + "\n} }", params)


def deletes(*lines: str) -> Step:
    """Delete N-Quads."""
    return put("{ delete {\n" + "\n".join(lines) + "\n} }")


def said(value: object, params: str = "?commitNow=true") -> Step:
    """Send a mutation in JSON."""
    return Step("/mutate" + params, json.dumps(value).encode(), JSON)


def alter(text: str) -> Step:
    """Alter."""
    return Step("/alter", text.encode())


def case(name: str, *steps: Step) -> Case:
    """Make a case."""
    return Case(name, tuple(steps))


def after(name: str, step: Step | Sequence[Step], shown: str, uid: str = "0x2010") -> Case:
    """Make a case of changes and a look at one node."""
    steps = (step,) if isinstance(step, Step) else tuple(step)
    return case(name, *steps, read(f"{{ q(func: uid({uid})) {{ uid {shown} }} }}"))


MARKED = '{ q(func: eq($P.name, "$MARK")) { $P.name $P.age $P.friend { $P.name } } }'
WHOLE = "$P.name $P.name@de $P.age $P.tags $P.friend { uid } $P.boss { uid }"

CHANGES: list[Case] = [
    after("a value", sets('<0x2010> <$P.name> "one" .'), "$P.name"),
    after("the same value again", sets('<0x2010> <$P.name> "one" .'), "$P.name"),
    after("another value", sets('<0x2010> <$P.name> "two" .'), "$P.name"),
    after("a language", sets('<0x2010> <$P.name> "zwei"@de .'), "$P.name $P.name@de"),
    after("a number as text", sets('<0x2010> <$P.age> "42" .'), "$P.age"),
    after("a number with its type", sets('<0x2010> <$P.age> "43"^^<xs:int> .'), "$P.age"),
    after("a float for an int", sets('<0x2010> <$P.age> "44.7"^^<xs:float> .'), "$P.age"),
    after("a text that is no number", sets('<0x2010> <$P.age> "many" .'), "$P.age"),
    after("a number that is too large", sets('<0x2010> <$P.age> "9223372036854775808" .'), "$P.age"),
    after("a bool", sets('<0x2010> <$P.alive> "T" .'), "$P.alive"),
    after("no bool", sets('<0x2010> <$P.alive> "yes" .'), "$P.alive"),
    after("a date", sets('<0x2010> <$P.born> "2001-02-03T04:05:06.789+02:00" .'), "$P.born"),
    after("a year", sets('<0x2010> <$P.born> "1999" .'), "$P.born"),
    after("no date", sets('<0x2010> <$P.born> "yesterday" .'), "$P.born"),
    after("no month", sets('<0x2010> <$P.born> "2001-13-01" .'), "$P.born"),
    after("a float", sets('<0x2010> <$P.height> "1e-7" .'), "$P.height"),
    after("no float", sets('<0x2010> <$P.height> "tall" .'), "$P.height"),
    after("a list grows", (sets('<0x2010> <$P.tags> "a" .'), sets('<0x2010> <$P.tags> "b" .', '<0x2010> <$P.tags> "a" .')), "$P.tags"),
    after("a list shrinks", deletes('<0x2010> <$P.tags> "a" .'), "$P.tags"),
    after("a list ends", deletes("<0x2010> <$P.tags> * ."), "$P.tags"),
    after("edges", sets("<0x2010> <$P.friend> <0x2001> .", "<0x2010> <$P.friend> <0x2002> ."), "$P.friend { uid }"),
    after("an edge goes", deletes("<0x2010> <$P.friend> <0x2001> ."), "$P.friend { uid }"),
    after("an edge that is not there", deletes("<0x2010> <$P.friend> <0x2005> ."), "$P.friend { uid }"),
    after("the single edge is replaced", (sets("<0x2010> <$P.boss> <0x2001> ."), sets("<0x2010> <$P.boss> <0x2002> .")), "$P.boss { uid }"),
    after("a wrong value is not deleted", deletes('<0x2010> <$P.height> "1" .'), "$P.height"),
    after("the value is deleted", deletes('<0x2010> <$P.name> "two" .'), "$P.name $P.name@de"),
    after("a language is deleted", deletes("<0x2010> <$P.name@de> * ."), "$P.name $P.name@de"),
    after("all of a predicate is deleted", (sets('<0x2010> <$P.name> "x" .', '<0x2010> <$P.name> "y"@de .'), deletes("<0x2010> <$P.name> * .")), "$P.name $P.name@de"),
    after("a node without a type keeps all", deletes("<0x2010> * * ."), "$P.age"),
    after("a node with a type loses its fields", (sets('<0x2010> <dgraph.type> "$P.Person" .', '<0x2010> <$P.mail> "m10" .'), deletes("<0x2010> * * .")), "$P.age $P.mail dgraph.type"),
    after("facets", sets('<0x2010> <$P.friend> <0x2001> (a=1, b="two", c=3.5, d=true, e=2006-01-02) .'), "$P.friend @facets { uid }"),
    after("facets are replaced", sets("<0x2010> <$P.friend> <0x2001> (z=9) ."), "$P.friend @facets { uid }"),
    after("facets of a value", sets('<0x2010> <$P.name> "f" (a=1) .'), "$P.name @facets"),
    after("set and delete at once", put('{ set { <0x2010> <$P.tags> "new" . } delete { <0x2010> <$P.tags> * . } }'), "$P.tags"),
    case("a blank node", sets('_:a <$P.name> "$MARK" .'), read(MARKED)),
    case("blank nodes that know each other", sets('_:a <$P.name> "$MARK" .', "_:a <$P.friend> <0x2001> .", '_:a <$P.age> "1" .'), read(MARKED)),
    case("JSON", said({"set": {"uid": "_:a", "$P.name": "$MARK", "$P.age": 5}}), read(MARKED)),
    case("JSON without a uid", said({"set": {"$P.name": "$MARK"}}), read(MARKED)),
    case("JSON with a uid", said({"set": {"uid": "0x2011", "$P.name": "json", "$P.age": 5, "$P.height": 2, "$P.alive": True}}), read("{ q(func: uid(0x2011)) { $P.name $P.age $P.height $P.alive } }")),
    case("JSON nested", said({"set": {"uid": "0x2011", "$P.friend": [{"uid": "0x2001"}, {"uid": "0x2002", "$P.nick": "nested"}]}}), read("{ q(func: uid(0x2011)) { $P.friend { uid $P.nick } } }")),
    case("JSON lists", said({"set": {"uid": "0x2011", "$P.tags": ["x", "y"], "$P.marks": [1, 2, 2]}}), read("{ q(func: uid(0x2011)) { $P.tags $P.marks } }")),
    case("JSON languages", said({"set": {"uid": "0x2011", "$P.name@de": "deutsch"}}), read("{ q(func: uid(0x2011)) { $P.name@de } }")),
    case("JSON facets", said({"set": {"uid": "0x2011", "$P.name": "f", "$P.name|a": 1, "$P.friend": {"uid": "0x2003", "$P.friend|b": "x"}}}), read("{ q(func: uid(0x2011)) { $P.name @facets $P.friend @facets { uid } } }")),
    case("JSON deletes a value", said({"delete": {"uid": "0x2011", "$P.age": None}}), read("{ q(func: uid(0x2011)) { $P.age $P.name } }")),
    case("JSON deletes an edge", said({"delete": {"uid": "0x2011", "$P.friend": {"uid": "0x2001"}}}), read("{ q(func: uid(0x2011)) { $P.friend { uid } } }")),
    case("JSON deletes a node", said({"delete": {"uid": "0x2011"}}), read("{ q(func: uid(0x2011)) { $P.name } }")),
    case("JSON text for a number", said({"set": {"uid": "0x2011", "$P.age": "17"}}), read("{ q(func: uid(0x2011)) { $P.age } }")),
    case("JSON bool for a number", said({"set": {"uid": "0x2011", "$P.age": True}}), read("{ q(func: uid(0x2011)) { $P.age } }")),
    case("JSON object for a value", said({"set": {"uid": "0x2011", "$P.age": {"uid": "0x1"}}})),
    case("JSON value for an edge", said({"set": {"uid": "0x2011", "$P.friend": 5}})),
    case("several mutations", said({"mutations": [{"set": {"uid": "0x2012", "$P.name": "a"}}, {"set": {"uid": "0x2012", "$P.age": 1}}, {"delete": {"uid": "0x2012", "$P.nick": None}}]}), read("{ q(func: uid(0x2012)) { $P.name $P.age } }")),
    case("an edge where values are", sets("<0x2010> <$P.name> <0x2001> .")),
    case("a value where edges are", sets('<0x2010> <$P.friend> "x" .')),
    case("a language where none may be", sets('<0x2010> <$P.nick> "x"@en .')),
    case("a star in a set", sets("<0x2010> <$P.name> * .")),
    case("a delete without a predicate", deletes('<0x2010> * "x" .')),
    case("uid 0", sets('<0x0> <$P.name> "x" .')),
    case("a uid that is none", sets('<bob> <$P.name> "x" .')),
    case("a uid beyond the lease", sets('<0xfffffffff> <$P.name> "x" .')),
    case("a predicate of Dgraph's", sets('<0x2010> <dgraph.graphql.schema> "x" .')),
    case("nothing", put("{ set { } }")),
]  # fmt: skip

CREATED: list[Case] = [
    case("a predicate by its first value", sets('<0x2020> <$P.new1> "x" .'), read("schema(pred: $P.new1) { }")),
    case("a predicate by a typed value", sets('<0x2020> <$P.new2> "5"^^<xs:int> .'), read("schema(pred: $P.new2) { }")),
    case("a predicate by an edge", sets("<0x2020> <$P.new3> <0x2001> ."), read("schema(pred: $P.new3) { }")),
    case("a predicate by two values", sets('<0x2020> <$P.new4> "a" .', '<0x2020> <$P.new4> "b" .'), read("schema(pred: $P.new4) { }"), read("{ q(func: uid(0x2020)) { $P.new4 } }")),
    case("predicates by JSON", said({"set": {"uid": "0x2020", "$P.n5": 5, "$P.n6": 1.5, "$P.n7": True, "$P.n8": "s", "$P.n9": ["a"], "$P.n10": {"uid": "0x2001"}, "$P.n11": [{"uid": "0x2001"}]}}),
         read("schema(pred: [$P.n5, $P.n6, $P.n7, $P.n8, $P.n9, $P.n10, $P.n11]) { }"), read("{ q(func: uid(0x2020)) { $P.n5 $P.n6 $P.n7 $P.n8 $P.n9 } }")),
    case("a language makes no predicate", sets('<0x2020> <$P.new12> "x"@en .'), read("schema(pred: $P.new12) { }")),
    case("a deletion makes no predicate", deletes('<0x2020> <$P.new13> "x" .'), read("schema(pred: $P.new13) { }")),
    case("a value of a default predicate", sets('<0x2020> <$P.plain> "7"^^<xs:int> .'), read("{ q(func: uid(0x2020)) { $P.plain } }")),
]  # fmt: skip

ALTERS: list[Case] = [
    case("a predicate", alter("$P.alt1: string ."), read("schema(pred: $P.alt1) { }")),
    case("an index is added", alter("$P.alt1: string @index(exact) ."), sets('<0x2021> <$P.alt1> "x" .'), read('{ q(func: eq($P.alt1, "x")) { uid } }')),
    case("an index is dropped", alter("$P.alt1: string ."), read('{ q(func: eq($P.alt1, "x")) { uid } }')),
    case("another type", alter("$P.alt1: int ."), read("{ q(func: uid(0x2021)) { $P.alt1 } }")),
    case("numbers in texts", alter("$P.alt2: string ."), sets('<0x2021> <$P.alt2> "12" .'), alter("$P.alt2: int @index(int) ."), read("{ q(func: uid(0x2021)) { $P.alt2 } r(func: ge($P.alt2, 5)) { uid } }")),
    case("a list of it", alter("$P.alt3: string ."), sets('<0x2021> <$P.alt3> "one" .'), alter("$P.alt3: [string] ."), sets('<0x2021> <$P.alt3> "two" .'), read("{ q(func: uid(0x2021)) { $P.alt3 } }")),
    case("no list of it any more", alter("$P.alt3: string .")),
    case("edges of it", alter("$P.alt3: [uid] .")),
    case("reverse is added", alter("$P.alt4: [uid] ."), sets("<0x2021> <$P.alt4> <0x2001> ."), read("{ q(func: uid(0x2001)) { ~$P.alt4 { uid } } }"), alter("$P.alt4: [uid] @reverse ."), read("{ q(func: uid(0x2001)) { ~$P.alt4 { uid } } }")),
    case("a type", alter("type $P.T { $P.name }"), read("schema(type: $P.T) { }")),
    case("a type of something unknown", alter("type $P.T2 { $P.unheard }")),
    case("a type is dropped", alter('{"drop_op": "TYPE", "drop_value": "$P.T"}'), read("schema(type: $P.T) { }")),
    case("a predicate is dropped", alter("$P.alt5: string ."), sets('<0x2021> <$P.alt5> "x" .'), alter('{"drop_attr": "$P.alt5"}'), read("{ q(func: uid(0x2021)) { $P.alt5 } }"), read("schema(pred: $P.alt5) { }")),
    case("a predicate that never was is dropped", alter('{"drop_attr": "$P.never"}')),
    case("a dropped predicate comes again", alter("$P.alt5: int ."), sets('<0x2021> <$P.alt5> "5" .'), read("{ q(func: uid(0x2021)) { $P.alt5 } }")),
    case("nothing to alter", alter("{}")),
    case("an empty alter", alter("")),
    case("no schema", alter("nonsense")),
    case("an unknown type", alter("$P.bad: strin .")),
    case("an index on an edge", alter("$P.bad: uid @index(exact) .")),
    case("a reverse of a value", alter("$P.bad: string @reverse .")),
    case("a wrong tokenizer", alter("$P.bad: int @index(exact) .")),
    case("upsert without an index", alter("$P.bad: string @upsert .")),
    case("unique without an index", alter("$P.bad: string @unique .")),
    case("unique of a float", alter("$P.bad: float @unique @index(float) .")),
    case("the same twice", alter("$P.bad: string .\n$P.bad: int .")),
    case("the same type twice", alter("type $P.B { $P.name }\ntype $P.B { $P.name }")),
    case("one of Dgraph's", alter("dgraph.type: int .")),
    case("one like Dgraph's", alter("dgraph.$P.bad: int .")),
    case("one of Dgraph's is dropped", alter('{"drop_attr": "dgraph.type"}')),
    case("a drop without a name", alter('{"drop_op": "ATTR"}')),
    case("a type without a name", alter('{"drop_op": "TYPE"}')),
    case("a vector", alter("$P.vec: float32vector .")),
    case("a place", alter("$P.loc: geo .")),
]  # fmt: skip

UPSERTS: list[Case] = [
    case("an upsert that finds nobody", put('upsert { query { q(func: eq($P.mail, "$MARK")) { v as uid } } mutation { set { uid(v) <$P.mail> "$MARK" . } } }'), read('{ q(func: eq($P.mail, "$MARK")) { $P.mail } }')),
    case("an upsert that finds somebody", put('upsert { query { q(func: eq($P.mail, "ada@example.org")) { v as uid $P.age } } mutation { set { uid(v) <$P.nick> "found" . } } }'), read("{ q(func: uid(0x2001)) { $P.nick } }")),
    case("an upsert of many", put('upsert { query { v as var(func: eq($P.age, 36)) } mutation { set { uid(v) <$P.note> "thirty-six" . } } }'), read("{ q(func: has($P.note)) { uid $P.note } }")),
    case("a condition that holds", put('upsert { query { v as var(func: eq($P.mail, "nobody@example.org")) } mutation @if(eq(len(v), 0)) { set { <0x2022> <$P.nick> "new" . } } }'), read("{ q(func: uid(0x2022)) { $P.nick } }")),
    case("a condition that does not", put('upsert { query { v as var(func: eq($P.mail, "ada@example.org")) } mutation @if(eq(len(v), 0)) { set { <0x2022> <$P.nick> "newer" . } } }'), read("{ q(func: uid(0x2022)) { $P.nick } }")),
    case("two conditions", put('upsert { query { v as var(func: eq($P.mail, "ada@example.org")) } mutation @if(eq(len(v), 0)) { set { <0x2022> <$P.nick> "none" . } } mutation @if(gt(len(v), 0)) { set { <0x2022> <$P.nick> "some" . } } }'), read("{ q(func: uid(0x2022)) { $P.nick } }")),
    case("a condition of two", put('upsert { query { v as var(func: has($P.mail)) w as var(func: has($P.nothing)) } mutation @if(ge(len(v), 1) AND NOT gt(len(w), 0)) { set { <0x2022> <$P.nick> "both" . } } }'), read("{ q(func: uid(0x2022)) { $P.nick } }")),
    case("values move", put('upsert { query { var(func: eq($P.age, 79)) { v as uid a as $P.age } } mutation { set { uid(v) <$P.note> val(a) . } } }'), read("{ q(func: uid(0x2002)) { $P.note } }")),
    case("values are worked out", put('upsert { query { var(func: eq($P.age, 79)) { v as uid a as $P.age b as math(a + 1) } } mutation { set { uid(v) <$P.plain> val(b) . } } }'), read("{ q(func: uid(0x2002)) { $P.plain } }")),
    case("an aggregate", put('upsert { query { var(func: has($P.age)) { a as $P.age } var() { m as max(val(a)) } } mutation { set { <0x2022> <$P.age> val(m) . } } }'), read("{ q(func: uid(0x2022)) { $P.age } }")),
    case("edges to what was found", put('upsert { query { v as var(func: eq($P.age, 36)) } mutation { set { <0x2022> <$P.friend> uid(v) . } } }'), read("{ q(func: uid(0x2022)) { $P.friend { uid } } }")),
    case("a deletion of what was found", put('upsert { query { v as var(func: has($P.note)) } mutation { delete { uid(v) <$P.note> * . } } }'), read("{ q(func: has($P.note)) { uid } }")),
    case("a deletion of nobody", put('upsert { query { v as var(func: eq($P.mail, "x")) } mutation { delete { uid(v) <$P.note> * . } } }')),
    case("an upsert in JSON", said({"query": '{ v as var(func: eq($P.mail, "ada@example.org")) }', "set": {"uid": "uid(v)", "$P.nick": "json"}}), read("{ q(func: uid(0x2001)) { $P.nick } }")),
    case("a condition in JSON", said({"query": '{ v as var(func: eq($P.mail, "x")) }', "set": {"uid": "0x2022", "$P.nick": "j"}, "cond": "@if(eq(len(v), 0))"}), read("{ q(func: uid(0x2022)) { $P.nick } }")),
    case("a condition that is none", said({"query": '{ v as var(func: has($P.mail)) }', "set": {"uid": "0x2022", "$P.nick": "j"}, "cond": "eq(len(v), 0)"})),
    case("a condition with a tail", said({"query": '{ v as var(func: has($P.mail)) }', "set": {"uid": "0x2022", "$P.nick": "j"}, "cond": "@if(eq(len(v), 0)) x"})),
    case("a variable that nobody defines", said({"query": "{ q(func: has($P.mail)) { uid } }", "set": {"uid": "uid(v)", "$P.nick": "x"}})),
    case("a variable without a query", said({"set": {"uid": "uid(v)", "$P.nick": "x"}})),
    case("a variable that nobody uses", put('upsert { query { v as var(func: has($P.mail)) } mutation { set { <0x2022> <$P.nick> "x" . } } }')),
    case("a unique value", sets('<0x2030> <$P.badge> "b1" .'), sets('<0x2031> <$P.badge> "b1" .'), sets('<0x2030> <$P.badge> "b1" .')),
    case("a unique value twice at once", sets('<0x2032> <$P.badge> "b2" .', '<0x2033> <$P.badge> "b2" .')),
]  # fmt: skip

BEGIN = sets('<0x2034> <$P.name> "$MARK" .', params="")
SEEN = "{ q(func: uid(0x2034)) { $P.name } }"
COMMIT = Step("/commit?startTs=$TS", b'{"keys":$KEYS,"preds":$PREDS}')
ABORT = Step("/commit?startTs=$TS&abort=true")

TRANSACTIONS: list[Case] = [
    case("a write is committed", BEGIN, read(SEEN, "?startTs=$TS"), COMMIT, read(SEEN)),
    case("a write is aborted", BEGIN, ABORT, read(SEEN.replace("0x2034", "0x2035"))),
    case("it is committed twice", BEGIN, COMMIT, COMMIT),
    case("it is aborted after its commit", BEGIN, COMMIT, ABORT),
    case("it is committed after its abort", BEGIN, ABORT, COMMIT),
    case("a conflict", BEGIN, sets('<0x2034> <$P.name> "first" .'), COMMIT, read(SEEN)),
    case("a conflict of an upsert's value", sets('<0x2036> <$P.mail> "$MARK" .', params=""), sets('<0x2037> <$P.mail> "$MARK" .'), COMMIT),
    case("no conflict of edges", sets("<0x2034> <$P.friend> <0x2001> .", params=""), sets("<0x2034> <$P.friend> <0x2002> ."), COMMIT, read("{ q(func: uid(0x2034)) { uid } }")),
    case("no conflict elsewhere", BEGIN, sets('<0x2038> <$P.name> "other" .'), COMMIT),
    case("a read before a write", read(SEEN), sets('<0x2034> <$P.nick> "n" .', params="?startTs=$TS"), COMMIT),
    case("a snapshot", read(SEEN), sets('<0x2034> <$P.name> "after" .'), read(SEEN, "?startTs=$TS"), read(SEEN)),
    case("committed by its second write", BEGIN, sets('<0x2034> <$P.nick> "m" .', params="?startTs=$TS&commitNow=true"), read(SEEN)),
    case("an alter ends it", sets('<0x2034> <$P.note> "x" .', params=""), alter("$P.note: string ."), COMMIT),
]  # fmt: skip

ALL = [*CHANGES, *CREATED, *ALTERS, *UPSERTS, *TRANSACTIONS]

"""Queries that Dgraph answers, with every parameter and form."""

# ruff: noqa: E501
from tests.live.differential.case import Case, asked, one, query

ALL = "{ q(func: has($P.name), orderasc: $P.name) { $P.name } }"
RICH = (
    "{ q(func: has($P.name), orderasc: $P.name) { $P.name $P.name@de $P.int $P.float $P.bool $P.date"
    " $P.geo $P.tags $P.friend @facets(orderasc: since) { $P.name } count($P.friend) ~$P.friend { $P.name } } }"
)
BY_NAME = "query q($n: string) { q(func: eq($P.name, $n)) { $P.name $P.int } }"
TYPED = (
    'query q($i: int, $f: float = 1.5, $b: bool, $s: string = "x") {'
    " q(func: ge($P.int, $i)) @filter(le($P.float, $f) OR eq($P.bool, $b) OR eq($P.name, $s)) { $P.name } }"
)

QUERIES: list[Case] = [
    query("all", ALL),
    query("rich", RICH),

    one("application/graphql+-", "/query", ALL, "application/graphql+-"),
    one("charset in lower case", "/query", ALL, "application/dql; charset=utf-8"),
    one("charset in quotes", "/query", ALL, 'application/dql;charset="UTF-8"'),
    one("type in capitals", "/query", ALL, "Application/DQL"),
    one("other parameter of the type", "/query", ALL, "application/dql; level=1", verbatim=True),
    one("PUT a query", "/query", ALL, "application/dql", method="PUT"),
    query("debug", ALL, "?debug=true"),
    query("debug as T", ALL, "?debug=T"),
    query("debug off", ALL, "?debug=0"),
    query("read only", ALL, "?ro=true"),
    query("best effort", ALL, "?be=true"),
    query("best effort and not read only", ALL, "?be=true&ro=false"),
    query("timeout", ALL, "?timeout=20s"),
    query("timeout in parts", ALL, "?timeout=1m2.5s300ms"),
    query("timeout zero", ALL, "?timeout=0s"),
    query("timeout with micro sign escaped", ALL, "?timeout=900000000%C2%B5s"),
    query("empty parameters", ALL, "?timeout=&startTs=&debug=&ro=&be=&hash=&respFormat="),
    query("unknown parameter", ALL, "?nonsense=1&x"),
    query("repeated parameter", ALL, "?debug=true&debug=false", verbatim=True),
    query("semicolon between parameters", ALL, "?debug=true;ro=true", verbatim=True),
    query("broken escape", ALL, "?debug=%zz", verbatim=True),
    query("escaped parameter name", ALL, "?de%62ug=true"),
    query("respFormat json", ALL, "?respFormat=json"),
    query("respFormat rdf", ALL, "?respFormat=rdf"),
    query("rdf with escapes", "{ q(func: has($P.name)) { $P.name $P.tags $P.int $P.friend { $P.name } } }", "?respFormat=rdf"),
    query("facets in rdf", RICH, "?respFormat=rdf"),
    query("rdf of nothing", '{ q(func: eq($P.name, "nobody")) { $P.name } }', "?respFormat=rdf"),
    query("schema in rdf", "schema(pred: [$P.name]) {}", "?respFormat=rdf"),
    query("schema", "schema(pred: [$P.name, $P.int, $P.friend]) { type index tokenizer reverse count lang list }"),
    query("schema of nothing", "schema(pred: [$P.none]) {}"),
    query("schema of a type", "schema(type: $P.Person) {}"),
    query("nothing found", '{ q(func: eq($P.name, "nobody")) { $P.name } }'),
    query("several blocks", "{ a(func: has($P.int)) { $P.int } b(func: has($P.tags)) { $P.tags } }"),
    query("variables between blocks", "{ v as var(func: has($P.friend)) { c as count($P.friend) }"
          " q(func: uid(v), orderdesc: val(c)) { $P.name val(c) } s() { sum(val(c)) } }"),
    query("math", "{ q(func: has($P.int)) { i as $P.int h: math(i / 3) } m() { max(val(i)) avg(val(i)) } }"),
    query("groupby", "{ q(func: has($P.bool), first: 1) @groupby($P.bool) { count(uid) } }"),
    query("normalize", "{ q(func: has($P.friend)) @normalize { a: $P.name $P.friend { b: $P.name } } }"),
    query("cascade", "{ q(func: has($P.name)) @cascade { $P.name $P.friend { $P.name } } }"),
    query("recurse", '{ q(func: eq($P.name, "Ada")) @recurse(depth: 3) { $P.name $P.friend } }'),
    query("count of all", "{ q(func: has($P.name)) { count(uid) } }"),
    query("page", "{ q(func: has($P.name), orderasc: $P.name, first: 2, offset: 1) { $P.name } }"),
    query("language", "{ q(func: has($P.name)) { $P.name@de:en:. } }"),
    query("regular expression", "{ q(func: regexp($P.name, /^Ada$/i)) { $P.name } }"),
    query("fragment", "{ q(func: has($P.int)) { ...f } } fragment f { $P.name $P.int }"),
    query("comment", "# first\n{ # { \n q(func: has($P.int)) { $P.int } }\n# last"),
    query("named", "query everything { q(func: has($P.int)) { $P.int } }"),
    query("alias in IRI", "{ q(func: has(<$P.näme>)) { <$P.näme> } }"),
    query("predicate with an ampersand", "{ q(func: has(<$P.a&b>)) { <$P.a&b> } }"),
    query("facets", "{ q(func: has($P.friend)) { $P.friend @facets { $P.name } } }"),
    query("uid", '{ q(func: eq($P.name, "Ada")) { uid } }'),
    query("integers above 2^53", "{ q(func: ge($P.int, 9007199254740993)) { $P.int } }"),
    query("password", '{ q(func: has($P.secret)) { checkpwd($P.secret, "open sesame") } }'),
    query("a long query", "{ " + " ".join(f"q{n}(func: has($P.int)) {{ $P.int }}" for n in range(200)) + " }"),
    query("leading and trailing space", "\n\t " + ALL + " \r\n"),
    query("non-ASCII value", '{ q(func: eq($P.name, "Grüße 漢字 🦦")) { $P.name } }'),
    query("emoji escaped", '{ q(func: eq($P.name, "Gr\\u00fc\\u00dfe")) { $P.name } }'),
    query("control characters", '{ q(func: anyofterms($P.name, "bell")) { $P.name } }'),
    asked("in JSON", {"query": ALL}),
    asked("with variables", {"query": BY_NAME, "variables": {"$n": "Ada"}}),
    asked("with a non-ASCII variable", {"query": BY_NAME, "variables": {"$n": "Grüße 漢字 🦦"}}),
    asked("with typed variables", {"query": TYPED, "variables": {"$i": "9007199254740992", "$b": "true"}}),
    asked("variables null", {"query": ALL, "variables": None}),
    asked("variables empty", {"query": ALL, "variables": {}}),
    asked("unknown member", {"query": ALL, "operationName": "x", "extensions": {"a": [1, 2.5e3, None]}}),
    asked("parameters with JSON", {"query": BY_NAME, "variables": {"$n": "Ada"}}, "?ro=true&debug=true&timeout=5s"),
    one("JSON in UTF-8 as it is", "/query", '{"query":"{ q(func: eq($P.name, \\"Grüße 漢字 🦦\\")) { $P.name } }"}'),
    one("JSON with spaces", "/query", '\r\n\t { "query" :\n"{ q(func: has($P.int)) { $P.int } }" }\n'),
    one("JSON with an escaped key", "/query", '{"qu\\u0065ry":"{ q(func: has($P.int)) { $P.int } }"}'),
    one("JSON with an escaped slash", "/query", '{"query":"{ q(func: regexp($P.name, \\/^A.a$\\/)) { $P.name } }"}'),
    one("JSON with a charset", "/query", '{"query":"{ q(func: has($P.int)) { $P.int } }"}',
        "application/json; charset=UTF-8"),
    one("key in capitals", "/query", '{"Query":"{ q(func: has($P.int)) { $P.int } }"}', verbatim=True),
    one("keys of both spellings", "/query", '{"query":"{}","QUERY":"{ q(func: has($P.int)) { $P.int } }"}',
        verbatim=True),
    one("key twice", "/query", '{"query":"{}","query":"{ q(func: has($P.int)) { $P.int } }"}'),
    one("variables twice", "/query", '{"query":"query q($a: string, $n: string) { q(func: eq($P.name, $n)) { $P.name } }",'
        '"variables":{"$n":"Ada"},"variables":{"$a":"x"}}', verbatim=True),
    one("a lone surrogate", "/query", '{"query":"{ q(func: eq($P.name, \\"\\ud800\\")) { $P.name } }"}', verbatim=True),
    one("invalid UTF-8 in a query", "/query", b'{ q(func: eq($P.name, "\xff")) { $P.name } }', "application/dql",
        verbatim=True),
    one("invalid UTF-8 in JSON", "/query", b'{"query":"{ q(func: eq($P.name, \\"\xff\\")) { $P.name } }"}',
        verbatim=True),
    query("hash is ignored without ACL", ALL, "?hash=abc"),
    query("start_ts of long ago with read only", ALL, "?startTs=1&ro=true&be=true"),
]  # fmt: skip

"""Mutations and upserts, in every form that Dgraph and Otter take."""

# ruff: noqa: E501
import json

from tests.live.differential.case import DQL, JSON, RDF, Case, Step, change, one, rdf

FIND = 'query { q(func: eq($P.mail, "$MARK")) { v as uid $P.count } }'
FIND_JSON = '{ q(func: eq($P.mail, "$MARK")) { v as uid } }'


def own(name: str, body: str, same: str, params: str = "", kind: str = DQL) -> Case:
    """Make a case of Otter's `application/dql`, which an alpha is sent as `same`."""
    alone = params + ("&" if params else "?") + "commitNow=true" if "commitNow" not in params else params
    direct = Step("/mutate" + alone, same.encode(), RDF)
    return Case(name, (Step("/mutate" + params, body.encode(), kind, direct=direct),))


def form(name: str, upsert: object, same: str, params: str = "", direct: str = "?commitNow=true") -> Case:
    """Make a case of Otter's `upsert` form, which an alpha is sent as the block `same`."""
    plain = Step("/mutate" + direct, same.encode(), RDF)
    return Case(name, (Step("/mutate" + params, json.dumps({"upsert": upsert}).encode(), direct=plain),))


CHANGES: list[Case] = [
    change("set one", {"set": {"$P.mail": "$MARK"}}),
    change("set a list", {"set": [{"uid": "_:a", "$P.mail": "$MARK"}, {"uid": "_:b", "$P.mail": "$MARK"}]}),
    change("set nested", {"set": {"uid": "_:a", "$P.mail": "$MARK", "$P.friend": [{"uid": "_:b", "$P.count": 1}]}}),
    change("set with facets and languages", {"set": {"$P.title@de": "Otto", "$P.mail": "$MARK", "$P.mail|sure": True}}),
    change("not committed", {"set": {"$P.mail": "$MARK"}}, ""),
    change("commitNow false", {"set": {"$P.mail": "$MARK"}}, "?commitNow=false"),
    change("commitNow 1", {"set": {"$P.mail": "$MARK"}}, "?commitNow=1"),
    change("commitNow empty", {"set": {"$P.mail": "$MARK"}}, "?commitNow="),
    change("delete", {"delete": {"uid": "0x1d1f", "$P.count": None}}),
    change("set and delete", {"set": {"$P.mail": "$MARK"}, "delete": [{"uid": "0x1d1f", "$P.count": None}]}),
    change("set null", {"set": None, "delete": {"uid": "0x1d1f", "$P.count": None}}),
    change("all null", {"set": None, "delete": None, "query": None, "mutations": None, "cond": None}),
    change("set empty", {"set": {}}),
    change("set empty list", {"set": []}),
    change("mutations", {"mutations": [{"set": {"$P.mail": "$MARK"}}, {"set": {"$P.count": 2}}]}),
    change("mutations and set", {"set": {"$P.mail": "$MARK"}, "mutations": [{"set": {"$P.count": 3}}]}),
    change("mutations with null", {"mutations": [None, {"set": {"$P.mail": "$MARK"}}, {"cond": None}]}),
    change("mutations empty", {"mutations": []}),
    change("unknown members", {"set": {"$P.mail": "$MARK"}, "Set": 1, "comment": "x"}),
    change("non-ASCII", {"set": {"$P.title": "Grüße <&> 漢字 🦦 \u2028", "$P.mail": "$MARK"}}),
    change("blank nodes in sorted order", {"set": [{"uid": f"_:{n}", "$P.count": 1} for n in ("b", "a", "ä", "<", "B")]}),
    one("big integers keep their digits", "/mutate?commitNow=true", '{"set":{"uid":"_:a","$P.big":9223372036854775807}}'),
    one("a float in many digits", "/mutate?commitNow=true", '{"set":{"uid":"_:a","$P.weight":1.00000000000000000001e-3}}'),
    one("odd spaces around values", "/mutate?commitNow=true", '{ "set" :\r\n [ {"$P.mail" : "$MARK"} ]\t} '),
    one("invalid UTF-8 in a value", "/mutate?commitNow=true", b'{"set":{"$P.mail":"$MARK\xff"}}'),
    one("a lone surrogate in a value", "/mutate?commitNow=true", '{"set":{"$P.mail":"$MARK\\ud800"}}', verbatim=True),
    one("key twice in a mutation", "/mutate?commitNow=true", '{"set":{"$P.count":1},"set":{"$P.mail":"$MARK"}}'),
    one("PUT a mutation", "/mutate?commitNow=true", '{"set":{"$P.mail":"$MARK"}}', method="PUT"),
    change("only a query", {"query": "{ q(func: has($P.int)) { $P.int } }"}),
    change("only a query, not committed", {"query": "{ q(func: has($P.int)) { $P.int } }"}, ""),
    change("only a query of odd predicates", {"query": "{ q(func: has(<$P.a&b>)) { <$P.a&b> <$P.näme> $P.name } }"}),
    change("upsert that finds", {"query": '{ q(func: eq($P.name, "Ada")) { v as uid $P.name } }',
                                 "set": {"uid": "uid(v)", "$P.count": 1}}),
    change("upsert that makes", {"query": FIND_JSON, "set": {"uid": "uid(v)", "$P.mail": "$MARK"}}),
    change("upsert with condition", {"query": FIND_JSON, "cond": "@if(eq(len(v), 0))", "set": {"$P.mail": "$MARK"}}),
    change("upsert with condition that fails", {"query": FIND_JSON, "cond": "@if(gt(len(v), 0))", "set": {"$P.mail": "$MARK"}}),
    change("upsert with mutations", {"query": FIND_JSON, "mutations": [
        {"cond": "@if(eq(len(v), 0))", "set": {"uid": "uid(v)", "$P.mail": "$MARK"}},
        {"cond": "@if(gt(len(v), 0))", "delete": {"uid": "uid(v)", "$P.mail": None}}]}),
    change("upsert with an escaped query", {"query": '{ q(func: eq($P.name, "Gr\\u00fc\\t\\"")) { v as uid } }',
                                            "set": {"uid": "uid(v)", "$P.mail": "$MARK"}}),
    change("upsert not committed", {"query": FIND_JSON, "set": {"uid": "uid(v)", "$P.mail": "$MARK"}}, ""),
    one("query with an escaped slash", "/mutate?commitNow=true",
        '{"query":"{ q(func: regexp($P.name, \\/^A.a$\\/)) { v as uid } }","set":{"uid":"uid(v)","$P.count":1}}',
        verbatim=True),
    one("query with an escaped backslash and slash", "/mutate?commitNow=true",
        '{"query":"{ q(func: regexp($P.name, /^A\\\\/a$/)) { v as uid } }","set":{"uid":"uid(v)","$P.count":1}}'),
    one("query with a surrogate pair", "/mutate?commitNow=true",
        '{"query":"{ q(func: eq($P.name, \\"\\ud83e\\udda6\\")) { v as uid } }","set":{"uid":"uid(v)","$P.count":1}}',
        verbatim=True),
    one("query with escaped letters", "/mutate?commitNow=true",
        '{"query":"{ q(func: eq($P.name, \\"\\u0041da\\")) { \\u0076 as uid } }","set":{"uid":"uid(v)","$P.count":1}}'),
    rdf("set in RDF", '{ set { _:a <$P.mail> "$MARK" . } }'),
    rdf("set and delete in RDF", '{ set { _:a <$P.mail> "$MARK" .\n_:a <$P.count> "1"^^<xs:int> . }'
        " delete { <0x1d1f> <$P.count> * . } }"),
    rdf("RDF with odd content", '{set{_:a <$P.mail> "$MARK } { # \\" \\\\" .}}'),
    rdf("RDF with comments", '# one\n{ # two {\nset # three\n{\n_:a <$P.mail> "$MARK" . # four\n}\n# five }\n}\n# six'),
    rdf("RDF with facets and languages", '{ set { _:a <$P.title> "Otto"@de (since=2020-01-01, sure=true) . _:b <$P.mail> "$MARK" . } }'
        .replace(" . _:b", " .\n_:b")),
    rdf("RDF not committed", '{ set { _:a <$P.mail> "$MARK" . } }', ""),
    rdf("RDF with an empty set", "{ set { } }"),
    rdf("RDF of the old type of blank", '{ set { <_:new> <$P.mail> "$MARK" . } }'),
    rdf("set twice", '{ set { _:a <$P.mail> "x" . } set { _:a <$P.mail> "$MARK" . } }'),
    rdf("set thrice", '{ delete { <1> <$P.mail> * . } set { _:a <1> } set x { _:a <$P.mail> "$MARK" . } }'),
    rdf("more after it", '{ set { _:a <$P.mail> "$MARK" . } } { set { _:a <$P.mail> "x" . } }', verbatim=True),
    rdf("long", '{ set { _:a <$P.mail> "$MARK" . ' + " " * 16384 + "} }", verbatim=True),
    rdf("a query in RDF", "{ q(func: has($P.int)) { $P.int } }", verbatim=True),
    rdf("upsert block", "upsert { " + FIND + ' mutation { set { uid(v) <$P.mail> "$MARK" . } } }'),
    rdf("upsert block with conditions", "upsert {\n" + FIND + "\nmutation @if(eq(len(v), 0)) { set { _:n <$P.mail> \"$MARK\" . } }\n"
        "mutation @if(gt(len(v), 0)) { delete { uid(v) <$P.mail> * . } } }"),
    rdf("upsert block in another order", "upsert{mutation{set{uid(v) <$P.mail> \"$MARK\" .}}" + FIND + "}"),
    rdf("upsert block with a fragment", 'upsert { query { q(func: eq($P.name, "Ada")) { v as uid ...f } }'
        " fragment f { $P.name $P.int } mutation { set { uid(v) <$P.count> \"1\" . } } }"),
    rdf("upsert block with val", 'upsert { query { q(func: eq($P.name, "Ada")) { v as uid i as $P.int } }'
        " mutation { set { uid(v) <$P.big> val(i) . } } }"),
    rdf("upsert block with braces in strings", 'upsert { query { q(func: eq($P.name, "}\\"{")) { v as uid } }'
        ' mutation @if(eq(len(v), 0) AND not eq(len(v), 5)) { set { _:x <$P.mail> "$MARK)}" . } } }'),
    rdf("upsert block with comments", "upsert { # a\n" + FIND + " # b }\nmutation # c\n{ # d\nset { uid(v) <$P.mail> \"$MARK\" . } } }"),
    rdf("upsert block of two conditions, one written",
        "upsert { " + FIND + ' mutation @if(gt(len(v), 0)) { set { _:n <$P.mail> "$MARK" . } }'
        ' mutation { set { _:m <$P.mail> "$MARK" . } } }'),
    own("dql with braces", '{ set { _:a <$P.mail> "$MARK" . } }', '{ set { _:a <$P.mail> "$MARK" . } }'),
    own("dql with an upsert", "upsert { " + FIND + ' mutation { set { uid(v) <$P.mail> "$MARK" . } } }',
        "upsert { " + FIND + ' mutation { set { uid(v) <$P.mail> "$MARK" . } } }'),
    own("dql that is bare", '_:a <$P.mail> "$MARK" .\n_:a <$P.count> "5" .',
        '{ set { _:a <$P.mail> "$MARK" .\n_:a <$P.count> "5" . } }'),
    own("dql that is bare after a comment", '# hello\n<0x1d1f> <$P.mail> "{$MARK}" .',
        '{ set { <0x1d1f> <$P.mail> "{$MARK}" . } }'),
    own("dql not committed", '_:a <$P.mail> "$MARK" .', '{ set { _:a <$P.mail> "$MARK" . } }', "?commitNow=false"),
    own("dql with a query", "{ q(func: has($P.int)) { $P.int } }", "{ q(func: has($P.int)) { $P.int } }"),
    own("dql that is odd", "{ set { _:a <$P.mail> } }", "{ set { _:a <$P.mail> } }"),
    own("dql with a charset", '_:a <$P.mail> "$MARK" .', '{ set { _:a <$P.mail> "$MARK" . } }',
        kind="application/dql; charset=utf-8"),
    form("upsert form", {"query": FIND_JSON, "mutation": 'uid(v) <$P.mail> "$MARK" .'},
         "upsert { query " + FIND_JSON + ' mutation { set { uid(v) <$P.mail> "$MARK" . } } }'),
    form("upsert form with condition", {"query": FIND_JSON, "mutation": '_:n <$P.mail> "$MARK" .', "cond": "@if(gt(len(v), 0))"},
         "upsert { query " + FIND_JSON + ' mutation @if(gt(len(v), 0)) { set { _:n <$P.mail> "$MARK" . } } }'),
    form("upsert form not committed", {"query": FIND_JSON, "mutation": 'uid(v) <$P.mail> "$MARK" .'},
         "upsert { query " + FIND_JSON + ' mutation { set { uid(v) <$P.mail> "$MARK" . } } }', "?commitNow=f", "?commitNow=false"),
    form("upsert form of two that join",
         [{"query": '{ a as var(func: eq($P.mail, "$MARK")) }', "mutation": 'uid(a) <$P.mail> "$MARK" .'},
          {"query": 'query { q(func: eq($P.name, "Ada")) { b as uid $P.name } # end\n}', "mutation": 'uid(b) <$P.count> "7" .'}],
         'upsert { query { a as var(func: eq($P.mail, "$MARK")) q(func: eq($P.name, "Ada")) { b as uid $P.name } }'
         ' mutation { set { uid(a) <$P.mail> "$MARK" . } } mutation { set { uid(b) <$P.count> "7" . } } }'),
    form("upsert form of two with one query",
         [{"query": FIND_JSON, "mutation": 'uid(v) <$P.mail> "$MARK" .'}, {"query": FIND_JSON, "mutation": 'uid(v) <$P.count> "7" .'}],
         "upsert { query " + FIND_JSON + ' mutation { set { uid(v) <$P.mail> "$MARK" . } } mutation { set { uid(v) <$P.count> "7" . } } }'),
]  # fmt: skip

DEFAULTED: list[Case] = [
    Case(name, (Step(f"/mutate{params}", body.encode(), kind, direct=Step(f"/mutate{direct}", body.encode(), kind)),))
    for name, params, direct, kind, body in (
        ("JSON", "", "?commitNow=true", JSON, '{"set":{"$P.mail":"$MARK"}}'),
        ("RDF", "", "?commitNow=true", RDF, '{ set { _:a <$P.mail> "$MARK" . } }'),
        ("false said", "?commitNow=false", "?commitNow=false", JSON, '{"set":{"$P.mail":"$MARK"}}'),
        ("nothing said", "?commitNow=", "?commitNow=", JSON, '{"set":{"$P.mail":"$MARK"}}'),
        ("left to the alpha", "", "?commitNow=true", RDF, '{ set { _:a <$P.mail> "x" . } set { _:b <$P.mail> "$MARK" . } }'),
        ("left to the alpha, with a parameter", "?hash=%41", "?hash=%41&commitNow=true", JSON + "; level=1", '{"set":{"$P.mail":"$MARK"}}'),
        ("left to the alpha, with a question mark", "?", "?commitNow=true", RDF, '{ set { } set { _:b <$P.mail> "$MARK" . } }'),
    )
]  # fmt: skip
"""What an Otter with `commit_now_default: true` is sent, and an alpha in its place."""

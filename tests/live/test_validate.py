"""What `/validate/*` says, held against what an alpha says when it is sent the same text."""

import pytest

from tests.cluster.ask import ask

UPSERT = 'upsert { query { q(func: uid(0x1)) { v as uid } } mutation %s { set { uid(v) <M.a> "x" . } } }'
QUERIES = [
    "{ q(func: uid(1)) { uid } }",
    "\n\n  { q(func: }",
    "{ q(func: uid(1)) { uid } q(func: uid(1)) { uid } }",
    "query Q($a: string!) { q(func: eq(M.a, $a)) { uid } }",
    "schema(pred: [M.a]) { type }",
    "quary { q }",
    "{ x as var(func: uid(1)) }",
    "{ q(func: has(M.a)) @filter(foo) { uid } }",
    "query { q(func: uid(1)) { uid }",
    "{ q(func: uid(1)) { ...f } }",
    "{}",
    "# only",
    "{ q(func: uid(1)) { uid } } }",
    "fragment f { uid }",
]
MUTATIONS = [
    "{ set { } }",
    '{ set { uid(v) <M.a> "x" . } }',
    '{ set { <0x1> <M.a> "x" } }',
    "{ delete { * <M.a> * . } }",
    "{ set { <0x1> <M.a> * . } }",
    '{ set { <0x1> <M.a> "x"^^<xs:int> . } }',
    '{ set { <0x1> <M.a> "x" . } ',
    '{ set { _:a <M.a> "x" (k=) . } }',
    '{ set { _:a <~x> "x" . } }',
    UPSERT % "",
    UPSERT % "@if(eq(len(v), 0))",
    UPSERT % "@if()",
    UPSERT % "@if(eq(len(v))",
    UPSERT % "@if(eq(len(v) 0))",
    UPSERT % "@if(eq(len(w), 0))",
    UPSERT % "@filter(eq(len(v), 0))",
    UPSERT.replace("mutation", "fragment f { a } mutation") % "@if(eq(len(v), 0))",
    UPSERT.replace("uid(v)", "uid(w)") % "",
]
SCHEMAS = [
    "M.b: int .",
    "M.b: int",
    "M.b int .",
    "M.b: foo .",
    "M.b: string @index(nope) .",
    "M.b: int .\nM.b: int .",
    "type M.T { M.b }",
]
TEXTS = [
    *(("/query", "application/dql", "/validate/dql", text) for text in QUERIES),
    *(("/mutate", "application/rdf", "/validate/dql", text) for text in MUTATIONS),
    *(("/alter", "text/plain", "/validate/schema", text) for text in SCHEMAS),
]


@pytest.mark.parametrize(("path", "media", "judge", "text"), TEXTS)
def test_the_verdict_and_its_reason_are_the_alphas(cluster, gateway, mark, path, media, judge, text):
    text = text.replace("M.", f"{mark}.")
    # Nothing is committed.
    own = ask(cluster.addresses[0].http, "POST", path, text, {"Content-Type": media}).json()
    ours = ask(gateway.http, "POST", judge, text, {"Content-Type": "application/dql"})
    assert (ours.status == 400) == ("errors" in own), (own, ours.body)
    if ours.status == 400:
        told = ours.json()["error"].partition(" (expected ")[0]
        reason = told.partition(": ")[2] if told.startswith("line ") else told
        # The words before a colon name what only one of the two repeats: a text, a place, a triple.
        said = " ".join(own["errors"][0]["message"].split())
        assert said.endswith(reason) or reason.partition(":")[0].strip() in said
    else:
        assert ours.json()["status"] == "valid"


def test_an_explanation_names_the_index_that_an_alpha_wants(cluster, gateway, mark):
    altered = ask(cluster.addresses[0].http, "POST", "/alter", f"{mark}.name: string .")
    assert "errors" not in altered.json()
    text = f'{{ q(func: eq({mark}.name, "a")) {{ uid }} }}'
    dql = {"Content-Type": "application/dql"}
    assert "is not indexed" in ask(cluster.addresses[0].http, "POST", "/query", text, dql).body.decode()
    told = ask(gateway.http, "POST", "/validate/dql?explain=true", text, dql).json()
    assert told["needs"] == [f"`{mark}.name` has no index for `eq`; add @index(exact)"]

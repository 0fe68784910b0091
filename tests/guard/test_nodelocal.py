"""What acts on one alpha is found however it is written."""

import json
from urllib.parse import quote

import pytest

from otterd.guard.nodelocal import changes_node, node_local

SHUTDOWN = "mutation { shutdown { response { code } } }"


@pytest.mark.parametrize(
    ("path", "local"),
    [
        (b"/admin/shutdown", True),
        (b"/admin/draining", True),
        (b"/admin/config", True),
        (b"/admin/config/cache_mb", True),
        (b"/admin/configuration", False),
        (b"/admin/schema", False),
        (b"/admin/schema/validate", False),
        (b"/admin", False),
        (b"/graphql", False),
    ],
)
def test_paths_that_act_on_one_alpha_are_known(path: bytes, local: bool) -> None:
    assert node_local(path, b"", b"") is local


@pytest.mark.parametrize(
    "document",
    [
        SHUTDOWN,
        "mutation{draining(enable:true){response{code}}}",
        "mutation M($x: Float = 1) @a { config(input: {cacheMb: $x}) { response { message } } }",
        "mutation { ok: shutdown { response { code } } }",
        "mutation { shutdown: export(input: {}) { taskId } draining(enable: false) { response { code } } }",
        "mutation { ...F } fragment F on Mutation { shutdown { response { code } } }",
        "mutation { ... on Mutation @include(if: true) { shutdown { response { code } } } }",
        "query A { health { x } } mutation B { shutdown { response { code } } }",
        '# comment "\nmutation # {\n{,,shutdown,{ response { code } } }',
        'mutation { a: export(input: {format: "\\"{"}) { taskId } shutdown { response { code } } }',
        'mutation { a: export(input: {format: """ \\""" " { """}) { taskId } shutdown { x } }',
        'mutation { a: export(input: {format: ""}) { taskId } shutdown { response { code } } }',
        'mutation { a: export(input: {format: "\r"}) { x } shutdown { x } b: y(z: "") }',
        "\ufeffmutation { shutdown { response { code } } }",
    ],
)
def test_mutations_that_act_on_one_alpha_are_found(document: str) -> None:
    assert changes_node(document)
    assert node_local(b"/admin", b"", json.dumps({"query": document}).encode())
    assert node_local(b"/admin", b"", document.encode())
    assert node_local(b"/admin", b"query=" + quote(document).encode(), b"")


@pytest.mark.parametrize(
    "document",
    [
        "query { config { cacheMb } }",
        "{ config { cacheMb } }",
        'mutation { updateGQLSchema(input: {set: {schema: "type config { a: B }"}}) { x } }',
        'mutation { x(input: {schema: """ shutdown { draining } " """}) { id } } # shutdown',
        "mutation { export(input: {config: 1, draining: {shutdown: 2}}) { taskId } }",
        "mutation { shutdown: export(input: {}) { taskId } }",
        "mutation shutdown { export(input: {}) @config { ...draining } }",
        "mutation { deleteUser(filter: {}) { msg } }",
    ],
)
def test_other_requests_are_left_to_the_balancer(document: str) -> None:
    assert not changes_node(document)
    assert not node_local(
        b"/admin", b"query=" + quote(document).encode(), json.dumps({"query": document}).encode()
    )


@pytest.mark.parametrize(
    "body",
    [
        b'{"QUERY": "mutation{shutdown{response{code}}}"}',
        b'{"query": "{health{address}}", "Query": "mutation{shutdown{response{code}}}"}',
        b'{"query": "mutation{\\u0073hutdown{response{code}}}"} trailing',
        b'{"variables": {"n": ' + b"1" * 5000 + b'}, "query": "mutation{shutdown{response{code}}}"}',
        b'{"operationName": "\xff", "query": "mutation{shutdown{response{code}}}"}',
        b'{"query": "mutation{shutdown{response{code}}}", "variables": ' + b"[" * 200000,
        b'{"extensions": {"persistedQuery": {"sha256Hash": "00"}}}',
        b'{"query": " ", "Extensions": {"persistedQuery": {"sha256Hash": "00"}}}',
    ],
)
def test_other_spellings_and_hidden_documents_count(body: bytes) -> None:
    assert node_local(b"/admin", b"", body)


def test_a_persisted_query_in_the_url_counts() -> None:
    assert node_local(b"/admin", b"extensions=%7B%7D", b"")
    assert node_local(b"/admin", b"quer%79=mutation%7Bshutdown%7Bx%7D%7D", b"")


def test_a_long_document_of_open_strings_is_read_once() -> None:
    assert changes_node("mutation { shutdown } " + '"""\\' * 250_000)


def test_bodies_that_are_no_request_are_left_to_the_alpha() -> None:
    for body in (b"", b"  ", b"[]", b"null", b'"mutation"', b"{}", b'{"query": 1}', b"\x00\xff"):
        assert not node_local(b"/admin", b"", body)

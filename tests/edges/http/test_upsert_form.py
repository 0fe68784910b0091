"""Otter's own form of an upsert."""

import msgspec
import pytest

from otterd.edges.http.upsert_form import upsert_request
from otterd.errors import BadRequest
from otterd.wire import api_pb2 as api

ONE = {"query": "{ a as var(func: has(n)) }", "mutation": "uid(a) <n> <1> ."}
TWO = {"query": "{ b as var(func: has(m)) }", "mutation": "uid(b) <m> <1> .", "cond": "@if(gt(len(b), 0))"}


def made(upsert, **beside):
    body = msgspec.json.encode({"upsert": upsert, **beside})
    return upsert_request(msgspec.json.decode(body, type=dict[str, msgspec.Raw]))


def test_a_list_becomes_one_request_with_several_mutations():
    assert made([ONE, TWO]) == api.Request(
        query="{ a as var(func: has(n)) \n b as var(func: has(m)) \n}",
        mutations=[
            api.Mutation(set_nquads=b"uid(a) <n> <1> ."),
            api.Mutation(set_nquads=b"uid(b) <m> <1> .", cond="@if(gt(len(b), 0))"),
        ],
    )


def test_a_list_of_one_is_like_the_one():
    assert made([ONE]) == made(ONE)


@pytest.mark.parametrize(
    "upsert",
    [
        None,
        5,
        "x",
        {},
        [5],
        {"query": "{}"},
        {"mutation": "x"},
        {**ONE, "set": {}},
        {**ONE, "cond": None},
        {**ONE, "query": 5},
        [ONE, None],
    ],
)
def test_anything_else_is_refused(upsert):
    with pytest.raises(BadRequest, match="`upsert` wants an object"):
        made(upsert)


def test_an_empty_list_is_refused():
    with pytest.raises(BadRequest, match="empty"):
        made([])


@pytest.mark.parametrize("upsert", [{**ONE, "query": " "}, {**ONE, "mutation": "\n"}])
def test_a_blank_part_is_refused(upsert):
    with pytest.raises(BadRequest, match="upsert 2 lacks"):
        made([ONE, upsert])


@pytest.mark.parametrize("key", ["query", "set", "delete", "cond", "mutations"])
def test_dgraphs_own_keys_beside_it_are_refused(key):
    with pytest.raises(BadRequest, match=key):
        made(ONE, **{key: "x"})
    assert made(ONE, comment="x")

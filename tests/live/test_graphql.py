"""GraphQL through Otter: schema, query, mutation, and a subscription over a WebSocket."""

import asyncio

import pytest

from tests.cluster.ask import ask, until
from tests.live.sockets import Socket, run

SCHEMA = """
type Otter @withSubscription {
  id: ID!
  name: String! @search(by: [exact])
}
"""

NAMES = "{ queryOtter(order: {asc: name}) { name } }"


@pytest.fixture
def graphql(otter, started_cluster):
    """Give an Otter before a cluster whose every alpha serves the schema above."""
    gateway = otter(started_cluster)
    stored = ask(gateway.http, "POST", "/admin/schema", SCHEMA)
    assert stored.json()["data"]["code"] == "Success", stored.body
    # The other alphas learn of a new schema a little later.
    until(lambda: all(_serves(alpha) for alpha in started_cluster.addresses), "the schema everywhere")
    return gateway


def _serves(where):
    return not _ask(where, NAMES).get("errors")


def _ask(where, text):
    return ask(where.http, "POST", "/graphql", {"query": text}).json()


def _add(where, name):
    text = f'mutation {{ addOtter(input: [{{name: "{name}"}}]) {{ otter {{ name }} numUids }} }}'
    return _ask(where, text)


def test_what_a_mutation_adds_a_query_finds(graphql, mark):
    assert _add(graphql, mark)["data"] == {"addOtter": {"otter": [{"name": mark}], "numUids": 1}}
    question = f'{{ queryOtter(filter: {{name: {{eq: "{mark}"}}}}) {{ name }} }}'
    assert _ask(graphql, question)["data"] == {"queryOtter": [{"name": mark}]}


def test_a_mistake_is_explained_as_the_alpha_explains_it(graphql, started_cluster):
    own = ask(started_cluster.addresses[0].http, "POST", "/graphql", {"query": "{ nobody }"})
    through = ask(graphql.http, "POST", "/graphql", {"query": "{ nobody }"})
    assert through.status == own.status
    assert through.json()["errors"] == own.json()["errors"]


def test_a_subscription_delivers_what_changes(graphql, mark):
    question = f'subscription {{ queryOtter(filter: {{name: {{eq: "{mark}"}}}}) {{ name }} }}'

    async def subscribe():
        socket = await Socket.open(graphql.http, "/graphql", "graphql-ws")
        try:
            acknowledged = await socket.ask({"type": "connection_init", "payload": {}})
            assert acknowledged["type"] == "connection_ack"
            await socket.send({"type": "start", "id": "1", "payload": {"query": question}})
            first = await _data(socket)
            added = await asyncio.to_thread(_add, graphql, mark)
            assert not added.get("errors")
            return first, await _data(socket)
        finally:
            await socket.close()

    first, second = run(subscribe(), 90)
    assert first == {"queryOtter": []}
    assert second == {"queryOtter": [{"name": mark}]}


async def _data(socket):
    """Return the data of the next update."""
    while True:
        message = await socket.receive()
        if message["type"] == "data":
            assert message["id"] == "1"
            return message["payload"]["data"]
        assert message["type"] == "ka", message


def test_graphql_can_be_turned_off(otter, cluster):
    gateway = otter(cluster, graphql=False)
    assert ask(gateway.http, "POST", "/graphql", {"query": NAMES}).status == 404

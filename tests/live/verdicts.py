"""Ask an alpha whether its parsers take a text, without anything being done.

A mutation goes together with a query that no alpha can lex: it is looked at only when all
N-Quads and JSON have been read and found good, and then the whole request is refused.
"""

from collections.abc import Iterable

import grpc

from otterd.wire import api_pb2 as api

UNSOUND = "{ kv(func: }"
TAKEN = f"while lexing {UNSOUND} at"
NOT_DQL = "error parsing DQL query: "
RESERVED = "Can't alter predicate `dgraph.kv`"
TIMEOUT = 20


class Alpha:
    """One alpha's gRPC port."""

    def __init__(self, address: str) -> None:
        self._channel = grpc.insecure_channel(address)

    def close(self) -> None:
        """Hang up."""
        self._channel.close()

    def _ask(self, rpc: str, message: api.Request | api.RunDQLRequest | api.Operation) -> str:
        """Return the words of the refusal, "" for none."""
        call = self._channel.unary_unary(f"/api.Dgraph/{rpc}", type(message).SerializeToString)
        try:
            call(message, timeout=TIMEOUT)
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.UNKNOWN:
                raise
            return str(error.details())
        return ""

    def mutation(self, mutation: api.Mutation) -> str:
        """Return why `mutation` is refused, "" when it is not."""
        told = self._ask("Query", api.Request(query=UNSOUND, mutations=[mutation]))
        assert told
        return "" if told.startswith(TAKEN) else told

    def blocks(self, text: str) -> str:
        """Return why the text of a mutation or upsert is refused as such, "" when it is not."""
        told = self._ask("RunDQL", api.RunDQLRequest(dql_query=text))
        return told[len(NOT_DQL) :] if told.startswith(NOT_DQL) else ""

    def schema(self, text: str) -> str:
        """Return why a schema, in which something is forbidden to all, is refused otherwise."""
        told = self._ask("Alter", api.Operation(schema=text))
        assert told, f"this schema was applied: {text!r}"
        return "" if told.startswith(RESERVED) else told


def unlike(found: Iterable[tuple[object, str, str]]) -> list[tuple[object, str, str]]:
    """Return the text, Dgraph's word and Otter's, of all on which only one of them is content."""
    return [each for each in found if bool(each[1]) != bool(each[2])]

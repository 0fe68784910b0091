"""An alpha asked for its verdict on a document, without running it."""

from collections import deque
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Self

import grpc

from otterd.wire import api_pb2 as api
from tests.dql.judge import Verdict, theirs

# An alpha parses such a request before it refuses it. So nothing is run: running what chance made
# can end an alpha's process (`min(nothing)` under a groupby does, in v25.4).
NOT_RUN = "A best effort query must be read-only."
AT_ONCE = 4
Document = tuple[str, dict[str, str]]


class Alpha:
    """One alpha, asked over gRPC with a few requests under way at once."""

    def __init__(self, address: str) -> None:
        self._channel = grpc.insecure_channel(address)
        self._query = self._channel.unary_unary(
            "/api.Dgraph/Query",
            request_serializer=api.Request.SerializeToString,
            response_deserializer=api.Response.FromString,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._channel.close()

    def verdicts(self, documents: Iterable[Document]) -> Iterator[tuple[Document, Verdict]]:
        """Yield each of `documents`, texts with their variables, with the alpha's verdict."""
        waiting: deque[tuple[Document, grpc.Future]] = deque()
        for document in documents:
            waiting.append((document, self._ask(document)))
            if len(waiting) == AT_ONCE:
                yield self._heard(*waiting.popleft())
        for one in waiting:
            yield self._heard(*one)

    def _ask(self, document: Document) -> grpc.Future:
        text, variables = document
        return self._query.future(api.Request(query=text, vars=variables, best_effort=True), timeout=20)

    @staticmethod
    def _heard(document: Document, call: grpc.Future) -> tuple[Document, Verdict]:
        error = call.exception()
        assert isinstance(error, grpc.RpcError), "a request that cannot be run was answered"
        assert error.code() is grpc.StatusCode.UNKNOWN, f"{error.code()} for {document}: {error.details()}"
        message = error.details()
        return document, theirs(None if message == NOT_RUN else message)

    def run(self, document: Document) -> api.Response | None:
        """Run a read-only query and return its answer; None if it fails in running."""
        text, variables = document
        try:
            found: api.Response = self._query(
                api.Request(query=text, vars=variables, read_only=True, best_effort=True), timeout=20
            )
        except grpc.RpcError:
            return None
        return found

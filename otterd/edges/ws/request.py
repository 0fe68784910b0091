"""What a message asks of the corridor: the gRPC request in its place."""

from otterd.core.operation import Caller, Entry, Metadata, Operation, Purpose, Rpc
from otterd.edges.ws.message import ABSENT, Message, Part, max_stale
from otterd.wire import api_pb2
from otterd.wire.question import READ_ONLY, question


def operation_of(message: Message, caller: Caller, metadata: Metadata, entry: Entry) -> Operation:
    """Return the Operation that `message`, a whole query, mutation or upsert, stands for."""
    if message.type == "query":
        # A socket has no transactions, so that nothing can follow from the timestamp of a query, which
        # is told in HTTP's shape only.
        payload = question(message.query or "", message.variables) + READ_ONLY
        rpc = Rpc("Query", payload, metadata, True)
        stale = None if message.max_stale is None else max_stale(message)
        whole = message.shape is None
        return Operation(Purpose.QUERY, rpc, caller, entry, read_only=True, commit_now=whole, max_stale=stale)
    request = api_pb2.Request(mutations=_mutations(message), commit_now=True)
    purpose = Purpose.MUTATION
    if message.query:
        purpose = Purpose.UPSERT
        request.query = message.query
        request.vars.update(message.variables or {})
    rpc = Rpc("Query", request.SerializeToString(), metadata)
    return Operation(purpose, rpc, caller, entry, writes=True, commit_now=True)


def _mutations(message: Message) -> list[api_pb2.Mutation]:
    """Return the message's own mutation, then those of its list; those that change nothing are left out."""
    own = Part(message.set, message.delete, message.cond)
    found = []
    if message.mutation or not own.empty:
        first = _mutation(own)
        if message.mutation:
            first.set_nquads = message.mutation.encode()
        found.append(first)
    listed = message.mutations or ()
    found.extend(_mutation(part) for part in listed if part is not None and not part.empty)
    return found


def _mutation(part: Part) -> api_pb2.Mutation:
    wanted = api_pb2.Mutation(cond=part.cond or "")
    if (text := bytes(part.set)) not in ABSENT:
        wanted.set_json = text
    if (text := bytes(part.delete)) not in ABSENT:
        wanted.delete_json = text
    return wanted

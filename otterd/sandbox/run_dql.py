"""The texts that RunDQL takes, which say themselves whether they change anything."""

from __future__ import annotations

from otterd.dql.errors import DqlError
from otterd.dql.mutation_blocks import parse_mutation
from otterd.dql.mutation_tree import Change, Mutation, Upsert
from otterd.sandbox.failures import Failed
from otterd.wire import api_pb2 as api


def request_of(asked: api.RunDQLRequest) -> api.Request:
    """Return what `asked` comes to; what changes something commits at once."""
    try:
        parsed = parse_mutation(asked.dql_query)
    except DqlError as error:
        raise Failed(error.message) from None
    request = api.Request(vars=asked.vars, resp_format=asked.resp_format)
    if isinstance(parsed, Mutation):
        request.mutations.append(_mutation(parsed.change))
    elif isinstance(parsed, Upsert):
        request.query = parsed.query
        request.mutations.extend(map(_mutation, parsed.changes))
    else:
        request.query = parsed.text
        request.read_only, request.best_effort = asked.read_only, asked.best_effort
    request.commit_now = bool(request.mutations)
    return request


def _mutation(change: Change) -> api.Mutation:
    return api.Mutation(set_nquads=change.set.encode(), del_nquads=change.delete.encode(), cond=change.cond)

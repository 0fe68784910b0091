"""The pages of an alpha that are about GraphQL and its administration; of them only the schema is real."""

from __future__ import annotations

import json
from collections.abc import Mapping

from otterd.edges.http.plan import Rendered
from otterd.edges.http.render import JSON_TYPE, error_body
from otterd.sandbox.alpha import Alpha
from otterd.sandbox.alter import Alteration
from otterd.sandbox.failures import PERMISSION_DENIED, UNAUTHENTICATED, Failed, unsupported
from otterd.sandbox.sdl.dql import dql_schema
from otterd.sandbox.sdl.tree import Refused
from otterd.sandbox.web import Visit

TEXT = (b"Content-Type", b"text/plain; charset=utf-8")
DONE = b'{"data":{"code":"Success","message":"Done"}}'
_TOUCHED = (b"Graphql-Toucheduids", b"0")
_HALFWAY = (
    "succeeded in saving GraphQL schema but failed to alter Dgraph schema - GraphQL layer may exhibit"
    " unexpected behaviour, reapplying the old GraphQL schema may prevent any issues: "
)
_CODES = {7: "PermissionDenied", 16: "Unauthenticated"}
_SWITCHES = {
    **dict.fromkeys((b"1", b"t", b"T", b"true", b"TRUE", b"True"), True),
    **dict.fromkeys((b"0", b"f", b"F", b"false", b"FALSE", b"False"), False),
}
_KEYWORDS = (
    "@cascade @facets @filter @if @normalize after allofterms alloftext and anyofterms anyoftext as avg"
    " ceil cond contains count delete eq exact exp expand first floor fulltext func ge gt index"
    " intersects le len ln logbase lt math max min mutation near ngram not offset or orderasc orderdesc"
    " pow recurse regexp reverse schema since set sqrt sum term tokenizer type uid within upsert"
)


class Administration:
    """Answers what is asked of `alpha` about GraphQL."""

    def __init__(self, alpha: Alpha) -> None:
        self._alpha = alpha

    async def schema(self, text: str, metadata: Mapping[str, str]) -> Rendered:
        """Let `text` be the GraphQL schema of who asks."""
        try:
            self._update(text, metadata)
        except Refused as refused:
            return _refused(str(refused))
        except Failed as failed:
            if failed.text.startswith("sandbox: "):
                return Rendered(200, (JSON_TYPE,), error_body(failed.text, "Error"))
            code = f"rpc error: code = {_CODES[failed.code]} desc = " if failed.code in _CODES else ""
            return _refused(code + failed.text)
        return Rendered(200, (JSON_TYPE,), DONE)

    def _update(self, text: str, metadata: Mapping[str, str]) -> None:
        shown = "accessjwt" in metadata
        caller = self._alpha.caller(metadata, UNAUTHENTICATED if shown else PERMISSION_DENIED)
        caller.guard()
        schema = dql_schema(text)
        self._alpha.faults.refusal()
        cluster = self._alpha.cluster
        alteration = Alteration(cluster, caller.namespace, 1)
        declared = alteration.declared(schema)
        # An update has a timestamp of its own, before it looks for the node of the schema.
        cluster.zero.timestamp()
        alteration.keep_graphql(text)
        try:
            alteration.adopt(declared)
        except Failed as failed:
            raise Failed(_HALFWAY + failed.text, failed.code) from None

    async def validate(self, visit: Visit) -> Rendered:
        """Tell whether a GraphQL schema could be taken."""
        try:
            dql_schema(visit.body.decode("utf-8", "replace"))
        except Refused as refused:
            return _errors(400, refused.lines, "ErrorInvalidRequest")
        except Failed as failed:
            return _errors(400, [failed.text], "ErrorInvalidRequest")
        return _errors(200, ["Schema is valid"], "success")

    async def graphql(self, visit: Visit) -> Rendered:
        """Refuse to answer GraphQL."""
        if visit.method == b"OPTIONS":
            return Rendered(200, (JSON_TYPE, _TOUCHED), b"")
        body = json.dumps({"errors": [{"message": unsupported("GraphQL").text}]}, separators=(",", ":"))
        return Rendered(200, (JSON_TYPE, _TOUCHED), body.encode())

    async def probe(self, visit: Visit) -> Rendered:
        """Tell how often the GraphQL schema changed."""
        changes = sum(schema.graphql_changes for schema in self._alpha.cluster.schemas.values())
        body = f'{{"status":"up","schemaUpdateCounter":{changes}}}'
        return Rendered(200, (JSON_TYPE,), body.encode())

    async def keywords(self, visit: Visit) -> Rendered:
        """List the words that an editor of queries knows."""
        if visit.method == b"OPTIONS":
            return Rendered(200, (), b"")
        if visit.method != b"GET":
            return Rendered(400, (TEXT, (b"X-Content-Type-Options", b"nosniff")), b"ErrorInvalidMethod\n")
        words = [{"type": "", "name": word} for word in _KEYWORDS.split()]
        return Rendered(200, (TEXT,), json.dumps({"keywords": words}, separators=(",", ":")).encode())

    async def draining(self, visit: Visit) -> Rendered:
        """Let the alpha drain, or be well again."""
        if visit.method not in (b"PUT", b"POST"):
            return Rendered(200, (JSON_TYPE,), error_body("Invalid method", "ErrorInvalidMethod"))
        if self._alpha.cluster.accounts is not None:
            return await self.untaken(visit)
        parameters = dict(pair.partition(b"=")[::2] for pair in visit.query.split(b"&"))
        on = _SWITCHES.get(parameters.get(b"enable", b""))
        if on is None:
            text = "Found invalid value for the enable parameter"
            return Rendered(200, (JSON_TYPE,), error_body(text, "ErrorInvalidRequest"))
        self._alpha.faults.change(draining=on)
        said = f'{{"code": "Success","message": "draining mode has been set to {"true" if on else "false"}"}}'
        return Rendered(200, (JSON_TYPE,), said.encode())

    async def untaken(self, visit: Visit) -> Rendered:
        """Refuse, by its name, a page that a real alpha has."""
        text = unsupported(visit.path.decode("latin-1")).text
        return Rendered(200, (JSON_TYPE,), error_body(text, "Error"))


def _refused(reason: str) -> Rendered:
    text = f"resolving updateGQLSchema failed because {reason} (Locations: [{{Line: 3, Column: 4}}])"
    return Rendered(200, (JSON_TYPE,), error_body(text, "Error"))


def _errors(status: int, texts: list[str], code: str) -> Rendered:
    bodies = [error_body(text, code)[len(b'{"errors":[') : -len(b"]}")] for text in texts]
    return Rendered(status, (JSON_TYPE,), b'{"errors":[' + b",".join(bodies) + b"]}")

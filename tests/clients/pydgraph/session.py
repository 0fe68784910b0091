"""What an application does with pydgraph, unmodified, against whatever speaks `api.Dgraph` at TARGET.

Usage: python session.py plain|acl TARGET PREFIX. Prints one line of JSON for each step: its name and what
came of it. What differs from run to run (uids, timestamps, namespaces, the prefix) is masked, so that the
lines of two targets can be compared.
"""

import asyncio
import json
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pydgraph

MASKS = ((r"0x[0-9a-f]+", "UID"), (r"\bts: \d+", "ts: N"), (r"(?<=namespace )\d+", "N"))
EXPIRED = "Token is expired"
GROOT = ("groot", "password")
TRIES = 1_000


class Session:
    """Takes the steps of one run; `name` stands for the prefix in what is printed."""

    def __init__(self, target: str, prefix: str) -> None:
        self.target = target
        self.prefix = prefix
        self.client = pydgraph.DgraphClient(pydgraph.DgraphClientStub(target))

    def tell(self, step: str, seen: Any) -> None:
        text = json.dumps(seen, sort_keys=True).replace(self.prefix, "PREFIX")
        for pattern, mask in MASKS:
            text = re.sub(pattern, mask, text)
        print(json.dumps(step) + " " + text, flush=True)

    def fails(self, step: str, act: Callable[[], Any]) -> None:
        """Tell how `act` fails."""
        try:
            act()
        except grpc.RpcError as error:
            self.tell(step, ["RpcError", error.code().name, error.details()])
        except Exception as error:
            cause = error.__cause__ or error.__context__
            told = [cause.code().name, cause.details()] if isinstance(cause, grpc.RpcError) else []
            self.tell(step, [type(error).__name__, str(error), *told])
        else:
            self.tell(step, "did not fail")

    def names(self, txn: Any = None) -> list[str]:
        query = (
            f"{{ q(func: has({self.prefix}_name), orderasc: {self.prefix}_name) {{ {self.prefix}_name }} }}"
        )
        txn = txn or self.client.txn(read_only=True)
        return [row[f"{self.prefix}_name"] for row in json.loads(txn.query(query).json)["q"]]

    def person(self, name: str, uid: str = "_:new") -> dict[str, Any]:
        return {"uid": uid, f"{self.prefix}_name": name}


def schema(s: Session) -> None:
    s.tell("version", bool(s.client.check_version()))
    s.client.alter(pydgraph.Operation(schema=f"{s.prefix}_name: string @index(exact) @upsert ."))
    s.client.set_schema(f"{s.prefix}_age: int .\n{s.prefix}_knows: [uid] .")
    shown = json.loads(
        s.client.txn(read_only=True).query(f"schema(pred: [{s.prefix}_name]) {{ type index upsert }}").json
    )
    s.tell("schema", shown)
    s.fails("a schema that is none", lambda: s.client.set_schema("name: nonsense ."))
    s.client.async_alter(pydgraph.Operation(schema=f"{s.prefix}_late: string .")).result()
    s.fails("a predicate of Dgraph's own", lambda: s.client.drop_predicate("dgraph.type"))


def transactions(s: Session) -> None:
    txn = s.client.txn()
    made = txn.mutate(set_obj=s.person("Alice"))
    s.tell(
        "mutate",
        [sorted(made.uids), made.txn.start_ts > 0, sorted(p.split("-", 2)[2] for p in made.txn.preds)],
    )
    ask = f"query q($n: string) {{ q(func: eq({s.prefix}_name, $n)) {{ uid {s.prefix}_name }} }}"
    s.tell("seen inside", json.loads(txn.query(ask, variables={"$n": "Alice"}).json))
    s.tell("unseen outside", s.names())
    done = txn.commit()
    s.tell("committed", [done.commit_ts > done.start_ts, s.names()])
    s.fails("used after its end", lambda: txn.query(ask))
    s.fails("committed twice", txn.commit)

    txn = s.client.txn()
    txn.mutate(set_nquads=f'_:x <{s.prefix}_name> "Mallory" .')
    txn.discard()
    s.tell("discarded", s.names())
    with s.client.txn() as within:
        within.mutate(set_nquads=f'_:x <{s.prefix}_name> "Trudy" .')
    s.tell("left in order", s.names())

    now = s.client.txn().mutate(set_nquads=f'_:b <{s.prefix}_name> "Bob" .', commit_now=True)
    s.tell("commit_now", [now.txn.commit_ts > 0, s.names()])
    bob = now.uids["b"]
    s.client.txn().mutate(del_nquads=f"<{bob}> <{s.prefix}_name> * .", commit_now=True)
    s.client.txn().mutate(del_obj={"uid": made.uids["new"]}, commit_now=True)
    s.tell("deleted", s.names())

    first, second = s.client.txn(), s.client.txn()
    for each in (first, second):
        each.mutate(set_obj=s.person("Carol", bob))
    first.commit()
    s.fails("a conflict", second.commit)
    s.fails("a query that is none", lambda: s.client.txn().query("{ broken"))
    s.fails("a mutation that is none", lambda: s.client.txn().mutate(set_nquads="no triple"))
    s.fails("a variable that is not declared", lambda: s.client.txn().query(ask, variables={"$x": "1"}))


def reads(s: Session) -> None:
    read = s.client.txn(read_only=True)
    s.tell("read-only", s.names(read))
    s.fails("a write within", lambda: read.mutate(set_obj=s.person("No")))
    # It tells what the alpha has by now, which may be an older state.
    fresh = s.names()
    s.tell(
        "best-effort",
        any(s.names(s.client.txn(read_only=True, best_effort=True)) == fresh for _ in range(TRIES)),
    )
    s.fails("best-effort and not read-only", lambda: s.client.txn(best_effort=True))
    ask = f"{{ q(func: has({s.prefix}_name)) {{ {s.prefix}_name }} }}"
    s.tell("rdf", s.client.txn(read_only=True).query(ask, resp_format="RDF").rdf.decode())
    future = s.client.txn(read_only=True).async_query(ask)
    s.tell("a future", json.loads(pydgraph.Txn.handle_query_future(future).json))
    future = (txn := s.client.txn()).async_mutate(set_obj=s.person("Dave"))
    s.tell("a future write", sorted(pydgraph.Txn.handle_mutate_future(txn, future, False).uids))
    txn.commit()


def upserts(s: Session) -> None:
    query = f'{{ v as var(func: eq({s.prefix}_name, "Erin")) }}'
    for round_ in range(3):
        txn = s.client.txn()
        nquads = f'_:e <{s.prefix}_name> "Erin" .'
        mutation = txn.create_mutation(set_nquads=nquads, cond="@if(eq(len(v), 0))")
        told = txn.do_request(txn.create_request(query=query, mutations=[mutation], commit_now=True))
        s.tell(f"upsert {round_}", sorted(told.uids))
    s.tell("upserted once", s.names().count("Erin"))
    change = f'mutation @if(gt(len(v), 0)) {{ set {{ uid(v) <{s.prefix}_age> "7" . }} }}'
    s.client.run_dql(f"upsert {{ query {query} {change} }}")
    ask = f"query q($n: string) {{ q(func: eq({s.prefix}_name, $n)) {{ {s.prefix}_age }} }}"
    told = s.client.run_dql_with_vars(ask, {"$n": "Erin"}, read_only=True)
    s.tell("run_dql", json.loads(told.json))


def retries(s: Session) -> None:
    uid = s.client.txn().mutate(set_obj=s.person("Frank"), commit_now=True).uids["new"]
    tries = {"transaction": 0, "generator": 0, "decorator": 0}

    def change(txn: Any, way: str) -> None:
        """Write, and be in the way of ourselves the first time."""
        tries[way] += 1
        txn.mutate(set_obj=s.person(f"Frank {way}", uid))
        if tries[way] == 1:
            s.client.txn().mutate(set_obj=s.person("Frank first", uid), commit_now=True)
        txn.commit()

    pydgraph.run_transaction(s.client, lambda txn: change(txn, "transaction"), base_delay=0.01)
    for attempt in pydgraph.retry(base_delay=0.01):
        with attempt:
            change(s.client.txn(), "generator")
    pydgraph.with_retry(base_delay=0.01)(lambda: change(s.client.txn(), "decorator"))()
    s.tell("tries", tries)
    s.tell("Frank is", [name for name in s.names() if name.startswith("Frank")])


async def asynchronous(s: Session) -> None:
    async with pydgraph.AsyncDgraphClient(pydgraph.AsyncDgraphClientStub(s.target)) as client:
        s.tell("async version", bool(await client.check_version()))
        await client.alter(pydgraph.Operation(schema=f"{s.prefix}_async: string @index(exact) ."))
        ask = f"{{ q(func: has({s.prefix}_async)) {{ {s.prefix}_async }} }}"
        txn = client.txn()
        made = await txn.mutate(set_nquads=f'_:a <{s.prefix}_async> "one" .')
        own = f'{{ q(func: eq({s.prefix}_async, "one")) {{ {s.prefix}_async }} }}'
        inside = json.loads((await txn.query(own)).json)
        outside = json.loads((await client.txn(read_only=True).query(ask)).json)
        await txn.commit()
        s.tell("async transaction", [sorted(made.uids), inside, outside])
        async with client.txn() as within:
            await within.mutate(set_nquads=f'_:a <{s.prefix}_async> "gone" .')
        read = client.txn(read_only=True, best_effort=False)
        s.tell("async read", json.loads((await read.query(ask)).json))
        txns = [client.txn() for _ in range(2)]
        for each in txns:
            await each.mutate(set_nquads=f'<{made.uids["a"]}> <{s.prefix}_async> "two" .')
        await txns[0].commit()
        try:
            await txns[1].commit()
        except pydgraph.AbortedError as error:
            s.tell("async conflict", [type(error).__name__, str(error)])
        answers = await asyncio.gather(*(client.txn(read_only=True).query(ask) for _ in range(50)))
        s.tell("many at once", sorted({answer.json.decode() for answer in answers}))
        tries = []

        async def change(txn: Any) -> None:
            tries.append(1)
            await txn.mutate(set_nquads=f'<{made.uids["a"]}> <{s.prefix}_async> "three" .')
            if len(tries) == 1:
                await client.txn().mutate(
                    set_nquads=f'<{made.uids["a"]}> <{s.prefix}_async> "x" .', commit_now=True
                )
            await txn.commit()

        await pydgraph.run_transaction_async(client, change, base_delay=0.01)
        s.tell("async tries", len(tries))
    async with await pydgraph.async_open(f"dgraph://{s.target}") as opened:
        s.tell("async open", bool(await opened.check_version()))


def plain(s: Session) -> None:
    for part in (schema, transactions, reads, upserts, retries):
        part(s)
    asyncio.run(asynchronous(s))
    opened = pydgraph.open(f"dgraph://{s.target}")
    s.tell("opened", bool(opened.check_version()))
    start, end = s.client.allocate_uids(5)
    s.tell("leased", end - start)
    opened.close()
    s.client.close()
    s.fails("closed", lambda: s.client.txn().query("{ q(func: uid(1)) { uid } }"))


def until_expired(s: Session) -> Iterator[None]:
    """Ask with the token that the client has until it is too old; the client itself is not told."""
    stub, metadata = s.client.any_client(), s.client.add_login_metadata(None)
    while True:
        try:
            stub.query(pydgraph.Request(query="{ q(func: uid(1)) { uid } }"), metadata=metadata)
        except grpc.RpcError as error:
            if EXPIRED in error.details():
                return
            raise
        yield


def acl(s: Session) -> None:
    s.fails("nobody reads", lambda: s.client.txn(read_only=True).query("{ q(func: uid(1)) { uid } }"))
    s.fails("nobody alters", lambda: s.client.set_schema(f"{s.prefix}_x: string ."))
    s.fails("nobody lists namespaces", s.client.list_namespaces)
    s.fails("a wrong password", lambda: s.client.login("groot", "wrong"))
    s.client.login(*GROOT)
    s.client.set_schema(f"{s.prefix}_name: string @index(exact) @upsert .")
    txn = s.client.txn()
    txn.mutate(set_obj=s.person("Alice"))
    txn.commit()
    s.tell("written by groot", s.names())
    for _ in until_expired(s):
        pass
    s.tell("a token that expired is renewed", s.names())
    s.client.login(*GROOT)
    number = s.client.create_namespace()
    s.tell("listed", number in s.client.list_namespaces())
    other = pydgraph.DgraphClient(pydgraph.DgraphClientStub(s.target))
    other.login_into_namespace("groot", "password", number)
    other.set_schema(f"{s.prefix}_name: string @index(exact) .")
    s.tell("another namespace is empty", s.names(other.txn(read_only=True)))
    s.fails("it may not drop others", lambda: other.drop_namespace(number))
    s.client.login(*GROOT)
    s.client.drop_namespace(number)
    # The alphas are told some time after it is answered.
    s.tell("dropped", any(number not in s.client.list_namespaces() for _ in range(TRIES)))

    async def renewed() -> None:
        async with pydgraph.AsyncDgraphClient(pydgraph.AsyncDgraphClientStub(s.target)) as client:
            await client.login(*GROOT)
            ask = f"{{ q(func: has({s.prefix}_name)) {{ {s.prefix}_name }} }}"
            s.tell("async login", json.loads((await client.txn(read_only=True).query(ask)).json))

    asyncio.run(renewed())


if __name__ == "__main__":
    mode, where, mark = sys.argv[1:]
    {"plain": plain, "acl": acl}[mode](Session(where, mark))

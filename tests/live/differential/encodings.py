"""Gzip in both directions, and answers of 20 MB."""

import gzip

from tests.live.differential.case import DQL, JSON, RDF, Case, Step
from tests.live.differential.transactions import BEGIN, KEYS

ALL = b"{ q(func: has($P.int), orderasc: $P.int) { $P.name $P.int } }"
BIG = b"{ q(func: has($P.piece)) { $P.piece } }"
SET = b'{"set":{"$P.mail":"packed"}}'
NQUADS = b'{ set { _:a <$P.mail> "packed" . } }'
GZIP = {"Accept-Encoding": "gzip"}


def packed(target: str, body: bytes, kind: str, **headers: str) -> Step:
    """Make a step whose body is compressed once the placeholders are filled in."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return Step(target, body, kind, {"Content-Encoding": "gzip", "X-Pack": "1", **fields})


ENCODINGS: list[Case] = [
    Case("gzip out of a query", (Step("/query", ALL, DQL, GZIP),)),
    Case(
        "gzip out among others", (Step("/query", ALL, DQL, {"Accept-Encoding": "deflate, gzip;q=0.5, br"}),)
    ),
    Case("gzip out in capitals is none", (Step("/query", ALL, DQL, {"Accept-Encoding": "GZIP"}),)),
    Case("gzip out of RDF", (Step("/query?respFormat=rdf", ALL, DQL, GZIP),)),
    Case("gzip out of a mutation", (Step("/mutate?commitNow=true", SET, JSON, GZIP),)),
    Case("gzip out of a commit", (BEGIN, Step("/commit?startTs=$TS", KEYS, JSON, GZIP))),
    Case("gzip out of an abort", (BEGIN, Step("/commit?startTs=$TS&abort=true", b"", JSON, GZIP))),
    Case("errors are not compressed", (Step("/query", b"{ q(", DQL, GZIP),)),
    Case("errors of parameters are not compressed", (Step("/query?be=x", ALL, DQL, GZIP),), verbatim=True),
    Case("gzip in", (packed("/query", ALL, DQL),)),
    Case("gzip in and out", (packed("/query", ALL, DQL, Accept_Encoding="gzip"),)),
    Case("gzip in of JSON", (packed("/query", b'{"query":"{ q(func: has($P.int)) { $P.int } }"}', JSON),)),
    Case("gzip in of a mutation", (packed("/mutate?commitNow=true", SET, JSON),)),
    Case("gzip in of RDF", (packed("/mutate?commitNow=true", NQUADS, RDF),)),
    Case("gzip in of a commit", (BEGIN, packed("/commit?startTs=$TS", KEYS, JSON))),
    Case("gzip in of a login", (packed("/login", b'{"userid":"nobody","password":"x"}', JSON),)),
    Case("identity", (Step("/query", ALL, DQL, {"Content-Encoding": "identity"}),)),
    Case(
        "gzip in two members",
        (
            Step(
                "/query",
                gzip.compress(b"schema(pred: [a]) ") + gzip.compress(b"{}"),
                DQL,
                {"Content-Encoding": "gzip"},
            ),
        ),
    ),
    Case(
        "gzip with a tail",
        (Step("/query", gzip.compress(b"schema {}") + b"tail", DQL, {"Content-Encoding": "gzip"}),),
        verbatim=True,
    ),
    Case(
        "gzip cut short",
        (Step("/query", gzip.compress(b"schema {}")[:-9], DQL, {"Content-Encoding": "gzip"}),),
        verbatim=True,
    ),
    Case("20 MB", (Step("/query", BIG, DQL),)),
    Case("20 MB with gzip", (Step("/query", BIG, DQL, GZIP),)),
    Case("20 MB of RDF", (Step("/query?respFormat=rdf", BIG, DQL),)),
]

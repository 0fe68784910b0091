"""Requests to a cluster with access control on; each case begins with a login of its own."""

# ruff: noqa: E501
from tests.live.differential.case import DQL, JSON, RDF, Case, Step
from tests.live.differential.transactions import FIND, KEYS, SET

LOGIN = Step("/login", b'{"userid":"groot","password":"password","namespace":0}')
TOKEN = {"X-Dgraph-AccessToken": "$TOKEN"}
ALL = b"{ q(func: has($P.mail)) { $P.mail } }"

ACCESS: list[Case] = [
    Case("login", (LOGIN,)),
    Case("login without a namespace", (Step("/login", b'{"userid":"groot","password":"password"}'),)),
    Case("login with gzip", (Step("/login", LOGIN.body, JSON, {"Accept-Encoding": "gzip"}),)),
    Case("login with a wrong password", (Step("/login", b'{"userid":"groot","password":"wrong"}'),)),
    Case("login with null", (Step("/login", b'{"userid":"groot","password":"password","namespace":null}'),), verbatim=True),
    Case("refresh", (LOGIN, Step("/login", b'{"refresh_token":"$REFRESH"}', alpha=1))),
    Case("refresh with an access token", (LOGIN, Step("/login", b'{"refresh_token":"$TOKEN"}'))),
    Case("query without a token", (Step("/query", ALL, DQL),)),
    Case("query with a wrong token", (Step("/query", ALL, DQL, {"X-Dgraph-AccessToken": "abc"}),)),
    Case("query with an odd token", (Step("/query", ALL, DQL, {"X-Dgraph-AccessToken": "a\u00e9"}),), verbatim=True),
    Case("query with a token", (LOGIN, Step("/query", ALL, DQL, TOKEN, alpha=1))),
    Case("query with startTs and no token", (Step("/query?startTs=5&timeout=5s", ALL, DQL),)),
    Case("mutation with startTs and no token", (Step("/mutate?startTs=5", SET),)),
    Case("query with startTs and no hash", (LOGIN, Step("/query?startTs=5&timeout=5s", ALL, DQL, TOKEN))),
    Case("mutation without a token", (Step("/mutate?commitNow=true", SET),)),
    Case("mutation with a token", (LOGIN, Step("/mutate?commitNow=true", SET, JSON, TOKEN))),
    Case("RDF with a token", (LOGIN, Step("/mutate?commitNow=true", b'{ set { _:a <$P.mail> "$MARK" . } }', RDF, TOKEN))),
    Case("mutation of a reserved predicate", (LOGIN, Step("/mutate?commitNow=true", b'{"set":{"uid":"_:a","dgraph.xid":"$MARK"}}', JSON, TOKEN))),
    Case("commit without a token", (Step("/commit?startTs=5", b"[]"),)),
    Case("commit without a hash", (LOGIN, Step("/commit?startTs=5", b"[]", JSON, TOKEN))),
    Case("abort without a hash", (LOGIN, Step("/commit?startTs=5&abort=true", b"", JSON, TOKEN))),
    Case("transaction", (
        LOGIN,
        Step("/mutate", SET, JSON, TOKEN),
        Step("/query?startTs=$TS&hash=$HASH", FIND, DQL, TOKEN),
        Step("/commit?startTs=$TS&hash=$HASH", KEYS, JSON, TOKEN, alpha=1),
        Step("/query", FIND, DQL, TOKEN, alpha=1),
    )),
    Case("transaction aborted", (
        LOGIN,
        Step("/mutate", SET, JSON, TOKEN),
        Step("/commit?startTs=$TS&hash=$HASH&abort=true", b"", JSON, TOKEN, alpha=1),
        Step("/commit?startTs=$TS&hash=$HASH", KEYS, JSON, TOKEN),
    )),
    Case("another's hash", (LOGIN, Step("/mutate", SET, JSON, TOKEN), Step("/commit?startTs=$TS&hash=beef", KEYS, JSON, TOKEN))),
]  # fmt: skip

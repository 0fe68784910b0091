"""Transactions of several requests; without Otter they go to two alphas in turn."""

# ruff: noqa: E501
from tests.live.differential.case import DQL, RDF, Case, Step

SET = b'{"set":{"uid":"_:a","$P.mail":"$MARK"}}'
FIND = b'{ q(func: eq($P.mail, "$MARK")) { $P.mail } }'
KEYS = b'{"keys":$KEYS,"preds":$PREDS}'

BEGIN = Step("/mutate", SET)
READ = Step("/query?startTs=$TS", FIND, DQL)
AFTER = Step("/query", FIND, DQL, alpha=1)
COMMIT = Step("/commit?startTs=$TS", KEYS, alpha=1)
ABORT = Step("/commit?startTs=$TS&abort=true", alpha=1)

TRANSACTIONS: list[Case] = [
    Case("begun by a write, read, committed", (BEGIN, READ, COMMIT, AFTER)),
    Case("begun by a write, aborted", (BEGIN, ABORT, AFTER)),
    Case("begun by a read", (Step("/query", FIND, DQL), Step("/mutate?startTs=$TS", SET, alpha=1), COMMIT, AFTER)),
    Case("two writes on two alphas", (BEGIN, Step("/mutate?startTs=$TS", b'{ set { _:b <$P.count> "1" . } }', RDF, alpha=1), COMMIT)),
    Case("committed by the second write", (BEGIN, Step("/mutate?startTs=$TS&commitNow=true", b'{"set":{"$P.count":1}}'), AFTER)),
    Case("upsert within", (BEGIN, Step("/mutate?startTs=$TS", b'{"query":"{ v as var(func: eq($P.mail, \\"$MARK\\")) }","set":{"uid":"uid(v)","$P.count":9}}'), COMMIT)),
    Case("committed with a list of keys", (BEGIN, Step("/commit?startTs=$TS", b"$KEYS"), AFTER)),
    Case("committed with nothing", (BEGIN, Step("/commit?startTs=$TS", b"{}"), AFTER)),
    Case("committed with more members", (BEGIN, Step("/commit?startTs=$TS", b'{"keys":$KEYS,"preds":$PREDS,"other":["x"]}'))),
    Case("committed with a hash", (BEGIN, Step("/commit?startTs=$TS&hash=abc", KEYS))),
    Case("committed twice", (BEGIN, COMMIT, COMMIT)),
    Case("aborted after its commit", (BEGIN, COMMIT, ABORT, AFTER)),
    Case("aborted twice", (BEGIN, ABORT, ABORT)),
    Case("committed after its abort", (BEGIN, ABORT, COMMIT)),
    Case("written after its abort", (BEGIN, ABORT, Step("/mutate?startTs=$TS&commitNow=true", SET))),
    Case("abort with a body", (BEGIN, Step("/commit?startTs=$TS&abort=1", b"not JSON", "text/plain"))),
    Case("read only has no part in it", (BEGIN, Step("/query?startTs=$TS&ro=true&be=true", FIND, DQL))),
    Case("hexadecimal timestamp", (Step("/commit?startTs=0x1", b"[]"),)),
    Case("octal timestamp", (Step("/commit?startTs=0o1", b"[]"),)),
    Case("timestamp in the old octal", (Step("/commit?startTs=01", b"[]"),), verbatim=True),
    Case("keys of null", (Step("/commit?startTs=1", b"null"),), verbatim=True),
    Case("a null key", (Step("/commit?startTs=1", b'["$MARK",null]'),), verbatim=True),
]  # fmt: skip

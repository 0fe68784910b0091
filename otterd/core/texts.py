"""What alphas say, word for word, where it decides something (dgraph.md 2.4 names each source).

A text counts only as a whole message with its code: callers can make an alpha quote
any words back at them, and errors of other alphas arrive nested in longer messages.
"""

import re

NOT_READY = "Please retry again, server is not ready to accept requests"
DRAINING = (
    "the server is in draining mode and client requests will only be allowed after exiting"
    " the mode  by sending a GraphQL draining(enable: false) mutation to /admin"
)
THROTTLED = "429 Too Many Requests. Please throttle your requests"
PENDING_PROPOSALS = "Server overloaded with pending proposals. Please retry later"
EXPIRED = "Token is expired"
EXPIRED_IN_FULL = "unable to parse jwt token: token has invalid claims: Token is expired"
NO_NAMESPACE = "No namespace in the metadata of context"

NO_CONNECTION = "No connection exists"
DROPPED = "While proposing: raft proposal dropped"
ZERO_CHANGED = (
    "Only leader can decide to commit or abort",
    "Not Zero leader. Aborting proposal",
    "Assigning IDs is only allowed on leader.",
)
CUT_OFF = ("Unhealthy connection", "No network connection", NO_CONNECTION)
"""What an alpha says that has no live link to a zero or to the group behind it."""

WRAP = ": "
"""What the execution of a query, of an upsert's too, puts before all that it hears."""

NOT_SERVED = "Tablet isn't being served by this instance"

# Go's own words for a peer that is gone: no caller's text can stand at their beginning.
_UNAVAILABLE = (
    r"rpc error: code = Unavailable desc = "
    r"(?:connection error: desc = |error reading from server: |transport: |keepalive |closing transport|"
    r"the connection is |last connection error: |name resolver error).*"
)
_LINK = (
    r"dispatchTaskOverNetwork: while retrieving connection\.: (?:Unhealthy connection|No connection exists)"
)
# Before any write an alpha asks the leader of each other group for its schema, whatever the write touches.
GROUP_AWAY = re.compile(
    r"(?:cannot retrieve predicate information"
    r"|unique validation failed to fetch schema for predicates \[.*\]): "
    f"(?:No connection exists|Unhealthy connection|{_UNAVAILABLE}|{_LINK})",
    re.DOTALL,
).fullmatch
_REFUSED = "|".join(map(re.escape, (NOT_READY, DRAINING)))
CUT_OFF_LONG = re.compile(
    f"(?:{_UNAVAILABLE}|{_LINK}"
    # The only member of another group that could be asked starts or drains.
    f"|rpc error: code = Unknown desc = (?:{_REFUSED})"
    f"|while fetching schema: (?:No connection exists|Unhealthy connection|{_UNAVAILABLE}|{_LINK}))",
    re.DOTALL,
).fullmatch
MAP_BEHIND = re.compile(
    r"Group checksum mismatch for id: \d+|This server doesn't serve group id: \d+"
    r'|(?:Temporary error, )?attr: "[^"\n]*" groupId: \d+ Request sent to wrong server\.?'
).fullmatch
MOVED = re.compile(r'StartTs: \d+ is from before MoveTs: \d+ for pred: "[^"\n]*"').fullmatch

"""The corridor: every request of every door goes through `Gateway.perform`.

`corridor` admits and counts, `placing` asks the policy, `passage` is one request's way, `legs` its
calls to alphas. `outages` knows which groups are out; `elections` and `lines` make a request wait where that
is better than to fail.
"""

from otterd.gateway.corridor import Gateway

__all__ = ["Gateway"]

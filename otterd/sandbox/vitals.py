"""What an alpha tells of itself: its health, and figures for a monitor, as far as a gateway reads them."""

from __future__ import annotations

from otterd.sandbox.cluster import VERSION, Cluster
from otterd.sandbox.replica import Replica

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8; escaping=underscores"
MOST_PROPOSALS = 256
"""How many writes an alpha has on their way at most; when it is overloaded with them, so many it has."""


def own_health(cluster: Cluster, replica: Replica) -> dict[str, object]:
    """Return what `/health` of `replica` tells of it; it calls itself healthy whatever is wrong."""
    features = ["backup_restore", "cdc"]
    if cluster.accounts is not None:
        features = ["acl", "multi_tenancy", *features]
    return {
        **seen_health(cluster, replica),
        "status": "healthy",
        "lastEcho": int(cluster.now()),
        "ongoing": ["opRollup"],
        "ee_features": features,
        "max_assigned": cluster.applied(replica),
    }


def seen_health(cluster: Cluster, replica: Replica) -> dict[str, object]:
    """Return what the other members tell of `replica`."""
    now = cluster.clock.seconds()
    silent = 0.0 if replica.stopped_at is None else now - replica.stopped_at
    return {
        "instance": "alpha",
        "address": replica.member.address,
        "status": "unhealthy" if replica.noticed(now) else "healthy",
        "group": str(replica.group),
        "version": VERSION,
        "uptime": int(cluster.now() - cluster.born - silent),
        "lastEcho": int(cluster.now() - silent),
    }


def exposition(cluster: Cluster, replica: Replica) -> bytes:
    """Return the figures of `replica` in the text format of Prometheus."""
    faults, quorum = replica.faults, cluster.quorum
    led = quorum.led(replica.group)
    group = f'{{group="{replica.group}"}}'
    proposals = MOST_PROPOSALS if faults.pending_proposals else replica.proposals
    figures = (
        ("alpha_health_status", "gauge", "", not faults.health(), "Status of the alphas"),
        ("max_assigned_ts", "gauge", '{method="",status=""}', cluster.applied(replica),
         "Latest max assigned timestamp"),
        ("pending_proposals_total", "gauge", "", proposals, "Number of pending proposals"),
        ("pending_queries_total", "counter", "", replica.queries, "Number of pending queries"),
        ("raft_has_leader", "gauge", group, led, "Whether or not a leader exists for the group"),
        ("raft_is_leader", "gauge", group, led and quorum.leader(replica.group) is replica,
         "Whether or not this instance is the leader of the group"),
    )  # fmt: skip
    lines = []
    for name, kind, labels, value, about in figures:
        lines.append(f"# HELP dgraph_{name} {about}\n# TYPE dgraph_{name} {kind}\n")
        lines.append(f"dgraph_{name}{labels} {int(value)}\n")
    return "".join(lines).encode()

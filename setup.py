"""Builds the hot rooms as machine code when OTTER_COMPILE is set; all else stands in setup.cfg.

What is left out is what mypyc cannot build, or what would gain nothing: classes that Twisted, autobahn or
msgspec make something of, and what runs seldom.
"""

import os
from pathlib import Path

from setuptools import Extension, setup

ROOMS = (
    "alphas/h2",
    "core",
    "core/balance",
    "edges/grpc",
    "edges/http",
    "edges/ws",
    "gateway",
    "guard",
    "wire",
    "wire/h2",
)
MODULES = (
    "alphas/fields.py",
    "dql/cache.py",
    "dql/digest.py",
    "dql/fingerprint.py",
    "dql/generations.py",
    "ops/ledger.py",
    "ops/stamp.py",
)
INTERPRETED = frozenset(
    (
        # Protocols and factories of Twisted's.
        "alphas/h2/attempt.py",
        "alphas/h2/link.py",
        "edges/grpc/connection.py",
        "edges/grpc/factory.py",
        "edges/http/connection.py",
        "edges/http/factory.py",
        "edges/ws/factory.py",
        "edges/ws/protocol.py",
        # Structs of msgspec's.
        "edges/http/exchange.py",
        "edges/http/explain.py",
        "edges/http/login.py",
        "edges/http/plan.py",
        "edges/http/query.py",
        "edges/http/turn.py",
        "edges/http/upsert_form.py",
        "edges/ws/message.py",
        "core/balance/policy.py",
        "core/namespace.py",
        "core/operation.py",
        "guard/grant.py",
        # A class that inherits from list.
        "guard/nodelocal.py",
        "wire/api_pb2.py",
    )
)


def hot() -> list[str]:
    """Return the files that are built, from this folder."""
    rooms = [
        path for room in ROOMS for path in Path("otterd", room).glob("*.py") if path.name != "__init__.py"
    ]
    found = [path.as_posix() for path in (*rooms, *(Path("otterd", name) for name in MODULES))]
    return sorted(name for name in found if name.removeprefix("otterd/") not in INTERPRETED)


def extensions() -> list[Extension]:
    """Return what is to be built: nothing unless it is asked for."""
    if not os.environ.get("OTTER_COMPILE"):
        return []
    from mypyc.build import mypycify

    # One piece of C for each module: a single one takes minutes, and gigabytes, to compile.
    return mypycify(hot(), opt_level="2", debug_level="0", multi_file=True)


setup(ext_modules=extensions())

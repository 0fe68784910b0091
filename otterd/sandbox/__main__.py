"""The command `python -m otterd.sandbox`: Otter in front of a sandbox, or faults for one that runs."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace

from twisted.application.service import Service

from otterd.config.errors import ConfigError
from otterd.config.schema import Config
from otterd.sandbox.faults import KNOWN
from otterd.sandbox.service import Sandbox

BANNER = """\
    This is a SANDBOX and not a database: its alphas live in this process, forget everything
    when it ends, and understand only a part of what Dgraph does.
"""

MOST = 16
"""How many alphas there may be, so that their ports do not meet those of others."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says and return the exit status."""
    options = _options().parse_intermixed_args(arguments)
    command = options.words.pop(0) if options.words else "run"
    if command == "fault":
        return fault(options)
    if command in ("run", "alphas") and not options.words:
        return run(options, alone=command == "alphas")
    return _options().error(f"unknown command: {' '.join((command, *options.words))}")


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m otterd.sandbox",
        description="Run Otter in front of a sandbox (run, the default), the sandbox alone (alphas), or make"
        " faults in one that runs: `fault` shows them, `fault ALPHA NAME=VALUE...` sets some of an alpha"
        f" (counted from 1), of {', '.join(sorted(KNOWN))}: delay=SECONDS, only=METHOD,..., and for the rest"
        " NAME alone makes it and NAME=false mends it; `fault ALPHA heal` mends all."
        " `fault election=SECONDS group=N`, `fault acl=SECONDS` (the life of access tokens, 0 for none) and"
        " `fault zero=false` (nobody reaches it; zero=true mends it) concern the cluster.",
    )
    parser.add_argument("words", nargs="*", metavar="run|alphas|fault")
    parser.add_argument("--offset", type=int, default=0, help="added to Dgraph's ports: 8080, 9080 and 6080")
    parser.add_argument("--port", type=int, default=8084, help="where Otter speaks HTTP; default 8084")
    parser.add_argument("--websocket-port", type=int, default=8089, help="default 8089")
    parser.add_argument("--grpc-port", type=int, default=9084, help="default 9084")
    parser.add_argument(
        "--groups",
        type=_sizes,
        default=(3,),
        metavar="N,N,...",
        help="how many alphas are in each group; default 3, which is three in one",
    )
    parser.add_argument("--empty", action="store_true", help="begin without the facts")
    return parser


def _sizes(text: str) -> tuple[int, ...]:
    sizes = tuple(int(part) for part in text.split(","))
    if min(sizes) < 1 or sum(sizes) > MOST:
        raise argparse.ArgumentTypeError(f"no group is empty, and there are at most {MOST} alphas")
    return sizes


def fault(options: argparse.Namespace) -> int:
    """Tell zero's port what shall be wrong, and print what is."""
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    wanted: dict[str, object] = {}
    for word in options.words:
        name, _, value = word.partition("=")
        if name.isdigit():
            wanted["alpha"] = int(name)
            continue
        try:
            wanted[name] = _read(name, value or "true")
        except ValueError:
            print(f"{word}: expected seconds, true or false", file=sys.stderr)
            return 1
    url = f"http://127.0.0.1:{6080 + options.offset}/sandbox"
    body = json.dumps(wanted).encode() if wanted else None
    try:
        with urlopen(Request(url, body), timeout=5) as answer:
            for number, faults in enumerate(json.load(answer), 1):
                print(f"alpha {number}: {faults or 'well'}")
    except HTTPError as error:
        print(error.read().decode(), file=sys.stderr)
        return 1
    except OSError as error:
        print(f"no sandbox at {url}: {error}", file=sys.stderr)
        return 1
    return 0


def _read(name: str, value: str) -> object:
    if name == "only":
        return [part for part in value.split(",") if part]
    if value in ("true", "false"):
        return value == "true"
    return float(value)


def run(options: argparse.Namespace, *, alone: bool) -> int:
    """Serve until a signal, the sandbox `alone` or behind Otter; return the exit status."""
    # They bring the whole daemon along, which a fault does not need.
    from otterd.config.load import load
    from otterd.options import die, tell
    from otterd.service import install_reactor, make_otter

    install_reactor()
    from twisted.internet import reactor  # noqa: TID251 -- this module runs it

    from otterd.ops.log import journal, start_logging
    from otterd.sandbox.cluster import Shape
    from otterd.sandbox.engine.answer import answer
    from otterd.sandbox.run import Together, config_for

    def configured(sandbox: Sandbox) -> Config:
        given = replace(
            load(None, {"DGRAPH_ENDPOINTS": "127.0.0.1:9080", **os.environ}),
            proxy_port=options.port,
            websocket_port=options.websocket_port,
            enable_grpc=True,
            grpc_port=options.grpc_port,
        )
        return config_for(given, sandbox)

    shape = Shape(options.groups, options.offset)
    sandbox = Sandbox(reactor, shape, answer)
    try:
        config = configured(sandbox)
    except ConfigError as error:
        die(str(error))
    sys.stderr.write(f"\n{BANNER}\n")
    start_logging(config.log_level)
    together = Together(
        reactor,
        sandbox,
        lambda: Service() if alone else make_otter(configured(sandbox), reactor, lambda: configured(sandbox)),
        with_facts=not options.empty,
    )
    failure = together.run()
    journal.stream.close()
    if failure:
        tell(failure)
    return 1 if failure else 0


if __name__ == "__main__":
    sys.exit(main())

"""The command `python -m otterd.sandbox`: Otter in front of a sandbox, or faults for one that runs."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace

from otterd.config.errors import ConfigError
from otterd.config.schema import Config
from otterd.sandbox.service import Sandbox

BANNER = """\
    This is a SANDBOX and not a database: its alphas live in this process, forget everything
    when it ends, and understand only a part of what Dgraph does.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says and return the exit status."""
    options = _options().parse_args(arguments)
    if options.command == "fault":
        return fault(options)
    return run(options)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m otterd.sandbox", description=__doc__)
    parser.add_argument("--offset", type=int, default=0, help="added to Dgraph's ports (8080, 9080, 6080)")
    parser.set_defaults(command="run")
    commands = parser.add_subparsers()
    running = commands.add_parser("run", help="run Otter in front of a sandbox (the default)")
    for one in (parser, running):
        one.add_argument("--port", type=int, default=8084, help="where Otter speaks HTTP; default 8084")
        one.add_argument("--websocket-port", type=int, default=8089, help="default 8089")
        one.add_argument("--alphas", type=int, default=3, help="how many alphas; default 3")
        one.add_argument("--groups", type=int, default=1, help="in how many groups; default 1")
        one.add_argument("--empty", action="store_true", help="begin without the facts")
    faults = commands.add_parser("fault", help="make faults in a running sandbox, or mend them")
    faults.set_defaults(command="fault")
    faults.add_argument("alpha", nargs="?", type=int, help="which alpha, from 1")
    faults.add_argument(
        "what",
        nargs="*",
        metavar="NAME=VALUE",
        help="delay=SECONDS, hang, refuse, reset_before, reset_after, draining, unready, overloaded, lag,"
        " only=METHOD,..., election=SECONDS, acl=SECONDS; NAME alone means NAME=true; heal mends the alpha",
    )
    return parser


def fault(options: argparse.Namespace) -> int:
    """Tell zero's port what shall be wrong, and print what is."""
    from urllib.request import Request, urlopen

    wanted = {} if options.alpha is None else {"alpha": options.alpha}
    for given in options.what:
        name, _, value = given.partition("=")
        wanted[name] = _read(name, value or "true")
    url = f"http://127.0.0.1:{6080 + options.offset}/sandbox"
    body = json.dumps(wanted).encode() if wanted else None
    try:
        with urlopen(Request(url, body), timeout=5) as answer:
            for number, faults in enumerate(json.load(answer), 1):
                print(f"alpha {number}: {faults or 'well'}")
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


def run(options: argparse.Namespace) -> int:
    """Serve until a signal; return the exit status."""
    # They bring the whole daemon along, which a fault does not need.
    from otterd.config.load import load
    from otterd.options import die, tell
    from otterd.service import install_reactor, make_otter

    install_reactor()
    from twisted.internet import reactor  # noqa: TID251 -- this module runs it

    from otterd.ops.log import journal, start_logging
    from otterd.sandbox.cluster import Shape
    from otterd.sandbox.engine.run import answer
    from otterd.sandbox.run import Together, config_for

    def configured(sandbox: Sandbox) -> Config:
        given = replace(
            load(None, {"DGRAPH_ENDPOINTS": "127.0.0.1:9080", **os.environ}),
            proxy_port=options.port,
            websocket_port=options.websocket_port,
        )
        return config_for(given, sandbox)

    shape = Shape(options.alphas, options.groups, options.offset)
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
        lambda running: make_otter(configured(running), reactor, lambda: configured(running)),
        with_facts=not options.empty,
    )
    failure = together.run()
    journal.stream.close()
    if failure:
        tell(failure)
    return 1 if failure else 0


if __name__ == "__main__":
    sys.exit(main())

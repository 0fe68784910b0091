"""The command `otter`: run in the foreground, check a configuration, or ask a running Otter."""

import sys
from collections.abc import Sequence

from twisted.application.service import IService
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IReactorCore
from twisted.logger import Logger
from twisted.python import usage

from otterd.config.errors import ConfigError
from otterd.config.listen import reach_http
from otterd.config.schema import Config
from otterd.config.show import as_yaml
from otterd.listeners import StartFailed
from otterd.ops.ask import ask_readiness
from otterd.ops.log import journal, start_logging
from otterd.options import CommandOptions, die, tell

FAILED = 1
EXPECTED = (StartFailed, CannotListenError, OSError)
"""What a start may meet with that is nobody's mistake in the program."""

log = Logger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says and return the exit status."""
    options = CommandOptions()
    try:
        options.parseOptions(list(sys.argv[1:] if arguments is None else arguments))
    except usage.UsageError as error:
        die(f"{error}; see otter --help")
    if options["check"]:
        check_certificates(options.loaded)
        sys.stdout.write(as_yaml(options.loaded))
        return 0
    if options["probe"]:
        return probe(options.loaded)
    return run(options)


def probe(config: Config) -> int:
    """Ask the Otter that runs with `config` for its readiness; 0 means ready."""
    if not config.enable_http:
        die("enable_http is false: there is no /readyz to ask", FAILED)
    ready, told = ask_readiness(reach_http(config))
    if not ready:
        tell(told)
        return FAILED
    print(f"otter: {told}")
    return 0


def check_certificates(config: Config) -> None:
    """End the process with one line when the TLS files hold no usable certificates."""
    # It brings gRPC along, which --probe does not need.
    from otterd.alphas import tls

    try:
        tls.load(config)
    except ConfigError as error:
        die(str(error))


def run(options: CommandOptions) -> int:
    """Serve until a signal, with the log on standard output; return the exit status."""
    # It brings the whole daemon along, which neither --check nor --probe needs.
    from otterd.service import install_reactor, make_otter

    try:
        install_reactor()
    except RuntimeError as error:
        die(str(error), FAILED)
    from twisted.internet import reactor  # noqa: TID251 -- this module runs it

    start_logging(options.loaded.log_level)
    try:
        otter = make_otter(options.loaded, reactor, options.load)
    except ConfigError as error:
        die(str(error))
    status = Foreground(reactor, otter).run()
    journal.stream.close()
    return status


class Foreground:
    """Runs `service` on `reactor` until it is told to stop, or cannot start."""

    def __init__(self, reactor: IReactorCore, service: IService) -> None:
        self._reactor = reactor
        self._service = service
        self._status = 0

    def run(self) -> int:
        """Run the reactor and return the exit status."""
        self._reactor.callWhenRunning(self._start)
        self._reactor.addSystemEventTrigger("before", "shutdown", self._service.stopService)
        self._reactor.run()
        return self._status

    def _start(self) -> None:
        try:
            self._service.privilegedStartService()
            self._service.startService()
        except EXPECTED as error:
            self._fail(str(error))
        except Exception as error:
            log.failure("the start failed")
            self._fail(f"cannot start: {type(error).__name__}: {error}")

    def _fail(self, message: str) -> None:
        self._status = FAILED
        tell(message)
        self._reactor.stop()


if __name__ == "__main__":
    sys.exit(main())

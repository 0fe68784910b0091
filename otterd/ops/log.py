"""The log: one JSON object a line, for events of Twisted, of the standard library's logging, and ours.

There is one log in a process, as Twisted has it, and so there is one `journal` here.
Tracebacks show source lines and never the values of variables.
"""

import atexit
import logging
import os
import sys
from collections.abc import Mapping
from typing import Any, TextIO, cast

import msgspec
from constantly import NamedConstant
from twisted.internet.interfaces import IReactorTime
from twisted.logger import (
    FilteringLogObserver,
    ILogFilterPredicate,
    ILogObserver,
    LogEvent,
    Logger,
    PredicateResult,
    formatEvent,
    globalLogBeginner,
)
from twisted.logger import LogLevel as TwistedLevel
from twisted.python.failure import Failure
from zope.interface import implementer

from otterd.config.live import Live
from otterd.config.schema import LogLevel
from otterd.ops.stamp import Stamp
from otterd.ops.stream import Stream

LONGEST = 16384
"""Most characters of a message, field or traceback."""

LEVELS = {name: TwistedLevel.lookupByName(name) for name in ("debug", "info", "warn", "error", "critical")}
QUIET = ("autobahn", "txaio", "asyncio", "grpc", "httptools", "twisted.web")
"""Libraries (and what they call below themselves) whose lines count only from `warn` on."""

LEGACY = frozenset(
    ("message", "time", "system", "isError", "format", "failure", "why", "logLevel", "printed")
)
PLAIN = (str, int, float, bool, type(None))

_encode = msgspec.json.Encoder().encode


def render(event: LogEvent, stamp: Stamp) -> bytes:
    """Return the line for `event`; never raises."""
    try:
        return _encode(_shape(event, stamp)) + b"\n"
    except Exception as error:
        shown = {
            "ts": stamp(event.get("log_time", 0.0)),
            "level": "error",
            "ns": __name__,
            "msg": f"an event could not be rendered: {type(error).__name__}",
        }
        return _encode(shown) + b"\n"


def _shape(event: LogEvent, stamp: Stamp) -> dict[str, Any]:
    level = event.get("log_level")
    line: dict[str, Any] = {
        "ts": stamp(event.get("log_time", 0.0)),
        "level": level.name if level is not None else "info",
        "ns": event.get("log_namespace") or "",
        "msg": _cut(formatEvent(event)),
    }
    fields = {
        name: _plain(value)
        for name, value in event.items()
        if not name.startswith("log_") and name not in LEGACY
    }
    if fields:
        line["fields"] = fields
    failure = event.get("log_failure")
    if isinstance(failure, Failure):
        line["msg"] = line["msg"] or _cut(failure.getErrorMessage())
        line["error"] = {
            "type": failure.type.__name__ if failure.type else "",
            "text": _cut(failure.getErrorMessage()),
            "traceback": _cut(failure.getTraceback(detail="default")),
        }
    return line


def _plain(value: object) -> object:
    if isinstance(value, str):
        return _cut(str(value))
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    return _cut(str(value))


def _cut(text: str) -> str:
    clean = text.encode("utf-8", "replace").decode() if not text.isascii() else text
    return clean if len(clean) <= LONGEST else clean[:LONGEST] + "…"


@implementer(ILogObserver)
class JsonObserver:
    """Writes events to a stream."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._stamp = Stamp()

    def __call__(self, event: LogEvent) -> None:
        """Write one line."""
        self._stream.write(render(event, self._stamp), urgent=True)


@implementer(ILogFilterPredicate)
class Gate:
    """Lets through what is serious enough; `level` may change at any time."""

    def __init__(self) -> None:
        self.level: NamedConstant = TwistedLevel.info

    def __call__(self, event: LogEvent) -> NamedConstant:
        """Say yes, no."""
        level = event.get("log_level") or TwistedLevel.info
        namespace = event.get("log_namespace") or ""
        least = self.level
        if namespace.startswith(QUIET) or "eventSource" in event:
            # Twisted's ports name themselves as eventSource; Otter's own lines say what listens.
            least = max(least, TwistedLevel.warn)
        return cast(NamedConstant, PredicateResult.no if level < least else PredicateResult.maybe)


class Routed(logging.Handler):
    """Carries records of the standard library's logging over."""

    def emit(self, record: logging.LogRecord) -> None:
        """Pass `record` on as an event."""
        text = record.getMessage()
        failure = None
        if record.exc_info and record.exc_info[1] is not None:
            failure = Failure(record.exc_info[1])
        name = "warn" if record.levelname == "WARNING" else record.levelname.lower()
        event = Logger(namespace=record.name)
        level = LEVELS.get(name, TwistedLevel.info)
        if failure is None:
            event.emit(level, "{text}", text=text)
        else:
            event.emit(level, "{text}", text=text, log_failure=failure)


class Journal:
    """The process's log: its stream and its level."""

    def __init__(self) -> None:
        self.gate = Gate()
        self._stream: Stream | None = None

    @property
    def stream(self) -> Stream:
        """Where lines go, for access lines too; standard output when nothing else was said."""
        if self._stream is None:
            self._stream = Stream.to(sys.__stdout__ or sys.stdout)
        return self._stream

    def observer(self, stream: Stream) -> ILogObserver:
        """Make `stream` the log's and return the observer that writes to it."""
        self._stream = stream
        root = logging.getLogger()
        if not any(isinstance(handler, Routed) for handler in root.handlers):
            root.addHandler(Routed())
        return cast(ILogObserver, FilteringLogObserver(JsonObserver(stream), [self.gate]))

    def follow(self, live: Live, clock: IReactorTime) -> None:
        """Take the level from the configuration, now and after each reload."""
        self.level(live.config.log_level)
        live.watch(lambda _, new: self.level(new.log_level))
        self.stream.attach(clock)

    def close(self) -> None:
        """Write what is left, at the end of the process."""
        if self._stream is not None:
            self._stream.close()

    def level(self, level: LogLevel) -> None:
        """Write lines from `level` on."""
        self.gate.level = LEVELS[level.value]
        logging.getLogger().setLevel({"warn": "WARNING"}.get(level.value, level.value.upper()))


journal = Journal()
atexit.register(journal.close)


def start_logging(level: LogLevel = LogLevel.INFO, stream: TextIO | None = None) -> None:
    """Begin to log as JSON to `stream` (standard output); for a process that twistd does not run."""
    journal.level(level)
    observer = journal.observer(Stream.to(stream or sys.stdout))
    globalLogBeginner.beginLoggingTo([observer], redirectStandardIO=False)


def json_log() -> ILogObserver:
    """Return an observer on standard output, for `twistd --logger=otterd.ops.log.json_log`."""
    return journal.observer(Stream.to(sys.stdout))


def twistd_log(options: Mapping[str, Any]) -> ILogObserver | None:
    """Return the observer for a twistd that was started with `options` and no `--logger`.

    It goes where twistd's own would: `--logfile`, else standard output with `--nodaemon`, else
    twistd.log. None when twistd was told to use syslog, which is left to it.
    """
    if options.get("syslog"):
        return None
    path = options.get("logfile") or ("-" if options.get("nodaemon") else "twistd.log")
    if path == "-":
        return json_log() if options.get("nodaemon") else None
    return journal.observer(Stream.at(os.path.abspath(path)))

"""The command lines: what `twistd otter` takes, and what the command `otter` takes besides."""

import os
import sys
from typing import NoReturn

from twisted.logger import LoggingFile
from twisted.python import usage

from otterd import __version__
from otterd.config.load import ConfigError, load
from otterd.config.schema import Config

BAD_CONFIG = 2
"""Exit status for a command line or configuration that cannot be used."""


class Options(usage.Options):
    """Options of `twistd otter`; `loaded` is the configuration that they name."""

    longdesc = "Otter, the front door to a Dgraph cluster."
    optParameters = [  # noqa: N815, RUF012
        ["config", "c", None, "Configuration file; without it CONFIG_FILE, or only the environment."]
    ]
    loaded: Config

    def opt_version(self) -> NoReturn:
        """Print the version and exit."""
        print(f"otter {__version__}")
        raise SystemExit(0)

    def postOptions(self) -> None:  # noqa: N802
        """Load the configuration; a bad one ends the process with one line on stderr.

        Not by UsageError, for which twistd would print all its options too.
        """
        try:
            self.loaded = self.load()
        except ConfigError as error:
            die(str(error))

    def load(self) -> Config:
        """Read the configuration, again for a reload; raises ConfigError."""
        return load(self.path, os.environ)

    @property
    def path(self) -> str | None:
        """The file that the command line names."""
        name = self["config"]
        return str(name) if name else None


class CommandOptions(Options):
    """Options of the command `otter`, which runs in the foreground."""

    synopsis = "Usage: otter [options]"
    optFlags = [  # noqa: N815, RUF012
        ["check", None, "Check the configuration, print the effective one without secrets, and exit."],
        ["probe", None, "Ask the running Otter whether it is ready, and exit."],
    ]


def die(message: str, status: int = BAD_CONFIG) -> NoReturn:
    """End the process with `status` and one line on stderr."""
    tell(message)
    raise SystemExit(status)


def tell(message: str) -> None:
    """Write one line to stderr, past the log where twistd has put that in its place."""
    stderr = sys.__stderr__ if isinstance(sys.stderr, LoggingFile) else sys.stderr
    print(f"otter: {' '.join(message.split())}", file=stderr)

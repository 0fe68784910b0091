"""Become a command that finds a listening socket as a service manager hands it over.

`python -m tests.live.handover FD NAME -- COMMAND…`, FD being inherited.
"""

import os
import sys

FIRST = 3
"""The first descriptor that a service manager passes."""


def main() -> None:
    """Move the socket into place, say so in the environment, and run the command."""
    descriptor, name, separator, *command = sys.argv[1:]
    assert separator == "--"
    if int(descriptor) == FIRST:
        os.set_inheritable(FIRST, True)
    else:
        os.dup2(int(descriptor), FIRST)
    os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", "LISTEN_FDNAMES": name}
    os.execv(command[0], command)


if __name__ == "__main__":
    main()

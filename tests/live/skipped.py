"""Say in one line how many live tests are left out and why: `python -m tests.live.skipped`.

Exit status 0 means that they are left out, 1 that they can run.
"""

import sys

import pytest

from tests.live.reach import WHY_NOT, reachable


class _Counter:
    """A pytest plugin that counts what is collected."""

    count = 0

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.count = len(session.items)


def main() -> int:
    """Print the line, or nothing when the tests can run."""
    if reachable():
        return 1
    counter = _Counter()
    arguments = ["--collect-only", "-m", "live", "-p", "no:terminal", "-p", "no:cacheprovider", "tests/live"]
    pytest.main(arguments, plugins=[counter])
    print(f"{counter.count} live tests left out: {WHY_NOT}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

from datetime import UTC, datetime

import pytest

from otterd.ops.stamp import Stamp


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "1970-01-01T00:00:00.000Z"),
        (1767225599.9996, "2025-12-31T23:59:59.999Z"),
        (1767225600.25, "2026-01-01T00:00:00.250Z"),
    ],
)
def test_writes_utc_to_the_millisecond(seconds: float, text: str) -> None:
    assert Stamp()(seconds) == text


def test_the_kept_second_does_not_outlive_itself() -> None:
    stamp = Stamp()
    for seconds in (10.001, 10.999, 11.5, 10.25):
        shown = stamp(seconds)
        assert shown.startswith(datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%S"))
        assert shown.endswith(f".{int(seconds % 1 * 1000):03d}Z")

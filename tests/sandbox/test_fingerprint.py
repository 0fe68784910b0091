"""The fingerprints, against the conflict keys that a running Dgraph gave for the same cells."""

import pytest

from otterd.sandbox.cluster import base_36, conflict_key
from otterd.sandbox.fingerprint import fingerprint

LONG = "l4k.longer_predicate_name_that_makes_a_key_of_more_than_sixty_four_bytes_certainly"


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (conflict_key(0, "l4k.name", 1), "2m9swwffrvbhf"),
        (conflict_key(0, LONG, 1), "tr2bhgwnlg5t"),
        (conflict_key(0, "l4k.tags", 1) ^ fingerprint(b"abc"), "k36wmmz2fl0c"),
        (conflict_key(0, "l4k.fr", 1) ^ 2, "3loer7qicz7zf"),
        (conflict_key(0, "l4k.e", 1), "1ne4d98hc122u"),
        (conflict_key(0, "l4k.e", 0, b"\x02m"), "lrl5hrb7j3w9"),
    ],
)
def test_keys_are_those_of_dgraph(key, expected):
    assert base_36(key) == expected


def test_every_length_has_a_fingerprint_of_64_bits_of_its_own():
    found = [fingerprint(bytes(range(length % 256)) + b"x" * length) for length in range(200)]
    assert len(set(found)) == 200
    assert all(0 <= each < 1 << 64 for each in found)

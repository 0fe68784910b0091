"""Origins are compared in normal form, patterns only below their own domain."""

import pytest

from otterd.guard.origins import Origins

LIST = Origins(
    ["https://app.example.org", "http://localhost:3000", "*.example.com", "https://*.tls.example:8443"]
)


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (b"https://app.example.org", True),
        (b"https://app.example.org:443", True),
        (b"HTTPS://APP.example.org", True),
        (b"http://app.example.org", False),
        (b"https://app.example.org:444", False),
        (b"http://localhost:3000", True),
        (b"http://localhost", False),
        (b"https://a.example.com", True),
        (b"http://a.b.example.com:8080", True),
        (b"https://example.com", False),
        (b"https://.example.com", False),
        (b"https://evilexample.com", False),
        (b"https://a.example.com.evil.net", False),
        (b"https://a.tls.example:8443", True),
        (b"http://a.tls.example:8443", False),
        (b"https://a.tls.example", False),
        (b"https://user@app.example.org", False),
        (b"https://evil.net/https://app.example.org", False),
        (b"https://evil.net#.example.com", False),
        (b"null", False),
        (b"", False),
        (b"https://[", False),
        (b"https://a.example.com:99999", False),
        (b"https://" + b"a" * 600 + b".example.com", False),
        (None, False),
    ],
)
def test_only_listed_origins_match(origin: bytes | None, allowed: bool) -> None:
    assert LIST.match(origin) is allowed


def test_an_empty_list_and_a_star_match_no_particular_origin() -> None:
    assert Origins([]).empty
    assert not Origins([]).match(b"https://a.example")
    assert Origins(["*"]).any
    assert not Origins(["*"]).match(b"https://a.example")

"""Credentials go only to listed origins."""

from otterd.guard.cors import Cors
from otterd.guard.origins import Origins

OPEN, LISTED = Cors(Origins([])), Cors(Origins(["https://app.example"]))


def test_an_empty_list_allows_any_origin_without_credentials() -> None:
    fields = dict(OPEN.headers(b"https://evil.example"))
    assert fields[b"Access-Control-Allow-Origin"] == b"*"
    assert b"Access-Control-Allow-Credentials" not in fields


def test_a_listed_origin_is_echoed_with_credentials() -> None:
    fields = dict(LISTED.headers(b"https://app.example"))
    assert fields[b"Access-Control-Allow-Origin"] == b"https://app.example"
    assert fields[b"Access-Control-Allow-Credentials"] == b"true"
    assert fields[b"Vary"] == b"Origin"
    assert b"X-Request-Id" in fields[b"Access-Control-Expose-Headers"]


def test_another_origin_is_told_nothing_but_that_it_matters() -> None:
    for origin in (b"https://evil.example", b"null", None):
        assert LISTED.headers(origin) == ((b"Vary", b"Origin"),)
        assert LISTED.preflight(origin, b"x-a", any_header=True) == ((b"Vary", b"Origin"),)


def test_a_star_in_the_list_opens_it_without_credentials() -> None:
    fields = dict(Cors(Origins(["*", "https://app.example"])).headers(b"https://other.example"))
    assert fields[b"Access-Control-Allow-Origin"] == b"*"
    assert b"Access-Control-Allow-Credentials" not in fields


def test_a_preflight_names_what_may_be_sent() -> None:
    fields = dict(LISTED.preflight(b"https://app.example", b"x-own", any_header=False))
    allowed = fields[b"Access-Control-Allow-Headers"]
    for name in (
        b"X-Dgraph-AccessToken",
        b"X-Dgraph-AuthToken",
        b"Authorization",
        b"X-Request-Id",
        b"X-Otter-Alpha",
    ):
        assert name in allowed
    assert b"x-own" not in allowed
    assert b"POST" in fields[b"Access-Control-Allow-Methods"]


def test_graphql_may_take_headers_that_only_its_schema_knows() -> None:
    def allowed(asked: bytes) -> bytes:
        return dict(OPEN.preflight(b"https://a.example", asked, any_header=True))[
            b"Access-Control-Allow-Headers"
        ]

    assert allowed(b"x-my-auth, content-type").endswith(b", x-my-auth, content-type")
    for bad in (b"x a", b"x-a,", b'x"', b"x" * 2000):
        assert not allowed(bad).endswith(bad)

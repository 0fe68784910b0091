"""An answer of 20 MB comes through as the alpha gives it."""

from tests.cluster.ask import ask

PIECES, REPEATS = 10, 53_000


def test_twenty_megabytes_are_the_alpha_s_own_bytes(cluster, gateway, mark):
    alpha = cluster.addresses[0].http
    # Escapes of every kind, and characters of two to four bytes.
    text = '<&>"\\\t\u2028äé漢🦦' * REPEATS
    for number in range(PIECES):
        stored = ask(alpha, "POST", "/mutate?commitNow=true", {"set": [{mark: f"{number} {text}"}]})
        assert stored.json()["data"]["code"] == "Success"
    question = {"query": f"{{ q(func: has({mark})) {{ {mark} }} }}"}
    own = ask(alpha, "POST", "/query", question)
    through = ask(gateway.http, "POST", "/query", question)
    assert through.status == own.status == 200
    assert len(own.body) > 20_000_000
    assert _data(through.body) == _data(own.body)
    assert through.headers["content-type"] == own.headers["content-type"]


def _data(body):
    """Return the body without the timings at its end."""
    data, found, _ = body.rpartition(b',"extensions":')
    assert found
    return data

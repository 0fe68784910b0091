"""The gateway's own ACL account."""

import base64
import json

import pytest
from twisted.internet.task import Clock

from otterd.alphas.account import Account, life
from otterd.config.live import Live
from otterd.config.schema import Config
from otterd.core.operation import Answer
from otterd.errors import NotReached
from otterd.wire import api_pb2 as api
from tests.fakes.alpha import HANG, FakeChannel

NOW = 1_700_000_000


def token(name, lives):
    claims = base64.urlsafe_b64encode(json.dumps({"exp": NOW + lives, "n": name}).encode()).rstrip(b"=")
    return f"head.{claims.decode()}.{name}"


def tokens(name, lives=100):
    jwt = api.Jwt(access_jwt=token(name, lives), refresh_jwt=f"refresh-{name}")
    return Answer(0, api.Response(json=jwt.SerializeToString()).SerializeToString())


class Mate:
    def __init__(self, channel):
        self.channel = channel


class Fleet:
    def __init__(self, *channels):
        self.alphas = [Mate(channel) for channel in channels]


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def alphas(clock):
    channels = FakeChannel("a:9080", clock), FakeChannel("b:9080", clock)
    for channel in channels:
        channel.on("Login", tokens("first"), tokens("second"))
    return channels


@pytest.fixture
def live():
    return Live(Config(dgraph_user="groot", dgraph_password="s3cret", dgraph_namespace=7))


@pytest.fixture
def account(live, clock, alphas):
    clock.advance(1000)
    account = Account(live, clock, Fleet(*alphas), chance=lambda: 1.0, wall=lambda: NOW)
    yield account
    account.stop()
    assert not clock.getDelayedCalls()
    assert account.token == ""


def asked(*channels):
    return [api.LoginRequest.FromString(call.request.payload) for c in channels for call in c.calls]


def all_fail(channels, *outcomes):
    for channel in channels:
        channel.on("Login", *outcomes)


def test_without_a_user_it_is_idle(clock, alphas):
    account = Account(Live(Config()), clock, Fleet(*alphas))
    account.start()
    got = []
    account.renew().addCallback(got.append)
    assert (account.token, got, asked(*alphas)) == ("", [""], [])


def test_logs_in_at_start(account, alphas):
    account.start()
    assert account.token == token("first", 100)
    [request] = asked(*alphas)
    assert (request.userid, request.password, request.namespace) == ("groot", "s3cret", 7)


def test_refreshes_at_four_fifths_of_the_tokens_life(account, alphas, clock):
    account.start()
    clock.advance(79)
    assert len(asked(*alphas)) == 1
    all_fail(alphas, tokens("second"))
    clock.advance(1)
    assert account.token == token("second", 100)
    assert sorted(r.refresh_token for r in asked(*alphas)) == ["", "refresh-first"]
    assert all(not r.password for r in asked(*alphas) if r.refresh_token)


def test_a_useless_refresh_token_gives_way_to_the_password(account, alphas, clock):
    account.start()
    refused = Answer(2, message="unable to authenticate through refresh token")
    all_fail(alphas, lambda rpc: refused if b"refresh-" in rpc.payload else tokens("second"))
    clock.advance(80)
    assert account.token == token("second", 100)
    assert asked(*alphas)[-1].password == "s3cret" or asked(*alphas)[0].password == "s3cret"


def test_goes_round_the_alphas(account, alphas):
    alphas[1].on("Login", NotReached("refused"))
    alphas[0].on("Login", Answer(2, message="Please retry again, server is not ready to accept requests"))
    account.start()
    assert (len(alphas[0].calls), len(alphas[1].calls), account.token) == (1, 1, "")


def test_tries_again_ever_more_slowly(account, alphas, clock):
    all_fail(alphas, NotReached("refused"))
    account.start()
    waits = []
    for _ in range(7):
        waits.append(clock.getDelayedCalls()[0].getTime() - clock.seconds())
        clock.advance(waits[-1])
    assert waits == [1, 2, 4, 8, 16, 30, 30]
    all_fail(alphas, tokens("late"))
    clock.advance(30)
    assert account.token == token("late", 100)


def test_a_failed_refresh_keeps_the_token(account, alphas, clock):
    account.start()
    all_fail(alphas, NotReached("refused"))
    clock.advance(80)
    assert account.token == token("first", 100)


def test_all_who_renew_share_one_login(account, alphas, clock):
    account.start()
    clock.advance(10)
    all_fail(alphas, HANG)
    got = []
    for _ in range(3):
        account.renew().addCallback(got.append)
    [call] = [call for channel in alphas for call in channel.waiting]
    alphas[0].settle(call, tokens("renewed"))
    assert got == [token("renewed", 100)] * 3
    account.renew().addCallback(got.append)
    assert got == [token("renewed", 100)] * 4


def test_a_renewal_that_fails_fires_with_nothing(account, alphas, clock):
    account.start()
    clock.advance(10)
    all_fail(alphas, NotReached("refused"))
    got = []
    account.renew().addCallback(got.append)
    assert got == [""]


def test_whoever_left_a_renewal_is_not_told(account, alphas, clock):
    account.start()
    clock.advance(10)
    all_fail(alphas, HANG)
    gone = account.renew()
    gone.addErrback(lambda _: None)
    gone.cancel()
    [call] = [call for channel in alphas for call in channel.waiting]
    alphas[0].settle(call, tokens("renewed"))
    assert account.token == token("renewed", 100)


def test_a_reload_changes_the_account(account, alphas, live, clock):
    account.start()
    all_fail(alphas, HANG)
    live.replace(Config(dgraph_user="other", dgraph_password="new"))
    assert account.token == ""
    [call] = [call for channel in alphas for call in channel.waiting]
    assert api.LoginRequest.FromString(call.request.payload).userid == "other"
    live.replace(Config())
    assert call.cancelled
    assert not [call for channel in alphas for call in channel.waiting]


def test_a_reload_of_something_else_does_not(account, alphas, live):
    account.start()
    live.replace(Config(dgraph_user="groot", dgraph_password="s3cret", dgraph_namespace=7, max_attempts=2))
    assert len(asked(*alphas)) == 1


def test_no_secret_is_told(account, alphas, monkeypatch):
    said = []
    monkeypatch.setattr(
        "otterd.alphas.account.log.warn", lambda text, **fields: said.append(text.format(**fields))
    )
    all_fail(alphas, Answer(2, message="s3cret is wrong"))
    account.start()
    assert said == ["could not log in as groot: " + said[0].split(": ", 1)[1]]
    assert "s3cret" not in said[0]


@pytest.mark.parametrize("answer", [Answer(0, b"\xff"), Answer(0, b""), Answer(0, b"\x0a\x01\xff")])
def test_an_answer_without_tokens_is_a_failure(account, alphas, answer):
    all_fail(alphas, answer)
    account.start()
    assert account.token == ""


def test_a_tokens_life_is_read_from_it():
    assert life(token("x", 30), NOW) == 30
    assert life("rubbish", NOW) == life("a.b.c", NOW) == life(token("x", -5), NOW) == 300


def test_the_first_login_is_pending_until_it_ends_either_way(live, clock, alphas):
    for channel in alphas:
        channel.on("Login", HANG)
    account = Account(live, clock, Fleet(*alphas), wall=lambda: NOW)
    assert not account.pending
    account.start()
    assert account.pending
    alphas[1].settle(alphas[1].waiting[0], NotReached("refused"))
    alphas[0].settle(alphas[0].waiting[0], NotReached("refused"))
    assert not account.pending
    account.stop()

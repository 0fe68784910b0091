"""The guard's answers, one rule a test; the table of rules by protocols is in test_policy_matrix."""

from collections.abc import Sequence
from typing import Any

import pytest
from twisted.internet.task import Clock
from twisted.logger import LogEvent, capturedLogs, formatEvent

from otterd.config.live import Live
from otterd.config.schema import Cidrs, Config, Lend, Secret
from otterd.core.operation import Caller, Door, Entry, HttpCall, Operation, Purpose, Rpc
from otterd.core.replaced import replaced
from otterd.errors import BadRequest, Forbidden, NotFound, OtterError, RateLimited, Unauthenticated
from otterd.guard.guard import Guard

ALPHA = "127.0.0.1:9080"


def guard_of(**keys: Any) -> Guard:
    keys.setdefault("ws_token", Secret("socket"))
    return Guard(Live(Config(dgraph_endpoints=(ALPHA,), **keys)), Clock())


def caller(**facts: Any) -> Caller:
    facts.setdefault("door", Door.HTTP)
    facts.setdefault("peer", "127.0.0.1")
    return Caller(**facts)


def operation(purpose: Purpose = Purpose.QUERY, who: Caller | None = None, **facts: Any) -> Operation:
    who = who or caller()
    facts.setdefault("request", Rpc("Query", b""))
    return Operation(purpose, caller=who, entry=Entry(who.door, "/", "id", 0.0), **facts)


def refusal(guard: Guard, purpose: Purpose, **facts: Any) -> type[OtterError] | None:
    try:
        guard.admit(operation(purpose, caller(**facts)))
    except OtterError as error:
        return type(error)
    return None


class TestTheAdminRight:
    @pytest.mark.parametrize("purpose", [Purpose.ADMIN, Purpose.ALTER])
    @pytest.mark.parametrize(
        ("facts", "refused"),
        [
            ({}, None),
            ({"peer": ""}, None),
            ({"peer": "::1"}, None),
            ({"peer": "192.0.2.1"}, Forbidden),
            ({"forwarded": b"127.0.0.1"}, Forbidden),
            ({"origin": b"https://evil.example"}, Forbidden),
            ({"origin": b"null"}, Forbidden),
            ({"origin": b""}, Forbidden),
            ({"origin": b"https://page.example"}, None),
            ({"origin": b"http://ratel.example:8000"}, None),
            ({"origin": b"https://ratel.example:8000"}, None),
            ({"peer": "192.0.2.1", "admin": b"key"}, None),
            ({"peer": "192.0.2.1", "bearer": b"key"}, None),
            ({"peer": "192.0.2.1", "admin": b"wrong"}, Forbidden),
            ({"peer": "192.0.2.1", "admin": b"key", "origin": b"https://evil.example"}, Forbidden),
            ({"peer": "198.51.100.3"}, None),
        ],
    )
    def test_dev_mode_wants_loopback_or_the_right_and_no_foreign_page(
        self, purpose: Purpose, facts: dict[str, Any], refused: type[OtterError] | None
    ) -> None:
        guard = guard_of(
            admin_token=Secret("key"),
            admin_allowed_cidrs=Cidrs(("198.51.100.0/24",)),
            cors_allowed_origins=("https://page.example",),
            ratel="ratel.example:8000",
        )
        assert refusal(guard, purpose, **facts) is refused

    @pytest.mark.parametrize(
        ("facts", "refused"),
        [
            ({}, Forbidden),
            ({"peer": ""}, Forbidden),
            ({"admin": b"key"}, None),
            ({"bearer": b"key", "origin": b"https://evil.example"}, None),
            ({"admin": b"wrong"}, Forbidden),
            ({"peer": "198.51.100.3"}, None),
            ({"peer": "198.51.100.3", "forwarded": b"198.51.100.3"}, Forbidden),
            ({"peer": "198.51.100.3", "origin": b"https://evil.example"}, Forbidden),
            ({"peer": "10.0.0.1", "forwarded": b"198.51.100.3"}, None),
            ({"peer": "10.0.0.1", "forwarded": b"198.51.100.3, 192.0.2.1"}, Forbidden),
        ],
    )
    def test_outside_dev_mode_it_takes_the_token_or_a_network(
        self, facts: dict[str, Any], refused: type[OtterError] | None
    ) -> None:
        guard = guard_of(
            dev_mode=False,
            admin_token=Secret("key"),
            admin_allowed_cidrs=Cidrs(("198.51.100.0/24",)),
            trusted_proxy_cidrs=Cidrs(("10.0.0.0/8",)),
        )
        assert refusal(guard, Purpose.ALTER, **facts) is refused

    def test_with_neither_key_set_the_refusal_names_both(self) -> None:
        with pytest.raises(Forbidden, match=r"admin_token.*admin_allowed_cidrs"):
            guard_of(dev_mode=False).admit(operation(Purpose.ALTER))

    def test_galaxy_metadata_needs_it_too(self) -> None:
        with pytest.raises(Forbidden):
            guard_of(dev_mode=False).admit(operation(galaxy=True))

    def test_what_acts_on_one_alpha_must_name_one_of_ours(self) -> None:
        guard = guard_of()
        with pytest.raises(BadRequest, match="X-Otter-Alpha"):
            guard.admit(operation(Purpose.ADMIN, node_local=True))
        with pytest.raises(NotFound):
            guard.admit(operation(Purpose.ADMIN, node_local=True, target="127.0.0.1:1"))
        assert guard.admit(operation(Purpose.ADMIN, node_local=True, target=ALPHA))

    def test_an_alpha_that_was_discovered_may_be_named(self) -> None:
        guard = Guard(Live(Config(dgraph_endpoints=(ALPHA,))), Clock(), lambda: {"127.0.0.1:1"})
        assert guard.admit(operation(Purpose.ADMIN, node_local=True, target="127.0.0.1:1"))


class TestTheClientToken:
    @pytest.mark.parametrize("dev", [True, False])
    def test_it_must_be_shown_over_http(self, dev: bool) -> None:
        guard = guard_of(dev_mode=dev, client_token=Secret("visitor"), admin_token=Secret("key"))
        assert refusal(guard, Purpose.QUERY) is Unauthenticated
        assert refusal(guard, Purpose.QUERY, bearer=b"wrong") is Unauthenticated
        assert refusal(guard, Purpose.QUERY, bearer=b"visitor") is None
        assert refusal(guard, Purpose.QUERY, bearer=b"key") is None
        assert refusal(guard, Purpose.ALTER, bearer=b"visitor", admin=b"key") is None
        assert refusal(guard, Purpose.QUERY, door=Door.GRPC) is Unauthenticated
        assert refusal(guard, Purpose.QUERY, door=Door.WEBSOCKET) is None

    def test_local_answers_want_it_as_well(self) -> None:
        guard = guard_of(client_token=Secret("visitor"))
        with pytest.raises(Unauthenticated):
            guard.admit_local(caller(), charge=False, admin=False)
        assert guard.admit_local(caller(bearer=b"visitor"), charge=False, admin=True) == "127.0.0.1"


class TestLending:
    @pytest.mark.parametrize(
        ("keys", "facts", "lent"),
        [
            ({}, {}, True),
            ({}, {"own_token": True}, False),
            ({"dev_mode": False}, {}, False),
            ({"dev_mode": False}, {"trusted": True, "door": Door.WEBSOCKET}, True),
            ({"dev_mode": False, "client_token": Secret("visitor")}, {"bearer": b"visitor"}, True),
            ({"dev_mode": False, "admin_token": Secret("key")}, {"bearer": b"key"}, False),
            ({"dev_mode": False, "lend_account": Lend.EVERYONE}, {}, True),
            ({"dev_mode": False, "lend_account": Lend.EVERYONE}, {"own_token": True}, False),
        ],
    )
    def test_the_account_is_lent_to_whom_the_mode_trusts(
        self, keys: dict[str, Any], facts: dict[str, Any], lent: bool
    ) -> None:
        assert guard_of(**keys).admit(operation(who=caller(**facts))).lend is lent

    @pytest.mark.parametrize(
        "purpose", [Purpose.ADMIN, Purpose.ALTER, Purpose.STATE, Purpose.GRAPHQL, Purpose.LOGIN]
    )
    def test_it_is_never_lent_for_these(self, purpose: Purpose) -> None:
        assert not guard_of(lend_account=Lend.EVERYONE).admit(operation(purpose)).lend

    def test_it_is_never_lent_to_an_admin_in_disguise(self) -> None:
        assert not guard_of().admit(operation(galaxy=True)).lend


class TestRates:
    def test_an_operation_over_the_rate_is_told_how_long_to_wait(self) -> None:
        guard = guard_of(rate_limit_rps=0.25, rate_limit_burst=1)
        guard.admit(operation())
        with pytest.raises(RateLimited, match="rate limit exceeded") as caught:
            guard.admit(operation())
        assert caught.value.retry_after == 4

    def test_refusals_for_other_reasons_are_counted(self) -> None:
        guard = guard_of(rate_limit_rps=1, client_token=Secret("visitor"))
        assert refusal(guard, Purpose.QUERY) is Unauthenticated
        assert refusal(guard, Purpose.QUERY) is RateLimited

    def test_clients_behind_a_trusted_proxy_have_buckets_of_their_own(self) -> None:
        guard = guard_of(rate_limit_rps=1, trusted_proxy_cidrs=Cidrs(("10.0.0.0/8",)))
        for last in (b"192.0.2.1", b"192.0.2.2"):
            guard.charge(caller(peer="10.0.0.1", forwarded=last))
        with pytest.raises(RateLimited):
            guard.charge(caller(peer="10.0.0.2", forwarded=b"198.51.100.1, 192.0.2.1"))

    def test_forged_addresses_do_not_open_new_buckets(self) -> None:
        guard = guard_of(rate_limit_rps=1)
        guard.charge(caller(peer="192.0.2.1", forwarded=b"1.1.1.1"))
        with pytest.raises(RateLimited):
            guard.charge(caller(peer="192.0.2.1", forwarded=b"2.2.2.2"))

    @pytest.mark.parametrize(
        ("target", "free"), [(b"/state", False), (b"/ui/keywords", True), (b"/probe/graphql?x=/state", True)]
    )
    def test_of_the_plain_reads_only_state_is_counted(self, target: bytes, free: bool) -> None:
        guard = guard_of(rate_limit_rps=1)
        for _ in range(1 + free):
            guard.admit(operation(Purpose.STATE, request=HttpCall(b"GET", target, ())))
        if not free:
            with pytest.raises(RateLimited):
                guard.admit(operation(Purpose.STATE, request=HttpCall(b"GET", target, ())))


class TestSockets:
    @pytest.mark.parametrize(
        ("origin", "refused"),
        [(None, False), (b"https://page.example", False), (b"https://evil.example", True), (b"null", True)],
    )
    def test_outside_dev_mode_foreign_origins_are_refused(self, origin: bytes | None, refused: bool) -> None:
        guard = guard_of(dev_mode=False, ws_allowed_origins=("https://page.example",))
        upgrade = HttpCall(b"GET", b"/graphql", (), upgrade=True)
        who = caller(origin=origin)
        if not refused:
            guard.admit_socket(who)
            guard.admit(operation(Purpose.GRAPHQL, who, request=upgrade))
            return
        with pytest.raises(Forbidden):
            guard.admit_socket(who)
        with pytest.raises(Forbidden):
            guard.admit(operation(Purpose.GRAPHQL, who, request=upgrade))
        guard.admit(operation(Purpose.GRAPHQL, who, request=replaced(upgrade, upgrade=False)))

    def test_in_dev_mode_any_origin_is_taken_with_one_warning(self) -> None:
        guard = guard_of()
        with capturedLogs() as events:
            guard.admit_socket(caller(origin=b"https://evil.example"))
            guard.admit_socket(caller(origin=b"null"))
        assert [event["log_level"].name for event in events] == ["warn"]


class TestTheSocketToken:
    def test_a_configured_token_is_used_and_never_shown(self) -> None:
        guard = guard_of()
        with capturedLogs() as events:
            guard.announce()
        assert not events
        assert guard.ws_token_matches("socket")
        assert not guard.ws_token_matches("made")
        assert not guard.ws_token_matches("\ud800")

    def test_dev_mode_makes_one_and_says_it(self) -> None:
        guard = guard_of(ws_token=Secret(""))
        with capturedLogs() as events:
            guard.announce()
        assert guard.ws_token_matches(_said(events))
        assert not guard.ws_token_matches("")

    def test_outside_dev_mode_none_is_made(self) -> None:
        guard = guard_of(ws_token=Secret(""), dev_mode=False)
        assert not guard.ws_token_matches("")

    def test_the_made_token_survives_a_reload_but_not_the_end_of_dev_mode(self) -> None:
        live = Live(Config())
        guard = Guard(live, Clock())
        with capturedLogs() as events:
            guard.announce()
            live.replace(Config(rate_limit_rps=5))
        made = _said(events)
        assert guard.ws_token_matches(made)
        live.replace(Config(dev_mode=False, ws_token=Secret("own")))
        assert not guard.ws_token_matches(made)
        assert guard.ws_token_matches("own")


def _said(events: Sequence[LogEvent]) -> str:
    (event,) = events
    assert event["log_level"].name == "warn"
    text = formatEvent(event)
    token = text.rpartition(" ")[2]
    assert len(token) == 32
    fields = [value for name, value in event.items() if not name.startswith("log_")]
    assert token not in fields
    return token


def test_a_reload_changes_the_rules_at_once() -> None:
    live = Live(Config())
    guard = Guard(live, Clock())
    guard.admit(operation(Purpose.ALTER))
    live.replace(Config(dev_mode=False, rate_limit_rps=1))
    with pytest.raises(Forbidden):
        guard.admit(operation(Purpose.ALTER))
    with pytest.raises(RateLimited):
        guard.admit(operation(Purpose.ALTER))


def test_what_only_otter_may_read_is_cleaned_away() -> None:
    guard = guard_of(admin_token=Secret("key"), client_token=Secret("visitor"))
    kept = ((b"Authorization", b"Bearer other"), (b"X-Auth", b"key"), (b"authorization", b"Basic key"))
    gone = (
        (b"X-Otter-Admin-Token", b"anything"),
        (b"x-otter-alpha", ALPHA.encode()),
        (b"authorization", b"bearer key"),
        (b"Authorization", b"Bearer visitor"),
        (b"Authorization", b"visitor"),
    )
    assert guard.clean((*kept, *gone)) == kept


@pytest.mark.parametrize(
    ("facts", "client", "granted"),
    [
        ({"peer": "192.0.2.1"}, "192.0.2.1", "192.0.2.1"),
        ({"peer": ""}, "", ""),
        ({"peer": "192.0.2.1", "forwarded": b"1.1.1.1"}, None, ""),
        ({"peer": "::ffff:192.0.2.1"}, "192.0.2.1", "192.0.2.1"),
    ],
)
def test_the_grant_carries_the_client_address(
    facts: dict[str, Any], client: str | None, granted: str
) -> None:
    guard = guard_of()
    assert guard.client(caller(**facts)) == client
    assert guard.admit(operation(who=caller(**facts))).client == granted

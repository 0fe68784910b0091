"""A request to `/login` as a Login call."""

import pytest

from otterd.config.schema import Config
from otterd.core.operation import Purpose
from otterd.edges.http.login import translate_login
from otterd.wire import api_pb2 as api
from tests.edges.http.asking import call, request, verbatim


def plan(body, **more):
    return translate_login(request("/login", body, None, **more), Config())


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('{"userid":"groot","password":"é","namespace":0}', api.LoginRequest(userid="groot", password="é")),
        ('{"refresh_token":"t","x":[1]}', api.LoginRequest(refresh_token="t")),
        (
            '{"userid":"a","namespace":18446744073709551615}',
            api.LoginRequest(userid="a", namespace=2**64 - 1),
        ),
        ("{}", api.LoginRequest()),
    ],
)
def test_says_who_logs_in(body, message):
    found = call(plan(body, X_Dgraph_AuthToken="poor"))
    assert found.rpc.method == "Login"
    assert api.LoginRequest.FromString(found.rpc.payload) == message
    assert (found.purpose, found.writes) == (Purpose.LOGIN, False)
    assert found.rpc.metadata == (("auth-token", "poor"),)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        '{"userid":5}',
        '{"userid":null}',
        '{"UserID":"a"}',
        '{"userid":"a","Password":"b"}',
        '{"namespace":-1}',
        '{"namespace":1.0}',
        '{"namespace":1e2}',
        '{"namespace":18446744073709551616}',
        '{"namespace":18446744073709551616,"namespace":1}',
        '{"namespace":"1"}',
        b'{"password":"\xff"}',
        "[" * 100_000,
    ],
)
def test_all_else_is_left_to_dgraph(body):
    left = verbatim(plan(body))
    assert (left.purpose, left.writes) == (Purpose.LOGIN, False)


def test_a_wrong_method_is_left_to_dgraph():
    verbatim(plan("{}", method="GET"))


def test_no_password_shows_in_a_plan():
    assert "open sesame" not in str(
        translate_login(request("/login", '{"password": 5}open sesame'), Config())
    )

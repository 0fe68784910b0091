"""Every member stands on loopback, at ports that only depend on the offset."""

from pathlib import Path

from tests.cluster.ports import ports_of
from tests.cluster.shape import Shape, alpha_address, alpha_command, zero_command


def test_an_offset_moves_every_port():
    assert ports_of(200, 2) == [5280, 6280, 7280, 7281, 8280, 8281, 9280, 9281]


def test_clients_reach_an_alpha_at_its_offset_and_number():
    address = alpha_address(200, 1)
    assert (address.grpc, address.http) == ("127.0.0.1:9281", "127.0.0.1:8281")


def test_members_bind_loopback_alone_and_report_nothing():
    shape = Shape()
    for command in (zero_command("dgraph", shape, 0), alpha_command("dgraph", shape, 0, 1, Path("root"))):
        assert "--bindall=false" in command
        assert "--telemetry=reports=false" in command


def test_acl_is_on_exactly_when_tokens_have_a_lifetime():
    assert not Shape().acl
    assert not any("--acl" in part for part in alpha_command("dgraph", Shape(), 0, 0, Path("root")))
    command = alpha_command("dgraph", Shape(access_ttl="5s"), 0, 0, Path("root"))
    assert "--acl=secret-file=root/hmac; access-ttl=5s;" in command

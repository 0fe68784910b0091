"""A running cluster: one zero and some alphas, which a test may break."""

import atexit
import base64
import os
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.cluster import ports
from tests.cluster.ask import answers, ask, until
from tests.cluster.member import Member
from tests.cluster.shape import (
    Address,
    Shape,
    alpha_address,
    alpha_command,
    internal_address,
    zero_command,
)

USER, PASSWORD = "groot", "password"
"""The account that Dgraph makes when ACL is turned on."""


def binary() -> str | None:
    """Return the path of `dgraph`, None when it is not on the PATH."""
    return shutil.which("dgraph")


class Cluster:
    """A cluster of ours in `root` (None: a folder that is deleted with it).

    Building starts nothing. What `start` started is ended by `stop`, at the latest when
    the interpreter exits, unless it was left running by `detach`.
    """

    ours = True

    def __init__(self, shape: Shape, root: Path | None = None) -> None:
        program = binary()
        if program is None:
            raise FileNotFoundError("dgraph is not on the PATH")
        self.shape = shape
        self._program = program
        self._temporary = root is None
        self.root = root or Path(tempfile.mkdtemp(prefix="otter-cluster-"))
        self.root.mkdir(parents=True, exist_ok=True)
        self.offset = ports.free_offset(shape.alphas) if shape.offset is None else shape.offset
        self.zero = Member("zero", zero_command(program, shape, self.offset), self.root)
        self.alphas = [
            Member(f"alpha{i}", alpha_command(program, shape, self.offset, i, self.root), self.root)
            for i in range(shape.alphas)
        ]
        self.addresses: tuple[Address, ...] = tuple(
            alpha_address(self.offset, i) for i in range(shape.alphas)
        )

    @property
    def zero_http(self) -> str:
        """Return where the zero serves HTTP."""
        return f"127.0.0.1:{ports.ZERO_HTTP + self.offset}"

    @property
    def authority(self) -> Path:
        """Return the PEM file of the authority that signed the alphas' certificates."""
        return self.root / "tls" / "ca.crt"

    def start(self) -> None:
        """Start every member that does not run, and wait until all are ready.

        Raises TimeoutError when that takes more than two minutes.
        """
        atexit.register(self.stop)
        if self.shape.acl and not (self.root / "hmac").exists():
            (self.root / "hmac").write_bytes(base64.b64encode(secrets.token_bytes(48)))
        if self.shape.tls and not self.authority.exists():
            self._certify()
        for member in (self.zero, *self.alphas):
            if not member.running:
                member.start()
        self.wait()

    def wait(self) -> None:
        """Wait until the zero and every running alpha are ready, with ACL until a login works."""
        until(lambda: answers(self.zero_http, "/health"), "zero's /health", seconds=120)
        for member, address in zip(self.alphas, self.addresses, strict=True):
            if member.running:
                self._wait_for(member, address)

    def stop(self) -> None:
        """End every member that runs; delete the data when the folder is a temporary one."""
        atexit.unregister(self.stop)
        for member in (*self.alphas, self.zero):
            if self._temporary:
                member.kill()  # nobody reads this data again
            else:
                member.stop()
        if self._temporary:
            shutil.rmtree(self.root, ignore_errors=True)

    def detach(self) -> None:
        """Leave the members running when the interpreter ends."""
        atexit.unregister(self.stop)
        for member in (self.zero, *self.alphas):
            member.detach()

    def restart(self, member: Member) -> None:
        """Start a member again and wait until it is ready."""
        member.start()
        self.wait()

    def leader(self) -> Member:
        """Return the alpha that leads group 1, once there is one that runs."""
        return until(self._leader, "a leader of group 1")

    def _leader(self) -> Member | None:
        groups = ask(self.zero_http, "GET", "/state").json()["groups"]
        leading = {m["addr"] for m in groups["1"]["members"].values() if m.get("leader")}
        for index, member in enumerate(self.alphas):
            if member.running and internal_address(self.offset, index) in leading:
                return member
        return None

    def _wait_for(self, member: Member, address: Address) -> None:
        def alive(target: str) -> bool:
            if not member.running:
                raise RuntimeError(f"{member.name} ended by itself: see {member.log}")
            return answers(address.http, target)

        until(lambda: alive("/health"), f"{member.name}'s /health", seconds=120)
        if self.shape.tls:
            return  # All but /health needs TLS there, and a test over TLS finds out by itself.
        until(lambda: alive("/probe/graphql"), f"{member.name}'s GraphQL", seconds=120)
        if self.shape.acl:
            until(lambda: self._login_works(address), f"a login at {member.name}", seconds=120)

    def _login_works(self, address: Address) -> bool:
        account = {"userid": USER, "password": PASSWORD, "namespace": 0}
        return b"accessJWT" in ask(address.http, "POST", "/login", account).body

    def _certify(self) -> None:
        for more in ([], ["-n", "localhost,127.0.0.1"], ["-c", "gateway"]):
            if more or not (self.root / "tls").exists():
                command = [self._program, "cert", "-d", str(self.root / "tls"), *more]
                subprocess.run(command, check=True, capture_output=True, env=dict(os.environ), timeout=60)

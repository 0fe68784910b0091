"""What a cluster looks like: its addresses and the command line of each member."""

from dataclasses import dataclass
from pathlib import Path

from tests.cluster import ports


@dataclass(frozen=True, slots=True)
class Address:
    """Where clients reach one alpha, as `host:port`."""

    grpc: str
    http: str


@dataclass(frozen=True, slots=True)
class Shape:
    """One zero and `alphas` alphas, `replicas` to a group, at a port `offset` (None: a free one).

    `access_ttl` turns ACL on: how long an access token lives, in Dgraph's words ("10s").
    `tls` serves both client ports with certificates of the cluster's own authority.
    """

    alphas: int = 3
    replicas: int = 3
    offset: int | None = None
    access_ttl: str | None = None
    tls: bool = False

    @property
    def acl(self) -> bool:
        """Whether callers need a token."""
        return self.access_ttl is not None


def alpha_address(offset: int, index: int) -> Address:
    """Return where clients reach the alpha number `index`."""
    return Address(
        f"127.0.0.1:{ports.GRPC + offset + index}",
        f"127.0.0.1:{ports.HTTP + offset + index}",
    )


def internal_address(offset: int, index: int) -> str:
    """Return the address by which the cluster itself knows an alpha."""
    return f"localhost:{ports.INTERNAL + offset + index}"


def zero_command(binary: str, shape: Shape, offset: int) -> list[str]:
    """Return the command line of the zero; its folder is the working directory."""
    return [
        binary,
        "zero",
        "--bindall=false",
        "-o",
        str(offset),
        f"--my=localhost:{ports.ZERO_GRPC + offset}",
        f"--replicas={shape.replicas}",
        "--raft=idx=1",
        "--telemetry=reports=false",
        "--wal=zw",
        "--log_dir=.",
    ]


def alpha_command(binary: str, shape: Shape, offset: int, index: int, root: Path) -> list[str]:
    """Return the command line of an alpha; secrets and certificates lie in `root`."""
    command = [
        binary,
        "alpha",
        "--bindall=false",
        "-o",
        str(offset + index),
        f"--my={internal_address(offset, index)}",
        f"--zero=localhost:{ports.ZERO_GRPC + offset}",
        "--postings=p",
        "--wal=w",
        "--tmp=t",
        "--cache=size-mb=256",
        "--telemetry=reports=false",
        "--log_dir=.",
    ]
    if shape.acl:
        command.append(f"--acl=secret-file={root / 'hmac'}; access-ttl={shape.access_ttl};")
    if shape.tls:
        folder = root / "tls"
        command.append(
            f"--tls=ca-cert={folder / 'ca.crt'}; server-cert={folder / 'node.crt'};"
            f" server-key={folder / 'node.key'};"
        )
    return command

"""TLS towards the alphas: whom to believe, what to show, and whose name to expect."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate, load_pem_x509_certificates
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.internet.ssl import (
    Certificate,
    PrivateCertificate,
    optionsForClientTLS,
    platformTrust,
    trustRootFromCertificates,
)

from otterd.config.errors import ConfigError
from otterd.config.schema import Config

SYSTEM = "system"

BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
"""Where systems keep their authorities in one file; gRPC wants them so."""


@dataclass(frozen=True, slots=True)
class ClientTls:
    """What is needed to speak TLS to any alpha.

    `roots` is None for gRPC's own list. `key` and `chain` are PEM, None where Otter shows no certificate.
    """

    server_name: str
    roots: bytes | None = field(repr=False)
    key: bytes | None = field(repr=False)
    chain: bytes | None = field(repr=False)
    trust: Any = field(repr=False)
    shown: PrivateCertificate | None = field(repr=False)

    def creator(self, host: str, protocols: Sequence[bytes] = ()) -> IOpenSSLClientConnectionCreator:
        """Return Twisted's recipe for a connection to `host`, a name or an IP address, which is checked.

        `protocols` are those offered by ALPN, the best first.
        """
        more: dict[str, Any] = {}
        if self.chain is not None:
            more["extraCertChain"] = [c.original for c in _certificates(self.chain)[1:]]
        creator: IOpenSSLClientConnectionCreator = optionsForClientTLS(
            self.server_name or host,
            trustRoot=self.trust,
            clientCertificate=self.shown,
            acceptableProtocols=list(protocols) or None,
            extraCertificateOptions=more,
        )
        return creator


def load(config: Config) -> ClientTls | None:
    """Read the files that `config` names, or return None when alphas are spoken to without TLS.

    Raises ConfigError naming the file and what is wrong with it.
    """
    if not config.alpha_tls:
        if config.dgraph_tls_cert or config.dgraph_tls_key:
            raise ConfigError("", "dgraph_tls_cert", "needs dgraph_tls_ca, without which there is no TLS")
        return None
    if bool(config.dgraph_tls_cert) != bool(config.dgraph_tls_key):
        raise ConfigError("", "dgraph_tls_cert", "needs dgraph_tls_key, and the other way round")
    roots, trust = _authorities(config.dgraph_tls_ca)
    key, chain, shown = _identity(config) if config.dgraph_tls_cert else (None, None, None)
    return ClientTls(config.dgraph_tls_server_name, roots, key, chain, trust, shown)


def _authorities(path: str) -> tuple[bytes | None, Any]:
    if path == SYSTEM:
        places = (ssl.get_default_verify_paths().cafile, *BUNDLES)
        bundle = next((p for p in places if p and Path(p).is_file()), None)
        return (Path(bundle).read_bytes() if bundle else None), platformTrust()
    roots = _read("dgraph_tls_ca", path)
    try:
        trust = trustRootFromCertificates(_certificates(roots))
    except ValueError:
        raise ConfigError(path, "dgraph_tls_ca", "holds no usable PEM certificate") from None
    return roots, trust


def _identity(config: Config) -> tuple[bytes, bytes, PrivateCertificate]:
    chain = _read("dgraph_tls_cert", config.dgraph_tls_cert)
    key = _read("dgraph_tls_key", config.dgraph_tls_key)
    try:
        _certificates(chain)
    except ValueError:
        raise ConfigError(
            config.dgraph_tls_cert, "dgraph_tls_cert", "holds no usable PEM certificate"
        ) from None
    try:
        secret = load_pem_private_key(key, None)
        if secret.public_key() != load_pem_x509_certificate(chain).public_key():
            raise ValueError("another certificate's key")
        shown = PrivateCertificate.loadPEM(key + b"\n" + chain)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        problem = "holds no usable PEM key, without a passphrase, for dgraph_tls_cert"
        raise ConfigError(config.dgraph_tls_key, "dgraph_tls_key", problem) from None
    return key, chain, shown


def _read(key: str, path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ConfigError(path, key, error.strerror or "cannot be read") from None


def _certificates(pem: bytes) -> list[Certificate]:
    """Return every certificate in `pem`; raises ValueError when there is none or one is broken."""
    return [Certificate.loadPEM(each.public_bytes(Encoding.PEM)) for each in load_pem_x509_certificates(pem)]

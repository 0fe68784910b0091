"""Makes certificates for tests."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def _named(text):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def _general(name):
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


class Authority:
    """A certificate authority whose files are in `folder`."""

    def __init__(self, folder, name):
        self.folder = folder
        self.name = _named(name)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.path = str(folder / f"{name}.crt")
        cert = self._build(self.name, self._key, x509.BasicConstraints(True, None), [])
        self.pem = cert.public_bytes(serialization.Encoding.PEM)
        (folder / f"{name}.crt").write_bytes(self.pem)

    def issue(self, label, *names):
        """Write a certificate for `names` and its key; return both paths."""
        key = ec.generate_private_key(ec.SECP256R1())
        cert = self._build(_named(label), key, x509.BasicConstraints(False, None), names)
        crt, pem = self.folder / f"{label}.crt", self.folder / f"{label}.key"
        crt.write_bytes(cert.public_bytes(serialization.Encoding.PEM))
        pem.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return str(crt), str(pem)

    def _build(self, subject, key, constraints, names):
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(constraints, critical=True)
        )
        if names:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_general(name) for name in names]), critical=False
            )
        return builder.sign(self._key, hashes.SHA256())

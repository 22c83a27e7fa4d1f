"""Certificates of every sort, good and bad, from an authority of our own."""

import ssl
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

NOW = datetime.now(UTC).replace(microsecond=0)
SHA256 = hashes.SHA256()
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def new_key() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@dataclass(frozen=True)
class Issued:
    """A certificate with its key and the certificates above it, as a server sends them."""

    certificate: x509.Certificate
    key: Key
    above: tuple[x509.Certificate, ...] = ()

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> bytes:
        chain = b"".join(c.public_bytes(serialization.Encoding.PEM) for c in (self.certificate, *self.above))
        return chain + key_pem(self.key)

    def alone(self) -> "Issued":
        """Without those above it."""
        return Issued(self.certificate, self.key)


def key_pem(key: Key) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def issue(
    subject: str,
    issuer: Issued | None = None,
    *,
    names: Sequence[str] = (),
    days: tuple[int, int] = (-10, 80),
    ca: bool = False,
    key: Key | None = None,
    usage: Sequence[x509.ObjectIdentifier] = (ExtendedKeyUsageOID.SERVER_AUTH,),
    extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
    algorithm: Any = SHA256,
) -> Issued:
    """Issue a certificate; without an issuer it signs itself."""
    key = key or new_key()
    builder = x509.CertificateBuilder(
        subject_name=name(subject),
        issuer_name=issuer.certificate.subject if issuer else name(subject),
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=NOW + timedelta(days=days[0]),
        not_valid_after=NOW + timedelta(days=days[1]),
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), critical=False)
    if usage and not ca:
        builder = builder.add_extension(x509.ExtendedKeyUsage(list(usage)), critical=False)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    made = builder.sign(issuer.key if issuer else key, algorithm)
    above = (issuer.certificate, *issuer.above) if issuer and issuer.above else ((issuer.certificate,) if issuer else ())
    return Issued(made, key, above)


def issuer_at(url: str) -> x509.AuthorityInformationAccess:
    """Where the issuer's certificate is said to be."""
    where = x509.UniformResourceIdentifier(url)
    return x509.AuthorityInformationAccess([x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, where)])


@dataclass
class Authority:
    """A root that is trusted, one that is not, and an intermediate."""

    root: Issued = field(default_factory=lambda: issue("Test Root", ca=True, days=(-100, 1000)))
    stranger: Issued = field(default_factory=lambda: issue("Unknown Root", ca=True, days=(-100, 1000)))

    @cached_property
    def intermediate(self) -> Issued:
        made = issue("Test Intermediate", self.root, ca=True, days=(-100, 1000))
        return Issued(made.certificate, made.key)

    @property
    def root_pem(self) -> bytes:
        return self.root.certificate.public_bytes(serialization.Encoding.PEM)

    def leaf(self, *names: str, **more: Any) -> Issued:
        """A good certificate for some names, sent with the intermediate."""
        made = issue(names[0], self.intermediate, names=names, **more)
        return Issued(made.certificate, made.key, (self.intermediate.certificate,))


def server_context(issued: Issued, **attributes: Any) -> ssl.SSLContext:
    """A server's TLS context that shows a certificate; attributes (`maximum_version` and the like) are set on it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the old versions, which are wanted here
        for attribute, value in attributes.items():
            setattr(context, attribute, value)
    with tempfile.NamedTemporaryFile() as file:
        file.write(issued.pem)
        file.flush()
        context.load_cert_chain(file.name)
    return context

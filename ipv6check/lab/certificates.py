"""The certificates of a world: an authority of its own with an intermediate, one that nobody trusts, a chain for each site."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from ipv6check.lab.world import Site

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

RSA_BITS: Final = 3072
ISSUER_URL: Final = "http://chung-thu.example/trung-gian.cer"
"""Where leaf certificates say their issuer's is; nobody is there and nobody must ask."""

DATES: Final = {"ending": (-80, 10), "expired": (-120, -30)}
"""Days from now between which a certificate is valid, where that is what is wrong with it."""

GOOD_DATES: Final = (-30, 60)
AUTHORITY_DATES: Final = (-1000, 3000)

PATH_ERRORS: Final = {
    "self-signed": "self-signed certificate",
    "untrusted": "self-signed certificate in certificate chain",
    "incomplete": "unable to get local issuer certificate",
}
"""What OpenSSL says of a path that does not lead to the world's authority; all other kinds have a good one."""

KINDS: Final = ("good", "wrong-name", *DATES, *PATH_ERRORS)
"""What can be wrong with a certificate."""


@dataclass(frozen=True, slots=True)
class Chain:
    """What a site shows, leaf first, and the key of the leaf."""

    certificates: tuple[x509.Certificate, ...]
    key: PrivateKey

    @property
    def der(self) -> tuple[bytes, ...]:
        """The certificates as they go over the wire."""
        return tuple(certificate.public_bytes(serialization.Encoding.DER) for certificate in self.certificates)

    @property
    def pem(self) -> bytes:
        """Certificates and key in one file, as a TLS context loads them."""
        key = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return b"".join(certificate.public_bytes(serialization.Encoding.PEM) for certificate in self.certificates) + key


@dataclass(frozen=True, slots=True)
class _Issuer:
    certificate: x509.Certificate
    key: PrivateKey


class Authority:
    """Issues everything. Dates are counted from its making."""

    def __init__(self) -> None:
        self._now = datetime.now(UTC).replace(microsecond=0)
        self._root = self._authority("Lab Root")
        self._intermediate = self._authority("Lab Intermediate", self._root)
        self._stranger = self._authority("Unknown Root")

    @property
    def root_pem(self) -> bytes:
        """The root that scanners of this world trust."""
        return self._root.certificate.public_bytes(serialization.Encoding.PEM)

    def chain_for(self, site: Site) -> Chain:
        """Make what a site shows, with what is wrong with it."""
        key = rsa.generate_private_key(65537, RSA_BITS) if site.key == "rsa" else _elliptic_key()
        names = ("ten-khac.example",) if site.certificate == "wrong-name" else site.names
        match site.certificate:
            case "self-signed":
                return Chain((self._leaf(names, key, site.certificate, None),), key)
            case "untrusted":
                leaf = self._leaf(names, key, site.certificate, self._stranger)
                return Chain((leaf, self._stranger.certificate), key)
        leaf = self._leaf(names, key, site.certificate, self._intermediate)
        return Chain((leaf,) if site.certificate == "incomplete" else (leaf, self._intermediate.certificate), key)

    def _authority(self, name: str, issuer: _Issuer | None = None) -> _Issuer:
        key = _elliptic_key()
        builder = self._builder(name, key, issuer, AUTHORITY_DATES)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        builder = builder.add_extension(_usage(is_authority=True), critical=True)
        return _Issuer(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)

    def _leaf(self, names: tuple[str, ...], key: PrivateKey, kind: str, issuer: _Issuer | None) -> x509.Certificate:
        builder = self._builder(names[0], key, issuer, DATES.get(kind, GOOD_DATES))
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_usage(is_authority=False), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        if issuer is not None:
            where = x509.UniformResourceIdentifier(ISSUER_URL)
            access = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, where)
            builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
        return builder.sign(issuer.key if issuer else key, hashes.SHA256())

    def _builder(self, name: str, key: PrivateKey, issuer: _Issuer | None, dates: tuple[int, int]) -> x509.CertificateBuilder:
        """What every certificate has; without an issuer it is its own."""
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        issuer_key = issuer.key.public_key() if issuer else key.public_key()
        begin, end = (self._now + timedelta(days=days) for days in dates)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.certificate.subject if issuer else subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
        )


def _elliptic_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )

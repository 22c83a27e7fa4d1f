"""The lab's own authority: a root, two intermediates, and leaf certificates in every state a certificate can be in."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

RSA_BITS: Final = 3072
YEARS_OF_ROOT: Final = 10
ISSUER_AT: Final = "http://a.canaries.net/issuer.crt"
"""Where certificates say their issuer is; whoever fetches it is seen in the access log."""


@dataclass(frozen=True)
class Profile:
    """A kind of leaf: days of life and days left; who issued it; which names; which certificates are sent with it."""

    life: int = 90
    left: int = 60
    issuer: str = "one"
    names: str = "both"
    key: str = "ec"
    sends: tuple[str, ...] = ("one",)
    has_aia: bool = True


PROFILES: Final = {
    "good": Profile(),
    "good-again": Profile(),
    "listed-only": Profile(names="listed"),
    "rsa": Profile(key="rsa"),
    "wildcard": Profile(names="wildcard"),
    "short": Profile(life=6, left=4),
    "thirty-one": Profile(life=100, left=31),
    "expired": Profile(left=-3),
    "not-yet": Profile(left=95),
    "two-days": Profile(left=2),
    "renewal-due": Profile(left=20),
    "wrong-name": Profile(names="wrong"),
    "self-signed": Profile(issuer="itself", sends=()),
    "untrusted": Profile(issuer="stranger", sends=("stranger",)),
    "leaf-with-aia": Profile(sends=()),
    "leaf-without-aia": Profile(sends=(), has_aia=False),
    "other-issuer": Profile(issuer="two", sends=("two",)),
    "public": Profile(issuer="public", sends=("public",)),
}


@dataclass(frozen=True)
class _Issuer:
    certificate: x509.Certificate
    key: CertificateIssuerPrivateKeyTypes


class Authority:
    """Issues certificates into a directory; `root` is the file that the scanner trusts."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._now = datetime.now(UTC).replace(microsecond=0)
        directory.mkdir(parents=True, exist_ok=True)
        root = self._issuer("Lab Root", None)
        self._issuers = {
            "one": self._issuer("Lab Issuer One", root),
            "two": self._issuer("Lab Issuer Two", root),
            "stranger": self._issuer("Somebody Else", None),
            "public": self._issuer("R12", root, "Let's Encrypt"),
        }
        self.root = directory / "root.pem"
        self.root.write_bytes(root.certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, profile_name: str, domain: str) -> tuple[Path, Path]:
        """The files of a certificate for a domain and its www: the chain as sent, and the key."""
        chain = self._directory / f"{domain}-{profile_name}.pem"
        key_file = chain.with_suffix(".key")
        if not chain.exists():
            certificates, key = self._leaf(PROFILES[profile_name], domain)
            chain.write_bytes(b"".join(c.public_bytes(serialization.Encoding.PEM) for c in certificates))
            key_file.write_bytes(
                key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
            )
        return chain, key_file

    @cached_property
    def _rsa_key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)

    def _leaf(self, profile: Profile, domain: str) -> tuple[list[x509.Certificate], CertificateIssuerPrivateKeyTypes]:
        key = self._rsa_key if profile.key == "rsa" else ec.generate_private_key(ec.SECP256R1())
        subject = _name(domain)
        issuer = self._issuers.get(profile.issuer)
        after = self._now + timedelta(days=profile.left, minutes=30)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.certificate.subject if issuer else subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(after - timedelta(days=profile.life))
            .not_valid_after(after)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in _names(profile.names, domain)]), False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
        )
        if profile.has_aia:
            builder = builder.add_extension(_issuer_at(), False)
        leaf = builder.sign(issuer.key if issuer else key, hashes.SHA256())
        return [leaf, *(self._issuers[name].certificate for name in profile.sends)], key

    def _issuer(self, common_name: str, above: _Issuer | None, organization: str = "") -> _Issuer:
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name(common_name, organization)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(above.certificate.subject if above else name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now - timedelta(days=365))
            .not_valid_after(self._now + timedelta(days=365 * YEARS_OF_ROOT))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        )
        return _Issuer(builder.sign(above.key if above else key, hashes.SHA256()), key)


def _name(common_name: str, organization: str = "") -> x509.Name:
    parts = [x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, organization)] if organization else []
    return x509.Name([*parts, x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name[:64])])


def _names(names: str, domain: str) -> list[str]:
    match names:
        case "listed":
            return [domain]
        case "wildcard":
            return [f"*.{domain.partition('.')[2]}"]
        case "wrong":
            return ["trangkhac.hanoi.gov.vn"]
    return [domain, f"www.{domain}"]


def _issuer_at() -> x509.AuthorityInformationAccess:
    where = x509.UniformResourceIdentifier(ISSUER_AT)
    return x509.AuthorityInformationAccess([x509.AccessDescription(x509.oid.AuthorityInformationAccessOID.CA_ISSUERS, where)])

"""What was seen of ports, TLS and HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from ipv6check.addressing import Address
from ipv6check.facts.attempt import Attempt, Family, family_of
from ipv6check.model import Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpTry(Attempt):
    """One TCP handshake."""

    address: Address
    port: int
    source_port: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PortTries:
    """All handshakes with one port of one address."""

    address: Address
    port: int
    tries: tuple[TcpTry, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether any handshake completed."""
        return any(t.failure is None for t in self.tries)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostReach:
    """The ports of one name's usable addresses."""

    name: str
    ports: tuple[PortTries, ...] = ()

    def of(self, family: Family, port: int | None = None) -> tuple[PortTries, ...]:
        """The ports of one family, or one port of it."""
        return tuple(p for p in self.ports if family_of(p.address) == family and port in (None, p.port))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachabilityFacts:
    """TCP 443 and 80 at every usable address of the listed name and www."""

    hosts: tuple[HostReach, ...] = ()


REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})

NAMES_KEPT: Final = 1_000
"""So many names of a certificate, and so many addresses, are stored. Certificates of large hosters have hundreds of names, and
the one that is looked for may be the last."""

LAST_DAYS: Final = timedelta(days=3)
"""A certificate this near its end is judged like an expired one (WEB-04), and so looked at twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One certificate of a chain. `names` are the DNS names of the SAN; `malformed` the fields that could not be read.

    `key_bits` is the size of the key; `issuer_urls` are the AIA addresses of the issuer, never fetched.
    """

    sha256: str
    subject: str = ""
    issuer: str = ""
    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    not_before: datetime | None = None
    not_after: datetime | None = None
    key_type: str = ""
    key_bits: int | None = None
    key_sha256: str = ""
    signature_hash: str = ""
    is_self_signed: bool = False
    issuer_urls: tuple[str, ...] = ()
    malformed: tuple[str, ...] = ()
    der: str = ""
    """The certificate as it came, base64."""

    def covers(self, name: str) -> bool:
        """Whether a DNS name of the SAN is this name; a wildcard stands for one whole left-most label (RFC 9525)."""
        parent = name.partition(".")[2]
        return any(own == name or (own.startswith("*.") and own[2:] == parent) for own in self.names)

    @property
    def has_all_names(self) -> bool:
        """Whether we could read all names that it bears, and kept them."""
        return not {"certificate", "names"}.intersection(self.malformed) and len(self.names) < NAMES_KEPT

    def lacks(self, name: str) -> bool:
        """Whether it is known not to cover a DNS name: what we could not read or keep may."""
        return self.has_all_names and not self.covers(name)

    def is_valid_at(self, moment: datetime) -> bool:
        """Whether its dates hold then; False when they could not be read."""
        return self.not_before is not None and self.not_after is not None and self.not_before <= moment <= self.not_after


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsTry(Attempt):
    """One TLS handshake. `chain` holds the certificates as sent, by SHA-256 hash, leaf first.

    `path_error` is OpenSSL's name of what is wrong with the path to a trusted root, dates and names left aside:
    "" when the path is good, None when this handshake did not look.
    """

    address: Address
    port: int
    server_name: str
    version: str = ""
    cipher: str = ""
    chain: tuple[str, ...] = ()
    path_error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseCertificate:
    """A certificate that browsers would not take from a host, its dates left aside. `is_trusted`: its path to a root was good.

    `issuer` is empty where it is self-signed.
    """

    sha256: str
    issuer: str = ""
    is_trusted: bool = False


def false_certificate(tls: TlsTry | None, certificates: Sequence[Certificate]) -> FalseCertificate | None:
    """The certificate that a handshake showed, when its path or its names are no good; None when all is well or none came."""
    leaf = next((c for c in certificates if tls and tls.chain and c.sha256 == tls.chain[0]), None)
    if tls is None or leaf is None or not (tls.path_error or leaf.lacks(tls.server_name)):
        return None
    return FalseCertificate(
        sha256=leaf.sha256, issuer="" if leaf.is_self_signed else leaf.issuer, is_trusted=not tls.path_error
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch(Attempt):
    """One HTTP exchange with one address. `headers` is the response head as it came, cut; `body_bytes` counts the wire.

    `challenge` names the sign of a bot challenge in it; `cut` says which cap ended it (the exchange counts as answered).
    """

    url: str
    address: Address
    port: int
    tls: TlsTry | None = None
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body_bytes: int = 0
    challenge: str = ""
    cut: str = ""

    def header(self, name: str) -> str | None:
        """The first header of that name (lower case), or None."""
        return next((value for key, value in self.headers if key == name), None)

    @property
    def answered(self) -> bool:
        """Whether a response head came back."""
        return self.status is not None

    @property
    def location(self) -> str | None:
        """Where a redirect leads, as it is written; None when it is none."""
        return self.header("location") if self.status in REDIRECTS else None


def answered(tries: Sequence[Fetch]) -> Fetch | None:
    """The last exchange that was answered."""
    return next((fetch for fetch in reversed(tries) if fetch.answered), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressWeb:
    """The first answer of one address for one name: https, http, and a handshake that offers TLS 1.0 and 1.1 only."""

    address: Address
    https: tuple[Fetch, ...] = ()
    http: tuple[Fetch, ...] = ()
    legacy: tuple[TlsTry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One further URL of a redirect chain: where it was asked, all tries."""

    url: str
    host: str
    tries: tuple[Fetch, ...] = ()

    @property
    def fetch(self) -> Fetch | None:
        """The last exchange that was answered, else the last."""
        return answered(self.tries) or (self.tries[-1] if self.tries else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Where one name leads by one family, from `https` or `http` at the address `start`, hop by hop.

    The first exchange stands with its address. `stopped` says why the chain goes no further than its last hop: a bad
    `Location`, a loop, a host without an address of this family (`no-address`).
    """

    family: Family
    scheme: Literal["https", "http"]
    start: Address
    hops: tuple[Hop, ...] = ()
    stopped: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NameWeb:
    """One name's web service: each address; a chain from the first address of a family that answered, then one from each whose
    answer leads elsewhere."""

    name: str
    addresses: tuple[AddressWeb, ...] = ()
    chains: tuple[Chain, ...] = ()

    def at(self, address: Address) -> AddressWeb | None:
        """What one address served."""
        return next((a for a in self.addresses if a.address == address), None)

    def of(self, family: Family) -> tuple[AddressWeb, ...]:
        """What the addresses of one family served."""
        return tuple(a for a in self.addresses if family_of(a.address) == family)

    def chain(self, family: Family, scheme: Literal["https", "http"]) -> Chain | None:
        """The first chain of one family from one scheme."""
        return next(iter(self.chains_of(family, scheme)), None)

    def chains_of(self, family: Family, scheme: Literal["https", "http"]) -> tuple[Chain, ...]:
        """The chains of one family from one scheme."""
        return tuple(c for c in self.chains if c.family == family and c.scheme == scheme)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebFacts:
    """HTTP and HTTPS of the listed name and www; every certificate seen, once."""

    names: tuple[NameWeb, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    can_offer_legacy_tls: bool = True

    def certificate(self, sha256: str) -> Certificate | None:
        """Find a certificate by its hash."""
        return next((c for c in self.certificates if c.sha256 == sha256), None)

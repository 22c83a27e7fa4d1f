"""What was seen of a zone's DNSSEC (words of RFC 4033 and 4034)."""

from dataclasses import dataclass

from ipv6check.facts.dns import AuthorityTries, Lookup


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One DNSKEY record. `bits` is the size of an RSA key, None for others; `rdata` the record in presentation form."""

    tag: int
    flags: int
    algorithm: int
    bits: int | None = None
    rdata: str = ""

    @property
    def is_entry_point(self) -> bool:
        """Whether it is meant to be pointed at from the parent (SEP, a key-signing key)."""
        return bool(self.flags & 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegationSigner:
    """One DS record. `matches` tells whether a key of the zone has this digest, None when no key was seen."""

    tag: int
    algorithm: int
    digest_type: int
    digest: str
    matches: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DnssecFacts:
    """A zone's DNSSEC: the DS set at the parent, the keys as seen at its servers, and what each server signs.

    `asked` are SOA, DNSKEY and NSEC3PARAM at each server address that answers, by `purpose` `soa`, `dnskey`, `nsec3param`;
    their signatures are verified against `keys`.
    """

    zone: str
    ds: Lookup | None = None
    signers: tuple[DelegationSigner, ...] = ()
    keys: tuple[Key, ...] = ()
    asked: tuple[AuthorityTries, ...] = ()
    cds: Lookup | None = None
    cdnskey: Lookup | None = None

    @property
    def is_signed(self) -> bool:
        """Whether it publishes keys."""
        return bool(self.keys)

    @property
    def has_ds(self) -> bool:
        """Whether the parent vouches for it."""
        return bool(self.signers)

"""What was seen of names, zones and name servers (words of RFC 9499)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from ipv6check.addressing import Address, addresses_in, is_usable, parse_addresses
from ipv6check.facts.attempt import ADDRESSES_PER_FAMILY, Attempt, Family

UNREACHABLE_ERRORS: Final = ("EDE 22", "EDE 23")
"""Extended errors (RFC 8914) that speak of servers out of reach, not of signatures."""

SIGNATURE_ERRORS: Final = tuple(f"EDE {code} " for code in range(5, 13))
"""Those that speak of signatures: indeterminate, bogus, expired, not yet valid, what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One RRSIG record (RFC 4034). `verifies` tells whether a key of the zone made it over the records beside it, dates left
    aside: None when that was not tried; `problem` says what is wrong then."""

    covered: str
    owner: str
    signer: str
    key_tag: int
    algorithm: int
    inception: datetime
    expiration: datetime
    verifies: bool | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A DNS answer as `net` hands it out (RFC 9499 terms).

    `records` are the rdata of the asked type in presentation form, at the end of the CNAME chain `aliases`; `ttl` is theirs
    in seconds. `soa` is the owner of the SOA record in the answer or authority section, `referral` the owner of an NS set in
    the authority section with its names `referral_servers`; `glue` the addresses beside them as (name, address).
    """

    rcode: str
    authoritative: bool = False
    authenticated: bool = False
    truncated: bool = False
    recursion_available: bool = False
    edns: bool = False
    extended_errors: tuple[str, ...] = ()
    records: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    ttl: int | None = None
    signed: bool = False
    soa: str = ""
    referral: str = ""
    referral_servers: tuple[str, ...] = ()
    glue: tuple[tuple[str, str], ...] = ()
    signatures: tuple[Signature, ...] = ()
    denial: str = ""
    """How the name or type was denied: `NSEC` or `NSEC3` when such records came along."""
    size: int = 0
    wire: str = ""
    """The message as it came, base64."""

    @property
    def addresses(self) -> tuple[Address, ...]:
        """The addresses among the records, as they came."""
        return parse_addresses(self.records)

    @property
    def names(self) -> tuple[str, ...]:
        """The records as names: of types whose whole rdata is one (NS, CNAME, PTR)."""
        return tuple(plain_name(record) for record in self.records)

    @property
    def speaks(self) -> bool:
        """Whether it says something of the name: it exists or it does not (SERVFAIL, REFUSED and the like say nothing)."""
        return self.rcode in {"NOERROR", "NXDOMAIN"}

    def explains(self, errors: tuple[str, ...]) -> bool:
        """Whether an extended error is one of these, by how they begin."""
        return any(error.startswith(errors) for error in self.extended_errors)


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsTry(Attempt):
    """One question to one server. `truncated` tells that UDP said TC and TCP was asked; `edns` whether the reply was
    to a question with EDNS. `seconds_to_answer` is timed from the packet that was answered."""

    server: Address
    port: int = 53
    transport: Literal["udp", "tcp"] = "udp"
    checking_disabled: bool = False
    edns: bool = True
    edns_refused: str = ""
    truncated: bool = False
    seconds_to_answer: float | None = None
    sends: int = 1
    answer: Answer | None = None

    @property
    def hears_edns(self) -> bool:
        """Whether the server replied to the question with EDNS, be it to refuse that."""
        return self.edns or bool(self.edns_refused)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """One question to the validating resolver, all its tries. `unchecked` the same with CD=1, asked after SERVFAIL."""

    name: str
    type: str
    tries: tuple[DnsTry, ...] = ()
    unchecked: tuple[DnsTry, ...] = ()

    @property
    def answer(self) -> Answer | None:
        """The last answer that says something of the name, else the last with CD=1 that does, else None: unseen."""
        for tries in (self.tries, self.unchecked):
            for try_ in reversed(tries):
                if try_.answer is not None and try_.answer.speaks:
                    return try_.answer
        return None

    @property
    def reply(self) -> Answer | None:
        """The last that the resolver said, be it that it failed."""
        return next((t.answer for t in reversed(self.tries) if t.answer is not None), None)

    @property
    def is_bogus(self) -> bool:
        """Whether it was refused for its signatures alone: SERVFAIL, not for want of a server, and answered with CD=1."""
        answer = self.reply
        if answer is None or answer.rcode != "SERVFAIL":
            return False
        return not answer.explains(UNREACHABLE_ERRORS) and any(t.answer is not None and t.answer.speaks for t in self.unchecked)

    @property
    def addresses(self) -> tuple[Address, ...]:
        """The addresses of its answer, in a fixed order."""
        answer = self.answer
        return addresses_in(answer.records) if answer else ()

    @property
    def is_empty(self) -> bool:
        """Whether the answer says that there is no such record (NODATA or NXDOMAIN)."""
        answer = self.answer
        return answer is not None and not answer.records


@dataclass(frozen=True, slots=True, kw_only=True)
class NameLookups:
    """One name's A and AAAA through the resolver."""

    name: str
    aaaa: Lookup
    a: Lookup

    @property
    def usable(self) -> tuple[Address, ...]:
        """Every usable address, IPv6 first, each family cut at the cap."""
        return (*self.of_family(6), *self.of_family(4))

    def of_family(self, family: Family) -> tuple[Address, ...]:
        """The usable addresses of one family, cut at the cap."""
        found = (self.aaaa if family == 6 else self.a).addresses
        return tuple(a for a in found if is_usable(a))[:ADDRESSES_PER_FAMILY]

    @property
    def is_seen(self) -> bool:
        """Whether both look-ups were answered."""
        return self.aaaa.answer is not None and self.a.answer is not None

    @property
    def exists(self) -> bool:
        """Whether it has an address of any family, usable or not."""
        return bool(self.aaaa.addresses or self.a.addresses)


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsFacts:
    """The listed name and www through the validating resolver, and the zone they lie in.

    `zone_lookups` are the SOA questions asked while climbing to the zone's apex, the apex's own last; `zone` is "" when none
    was found. `chain` are CNAME questions link by link, asked only when the resolver would not follow. `https` are HTTPS
    records of the names that exist, `https_targets` the addresses of the hosts that AliasMode leads to; `caa` the climb from
    each name; `wildcard` a random label below the listed name. `mail_hosts` are the addresses of the hosts of the MX set.
    """

    listed: NameLookups
    www: NameLookups
    zone: str = ""
    zone_lookups: tuple[Lookup, ...] = ()
    chain: tuple[Lookup, ...] = ()
    mx: Lookup | None = None
    mail_hosts: tuple[NameLookups, ...] = ()
    https: tuple[Lookup, ...] = ()
    https_targets: tuple[NameLookups, ...] = ()
    caa: tuple[Lookup, ...] = ()
    wildcard: NameLookups | None = None

    @property
    def names(self) -> tuple[NameLookups, ...]:
        """The names that have an address: what can be a web service."""
        return tuple(name for name in (self.listed, self.www) if name.exists)


@dataclass(frozen=True, slots=True, kw_only=True)
class NameserverHost:
    """One name server of a zone: its addresses, and its SOA answer by each address and transport."""

    name: str
    lookups: NameLookups
    soa: tuple["ServerTries", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerTries:
    """The same question to one address of one name server by one transport."""

    server: Address
    transport: Literal["udp", "tcp"]
    tries: tuple[DnsTry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NameserverFacts:
    """A zone's name servers: the delegation at the parent (asked of one of its servers), the zone's own NS set, each host.

    `from_parent` and `from_child` are names; `delegation` is the question to the parent's server, None when none was asked.
    """

    zone: str
    parent: str = ""
    from_parent: tuple[str, ...] = ()
    from_child: tuple[str, ...] = ()
    delegation: DnsTry | None = None
    child: Lookup | None = None
    hosts: tuple[NameserverHost, ...] = ()
    over_cap: int = 0
    asked: tuple["AuthorityTries", ...] = ()
    """Further questions to each server address, told apart by `purpose`: `ns`, `edns`, `recursion`."""
    glue_over_tcp: DnsTry | None = None
    """The question to the parent's server again, over TCP, when a server's AAAA glue was not in the reply over UDP."""
    outside: tuple["Iteration", ...] = ()
    """The AAAA of each server whose name is outside the zone, resolved from the root by IPv6 alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityTries:
    """One name's record of one type as one server address gives it. `purpose` tells questions of the same type apart; `zone` is
    the one that the server was asked as a server of, "" where that is plain."""

    host: str
    server: Address
    name: str
    type: str
    tries: tuple[DnsTry, ...] = ()
    transport: Literal["udp", "tcp"] = "udp"
    purpose: str = ""
    zone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityFacts:
    """What each name server that answers for the zone says of the target's names."""

    zone: str
    answers: tuple[AuthorityTries, ...] = ()


UNRESOLVED: Final = "unresolved"
NO_GLUE: Final = "no-glue"
"""Why a server could not be asked: its own name is out of reach; its address did not come along."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneStep:
    """One zone on the way from the root: which of its servers were asked and what they said, until one answered: the last.

    `unusable` are servers that could not be asked, as (host, why): `no-glue`, `no-address`, `special` (an address nobody may
    dial), `unresolved`: its own name is out of reach, `via` says in which zone (`host: zone`), and in a zone that could not be
    passed `asked` holds the questions that it was lost on too. `rounds` counts how often all of them had to be tried.
    """

    zone: str
    asked: tuple[AuthorityTries, ...] = ()
    unusable: tuple[tuple[str, str], ...] = ()
    via: tuple[str, ...] = ()
    rounds: int = 1
    is_answered: bool = False

    @property
    def lost(self) -> tuple[tuple[str, str], ...]:
        """Servers whose own names are out of reach, each with the zone that could not be passed: `via` as (host, zone)."""
        parts = (via.partition(": ") for via in self.via)
        return tuple((host, zone) for host, _, zone in parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Iteration:
    """One question resolved from the root by one family alone. `rcode` and `records` are the end; `broken` names the zone that
    could not be passed, "" when the end was reached. `aliases` are the names it was sent on to."""

    name: str
    type: str
    family: Family = 6
    steps: tuple[ZoneStep, ...] = ()
    rcode: str = ""
    records: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    broken: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolutionFacts:
    """The listed name, www and the MX set resolved from the root by IPv6 alone."""

    iterations: tuple[Iteration, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MailZoneFacts:
    """The zones of the mail servers' names: their name servers, and each mail server's AAAA resolved by IPv6 alone."""

    zones: tuple[NameserverFacts, ...] = ()
    hosts: tuple[Iteration, ...] = ()
    zone_of: tuple[tuple[str, str], ...] = ()


def plain_name(text: str) -> str:
    """A name as this project writes it: in small letters, without the dot at its end."""
    return text.rstrip(".").lower()


def is_within(name: str, zone: str) -> bool:
    """Whether a name is at or below another."""
    return zone == "." or name == zone or name.endswith("." + zone)


def usable_addresses(names: Iterable[NameLookups], family: Family) -> tuple[Address, ...]:
    """The usable addresses of several names, each once, in their order."""
    return tuple(dict.fromkeys(address for name in names for address in name.of_family(family)))

"""A tree of zones written by hand, as a source for `FakeNetwork`: whatever a server or the resolver is asked is counted."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from ipv6check.facts import Answer, Evidence, RunFacts, is_within
from ipv6check.model import Failure, FailureKind, Stage, Target
from ipv6check.net.fake import FakeNetwork, FakeSession, refused, silent
from ipv6check.net.network import NetworkSettings
from ipv6check.net.question import Question
from tests.factories import RESOLVER, sample

ROOT6, ROOT4 = "2400:f::1", "11.8.0.1"
DOMAIN = "so-hoa-sen.hanoi.gov.vn"

Said = Answer | Failure
Spoil = Callable[[Question, str, Said, int], Said]
"""Is given a question, the transport, what would be answered, and which time it is asked; says what comes in its place."""


@dataclass
class Zone:
    """The servers of a zone with their addresses, its records, and what its parent says of it where that is something else."""

    servers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    records: Mapping[tuple[str, str], Sequence[str]] = field(default_factory=dict)
    glue: Mapping[str, Sequence[str]] | None = None


class Tree:
    """Zones by name. `spoil` are the tricks of server addresses, `spoil_lookups` those of the resolver, by (name, type)."""

    def __init__(self, zones: Mapping[str, Zone]) -> None:
        self.zones = dict(zones)
        self.spoil: dict[str, Spoil] = {}
        self.spoil_lookups: dict[tuple[str, str], Spoil] = {}
        self.asked: Counter[tuple[str, str, str, str, str]] = Counter()
        """Questions to servers as (address, name, type, transport, variant)."""
        self.looked_up: Counter[tuple[str, str, bool]] = Counter()
        """Questions to the resolver as (name, type, checking disabled)."""

    # What `FakeNetwork` asks

    def dns(self, question: Question, transport: str) -> Said:
        if question.recursion:
            key = (question.name, question.type)
            self.looked_up[(*key, question.checking_disabled)] += 1
            said, trick = self.resolved(*key), self.spoil_lookups.get(key)
            return trick(question, transport, said, self.looked_up[(*key, question.checking_disabled)]) if trick else said
        server = str(question.server)
        asked = (server, question.name, question.type, transport, question.variant)
        self.asked[asked] += 1
        said, trick = self.served(server, question.name, question.type), self.spoil.get(server)
        if question.variant == "edns-1":
            said = Answer(rcode="BADVERS")
        return trick(question, transport, said, self.asked[asked]) if trick else said

    def tcp(self, address, port):
        return refused()

    http = legacy_tls = tcp

    # What is true

    def addresses(self, host: str) -> list[str]:
        """Every address of a host, from the records of the zone it lies in and from the servers of any zone."""
        found = [a for zone in self.zones.values() for a in zone.servers.get(host, ())]
        found += [a for zone in self.zones.values() for t in ("AAAA", "A") for a in zone.records.get((host, t), ())]
        return list(dict.fromkeys(found))

    def zone_of(self, name: str) -> str:
        return max((zone for zone in self.zones if is_within(name, zone)), key=lambda zone: len(zone) * (zone != "."))

    def records(self, name: str, rdtype: str) -> tuple[str, ...]:
        zone = self.zones[self.zone_of(name)]
        if rdtype in {"A", "AAAA"}:
            return tuple(a for a in self.addresses(name) if (":" in a) == (rdtype == "AAAA"))
        if name == self.zone_of(name) and rdtype == "NS":
            return tuple(f"{host}." for host in zone.servers)
        if name == self.zone_of(name) and rdtype == "SOA":
            return (f"ns. admin.{name}. 1 2 3 4 5",)
        return tuple(zone.records.get((name, rdtype), ()))

    def exists(self, name: str) -> bool:
        owners = {owner for zone in self.zones.values() for owner, _ in zone.records}
        owners |= {host for zone in self.zones.values() for host in zone.servers} | set(self.zones)
        return any(is_within(owner, name) for owner in owners)

    def said(self, name: str, rdtype: str) -> Answer:
        """What the zone's own servers say of a name, aliases followed inside the zone."""
        zone, aliases = self.zone_of(name), []
        while rdtype != "CNAME" and (link := self.zones[zone].records.get((name, "CNAME"))) and len(aliases) < 16:
            name = link[0].rstrip(".")
            aliases.append(name)
            if not is_within(name, zone) or self.zone_of(name) != zone:
                return Answer(rcode="NOERROR", aliases=tuple(aliases))
        records = self.records(name, rdtype)
        soa = zone if rdtype == "SOA" or not records else ""
        rcode = "NOERROR" if self.exists(name) else "NXDOMAIN"
        return Answer(rcode=rcode, records=records, aliases=tuple(aliases), soa=soa)

    def resolved(self, name: str, rdtype: str) -> Answer:
        """What the resolver says, aliases followed."""
        aliases: tuple[str, ...] = ()
        while True:
            said = self.said(name, rdtype)
            aliases += said.aliases
            if not said.aliases or said.records or len(aliases) >= 16 or self.zone_of(said.aliases[-1]) == self.zone_of(name):
                return replace(said, aliases=aliases, authenticated=True)
            name = said.aliases[-1]

    def served(self, server: str, name: str, rdtype: str) -> Said:
        """What a server says: of what it serves, or of what lies below that; REFUSED of the rest."""
        own = [z for z, zone in self.zones.items() if any(server in self.addresses(h) for h in zone.servers)]
        own += ["."] if server in (ROOT6, ROOT4) else []
        above = [zone for zone in own if is_within(name, zone)]
        if not above:
            return Answer(rcode="REFUSED")
        zone = max(above, key=lambda z: len(z) * (z != "."))
        cuts = [z for z in self.zones if z != zone and is_within(z, zone) and is_within(name, z)]
        if not cuts or (rdtype == "DS" and min(cuts, key=len) == name):
            return replace(self.said(name, rdtype), authoritative=True)
        return self.referral(min(cuts, key=len), zone)

    def referral(self, zone: str, parent: str) -> Answer:
        below = self.zones[zone]
        glue = below.glue
        if glue is None:
            glue = {host: self.addresses(host) for host in below.servers if is_within(host, parent)}
        pairs = tuple((host, address) for host, addresses in glue.items() for address in addresses)
        return Answer(rcode="NOERROR", referral=zone, referral_servers=tuple(below.servers), glue=pairs)


def healthy() -> Tree:
    """Root, vn, gov.vn, hanoi.gov.vn and an agency with a zone of its own; a provider beside them."""
    return Tree(
        {
            ".": Zone(),
            "vn": Zone({"a.dns.vn": ("2400:a::1", "11.1.0.1"), "b.dns.vn": ("2400:a::2", "11.1.0.2")}),
            "gov.vn": Zone({"ns.gov.vn": ("2400:b::1", "11.2.0.1")}),
            "hanoi.gov.vn": Zone(
                {"ns1.hanoi.gov.vn": ("2400:c::1", "11.3.0.1"), "ns2.hanoi.gov.vn": ("2400:c::2", "11.3.0.2")},
                {("khac.hanoi.gov.vn", "AAAA"): ("2400:1::9",)},
            ),
            DOMAIN: Zone(
                {f"ns1.{DOMAIN}": ("2400:d::1", "11.4.0.1"), f"ns2.{DOMAIN}": ("2400:d::2", "11.4.0.2")},
                {
                    (DOMAIN, "AAAA"): ("2400:1::1",),
                    (DOMAIN, "A"): ("11.0.0.1",),
                    (f"www.{DOMAIN}", "AAAA"): ("2400:1::1",),
                    (f"www.{DOMAIN}", "A"): ("11.0.0.1",),
                    (DOMAIN, "MX"): (f"10 mail.{DOMAIN}.",),
                    (f"mail.{DOMAIN}", "AAAA"): ("2400:1::5",),
                },
            ),
            "provider.vn": Zone(
                {"ns.provider.vn": ("2400:e::1", "11.5.0.1")},
                {("dns1.provider.vn", "AAAA"): ("2400:d::1",), ("dns1.provider.vn", "A"): ("11.4.0.1",)},
            ),
        }
    )


# Tricks of servers


def say(answer: Said) -> Spoil:
    """Always the same."""
    return lambda question, transport, said, time: answer


def first(times: int, trick: Spoil) -> Spoil:
    """A trick so many times, the truth after that."""
    return lambda q, transport, said, time: trick(q, transport, said, time) if time <= times else said


def only(rdtype: str, trick: Spoil) -> Spoil:
    """A trick with plain questions of one type."""
    return lambda q, transport, said, time: trick(q, transport, said, time) if (q.type, q.variant) == (rdtype, "") else said


NO_REPLY = silent(Stage.DNS)
mute = say(NO_REPLY)
closed = say(Failure(kind=FailureKind.REFUSED, stage=Stage.DNS, detail="ECONNREFUSED", code=111))
refuse = say(Answer(rcode="REFUSED"))


# Looking


def network(tree: Tree) -> FakeNetwork:
    settings = NetworkSettings(resolvers=(RESOLVER,), root_servers=(ip_address(ROOT6), ip_address(ROOT4)))
    return FakeNetwork(tree, settings)


def session(tree: Tree) -> FakeSession:
    return network(tree).session()


def evidence(tries: int = 3, **seen: object) -> Evidence:
    """A run that has just begun, with a good look at ourselves."""
    begun = datetime.now(UTC) - timedelta(minutes=1)
    run = RunFacts(id="r", started=begun, vantage="v", country="VN", tries=tries, version="0")
    return Evidence(target=Target(domain=DOMAIN), run=run, vantage=(sample(begun),), **seen)  # type: ignore[arg-type]


def of_servers(tree: Tree, family: int = 6) -> list[tuple[str, str, str]]:
    """What was asked of servers by a family, each as (address, name, type)."""
    return [key[:3] for key in tree.asked.elements() if ip_address(key[0]).version == family]

"""What name servers answer: each address of a name server by itself, and a recursive resolver over the whole world.

Pure: a question goes in, the answer comes out, or None where nothing is sent. Sockets and FakeNetwork say the same by it.
"""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address
from typing import Final

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from ipv6check.addressing import Address
from ipv6check.facts import family_of, is_within
from ipv6check.lab.world import OLD_SERIAL, SERIAL, TTL, Server, World, Zone, upwards

PAYLOAD: Final = 1232
DEPTH: Final = 16
"""Referrals and aliases followed at most; what goes deeper is SERVFAIL."""

NO_REACHABLE_AUTHORITY: Final = dns.edns.EDECode.NO_REACHABLE_AUTHORITY
"""Extended error 22 (RFC 8914) of a zone whose servers are silent."""

EDNS_VERSION: Final = 0
ADDRESSES: Final = ("AAAA", "A")

Message = dns.message.Message


def answer(world: World, address: Address, query: Message) -> Message | None:
    """Answer as the name server at that address does: None when it is silent or nobody is there."""
    server = world.servers.get(address)
    if server is None or "silent" in server.words:
        return None
    reply = dns.message.make_response(query, our_payload=PAYLOAD)
    name, rdtype = _asked(query)
    zone = _zone_of(world, server, name, rdtype)
    if query.edns > EDNS_VERSION and not server.words & {"any-edns", "no-edns"}:
        reply.set_rcode(dns.rcode.BADVERS)
    elif zone is None and "open" in server.words and query.flags & dns.flags.RD:
        reply = _resolver(world).answer(query)
    elif zone is None:
        reply.set_rcode(dns.rcode.REFUSED)
    elif cut := _cut(world, zone, name, rdtype):
        _refer(reply, cut)
    else:
        reply.flags |= dns.flags.AA
        _answer_from(world, server, zone, reply, name, rdtype)
        if "hides-aaaa" in server.words and rdtype == "AAAA" and not reply.answer:
            reply.set_rcode(dns.rcode.NXDOMAIN)
    if "no-edns" in server.words:
        reply.use_edns(False)
    return reply


def _asked(query: Message) -> tuple[str, str]:
    """The name, in lower case and without the final dot, and the type that a query asks for."""
    question = query.question[0]
    return text_of(question.name), dns.rdatatype.to_text(question.rdtype)


def text_of(name: dns.name.Name) -> str:
    """A name as worlds write it."""
    return name.to_text(omit_final_dot=True).lower() or "."


def _zone_of(world: World, server: Server, name: str, rdtype: str) -> Zone | None:
    """The deepest of a server's zones that holds a name; DS records are the parent's."""
    holding = [zone for zone in server.zones if is_within(name, zone) and not (rdtype == "DS" and name == zone != ".")]
    return world.zones[max(holding, key=len)] if holding else None


def _cut(world: World, zone: Zone, name: str, rdtype: str) -> Zone | None:
    """The delegation between a zone and a name in it, None when the name is the zone's own."""
    between = [up for up in upwards(name, zone.name)[:-1] if up in world.zones and not (rdtype == "DS" and up == name)]
    return world.zones[between[-1]] if between else None


def _refer(reply: Message, cut: Zone) -> None:
    reply.authority.append(_rrset(cut.name, "NS", tuple(server + "." for server in cut.delegation)))
    for server, addresses in cut.delegation.items():
        if is_within(server, cut.name):
            reply.additional += [_rrset(server, _type_of(a), (str(a),)) for a in addresses]


def _type_of(address: Address) -> str:
    return "AAAA" if family_of(address) == 6 else "A"


def _answer_from(world: World, server: Server, zone: Zone, reply: Message, name: str, rdtype: str) -> None:
    """Fill in what the zone holds: data, along aliases within the zone, or the SOA that says there is none."""
    followed: set[str] = set()
    while rdtype != "CNAME" and (alias := zone.records.get((name, "CNAME"))) and name not in followed:
        reply.answer.append(_rrset(name, "CNAME", alias))
        followed.add(name)
        name = alias[0].rstrip(".")
    is_elsewhere = not is_within(name, zone.name) or _cut(world, zone, name, rdtype) is not None
    if is_elsewhere or name in followed:
        return
    owner = _owner(zone, name)
    if found := _told(server, zone, owner, rdtype):
        reply.answer.append(_rrset(name, rdtype, found, zone.ttls.get(owner, TTL)))
        if rdtype == "NS":
            reply.additional += _addresses_of(server, zone, found)
        return
    if owner not in zone.names:
        reply.set_rcode(dns.rcode.NXDOMAIN)
    reply.authority.append(_rrset(zone.name, "SOA", _told(server, zone, zone.name, "SOA")))


def _owner(zone: Zone, name: str) -> str:
    """The name whose records answer for a name: its own, or the wildcard's below its closest encloser (RFC 4592)."""
    if name in zone.names:
        return name
    encloser = next(up for up in upwards(name, zone.name) if up in zone.names)
    return f"*.{encloser}" if f"*.{encloser}" in zone.names else name


def _told(server: Server, zone: Zone, owner: str, rdtype: str) -> tuple[str, ...]:
    """A zone's records as this server has them: `stale` ones are of an older serial, of `partial` ones there is but one."""
    rdata = zone.records.get((owner, rdtype), ())
    if "partial" in server.words and rdtype in ADDRESSES:
        return rdata[:1]
    if "stale" in server.words and rdtype == "SOA":
        return tuple(text.replace(SERIAL, OLD_SERIAL) for text in rdata)
    return rdata


def _addresses_of(server: Server, zone: Zone, hosts: Iterable[str]) -> list[dns.rrset.RRset]:
    """The addresses of name servers, where the zone has them, for the additional section."""
    names = [host.rstrip(".") for host in hosts]
    held = [(name, rdtype, _told(server, zone, name, rdtype)) for name in names for rdtype in ADDRESSES]
    return [_rrset(name, rdtype, rdata) for name, rdtype, rdata in held if rdata]


@lru_cache(maxsize=65_536)
def _rrset(owner: str, rdtype: str, rdata: tuple[str, ...], ttl: int = TTL) -> dns.rrset.RRset:
    return dns.rrset.from_text_list(_absolute(owner), ttl, "IN", rdtype, list(rdata))


def _absolute(name: str) -> str:
    return name if name.endswith(".") else name + "."


class _NoAnswer(Exception):  # noqa: N818 - it ends a resolution, it is no error
    """No server of a zone says anything of use."""


class Resolver:
    """A recursive resolver over the whole world, from the root down, with all addresses of both families.

    It is NO validator: it never sets AD and makes no difference between CD and not. What it found it keeps for ever.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._kept: dict[tuple[str, str], Message] = {}

    def answer(self, query: Message) -> Message:
        """Answer a recursive question; SERVFAIL where no server of a zone answers or aliases go round in a circle."""
        reply = dns.message.make_response(query, recursion_available=True, our_payload=PAYLOAD)
        name, rdtype = _asked(query)
        try:
            self._resolve(reply, name, rdtype)
        except _NoAnswer:
            reply.answer.clear()
            reply.set_rcode(dns.rcode.SERVFAIL)
            if query.edns >= 0:
                reply.use_edns(options=[dns.edns.EDEOption(NO_REACHABLE_AUTHORITY)], payload=PAYLOAD)
        return reply

    def _resolve(self, reply: Message, name: str, rdtype: str) -> None:
        followed: set[str] = set()
        while name not in followed:
            followed.add(name)
            found = self._ask(name, rdtype, DEPTH)
            reply.answer += found.answer
            reply.set_rcode(found.rcode())
            target = name if rdtype == "CNAME" else _end_of(found.answer, name)
            if target == name or any(text_of(r.name) == target for r in found.answer) or len(followed) > DEPTH:
                reply.authority += found.authority
                return
            name = target
        raise _NoAnswer

    def _ask(self, name: str, rdtype: str, depth: int) -> Message:
        """The authoritative answer to a question, from the root down."""
        if (known := self._kept.get((name, rdtype))) is not None:
            return known
        query = dns.message.make_query(_absolute(name), rdtype, use_edns=0, payload=PAYLOAD, flags=0)
        servers: Iterable[Address] = self._world.root_servers
        for _ in range(DEPTH):
            reply = self._first_useful(servers, query)
            if reply.flags & dns.flags.AA:
                self._kept[name, rdtype] = reply
                return reply
            servers = self._referred(reply, depth)
        raise _NoAnswer

    def _first_useful(self, servers: Iterable[Address], query: Message) -> Message:
        for server in servers:
            reply = answer(self._world, server, query)
            if reply is not None and reply.rcode() in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
                return reply
        raise _NoAnswer

    def _referred(self, reply: Message, depth: int) -> list[Address]:
        """The addresses of the servers a reply refers to: its glue, and where there is none what their names resolve to."""
        glue = [ip_address(rdata.to_text()) for rrset in reply.additional for rdata in rrset]
        if glue:
            return glue
        if depth == 0:
            raise _NoAnswer
        names = [text_of(rdata.target) for rrset in reply.authority for rdata in rrset]
        found = [self._ask(name, rdtype, depth - 1) for name in names for rdtype in ("AAAA", "A")]
        return [ip_address(rdata.to_text()) for message in found for rrset in message.answer for rdata in rrset]


@lru_cache(maxsize=1)
def _resolver(world: World) -> Resolver:
    """What servers that resolve for strangers ask."""
    return Resolver(world)


def _end_of(answer: list[dns.rrset.RRset], name: str) -> str:
    """The name at the end of the aliases in an answer."""
    aliases = {text_of(rrset.name): text_of(rrset[0].target) for rrset in answer if rrset.rdtype == dns.rdatatype.CNAME}
    seen = {name}
    while name in aliases:
        name = aliases[name]
        if name in seen:
            raise _NoAnswer
        seen.add(name)
    return name

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
from ipv6check.facts import family_of
from ipv6check.lab.world import Server, World, Zone, is_within, upwards

TTL: Final = 3600
PAYLOAD: Final = 1232
DEPTH: Final = 16
"""Referrals and aliases followed at most; what goes deeper is SERVFAIL."""

NO_REACHABLE_AUTHORITY: Final = dns.edns.EDECode.NO_REACHABLE_AUTHORITY
"""Extended error 22 (RFC 8914) of a zone whose servers are silent."""

Message = dns.message.Message


def answer(world: World, address: Address, query: Message) -> Message | None:
    """Answer as the name server at that address does: None when it is silent or nobody is there."""
    server = world.servers.get(address)
    if server is None or server.behaviour == "silent":
        return None
    reply = dns.message.make_response(query, our_payload=PAYLOAD)
    name, rdtype = _asked(query)
    zone = _zone_of(world, server, name, rdtype)
    if zone is None:
        reply.set_rcode(dns.rcode.REFUSED)
    elif cut := _cut(world, zone, name, rdtype):
        _refer(world, reply, cut)
    else:
        reply.flags |= dns.flags.AA
        _answer_from(world, zone, reply, name, rdtype)
        if server.behaviour == "hides-aaaa" and rdtype == "AAAA" and not reply.answer:
            reply.set_rcode(dns.rcode.NXDOMAIN)
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


def _refer(world: World, reply: Message, cut: Zone) -> None:
    reply.authority.append(_rrset(cut.name, "NS", cut.records[cut.name, "NS"]))
    for server in cut.servers:
        if is_within(server, cut.name):
            reply.additional += [_address_record(server, address) for address in world.addresses[server]]


def _address_record(name: str, address: Address) -> dns.rrset.RRset:
    return _rrset(name, "AAAA" if family_of(address) == 6 else "A", (str(address),))


def _answer_from(world: World, zone: Zone, reply: Message, name: str, rdtype: str) -> None:
    """Fill in what the zone holds: data, along aliases within the zone, or the SOA that says there is none."""
    followed: set[str] = set()
    while rdtype != "CNAME" and (alias := zone.records.get((name, "CNAME"))) and name not in followed:
        reply.answer.append(_rrset(name, "CNAME", alias))
        followed.add(name)
        name = alias[0].rstrip(".")
    is_elsewhere = not is_within(name, zone.name) or _cut(world, zone, name, rdtype) is not None
    if is_elsewhere or name in followed:
        return
    if found := zone.records.get((name, rdtype)):
        reply.answer.append(_rrset(name, rdtype, found))
        return
    if name not in zone.names:
        reply.set_rcode(dns.rcode.NXDOMAIN)
    reply.authority.append(_rrset(zone.name, "SOA", zone.records[zone.name, "SOA"]))


@lru_cache(maxsize=65_536)
def _rrset(owner: str, rdtype: str, rdata: tuple[str, ...]) -> dns.rrset.RRset:
    return dns.rrset.from_text_list(_absolute(owner), TTL, "IN", rdtype, list(rdata))


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
        query = dns.message.make_query(_absolute(name), rdtype, use_edns=0, payload=PAYLOAD)
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

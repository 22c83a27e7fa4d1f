"""Evidence as it would be if a web server answered over IPv6, a prefix had its ROA, or a zone were signed and right."""

from collections.abc import Iterable
from dataclasses import replace

from ipv6check.addressing import Address
from ipv6check.facts import (
    AddressFacts,
    AddressWeb,
    Chain,
    DnsTry,
    Evidence,
    Fetch,
    HostReach,
    Lookup,
    NameLookups,
    NameWeb,
    PortTries,
    ResourceFacts,
    TlsTry,
    is_within,
)
from ipv6check.reports.mending import Change


def web_answers(address: Address) -> Change:
    """An IPv6 address of a web server answers on the ports, and with the pages, that IPv4 gives for the same name."""

    def change(evidence: Evidence) -> Evidence:
        if evidence.reachability is None:
            return evidence
        hosts = tuple(_opened(host, address) for host in evidence.reachability.hosts)
        evidence = replace(evidence, reachability=replace(evidence.reachability, hosts=hosts))
        if evidence.web is None:
            return evidence
        named = {host.name for host in hosts if _has(host, address)}
        names = tuple(_serving(name, address) if name.name in named else name for name in evidence.web.names)
        return replace(evidence, web=replace(evidence.web, names=names))

    return change


def _has(host: HostReach, address: Address) -> bool:
    return any(port.address == address for port in host.ports)


def _opened(host: HostReach, address: Address) -> HostReach:
    """The ports that are open over IPv4 are open at this address."""
    open_ = {port.port: port for port in host.of(4) if port.is_open}

    def change(port: PortTries) -> PortTries:
        donor = open_.get(port.port)
        if port.address != address or donor is None:
            return port
        tries = tuple(replace(t, address=address) for t in donor.tries if t.failure is None)
        return replace(port, tries=tries)

    return replace(host, ports=tuple(change(port) for port in host.ports))


def _serving(name: NameWeb, address: Address) -> NameWeb:
    """The page that IPv4 gives, at this address; and its way on, where that stays on the host."""
    donor = next((at for at in name.of(4) if any(fetch.answered for fetch in (*at.https, *at.http))), None)
    if donor is None:
        return name
    served = AddressWeb(
        address=address,
        https=_fetched(donor.https, address),
        http=_fetched(donor.http, address),
        legacy=tuple(_shaken(tried, address) for tried in donor.legacy),
    )
    others = tuple(at for at in name.addresses if at.address != address)
    return replace(name, addresses=(*others, served), chains=(*name.chains, *_chains(name, address)))


def _chains(name: NameWeb, address: Address) -> Iterable[Chain]:
    for chain in name.chains:
        stays = all(hop.host == name.name for hop in chain.hops)
        if chain.family == 4 and stays and name.chain(6, chain.scheme) is None:
            hops = tuple(replace(hop, tries=_fetched(hop.tries, address)) for hop in chain.hops)
            yield replace(chain, family=6, start=address, hops=hops)


def _fetched(fetches: Iterable[Fetch], address: Address) -> tuple[Fetch, ...]:
    return tuple(replace(f, address=address, tls=_shaken(f.tls, address) if f.tls else None) for f in fetches)


def _shaken(tried: TlsTry, address: Address) -> TlsTry:
    return replace(tried, address=address)


def route_is_valid(prefix: str) -> Change:
    """Every route to a prefix is Valid."""

    def of(facts: ResourceFacts | None) -> ResourceFacts | None:
        return facts and replace(facts, addresses=tuple(_validated(address, prefix) for address in facts.addresses))

    return lambda evidence: replace(evidence, resources=of(evidence.resources), server_resources=of(evidence.server_resources))


def _validated(facts: AddressFacts, prefix: str) -> AddressFacts:
    routes = tuple(
        replace(route, validity="Valid", invalid_by="") if route.prefix == prefix and route.validity else route
        for route in facts.routes
    )
    return replace(facts, routes=routes)


def zone_is_secure(zone: str) -> Change:
    """Every name of a zone validates. What its servers sign today is left open: it would be another."""

    def change(evidence: Evidence) -> Evidence:
        facts = evidence.dns
        if facts is None or facts.zone != zone:
            return evidence
        facts = replace(
            facts,
            listed=_both(facts.listed, zone),
            www=_both(facts.www, zone),
            zone_lookups=tuple(_secure(lookup, zone) for lookup in facts.zone_lookups),
        )
        return replace(evidence, dns=facts, dnssec=None)

    return change


def _both(names: NameLookups, zone: str) -> NameLookups:
    return replace(names, aaaa=_secure(names.aaaa, zone), a=_secure(names.a, zone))


def _secure(lookup: Lookup, zone: str) -> Lookup:
    """The answer with AD, where name and aliases are in the zone; in place of a refusal for signatures what CD=1 brought."""
    answer = lookup.answer
    if answer is None or not all(is_within(name, zone) for name in (lookup.name, *answer.aliases)):
        return lookup
    tries = lookup.unchecked if lookup.is_bogus else lookup.tries
    return replace(lookup, tries=tuple(_validated_try(t) for t in tries), unchecked=())


def _validated_try(tried: DnsTry) -> DnsTry:
    if tried.answer is None:
        return tried
    return replace(tried, checking_disabled=False, answer=replace(tried.answer, authenticated=tried.answer.speaks))

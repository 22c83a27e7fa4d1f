"""Addresses as Internet resources: looked up in the tables of routes, registrations and VRPs, and by their reverse names."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from ipv6check.addressing import Address
from ipv6check.data import RouteAnswer, RouteValidation, TableProblem, Tables
from ipv6check.facts import AddressFacts, Evidence, Lookup, NameLookups, ResourceFacts, RouteFact
from ipv6check.model import Target
from ipv6check.net.api import Net
from ipv6check.probes import delegation

REVERSE_NAMES: Final = 3
"""Reverse names of an address that are followed, at most."""

Places = dict[Address, tuple[list[str], list[str]]]
"""Roles and hosts by address."""


async def look(target: Target, seen: Evidence, net: Net, tables: Tables) -> ResourceFacts:
    """Look at every usable address of the listed name, www and the mail hosts."""
    assert seen.dns is not None
    places: Places = {}
    _place(places, "web", seen.dns.names)
    _place(places, "mail", seen.dns.mail_hosts)
    facts = [_in_tables(address, *place, tables) for address, place in places.items()]
    before = {a.address: a for a in (seen.resources.addresses if seen.resources else ())}
    return ResourceFacts(addresses=tuple(await asyncio.gather(*(_reverse(a, before.get(a.address), seen, net) for a in facts))))


async def look_at_servers(target: Target, seen: Evidence, net: Net, tables: Tables) -> ResourceFacts:
    """Look at every usable address of the zone's name servers, in the tables alone."""
    assert seen.nameservers is not None
    places: Places = {}
    _place(places, "ns", (host.lookups for host in seen.nameservers.hosts))
    return ResourceFacts(addresses=tuple(_in_tables(address, *place, tables) for address, place in places.items()))


def is_unsettled(seen: Evidence) -> bool:
    """Whether a reverse name was not answered yet."""
    addresses = seen.resources.addresses if seen.resources else ()
    return any(a.ptr is not None and delegation.wants_answer(a.ptr, seen) for a in addresses)


def _place(places: Places, role: str, names: Iterable[NameLookups]) -> None:
    for name in names:
        for address in name.usable:
            roles, hosts = places.setdefault(address, ([], []))
            roles += [role] * (role not in roles)
            hosts += [name.name] * (name.name not in hosts)


def _in_tables(address: Address, roles: Iterable[str], hosts: Iterable[str], tables: Tables) -> AddressFacts:
    """What the tables say of one address."""
    routes, registration = tables.covering_routes(address), tables.registration_of(address)
    problems = [answer for answer in (routes, registration) if isinstance(answer, TableProblem)]
    validations = [tables.validate_route(route) for route in routes] if not isinstance(routes, TableProblem) else []
    problems += [answer for answer in validations if isinstance(answer, TableProblem)][:1]
    facts = AddressFacts(
        address=address,
        roles=tuple(roles),
        hosts=tuple(hosts),
        routes=() if isinstance(routes, TableProblem) else _routes(routes, tables),
        problems=tuple((problem.table, str(problem)) for problem in problems),
        dates=_dates(tables),
    )
    if registration is None or isinstance(registration, TableProblem):
        return facts
    holder = registration.holder_name or registration.holder
    return replace(facts, country=registration.country, registry=registration.registry, holder=holder)


def _routes(routes: Iterable[RouteAnswer], tables: Tables) -> tuple[RouteFact, ...]:
    facts = []
    for route in routes:
        validations = tables.validate_route(route)
        by_origin = {} if isinstance(validations, TableProblem) else {v.origin: v for v in validations}
        for origin in route.origins:
            name = tables.as_name(origin.asn) if origin.asn else None
            registered = tables.registration_of_as(origin.asn) if origin.asn else None
            fact = RouteFact(
                prefix=str(route.prefix),
                origin=origin.asn,
                as_name="" if name is None or isinstance(name, TableProblem) else name.name,
                origin_country="" if registered is None or isinstance(registered, TableProblem) else registered.country,
                is_weakly_seen=origin.is_weakly_seen,
            )
            facts.append(_validated(fact, by_origin.get(origin.asn)))
    return tuple(facts)


def _validated(fact: RouteFact, validation: RouteValidation | None) -> RouteFact:
    if validation is None:
        return fact
    return replace(
        fact,
        validity=validation.state.value,
        invalid_by=validation.invalid_by.value if validation.invalid_by else "",
        vrps=tuple(f"{vrp.prefix}-{vrp.max_length} AS{vrp.asn}" for vrp in validation.covering),
    )


def _dates(tables: Tables) -> tuple[tuple[str, datetime], ...]:
    return tuple((stamp.name, stamp.date) for stamp in tables.stamps.values())


async def _reverse(facts: AddressFacts, before: AddressFacts | None, seen: Evidence, net: Net) -> AddressFacts:
    """Look up the reverse name, and where it leads; what was answered is not asked again, nor what is known of own names."""
    ptr = before.ptr if before and before.ptr else Lookup(name=facts.address.reverse_pointer, type="PTR")
    ptr = await delegation.ask_until_answered(ptr, seen, net)
    hosts = ptr.answer.names[:REVERSE_NAMES] if ptr.answer else ()
    own = (seen.dns.listed, seen.dns.www, *seen.dns.mail_hosts) if seen.dns else ()
    known = {lookups.name: lookups for lookups in (*own, *(before.forward if before else ())) if lookups.is_seen}
    found = await asyncio.gather(*(delegation.look_up(host, net) for host in hosts if host not in known))
    known |= {lookups.name: lookups for lookups in found}
    return replace(facts, ptr=ptr, forward=tuple(known[host] for host in hosts))

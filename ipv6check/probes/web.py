"""HTTPS and HTTP of the listed name and www: every address that answers, then where each family's redirects lead."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final, Literal

from ipv6check.addressing import Address, is_usable
from ipv6check.facts import (
    AddressWeb,
    Certificate,
    Chain,
    Evidence,
    Family,
    Fetch,
    Hop,
    HostReach,
    NameWeb,
    TlsTry,
    WebFacts,
    family_of,
)
from ipv6check.facts.web import LAST_DAYS, answered
from ipv6check.model import Failure, FailureKind, Stage, Target
from ipv6check.net.api import Net
from ipv6check.net.url import Url, parse
from ipv6check.probes import delegation
from ipv6check.scales import Scales
from ipv6check.tries import Weighing, wants_try
from ipv6check.tries import is_unsettled as is_open

HOPS_FOLLOWED: Final = 10
ERROR: Final = 400
TURNED_AWAY: Final = frozenset({403, 429})
"""From status 400 on a second look is taken, unless it tells that we are not welcome."""

Scheme = Literal["https", "http"]
Certificates = dict[str, Certificate]


async def look(target: Target, seen: Evidence, net: Net) -> WebFacts:
    """Fetch the front page from every open port of every address, and follow redirects; again only what failed."""
    assert seen.reachability is not None
    looker = _Looker(seen, net)
    before = {name.name: name for name in seen.web.names} if seen.web else {}
    hosts = seen.reachability.hosts
    names = await asyncio.gather(*(looker.name(host, before.get(host.name), hosts[0]) for host in hosts))
    return WebFacts(
        names=tuple(names),
        certificates=tuple(looker.certificates.values()),
        can_offer_legacy_tls=net.offers_legacy_tls,
    )


def is_unsettled(seen: Evidence) -> bool:
    """Whether an exchange failed too seldom to be believed, or a fault was seen only once."""
    if seen.web is None:
        return False
    scales, certificates = Scales(seen, open_ended=True), {c.sha256: c for c in seen.web.certificates}
    return any(
        _wants(tries, scales, certificates, is_open) for name in seen.web.names for tries in _exchanges(name) if tries
    ) or any(
        _is_unheard(at.legacy) and is_open(scales.handshakes(at.legacy)) for name in seen.web.names for at in name.addresses
    )


def _is_unheard(tries: Iterable[TlsTry]) -> bool:
    """Whether every handshake ended in silence, by us, or before it began: a refusal needs no second try."""
    unheard = {FailureKind.LOCAL, FailureKind.TIMEOUT}
    return all(t.failure is not None and (t.failure.kind in unheard or t.failure.stage is Stage.TCP) for t in tries)


def _exchanges(name: NameWeb) -> Iterable[Sequence[Fetch]]:
    for at in name.addresses:
        yield from (at.https, at.http)
    for chain in name.chains:
        yield from (hop.tries for hop in chain.hops)


def _wants(
    tries: Sequence[Fetch],
    scales: Scales,
    certificates: Certificates,
    undecided: Callable[[Weighing], bool],
) -> bool:
    """Whether to try (again): never tried, nothing decided, or a fault of certificate or server seen too seldom."""
    weighing = scales.fetches(tries)
    if not tries or undecided(weighing):
        return True
    is_seen_enough = sum(fetch.answered for fetch in tries) >= scales.definitive or weighing.told >= scales.wanted
    return not is_seen_enough and any(_has_fault(fetch, certificates) for fetch in tries)


def _has_fault(fetch: Fetch, certificates: Certificates) -> bool:
    if fetch.status is not None and fetch.status >= ERROR:
        return fetch.status not in TURNED_AWAY and not fetch.header("retry-after")
    if fetch.url.startswith("http:") and fetch.answered and fetch.location is None:
        return True
    if fetch.tls is None or not fetch.tls.chain:
        return False
    leaf = certificates.get(fetch.tls.chain[0])
    return bool(fetch.tls.path_error) or leaf is None or not (leaf.covers(fetch.tls.server_name) and _is_in_dates(leaf, fetch))


def _is_in_dates(leaf: Certificate, fetch: Fetch) -> bool:
    return leaf.is_valid_at(fetch.end) and leaf.is_valid_at(fetch.end + LAST_DAYS)


class _Looker:
    """One look at one target's web: what it may use, and the certificates it has met."""

    def __init__(self, seen: Evidence, net: Net) -> None:
        self._net = net
        self._scales = Scales(seen, open_ended=True)
        self._names_before = seen.web.names if seen.web else ()
        self.certificates: Certificates = {c.sha256: c for c in seen.web.certificates} if seen.web else {}

    async def name(self, host: HostReach, before: NameWeb | None, first: HostReach) -> NameWeb:
        """Look at one name. TLS 1.0 and 1.1 are offered once per address: what `first` has is not asked again."""
        asked_there = self._offered_at(first) if host is not first else set()
        addresses = tuple(dict.fromkeys(port.address for port in host.ports))
        looks = [self._address(host, address, before, address not in asked_there) for address in addresses]
        at = await asyncio.gather(*looks)
        seen = NameWeb(name=host.name, addresses=tuple(at))
        ways: list[tuple[Family, Scheme]] = [(6, "https"), (6, "http"), (4, "https"), (4, "http")]
        starts = [(way, start) for way in ways for start in _starts(seen, *way)]
        return replace(seen, chains=tuple([await self._chain(seen, *way, start, before) for way, start in starts]))

    def _offered_at(self, first: HostReach) -> set[Address]:
        """The addresses at which old TLS is offered under the first name: all but those where it shook no hands before."""
        before = {at.address: at for name in self._names_before if name.name == first.name for at in name.addresses}
        addresses = {port.address for port in first.ports}
        return {a for a in addresses if a not in before or before[a].legacy or not before[a].https}

    async def _address(self, host: HostReach, address: Address, before: NameWeb | None, legacy: bool) -> AddressWeb:
        at = (before.at(address) if before else None) or AddressWeb(address=address)
        is_open_port = {port.port: port.is_open for port in host.ports if port.address == address}

        async def secure() -> tuple[tuple[Fetch, ...], tuple[TlsTry, ...]]:
            https = await self._fetch(at.https, Url("https", host.name), address) if is_open_port[443] else at.https
            shaken = any(fetch.tls is not None and fetch.tls.version for fetch in https)
            return https, await self._legacy(at.legacy, host.name, address) if (legacy or at.legacy) and shaken else at.legacy

        async def plain() -> tuple[Fetch, ...]:
            return await self._fetch(at.http, Url("http", host.name), address) if is_open_port[80] else at.http

        (https, tried), http = await asyncio.gather(secure(), plain())
        return replace(at, https=https, legacy=tried, http=http)

    async def _fetch(self, tries: tuple[Fetch, ...], url: Url, address: Address) -> tuple[Fetch, ...]:
        if not _wants(tries, self._scales, self.certificates, wants_try):
            return tries
        fetch, certificates = await self._net.fetch(url, address, again=len(tries))
        self.certificates.update((certificate.sha256, certificate) for certificate in certificates)
        return (*tries, fetch)

    async def _legacy(self, tries: tuple[TlsTry, ...], name: str, address: Address) -> tuple[TlsTry, ...]:
        if not self._net.offers_legacy_tls or not _is_unheard(tries):
            return tries
        if tries and not wants_try(self._scales.handshakes(tries)):
            return tries
        return (*tries, await self._net.legacy_handshake(address, name, again=len(tries)))

    async def _chain(self, name: NameWeb, family: Family, scheme: Scheme, first: Fetch, before: NameWeb | None) -> Chain:
        """Follow the redirects that an address answered with."""
        start, fetch = first.address, first
        known = next((c for c in before.chains_of(family, scheme) if c.start == start), None) if before else None
        chain = Chain(family=family, scheme=scheme, start=start)
        url, visited = Url(scheme, name.name), {str(Url(scheme, name.name))}
        while (location := fetch.location) is not None:
            following = parse(location, url)
            stopped = following if isinstance(following, Failure) else _loop(following, visited)
            if isinstance(following, Failure) or stopped is not None:
                return replace(chain, stopped=stopped)
            url = following
            visited.add(str(url))
            earlier = next((h for h in known.hops if h.url == str(url)), None) if known else None
            hop = await self._hop(earlier or Hop(url=str(url), host=url.host), url, family, name, start)
            if isinstance(hop, Failure):
                return replace(chain, stopped=hop)
            chain = replace(chain, hops=(*chain.hops, hop))
            if hop.fetch is None or not hop.fetch.answered:
                break
            fetch = hop.fetch
        return chain

    async def _hop(self, hop: Hop, url: Url, family: Family, name: NameWeb, start: Address) -> Hop | Failure:
        """Ask one further URL, each try at the next address of its host; a Failure when there is none of this family.

        A hop to the front page on the same host was asked already, or could not be.
        """
        at = name.at(start)
        if at is not None and url.host == name.name and url.target == "/":
            return replace(hop, tries=at.https if url.scheme == "https" else at.http)
        addresses = (start,) if url.host == name.name else await self._addresses(url, family)
        if isinstance(addresses, Failure):
            return addresses
        address = addresses[len(hop.tries) % len(addresses)]
        return replace(hop, tries=await self._fetch(hop.tries, url, address))

    async def _addresses(self, url: Url, family: Family) -> tuple[Address, ...] | Failure:
        found: tuple[Address, ...]
        if url.address is not None:
            found = (url.address,)
            usable = tuple(a for a in found if family_of(a) == family and is_usable(a))
        else:
            lookups = await delegation.look_up(url.host, self._net)
            lookup = lookups.aaaa if family == 6 else lookups.a
            if not lookup.addresses:  # that there is none is to be heard twice
                lookup = await delegation.ask(lookup, self._net)
                lookups = replace(lookups, aaaa=lookup) if family == 6 else replace(lookups, a=lookup)
            if lookup.answer is None:
                return Failure(kind=FailureKind.TIMEOUT, stage=Stage.DNS, detail=url.host)
            found, usable = lookup.addresses, lookups.of_family(family)
        if usable:
            return usable
        unsafe = any(family_of(address) == family for address in found)
        kind = FailureKind.UNSAFE_TARGET if unsafe else FailureKind.NO_ADDRESS
        return Failure(kind=kind, stage=Stage.DNS, detail=url.host)


def _starts(name: NameWeb, family: Family, scheme: Scheme) -> list[Fetch]:
    """The answers of a family's addresses to begin with: the first, and each further one that says or leads elsewhere."""
    found: dict[tuple[object, ...], Fetch] = {}
    for at in name.of(family):
        fetch = answered(at.https if scheme == "https" else at.http)
        if fetch is not None:
            to = parse(fetch.location, Url(scheme, name.name)) if fetch.location is not None else None
            found.setdefault((fetch.status, (to.scheme, to.host) if isinstance(to, Url) else to), fetch)
    return list(found.values())


def _loop(url: Url, visited: set[str]) -> Failure | None:
    if str(url) in visited:
        return Failure(kind=FailureKind.REDIRECT_LOOP, stage=Stage.HTTP, detail=str(url))
    if len(visited) > HOPS_FOLLOWED:
        return Failure(kind=FailureKind.REDIRECT_LOOP, stage=Stage.HTTP, detail=f"more than {HOPS_FOLLOWED} hops")
    return None

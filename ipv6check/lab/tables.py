"""The tables of Internet resources of a world: who holds and announces its blocks, and for whom there are VRPs."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ipv6check.addressing import Network
from ipv6check.data import KINDS, Shelf, Source, update
from ipv6check.facts import FAMILIES
from ipv6check.lab.world import Holding, Provider, World

REGISTRY: Final = "apnic"
PEERS: Final = 300
"""Peers of the route collectors that see a route."""

GIVEN: Final = "20240101"


def write(world: World, directory: Path) -> None:
    """Make the tables in a folder, as of now. Raises OSError, TableError."""
    now = datetime.now(UTC)
    texts = {
        "routes": [f"% generated at {now:%a %b %d %H:%M:%S} UTC {now:%Y}", *_routes(world)],
        "registry": [*_registry(world)],
        "vrps": [json.dumps({"metadata": {"buildtime": f"{now:%Y-%m-%dT%H:%M:%SZ}"}, "roas": [*_vrps(world)]})],
        "names": [f"{p.asn},{p.name},{p.country}" for p in world.providers],
        "holders": [f"{REGISTRY},{_handle(p)},{p.name}" for p in world.providers],
    }
    shelf = Shelf(directory)
    for kind in KINDS:
        source = Source(name=f"lab {kind.name}", pieces=["\n".join(texts[kind.name]).encode()])
        update(kind, [source], shelf, now, is_forced=True)  # a city has fewer routes than the Internet


def _announced(world: World) -> Iterator[tuple[Holding, Network, Provider]]:
    """Every block by each family, with who holds it."""
    for holding in world.holdings:
        for family in FAMILIES:
            yield holding, holding.block.prefix(family), holding.providers[family]


def _routes(world: World) -> Iterable[str]:
    """Lines of a RISwhois dump."""
    for holding, prefix, provider in _announced(world):
        origins = [] if holding.route == "unrouted" else [provider]
        if holding.route == "moas":
            origins.append(_other(world, provider))
        yield from (f"{origin.asn}\t{prefix}\t{PEERS}" for origin in origins)


def _registry(world: World) -> Iterable[str]:
    """Lines of delegated-extended statistics."""
    for provider in world.providers:
        yield f"{REGISTRY}|{provider.country}|asn|{provider.asn}|1|{GIVEN}|allocated|{_handle(provider)}"
    for _, prefix, provider in _announced(world):
        size = prefix.prefixlen if prefix.version == 6 else prefix.num_addresses
        words = (REGISTRY, provider.country, f"ipv{prefix.version}", prefix.network_address, size, GIVEN, "allocated")
        yield "|".join(map(str, (*words, _handle(provider))))


def _vrps(world: World) -> Iterable[dict[str, object]]:
    for holding, prefix, provider in _announced(world):
        allowed = [] if holding.route == "not-found" else [provider]
        if holding.route == "invalid":
            allowed = [_other(world, provider)]
        if holding.route == "moas":
            allowed.append(_other(world, provider))
        for one in allowed:
            yield {"asn": one.asn, "prefix": str(prefix), "maxLength": prefix.prefixlen, "ta": REGISTRY}


def _other(world: World, provider: Provider) -> Provider:
    """The next provider in the same country."""
    there = [one for one in world.providers if one.country == provider.country]
    return there[(there.index(provider) + 1) % len(there)]


def _handle(provider: Provider) -> str:
    """What the registry calls a holder."""
    return f"lab-{provider.asn}"

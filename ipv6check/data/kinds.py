"""The tables there are, and what is asked of each. All limits are our own choice."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from ipv6check.data.made import Maker
from ipv6check.data.names import AsNamesMaker, HoldersMaker
from ipv6check.data.registry import RegistryMaker
from ipv6check.data.routes import RoutesMaker
from ipv6check.data.vrps import VrpsMaker


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of table. One older than `oldest` is not asked; one with fewer entries in a part than `fewest` is refused.

    Where `is_needed` is false the checks do without the table.
    """

    name: str
    maker: Callable[[], Maker]
    oldest: timedelta
    fewest: Mapping[str, int] = field(default_factory=dict)
    is_needed: bool = True


ROUTES: Final = Kind(
    name="routes",
    maker=RoutesMaker,
    oldest=timedelta(days=7),
    fewest={"ipv4": 200_000, "ipv6": 50_000},
)
"""Origins change slowly; the dumps are made daily. `fewest` is about a fifth of today's routing table."""

REGISTRY: Final = Kind(name="registry", maker=RegistryMaker, oldest=timedelta(days=30))
"""One registry's statistics are enough, hence no least number; they are made daily and change little."""

VRPS: Final = Kind(
    name="vrps",
    maker=VrpsMaker,
    oldest=timedelta(days=1),
    fewest={"ipv4": 100_000, "ipv6": 20_000},
)
"""A validator looks every few minutes; after a day a ROA that was put right would still be called wrong."""

NAMES: Final = Kind(name="names", maker=AsNamesMaker, oldest=timedelta(days=180), is_needed=False)
HOLDERS: Final = Kind(name="holders", maker=HoldersMaker, oldest=timedelta(days=730), is_needed=False)

KINDS: Final = (ROUTES, REGISTRY, VRPS, NAMES, HOLDERS)

"""What is known of addresses as Internet resources: routes, registrations, reverse names, each with the date of its table."""

from dataclasses import dataclass
from datetime import datetime

from ipv6check.addressing import Address
from ipv6check.facts.dns import Lookup, NameLookups


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteFact:
    """One route: a prefix and one of its origins. Several of the same prefix are a multiple-origin AS (MOAS).

    `origin` is None for an AS_SET. `validity` is `Valid`, `Invalid` or `NotFound` (RFC 6811), "" when no table could tell;
    `invalid_by` is `as` or `length`; `vrps` are those that cover it, as `prefix-maxlength ASn`. `origin_country` is where the
    AS number is registered. `is_weakly_seen`: hardly any peer of the route collectors has it.
    """

    prefix: str
    origin: int | None
    as_name: str = ""
    origin_country: str = ""
    is_weakly_seen: bool = False
    validity: str = ""
    invalid_by: str = ""
    vrps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressFacts:
    """One address: every covering route, the most specific first; who it is registered to; its reverse name.

    `roles` tell what it serves: `web`, `mail`, `ns`. `forward` are the look-ups of the names that `ptr` gave. A table that
    could not be asked stands in `problems` as (table, why); `dates` are those of the tables that answered.
    """

    address: Address
    roles: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    routes: tuple[RouteFact, ...] = ()
    country: str = ""
    registry: str = ""
    holder: str = ""
    ptr: Lookup | None = None
    forward: tuple[NameLookups, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()
    dates: tuple[tuple[str, datetime], ...] = ()

    @property
    def followed(self) -> tuple[RouteFact, ...]:
        """The route that traffic follows, once for each origin: the longest match that is well seen, else the longest."""
        chosen = next((route for route in self.routes if not route.is_weakly_seen), self.routes[0] if self.routes else None)
        return tuple(route for route in self.routes if chosen is not None and route.prefix == chosen.prefix)

    @property
    def leads_back(self) -> bool:
        """Whether a reverse name has this address among its own."""
        return any(self.address in (*names.aaaa.addresses, *names.a.addresses) for names in self.forward)

    def has(self, table: str) -> bool:
        """Whether a table could be asked."""
        return table not in dict(self.problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceFacts:
    """The addresses of a target (web and mail) or of a zone's name servers, as resources."""

    addresses: tuple[AddressFacts, ...] = ()

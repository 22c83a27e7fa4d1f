"""All tables of a folder, opened once for a run: who originates, who holds, and is it valid."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

from ipv6check.addressing import Address, Network
from ipv6check.data.answers import (
    AsName,
    AsRegistration,
    Registration,
    RouteAnswer,
    RouteValidation,
    TableProblem,
    TableStamp,
    Trouble,
)
from ipv6check.data.kinds import HOLDERS, KINDS, NAMES, REGISTRY, ROUTES, VRPS, Kind
from ipv6check.data.names import AsNames, Holders
from ipv6check.data.packed import Column
from ipv6check.data.registry import Record, Registry
from ipv6check.data.routes import Routes
from ipv6check.data.shelf import Absent, Damaged, Manifest, Shelf
from ipv6check.data.syntax import address_of
from ipv6check.data.validation import validate
from ipv6check.data.vrps import Vrps

T = TypeVar("T")
Opening = Callable[[Mapping[str, Column]], T]

AGES: Final = {kind.name: kind.oldest for kind in KINDS}
"""How old each table may be."""


class Tables:
    """What is in force in a folder at the moment of opening; a later update does not touch it.

    A question to a table that is missing, broken or too old is answered by its TableProblem. None means that a good table
    holds nothing for what was asked.
    """

    def __init__(self, directory: Path, now: datetime, ages: Mapping[str, timedelta] = AGES) -> None:
        """Open the tables; `now` is what their age is told by. Raises nothing: see `problems`."""
        shelf = Shelf(directory)
        self.stamps: dict[str, TableStamp] = {}
        self._routes = self._open(shelf, ROUTES, now, ages, lambda columns: Routes(columns, self.stamps[ROUTES.name]))
        self._registry = self._open(shelf, REGISTRY, now, ages, Registry)
        self._vrps = self._open(shelf, VRPS, now, ages, Vrps)
        self._names = self._open(shelf, NAMES, now, ages, AsNames)
        self._holders = self._open(shelf, HOLDERS, now, ages, Holders)

    @property
    def problems(self) -> tuple[TableProblem, ...]:
        """The tables that cannot be asked, and why."""
        tables = (self._routes, self._registry, self._vrps, self._names, self._holders)
        return tuple(table for table in tables if isinstance(table, TableProblem))

    def origin_of(self, address: Address) -> RouteAnswer | TableProblem | None:
        """The route that traffic to an address follows: the longest match that is well seen, else the longest there is.

        None when no route covers it.
        """
        routes = self.covering_routes(address)
        if isinstance(routes, TableProblem):
            return routes
        return next((route for route in routes if not route.is_weakly_seen), routes[0] if routes else None)

    def covering_routes(self, address: Address) -> tuple[RouteAnswer, ...] | TableProblem:
        """Every route that covers an address, weakly seen ones too, the most specific first."""
        if isinstance(self._routes, TableProblem):
            return self._routes
        return tuple(self._routes.covering_address(address))

    def registration_of(self, address: Address) -> Registration | TableProblem | None:
        """What a regional registry says of an address; None when none of those imported speaks of it."""
        if isinstance(self._registry, TableProblem):
            return self._registry
        if (record := self._registry.of_address(address)) is None:
            return None
        return Registration(
            first=address_of(address.max_prefixlen, record.first),
            last=address_of(address.max_prefixlen, record.last),
            **self._registered(record),
        )

    def registration_of_as(self, asn: int) -> AsRegistration | TableProblem | None:
        """What a regional registry says of an AS number; None when none of those imported speaks of it."""
        if isinstance(self._registry, TableProblem):
            return self._registry
        if (record := self._registry.of_as(asn)) is None:
            return None
        return AsRegistration(asn=asn, **self._registered(record))

    def as_name(self, asn: int) -> AsName | TableProblem | None:
        """The name of an AS; None when the table does not know it."""
        if isinstance(self._names, TableProblem):
            return self._names
        if (found := self._names.name_of(asn)) is None:
            return None
        name, country = found
        return AsName(asn=asn, name=name, country=country, table=self.stamps[NAMES.name])

    def validate(self, prefix: Network, origin: int | None) -> RouteValidation | TableProblem:
        """How valid a route is by RFC 6811; `origin` is None for an AS_SET."""
        if isinstance(self._vrps, TableProblem):
            return self._vrps
        covering = tuple(self._vrps.covering(prefix))
        state, invalid_by = validate(prefix, origin, covering)
        return RouteValidation(
            prefix=prefix,
            origin=origin,
            state=state,
            invalid_by=invalid_by,
            covering=covering,
            table=self.stamps[VRPS.name],
        )

    def validate_route(self, route: RouteAnswer) -> tuple[RouteValidation, ...] | TableProblem:
        """How valid a route is for each of its origins: a prefix of several origins (MOAS) is judged for each."""
        found = []
        for origin in route.origins:
            validation = self.validate(route.prefix, origin.asn)
            if isinstance(validation, TableProblem):
                return validation
            found.append(validation)
        return tuple(found)

    def _registered(self, record: Record) -> dict[str, Any]:
        """The fields of a `ResourceRegistration`."""
        return {
            "registry": record.registry,
            "country": record.country,
            "status": record.status,
            "date": record.date,
            "holder": record.holder,
            "holder_name": self._holder_name(record),
            "table": self.stamps[REGISTRY.name],
        }

    def _holder_name(self, record: Record) -> str:
        if isinstance(self._holders, TableProblem) or not record.holder:
            return ""
        return self._holders.name_of(record.registry, record.holder)

    def _open(
        self,
        shelf: Shelf,
        kind: Kind,
        now: datetime,
        ages: Mapping[str, timedelta],
        opened: Opening[T],
    ) -> T | TableProblem:
        try:
            manifest = shelf.manifest(kind.name)
            if problem := problem_of_age(manifest, now, ages[kind.name]):
                return problem
            manifest, columns = shelf.table(kind.name)
            self.stamps[kind.name] = TableStamp(name=kind.name, date=manifest.date)
            return opened(columns)
        except Absent:
            return TableProblem(table=kind.name, trouble=Trouble.MISSING)
        except Damaged as error:
            return TableProblem(table=kind.name, trouble=Trouble.BROKEN, detail=str(error))
        except (KeyError, IndexError, ValueError):
            return TableProblem(table=kind.name, trouble=Trouble.BROKEN, detail="it is of another version: import it again")


def problem_of_age(manifest: Manifest, now: datetime, oldest: timedelta) -> TableProblem | None:
    """Say whether a table is too old. One dated ahead of its import ages from the import on."""
    date = min(manifest.date, manifest.imported_at)
    if now - date <= oldest:
        return None
    detail = f"of {date:%Y-%m-%d %H:%M} UTC, older than {oldest.total_seconds() / 86400:g} days"
    return TableProblem(table=manifest.name, trouble=Trouble.TOO_OLD, detail=detail, date=manifest.date)

"""What the tables answer with. Every answer says which table it is from and how old that table is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from ipv6check.addressing import Address, Network

FEW_PEERS: Final = 5
"""A route that fewer peers of the route collectors see is weakly seen. Our own choice: full-table peers number some hundreds,
and what only a handful of them carries is mostly a leak, an internal more-specific or an experiment."""


class Trouble(StrEnum):
    """Why a table cannot be asked."""

    MISSING = "missing"
    BROKEN = "broken"
    TOO_OLD = "too-old"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableProblem:
    """A table that cannot be asked. It says nothing about the address asked for: `nm: data-source-down`, never a verdict."""

    table: str
    trouble: Trouble
    detail: str = ""
    date: datetime | None = None

    def __str__(self) -> str:
        return f"{self.table}: {self.trouble}{': ' + self.detail if self.detail else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableStamp:
    """Which table an answer is from, and the time (UTC) at which that table was true."""

    name: str
    date: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """An origin of a route: an AS, or None for an AS_SET (RFC 6811: NONE), whose members are then in `members`.

    `peers` is how many peers of the route collectors see it; None when the source does not say.
    """

    asn: int | None
    members: tuple[int, ...] = ()
    peers: int | None = None

    @property
    def is_weakly_seen(self) -> bool:
        """Whether fewer than `FEW_PEERS` see it."""
        return self.peers is not None and self.peers < FEW_PEERS


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteAnswer:
    """An announced prefix and who originates it."""

    prefix: Network
    origins: tuple[Origin, ...]
    table: TableStamp

    @property
    def is_weakly_seen(self) -> bool:
        """Whether no origin of it is seen by `FEW_PEERS` or more."""
        return all(origin.is_weakly_seen for origin in self.origins)

    @property
    def is_moas(self) -> bool:
        """Whether several ASes originate it (multiple-origin AS); a weakly seen one beside a well seen one does not count."""
        well_seen = [origin for origin in self.origins if not origin.is_weakly_seen]
        return len(well_seen or self.origins) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Vrp:
    """A Validated ROA Payload: this AS may originate this prefix and what is below it down to `max_length` (RFC 6811)."""

    prefix: Network
    max_length: int
    asn: int
    trust_anchor: str = ""


class ValidationState(StrEnum):
    """The validity states of RFC 6811, section 2."""

    VALID = "Valid"
    INVALID = "Invalid"
    NOT_FOUND = "NotFound"


class InvalidBy(StrEnum):
    """What makes a route Invalid: no covering VRP is for its AS, or one is but not down to this length."""

    AS = "as"
    LENGTH = "length"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteValidation:
    """The validity of one route. `covering` holds every VRP that covers it, the most specific first.

    `origin` is None for an AS_SET. `invalid_by` is set exactly when the state is Invalid.
    """

    prefix: Network
    origin: int | None
    state: ValidationState
    invalid_by: InvalidBy | None = None
    covering: tuple[Vrp, ...] = ()
    table: TableStamp


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceRegistration:
    """What a regional registry says of a number resource.

    `country` is ISO 3166 (or `EU`, `AP`), empty when none is given: where the holder is registered, not where a server stands.
    `holder` is the registry's opaque id; `holder_name` is empty unless a table of holders knows it.
    """

    registry: str
    country: str
    status: str
    date: date | None
    holder: str
    holder_name: str = ""
    table: TableStamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration(ResourceRegistration):
    """What a regional registry says of a range of addresses: `first` to `last`, both inside."""

    first: Address
    last: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class AsRegistration(ResourceRegistration):
    """What a regional registry says of an AS number."""

    asn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AsName:
    """The name of an AS and the country beside it, empty when there is none."""

    asn: int
    name: str
    country: str
    table: TableStamp


def worst_of(validations: Sequence[RouteValidation]) -> ValidationState | None:
    """The worst state among some: Invalid, then NotFound, then Valid; None when there is nothing."""
    order = (ValidationState.INVALID, ValidationState.NOT_FOUND, ValidationState.VALID)
    return min((validation.state for validation in validations), key=order.index, default=None)

"""Tables of Internet resources: routing (prefix to origin AS), registry (prefix to country and holder), RPKI (VRPs).

Takes bytes and keeps tables; who fetches the bytes is above. `update` makes a table, `Tables` answers questions.
"""

from ipv6check.data.answers import (
    AsName,
    AsRegistration,
    InvalidBy,
    Origin,
    Registration,
    RouteAnswer,
    RouteValidation,
    TableProblem,
    TableStamp,
    Trouble,
    ValidationState,
    Vrp,
    worst_of,
)
from ipv6check.data.kinds import KINDS, Kind
from ipv6check.data.reading import Source, TableError
from ipv6check.data.renewal import Updated, update
from ipv6check.data.shelf import Manifest, Part, Shelf
from ipv6check.data.tables import AGES, Tables

__all__ = [
    "AGES",
    "KINDS",
    "AsName",
    "AsRegistration",
    "InvalidBy",
    "Kind",
    "Manifest",
    "Origin",
    "Part",
    "Registration",
    "RouteAnswer",
    "RouteValidation",
    "Shelf",
    "Source",
    "TableError",
    "TableProblem",
    "TableStamp",
    "Tables",
    "Trouble",
    "Updated",
    "ValidationState",
    "Vrp",
    "update",
    "worst_of",
]

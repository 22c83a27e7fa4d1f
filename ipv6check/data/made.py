"""What a maker of a table hands over."""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ipv6check.data.reading import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The columns of a new table, and how many entries each part of it has (`ipv4`, `apnic ipv6`)."""

    columns: Mapping[str, "array[int] | bytes"]
    counts: Mapping[str, int]

    @property
    def entries(self) -> int:
        """Entries of all parts."""
        return sum(self.counts.values())


class Maker(Protocol):
    """Collects what sources say and makes a table of it. Both may raise TableError."""

    def read(self, reading: Reading) -> None:
        """Take in one source: count its entries, set its date, reject what cannot be read."""

    def make(self) -> Made:
        """The table of all that was read."""

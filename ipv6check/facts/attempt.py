"""One try of something on the network: the base of everything that was seen."""

from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv6Address
from typing import Final, Literal

from ipv6check.addressing import Address
from ipv6check.model import Failure

ADDRESSES_PER_FAMILY: Final = 8
"""At most so many addresses of a family are looked at, in a fixed order; what is above is said to be above."""

Family = Literal[4, 6]
FAMILIES: Final[tuple[Family, Family]] = (6, 4)


def family_of(address: Address) -> Family:
    """Return 4 or 6."""
    return 6 if isinstance(address, IPv6Address) else 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try of something on the network: when, and what went wrong if anything did."""

    start: datetime
    end: datetime
    failure: Failure | None = None

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.end - self.start).total_seconds()

"""Route origin validation: RFC 6811, section 2, over every VRP that covers the route."""

from collections.abc import Sequence

from ipv6check.addressing import Network
from ipv6check.data.answers import InvalidBy, ValidationState, Vrp


def validate(network: Network, origin: int | None, covering: Sequence[Vrp]) -> tuple[ValidationState, InvalidBy | None]:
    """Say how valid a route is, given all VRPs that cover it; `origin` is None for an AS_SET.

    A VRP matches when its AS is the origin and the route is no longer than its maxLength. AS 0 matches nothing (RFC 6483,
    section 4; RFC 7607), nor does an AS_SET.
    """
    if not covering:
        return ValidationState.NOT_FOUND, None
    of_origin = [vrp for vrp in covering if origin and vrp.asn == origin]
    if any(network.prefixlen <= vrp.max_length for vrp in of_origin):
        return ValidationState.VALID, None
    return ValidationState.INVALID, InvalidBy.LENGTH if of_origin else InvalidBy.AS

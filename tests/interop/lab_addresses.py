"""Who has which address in the lab: public-looking space, a /24 and a /48 of its own for everybody.

11.0.0.0/8 and 2400::/12 are local to the namespace as a whole, so that nothing has to be added address by address.
"""

from collections.abc import Sequence

SPACE4 = "11.0.0.0/8"
SPACE6 = "2400::/12"
VANTAGE4, VANTAGE6 = "11.254.0.1", "2400:fe::1"
RESOLVER = "127.0.0.1"
RESOLVER_OUT4, RESOLVER_OUT6 = "11.255.0.53", "2400:ff53::53"
"""The resolver's own questions leave from these, so that the scanner's packets can be told apart."""

FIRST_OF_ROW = 10
FIRST_OF_NAME_SERVER = 100
ROWS_PER_OCTET = 200


def of_host(number: int) -> tuple[str, str]:
    """The addresses of a host of the world (a name server, a canary): IPv4, IPv6."""
    return f"11.1.{number}.53", f"2400:10{number:02x}::53"


def hidden(number: int) -> str:
    """The address at which only a stub asks a name server."""
    return f"11.2.{number}.53"


def of_row(number: int, token: str) -> str:
    """An address of a row: `4` or `6` with a letter for the second and later ones, or a text that is an address already.

    `n4a`, `n6b` are those of the row's own name servers.
    """
    own = token.removeprefix("n")
    if own[:1] not in {"4", "6"} or len(own) > 2 or (own[1:] and not own[1:].isalpha()):
        return token
    first = FIRST_OF_NAME_SERVER if token.startswith("n") else FIRST_OF_ROW
    last = first + (ord(own[1]) - ord("a") if own[1:] else 0)
    if own[0] == "4":
        return f"11.{64 + number // ROWS_PER_OCTET}.{number % ROWS_PER_OCTET + 1}.{last}"
    return f"2400:{0x1100 + number:x}::{last:x}"


def letters(count: int) -> Sequence[str]:
    """The letters of the first so many addresses."""
    return [chr(ord("a") + index) for index in range(count)]

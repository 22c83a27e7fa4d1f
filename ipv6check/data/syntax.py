"""Prefixes and AS numbers as the files write them. Everything here raises ValueError on what it cannot read.

A prefix is (bits, start, length) while tables are made: the width of the family, the first address as a number, the length.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

from ipv6check.addressing import Address, Network

V4: Final = 32
V6: Final = 128
LARGEST_ASN: Final = (1 << 32) - 2
"""The number above it is reserved and never anybody's (RFC 7300)."""

LONGEST_NUMBER: Final = 10
"""Digits of the largest number any of the files has reason to hold (2^32)."""

Prefix = tuple[int, int, int]


def parse_number(text: str) -> int:
    """Read a number of ASCII digits without sign."""
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER):
        raise ValueError(f"no number: {text!r}")
    return int(text)


def parse_asn(text: str) -> int:
    """Read an AS number, with or without `AS` before it."""
    asn = parse_number(text[2:] if text[:2].upper() == "AS" else text)
    if asn > LARGEST_ASN:
        raise ValueError(f"no AS number: {text!r}")
    return asn


def parse_prefix(text: str) -> Prefix:
    """Read a prefix; bits beyond its length must be zero."""
    address, _, length = text.partition("/")
    if ":" in address:
        return checked(V6, int(IPv6Address(address)), parse_number(length))
    return checked(V4, int(IPv4Address(address)), parse_number(length))


def checked(bits: int, start: int, length: int) -> Prefix:
    """Return the prefix when its length is possible and no bit beyond it is set."""
    if length > bits or start & ((1 << (bits - length)) - 1):
        raise ValueError("no prefix: too long, or bits are set beyond its length")
    return bits, start, length


def split_range(start: int, count: int, bits: int) -> Iterator[tuple[int, int]]:
    """Cut `count` numbers from `start` on into prefixes (start, length)."""
    while count:
        largest = (start & -start).bit_length() - 1 if start else bits
        size = min(largest, count.bit_length() - 1)
        yield start, bits - size
        start += 1 << size
        count -= 1 << size


def network_of(bits: int, start: int, length: int) -> Network:
    """A prefix as a network."""
    return IPv4Network((start, length)) if bits == V4 else IPv6Network((start, length))


def address_of(bits: int, number: int) -> Address:
    """A number as an address."""
    return IPv4Address(number) if bits == V4 else IPv6Address(number)

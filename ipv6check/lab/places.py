"""How world files write addresses, ports and records that belong to an owner's block."""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final

from ipv6check.addressing import Address
from ipv6check.lab.world import PORTS, Block, Door

OWN: Final = re.compile(r"own(\d*)")
PLACE: Final = re.compile(r"(v[46])(?:/(\d+))?(?:-(443|80))?")
ADDRESS: Final = re.compile(r"\{v([46])(?:/(\d+))?\}")
"""An address of the owner's in `records`."""

DOORS: Final[tuple[Door, ...]] = ("open", "refused", "silent", "mute")


def record_of(line: str, name: str, block: Block) -> tuple[str, str, str]:
    """Owner, type and rdata of a line: the owner is below `name` or, "@", itself; an address stands for its reverse name."""
    filled = ADDRESS.sub(lambda found: str(block.address(6 if found[1] == "6" else 4, int(found[2] or 1))), line)
    owner, rdtype, rdata = filled.split(None, 2)
    if owner == "@":
        return name, rdtype, rdata
    try:
        return ip_address(owner).reverse_pointer, rdtype, rdata
    except ValueError:
        return f"{owner}.{name}", rdtype, rdata


def address_of(text: str, rdtype: str, block: Block) -> tuple[Address, int | None]:
    """An address of a record, and its number when it is one of the owner's own servers."""
    own = OWN.fullmatch(text)
    if own is None:
        return ip_address(text), None
    number = int(own.group(1) or 1)
    return (block.v6 if rdtype == "aaaa" else block.v4)(number), number


def doors_of(servers: Mapping[Address, int], ports: Mapping[str, Door], name: str) -> dict[tuple[Address, int], Door]:
    """The ports of all own servers, open unless `ports` says otherwise."""
    doors: dict[tuple[Address, int], Door] = {(address, port): "open" for address in servers for port in PORTS}
    for key, door in ports.items():
        place = PLACE.fullmatch(key)
        if place is None or door not in DOORS:
            raise ValueError(f"{name}: ports: {key} = {door!r} is not understood")
        family, number, port = place.groups()
        for address, own in servers.items():
            if f"v{address.version}" == family and number in {None, str(own)}:
                doors.update({(address, p): door for p in PORTS if port in {None, str(p)}})
    return doors

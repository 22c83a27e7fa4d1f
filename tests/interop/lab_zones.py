"""The zones of the lab, from the root to every agency, as files: generated and signed with dnspython.

Every zone has one key, in the DS of its parent.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import dns.dnssec
import dns.rdataset
import dns.rdatatype
import dns.rdtypes.dnskeybase
import dns.zone
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from dns.dnssectypes import Algorithm, DSDigest

from tests.interop.lab_country import World, Zone, file_name

TTL: Final = 300
SOA: Final = "{primary} hostmaster.{primary} 2026112101 3600 600 86400 5"
KEY_FLAGS: Final = int(dns.rdtypes.dnskeybase.Flag.ZONE | dns.rdtypes.dnskeybase.Flag.SEP)
PROTOCOL: Final = 3
RSA_BITS: Final = 2048
LIFE: Final = timedelta(days=30)
LONG_AGO: Final = timedelta(days=40)
SPOILT: Final = frozenset({dns.rdatatype.SOA, dns.rdatatype.A, dns.rdatatype.AAAA})


def write_zones(world: World, directory: Path) -> None:
    """Sign every zone and write it to `<name>.zone` (`root.zone`); the root's DS goes to `root.ds`, hints to `root.hints`."""
    directory.mkdir(parents=True, exist_ok=True)
    for zone in world.zones.values():
        if zone.has_ds:
            zone.key, zone.dnskey = _make_key(zone.algorithm)
    for zone in world.zones.values():
        (directory / file_name(zone.name)).write_text(_signed(zone, world).to_text(want_origin=True, relativize=False) + "\n")
    root = world.zones["."]
    (directory / "root.ds").write_text(f". {TTL} IN DS {_ds(root)}\n")
    hints = [f". {TTL} IN NS {name}." for name in root.ns]
    hints += [_with_ttl(record) for name in root.ns for record in world.hosts[name].records]
    (directory / "root.hints").write_text("\n".join(hints) + "\n")


def _signed(zone: Zone, world: World) -> dns.zone.Zone:
    made = dns.zone.from_text("\n".join(_text(zone, world)), origin=zone.origin, relativize=False, check_origin=False)
    if zone.key is None or zone.state == "ds-only":
        return made
    made_at = datetime.now(UTC) - (LONG_AGO if zone.state == "expired" else timedelta(hours=1))
    dns.dnssec.sign_zone(
        made, keys=[(zone.key, zone.dnskey)], dnskey_ttl=TTL, inception=made_at, expiration=made_at + LIFE, deterministic=False
    )
    if zone.state == "tampered":
        _tamper(made)
    return made


def _text(zone: Zone, world: World) -> Iterator[str]:
    """The zone as a file, before it is signed: its own records and the delegations out of it."""
    primary = zone.ns[0]
    yield f"@ {TTL} SOA {SOA.format(primary=primary + '.')}"
    yield from (f"@ {TTL} NS {name}." for name in zone.ns)
    yield from map(_with_ttl, zone.lines)
    for child in world.zones.values():
        if child.name == "." or world.zone_above(child.name) is not zone:
            continue
        yield from (f"{child.name}. {TTL} NS {name}." for name in child.ns)
        if child.has_ds:
            yield f"{child.name}. {TTL} DS {_ds(child)}"
        yield from (_with_ttl(record) for record in _glue(child, zone, world))


def _glue(child: Zone, parent: Zone, world: World) -> Iterator[str]:
    """The addresses of the child's servers that lie in the child; the root gives those of every top-level zone."""
    for name in child.ns:
        if _is_in(name, child.name) or (parent.name == "." and name in world.hosts):
            yield from world.hosts[name].records


def _is_in(name: str, zone: str) -> bool:
    return name == zone or name.endswith(f".{zone}")


def _with_ttl(line: str) -> str:
    owner, rest = line.split(" ", 1)
    return f"{owner} {TTL} {rest}"


def _make_key(algorithm: str) -> tuple[Any, Any]:
    number = Algorithm[algorithm]
    key = (
        rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
        if algorithm.startswith("RSA")
        else ec.generate_private_key(ec.SECP256R1())
    )
    return key, dns.dnssec.make_dnskey(key.public_key(), number, flags=KEY_FLAGS, protocol=PROTOCOL)


def _ds(zone: Zone) -> str:
    return dns.dnssec.make_ds(zone.origin, zone.dnskey, DSDigest.SHA256).to_text()


def _tamper(zone: dns.zone.Zone) -> None:
    """Spoil the signatures over SOA, A and AAAA; keys stay good."""
    with zone.writer() as writer:
        for name in list(writer.iterate_names()):
            for covered in SPOILT:
                signatures = writer.get(name, dns.rdatatype.RRSIG, covered)
                if signatures is None:
                    continue
                spoilt = [rdata.replace(signature=bytes(b ^ 1 for b in rdata.signature)) for rdata in signatures]
                writer.replace(name, dns.rdataset.from_rdata_list(signatures.ttl, spoilt))

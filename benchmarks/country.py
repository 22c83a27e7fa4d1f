"""The country that the benchmark scans: who has which name and address, its signed zones, its certificates.

    python -m benchmarks.country DIRECTORY ANSWERING SILENT

writes zone files, the root's DS and hints, and certificates. Every domain is a signed zone (ECDSA P-256) under one of 34
provinces, with two name servers and one web server of its own for the listed name and www, on addresses that it shares with
nobody. The web servers of silent domains stand on addresses that are routed and nobody's: packets to them get no answer.
"""

import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import dns.dnssec
import dns.name
import dns.zone
from cryptography.hazmat.primitives.asymmetric import ec
from dns.dnssectypes import Algorithm, DSDigest

from tests.interop.lab_certificates import Authority

TTL: Final = 300
LIFE: Final = timedelta(days=30)
KEY_FLAGS: Final = 257
"""Zone key and secure entry point."""

# fmt: off
PROVINCES: Final = (
    "hanoi", "hue", "haiphong", "danang", "cantho", "hochiminh", "angiang", "bacninh", "camau", "caobang", "daklak",
    "dienbien", "dongnai", "dongthap", "gialai", "hatinh", "hungyen", "khanhhoa", "laichau", "lamdong", "langson",
    "laocai", "nghean", "ninhbinh", "phutho", "quangngai", "quangninh", "quangtri", "sonla", "tayninh", "thainguyen",
    "thanhhoa", "tuyenquang", "vinhlong",
)
# fmt: on
CANARIES: Final = ("mot.vn", "hai.vn", "ba.vn")
"""Healthy hosts by which the scanner knows itself."""

PER_OCTET: Final = 250
DOMAINS_FROM: Final = 16


@dataclass(frozen=True)
class Agency:
    """One domain of the list. Each has a /24 and a /48 of its own."""

    number: int
    is_silent: bool

    @property
    def domain(self) -> str:
        """The listed name."""
        return f"{'im' if self.is_silent else 'so'}{self.number:04}.{PROVINCES[self.number % len(PROVINCES)]}.gov.vn"

    def name_server(self, which: int) -> tuple[str, str]:
        """The addresses, IPv4 and IPv6, of its first or second name server."""
        return self._address(52 + which, is_silent=False)

    @property
    def web(self) -> tuple[str, str]:
        """The addresses of its web server."""
        return self._address(80, is_silent=self.is_silent)

    def _address(self, host: int, *, is_silent: bool) -> tuple[str, str]:
        second, third = divmod(self.number, PER_OCTET)
        net4, net6 = ("12", "2600") if is_silent else ("11", "2400")
        return f"{net4}.{DOMAINS_FROM + second}.{third + 1}.{host}", f"{net6}:{0x2000 + self.number:x}::{host}"


@dataclass(frozen=True)
class Signed:
    """A zone as served, and the DS that its parent has."""

    name: str
    text: str
    ds: str


def agencies(answering: int, silent: int) -> list[Agency]:
    """The domains: first those that answer, then the silent ones."""
    return [Agency(number, number >= answering) for number in range(answering + silent)]


def registry(number: int) -> tuple[str, str]:
    """The addresses of a name server of the root, of a registry or a province."""
    return f"11.1.{number}.53", f"2400:{0x1000 + number:x}::53"


def canary(number: int) -> tuple[str, str]:
    """The addresses of a canary."""
    return f"11.2.{number}.80", f"2400:{0x1800 + number:x}::80"


def zones_above() -> list[str]:
    """The zones of registries and provinces, every parent before its children."""
    return [".", "vn", "gov.vn", *(f"{province}.gov.vn" for province in PROVINCES)]


def servers_above(zone: str) -> list[tuple[str, tuple[str, str]]]:
    """The name servers of such a zone: names without a final dot, addresses."""
    first = 2 * zones_above().index(zone)
    names = [f"{letter}.root-servers.net" if zone == "." else f"{letter}.dns.{zone}" for letter in "ab"]
    return [(name, registry(first + n)) for n, name in enumerate(names)]


def main(directory: Path, answering: int, silent: int) -> None:
    """Write everything."""
    zones = directory / "zones"
    zones.mkdir(parents=True)
    everybody = agencies(answering, silent)
    authority = Authority(directory / "certificates")
    with ProcessPoolExecutor() as pool:
        children = pool.map(zone_of, everybody, chunksize=50)
        for name in (*CANARIES, *(agency.domain for agency in everybody if not agency.is_silent)):
            authority.issue("good", name)
        lines: dict[str, list[str]] = {zone: [] for zone in zones_above()}
        for agency, child in zip(everybody, children, strict=True):
            _write(zones, child)
            servers = [(f"ns{n}.{agency.domain}", agency.name_server(n)) for n in (1, 2)]
            lines[agency.domain.partition(".")[2]] += delegation(child, servers)
    for zone in reversed(zones_above()):
        made = signed(zone, "\n".join((*apex(zone, servers_above(zone)), *lines[zone])))
        _write(zones, made)
        if zone != ".":
            parent = zone.partition(".")[2] or "."
            lines[parent] += delegation(made, servers_above(zone))
        else:
            (zones / "root.ds").write_text(f". {TTL} IN DS {made.ds}\n")
    hints = apex(".", servers_above("."))[1:]
    (zones / "root.hints").write_text("\n".join(hints) + "\n")


def zone_of(agency: Agency) -> Signed:
    """The zone of a domain."""
    listed = agency.domain
    servers = [(f"ns{n}.{listed}", agency.name_server(n)) for n in (1, 2)]
    lines = apex(listed, servers) + [line for name in (listed, f"www.{listed}") for line in address_lines(name, agency.web)]
    return signed(listed, "\n".join(lines))


def apex(zone: str, servers: Sequence[tuple[str, tuple[str, str]]]) -> list[str]:
    """SOA, NS set and the addresses of the servers, and of the canaries in their zone."""
    owner = "." if zone == "." else f"{zone}."
    lines = [f"{owner} {TTL} IN SOA {servers[0][0]}. hostmaster.{servers[0][0]}. 1 3600 600 86400 {TTL}"]
    lines += [f"{owner} {TTL} IN NS {name}." for name, _ in servers]
    lines += [line for name, addresses in servers for line in address_lines(name, addresses)]
    if zone == "vn":
        lines += [line for n, name in enumerate(CANARIES) for line in address_lines(name, canary(n))]
    return lines


def delegation(child: Signed, servers: Sequence[tuple[str, tuple[str, str]]]) -> list[str]:
    """What the parent says of a child: NS set, glue, DS."""
    lines = [f"{child.name}. {TTL} IN NS {name}." for name, _ in servers]
    lines += [line for name, addresses in servers for line in address_lines(name, addresses)]
    return [*lines, f"{child.name}. {TTL} IN DS {child.ds}"]


def address_lines(name: str, addresses: tuple[str, str]) -> Iterator[str]:
    """A and AAAA of a name."""
    yield f"{name}. {TTL} IN A {addresses[0]}"
    yield f"{name}. {TTL} IN AAAA {addresses[1]}"


def signed(name: str, text: str) -> Signed:
    """Sign a zone with one key of its own."""
    origin = dns.name.from_text(name)
    zone = dns.zone.from_text(text, origin=origin, relativize=False, check_origin=False)
    key = ec.generate_private_key(ec.SECP256R1())
    dnskey = dns.dnssec.make_dnskey(key.public_key(), Algorithm.ECDSAP256SHA256, flags=KEY_FLAGS)
    since = datetime.now(UTC) - timedelta(hours=1)
    dns.dnssec.sign_zone(
        zone, keys=[(key, dnskey)], dnskey_ttl=TTL, inception=since, expiration=since + LIFE, deterministic=False
    )
    ds = dns.dnssec.make_ds(origin, dnskey, DSDigest.SHA256).to_text()
    return Signed(name, zone.to_text(want_origin=True, relativize=False) + "\n", ds)


def _write(directory: Path, zone: Signed) -> None:
    (directory / f"{'root' if zone.name == '.' else zone.name}.zone").write_text(zone.text)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))

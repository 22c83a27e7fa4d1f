"""Routing: which prefix which AS originates, as route collectors see it.

Read from RISwhois dumps (`origin <tab> prefix <tab> peers`, `%` begins a comment; ris.ripe.net/docs/ris-whois) and from any
lines of `prefix,asn` or `asn,prefix`, the parts divided by comma, semicolon, tab or space. An AS_SET is `{1,2}`.
"""

import re
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from struct import Struct
from typing import Final

from ipv6check.addressing import Address, Network
from ipv6check.data.answers import Origin, RouteAnswer, TableStamp
from ipv6check.data.made import Made
from ipv6check.data.nest import Nest, NestMaker
from ipv6check.data.packed import Column, Texts, pack_texts
from ipv6check.data.reading import Reading, TableError
from ipv6check.data.syntax import V4, V6, network_of, parse_asn, parse_number, parse_prefix

SHORTEST: Final = {V4: 8, V6: 16}
"""A shorter prefix (a default route, 2000::/3) is no announcement of who holds an address: left out. Our own choice, below the
shortest blocks that registries give to networks."""

AS_SET: Final = (1 << 32) - 1
"""Stands for an AS_SET in the column of origins: a number that no AS has (RFC 7300). Of several sets one is kept."""

UNKNOWN: Final = (1 << 16) - 1
"""Stands for an unknown number of peers."""

MOST_SETS: Final = 10_000
MOST_ROUTES: Final = 5_000_000
"""Our own choice, some four times today's routing table."""

GENERATED: Final = re.compile(r"generated at \w{3} (\w{3}) +(\d+) (\d\d):(\d\d):(\d\d) UTC (\d{4})")
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_PREFIX: Final = r'"?([0-9A-Fa-f:.]+/\d+)"?'
_ORIGIN: Final = r'"?([Aa]?[Ss]?\d+|\{\d+(?:[, ]+\d+)*\})"?'
_BREAK: Final = r"[\t ,;]+"
ORIGIN_FIRST: Final = re.compile(rf"{_ORIGIN}{_BREAK}{_PREFIX}(?:{_BREAK}(\d+))?(?:{_BREAK}.*)?$")
PREFIX_FIRST: Final = re.compile(rf"{_PREFIX}{_BREAK}{_ORIGIN}(?:{_BREAK}.*)?$")

_KEYS: Final = {V4: Struct(">IBIH"), V6: Struct(">QQBIH")}
"""A route as bytes that sort as the table does: start, length, origin, peers."""


class RoutesMaker:
    """Collects routes and makes the table of them."""

    def __init__(self) -> None:
        self._keys: dict[int, list[bytes]] = {V4: [], V6: []}
        self._sets: dict[tuple[int, int, int], str] = {}

    def read(self, reading: Reading) -> None:
        """Take the routes of one source."""
        for number, line in reading.lines(lambda comment: _find_date(reading, comment)):
            try:
                prefix, origin, peers = _parse(line)
                bits, start, length = parse_prefix(prefix)
                asn = AS_SET if origin[0] == "{" else parse_asn(origin)
                seen_by = min(parse_number(peers), UNKNOWN - 1) if peers else UNKNOWN
            except ValueError:
                reading.reject(number, line)
                continue
            if length < SHORTEST[bits]:
                reading.left_out += 1
                continue
            if origin[0] == "{":
                self._sets[bits, start, length] = origin
            self._keys[bits].append(_key(bits, start, length, asn, seen_by))
            reading.entries += 1
            self._check(reading)

    def make(self) -> Made:
        """The table."""
        columns: dict[str, array[int] | bytes] = {}
        counts: Counter[str] = Counter()
        for bits, name in ((V4, "ipv4"), (V6, "ipv6")):
            keys = self._keys[bits]
            keys.sort()
            made = self._pack(bits, name, keys)
            columns |= made
            counts[name] = len(made[f"{name}.origins"])
            keys.clear()
        return Made(columns=columns, counts=counts)

    def _check(self, reading: Reading) -> None:
        if len(self._sets) > MOST_SETS:
            raise TableError(f"{reading.name}: more than {MOST_SETS:,} AS_SETs")
        if len(self._keys[V4]) + len(self._keys[V6]) > MOST_ROUTES:
            raise TableError(f"{reading.name}: more than {MOST_ROUTES:,} routes")

    def _pack(self, bits: int, name: str, keys: Iterable[bytes]) -> dict[str, "array[int] | bytes"]:
        nest, origins, peers, set_rows, sets = NestMaker(bits), array("I"), array("H"), array("I"), []
        for start, length, asn, seen_by in _merged(bits, keys):
            nest.add(start, length)
            if asn == AS_SET:
                set_rows.append(len(origins))
                sets.append(self._sets.get((bits, start, length), "{}"))
            origins.append(asn)
            peers.append(seen_by)
        columns: dict[str, array[int] | bytes] = {f"{name}.origins": origins, f"{name}.peers": peers}
        columns |= {f"{name}.set_rows": set_rows, **pack_texts(f"{name}.sets", sets)}
        return columns | nest.columns(name)


def _parse(line: str) -> tuple[str, str, str | None]:
    """Prefix, origin and peers of a line, as texts."""
    if found := ORIGIN_FIRST.match(line):
        origin, prefix, peers = found.groups()
        return prefix, origin, peers
    if found := PREFIX_FIRST.match(line):
        prefix, origin = found.groups()
        return prefix, origin, None
    raise ValueError(line)


def _find_date(reading: Reading, comment: str) -> None:
    """Take the time out of `This file was generated at Mon Mar  4 10:06:01 UTC 2019`."""
    if (found := GENERATED.search(comment)) and found[1] in MONTHS:
        day, hour, minute, second, year = (int(found[n]) for n in range(2, 7))
        try:
            reading.date = datetime(year, MONTHS.index(found[1]) + 1, day, hour, minute, second, tzinfo=UTC)
        except ValueError:
            return


def _key(bits: int, start: int, length: int, asn: int, peers: int) -> bytes:
    if bits == V4:
        return _KEYS[V4].pack(start, length, asn, peers)
    return _KEYS[V6].pack(start >> 64, start & ((1 << 64) - 1), length, asn, peers)


def _merged(bits: int, keys: Iterable[bytes]) -> Iterator[tuple[int, int, int, int]]:
    """Start, length, origin, peers; of the same route given twice the one that more peers see."""
    last: tuple[int, int, int, int] | None = None
    for key in keys:
        *starts, length, asn, peers = _KEYS[bits].unpack(key)
        route = (starts[0] if bits == V4 else starts[0] << 64 | starts[1], length, asn, peers)
        if last is not None and last[:3] != route[:3]:
            yield last
        last = route
    if last is not None:
        yield last


class Routes:
    """The routing table, opened."""

    def __init__(self, columns: Mapping[str, Column], stamp: TableStamp) -> None:
        self._families = {bits: _Family(columns, name, bits, stamp) for bits, name in ((V4, "ipv4"), (V6, "ipv6"))}

    def covering(self, network: Network) -> Iterator[RouteAnswer]:
        """Every route that covers a network, the most specific first."""
        return self._families[network.max_prefixlen].covering(int(network.network_address), network.prefixlen)

    def covering_address(self, address: Address) -> Iterator[RouteAnswer]:
        """Every route that covers an address, the most specific first."""
        return self._families[address.max_prefixlen].covering(int(address), address.max_prefixlen)


class _Family:
    def __init__(self, columns: Mapping[str, Column], name: str, bits: int, stamp: TableStamp) -> None:
        self._nest = Nest(columns, name, bits)
        self._origins, self._peers = columns[f"{name}.origins"], columns[f"{name}.peers"]
        self._set_rows, self._sets = columns[f"{name}.set_rows"], Texts(columns, f"{name}.sets")
        self._stamp = stamp

    def covering(self, start: int, length: int) -> Iterator[RouteAnswer]:
        nest = self._nest
        for number in nest.covering(start, length):
            prefix = network_of(nest.bits, nest.start(number), nest.length(number))
            yield RouteAnswer(prefix=prefix, origins=self._origins_of(nest.rows(number)), table=self._stamp)

    def _origins_of(self, rows: Sequence[int]) -> tuple[Origin, ...]:
        return tuple(self._origin(row) for row in rows)

    def _origin(self, row: int) -> Origin:
        asn, peers = self._origins[row], self._peers[row]
        seen_by = None if peers == UNKNOWN else peers
        if asn != AS_SET:
            return Origin(asn=asn, peers=seen_by)
        members = self._sets[bisect_left(self._set_rows, row)]
        return Origin(asn=None, members=tuple(int(asn) for asn in re.findall(r"\d+", members)), peers=seen_by)

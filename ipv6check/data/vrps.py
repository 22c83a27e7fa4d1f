"""RPKI: the Validated ROA Payloads that a validator wrote.

Read from the JSON of Routinator and rpki-client (`{"metadata": {...}, "roas": [{"asn", "prefix", "maxLength", "ta"}]}`, the asn
`AS1` or 1) and from their CSV (`ASN,IP Prefix,Max Length,Trust Anchor`). A time of expiry is passed over: it is the earliest
end in a chain that is renewed several times a day; the age of the table is what is watched.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import chain
from struct import Struct
from types import NoneType
from typing import Final

from ipv6check.addressing import Network
from ipv6check.data.answers import Vrp
from ipv6check.data.jsonstream import JsonError, members
from ipv6check.data.made import Made
from ipv6check.data.nest import Nest, NestMaker
from ipv6check.data.packed import Column, Texts, TextsMaker
from ipv6check.data.reading import Reading, TableError, parse_time, printable
from ipv6check.data.syntax import V4, V6, network_of, parse_asn, parse_number, parse_prefix

MOST_VRPS: Final = 5_000_000
MOST_ANCHORS: Final = 255
ANCHOR_LENGTH: Final = 40
HEADER: Final = "asn"
BLANK: Final = b"\xef\xbb\xbf \t\r\n"

_KEYS: Final = {V4: Struct(">IBBIB"), V6: Struct(">QQBBIB")}
"""A VRP as bytes that sort as the table does: start, length, maxLength, AS, trust anchor."""


class VrpsMaker:
    """Collects VRPs and makes the table of them."""

    def __init__(self) -> None:
        self._keys: dict[int, list[bytes]] = {V4: [], V6: []}
        self._anchors = TextsMaker(MOST_ANCHORS)

    def read(self, reading: Reading) -> None:
        """Take the VRPs of one source."""
        pieces = reading.pieces()
        head = next(pieces)
        read = self._read_json if head.lstrip(BLANK).startswith(b"{") else self._read_csv
        read(reading, chain([head], pieces))

    def make(self) -> Made:
        """The table."""
        columns: dict[str, array[int] | bytes] = self._anchors.columns("anchors")
        counts: Counter[str] = Counter()
        for bits, name in ((V4, "ipv4"), (V6, "ipv6")):
            keys = self._keys[bits]
            keys.sort()
            made = _pack(bits, name, keys)
            columns |= made
            counts[name] = len(made[f"{name}.asns"])
            keys.clear()
        return Made(columns=columns, counts=counts)

    def _read_json(self, reading: Reading, pieces: Iterable[bytes]) -> None:
        is_there = False
        number = 0
        try:
            for name, value in members(pieces):
                if name == "metadata":
                    reading.date = _built_at(value)
                elif name == "roas":
                    is_there = True
                    number += 1
                    self._take_object(reading, number, value)
        except JsonError as error:
            raise TableError(f"{reading.name}: broken JSON: {error}") from None
        for _ in pieces:
            pass
        if not is_there:
            raise TableError(f'{reading.name}: JSON without a list "roas" that holds anything')

    def _take_object(self, reading: Reading, number: int, value: object) -> None:
        if not isinstance(value, dict):
            reading.reject(number, str(value))
            return
        texts = [value.get(key) for key in ("asn", "prefix", "maxLength", "ta")]
        if any(isinstance(text, bool) or not isinstance(text, (str, int, NoneType)) for text in texts):
            reading.reject(number, str(value))
            return
        self._take(reading, number, *("" if text is None else str(text) for text in texts))

    def _read_csv(self, reading: Reading, pieces: Iterable[bytes]) -> None:
        for number, line in reading.lines(pieces=pieces):
            fields = [field.strip(' "') for field in line.split(",")]
            if number == 1 and fields[0].lower() == HEADER:
                continue
            asn, prefix, max_length, anchor = (*fields, "", "", "")[:4]
            self._take(reading, number, asn, prefix, max_length, anchor)

    def _take(self, reading: Reading, number: int, asn: str, prefix: str, max_length: str, anchor: str) -> None:
        try:
            bits, start, length = parse_prefix(prefix)
            longest = parse_number(max_length) if max_length else length
            if not length <= longest <= bits:
                raise ValueError("maxLength")
            source = self._anchors.number(printable(anchor, ANCHOR_LENGTH))
            numbers = (length, longest, parse_asn(asn), source)
        except ValueError:
            reading.reject(number, f"{asn},{prefix},{max_length}")
            return
        starts = (start,) if bits == V4 else (start >> 64, start & ((1 << 64) - 1))
        self._keys[bits].append(_KEYS[bits].pack(*starts, *numbers))
        reading.entries += 1
        if len(self._keys[V4]) + len(self._keys[V6]) > MOST_VRPS:
            raise TableError(f"{reading.name}: more than {MOST_VRPS:,} VRPs")


def _built_at(metadata: object) -> datetime | None:
    """When the validator made the file: `buildtime` of rpki-client, `generatedTime` or `generated` of Routinator."""
    if not isinstance(metadata, dict):
        return None
    for key in ("buildtime", "generatedTime"):
        if isinstance(text := metadata.get(key), str) and (time := parse_time(text)):
            return time
    seconds = metadata.get("generated")
    if isinstance(seconds, int) and 0 <= seconds < 1 << 32:
        return datetime.fromtimestamp(seconds, UTC)
    return None


def _pack(bits: int, name: str, keys: Iterable[bytes]) -> dict[str, "array[int] | bytes"]:
    """The columns of one family; a VRP that several trust anchors give is kept once."""
    nest, longest, asns, anchors = NestMaker(bits), array("B"), array("I"), array("B")
    last: tuple[int, ...] = ()
    for key in keys:
        *vrp, anchor = _KEYS[bits].unpack(key)
        if tuple(vrp) == last:
            continue
        last = tuple(vrp)
        *starts, length, max_length, asn = vrp
        nest.add(starts[0] if bits == V4 else starts[0] << 64 | starts[1], length)
        longest.append(max_length)
        asns.append(asn)
        anchors.append(anchor)
    return {f"{name}.longest": longest, f"{name}.asns": asns, f"{name}.anchors": anchors, **nest.columns(name)}


class Vrps:
    """The table of VRPs, opened."""

    def __init__(self, columns: Mapping[str, Column]) -> None:
        anchors = Texts(columns, "anchors")
        names = tuple(anchors[number] for number in range(len(anchors)))
        self._families = {bits: _Family(columns, name, bits, names) for bits, name in ((V4, "ipv4"), (V6, "ipv6"))}

    def covering(self, network: Network) -> Iterator[Vrp]:
        """Every VRP that covers a network (RFC 6811, section 2), the most specific first."""
        return self._families[network.max_prefixlen].covering(int(network.network_address), network.prefixlen)


class _Family:
    def __init__(self, columns: Mapping[str, Column], name: str, bits: int, anchors: tuple[str, ...]) -> None:
        self._nest = Nest(columns, name, bits)
        self._longest, self._asns, self._from = (columns[f"{name}.{key}"] for key in ("longest", "asns", "anchors"))
        self._anchors = anchors

    def covering(self, start: int, length: int) -> Iterator[Vrp]:
        nest = self._nest
        for number in nest.covering(start, length):
            prefix = network_of(nest.bits, nest.start(number), nest.length(number))
            for row in nest.rows(number):
                anchor = self._anchors[self._from[row]]
                yield Vrp(prefix=prefix, max_length=self._longest[row], asn=self._asns[row], trust_anchor=anchor)

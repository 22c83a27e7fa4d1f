"""Names for people: of AS numbers, and of the holders whom registries know by opaque ids.

AS names: lines of `asn,name,country`, or the `asn.txt` of the RIPE NCC (`7552 VIETEL-AS-AP Viettel Group, VN`).
Holders: lines of `registry,opaque id,name`, kept by the operator, since no registry publishes them as a file.
"""

import csv
import re
from array import array
from bisect import bisect_left
from collections.abc import Mapping
from typing import Final

from ipv6check.data.made import Made
from ipv6check.data.packed import Column, Texts, pack_texts
from ipv6check.data.reading import Reading, TableError, printable
from ipv6check.data.syntax import parse_asn

MOST_NAMES: Final = 1_000_000
NAME_LENGTH: Final = 200
OF_RIPE: Final = re.compile(r"(?:AS)?(\d+) (.+?)(?:, ?([A-Z]{2}))?")
NOWHERE: Final = ("", "ZZ")
HEADERS: Final = ("asn", "as", "registry")
HOLDER_FIELDS: Final = 3


class AsNamesMaker:
    """Collects names of AS numbers; of several the last one counts."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}

    def read(self, reading: Reading) -> None:
        """Take the names of one source."""
        for number, line in reading.lines():
            try:
                asn, name, country = _parse_name(line)
            except ValueError:
                if number > 1 or line.split(",")[0].strip(' "').lower() not in HEADERS:
                    reading.reject(number, line)
                continue
            self._names[asn] = f"{country}|{name}"
            reading.entries += 1
            _check(reading, len(self._names))

    def make(self) -> Made:
        """The table."""
        ordered = sorted(self._names)
        columns: dict[str, array[int] | bytes] = {"asns": array("I", ordered)}
        columns |= pack_texts("names", [self._names[asn] for asn in ordered])
        return Made(columns=columns, counts={"asn": len(ordered)})


class HoldersMaker:
    """Collects names of holders; of several the last one counts."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def read(self, reading: Reading) -> None:
        """Take the holders of one source."""
        for number, line in reading.lines():
            fields = [printable(field.strip(), NAME_LENGTH) for field in _fields(line)]
            if number == 1 and fields and fields[0].lower() in HEADERS:
                continue
            if len(fields) < HOLDER_FIELDS or not all(fields[:HOLDER_FIELDS]):
                reading.reject(number, line)
                continue
            self._names[_key(fields[0], fields[1])] = fields[2]
            reading.entries += 1
            _check(reading, len(self._names))

    def make(self) -> Made:
        """The table."""
        ordered = sorted(self._names)
        columns = pack_texts("keys", ordered) | pack_texts("names", [self._names[key] for key in ordered])
        return Made(columns=columns, counts={"holders": len(ordered)})


def _parse_name(line: str) -> tuple[int, str, str]:
    """AS number, name and country of a line. Raises ValueError."""
    if found := OF_RIPE.fullmatch(line):
        number, name, country = found[1], found[2], found[3] or ""
    else:
        number, name, country = (*_fields(line), "", "")[:3]
    asn, name, country = parse_asn(number.strip()), printable(name.strip(), NAME_LENGTH), country.strip()
    if not name or (country and not re.fullmatch("[A-Z]{2}", country)):
        raise ValueError(line)
    return asn, name, "" if country in NOWHERE else country


def _fields(line: str) -> list[str]:
    """The fields of a line of CSV; none when it is broken."""
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return []


def _check(reading: Reading, count: int) -> None:
    if count > MOST_NAMES:
        raise TableError(f"{reading.name}: more than {MOST_NAMES:,} names")


def _key(registry: str, holder: str) -> str:
    return f"{registry.lower()}|{holder}"


class AsNames:
    """The names of AS numbers, opened."""

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self._asns, self._names = columns["asns"], Texts(columns, "names")

    def name_of(self, asn: int) -> tuple[str, str] | None:
        """Name and country."""
        row = bisect_left(self._asns, asn)
        if row == len(self._asns) or self._asns[row] != asn:
            return None
        country, _, name = self._names[row].partition("|")
        return name, country


class Holders:
    """The names of holders, opened."""

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self._keys, self._names = Texts(columns, "keys"), Texts(columns, "names")

    def name_of(self, registry: str, holder: str) -> str:
        """The name behind an opaque id; empty when it is not known."""
        key = _key(registry, holder)
        row = bisect_left(range(len(self._keys)), key, key=self._keys.__getitem__)
        return self._names[row] if row < len(self._keys) and self._keys[row] == key else ""

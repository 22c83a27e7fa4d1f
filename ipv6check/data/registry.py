"""Registry: to whom regional registries gave addresses and AS numbers, and under which country.

Read from delegated-extended statistics (`apnic|VN|ipv6|2001:dc8::|32|20040722|allocated|<opaque id>`), of one registry or
several; the plain delegated statistics serve too, without the opaque id. Format: apnic.net, "RIR statistics exchange format".
"""

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from ipv6check.addressing import Address
from ipv6check.data.made import Made
from ipv6check.data.nest import Nest, NestMaker
from ipv6check.data.packed import Column, Texts, TextsMaker
from ipv6check.data.reading import Reading, TableError, printable
from ipv6check.data.syntax import V4, V6, checked, parse_number, split_range

FAMILIES: Final = {"ipv4": V4, "ipv6": V6, "asn": 32}
GIVEN: Final = ("allocated", "assigned")
"""Records of what somebody holds. The others (`available`, `reserved`) come and go and are not counted."""

MOST_RECORDS: Final = 3_000_000
HOLDER_LENGTH: Final = 64
FIELDS: Final = 7
REGISTRIES: Final = ("afrinic", "apnic", "arin", "iana", "lacnic", "ripencc")
STATUS: Final = re.compile(r"[a-z]{2,16}")
COUNTRY: Final = re.compile(r"[A-Z]{2}")
NOWHERE: Final = "ZZ"
DAY: Final = re.compile(r"(\d{4})(\d\d)(\d\d)", re.ASCII)
OFFSET: Final = re.compile(r"([+-])(\d\d)(\d\d)", re.ASCII)
END_OF_DAY: Final = timedelta(hours=23, minutes=59, seconds=59)

Row = tuple[int, int, bool, int, int, int, int, int]
"""Start and length of a prefix, not given, minus the day, number of the words, of the holder, first and last of the record."""


@dataclass(frozen=True, slots=True)
class Record:
    """One line: what is said of the numbers from `first` to `last`. `holder` is the registry's opaque id."""

    kind: str
    first: int
    last: int
    registry: str
    country: str
    status: str
    date: date | None
    holder: str


class RegistryMaker:
    """Collects records and makes the table of them."""

    def __init__(self) -> None:
        self._rows: dict[str, list[Row]] = {name: [] for name in FAMILIES}
        self._words = TextsMaker(MOST_RECORDS)
        self._holders = TextsMaker(MOST_RECORDS)
        self._counts: Counter[str] = Counter()

    def read(self, reading: Reading) -> None:
        """Take the records of one source."""
        for number, line in reading.lines():
            fields = line.split("|")
            if fields[0][:1].isdigit():
                reading.date, reading.announced = _date_of(fields), _announced(fields)
            elif fields[-1] != "summary":
                try:
                    self._take(_parse(fields))
                except ValueError:
                    reading.reject(number, line)
                    continue
                reading.entries += 1
                if sum(map(len, self._rows.values())) > MOST_RECORDS:
                    raise TableError(f"{reading.name}: more than {MOST_RECORDS:,} records")

    def make(self) -> Made:
        """The table. Where several records name the same numbers, those that somebody holds stand first, then the newest."""
        columns: dict[str, array[int] | bytes] = self._words.columns("words") | self._holders.columns("holders")
        for name, bits in FAMILIES.items():
            rows = self._rows[name]
            rows.sort()
            columns |= _pack(bits, name, rows)
            rows.clear()
        return Made(columns=columns, counts=self._counts)

    def _take(self, record: Record) -> None:
        bits, day = FAMILIES[record.kind], record.date
        words = self._words.number(f"{record.registry}|{record.country}|{record.status}")
        holder = self._holders.number(record.holder)
        newest_first = -(day.year * 10_000 + day.month * 100 + day.day) if day else 0
        is_given = record.status in GIVEN
        for start, length in split_range(record.first, record.last - record.first + 1, bits):
            row = (start, length, not is_given, newest_first, words, holder, record.first, record.last)
            self._rows[record.kind].append(row)
        if is_given:
            self._counts[f"{record.registry} {record.kind}"] += 1


def _parse(fields: list[str]) -> Record:
    """Read the fields of a record. Raises ValueError."""
    if len(fields) < FIELDS:
        raise ValueError("too few fields")
    registry, country, kind, start, value, day, status, *more = fields
    if registry not in REGISTRIES or kind not in FAMILIES or not STATUS.fullmatch(status):
        raise ValueError("an unknown word")
    first, last = _range(kind, start, value)
    country = country if COUNTRY.fullmatch(country) and country != NOWHERE else ""
    holder = printable(more[0] if more else "", HOLDER_LENGTH)
    return Record(kind, first, last, registry, country, status, _day(day), holder)


def _range(kind: str, start: str, value: str) -> tuple[int, int]:
    """First and last number: the value of IPv6 is a prefix length, that of the others a count."""
    number = parse_number(value)
    if kind == "ipv6":
        _, first, length = checked(V6, int(IPv6Address(start)), number)
        return first, first | ((1 << (V6 - length)) - 1)
    first = int(IPv4Address(start)) if kind == "ipv4" else parse_number(start)
    if not number or first + number > 1 << FAMILIES[kind]:
        raise ValueError("a range that does not fit")
    return first, first + number - 1


def _day(text: str) -> date | None:
    """Read YYYYMMDD; None when it is empty, all zeros or no day."""
    try:
        return date(*map(int, found.groups())) if (found := DAY.fullmatch(text)) else None
    except ValueError:
        return None


def _date_of(fields: list[str]) -> datetime | None:
    """The end of the period in the version line: the last second of a day where the registry is, in UTC."""
    day = _day(fields[5]) if len(fields) > FIELDS - 2 else None
    if day is None:
        return None
    found = OFFSET.fullmatch(fields[6]) if len(fields) >= FIELDS else None
    offset = timedelta(hours=int(found[2]), minutes=int(found[3])) if found else timedelta()
    if offset >= timedelta(days=1) or not 1900 < day.year < 9999:
        return None
    zone = timezone(-offset if found and found[1] == "-" else offset)
    return (datetime(day.year, day.month, day.day, tzinfo=zone) + END_OF_DAY).astimezone(UTC)


def _announced(fields: list[str]) -> int | None:
    """How many records the version line says there are."""
    try:
        return parse_number(fields[3])
    except (IndexError, ValueError):
        return None


def _pack(bits: int, name: str, rows: Iterable[Row]) -> dict[str, "array[int] | bytes"]:
    """Columns of one kind. IPv6 needs none for its ranges: they are the prefixes."""
    nest = NestMaker(bits)
    columns = {key: array("I") for key in ("words", "holders", "days", "firsts", "lasts")}
    for start, length, _, day, words, holder, first, last in rows:
        nest.add(start, length)
        columns["words"].append(words)
        columns["holders"].append(holder)
        columns["days"].append(-day)
        if bits != V6:
            columns["firsts"].append(first)
            columns["lasts"].append(last)
    return {f"{name}.{key}": column for key, column in columns.items()} | nest.columns(name)


class Registry:
    """The registry table, opened."""

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self._families = {name: _Family(columns, name, bits) for name, bits in FAMILIES.items()}

    def of_address(self, address: Address) -> Record | None:
        """The narrowest record that holds an address."""
        return self._families[f"ipv{address.version}"].find(int(address))

    def of_as(self, asn: int) -> Record | None:
        """The narrowest record that holds an AS number."""
        return self._families["asn"].find(asn)


class _Family:
    def __init__(self, columns: Mapping[str, Column], name: str, bits: int) -> None:
        self._name = name
        self._nest = Nest(columns, name, bits)
        self._columns = [columns[f"{name}.{key}"] for key in ("words", "holders", "days", "firsts", "lasts")]
        self._words, self._holders = Texts(columns, "words"), Texts(columns, "holders")

    def find(self, number: int) -> Record | None:
        nest = self._nest
        entry = next(nest.covering(number, nest.bits), None)
        if entry is None:
            return None
        words, holders, days, firsts, lasts = self._columns
        row = nest.rows(entry)[0]
        if nest.bits == V6:
            first = nest.start(entry)
            last = first | ((1 << (V6 - nest.length(entry))) - 1)
        else:
            first, last = firsts[row], lasts[row]
        registry, country, status = self._words[words[row]].split("|")
        day = _day(f"{days[row]:08}")
        return Record(self._name, first, last, registry, country, status, day, self._holders[holders[row]])

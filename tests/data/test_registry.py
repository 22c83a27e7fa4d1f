"""The registry table: statistics of the regional registries, and names for people."""

from datetime import UTC, date, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest

from ipv6check.data import AsName, AsRegistration, Registration
from tests.data.making import NOW, put, read, tables

APNIC = """#
# a comment
2.3|apnic|20261121|9|19830613|20261120|+1000
apnic|*|asn|*|2|summary
apnic|*|ipv4|*|4|summary
apnic|VN|ipv4|203.119.8.0|1024|20030909|allocated|A91ABCDE
apnic|VN|ipv4|203.113.128.0|768|20020809|allocated|A91ABCDE
apnic||ipv4|203.200.0.0|256||available|
apnic|ZZ|ipv4|203.201.0.0|256|00000000|reserved|
apnic|VN|ipv6|2001:dc8::|32|20040722|allocated|A91ABCDE
apnic|VN|ipv6|2001:dc8:8000::|33|20100722|reserved|
apnic|VN|asn|45896|1|20090325|allocated|A91FFFFF
apnic|VN|asn|131072|3|20090325|allocated|A91FFFFF
"""
RIPE = """2|ripencc|1795200000|2|19830705|20261119|+0100
ripencc|EU|ipv4|193.0.0.0|2048|19930901|assigned|1c5e6b1a-0000-4000-8000-000000000001
ripencc|NL|ipv4|203.119.8.0|1024|19930901|available|x
"""


def test_statistics_of_two_registries(tmp_path: Path) -> None:
    made = put(tmp_path, "registry", APNIC, RIPE)
    assert made.manifest.date == datetime(2026, 11, 19, 22, 59, 59, tzinfo=UTC)
    assert made.manifest.sources[0].date == datetime(2026, 11, 20, 13, 59, 59, tzinfo=UTC)
    assert made.manifest.counts == {"apnic ipv4": 2, "apnic ipv6": 1, "apnic asn": 2, "ripencc ipv4": 1}
    opened = tables(tmp_path, {"holders": "registry,opaque id,name\napnic,A91ABCDE,VNNIC\n"})
    found = opened.registration_of(ip_address("203.119.9.1"))
    assert found == Registration(
        first=ip_address("203.119.8.0"),
        last=ip_address("203.119.11.255"),
        registry="apnic",
        country="VN",
        status="allocated",
        date=date(2003, 9, 9),
        holder="A91ABCDE",
        holder_name="VNNIC",
        table=found.table,  # type: ignore[union-attr]
    )
    assert found.table.date == made.manifest.date  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("203.113.128.0", ("203.113.128.0", "203.113.130.255", "VN", "allocated")),
        ("203.113.130.255", ("203.113.128.0", "203.113.130.255", "VN", "allocated")),
        ("203.113.131.0", None),
        ("203.200.0.7", ("203.200.0.0", "203.200.0.255", "", "available")),
        ("203.201.0.7", ("203.201.0.0", "203.201.0.255", "", "reserved")),
        ("2001:dc8::1", ("2001:dc8::", "2001:dc8:ffff:ffff:ffff:ffff:ffff:ffff", "VN", "allocated")),
        ("2001:dc8:8000::1", ("2001:dc8:8000::", "2001:dc8:ffff:ffff:ffff:ffff:ffff:ffff", "VN", "reserved")),
        ("2001:dc9::1", None),
        ("193.0.7.255", ("193.0.0.0", "193.0.7.255", "EU", "assigned")),
    ],
)
def test_an_address_has_the_narrowest_record(tmp_path: Path, address: str, expected: tuple[str, str, str, str] | None) -> None:
    found = tables(tmp_path, {"registry": [APNIC, RIPE]}).registration_of(ip_address(address))
    assert isinstance(found, Registration | None)
    assert (found and (str(found.first), str(found.last), found.country, found.status)) == expected


def test_as_numbers_come_in_ranges(tmp_path: Path) -> None:
    opened = tables(tmp_path, {"registry": [APNIC]})
    found = opened.registration_of_as(131074)
    assert isinstance(found, AsRegistration)
    assert (found.asn, found.country, found.holder, found.date) == (131074, "VN", "A91FFFFF", date(2009, 3, 25))
    assert opened.registration_of_as(131075) is None
    assert opened.registration_of_as(0) is None


BOGUS = [
    "apnic|VN|ipv4|2001:dc8::|32|20040722|allocated|x",
    "apnic|VN|ipv6|203.119.8.0|32|20040722|allocated|x",
    "apnic|VN|ipv4|203.119.8.0|-1|20040722|allocated",
    "apnic|VN|ipv4|203.119.8.0|0|20040722|allocated",
    "apnic|VN|ipv4|255.255.255.0|512|20040722|allocated",
    "apnic|VN|ipv4|203.119.8.0|99999999999|20040722|allocated",
    "apnic|VN|ipv6|2001:dc8::1|32|20040722|allocated",
    "apnic|VN|ipv6|2001:dc8::|129|20040722|allocated",
    "apnic|VN|asn|-1|1|20040722|allocated",
    "apnic|VN|asn|4294967295|2|20040722|allocated",
    "apnic|VN|ipx|1|1|20040722|allocated",
    "evil|VN|ipv4|203.119.8.0|256|20040722|allocated",
    "apnic|VN|ipv4|203.119.8.0|256|20040722|\x1b[31m",
    "apnic|VN|ipv4|203.119.8.0|256",
    "\x00\x00",
]


@pytest.mark.parametrize("line", BOGUS)
def test_a_bogus_record_is_counted(line: str) -> None:
    reading = read("registry", f"{line}\napnic|VN|ipv4|203.119.8.0|256|20040722|allocated|x\n")
    assert (reading.entries, reading.bogus) == (1, 1)


@pytest.mark.parametrize("day", ["", "00000000", "20041399", "2004", "two|days"])
def test_a_day_that_is_none_loses_no_record(tmp_path: Path, day: str) -> None:
    opened = tables(tmp_path, {"registry": f"apnic|Viet|ipv4|203.119.8.0|256|{day.partition('|')[0]}|allocated|a|b\n"})
    found = opened.registration_of(ip_address("203.119.8.1"))
    assert isinstance(found, Registration)
    assert (found.date, found.country, found.holder) == (None, "", "a")


@pytest.mark.parametrize(
    ("line", "time"),
    [
        ("2|apnic|1|1|19830613|20261120|+1000", datetime(2026, 11, 20, 13, 59, 59, tzinfo=UTC)),
        ("2|lacnic|1|1|19830613|20261120|-0300", datetime(2026, 11, 21, 2, 59, 59, tzinfo=UTC)),
        ("2|afrinic|1|1|19830613|20261120|00000", datetime(2026, 11, 20, 23, 59, 59, tzinfo=UTC)),
        ("2|arin|1|1|19830613|20261120", datetime(2026, 11, 20, 23, 59, 59, tzinfo=UTC)),
        ("2|arin|1|1|19830613|20261120|+9900", None),
        ("2|arin|1|1||00000000|+0000", None),
        ("2|arin|1|1||99991231|+0000", None),
        ("2", None),
    ],
)
def test_the_date_is_the_end_of_the_period(line: str, time: datetime | None) -> None:
    assert read("registry", f"{line}\napnic|VN|ipv4|203.119.8.0|256|20040722|allocated|x\n").date == time


NAMES = (
    'asn,name,country\n0 -Reserved AS-, ZZ\n7552 VIETEL-AS-AP Viettel Group, Ltd, VN\nAS45896,VNNIC,VN\n"131072","A, b"\n1 X\n'
)


def test_names_of_as_numbers(tmp_path: Path) -> None:
    opened = tables(tmp_path, {"names": NAMES})
    found = {asn: opened.as_name(asn) for asn in (0, 1, 2, 7552, 45896, 131072, 4294967295)}
    assert {asn: (n.name, n.country) for asn, n in found.items() if isinstance(n, AsName)} == {
        0: ("-Reserved AS-", ""),
        1: ("X", ""),
        7552: ("VIETEL-AS-AP Viettel Group, Ltd", "VN"),
        45896: ("VNNIC", "VN"),
        131072: ("A, b", ""),
    }
    assert (found[2], found[4294967295]) == (None, None)
    assert found[1].table.date == NOW  # type: ignore[union-attr]


@pytest.mark.parametrize("line", ["x,y,VN", "1", "1,", "1,name,Vietnam", "1,na\rme", "99999999999 X, VN", "\x00,\x00"])
def test_a_bogus_name_is_counted(line: str) -> None:
    reading = read("names", f"1 X, VN\n{line}\n")
    assert (reading.entries, reading.bogus) == (1, 1)


def test_names_are_harmless_on_a_terminal(tmp_path: Path) -> None:
    found = tables(tmp_path, {"names": "1 \x1b[31mred\u202e, VN\n"}).as_name(1)
    assert isinstance(found, AsName)
    assert found.name == "?[31mred?"


def test_a_bogus_holder_is_counted_and_an_unknown_one_has_no_name(tmp_path: Path) -> None:
    reading = read("holders", 'registry,id,name\napnic,A1,"One, Ltd"\napnic,A2\n,,\n')
    assert (reading.entries, reading.bogus) == (1, 2)
    opened = tables(tmp_path, {"registry": APNIC, "holders": "apnic,A91ABCDF,other\napnic,A0,first\n"})
    found = opened.registration_of(ip_address("203.119.8.1"))
    assert isinstance(found, Registration)
    assert found.holder_name == ""

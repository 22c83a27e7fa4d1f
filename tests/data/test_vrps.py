"""VRPs: the JSON and CSV of validators, good and bad."""

import gzip
import json
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

import pytest

from ipv6check.data import RouteValidation, TableError
from ipv6check.data.jsonstream import JsonError, members
from tests.data.making import put, read, tables

ROUTINATOR = """{
  "metadata": {"generated": 1795258800, "generatedTime": "2026-11-21T11:00:00Z"},
  "roas": [
    { "asn": "AS45896", "prefix": "2001:dc8::/32", "maxLength": 48, "ta": "apnic" },
    { "asn": "AS0", "prefix": "203.0.113.0/24", "maxLength": 32, "source": [{"type": "roa", "uri": null}] }
  ],
  "routerKeys": [{"asn": "AS1", "SKI": "00"}],
  "aspas": []
}"""
RPKI_CLIENT = """{
\t"metadata": {"buildmachine": "m", "buildtime": "2026-11-21T11:00:00Z", "roas": 2, "vrps": 2},
\t"roas": [
\t\t{ "asn": 45896, "prefix": "2001:dc8::/32", "maxLength": 48, "ta": "apnic", "expires": 1795300000 },
\t\t{ "asn": 0, "prefix": "203.0.113.0/24", "maxLength": 32, "ta": "apnic", "expires": 1795300000 }
\t],
\t"bgpsec_keys": []
}"""
CSV = (
    "ASN,IP Prefix,Max Length,Trust Anchor,Expires\nAS45896,2001:dc8::/32,48,apnic,1795300000\nAS0,203.0.113.0/24,32,apnic,1\n"
)
CSV_COMPAT = (
    '"ASN","IP Prefix","Max Length","Trust Anchor"\n"45896","2001:dc8::/32","48","apnic"\n"0","203.0.113.0/24","32","apnic"\n'
)


@pytest.mark.parametrize("text", [ROUTINATOR, RPKI_CLIENT, CSV, CSV_COMPAT])
@pytest.mark.parametrize("is_packed", [False, True])
def test_what_validators_write(tmp_path: Path, text: str, is_packed: bool) -> None:
    opened = tables(tmp_path, {"vrps": gzip.compress(text.encode()) if is_packed else text})
    found = opened.validate(ip_network("2001:dc8:1::/48"), 45896)
    assert isinstance(found, RouteValidation)
    assert [(str(v.prefix), v.max_length, v.asn, v.trust_anchor) for v in found.covering] == [
        ("2001:dc8::/32", 48, 45896, "apnic")
    ]
    zero = opened.validate(ip_network("203.0.113.0/24"), 0)
    assert isinstance(zero, RouteValidation)
    assert (zero.state, zero.invalid_by) == ("Invalid", "as")
    if text.startswith("{"):
        assert found.table.date == datetime(2026, 11, 21, 11, tzinfo=UTC)


def vrp(**more: object) -> dict[str, object]:
    return {"asn": "AS1", "prefix": "192.0.2.0/24", "maxLength": 24, "ta": "x"} | more


GOOD = [
    vrp(),
    vrp(maxLength=None),
    {"asn": 1, "prefix": "192.0.2.0/24"},
    vrp(maxLength="24"),
    vrp(ta="\x1b[31m"),
]


@pytest.mark.parametrize("item", GOOD)
def test_a_vrp_in_any_flavour(tmp_path: Path, item: dict[str, object]) -> None:
    opened = tables(tmp_path, {"vrps": json.dumps({"roas": [item]})})
    found = opened.validate(ip_network("192.0.2.0/24"), 1)
    assert isinstance(found, RouteValidation)
    (seen,) = found.covering
    assert (seen.max_length, seen.asn, found.state) == (24, 1, "Valid")
    assert seen.trust_anchor.isprintable()


BOGUS = [
    vrp(asn="1.2"),
    vrp(asn=-1),
    vrp(asn=1.5),
    vrp(asn=True),
    vrp(asn=None),
    vrp(asn=1 << 32),
    vrp(asn="AS"),
    vrp(prefix="192.0.2.1/24"),
    vrp(prefix="192.0.2.0"),
    vrp(prefix=7),
    vrp(prefix=["192.0.2.0/24"]),
    vrp(prefix={}),
    vrp(maxLength=23),
    vrp(maxLength=33),
    vrp(maxLength=-1),
    vrp(maxLength=24.0),
    vrp(maxLength=True),
    vrp(maxLength=[]),
    vrp(ta=[]),
    {},
    [],
    None,
    5,
    "AS1",
]


@pytest.mark.parametrize("item", BOGUS)
def test_a_bogus_vrp_is_counted(item: object) -> None:
    reading = read("vrps", json.dumps({"roas": [vrp(), item, vrp()]}))
    assert (reading.entries, reading.bogus) == (2, 1)


@pytest.mark.parametrize(
    "line",
    ["AS1,192.0.2.0/24,23", "AS1,192.0.2.1/24,24", "AS1", "x,y,z", "-1,192.0.2.0/24,24", ",,,", "AS1,192.0.2.0/24,2\x004"],
)
def test_a_bogus_line_is_counted(line: str) -> None:
    reading = read("vrps", f"ASN,IP Prefix,Max Length,Trust Anchor\n{line}\nAS1,192.0.2.0/24,24,x\n")
    assert (reading.entries, reading.bogus) == (1, 1)


def test_no_more_trust_anchors_than_there_is_room_for() -> None:
    reading = read("vrps", "".join(f"AS1,192.0.2.0/24,24,anchor-{n}\n" for n in range(300)))
    assert (reading.entries, reading.bogus) == (255, 45)


BROKEN = {
    "cut off": ROUTINATOR[:200],
    "cut off in the list": '{"roas": [{"asn": 1, "prefix": "192.0.2.0/24"}',
    "no list": '{"metadata": {}}',
    "an empty list": '{"roas": []}',
    "a list that is none": '{"roas": 7}',
    "another shape": '{"roas": {"asn": 1}}',
    "only a brace": "{",
    "no colon": '{"roas" []}',
    "a number as name": "{7: []}",
    "no comma": '{"roas": [1 2]}',
    "closed wrongly": '{"roas": [1}',
    "deep": '{"roas": [' + "[" * 100_000,
    "deep and closed": '{"roas": [' + "[" * 100_000 + "]" * 100_000 + "]}",
    "a huge number": '{"roas": [' + "9" * 10_000 + "]}",
    "a long text": '{"metadata": "' + "x" * 2_000_000,
    "nothing": "",
    "spaces": " \n \n",
    "NUL": "\x00\x00\x00",
    "html": "<!doctype html><title>404</title>",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
def test_broken_json_is_refused_in_words(tmp_path: Path, text: str) -> None:
    with pytest.raises(TableError, match=r"^vrps-0: .") as caught:
        put(tmp_path, "vrps", text.encode())
    assert len(str(caught.value)) < 300
    assert not list(tmp_path.iterdir())


def test_a_stream_gives_what_the_json_module_gives() -> None:
    text = '\ufeff {"a": 1 , "b":[1, "x,]}", {"c": [[]]} ,null], "d": {} , "e":[ ], "f": -1.5e3, "g": "\\u00e9é" } tail'
    for step in (1, 2, 3, 1000):
        raw = text.encode()
        found: list[object] = list(members(raw[at : at + step] for at in range(0, len(raw), step)))
        assert found == [
            ("a", 1),
            ("b", 1),
            ("b", "x,]}"),
            ("b", {"c": [[]]}),
            ("b", None),
            ("d", {}),
            ("f", -1500.0),
            ("g", "éé"),
        ]
    assert list(members([b"{}"])) == []
    with pytest.raises(JsonError):
        list(members([b"[]"]))


@pytest.mark.parametrize(
    ("metadata", "date"),
    [
        ({"generated": 1795258800}, datetime(2026, 11, 21, 11, tzinfo=UTC)),
        ({"generated": -1, "buildtime": "soon"}, None),
        ({"generated": 10**30}, None),
        ({"buildtime": "2026-11-21T18:00:00+07:00"}, datetime(2026, 11, 21, 11, tzinfo=UTC)),
        ({"buildtime": 5, "generatedTime": "2026-11-21T11:00:00"}, datetime(2026, 11, 21, 11, tzinfo=UTC)),
        ([], None),
        (7, None),
    ],
)
def test_the_date_is_that_of_the_validator(metadata: object, date: datetime | None) -> None:
    assert read("vrps", json.dumps({"metadata": metadata, "roas": [vrp()]})).date == date

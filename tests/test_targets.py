"""Target lists: what is taken, what is refused and why, and that no input does harm."""

import csv
import io
import random
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import idna
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ipv6check.model import KINDS, SERVICES, Target
from ipv6check.net.guard import OptOut
from ipv6check.rules.naming import is_confusable, is_mixed
from ipv6check.targets import Targets, is_current, normal_form, read, read_all, read_names
from ipv6check.targets.names import UnfitError
from ipv6check.targets.rows import COLUMNS

LISTS = Path(__file__).parents[1] / "targets"
HEADER = "domain,agency"


def listed(*rows: str, header: str = HEADER) -> Targets:
    return read(io.StringIO("\n".join((header, *rows))), "list.csv")


def said(found: Targets) -> list[str]:
    return [str(mistake) for mistake in found.mistakes]


def domains(found: Targets) -> list[str]:
    return [target.domain for target in found.targets]


def only(found: Targets) -> Target:
    assert found.mistakes == ()
    (target,) = found.targets
    return target


GOOD_NAMES = {
    "hanoi.gov.vn": "hanoi.gov.vn",
    "  hanoi.gov.vn\t": "hanoi.gov.vn",
    "\u00a0hanoi.gov.vn\u00a0": "hanoi.gov.vn",
    "SoTaiChinh.Hanoi.GOV.VN": "sotaichinh.hanoi.gov.vn",
    "hanoi.gov.vn.": "hanoi.gov.vn",
    "hànội.vn": "xn--hni-9ka0849a.vn",
    "ha\u0300no\u0302\u0323i.vn": "xn--hni-9ka0849a.vn",
    "HÀNỘI.vn": "xn--hni-9ka0849a.vn",
    "XN--HNI-9KA0849A.vn": "xn--hni-9ka0849a.vn",
    "ｈａｎｏｉ．ｇｏｖ．ｖｎ": "hanoi.gov.vn",
    "hanoi。gov。vn": "hanoi.gov.vn",
    "đường-sắt.vn": "xn--ng-st-4ya72i295myla.vn",
    "a-b.vn": "a-b.vn",
    "a--b.vn": "a--b.vn",
    "1.hanoi.gov.vn": "1.hanoi.gov.vn",
    "2026.vn": "2026.vn",
    "a" * 63 + ".vn": "a" * 63 + ".vn",
    "con.gov.vn": "con.gov.vn",
    ".".join(["a" * 49] * 5) + ".vn": ".".join(["a" * 49] * 5) + ".vn",
}


@pytest.mark.parametrize(("written", "domain"), GOOD_NAMES.items(), ids=ascii)
def test_a_domain_has_one_normal_form(written: str, domain: str) -> None:
    assert normal_form(written) == domain
    assert normal_form(domain) == domain


BAD_NAMES = {
    "": "is empty",
    "10.0.0.1": "is an address",
    "192.168.1.1:8080": "is an address",
    "127.1": "is an address",
    "0x7f.1": "is an address",
    "2130706433": "is an address",
    "0x7f000001": "is an address",
    "1.2.3.4.": "is an address",
    "１２７.0.0.１": "is an address",
    "::1": "is an address",
    "2001:db8::1": "is an address",
    "[2001:db8::1]:443": "is an address",
    "fe80::1%eth0": "is an address",
    "*.hanoi.gov.vn": "'hanoi.gov.vn'",
    "www.*.gov.vn": "is a wildcard",
    "localhost": "is not a public name",
    "LOCALHOST.": "is not a public name",
    "db.localhost": "is not a public name",
    "printer.local": "is not a public name",
    "metadata.google.internal": "is not a public name",
    "vn": "single label",
    "hanoi": "write the whole name",
    "gov.vn": "the registry's",
    "EDU.VN.": "the registry's",
    "hanoi..gov.vn": "perhaps 'hanoi.gov.vn'",
    ".hanoi.gov.vn": "perhaps 'hanoi.gov.vn'",
    "hanoi.gov.vn..": "empty label",
    ".": "empty label",
    "-hanoi.gov.vn": "inner hyphens",
    "hanoi-.gov.vn": "inner hyphens",
    "so_yte.hanoi.gov.vn": "inner hyphens",
    "ha!noi.gov.vn": "inner hyphens",
    "a" * 64 + ".vn": "longer than 63 octets",
    ".".join(["a" * 49] * 5) + ".gov.vn": "longer than 253 octets",
    "à" * 62 + ".vn": "invalid label",
    "so y te.hanoi.gov.vn": "perhaps 'soyte.hanoi.gov.vn'",
    "hanoi.gov.vn sotaichinh.hanoi.gov.vn": "holds a space",
    "so\u3000yte.vn": "holds a space",
    "hanoi.gov.vn;soyte.hanoi.gov.vn": "several names",
    "congdan@hanoi.gov.vn": "list the domain alone, 'hanoi.gov.vn', with service mail",
    "hanoi.gov.vn:8080": "list the name alone, 'hanoi.gov.vn'",
    "mailto:congdan@hanoi.gov.vn": "holds an “@”",
    "javascript:alert(1)": "has a port",
    "ha\u200bnoi.gov.vn": "invisible character U+200B",
    "ha\u200dnoi.gov.vn": "invisible character U+200D",
    "ha\u00adnoi.gov.vn": "invisible character U+00AD",
    "\u202enoi.gov.vn": "invisible character U+202E",
    "ha\ufe0fnoi.gov.vn": "invisible character U+FE0F",
    "ha♥noi.vn": "invalid label",
    "💩.vn": "invalid label",
    "xn--hni-fsa.vn": "invalid label",
    "xn--.vn": "invalid label",
    "xn--99999999.vn": "invalid label",
    "xn--hanoi-.vn": "label",
    "a\u0301\u0301" * 90 + ".vn": "longer than 253",
    "' OR 1=1 --": "holds a space",
    "'; DROP TABLE target; --": "holds a space",
    "CON": "single label",
    "=cmd|'/c calc'!A1": "holds a space",
    "<script>alert(1)</script>.vn": "inner hyphens",
    "\\\\server\\share.vn": "inner hyphens",
    "#hanoi.gov.vn": "inner hyphens",
}


@pytest.mark.parametrize(("written", "reason"), BAD_NAMES.items(), ids=ascii)
def test_what_is_no_name_is_refused_with_a_reason(written: str, reason: str) -> None:
    with pytest.raises(UnfitError) as refused:
        normal_form(written)
    assert reason in str(refused.value)
    assert str(refused.value).isprintable()


URLS = {
    "https://soyte.hanoi.gov.vn/path?a=b#c": "soyte.hanoi.gov.vn",
    "HTTP://SoYTe.Hanoi.gov.vn": "soyte.hanoi.gov.vn",
    "//soyte.hanoi.gov.vn/": "soyte.hanoi.gov.vn",
    "soyte.hanoi.gov.vn/trang-chu": "soyte.hanoi.gov.vn",
    "https://soyte.hanoi.gov.vn./": "soyte.hanoi.gov.vn",
    "soyte.hanoi.gov.vn?x": "soyte.hanoi.gov.vn",
    "https://soyte.hanoi.gov.vn?x": "soyte.hanoi.gov.vn",
    "ftp://soyte.hanoi.gov.vn/tệp tin": "soyte.hanoi.gov.vn",
}


@pytest.mark.parametrize(("url", "host"), URLS.items())
def test_a_url_is_its_host_with_a_warning(url: str, host: str) -> None:
    found = listed(f'"{url}",Sở Y tế')
    assert domains(found) == [host]
    (warning,) = found.mistakes
    assert not warning.is_error
    assert str(warning).startswith("list.csv:2: warning: ")
    assert "is a URL" in str(warning)


@pytest.mark.parametrize(
    "url",
    [
        "https://soyte.hanoi.gov.vn:8443/",
        "https://user:secret@soyte.hanoi.gov.vn/",
        "https:///path",
        "https://[::1]/",
        "http://127.0.0.1/",
        "10.0.0.0/8",
        "2001:db8::/32",
        "../../etc/passwd",
        "file:///etc/passwd",
        "http:/soyte.hanoi.gov.vn",
    ],
)
def test_a_url_without_a_usable_host_is_refused(url: str) -> None:
    found = listed(f"{url},Sở Y tế", "soyte.hanoi.gov.vn,Sở Y tế")
    assert domains(found) == ["soyte.hanoi.gov.vn"]
    assert [(mistake.line, mistake.is_error) for mistake in found.mistakes] == [(2, True)]


IMITATIONS = [
    "hаnoi.gov.vn",  # Cyrillic а
    "hanоi.gov.vn",  # Cyrillic о
    "hanοi.gov.vn",  # Greek ο
    "hanoı.gov.vn",  # dotless i
    "hɑnoi.gov.vn",  # Latin alpha
    "ｈanoі.gov.vn",  # Cyrillic і
    "ѕоуте.vn",  # all Cyrillic
    "сор.vn",
    "ρορ.vn",
    "hanöi.vn",
    "hａnʘi.vn",
    "hanoi.gоv.vn",
    "münchen.de",
    "ベトナム.vn",
    "越南.vn",
    "хaной.vn",
    "hạnoị.gоv.vn",
    "xn--80ak6aa92e.vn",
]


@pytest.mark.parametrize("name", IMITATIONS, ids=ascii)
def test_a_name_that_may_imitate_waits_for_people(name: str) -> None:
    found = listed(f"{name},A")
    assert found.targets == ()
    (mistake,) = found.mistakes
    assert mistake.is_error
    assert "for people to look at" in mistake.message
    accepted = only(listed(f"{name},A,seen; Accepted ;accepted", header=HEADER + ",tags"))
    assert accepted.domain == normal_form(name)
    assert accepted.tags == ("seen", "Accepted", "accepted")


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=12))
@example("hаnoi")
@example("сор")
def test_what_name_01_warns_of_is_never_let_through(label: str) -> None:
    """The reader's allow list is stricter than the rule's test."""
    found = read_names([f"{label}.gov.vn"])
    for domain in domains(found):
        shown = [idna.ulabel(part) if part.startswith("xn--") else part for part in domain.split(".")]
        assert not any(is_mixed(part) or is_confusable(part) for part in shown)


def test_a_whole_row() -> None:
    header = "Domain, AGENCY ,agency_code,kind,services,parent,contact,valid_from,valid_to,successor,tags,note"
    row = (
        'soyte.hanoi.gov.vn," Sở  Y tế ",000.00.01,SO,"portal; mail;portal",UBND,a@b.vn,2025-03-01,1/7/2025,B,x;y;x,"a, ""b"""'
    )
    assert only(listed(row, header=header)) == Target(
        domain="soyte.hanoi.gov.vn",
        agency="Sở Y tế",
        agency_code="000.00.01",
        kind="so",
        services=("portal", "mail"),
        parent="UBND",
        contact="a@b.vn",
        valid_from=date(2025, 3, 1),
        valid_to=date(2025, 7, 1),
        successor="B",
        tags=("x", "y"),
        note='a, "b"',
    )


TEXT = (
    'domain;agency;services;agency_code\nsoyte.hanoi.gov.vn;Sở Y tế, Hà Nội;"portal;mail";00017\n\n;;;\nhanoi.gov.vn;UBND;;\n'
)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_encodings_line_ends_and_semicolons(tmp_path: Path, encoding: str, end: str) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(TEXT.replace("\n", end).encode(encoding))
    found = read(path)
    assert found == read(io.StringIO(TEXT.replace("\n", end)))
    assert found.mistakes == ()
    assert [target.services for target in found.targets] == [("portal", "mail"), ("portal",)]
    assert found.targets[0].agency == "Sở Y tế, Hà Nội"
    assert found.targets[0].agency_code == "00017"


def test_comments_and_texts_are_cleaned() -> None:
    found = listed("# a comment", "hanoi.gov.vn,\u200bSở\u00a0Y te\u0302\u0301 ")
    assert only(found).agency == "Sở Y tế"


BAD_ROWS = {
    "hanoi.gov.vn,": (HEADER, "has no agency"),
    ",UBND": (HEADER, "the domain is empty"),
    "hanoi.gov.vn,UBND,more": (HEADER, "3 cells where the header names 2: quote a cell that holds ','"),
    'hanoi.gov.vn,"UBND': (HEADER, "quotes do not match"),
    'hanoi.gov.vn,"UB"ND"': (HEADER, "quotes do not match"),
    "hanoi.gov.vn,UB\0ND": (HEADER, "control character U+0000"),
    "hanoi.gov.vn,UB\x1bND": (HEADER, "control character U+001B"),
    "hanoi.gov.vn,UB\x85ND": (HEADER, "control character U+0085"),
    "hanoi.gov.vn,UB\udce0ND": (HEADER, "is not UTF-8"),
    "hanoi.gov.vn," + "x" * 4096: (HEADER, "longer than 4096"),
    "hanoi.gov.vn,UBND,tinh": (HEADER + ",kind", "unknown kind 'tinh': one of ubnd, so, ban"),
    "hanoi.gov.vn,UBND,web": (HEADER + ",services", "unknown service 'web': any of portal, public-service"),
    'hanoi.gov.vn,UBND,"portal,mail"': (HEADER + ",services", "separated by ';'"),
    "hanoi.gov.vn;UBND;portal;mail": ("domain;agency;services", "quote a cell that holds ';'"),
    "hanoi.gov.vn;UBND;portal;mail;;": (
        "domain;agency;services;parent;contact",
        "6 cells where the header names 5: quote a cell that holds ';'",
    ),
    "hanoi.gov.vn,UBND,2025-02-30": (HEADER + ",valid_to", "valid_to '2025-02-30' is no date"),
    "hanoi.gov.vn,UBND,31/02/2025": (HEADER + ",valid_from", "valid_from '31/02/2025' is no date"),
    "hanoi.gov.vn,UBND,07/2025": (HEADER + ",valid_to", "write 2025-07-01 or 01/07/2025"),
    "hanoi.gov.vn,UBND,20250701": (HEADER + ",valid_to", "is no date"),
    "hanoi.gov.vn,UBND,０１/07/2025": (HEADER + ",valid_to", "is no date"),
    "hanoi.gov.vn,UBND,0000-01-01": (HEADER + ",valid_to", "is no date"),
    "hanoi.gov.vn,UBND,2025-07-01,30/06/2025": (HEADER + ",valid_from,valid_to", "valid_to 2025-06-30 is before"),
    "hanoi.gov.vn,UBND," + ";".join(map(str, range(33))): (HEADER + ",tags", "more than 32 tags"),
}


@pytest.mark.parametrize(("row", "header", "reason"), [(row, *rest) for row, rest in BAD_ROWS.items()], ids=ascii)
def test_a_bad_row_is_reported_and_never_stops_the_good_ones(row: str, header: str, reason: str) -> None:
    delimiter = ";" if ";" in header else ","
    good = [f"{name}{delimiter}A" + delimiter * header.count(delimiter) for name in ("a.gov.vn", "b.gov.vn")]
    good = [line[: len(line) - 1] for line in good]
    found = listed(good[0], row, good[1], header=header)
    assert domains(found) == ["a.gov.vn", "b.gov.vn"]
    (mistake,) = found.mistakes
    assert mistake.is_error
    assert str(mistake).startswith("list.csv:3: ")
    assert reason in mistake.message
    assert mistake.message.isprintable()


def test_a_short_row_is_taken_with_a_warning() -> None:
    found = listed("hanoi.gov.vn,UBND", header=HEADER + ",kind,note")
    assert domains(found) == ["hanoi.gov.vn"]
    assert said(found) == ["list.csv:2: warning: 2 cells where the header names 4: the others are taken as empty"]


def test_empty_cells_beyond_the_header_are_nothing_between_commas() -> None:
    assert only(listed("hanoi.gov.vn,UBND,,,")).domain == "hanoi.gov.vn"


def test_an_unknown_column_is_named_and_not_read() -> None:
    found = listed("hanoi.gov.vn,UBND,x,2", header=HEADER + ",colour,")
    assert domains(found) == ["hanoi.gov.vn"]
    (warning,) = found.mistakes
    assert not warning.is_error
    assert str(warning).startswith("list.csv:1: warning: unknown column 'colour'")


UNREADABLE = {
    b"": "is empty",
    b"\xef\xbb\xbf": "is empty",
    b"\r\n \n# only a comment\n": "is empty",
    TEXT.encode("utf-16"): "is UTF-16: save it as UTF-8",
    b"\xfe\xff" + TEXT.encode("utf-16-be"): "is UTF-16: save it as UTF-8",
    TEXT.encode("utf-16-le"): "UTF-16: save it as UTF-8",
    TEXT.encode("utf-16-be"): "UTF-16: save it as UTF-8",
    b"PK\x03\x04\x14\x00\x06\x00": "save the sheet as",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "save the sheet as",
    b"\x7fELF\x02\x01\x01": "control character",
    bytes(range(1, 256)): "control character",
    b"\x89PNG\r\n\x1a\n": "is not UTF-8",
    b"hanoi.gov.vn,UBND\n": "has no header",
    b"hanoi.gov.vn\n": "has no header",
    b"domain\tagency\nhanoi.gov.vn\tUBND\n": "separated by tabs",
    b"domain\nhanoi.gov.vn\n": "has no column agency",
    b"agency,kind\nUBND,ubnd\n": "has no column domain",
    b"kind\nso\n": "has no column domain and no column agency",
    b"domain,agency,kind,Domain\n": "has the column 'domain' twice",
    b'domain,"agency\n': "quotes do not match",
    b"x" * 5000: "longer than 4096",
}


@pytest.mark.parametrize(("content", "reason"), UNREADABLE.items(), ids=lambda value: ascii(value)[:30])
def test_a_file_that_is_no_list_is_one_mistake(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    found = read(path)
    assert found.targets == ()
    (mistake,) = found.mistakes
    assert mistake.is_error
    assert mistake.file == str(path)
    assert reason in mistake.message
    assert mistake.message.isprintable()


def test_files_that_cannot_be_opened_are_mistakes(tmp_path: Path) -> None:
    good = tmp_path / "good.csv"
    good.write_text("domain,agency\nhanoi.gov.vn,UBND\n")
    found = read_all([tmp_path / "none.csv", tmp_path, Path("a\0b"), good])
    assert domains(found) == ["hanoi.gov.vn"]
    assert [mistake.line for mistake in found.mistakes] == [0, 0, 0]
    assert said(found)[0] == f"{tmp_path / 'none.csv'}: cannot be read: No such file or directory"


def test_bytes_that_are_not_utf8_cost_their_row_only(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes("domain,agency\na.gov.vn,Sở\nb.gov.vn,".encode() + b"S\xca" + "\nc.gov.vn,Sở\n".encode())
    with path.open(encoding="utf-8") as stream:
        streamed = read(stream)
    for found in (read(path), streamed):
        assert domains(found) == ["a.gov.vn", "c.gov.vn"]
        assert said(found)[0].startswith(f"{path}:3: is not UTF-8")


def test_services_of_one_domain_merge_silently() -> None:
    header = HEADER + ",services,tags,note,contact"
    found = listed("b.gov.vn,B,,,,", "A.gov.vn,A,mail,x,one,", "a.gov.vn.,A,portal;mail,y,,a@b.vn", header=header)
    assert found.mistakes == ()
    assert domains(found) == ["b.gov.vn", "a.gov.vn"]
    merged = found.targets[1]
    assert merged.services == ("mail", "portal")
    assert merged.tags == ("x", "y")
    assert (merged.note, merged.contact) == ("one", "a@b.vn")


def test_a_repeated_row_is_a_warning() -> None:
    found = listed("a.gov.vn,A", "b.gov.vn,B", "A.GOV.VN,A")
    assert domains(found) == ["a.gov.vn", "b.gov.vn"]
    assert said(found) == ["list.csv:4: warning: 'a.gov.vn' says nothing that line 2 does not: leave it out"]


def test_rows_that_contradict_keep_the_first_with_a_warning() -> None:
    found = listed("a.gov.vn,A,so,portal,1", "a.gov.vn,A,ban,mail,2", header=HEADER + ",kind,services,note")
    (target,) = found.targets
    assert (target.kind, target.services, target.note) == ("so", ("portal", "mail"), "1")
    assert said(found) == ["list.csv:3: warning: kind, note differ from line 2, which counts: write them alike"]


def test_rows_that_join_to_an_impossible_period_do_not_join() -> None:
    found = listed("a.gov.vn,A,,2025-01-01", "a.gov.vn,A,2025-02-01,", header=HEADER + ",valid_from,valid_to")
    assert found.targets[0].valid_from is None
    assert "is before" in said(found)[0]


def test_one_domain_of_two_agencies_is_an_error_that_names_both_places(tmp_path: Path) -> None:
    found = listed("a.gov.vn,A", "b.gov.vn,B", "a.gov.vn,C")
    assert domains(found) == ["a.gov.vn", "b.gov.vn"]
    assert said(found) == [
        "list.csv:4: 'a.gov.vn' has two agencies, 'C' here, 'A' in line 2: only the first is taken, leave one of them out"
    ]
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    one.write_text("domain,agency\na.gov.vn,A\n")
    two.write_text("domain,agency,services\na.gov.vn,A,mail\na.gov.vn,C,\n")
    found = read_all([one, two])
    assert found.targets[0].services == ("portal", "mail")
    (mistake,) = found.mistakes
    assert str(mistake).startswith(f"{two}:3: ")
    assert f"'A' in {one}:2" in mistake.message


def test_names_from_a_stream() -> None:
    found = read_names(["hanoi.gov.vn\n", "\n", "# no\n", " SoYTe.hanoi.gov.vn. ", "10.0.0.1", "hanoi.gov.vn", "a.vn,b.vn"])
    assert domains(found) == ["hanoi.gov.vn", "soyte.hanoi.gov.vn"]
    assert [(mistake.line, mistake.is_error) for mistake in found.mistakes] == [(5, True), (6, False), (7, True)]
    assert found.targets[0] == Target(domain="hanoi.gov.vn")
    assert read_names(io.StringIO("a.vn\rb.vn\r\nc.vn")).targets == read_names(["a.vn", "b.vn", "c.vn"]).targets
    assert "is empty" in said(read_names([]))[0]


def test_a_header_makes_names_a_list() -> None:
    assert only(read_names(["domain\n", "a.gov.vn\n"])) == Target(domain="a.gov.vn")
    found = read_names(['"Domain";agency;services', 'a.gov.vn;A;"mail;dns"'])
    assert only(found) == Target(domain="a.gov.vn", agency="A", services=("mail", "dns"))


def test_a_stream_of_binary_is_only_mistakes() -> None:
    stream = io.TextIOWrapper(io.BytesIO(bytes(range(256)) * 40), encoding="utf-8")
    assert read_names(stream).targets == ()
    stream = io.TextIOWrapper(io.BytesIO(b"a.vn\n\xff\nb.vn\n"), encoding="utf-8")
    assert domains(read_names(stream)) == ["a.vn", "b.vn"]


def test_a_stream_that_insists_on_its_decoding_is_one_mistake() -> None:
    def lines() -> Iterable[str]:
        yield "domain,agency"
        yield b"\xff".decode("utf-8")

    assert "is not UTF-8" in said(read_names(lines()))[0]


@pytest.mark.parametrize(
    ("first", "last", "day", "expected"),
    [
        (None, None, date(2026, 1, 1), True),
        (date(2025, 3, 1), None, date(2025, 2, 28), False),
        (date(2025, 3, 1), None, date(2025, 3, 1), True),
        (None, date(2025, 6, 30), date(2025, 6, 30), True),
        (None, date(2025, 6, 30), date(2025, 7, 1), False),
        (date(2025, 3, 1), date(2025, 6, 30), date(2025, 5, 1), True),
    ],
)
def test_is_current(first: date | None, last: date | None, day: date, expected: bool) -> None:
    assert is_current(Target(domain="a.vn", valid_from=first, valid_to=last), day) is expected


@pytest.mark.parametrize("written", ["2025-07-01", "01/07/2025", "1/7/2025"])
def test_dates_have_one_meaning(written: str) -> None:
    assert only(listed(f"a.vn,A,{written}", header=HEADER + ",valid_to")).valid_to == date(2025, 7, 1)


# The shipped lists


@pytest.mark.parametrize("name", ["hanoi.csv", "hanoi-unverified.csv"])
def test_a_shipped_list_is_clean(name: str) -> None:
    found = read(LISTS / name)
    assert found.mistakes == ()
    assert [target.domain for target in found.targets] == [normal_form(target.domain) for target in found.targets]
    for target in found.targets:
        assert target.kind in KINDS
        assert set(target.services) <= set(SERVICES)
        assert not set("()") & set(target.agency)
        assert target.note
        assert (target.agency_code, target.valid_from, target.valid_to) == ("", None, None)
        assert ("chưa kiểm chứng" in target.note) == (name == "hanoi-unverified.csv")
    with (LISTS / name).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    assert tuple(rows[0]) == COLUMNS
    assert [row[0] for row in rows[1:]] == domains(found)


def test_the_shipped_lists_agree() -> None:
    found = read_all([LISTS / "hanoi.csv", LISTS / "hanoi-unverified.csv"])
    assert found.mistakes == ()
    kinds = defaultdict(set)
    for target in found.targets:
        kinds[target.agency].add(target.kind)
    assert [agency for agency, several in kinds.items() if len(several) > 1] == []
    known = {target.domain: target for target in found.targets}
    assert known["hanoi.gov.vn"].services == ("portal", "mail")
    assert known["soxaydung-demo.hanoi.gov.vn"].is_demo
    assert known["soxaydung-demo.hanoi.gov.vn"].agency == known["soxaydung.hanoi.gov.vn"].agency
    assert known["congthuonghn.gov.vn"].agency == known["socongthuong.hanoi.gov.vn"].agency


def test_the_readme_counts_what_is_there() -> None:
    text = (LISTS / "README.md").read_text(encoding="utf-8")
    for name in ("hanoi.csv", "hanoi-unverified.csv"):
        found = read(LISTS / name).targets
        assert f"| `{name}` | {len(found)} domains of {len({target.agency for target in found})} bodies" in text
    for word in (*COLUMNS, *KINDS, *SERVICES):
        assert f"`{word}`" in text


def test_the_opt_out_list_is_read_and_empty() -> None:
    assert OptOut.read(LISTS / "opt-out.txt") == OptOut()


# No input does harm

HOSTILE = st.one_of(
    st.text(),
    st.text(alphabet='domain,agency;"\n\r\0\t .:/@*#xn-vｎ\ufeff\udcff\u200b'),
    st.lists(st.text(alphabet='abc.,;"\n\r\0\u0301đạ:/@*[]-').map("domain,agency\n{},A".format)).map("\n".join),
    st.binary().map(lambda data: data.decode("utf-8", "surrogateescape")),
)


@settings(deadline=None)
@given(HOSTILE)
def test_no_text_raises_and_domains_read_again_as_themselves(text: str) -> None:
    for found in (read(io.StringIO(text)), read_names(io.StringIO(text)), read_names(text.split("\n"))):
        assert all(str(mistake).isprintable() for mistake in found.mistakes)
        again = read_names(domains(found)) if found.targets else Targets()
        assert domains(again) == domains(found)
        assert again.mistakes == ()
        assert all(domain.isascii() and domain == domain.lower() for domain in domains(found))


@settings(deadline=None)
@given(st.binary())
@example(b"domain,agency\r\na.vn,A\r\n")
def test_no_bytes_raise(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.csv"
    path.write_bytes(data)
    assert all(mistake.message for mistake in read(path).mistakes)


def test_ten_thousand_hostile_lines_take_seconds() -> None:
    dice = random.Random(6)
    written = [*GOOD_NAMES, *BAD_NAMES, *URLS, *IMITATIONS]
    pieces = [
        *written,
        '"',
        "\0",
        ";;;",
        ",,,",
        "A" * 5000,
        "à" * 3000,
        "xn--" + "a" * 3000 + ".vn",
        "\udcff",
        "\u202e",
        "1/1/1",
    ]
    rows = [",".join(dice.choices(pieces, k=dice.randint(1, 4))).replace("\n", "") for _ in range(10_000)]
    begin = time.monotonic()
    found = listed(*rows, header=HEADER + ",valid_to,note")
    assert time.monotonic() - begin < 10
    assert len(found.mistakes) > 5000
    assert all(str(mistake).isprintable() and len(str(mistake)) < 600 for mistake in found.mistakes)


def test_mistakes_are_counted_beyond_those_listed() -> None:
    found = listed(*["10.0.0.1,A"] * 12_000)
    assert len(found.mistakes) == 10_001
    assert said(found)[-1] == "list.csv: 2000 more mistakes are not listed: put these right first"


# Large files: read by a process of its own, which tells how much memory it took

MEASURE = """
import re, sys
from pathlib import Path
from ipv6check.targets import read
found = read(Path(sys.argv[1]))
peak = re.search(r"VmHWM:\\s+([0-9]+) kB", Path("/proc/self/status").read_text())
print(len(found.targets), len(found.mistakes), int(peak[1]) // 1024)
print(*found.mistakes[-3:], sep="\\n")
"""


def measured(path: Path) -> tuple[int, int, int, str]:
    done = subprocess.run([sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True, timeout=120)
    figures, _, last = done.stdout.partition("\n")
    targets, mistakes, mebibytes = map(int, figures.split())
    return targets, mistakes, mebibytes, last


def test_many_rows_take_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    with path.open("w", encoding="utf-8") as stream:
        stream.write("domain,agency,note\n")
        stream.writelines(f"host{number}.hanoi.gov.vn,Sở số {number % 97},ghi chú\n" for number in range(200_000))
    targets, mistakes, mebibytes, _ = measured(path)
    assert (targets, mistakes) == (200_000, 0)
    assert mebibytes < 200


def test_more_than_memory_allows_is_read_up_to_there(tmp_path: Path) -> None:
    path = tmp_path / "much.csv"
    with path.open("w", encoding="utf-8") as stream:
        stream.write("domain,agency,note\n")
        stream.writelines(f"host{number}.hanoi.gov.vn,A,{number}{'ệ' * 2000}\n" for number in range(40_000))
    targets, mistakes, mebibytes, last = measured(path)
    assert targets > 20_000
    assert mistakes == 1
    assert "too large for one run" in last
    assert mebibytes < 200


def test_a_line_of_100_mb_is_one_mistake(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    with path.open("wb") as stream:
        stream.write(b"domain,agency\na.gov.vn,A\n")
        for _ in range(100):
            stream.write(b"x" * (1 << 20))
        stream.write(b"\nb.gov.vn,B\n")
    targets, mistakes, mebibytes, last = measured(path)
    assert (targets, mistakes) == (2, 1)
    assert f"{path}:3: the line is longer than 4096 characters" in last
    assert mebibytes < 100


def test_a_source_without_end_is_given_up_at_its_first_line() -> None:
    (mistake,) = read(Path("/dev/zero")).mistakes
    assert "binary" in mistake.message

"""The workbook and the other profiles: the same results in other shapes, and nothing in them is ever a formula."""

import csv
import io
import zipfile
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from ipv6check.judge import judge
from ipv6check.model import Run, Target
from ipv6check.reports import vnnic
from ipv6check.reports.export import write_csv
from ipv6check.reports.workbook import write_workbook
from ipv6check.score import Card, score
from tests import factories as f
from tests.factories import DURING, V6, Site, evidence

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RUN = Run(
    id="20261121-0a",
    vantage="lab",
    country="VN",
    started_at=DURING,
    finished_at=DURING,
    planned=2,
    finished=2,
    version="0",
    rules_version="1",
)


def card(name: str, seen: f.Evidence, agency: str = "Sở Tài chính") -> Card:
    verdicts = judge(seen)
    target = Target(domain=f"{name}.hanoi.gov.vn", agency=agency)
    return Card(target=target, verdicts=verdicts, score=score(verdicts), measured_at=DURING)


def cards() -> list[Card]:
    dead = evidence(Site(ports={(V6, 443): ("timeout",) * 3, (V6, 80): ("timeout",) * 3}))
    return [card("tot", evidence()), card("hong", dead), card("khong-do", f.Evidence())]


def sheets(made: bytes) -> dict[str, list[list[str]]]:
    """Every sheet's cells as they are read again, with the marks of formulas and dates."""
    with zipfile.ZipFile(io.BytesIO(made)) as book:
        texts = [
            "".join(t.text or "" for t in item.iter(f"{SHEET}t"))
            for item in ElementTree.fromstring(book.read("xl/sharedStrings.xml"))
        ]
        names = [s.attrib["name"] for s in ElementTree.fromstring(book.read("xl/workbook.xml")).iter(f"{SHEET}sheet")]
        found = {}
        for number, name in enumerate(names, 1):
            root = ElementTree.fromstring(book.read(f"xl/worksheets/sheet{number}.xml"))
            assert not list(root.iter(f"{SHEET}f")), "a formula"
            assert not list(root.iter(f"{SHEET}hyperlink")), "a link"
            found[name] = [
                [texts[int(c[0].text)] if c.attrib.get("t") == "s" else f"#{c[0].text}" for c in row if len(c)]
                for row in root.iter(f"{SHEET}row")
            ]
        return found


def workbook(given: list[Card], language: str = "vi") -> dict[str, list[list[str]]]:
    out = io.BytesIO()
    write_workbook(RUN, given, out, language)
    return sheets(out.getvalue())


def test_there_is_a_summary_a_sheet_for_each_level_and_the_dictionary() -> None:
    found = workbook(cards())
    first, *levels, last = found
    assert (first, last) == ("Tổng hợp", "Từ điển")
    assert len(levels) == 3
    rows = [row for name in levels for row in found[name][1:]]
    assert len(rows) == 3
    assert {cell for row in rows for cell in row if cell.endswith(".hanoi.gov.vn")} == {c.target.domain for c in cards()}
    assert found["Từ điển"][0] == list(vnnic.DICTIONARY)
    assert [row[0] for row in found["Từ điển"][2:]] == list(vnnic.NAMES)


def test_days_are_dates_and_letters_are_whole() -> None:
    _, level, _ = workbook(cards()[:1], "en").values()
    row = level[1]
    assert row[0] == "#46348"  # 2026-11-22 in Hanoi, as spreadsheets count days
    assert "Sở Tài chính" in row


@pytest.mark.parametrize(
    "text", ["=1+1", "@SUM(1)", "+1", "-1", "\t=1", '=HYPERLINK("http://x")', "http://x.example/", "\x1b[31m"]
)
def test_hostile_texts_are_texts(text: str) -> None:
    found = workbook([replace(cards()[0], target=Target(domain="tot.hanoi.gov.vn", agency=text))])
    assert len(found) == 3


def rows_of(profile: str) -> list[dict[str, str]]:
    out = io.StringIO(newline="")
    write_csv(RUN, cards(), out, profile=profile, bom=False)
    return list(csv.DictReader(io.StringIO(out.getvalue(), newline="")))


def test_the_yardstick_of_sidn() -> None:
    good, dead, unseen = rows_of("sidn")
    assert (good["ns"], good["www"], good["mx"], good["ipv6"]) == ("yes", "yes", "", "")  # mail is not measured yet
    assert (dead["www"], dead["ipv6"]) == ("no", "no")
    assert (unseen["ns"], unseen["www"], unseen["ipv6"]) == ("", "", "")


def test_the_names_of_internet_nl() -> None:
    good, dead, unseen = rows_of("internetnl")
    assert (good["web_ipv6_ws_address"], good["web_ipv6_ws_reach"]) == ("passed", "passed")
    assert (dead["web_ipv6_ws_address"], dead["web_ipv6_ws_reach"]) == ("passed", "failed")
    assert {value for key, value in unseen.items() if key not in ("date", "domain")} == {"not_tested"}
    assert good["web_https_tls_ciphers"] == "not_tested"

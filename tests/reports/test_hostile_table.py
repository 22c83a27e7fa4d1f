"""Every hostile text in every stored field against every output: none is alive, by a reader of that output's format.

Each field of each domain holds another text, so that a run of as many domains as texts has every pair of them.
"""

import csv
import io
import json
import logging
import string
import sys
import unicodedata
from collections import Counter
from datetime import UTC, date, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from ipv6check.changes import Change, Kind
from ipv6check.cli.logs import JsonLines, Lines
from ipv6check.config import Notices, Settings, Smtp
from ipv6check.notices.digest import CITY, Audience, Digest, digest
from ipv6check.notices.mail import mail, message
from ipv6check.notices.night import Ending, Night
from ipv6check.reports import full
from ipv6check.reports.bundle import bundle_name
from ipv6check.reports.explanation import explain_domain
from ipv6check.reports.export import PROFILES, write_csv, write_json, write_jsonl
from ipv6check.reports.hostile import LONGEST_CELL, for_csv, for_terminal
from ipv6check.reports.parquet import write_parquet
from ipv6check.reports.site import write_site
from ipv6check.reports.terminal import print_scorecard, print_summary
from ipv6check.reports.vnnic import row
from ipv6check.reports.workbook import write_workbook
from tests.reports.hostile_cards import LISTED, MODEL, SPOIL, Spoiled, all_pairs, spoiled_run
from tests.reports.hostile_payloads import IN_TWOS, LED, ON_PAGES, PAYLOADS
from tests.reports.html_page import Page, pages_of
from tests.reports.samples import city, console, is_formula, live_characters

FIELDS = (*LISTED, *SPOIL, "argument")
ACTING = {"Cc", "Cf", "Zl", "Zp", "Cs", "Co"}
LARGEST = 700_000
"""Characters of the largest page: the overview of so many domains."""

Kinds = set[tuple[str, tuple[str, ...]]]


@pytest.fixture(scope="module")
def everything() -> Spoiled:
    """Every text in every field."""
    return all_pairs()


@pytest.fixture(scope="module")
def in_twos() -> Spoiled:
    """The same with two texts at once, without those for spreadsheets."""
    return all_pairs(IN_TWOS)


@pytest.fixture(scope="module")
def harmless(pages: list[Page]) -> Kinds:
    """Every kind of element that the pages of harmless cards have."""
    return set(shape(pages))


def shape(pages: list[Page]) -> Counter[tuple[str, tuple[str, ...]]]:
    """How many elements there are of each tag with each set of attributes."""
    return Counter((element.tag, tuple(sorted(element.attributes))) for page in pages for element in page.elements)


def hold(page: Page, harmless: Kinds) -> None:
    """No new kind of element or attribute, no acting character, no foreign link, no size out of bounds."""
    new = set(shape([page])) - harmless - {("p", ())}
    assert not new, (page.path, new)
    assert not page.unbalanced, page.path
    acting = {c for c in set(page.source) if c != "\n" and unicodedata.category(c) in ACTING}
    assert not acting, (page.path, acting)
    assert len(page.source) < LARGEST, page.path
    for element in page.all("a", "link", "img"):
        address = element["href"] or element["src"]
        is_own = page.path.parent.name == "domain" and address == f"https://{page.path.stem}/"
        assert is_own or ":" not in address, (page.path, address)


def test_the_table_is_large_enough(everything: Spoiled) -> None:
    assert len(PAYLOADS) >= 200
    assert len(ON_PAGES) >= 150
    assert len(FIELDS) >= 12
    pairs = {(field, text) for given in everything.given for field, text in given.items()}
    assert len(pairs) == len(PAYLOADS) * len(FIELDS)


def test_pages_and_letters(in_twos: Spoiled, harmless: Kinds, tmp_path: Path) -> None:
    front = write_site(in_twos.run, in_twos.cards, tmp_path / "site", evidence_of=in_twos.evidence.get)
    pages = pages_of(front.parent)
    for page in pages:
        hold(page, harmless)
    for letter in front.parent.rglob("*.txt"):
        acting = {c for c in set(letter.read_text("utf-8-sig")) if c != "\n" and unicodedata.category(c) in ACTING}
        assert not acting, (letter, acting)
    for badge in front.parent.rglob("*.svg"):
        assert "alert" not in badge.read_text(encoding="utf-8")
    assert any("&lt;script&gt;alert(1)" in page.source for page in pages), "what was said is shown, as text"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


SHOWN = {
    "pages": {*FIELDS} - {"agency_code", "kind", "answers"},
    "terminal": {"domain", "agency", "argument"},
    "evidence": {"answers", "certificate", "location"},
    "csv": {"domain", "agency", "agency_code", "kind"},
    "mail": {"domain", "agency"},
}
"""Where each field can be read at all: a table of pairs that never get there would prove nothing."""


def test_every_field_reaches_where_it_is_shown(tmp_path: Path) -> None:
    marks = {field: f"dau{number}hieu" for number, field in enumerate(FIELDS)}
    made = spoiled_run([marks, marks | {"argument": "x"}])
    write_site(made.run, made.cards, tmp_path / "site", evidence_of=made.evidence.get)
    screen, out = console()
    print_scorecard(made.cards[0], made.run, screen, "vi", verbose=True)
    written = io.StringIO()
    write_csv(made.run, made.cards, written)
    texts = {
        "pages": " ".join(page.text for page in pages_of(tmp_path / "site")),
        "terminal": out.getvalue(),
        "evidence": explain_domain(made.cards[0], made.evidence[marks["domain"]], "vi"),
        "csv": written.getvalue(),
        "mail": sent(made, CITY).as_string(),
    }
    for output, fields in SHOWN.items():
        assert {field for field in fields if marks[field] not in texts[output]} == set(), output


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_csv(everything: Spoiled, profile: str, delimiter: str) -> None:
    out = io.StringIO(newline="")
    write_csv(everything.run, everything.cards, out, profile=profile, delimiter=delimiter)
    assert live_characters(out.getvalue().removeprefix("\ufeff"), "\r\n") == []
    assert out.getvalue().count("\n") == out.getvalue().count("\r\n") == len(PAYLOADS) + 1
    read = list(csv.reader(io.StringIO(out.getvalue().removeprefix("\ufeff"), newline=""), delimiter=delimiter))
    assert {len(cells) for cells in read} == {len(PROFILES[profile].columns)}
    assert [cell for cells in read for cell in cells if is_formula(cell)] == []
    shape = PROFILES[profile]
    assert read[1:] == [[for_csv(cell) for cell in shape.row(everything.run, card)] for card in everything.cards]


def test_what_stands_before_a_formula_does_not_hide_it() -> None:
    assert all(is_formula(text) for text in LED if text[:1] not in "\u200b\ufeff\x00\u202e"), "else this shows nothing"
    assert [text for text in LED if is_formula(for_csv(text))] == []


def test_workbooks(everything: Spoiled) -> None:
    out = io.BytesIO()
    write_workbook(everything.run, everything.cards, out, "vi")
    book = openpyxl.load_workbook(out)
    cells = [cell for sheet in book for line in sheet.iter_rows() for cell in line if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d"}
    assert [cell.value for cell in cells if cell.hyperlink] == []
    said = Counter(cell.value for cell in cells if cell.data_type == "s")
    wanted = {for_terminal(cell) for card in everything.cards for cell in row(everything.run, card)}
    read = {text.replace("x005F_", "") for text in wanted if text and not text[:4].isdigit()}  # as openpyxl reads them
    assert read - set(said) == set(), "the text itself"
    assert [text for text in said if live_characters(text)] == []


def test_json(everything: Spoiled) -> None:
    """Programs get the text itself: nothing is lost, and nothing acts on a terminal that shows the file."""
    lines, whole = io.StringIO(), io.StringIO()
    write_jsonl(everything.run, everything.cards, lines)
    write_json(everything.run, everything.cards, whole)
    assert live_characters(lines.getvalue() + whole.getvalue(), "\n") == []
    assert lines.getvalue().encode("utf-8")
    read = [json.loads(line) for line in lines.getvalue().split("\n")[:-1]]
    assert read == json.loads(whole.getvalue())["domains"]
    assert [one["agency"] for one in read] == [given["agency"] for given in everything.given]


def test_parquet(everything: Spoiled, tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    with (tmp_path / "made.parquet").open("wb") as out:
        write_parquet(everything.run, everything.cards, out)
    columns = [column.name for column in full.COLUMNS if column.type is full.Type.TEXT]
    chosen = ", ".join(f'"{name}"' for name in columns)
    read = duckdb.connect().execute(f"SELECT {chosen} FROM read_parquet(?)", [str(tmp_path / "made.parquet")]).fetchall()
    assert [cell for cells in read for cell in cells if live_characters(cell)] == []
    agencies = [cells[columns.index("agency")] for cells in read]
    assert agencies == [for_terminal(given["agency"], LONGEST_CELL) for given in everything.given]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_terminal(in_twos: Spoiled, language: Any) -> None:
    screen, out = console()
    for card in in_twos.cards[language == "en" :: 2]:
        print_scorecard(card, in_twos.run, screen, language, verbose=True)
    print_summary(in_twos.run, in_twos.cards, screen, language)
    assert live_characters(out.getvalue(), "\n") == []


def test_evidence_in_the_terminal(in_twos: Spoiled) -> None:
    for card, evidence in zip(in_twos.cards, in_twos.evidence.values(), strict=True):
        explained = explain_domain(card, evidence, "vi")
        assert live_characters(explained, "\n") == []
        commands = {line.split()[1] for line in explained.splitlines() if line.startswith("  $ ")}
        assert commands <= {"dig", "curl", "openssl"}


@pytest.mark.parametrize("formatter", [Lines(), JsonLines()], ids=["terminal", "journal"])
def test_log(formatter: logging.Formatter) -> None:
    """As a message, as its argument, as the text of an error: a line stays a line, and what is said can be read."""
    for text in PAYLOADS:
        try:
            raise ValueError(text)
        except ValueError:
            error = sys.exc_info()
        plain = logging.LogRecord("x", logging.WARNING, "", 0, "%s", (text,), None)
        traced = logging.LogRecord("x", logging.WARNING, "", 0, text.replace("%", "%%"), (), error)
        line = formatter.format(plain)
        assert live_characters(line) == []
        assert live_characters(formatter.format(traced), "\n") == []
        if isinstance(formatter, JsonLines):
            assert json.loads(line)["message"] == text
            assert json.loads(formatter.format(traced))["trace"].startswith("Traceback")


def night_of(made: Spoiled) -> Night:
    """A night that has something to tell of every domain."""
    changes = [
        Change(
            domain=c.target.domain, check="DNS-02", kind=Kind.LOST, before="pass", after="fail", run_id=made.run.id, since="x"
        )
        for c in made.cards
    ]
    endings = [
        Ending(domain=card.target.domain, check="WEB-04", until=date(2026, 12, 1), days=3, since=made.run.id)
        for card in made.cards
    ]
    told = {"changes": tuple(changes), "endings": tuple(endings)}
    return Night(run=made.run, cards=tuple(made.cards), runs=(made.run,), **told)  # type: ignore[arg-type]


def settings() -> Settings:
    """Settings that name a sender and a site."""
    smtp = Smtp(host="mail.hanoi.example", sender="ipv6@hanoi.example", sender_name="Đo IPv6")
    return Settings(smtp=smtp, notices=Notices(site="https://ipv6.hanoi.example/"))


def sent(made: Spoiled, reader: str) -> EmailMessage:
    """The mail to a reader, as a mail program reads it."""
    night, own = night_of(made), settings()
    one: Digest = digest(night, Audience(reader, ("cntt@hanoi.example",)))
    posted = message(mail(one, night, own), one, own.smtp, datetime(2026, 11, 21, tzinfo=UTC))
    return BytesParser(policy=default).parsebytes(bytes(posted))


def test_mail(everything: Spoiled, tmp_path: Path) -> None:
    """To the city, of every domain; and to an agency of each name, for that stands in the subject."""
    plain = spoiled_run([{}])
    agency = plain.cards[0].target.agency
    headers, known = list(sent(plain, agency).keys()), set(mail_elements(sent(plain, agency), tmp_path))
    known |= set(mail_elements(sent(plain, CITY), tmp_path))
    hold_mail(sent(everything, CITY), headers, known, tmp_path)
    for card in everything.cards:
        if card.target.agency:
            hold_mail(sent(Spoiled(everything.run, [card], {}, []), card.target.agency), headers, known, tmp_path)


def hold_mail(read: EmailMessage, headers: list[str], known: Kinds, folder: Path) -> None:
    """The headers are ours, and so are the elements of its HTML."""
    assert list(read.keys()) == headers
    assert live_characters(str(read["Subject"])) == []
    assert read["To"].addresses[0].addr_spec == "cntt@hanoi.example"
    text, html = (part.get_content().replace("\r\n", "\n") for part in read.iter_parts())
    assert live_characters(text + html, "\n") == []
    assert set(mail_elements(read, folder)) - known == set()


def mail_elements(read: EmailMessage, folder: Path) -> Counter[tuple[str, tuple[str, ...]]]:
    """The elements of a mail's HTML, whose links lead to the site alone."""
    html = next(part for part in read.iter_parts() if part.get_content_subtype() == "html")
    (folder / "mail.html").write_text(html.get_content(), encoding="utf-8")
    page = Page(folder / "mail.html")
    assert not page.unbalanced
    assert all(element["href"].startswith("https://ipv6.hanoi.example/") for element in page.all("a"))
    return shape([page])


def test_names_of_bundles() -> None:
    """Every name of an agency makes a file name that is safe on every system, and no two the same."""
    run = city(MODEL).run
    names = {bundle_name(text, run) for text in PAYLOADS}
    assert len(names) == len(PAYLOADS)
    assert set().union(*names) <= set(string.ascii_lowercase + string.digits + "-")
    assert max(map(len, names)) < 100

"""Ready letters: one for each party, whole, in the reader's language, harmless, and beside the page."""

import re
from pathlib import Path

import pytest

from ipv6check.facts import Evidence
from ipv6check.model import Outcome
from ipv6check.reports.language import speech
from ipv6check.reports.letters import EVIDENCE_LINES, FAMILIES, Letter, letters, proofs_of
from ipv6check.reports.paths import letter_file
from ipv6check.reports.scorecard import scorecard
from ipv6check.reports.site import write_site
from ipv6check.rules import RULES, words
from ipv6check.rules.words import LANGUAGES, Language
from ipv6check.score import Card
from tests.reports.hostile_payloads import PAYLOADS
from tests.reports.html_page import Page
from tests.reports.sample_city import CITY, City
from tests.reports.samples import live_characters, verdict, with_verdicts

SILENT = "thuvien-mau.hanoi.gov.vn"


def written(city: City, domain: str, language: Language = "vi", card: Card | None = None) -> tuple[Letter, ...]:
    """The letters about one domain."""
    card = card or next(card for card in city.cards if card.target.domain == domain)
    evidence = city.evidence[domain]
    view = scorecard(card, evidence, speech(language))
    found = (one for family in view.families for one in family.findings)
    return letters(card, found, proofs_of(card, evidence), city.run, speech(language))


def test_every_fault_of_names_servers_signatures_and_routes_is_in_one_letter(city: City) -> None:
    """Each once, to whoever must act; nothing that is well or was not measured."""
    for card in city.cards:
        said = [
            id_ for letter in written(city, card.target.domain) for id_ in re.findall(r"^\d+\. \[(.+?)\]", letter.text, re.M)
        ]
        ill = [
            id_
            for id_, v in card.verdicts.items()
            if v.outcome in {Outcome.WARN, Outcome.FAIL} and id_.partition("-")[0] in FAMILIES
        ]
        assert sorted(said) == sorted(ill)


def test_every_such_check_names_a_party() -> None:
    """A fault without anybody to write to would be in no letter."""
    for rule in RULES:
        if rule.family in FAMILIES and rule.is_built and rule.severity.value != "information":
            assert words.entries()[rule.id].get("who"), rule.id


def test_one_letter_a_party_and_domain(city: City) -> None:
    """Its file is named by both."""
    found = written(city, "lophoc.hanoi.gov.vn")
    assert len({letter.party for letter in found}) == len(found) > 0
    assert [letter.file for letter in found] == [f"letters/lophoc.hanoi.gov.vn-{letter.party}.txt" for letter in found]
    assert written(city, "cong.hanoi.gov.vn") == ()
    assert written(city, "chotet.hanoi.gov.vn") == ()


def test_a_letter_says_all_that_its_reader_needs(city: City) -> None:
    """Who, what was measured, when in both times, from where, evidence, what to do, how to verify, who asks, which run."""
    (letter,) = written(city, SILENT)
    for said in (
        "Kính gửi: Đơn vị quản lý DNS của tên miền",
        f"Tên miền: {SILENT}",
        "21/11/2026 01:50 giờ Việt Nam",
        "2026-11-20 18:50:05 giờ UTC",
        "điểm đo hanoi-1 (VN)",
        "[NS-05]",
        "$ dig @2402:800:6105:1::53 hanoi.gov.vn SOA +norecurse",
        "2402:800:6105:1::53 port 53 udp",
        "timeout",
        "Việc cần làm:",
        "Cách tự kiểm chứng:",
        "Người đề nghị:",
        "Mã lượt đo: 2026-11-21-hanoi-1",
        f"ipv6check look {SILENT}",
    ):
        assert said in letter.text, said
    (english,) = written(city, SILENT, "en")
    assert "To: The domain's DNS operator" in english.text
    assert "21 Nov 2026 01:50 Vietnam time (2026-11-20 18:50:05 UTC)" in english.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_failures_come_first_and_evidence_is_cut(city: City, language: Language) -> None:
    """A letter is to be read."""
    for card in city.cards:
        for letter in written(city, card.target.domain, language):
            assert "\n\n\n" not in letter.text
            blocks = re.split(r"^\d+\. ", letter.text, flags=re.M)[1:]
            assert len(blocks) == letter.count
            assert all(block.count("Z ") <= EVIDENCE_LINES + 2 for block in blocks)


@pytest.mark.parametrize("text", PAYLOADS)
def test_hostile_text_is_dead_in_a_letter(city: City, text: str) -> None:
    """Whatever a server or a list says: one line, no acting character, nothing to run."""
    card = next(card for card in city.cards if card.target.domain == SILENT)
    bad = verdict("NS-05", "fail", "silent", zone=text, server=text, address=text, problem=text, transport=text, bad=1, total=1)
    (letter,) = written(city, SILENT, card=with_verdicts(card, bad))
    assert not live_characters(letter.text, allowed="\n")
    command = letter.text.partition("Cách tự kiểm chứng:")[2]
    assert "$(reboot)" not in command
    assert "`reboot`" not in command


def test_letters_lie_beside_the_pages_and_are_linked(site: Path, pages: list[Page]) -> None:
    """As text that every program knows for UTF-8; the page holds the same text to be copied."""
    files = {path.relative_to(site).as_posix() for path in site.rglob("*.txt")}
    linked = {
        (page.path.parent / element["href"]).resolve().relative_to(site.resolve()).as_posix()
        for page in pages
        for element in page.all("a")
        if element["href"].endswith(".txt")
    }
    assert files == linked
    raw = (site / "letters" / f"{SILENT}-dns-operator.txt").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    page = next(page for page in pages if page.path == site / "domain" / f"{SILENT}.html")
    assert " ".join(raw.decode("utf-8-sig").split()) in page.text
    assert (site / "en" / "letters" / f"{SILENT}-dns-operator.txt").read_text("utf-8-sig").startswith("To: ")


def test_the_public_gets_no_letters(public_site: Path) -> None:
    """They belong to the scorecards."""
    assert not list(public_site.rglob("*.txt"))


def test_a_letter_without_evidence_has_no_evidence(city: City, tmp_path: Path) -> None:
    """Where observations are gone, verdicts still make a letter."""
    none: dict[str, Evidence] = {}
    write_site(city.run, city.cards, tmp_path / "site", evidence_of=none.get)
    text = (tmp_path / "site" / "letters" / f"{SILENT}-dns-operator.txt").read_text("utf-8-sig")
    assert "[NS-05]" in text
    assert "Bằng chứng" not in text


@pytest.mark.parametrize("domain", [row[0] for row in CITY[:3]] + ["../../etc/passwd", "con.vn", "a\x00b", "<script>.vn"])
def test_file_names_are_safe(domain: str) -> None:
    """A plain name or a hash, one folder deep."""
    path = Path(letter_file(domain, "dns-operator"))
    assert path.parent == Path("letters")
    assert set(path.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-_")

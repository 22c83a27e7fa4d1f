"""What the public sees: levels and the programme's figures; findings are for their owner."""

from pathlib import Path

from ipv6check.reports.findings import finding, is_built, is_ours
from ipv6check.reports.language import speech
from ipv6check.rules import BY_ID
from ipv6check.rules.words import LANGUAGES
from tests.reports.html_page import pages_of
from tests.reports.sample_city import CITY, City


def test_there_are_no_scorecards(public_site: Path) -> None:
    """Neither pages nor links to them."""
    assert not (public_site / "domain").exists()
    assert not (public_site / "en" / "domain").exists()
    for page in pages_of(public_site):
        assert not any("domain/" in element["href"] for element in page.all("a")), page.path


def test_no_finding_leaks(public_site: Path, city: City) -> None:
    """No sentence of any finding, no advice, no address, no certificate of any domain is on any page."""
    texts = {page.path: page.text for page in pages_of(public_site) if page.path.name != "checks.html"}
    secrets = {"103.124.60.80", "2402:800:", "Sectigo", "nginx", "dangnhap.hanoi.gov.vn"}
    for card in city.cards:
        for language in LANGUAGES:
            found = [finding(v, speech(language), card.target.domain) for v in card.verdicts.values() if is_built(v)]
            own = [one for one in found if not is_ours(one.id)]
            secrets |= {" ".join(text.split()) for one in own for text in (one.found, one.fix, one.verify) if text}
    for path, text in texts.items():
        assert not [secret for secret in secrets if secret in text], path
        assert not [id_ for id_ in BY_ID if id_ in text and not is_ours(id_)], path


def test_no_flag_nor_score_of_a_domain_is_told(public_site: Path) -> None:
    """Levels only."""
    for page in pages_of(public_site):
        assert not [element for element in page.elements if element["class"] == "flag"], page.path
        assert "85,7%" not in page.text
        assert "85.7%" not in page.text


def test_levels_and_figures_are_there(public_site: Path) -> None:
    """Every domain with its level, the shares with their coverage."""
    front = next(page for page in pages_of(public_site) if page.path == public_site / "index.html")
    assert all(row[0] in front.text for row in CITY)
    for said in ("33,3%", "13 trên 39", "97%", "ít nhất L3", "Phần đã đo được"):
        assert said in front.text, said


def test_only_the_internal_site_asks_not_to_be_indexed(site: Path, public_site: Path) -> None:
    """Details are for their owner, also where somebody puts them on a web server."""
    assert all('name="robots" content="noindex' in page.source for page in pages_of(site))
    assert not any('name="robots"' in page.source for page in pages_of(public_site))

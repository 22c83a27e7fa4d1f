"""Every page of the site: whole, self-contained, without script or style of its own, with links that lead somewhere."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from ipv6check.rules import RULES
from tests.reports.html_page import Page
from tests.reports.sample_city import CITY, City

POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'"
REQUIRED_REL = {"noopener", "nofollow", "noreferrer"}


def by_path(pages: list[Page], end: str) -> Page:
    """The one page whose path ends so."""
    return next(page for page in pages if page.path.as_posix().endswith(end))


def test_every_expected_page_is_there(site: Path) -> None:
    """Overview, checks, agencies and a scorecard for each domain, in both languages."""
    for root in (site, site / "en"):
        assert (root / "index.html").is_file()
        assert (root / "checks.html").is_file()
        assert {path.stem for path in (root / "domain").iterdir()} == {row[0] for row in CITY}
        assert len(list((root / "agency").iterdir())) == len({row[1] for row in CITY})
    assert (site / "static" / "style.css").is_file()


def test_pages_are_whole(pages: list[Page]) -> None:
    """What is opened is closed, ids are unique, there is one title, one h1, one main."""
    for page in pages:
        assert not page.unbalanced, (page.path, page.unbalanced)
        assert len(page.ids) == len(set(page.ids)), page.path
        for tag in ("h1", "main", "html"):
            assert len(page.all(tag)) == 1, (page.path, tag)


def test_nothing_needs_a_script_or_a_style_of_its_own(pages: list[Page]) -> None:
    """The policy is there, and nothing that it would block."""
    for page in pages:
        meta = [element for element in page.all("meta") if element["http-equiv"] == "Content-Security-Policy"]
        assert [element["content"] for element in meta] == [POLICY]
        assert not page.all("script", "style", "iframe", "object", "embed", "form", "base", "foreignobject")
        for element in page.elements:
            assert "style" not in element.attributes, (page.path, element)
            assert not any(name.startswith("on") for name in element.attributes), (page.path, element)


def test_nothing_is_fetched_from_elsewhere(pages: list[Page]) -> None:
    """Sources are relative, so that a file share serves as well as a web server."""
    for page in pages:
        for element in page.all("img", "link"):
            address = element["src"] or element["href"]
            assert not urlsplit(address).scheme, (page.path, address)
            assert not address.startswith("/"), (page.path, address)


def test_internal_links_resolve(pages: list[Page], site: Path) -> None:
    """Every relative link leads to a file of the site, and to an element of it where it names one."""
    ids = {page.path.resolve(): set(page.ids) for page in pages}
    for page in pages:
        for element in page.all("a", "link", "img"):
            parts = urlsplit(element["href"] or element["src"])
            if parts.scheme:
                continue
            target = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path.resolve()
            assert target.is_file(), (page.path, element)
            assert target.is_relative_to(site.resolve())
            if parts.fragment:
                assert parts.fragment in ids[target], (page.path, element)


def test_links_out_lead_to_the_measured_name_only(pages: list[Page]) -> None:
    """They are https, tell the other side nothing, and there is one a scorecard at most."""
    for page in pages:
        outward = [element for element in page.all("a") if urlsplit(element["href"]).scheme]
        assert len(outward) <= 1, page.path
        for element in outward:
            assert element["href"] == f"https://{page.path.stem}/"
            assert set(element["rel"].split()) >= REQUIRED_REL


def test_languages_point_to_each_other(pages: list[Page], site: Path) -> None:
    """Each page says its language and links its other edition."""
    for page in pages:
        language = "en" if page.path.is_relative_to(site / "en") else "vi"
        assert page.all("html")[0]["lang"] == language
        switch = {element["lang"]: element for element in page.all("a") if element["lang"]}
        assert set(switch) == {"vi", "en"}
        assert switch[language]["aria-current"] == "true"
        other = (page.path.parent / switch["en" if language == "vi" else "vi"]["href"]).resolve()
        here = page.path.relative_to(site)
        assert other == (site / "en" / here if language == "vi" else site / here.relative_to("en")).resolve()


def test_headings_are_in_order(pages: list[Page]) -> None:
    """No level is left out on the way down. The notice above the title may be an h2."""
    for page in pages:
        levels = [int(element.tag[1]) for element in page.all("h1", "h2", "h3", "h4")]
        start = levels.index(1)
        assert all(after - before <= 1 for before, after in zip(levels[start:], levels[start + 1 :], strict=False)), page.path


def test_tables_and_charts_speak(pages: list[Page]) -> None:
    """Tables have captions and headers with scope; charts have a title and a description, decoration is hidden."""
    for page in pages:
        assert len(page.all("caption")) == len(page.all("table"))
        assert all(element["scope"] in {"col", "row"} for element in page.all("th"))
        for element in page.all("svg"):
            if element["role"] == "img":
                assert set(element["aria-labelledby"].split()) <= set(page.ids)
            else:
                assert element["aria-hidden"] == "true"


def test_the_checks_page_holds_every_check(pages: list[Page]) -> None:
    """Each id of the catalogue can be linked to."""
    for end in ("/checks.html", "/en/checks.html"):
        assert {rule.id for rule in RULES} <= set(by_path(pages, end).ids)


def test_the_overview_says_run_date_vantage_and_coverage(pages: list[Page], city: City) -> None:
    """Dates are those of Hanoi, numbers those of Vietnamese."""
    page = by_path(pages, "site/index.html")
    for said in (city.run.id, "21/11/2026 02:42", "hanoi-1", city.run.rules_version, "33,3%", "41 trên 41 tên miền", "97%"):
        assert said in page.text, said
    assert "thunghiem-demo.hanoi.gov.vn" in page.text
    assert "40 tên miền của 23 cơ quan" in page.text, "demo hosts are left out of totals"


def test_a_scorecard_says_what_to_do_and_how_to_verify(pages: list[Page]) -> None:
    """For the official the level and the next step, for the engineer the fix, the command, the evidence."""
    page = by_path(pages, "site/domain/vuonuom.hanoi.gov.vn.html")
    for said in ("Mức L0", "IPv6 hỏng", "Cần đạt:", "Cách tự kiểm chứng", "2402:800:6105:20::80", "hết thời gian chờ"):
        assert said in page.text, said
    assert "ipv6check look vuonuom.hanoi.gov.vn" in page.text
    assert page.all("pre")


def test_at_least_is_said(pages: list[Page]) -> None:
    """A level that may be higher is never shown as the level."""
    assert "ít nhất L3" in by_path(pages, "site/domain/cong.hanoi.gov.vn.html").text
    assert "at least L3" in by_path(pages, "en/domain/cong.hanoi.gov.vn.html").text


@pytest.mark.parametrize("end", ["site/domain/chotet.hanoi.gov.vn.html", "en/domain/chotet.hanoi.gov.vn.html"])
def test_what_was_not_measured_has_no_score(pages: list[Page], end: str) -> None:
    """An owner who asked to be left alone has neither level nor percentage."""
    page = by_path(pages, end)
    assert "100,0%" not in page.text
    assert "100.0%" not in page.text
    assert [element for element in page.elements if element["class"] == "verdict-level unmeasured"]

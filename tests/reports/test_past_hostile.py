"""Hostile text in what the nights before hand over: in pages, feed, data files and badges it is shown and never obeyed."""

import csv
import io
import json
import unicodedata
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ipv6check.changes import LEVEL, Change, Kind, Standing
from ipv6check.model import Run
from ipv6check.programme import Goal, Milestone, course
from ipv6check.reports.hostile import FORMULA
from ipv6check.reports.past import Past
from ipv6check.reports.site import write_site
from tests.reports.hostile_payloads import SOME
from tests.reports.html_page import Page, pages_of
from tests.reports.sample_city import BEST, City, sample_city
from tests.reports.sample_vantage import START
from tests.reports.test_hostile_table import ACTING, Kinds, hold, shape

TEXTS = SOME
ATOM = "{http://www.w3.org/2005/Atom}"


def hostile_past(city: City) -> Past:
    """Nights whose every text is hostile: names of runs and domains, words of standings and goals."""
    ids = [f"{text}-{number}" for number, text in enumerate(TEXTS)]
    runs = tuple(
        Run(id=id_, vantage=id_, country=id_, started_at=START - timedelta(hours=n))
        for n, id_ in enumerate((city.run.id, *ids))
    )
    domains = [card.target.domain for card in city.cards]
    changes = tuple(
        Change(domain=domain, check="DNS-02", kind=Kind.LOST, before="pass", after="fail", run_id=runs[n % 9].id, since=ids[n])
        for n, domain in enumerate(domains)
    )
    standing = Standing(outcome="fail", since=ids[0], version="<b>", best=2, suspect="fail", suspect_run="<script>")
    goals = [
        Goal(
            id=f"g-{n}",
            title={"vi": text, "en": text},
            level=3,
            source=text,
            milestones=(Milestone(date=START.date(), share=0), Milestone(date=START.date() + timedelta(days=99), share=1)),
        )
        for n, text in enumerate(TEXTS)
    ]
    moved = replace(changes[0], check=LEVEL, kind=Kind.RULES, before="<i>", after="<b>")
    return Past(
        runs=runs,
        changes=changes,
        moved={(moved.domain, moved.run_id): moved},
        standings={domain: {"DNS-02": standing, LEVEL: replace(standing, since=changes[0].run_id)} for domain in domains},
        levels={domain: [(START - timedelta(days=3), "<b>", 1, False), (START, "<b>", 3, False)] for domain in domains},
        courses=tuple(course(goal, [(START, {"3": 1, "1+": 1, "nm": 1})]) for goal in goals),
    )


@pytest.fixture(scope="module")
def spoiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site all of whose past is hostile, the names and agencies of its domains with it."""
    city = sample_city(rows=[(text, text, "so", BEST) for text in TEXTS])
    output = tmp_path_factory.mktemp("hostile") / "site"
    return write_site(city.run, city.cards, output, past=hostile_past(city), bodies=TEXTS).parent


@pytest.fixture(scope="module")
def known(grown_pages: list[Page], pages: list[Page], tmp_path_factory: pytest.TempPathFactory) -> Kinds:
    """Every kind of element that harmless pages have."""
    return set(shape([*grown_pages, *pages]))


def test_pages_hold_no_foreign_element(spoiled: Path, known: Kinds) -> None:
    told = pages_of(spoiled)
    assert {"changes.html", "programme.html"} <= {page.path.name for page in told}
    for page in told:
        hold(page, known)


def test_the_feed_holds_text_only(spoiled: Path) -> None:
    for folder in (spoiled, spoiled / "en"):
        source = (folder / "changes.atom").read_text(encoding="utf-8")
        assert not {c for c in source if c != "\n" and unicodedata.category(c) in ACTING}
        root = ElementTree.fromstring(source)
        assert {element.tag.removeprefix(ATOM) for element in root.iter()} == {
            *("feed", "id", "title", "updated", "author", "name", "generator", "link", "entry", "category", "summary")
        }
        assert len(root.findall(f"{ATOM}entry")) == len(TEXTS)
        assert all(":" not in link.get("href", "") for link in root.iter(f"{ATOM}link"))
        assert any("<script>alert(1)" in (title.text or "") for title in root.iter(f"{ATOM}title")), "shown, as text"


def test_data_files_hold_no_formula(spoiled: Path) -> None:
    rows = list(csv.reader(io.StringIO((spoiled / "changes.csv").read_bytes().decode("utf-8-sig"), newline="")))
    assert len(rows) == len(TEXTS) + 1
    for row in rows:
        for cell in row:
            assert unicodedata.normalize("NFKC", cell.lstrip()[:1])[:1] not in {*FORMULA, "−"}, cell
    text = (spoiled / "changes.json").read_text(encoding="utf-8")
    assert {row["domain"] for row in json.loads(text)} == set(TEXTS)
    assert not {c for c in text if c != "\n" and unicodedata.category(c) in ACTING}


def test_badges_hold_shapes_and_text_only(spoiled: Path) -> None:
    badges = list((spoiled / "badges").iterdir())
    assert len(badges) == len(TEXTS)
    for badge in badges:
        tags = {element.tag.rpartition("}")[2] for element in ElementTree.parse(badge).iter()}
        assert tags == {"svg", "title", "rect", "path", "g", "text"}

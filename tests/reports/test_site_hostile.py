"""Hostile text in what a site is told beside its cards: the run, and whole cities of such names; and in commands to be copied."""

from dataclasses import replace
from pathlib import Path

import pytest

from ipv6check.reports.site import write_site
from tests.reports.hostile_cards import MODEL, spoiled
from tests.reports.hostile_payloads import ON_PAGES, SOME
from tests.reports.html_page import Page, pages_of
from tests.reports.sample_city import BEST, City, sample_city
from tests.reports.samples import city as part_of
from tests.reports.test_hostile_table import Kinds, hold, shape

TOGETHER = [" ".join(ON_PAGES[first : first + 8]) for first in range(0, len(ON_PAGES), 8)]
"""Eight texts at once, which is about as long as the name of a run may be."""


@pytest.fixture(scope="module")
def harmless(pages: list[Page]) -> Kinds:
    """Every kind of element that the pages of harmless cards have."""
    return set(shape(pages))


@pytest.mark.parametrize("first", range(0, len(TOGETHER), 5))
def test_a_hostile_run_adds_no_element(harmless: Kinds, first: int, tmp_path: Path) -> None:
    """What the operator calls a run and a measuring point is text, too; the first of them on every kind of page."""
    one, few = part_of(MODEL), (*TOGETHER, *TOGETHER)[first : first + 5]
    names = dict(zip(("id", "vantage", "country", "version", "rules_version"), few, strict=True))
    front = write_site(
        replace(one.run, **names), one.cards, tmp_path / "site", audience="public" if first else "internal", contact=few[0]
    )
    for page in pages_of(front.parent):
        hold(page, harmless)


def test_commands_to_copy_hold_nothing_a_shell_would_act_on(city: City, tmp_path: Path) -> None:
    """What a server said is percent-encoded where people are told to run it."""
    card, evidence = spoiled(city.evidence[MODEL], {"argument": "$(touch /tmp/x);`id`|a&b>c\\'\"\n rm"})
    front = write_site(city.run, [card], tmp_path / "site", evidence_of=lambda domain: evidence)
    source = next((front.parent / "domain").iterdir()).read_text(encoding="utf-8")
    for block in source.split("<pre")[1:]:
        command = block.partition("</pre>")[0]
        assert "touch" not in command or "%28touch" in command
        assert "rm\n" not in command


def test_whole_cities_of_hostile_agencies_have_safe_paths(site: Path, tmp_path: Path) -> None:
    """Every payload as an agency and as a domain at once."""
    rows = [(payload, payload, "so", replace(BEST, signed=False)) for payload in SOME]
    city = sample_city(rows=rows)
    front = write_site(city.run, city.cards, tmp_path / "site")
    files = {path.relative_to(front.parent).parts[0] for path in front.parent.rglob("*")}
    assert files == {path.name for path in site.iterdir()} - {"resources.html"}
    assert len(list((front.parent / "agency").iterdir())) == len(rows)
    assert len(list((front.parent / "domain").iterdir())) == len(rows)

"""The bodies as a tree: roll-ups of all below, history with the old body, totals with the new."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from ipv6check.model import Body
from ipv6check.reports.language import speech
from ipv6check.reports.overview import agency_view, overview
from ipv6check.reports.paths import agency_page
from ipv6check.reports.site import write_site
from ipv6check.reports.tree import Tree, branch, branches, place
from ipv6check.score import roll_up
from tests.reports import test_site_pages as every_page
from tests.reports.html_page import Page, pages_of
from tests.reports.sample_city import FERRIES, LANTERNS, PEOPLE, SCHOOLS, TREES, City

DAY = date(2026, 11, 21)
VI = speech("vi")
STORES = "Chi cục Lưu trữ Giấy dó"
PAIR = "Sở Gió và Bầu trời"
MERGED = date(2026, 6, 30)


def bodies(*rows: Body) -> dict[str, Body]:
    return {body.name: body for body in rows}


STRUCTURE = bodies(
    Body(name=PEOPLE, kind="ubnd"),
    Body(name=TREES, kind="so", parent=PEOPLE),
    Body(name=FERRIES, kind="so", parent=PEOPLE, valid_to=MERGED, successor=LANTERNS, note="cần xác nhận"),
    Body(name=LANTERNS, kind="so", parent=PEOPLE),
    Body(name=STORES, kind="so", parent=TREES),
    Body(name="Ban Trống", kind="ban", parent=PEOPLE),
    Body(name="Cục Trên cao", parent=""),
    Body(name=PAIR, kind="so", parent="Cục Trên cao"),
)


def domains(cards: Iterable[object]) -> set[str]:
    return {card.target.domain for card in cards}  # type: ignore[attr-defined]


def own(city: City, *agencies: str) -> set[str]:
    return {card.target.domain for card in city.cards if card.target.agency in agencies}


def test_a_code_is_the_agencys_own(city: City) -> None:
    """Not that of a body that it took over from."""
    coded = [
        replace(card, target=replace(card.target, agency_code="H26.9" if card.target.agency == FERRIES else ""))
        for card in sorted(city.cards, key=lambda card: card.target.agency != FERRIES)
    ]
    tree, whole = Tree(coded, STRUCTURE, DAY), overview(city.run, coded, VI, "internal")
    codes = {name: agency_view(name, tree, whole, VI, "internal").code for name in (FERRIES, LANTERNS)}
    assert codes == {FERRIES: "H26.9", LANTERNS: ""}


def test_a_row_is_a_body_and_all_below_it(city: City) -> None:
    tree = Tree(city.cards, STRUCTURE, DAY)
    assert domains(tree.everything(TREES)) == own(city, TREES, STORES)
    assert domains(tree.everything(PEOPLE)) == own(city, PEOPLE, TREES, STORES, FERRIES, LANTERNS)
    row = branch(TREES, 1, tree, VI)
    cards = [card for card in city.cards if card.target.agency in {TREES, STORES} and not card.target.is_demo]
    assert row.row.total == roll_up(card.score for card in cards), "demo hosts are left out"
    assert row.own == 4


def test_totals_follow_the_successor_and_history_stays(city: City) -> None:
    tree = Tree(city.cards, STRUCTURE, DAY)
    assert tree.heir(FERRIES) == LANTERNS
    assert domains(tree.cards(LANTERNS)) == own(city, LANTERNS, FERRIES)
    assert domains(tree.cards(FERRIES)) == own(city, FERRIES), "its page shows what was its own"
    told = place(FERRIES, tree, VI)
    assert (told.until, told.heir.text if told.heir else "", told.above.text if told.above else "") == (
        "30/06/2026",
        LANTERNS,
        PEOPLE,
    )
    assert [one.row.name for one in place(LANTERNS, tree, VI).forerunners] == [FERRIES]


def test_before_its_last_day_has_passed_a_body_counts_for_itself(city: City) -> None:
    tree = Tree(city.cards, STRUCTURE, MERGED)
    assert tree.heir(FERRIES) == FERRIES
    assert domains(tree.cards(LANTERNS)) == own(city, LANTERNS)


def test_the_tree_goes_down_in_the_order_of_the_lists_and_leaves_out_who_has_nothing(city: City) -> None:
    rows = [(row.row.name, row.depth) for row in branches(Tree(city.cards, STRUCTURE, DAY), VI)]
    assert rows[:7] == [
        (PEOPLE, 0), (TREES, 1), (STORES, 2), (LANTERNS, 1), (FERRIES, 2), ("Cục Trên cao", 0), (PAIR, 1),
    ]  # fmt: skip
    assert (SCHOOLS, 0) in rows, "what the file does not name stands at the top"
    assert "Ban Trống" not in dict(rows)
    assert len(dict(rows)) == len(rows)
    assert set(dict(rows)) == {card.target.agency for card in city.cards} | {"Cục Trên cao"}


def test_every_domain_is_counted_once(city: City) -> None:
    tree = Tree(city.cards, STRUCTURE, DAY)
    counted = [card.target.domain for top in tree.below(None) for card in tree.everything(top)]
    assert sorted(counted) == sorted(own(city, *{card.target.agency for card in city.cards}))


def test_children_of_who_ended_stand_below_who_took_over(city: City) -> None:
    structure = STRUCTURE | bodies(Body(name=STORES, kind="so", parent=FERRIES))
    tree = Tree(city.cards, structure, DAY)
    assert tree.above(STORES) == LANTERNS
    assert tree.below(LANTERNS) == [STORES]


def test_three_measured_domains_rank_with_those_taken_over(city: City) -> None:
    """RES-04: Ferries (3) and Lanterns (3) are one agency of six; a body is ranked by its own domains, not by those below."""
    before = overview(city.run, city.cards, VI, "internal")
    after = overview(city.run, city.cards, VI, "internal", Tree(city.cards, STRUCTURE, DAY))
    assert {FERRIES, LANTERNS} <= {row.name for row in before.ranked}
    assert FERRIES not in {row.name for row in (*after.ranked, *after.unranked)}
    (lanterns,) = [row for row in after.ranked if row.name == LANTERNS]
    assert lanterns.total.domains == 6
    assert after.agency_count == before.agency_count - 1
    assert [row.total.domains for row in after.ranked if row.name == PEOPLE] == [4]
    assert PAIR in {row.name for row in after.unranked}
    assert after.total == before.total
    assert [row.row.name for row in after.above] == [PEOPLE, "Cục Trên cao"]


@pytest.fixture(scope="module")
def site(city: City, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("tree") / "site"
    return write_site(city.run, city.cards, output, structure=STRUCTURE).parent


@pytest.fixture(scope="module")
def pages(site: Path) -> list[Page]:
    return pages_of(site)


@pytest.mark.parametrize(
    "holds",
    [
        every_page.test_pages_are_whole,
        every_page.test_nothing_needs_a_script_or_a_style_of_its_own,
        every_page.test_headings_are_in_order,
        every_page.test_tables_and_charts_speak,
    ],
)
def test_what_holds_for_every_page_holds_here(holds, pages: list[Page]) -> None:
    holds(pages)


def test_links_and_languages_hold_here_too(site: Path, pages: list[Page]) -> None:
    every_page.test_internal_links_resolve(pages, site)
    every_page.test_languages_point_to_each_other(pages, site)


def test_the_pages_say_who_stands_where(site: Path, pages: list[Page]) -> None:
    text = {page.path.relative_to(site).as_posix(): page.text for page in pages}
    old = text[agency_page(FERRIES)]
    assert (
        f"ngày cuối cùng là 30/06/2026. Lịch sử đo được giữ tại trang này; trong các số tổng hợp, tên miền được tính cho {LANTERNS}"
        in old
    )
    assert "Chưa xếp hạng" not in old, "that it has too few domains is not why"
    assert "cần xác nhận" in old
    assert f"Cơ quan cấp trên: {PEOPLE}" in text[agency_page(TREES)]
    above = text[agency_page("Cục Trên cao")]
    assert PAIR in above
    assert "Song song IPv4/IPv6" not in above, "no figures of nothing"
    assert FERRIES in text[agency_page(LANTERNS)]
    assert f"đến hết ngày 30/06/2026; tính cho {LANTERNS}" in text["agencies.html"]
    assert "Xem toàn bộ cây cơ quan" in text["index.html"]

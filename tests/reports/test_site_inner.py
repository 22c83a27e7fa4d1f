"""The pages of checks, of the run, and of long lists: what they count is what the cards say, and what was not seen is told."""

import json
import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from pathlib import Path

import pytest

from ipv6check.facts import EffortFacts
from ipv6check.model import Outcome
from ipv6check.reports.checkpage import check_view, figures
from ipv6check.reports.curves import curve
from ipv6check.reports.inventory import Inventory
from ipv6check.reports.language import speech
from ipv6check.reports.levelpages import MOST_HERE, ON_A_PAGE, cut
from ipv6check.reports.links import Link
from ipv6check.reports.past import Past
from ipv6check.reports.paths import agency_page
from ipv6check.reports.problems import MOST_ACTIONS, MOST_PLACES, assignments
from ipv6check.reports.providers import provider_rows
from ipv6check.reports.runpage import MOST_LOOKS, Conditions, run_page
from ipv6check.reports.site import write_site
from ipv6check.reports.standing import groups
from ipv6check.rules import BY_ID, RULES
from tests.reports.html_page import Page
from tests.reports.sample_city import TREES, City
from tests.reports.sample_past import LOST

LAST = date(2026, 11, 21)
VI, EN = speech("vi"), speech("en")
DEMO = "thunghiem-demo.hanoi.gov.vn"


def page(site: Path, path: str) -> Page:
    return Page(site / path)


def test_what_an_agency_has_to_do_is_short_and_whole(city: City, tmp_path: Path) -> None:
    """The first things for each party and their first domains stand open, the rest behind them: nothing is lost."""
    many = [
        replace(card, target=replace(card.target, domain=f"so-{n:02}-{card.target.domain}", agency=TREES, services=("portal",)))
        for n in range(MOST_PLACES + 2)
        for card in city.cards
    ]
    write_site(city.run, many, tmp_path / "site")
    parties = assignments(many, VI)
    text = page(tmp_path / "site", agency_page(TREES)).source
    shown = text.split('<section class="party"')[1:]
    assert len(shown) == len(parties)
    assert max(len(party.actions) for party in parties) > MOST_ACTIONS
    for party, written in zip(parties, shown, strict=True):
        first, _, rest = written.partition('<details class="rest">')
        assert first.count('class="action-head"') == min(len(party.actions), MOST_ACTIONS)
        assert rest.count('class="action-head"') == max(len(party.actions) - MOST_ACTIONS, 0)
        assert (f"và {len(party.actions) - MOST_ACTIONS} việc khác" in rest) is (len(party.actions) > MOST_ACTIONS)
        hrefs = Counter(re.findall(r'href="../(domain/[^"]+)"', written))
        assert hrefs == Counter(f"{place.page}#{one.finding.id}" for one in party.actions for place in one.places)
        for one in party.actions:
            if len(one.places) > MOST_PLACES:
                assert f"và {len(one.places) - MOST_PLACES} tên khác" in written


def night(day: int, **counts: int) -> tuple[datetime, dict[str, int]]:
    """A night of November: it begins at 18:30 UTC, which is the next day in Hanoi."""
    return datetime(2026, 11, day - 1, 18, 30, tzinfo=UTC), counts


# Curves


def test_a_curve_is_of_what_was_judged_and_breaks_where_nothing_was() -> None:
    """`warn` is no pass, `nm` and `n/a` are no part of the share."""
    nights = [
        night(18, **{"pass": 3, "fail": 1, "nm": 90}),
        night(19, **{"pass": 1, "warn": 1}),
        night(20, nm=5),
        night(21, fail=2),
    ]
    drawn = curve(nights, LAST, EN)
    assert drawn is not None
    assert drawn.width == 8 * 30, "thirty days at least"
    assert drawn.line == "M212 25.0L220 50.0"
    assert drawn.dots == "M236 100.0h.1", "a day that stands alone is still seen"
    assert drawn.newest == "0.0%"
    assert drawn.said == "75.0% on 18 Nov 2026, 0.0% on 21 Nov 2026; lowest 0.0%, highest 75.0%"


@pytest.mark.parametrize("nights", [[], [night(21, nm=3)], [night(21, info=3)], [night(22, **{"pass": 1})]])
def test_no_curve_without_a_night_that_could_be_judged(nights: list) -> None:
    """Neither from nights to come."""
    assert curve(nights, LAST, VI) is None


def test_a_curve_goes_back_ninety_days() -> None:
    nights = [(datetime(2026, 11, 20, 18, 30, tzinfo=UTC) - timedelta(days=back), {"pass": 1}) for back in range(100, -1, -1)]
    drawn = curve(nights, LAST, EN)
    assert drawn is not None
    assert (drawn.width, drawn.line.count("L") + 1) == (8 * 90, 90)


# Checks


def test_figures_count_what_the_cards_say_without_demo_hosts(city: City) -> None:
    counted = [card for card in city.cards if card.target.domain != DEMO]
    assert len(counted) == len(city.cards) - 1
    for rule in RULES:
        shown = figures(rule, city.cards, Past(), LAST, EN)
        told = Counter({sign.word: count for sign, count in shown.counts})
        if not rule.is_built or rule.family == "OPS":
            assert not told, "it says nothing of a domain"
        else:
            wanted = Counter(card.verdicts[rule.id].outcome for card in counted)
            words = {"pass": "Pass", "warn": "Needs improvement", "fail": "Fail", "nm": "Not measured"}
            for outcome, word in words.items():
                assert told[word] == wanted[Outcome(outcome)], (rule.id, word)
            assert told.total() == len(counted)


def test_who_does_not_meet_a_check_stands_by_agency(city: City) -> None:
    shown = figures(BY_ID["REACH-01"], city.cards, Past(), LAST, EN)
    view = check_view("REACH-01", city.cards, shown, EN)
    failing = {card.target.domain for card in city.cards if card.verdicts["REACH-01"].outcome is Outcome.FAIL}
    assert LOST in failing
    assert {link.text for row in view.agencies for link in row.places.shown} == failing
    trees = next(row for row in view.agencies if row.page == agency_page(TREES))
    assert (trees.failed, trees.warned) == (1, 0)
    assert trees.judged == sum(
        card.target.agency == TREES and card.verdicts["REACH-01"].outcome in {Outcome.PASS, Outcome.WARN, Outcome.FAIL}
        for card in city.cards
    )
    assert sum(cause.count for cause in view.causes) == len(failing)
    assert all(cause.finding.fix for cause in view.causes)


def test_a_check_is_told_with_its_reasons_where_we_were_blind(city_without_ipv6: City) -> None:
    shown = figures(BY_ID["REACH-01"], city_without_ipv6.cards, Past(), LAST, EN)
    view = check_view("REACH-01", city_without_ipv6.cards, shown, EN)
    assert view.agencies == ()
    assert view.causes == ()
    assert view.fix, "the advice as such"
    assert (
        sum(count for _, count in view.reasons)
        == dict(chain([("", 0)], ((s.word, n) for s, n in shown.counts)))["Not measured"]
    )
    assert any("has no IPv6" in reason for reason, _ in view.reasons)


def test_every_check_has_its_page_and_is_led_to(site: Path) -> None:
    for folder in (site, site / "en"):
        assert {path.stem for path in (folder / "check").iterdir()} == set(BY_ID)
    linked = {element["href"] for element in page(site, "checks.html").all("a")}
    assert {f"check/{id_}.html" for id_ in BY_ID} <= linked
    card = {element["href"] for element in page(site, f"domain/{LOST}.html").all("a")}
    assert {"../check/REACH-01.html", "../check/WEB-04.html"} <= card
    one = page(site, "check/REACH-01.html")
    assert LOST in one.text
    assert "Vì sao chưa đo được" in one.text
    assert f"../domain/{LOST}.html#REACH-01" in {element["href"] for element in one.all("a")}


def test_a_check_tells_its_trend_where_there_were_nights(grown: Path, site: Path) -> None:
    assert "Xu hướng" in page(grown, "check/REACH-01.html").text
    assert [e for e in page(grown, "check/REACH-01.html").all("path") if e["class"] == "curve-line"]
    assert [e for e in page(grown, "checks.html").all("svg") if e["class"] == "sparkline"]
    assert "Xu hướng" not in page(site, "check/REACH-01.html").text


def test_what_judges_ourselves_or_is_not_built_says_so(site: Path) -> None:
    assert "../run.html" in {element["href"] for element in page(site, "check/OPS-01.html").all("a")}
    unbuilt = next(rule.id for rule in RULES if not rule.is_built and rule.family != "OPS")
    assert "chưa áp dụng" in page(site, f"check/{unbuilt}.html").text


# The run


def conditions(city: City) -> Conditions:
    return Conditions.of(next(iter(city.evidence.values())))


def test_a_run_shows_each_look_at_ourselves(city: City, city_without_ipv6: City) -> None:
    good = run_page(city.run, city.cards, conditions(city), (), EN)
    assert [look.when for look in good.looks] == ["before", "after"]
    assert [state.text for state in good.looks[0].canaries] == ["6/6", "6/6"]
    assert (good.bad_looks, good.unmeasured) == (0, 1)
    blind = run_page(city_without_ipv6.run, city_without_ipv6.cards, conditions(city_without_ipv6), (), EN)
    assert [(state.key, state.text) for state in blind.looks[0].canaries] == [("bad", "0/6"), ("good", "6/6")]
    assert blind.looks[0].resolver == replace(blind.looks[0].resolver, key="bad", text="does not validate")
    assert len(blind.looks[0].silent) == 6
    assert blind.bad_looks == 2


def test_a_look_tells_that_its_canaries_answered_late(city: City) -> None:
    first, last = conditions(city).looks
    canaries = [
        replace(c, v6=replace(c.v6, end=c.v6.start + timedelta(seconds=3 * (n < 4)))) for n, c in enumerate(first.canaries)
    ]
    shown = run_page(city.run, city.cards, Conditions(looks=(replace(first, canaries=tuple(canaries)), last)), (), EN)
    assert [(state.key, state.text) for state in shown.looks[0].canaries] == [("bad", "6/6, 4 of them late"), ("good", "6/6")]


def test_a_run_tells_why_things_were_not_measured(city_without_ipv6: City) -> None:
    shown = run_page(city_without_ipv6.run, city_without_ipv6.cards, Conditions(), (), EN)
    (unable,) = (one for one in shown.missing if "has no IPv6" in one.reason)
    assert 0 < unable.domains <= shown.domains
    assert unable.verdicts >= unable.domains
    assert [one.verdicts for one in shown.missing] == sorted((one.verdicts for one in shown.missing), reverse=True)
    assert not any("in the catalogue" in one.reason for one in shown.missing), "what is not built is no gap of the run"


def test_what_a_run_took_is_added_up_over_its_parts(city: City) -> None:
    at = {"start": city.run.started_at, "end": city.run.started_at}
    parts = tuple(
        EffortFacts(**at, questions=n, connections=2 * n, timeouts=1, lag_median=n / 10_000, lag_p99=n / 1_000)
        for n in (100, 30)
    )
    shown = run_page(city.run, city.cards, Conditions(efforts=parts), (), EN)
    assert (shown.questions, shown.connections, shown.timeouts, shown.efforts) == (130, 260, 2, 2)
    assert (shown.lag_median, shown.lag_p99) == ("10 ms", "100 ms"), "the worse of both"
    assert shown.span == "1 h 12 min"


def test_of_many_looks_the_bad_ones_are_shown(city: City, city_without_ipv6: City) -> None:
    good, bad = conditions(city).looks[0], conditions(city_without_ipv6).looks[0]
    many = (*[replace(good, when="during")] * (2 * MOST_LOOKS), bad)
    shown = run_page(city.run, city.cards, Conditions(looks=(*many, good)), (), EN)
    assert len(shown.looks) == MOST_LOOKS
    assert shown.more_looks == len(many) + 1 - MOST_LOOKS
    assert [look.is_good for look in shown.looks].count(False) == shown.bad_looks == 1


def test_a_run_without_evidence_says_that_it_is_gone(city: City, tmp_path: Path) -> None:
    from ipv6check.reports.site import write_site

    write_site(city.run, city.cards, tmp_path / "site")
    text = page(tmp_path / "site", "run.html").text
    assert "bằng chứng đã được xóa theo thời hạn" in text
    assert "không được lưu lại" in text


# Providers


def test_providers_are_counted_with_those_who_hang_on_them(city: City, site: Path) -> None:
    inventory = Inventory()
    for evidence in city.evidence.values():
        if evidence.target is not None and not evidence.target.is_demo:
            inventory.add(evidence)
    rows = provider_rows(inventory, city.cards)
    assert json.loads((site / "providers.json").read_text(encoding="utf-8")) == rows
    by_name = {row["name"]: row for row in rows}
    assert by_name["dvmc.vn"] == {
        "kind": "dns",
        "name": "dvmc.vn",
        "country": "",
        "domains": 2,
        "agencies": 2,
        "measured": 2,
        "at_goal": 0,
        "servers": 2,
        "servers_over_ipv6": 1,
    }


# Long lists


@pytest.mark.parametrize("count", [1, MOST_HERE, MOST_HERE + 1, ON_A_PAGE, ON_A_PAGE + 1, 2 * ON_A_PAGE + 1])
def test_a_long_list_is_cut_and_nothing_is_lost(city: City, count: int) -> None:
    card = city.cards[0]
    cards = [replace(card, target=replace(card.target, domain=f"n{n}.hanoi.gov.vn")) for n in range(count)]
    whole = groups(cards, VI, "internal")
    (short,), pages = cut(whole, Link("Tổng quan", "index.html"), "level/")
    if count <= MOST_HERE:
        assert (short, pages) == (whole[0], [])
        return
    assert short.rows == whole[0].rows[:MOST_HERE]
    assert (short.whole, short.count) == (f"level/{short.badge.key}.html", count)
    assert [row for one in pages for row in one.group.rows] == list(whole[0].rows)
    assert max(len(one.group.rows) for one in pages) <= ON_A_PAGE
    assert [one.before for one in pages] == ["", *(one.page for one in pages[:-1])]
    assert [one.after for one in pages] == [*(one.page for one in pages[1:]), ""]


# The public


def test_the_public_has_none_of_these_pages(public_site: Path) -> None:
    for folder in (public_site, public_site / "en"):
        for name in ("check", "run.html", "resources.html", "providers.json"):
            assert not (folder / name).exists(), name
    text = page(public_site, "checks.html").source
    assert "check/" not in text
    assert "sparkline" not in text
    assert 'class="tally"' not in text

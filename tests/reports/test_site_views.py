"""What each page is made of: which steps come first, what a level looks like, who is ranked."""

from dataclasses import replace

import pytest

from ipv6check.judge import judge
from ipv6check.model import Outcome, Verdict
from ipv6check.reports import charts
from ipv6check.reports.findings import MOST_STEPS, SAME_FAULT, finding, steps
from ipv6check.reports.health import can_rank, health
from ipv6check.reports.language import speech
from ipv6check.reports.levels import KEYS, badge, badge_by, key_of
from ipv6check.reports.overview import agency_view, distribution, goals, overview
from ipv6check.reports.past import day_of
from ipv6check.reports.problems import assignments, problems
from ipv6check.reports.scorecard import scorecard
from ipv6check.reports.standing import agencies, counted
from ipv6check.reports.tree import Tree
from ipv6check.rules import BY_ID
from ipv6check.score import Card, roll_up, score
from tests.reports.sample_city import CITY, TREES, City, sample_city
from tests.reports.sample_vantage import Vantage

VI = speech("vi")
EN = speech("en")


def card_of(city: City, domain: str) -> Card:
    """The card of one domain."""
    return next(card for card in city.cards if card.target.domain == domain)


def test_steps_are_few_and_lead_to_the_next_level(city: City) -> None:
    """What the next level lacks stands first; one fault is one step; nothing that needs no action."""
    for card in city.cards:
        chosen = [verdict.id for verdict in steps(card)]
        assert len(chosen) == len(set(chosen)) <= MOST_STEPS
        assert all(card.verdicts[id_].outcome in {Outcome.FAIL, Outcome.WARN} for id_ in chosen)
        missing = [id_ for id_ in card.score.level.missing if card.verdicts[id_].outcome is Outcome.FAIL]
        assert not missing or chosen[0] in missing
        assert not any(other in SAME_FAULT.get(id_, ()) for n, id_ in enumerate(chosen) for other in chosen[n:])
        assert not any(id_.startswith("OPS-") for id_ in chosen)


def test_a_broken_site_has_one_step_for_one_fault(city: City) -> None:
    """Four checks see that nothing answers over IPv6; mending it is one job."""
    assert [verdict.id for verdict in steps(card_of(city, "vuonuom.hanoi.gov.vn"))] == ["REACH-10"]


def test_a_good_site_has_no_step(city: City) -> None:
    """Nothing is invented to fill a list."""
    shown = scorecard(card_of(city, "cong.hanoi.gov.vn"), None, EN)
    assert shown.steps == ()
    assert shown.gaps == ()
    assert shown.unbuilt_gaps == ("PAGE-01", "MAIL-02", "MAIL-03")
    assert shown.badge.text == "at least L3"
    assert [rung.state for rung in shown.ladder] == ["reached", "reached", "reached", "current", "next"]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_finding_of_the_city_has_its_words(city: City, language: str) -> None:
    """What fails or warns says what was found, why it matters, who must act, how to mend and how to verify it."""
    said = VI if language == "vi" else EN
    for card in city.cards:
        for verdict in card.verdicts.values():
            shown = finding(verdict, said, card.target.domain)
            assert shown.title
            assert "{" not in shown.found + shown.why
            if verdict.outcome in {Outcome.FAIL, Outcome.WARN}:
                assert shown.found
                assert shown.why
                assert shown.party
                assert shown.fix
                assert shown.verify


def test_at_least_l0_does_not_look_like_l0(city_without_ipv6: City) -> None:
    """From a measuring point without IPv6 nobody is called not ready for what was not seen."""
    for card in city_without_ipv6.cards:
        if card.score.is_measured and card.score.level.is_minimum and card.score.level.number == 0:
            shown = badge(card.score, VI)
            assert (shown.key, shown.text, shown.name) == ("open", "ít nhất L0", "Chưa kết luận")
            assert all(rung.state == "ahead" for rung in scorecard(card, None, VI).ladder)


def test_every_card_has_a_key_and_every_key_a_badge(city: City, city_without_ipv6: City) -> None:
    """Distribution and groups leave nobody out."""
    for one in (city, city_without_ipv6):
        own = counted(one.cards)
        shown = distribution(own, EN)
        assert sum(row.count for row in shown.rows) == len(own)
        assert {key_of(card.score) for card in one.cards} <= set(KEYS)
        groups = overview(one.run, one.cards, EN, "internal").groups
        assert sorted(row.domain for group in groups for row in group.rows) == sorted(row[0] for row in CITY)
    assert [badge_by(key, EN).key for key in KEYS] == list(KEYS)


def test_goals_say_what_is_not_known(city: City, city_without_ipv6: City) -> None:
    """A share is told with what is open; where none has reached it and some may have, it is not concluded."""
    dual, only = goals(counted(city.cards), EN)
    assert (dual.reached, dual.measured, dual.undecided, dual.is_known) == (13, 39, 1, True)
    assert (only.reached, only.is_known, only.lacks_checks) == (0, False, True)
    dual, _ = goals(counted(city_without_ipv6.cards), EN)
    assert (dual.reached, dual.is_known, dual.lacks_checks) == (0, False, False)


def test_agencies_are_ranked_from_three_measured_domains(city: City) -> None:
    """Demo hosts do not count; the order is share, median, broken, percent."""
    ranked, unranked = agencies(city.cards, EN)
    assert all(row.total.measured >= 3 and row.rank for row in ranked)
    assert all(row.total.measured < 3 and row.rank is None for row in unranked)
    shares = [row.total.share_at_goal or 0 for row in ranked]
    assert shares == sorted(shares, reverse=True)
    trees = next(row for row in ranked if row.name == TREES)
    assert trees.total.domains == 4, "the demo host is left out"
    assert len(ranked) + len(unranked) == len({row[1] for row in CITY})


def test_nobody_is_ranked_by_a_blind_measuring_point(city_without_ipv6: City) -> None:
    """Differences would be those of what was not seen."""
    assert not can_rank(city_without_ipv6.cards)
    shown = overview(city_without_ipv6.run, city_without_ipv6.cards, VI, "internal")
    assert shown.ranked == ()
    assert all(row.share_is_minimum for row in shown.unranked if row.name == "UBND phường Cúc Vàng")


def test_equals_share_a_rank() -> None:
    """Two agencies of the same make stand side by side."""
    rows = [(f"{agency}{n}.hanoi.gov.vn", f"Sở {agency}", "so", CITY[0][3]) for agency in "ab" for n in range(3)]
    ranked, _ = agencies(sample_city(rows=rows).cards, EN)
    assert [row.rank for row in ranked] == [1, 1]


def test_health_begins_with_what_is_worst(city: City, city_without_ipv6: City) -> None:
    """Silent where all is well."""
    assert health(city.cards, VI).troubles == ()
    troubles = health(city_without_ipv6.cards, VI).troubles
    assert troubles[0].said == "Điểm đo không có IPv6: các mục IPv6 là “chưa đo được”, không phải “không đạt”."
    assert [trouble.id for trouble in troubles] == ["OPS-01", "OPS-03", "OPS-08"]
    assert health((), VI).troubles == ()


@pytest.mark.parametrize(
    ("here", "words"),
    [
        (Vantage(lost_v6=True), "IPv6 at this measuring point broke down during the run"),
        (Vantage(clock=400), "The clock of this measuring point is wrong"),
        (Vantage(clock=20), "a little off"),
        (Vantage(finished=20), "The run is not complete"),
        (Vantage(finished=39), "The run is not quite complete"),
        (Vantage(validates=False), "does not validate"),
    ],
)
def test_every_trouble_has_a_sentence(here: Vantage, words: str) -> None:
    """Each fault of ourselves is said in its own words."""
    assert any(words in trouble.said for trouble in health(sample_city(here).cards, EN).troubles)


def test_problems_cost_points_and_name_who_must_act(city: City) -> None:
    """Those that cost most come first; the measuring point's own are not among them."""
    found = problems(counted(city.cards), VI)
    assert [2 * p.failed + p.warned for p in found] == sorted((2 * p.failed + p.warned for p in found), reverse=True)
    assert found[0].id == "DNS-03"
    assert all(p.parties and p.failed + p.warned <= p.measured for p in found)
    assert not any(p.id.startswith("OPS") for p in found)


def test_an_agencys_actions_are_those_of_its_domains(city: City) -> None:
    """Every step of every domain is assigned to somebody, once."""
    own = [card for card in counted(city.cards) if card.target.agency == TREES]
    assigned = [
        (action.finding.id, place.text)
        for assignment in assignments(own, EN)
        for action in assignment.actions
        for place in action.places
    ]
    assert sorted(assigned) == sorted((verdict.id, card.target.domain) for card in own for verdict in steps(card))
    whole = overview(city.run, city.cards, EN, "internal")
    shown = agency_view(TREES, Tree(city.cards, {}, day_of(city.run.started_at)), whole, EN, "internal")
    assert shown.rank == (2, 5)
    assert shown.total == roll_up(card.score for card in own)


def test_the_evidence_is_put_into_rows(city: City) -> None:
    """Every address with both ports, the certificate, the redirect, the name servers."""
    domain = "dichvu.hanoi.gov.vn"
    shown = scorecard(card_of(city, domain), city.evidence[domain], EN).seen
    assert shown is not None
    assert {(row.version, row.https.key) for row in shown.addresses} == {(6, "good"), (4, "good")}
    assert shown.certificates[0].until == "22 Jun 2027" or shown.certificates[0].until == "23 Jun 2027"
    assert any(row.end.key == "bad" and "dangnhap.hanoi.gov.vn" in row.end.text for row in shown.chains)
    assert {row.host for row in shown.servers} == {"ns1.hanoi.gov.vn", "ns2.hanoi.gov.vn"}
    assert shown.zone == "hanoi.gov.vn"


def test_what_was_not_seen_is_shown_as_such(city: City, city_without_ipv6: City) -> None:
    """A server without IPv6 lacks an address; a port that we could not try is not called shut; nothing seen is no table."""
    shown = scorecard(card_of(city, "lua.com.vn"), city.evidence["lua.com.vn"], EN).seen
    assert shown is not None
    assert [row.answer.key for row in shown.servers if row.version == 6] == ["good", "bad"]
    domain = "cong.hanoi.gov.vn"
    blind = scorecard(card_of(city_without_ipv6, domain), city_without_ipv6.evidence[domain], EN).seen
    assert blind is not None
    assert {row.https.key for row in blind.addresses if row.version == 6} == {"unseen"}
    nothing = scorecard(card_of(city, "chotet.hanoi.gov.vn"), city.evidence["chotet.hanoi.gov.vn"], EN).seen
    assert nothing is not None
    assert nothing.is_empty


def test_an_unusable_address_is_called_so(city: City) -> None:
    """In the reader's words."""
    domain = "maingoi.hanoi.gov.vn"
    shown = scorecard(card_of(city, domain), city.evidence[domain], VI).seen
    assert shown is not None
    assert shown.addresses[0].note == "không dùng được: địa chỉ nội bộ (ULA)"


@pytest.mark.parametrize("counts", [(1,), (3, 1, 0, 7), (1, 999), (0, 0), ()])
def test_a_stacked_bar_fills_its_width(counts: tuple[int, ...]) -> None:
    """Nothing that is there is too thin to be seen, and all of it fits."""
    segments = charts.stacked([(f"l{n}", f"L{n}", count) for n, count in enumerate(counts)])
    assert [segment.count for segment in segments] == [count for count in counts if count]
    widths = [float(segment.width.rstrip("%")) for segment in segments]
    assert all(width > 1 for width in widths)
    assert not widths or abs(sum(widths) - 100) < 0.1


def test_an_argument_of_any_kind_does_no_harm(city: City) -> None:
    """Lists, numbers and nothing stand in sentences as well as text."""
    card = card_of(city, "trungthu.hanoi.gov.vn")
    verdict = card.verdicts["WEB-02"]
    odd = Verdict(id="WEB-02", outcome=Outcome.FAIL, case=verdict.case, args=dict.fromkeys(verdict.args))
    card = replace(card, verdicts={**card.verdicts, "WEB-02": odd})
    assert scorecard(card, None, VI).steps[0].id == "WEB-02"


def test_a_card_judged_from_nothing_has_a_page(city: City) -> None:
    """All is `nm`; the page says so."""
    target = city.cards[0].target
    verdicts = judge(
        replace(city.evidence[target.domain], dns=None, nameservers=None, authority=None, reachability=None, web=None)
    )
    shown = scorecard(Card(target=target, verdicts=verdicts, score=score(verdicts)), None, VI)
    assert shown.badge.key == "unmeasured"
    assert shown.percent is None
    assert shown.steps == ()
    assert set(BY_ID) >= {found.id for family in shown.families for found in family.findings}

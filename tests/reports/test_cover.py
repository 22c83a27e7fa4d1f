"""The fewest changes that lift most: what each domain needs is judged, the order is counted, the figures hold."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from ipv6check.facts import Evidence
from ipv6check.judge import judge
from ipv6check.reports.cover import Cover, Step, _units
from ipv6check.reports.fewest import cover_view
from ipv6check.reports.language import speech
from ipv6check.reports.whatif import OPERATOR, ROUTE, SECURE, WEB, Cause, Trials, causes
from ipv6check.score import REQUIREMENTS, in_the_way, level_of
from tests.reports.sample_city import BEST, CITY, NO_V6, Row, sample_city
from tests.reports.sample_site import TIMEOUT, Site
from tests.reports.test_whatif import FAR_BY_V4, SPECIAL

ADDRESS = Cause(WEB, "2402:800:6105:20::80")
FAR = Cause(OPERATOR, "dvmc.vn", "dvmc.vn")
DEAD = replace(BEST, v6=TIMEOUT)
BOTH = replace(DEAD, nameservers=FAR_BY_V4)


def rows(*sites: Site) -> list[Row]:
    return [(f"d{number}.vn", "Sở Mẫu", "so", site) for number, site in enumerate(sites)]


def covered(level: int, given: Sequence[Row]) -> Cover:
    cover = Cover(level)
    for evidence in sample_city(rows=given).evidence.values():
        cover.add(Trials(evidence, judge(evidence)))
    return cover


def test_one_shared_address_lifts_all_that_wait_for_it() -> None:
    """For L3 name servers do not matter: the address alone lifts those that lack name servers, too."""
    cover = covered(3, rows(BEST, DEAD, DEAD, BOTH, NO_V6))
    assert (cover.measured, cover.reached) == (5, 1)
    assert cover.steps() == (Step((ADDRESS,), ("d1.vn", "d2.vn", "d3.vn"), 4, 4),)


def test_what_lifts_more_comes_first_and_what_it_leaves_after() -> None:
    """For L4 three wait for the address and two for both: the operator alone lifts nobody, and those two once that is done."""
    steps = covered(4, rows(BEST, DEAD, DEAD, DEAD, BOTH, BOTH)).steps()
    assert [(step.changes, step.lifted, step.clear) for step in steps] == [
        ((ADDRESS,), ("d1.vn", "d2.vn", "d3.vn"), 4),
        ((FAR,), ("d4.vn", "d5.vn"), 6),
    ]
    assert [step.reached for step in steps] == [0, 0], "L4 is not known while its other checks were not measured"


def test_changes_that_lift_only_together_are_one_step() -> None:
    (step,) = covered(4, rows(BOTH, BOTH)).steps()
    assert (step.changes, step.lifted) == ((FAR, ADDRESS), ("d0.vn", "d1.vn"))


def test_what_is_one_domains_own_is_no_change_for_many() -> None:
    """A web address of one domain alone is its own to mend; a domain without AAAA is lifted by nobody else."""
    assert covered(3, rows(BEST, DEAD, NO_V6)).steps() == ()


def test_what_was_not_measured_is_not_counted() -> None:
    cover = covered(3, [*rows(BEST, DEAD, DEAD), ("khong.vn", "Sở Mẫu", "so", None)])
    assert cover.measured == 3


def ended(evidence: Evidence, made: set[Cause]) -> list[Cause]:
    found = _units(causes(evidence, judge(evidence)))
    return [cause for unit in found if unit in made for cause in found[unit]]


@pytest.mark.parametrize("level", [3, 4])
def test_the_figures_after_each_step_are_those_of_judging_every_domain_again(level: int) -> None:
    """No sum of single effects: with all changes made up to a step, every domain is judged whole."""
    given = [(f"d{n}-{row[0]}", *row[1:]) for n, row in enumerate([*CITY, *SPECIAL])]
    given += rows(BOTH, BOTH, DEAD)
    evidence = [one for one in sample_city(rows=given).evidence.values() if one.dns is not None]
    cover, made = covered(level, given), set()
    steps = cover.steps()
    assert steps
    for step in (Step((), (), cover.reached, cover.clear), *steps):
        made |= set(step.changes)
        after = [Trials(one, judge(one)).without(ended(one, made)) for one in evidence]
        assert sum(level_of(verdicts).number >= level for verdicts in after) == step.reached
        assert sum(not in_the_way(verdicts, level) for verdicts in after) == step.clear


@pytest.mark.parametrize("row", [*CITY, *SPECIAL], ids=lambda row: row[0])
def test_a_route_decides_no_level_and_no_change_of_others_gives_an_address(row: Row) -> None:
    """What the search leaves out changes nothing that a level asks for."""
    evidence = sample_city(rows=[row]).evidence[row[0]]
    trials = Trials(evidence, judge(evidence))
    asked = [id_ for requirements in REQUIREMENTS for id_ in requirements]
    for cause in trials.causes:
        after = trials.without([cause])
        if cause.kind == ROUTE:
            assert [after[id_] for id_ in asked] == [trials.verdicts[id_] for id_ in asked]
        for id_ in ("DNS-02", "DNS-03"):
            assert (id_ in in_the_way(after, 4)) == (id_ in in_the_way(trials.verdicts, 4))


def test_in_words_with_who_must_act_and_the_curve() -> None:
    view = cover_view(covered(4, rows(BEST, DEAD, DEAD, DEAD, BOTH, BOTH, NO_V6)), speech("vi"))
    assert [row.number for row in view.rows] == ["0", "1", "2"]
    assert [row.share for row in view.rows] == ["0,0–14,3%", "0,0–57,1%", "0,0–85,7%"]
    assert view.rows[1].changes[0][1] == "đơn vị cung cấp máy chủ hoặc CDN"
    assert view.left == 1
    assert view.clear_line == "M0 857.1H0.0V857.1H500.0V428.6H1000.0V142.9"
    assert [number for _, number in view.ticks] == [0, 1, 2]


def test_nothing_measured_is_said_and_not_divided() -> None:
    view = cover_view(Cover(3), speech("en"))
    assert [row.share for row in view.rows] == ["–"]
    assert (view.left, view.rows[0].changes) == (0, ())


def test_a_zone_that_all_resolvers_refuse_is_one_change() -> None:
    steps = covered(3, [("phocu.hanoi.gov.vn", "A", "ban", replace(BEST, bogus=True))]).steps()
    assert [step.changes for step in steps] == [(Cause(SECURE, "hanoi.gov.vn"),)]

"""What there is to tell after a night, and when nothing is."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from ipv6check.changes import LEVEL, Kind
from ipv6check.model import Exemption, Outcome, Verdict
from ipv6check.notices.digest import CITY, Audience, digest
from ipv6check.notices.night import OVER, Ending, read, why_silent
from ipv6check.reports.remarks import remarked
from ipv6check.score import Card
from ipv6check.store import Archive
from ipv6check.targets.register import Register
from tests.factories import NO_V6, V4, V6, Site, certificate, fetch, sample
from tests.notices.nights import BLIND, DEAD, FALLING, JASMINE, LOTUS, OTHER, STEADY, Seen, ends_in

FALLEN, RISEN = Seen({FALLING: DEAD}), Seen()
Nights = Callable[..., str]


def told(archive: Archive, run_id: str | None = None) -> set[tuple[str, str, Kind]]:
    return {(change.domain, change.check, change.kind) for change in read(archive, run_id).changes}


def test_what_is_seen_once_is_not_told_and_what_is_seen_again_is(archive: Archive, nights: Nights) -> None:
    nights(RISEN, FALLEN, FALLEN)
    assert told(archive, "night-01") == set()
    lost = told(archive)
    assert (FALLING.domain, "REACH-04", Kind.LOST) in lost
    assert {domain for domain, *_ in lost} == {FALLING.domain}


def test_what_is_good_again_is_told_at_once_and_in_place_of_the_loss(archive: Archive, nights: Nights) -> None:
    nights(RISEN, FALLEN, FALLEN, RISEN)
    assert (FALLING.domain, "REACH-04", Kind.RECOVERED) in told(archive)
    assert not any(kind is Kind.LOST for *_, kind in told(archive))


def test_a_level_is_told_where_it_is_certain(archive: Archive, nights: Nights) -> None:
    nights(Seen({FALLING: Site(v6=())}), FALLEN)
    assert (FALLING.domain, LEVEL, Kind.GAINED) in told(archive)


def test_what_a_night_could_not_tell_is_there_to_be_told_the_next(archive: Archive, nights: Nights) -> None:
    nights(RISEN, FALLEN, FALLEN, FALLEN)
    assert (FALLING.domain, "REACH-04", Kind.LOST) in told(archive)


def test_a_change_of_long_ago_is_not(archive: Archive, nights: Nights) -> None:
    nights(RISEN, FALLEN, FALLEN, *[FALLEN] * 7)
    lost = (FALLING.domain, "REACH-04", Kind.LOST)
    assert lost in told(archive, "night-08")
    assert lost not in told(archive, "night-09")


def test_a_change_that_this_night_could_not_see_waits(archive: Archive, nights: Nights) -> None:
    nights(RISEN, FALLEN, FALLEN, replace(FALLEN, vantage=NO_V6))
    assert not any(check == "REACH-04" for _, check, _ in told(archive))


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (Seen(), ""),
        (BLIND, "the measuring point itself was not well (OPS-01"),
        (Seen(vantage=(sample(v4=0), sample(v4=0))), "the measuring point itself was not well (OPS-02"),
        (Seen(vantage=(sample(invents=True),)), "OPS-08"),
        (Seen(vantage=()), "OPS-01, OPS-02"),
        (Seen(is_complete=False), "not complete (0 of 3 domains)"),
        (Seen(is_partial=True), "a part of the lists"),
    ],
    ids=["well", "no IPv6", "no IPv4", "resolver makes answers up", "no look at ourselves", "incomplete", "partial"],
)
def test_nothing_is_told_of_a_night_in_which_we_were_not_well(archive: Archive, nights: Nights, seen: Seen, why: str) -> None:
    nights(seen)
    silence = why_silent(read(archive))
    assert why in silence
    assert bool(silence) == bool(why)


@pytest.mark.parametrize(
    ("site", "days"),
    [
        (ends_in(60), None),
        (ends_in(12.5), 12),
        (ends_in(2.5), 2),
        (ends_in(0.5), 0),
        (ends_in(-9), OVER),
        (Site(leaf=certificate(days=100, life=90)), None),
    ],
    ids=["long", "due", "last days", "last day", "over", "not yet valid"],
)
def test_what_ends_soon_is_told(archive: Archive, nights: Nights, site: Site, days: float | None) -> None:
    site = replace(site, https={address: (fetch(site.name, address, leaf=site.leaf),) * 2 for address in (V6, V4)})
    nights(Seen({STEADY: site}))
    endings = read(archive).endings
    assert [(ending.domain, ending.check, ending.days) for ending in endings] == (
        [(STEADY.domain, "WEB-04", days)] if days is not None else []
    )
    assert all(ending.until == site.leaf.not_after.date() for ending in endings)


@pytest.mark.parametrize(("case", "is_told"), [("warn", True), ("unstable", False)])
def test_a_server_that_shows_now_this_now_that_is_no_end(archive: Archive, nights: Nights, case: str, is_told: bool) -> None:
    run_id = nights(Seen({STEADY: ends_in(12.5)}))
    cards = [replace(card, verdicts={**card.verdicts, **retold(card, case)}) for card in archive.cards(run_id)]
    archive.save_verdicts(run_id, "1", cards)
    assert bool(read(archive).endings) == is_told


def retold(card: Card, case: str) -> dict[str, Verdict]:
    """The verdict on the certificate, where there is something to say of it, with another case."""
    found = card.verdicts["WEB-04"]
    return {found.id: replace(found, case=case)} if found.outcome is Outcome.WARN else {}


def ending(days: float, since: str = "night-01") -> Ending:
    return Ending(domain="a.vn", check="WEB-04", until=date(2026, 12, 1), days=days, since=since)


def test_an_end_is_told_again_when_it_comes_nearer() -> None:
    steps = [29, 28, 15, 14, 10, 8, 7, 4, 3, 2, 1, 0, OVER, OVER]
    keys = [ending(days).key for days in steps]
    new = [days for number, days in enumerate(steps) if keys[number] not in keys[:number]]
    assert new == [29, 14, 7, 3, 1, OVER]


def test_an_end_is_not_told_of_a_night_long_ago(archive: Archive, nights: Nights) -> None:
    """When it was seen first is known of the newest nights only; without that it would be told again as another."""
    ending = Seen({STEADY: ends_in(12.5)})
    nights(RISEN, ending, ending, ending)
    assert [one.since for one in read(archive).endings] == ["night-01"]
    old = read(archive, "night-01")
    assert old.endings == ()
    assert not [change for change in old.changes if change.check == "WEB-04"]


@pytest.mark.parametrize(("until", "is_told"), [(date(2026, 11, 3), True), (date(2026, 11, 4), False)], ids=["over", "valid"])
def test_what_is_accepted_is_not_told(archive: Archive, nights: Nights, until: date, is_told: bool) -> None:
    """Neither a change nor an end, as long as the exception is valid on the run's day in Hanoi, here 4 November."""
    fallen = Seen({FALLING: DEAD, STEADY: ends_in(12.5)})
    nights(RISEN, fallen, fallen)
    accepted = ((FALLING, "REACH-04"), (STEADY, "WEB-04"))
    exemptions = tuple(Exemption(domain=t.domain, check=id_, until=until, by="A", why="b") for t, id_ in accepted)
    night = read(archive, cards=remarked(archive.cards("night-02"), Register(exemptions=exemptions), date(2026, 11, 4)))
    told = {(one.domain, one.check) for one in (*night.changes, *night.endings)}
    assert ((FALLING.domain, "REACH-04") in told) is ((STEADY.domain, "WEB-04") in told) is is_told
    assert (FALLING.domain, LEVEL) in told, "the level stays as it was measured"


def test_a_renewed_certificate_that_ends_again_is_told_anew() -> None:
    assert ending(5).key != ending(5, since="night-40").key


def test_an_agency_hears_of_its_own_domains_and_the_city_of_all(archive: Archive, nights: Nights) -> None:
    nights(RISEN, Seen({FALLING: DEAD, OTHER: DEAD}), Seen({FALLING: DEAD, OTHER: DEAD}))
    night = read(archive)

    def domains(name: str) -> set[str]:
        return {change.domain for change in digest(night, Audience(name)).changes}

    assert domains(LOTUS) == domains("H26.1") == {FALLING.domain}
    assert domains(JASMINE) == {OTHER.domain}
    assert domains(CITY) == {FALLING.domain, OTHER.domain}
    assert domains("Sở không có") == set()


def test_an_agency_that_is_named_by_a_code_hears_of_all_its_domains(archive: Archive, nights: Nights) -> None:
    """Also of those in whose rows the code is left out."""
    bare = replace(FALLING, agency_code="")
    fallen = Seen({bare: DEAD})
    nights(RISEN, fallen, fallen, targets=(STEADY, bare, OTHER))
    night = read(archive)
    assert {change.domain for change in digest(night, Audience("H26.1")).changes} == {FALLING.domain}
    assert not digest(night, Audience("H26.2")).changes

"""NAME-05 and NAME-08: registrations and names that were given up, and the outcome, from the catalogue."""

from datetime import date, timedelta

import pytest

from ipv6check.facts import Chain, Evidence, NameLookups, RegistrationFacts
from ipv6check.judge import judge
from ipv6check.model import Target
from tests import factories as f
from tests.factories import DOMAIN, V4, V6, Site, evidence
from tests.rules.test_verdicts import WWW, dns, says

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
SUCCESSOR = "moi.hanoi.gov.vn"


def registered(left: timedelta | None, problem: str = "") -> Evidence:
    expires = None if left is None else f.START + left
    return evidence(registration=RegistrationFacts(name="hanoi.gov.vn", source="rdap", expires=expires, problem=problem))


REGISTRATIONS = [
    (60 * DAY + SECOND, "pass"),
    (60 * DAY, "warn"),
    (15 * DAY, "warn"),
    (15 * DAY - SECOND, "fail"),
    (timedelta(0), "fail"),
    (-SECOND, "fail:expired"),
    (None, "nm:data-source-down"),
]


@pytest.mark.parametrize(("left", "expected"), REGISTRATIONS)
def test_end_of_the_registration(left: timedelta | None, expected: str) -> None:
    assert says(registered(left), "NAME-05") == expected


def test_a_look_up_that_was_refused_or_not_made_is_not_measured() -> None:
    assert says(registered(90 * DAY, problem="refused"), "NAME-05") == "nm:data-source-down"
    assert says(evidence(registration=None), "NAME-05") == "nm:dependency-failed"


def test_the_day_is_that_of_viet_nam() -> None:
    """The run begins at 18:00 UTC, and in Viet Nam the next day has begun."""
    args = judge(registered(10 * DAY))["NAME-05"].args
    assert args == {"name": "hanoi.gov.vn", "until": "2026-12-02", "days": 10}


def old(*sites: Site, valid_to: date | None = date(2026, 6, 30), successor: str = SUCCESSOR, **more) -> Evidence:
    target = Target(domain=DOMAIN, kind="so", valid_to=valid_to, successor=successor)
    return evidence(*sites, target=target, **more)


def leading(host: str, families: tuple[int, ...] = (6, 4), name: str = DOMAIN) -> Site:
    """A site whose pages redirect to a host, by both families."""
    starts = {6: V6, 4: V4}
    chains: list[Chain] = [f.chain(family, starts[family], f.fetch(host, starts[family])) for family in families]
    return Site(name=name, chains=chains)


def test_a_name_in_use_is_not_judged() -> None:
    assert says(old(valid_to=None), "NAME-08") == "n/a"
    assert says(old(valid_to=date(2027, 1, 1)), "NAME-08") == "n/a"


@pytest.mark.parametrize(("last", "expected"), [(date(2026, 11, 21), "warn"), (date(2026, 11, 22), "n/a")])
def test_the_last_day_counts_and_is_a_day_in_viet_nam(last: date, expected: str) -> None:
    assert says(old(valid_to=last), "NAME-08") == expected


def test_a_name_that_is_gone() -> None:
    assert says(old(dns=dns(listed=f.names(DOMAIN, rcode="NXDOMAIN"))), "NAME-08") == "pass"
    assert says(old(dns=dns(listed=f.names(DOMAIN))), "NAME-08") == "pass"


LEADS = [
    (SUCCESSOR, "pass:moved"),
    (f"www.{SUCCESSOR}", "pass:moved"),
    ("khac.hanoi.gov.vn", "warn"),
    ("casino.example.com", "fail:foreign"),
    ("khac.gov.vn", "fail:foreign"),
]


@pytest.mark.parametrize(("host", "expected"), LEADS)
def test_where_an_old_name_leads(host: str, expected: str) -> None:
    assert says(old(leading(host)), "NAME-08") == expected


def test_a_successor_elsewhere_is_no_foreigner() -> None:
    assert says(old(leading("moi.example.vn"), successor="moi.example.vn"), "NAME-08") == "pass:moved"


def test_an_old_name_that_still_serves() -> None:
    assert says(old(), "NAME-08") == "warn"
    assert says(old(leading(SUCCESSOR, (6,))), "NAME-08") == "pass:moved"
    half = Site(chains=[*leading(SUCCESSOR, (6,)).chains, f.chain(4, V4)])
    assert says(old(half), "NAME-08") == "warn"
    assert says(old(leading(SUCCESSOR), successor=""), "NAME-08") == "warn"


def test_a_foreign_host_seen_once_is_not_yet_a_fault() -> None:
    once = leading("casino.example.com", (6,))
    assert says(old(once), "NAME-08") == "nm:own-timeout-budget"


def test_www_of_an_old_name_counts_too() -> None:
    both = leading(SUCCESSOR), leading("casino.example.com", name=WWW)
    verdict = judge(old(*both))["NAME-08"]
    assert (verdict.case, verdict.args["host"]) == ("foreign", "casino.example.com")


def test_an_old_name_that_dangles() -> None:
    target = ("gone.example.net",)
    twice = f.names(DOMAIN, aliases=target, rcode="NXDOMAIN")
    assert says(old(dns=dns(listed=twice)), "NAME-08") == "fail:dangling"
    once = f.names(DOMAIN, aliases=target, rcode="NXDOMAIN", tries=1)
    assert says(old(dns=dns(listed=once), authority=None), "NAME-08") == "nm:own-timeout-budget"


def test_an_old_name_of_which_nothing_was_heard() -> None:
    dark = NameLookups(name=DOMAIN, aaaa=f.unseen(DOMAIN, "AAAA"), a=f.unseen(DOMAIN, "A"))
    assert says(old(dns=dns(listed=dark)), "NAME-08") == "nm:resolver-error"
    unserved = {(address, number): ("budget",) for address in (V6, V4) for number in (443, 80)}
    assert says(old(Site(ports=unserved)), "NAME-08").startswith("nm:")
    assert says(Evidence(), "NAME-08") == "nm:dependency-failed"


def test_an_old_name_at_which_nothing_answers_still_resolves() -> None:
    closed = {(address, number): ("refused",) * 2 for address in (V6, V4) for number in (443, 80)}
    assert says(old(Site(ports=closed)), "NAME-08") == "warn"

"""What one change would lift: judged again on evidence in which that one fact is different, and nothing else."""

from dataclasses import replace

import pytest

from ipv6check.facts import Evidence
from ipv6check.judge import Verdicts, judge
from ipv6check.model import Outcome
from ipv6check.reports.mending import imagined, resolved_again
from ipv6check.reports.whatif import (
    AAAA,
    ANSWER,
    GLUE,
    OPERATOR,
    ROUTE,
    SECURE,
    WEB,
    Cause,
    Trials,
    WhatIf,
    causes,
    judge_again,
)
from ipv6check.score import score
from tests.reports.sample_city import BEST, CITY, Row, sample_city
from tests.reports.sample_site import TIMEOUT, Site
from tests.reports.sample_vantage import Vantage

OWN = (("ns1.mau.vn", "2402:800:1::53", "103.124.60.9"), ("ns2.mau.vn", "2405:4800:3::53", "103.28.36.9"))
OWN_BY_V4 = tuple((host, "", v4) for host, _, v4 in OWN)
FAR_BY_V4 = (("ns1.dvmc.vn", "", "103.28.36.1"), ("ns2.dvmc.vn", "", "103.124.60.1"))
FAR_HALF = (("ns1.dvmc.vn", "2405:4800:1::53", "103.28.36.1"), ("ns2.dvmc.vn", "", "103.124.60.1"))

NO_GLUE = replace(BEST, nameservers=OWN, glue=False)
SILENT = replace(BEST, nameservers=OWN, ns_silent=True)
SPECIAL: tuple[Row, ...] = (
    ("mau.vn", "Sở Mẫu", "so", NO_GLUE),
    ("mau.vn", "Sở Mẫu", "so", SILENT),
    ("mau.vn", "Sở Mẫu", "so", replace(BEST, nameservers=OWN_BY_V4)),
    ("xa.vn", "Sở Mẫu", "so", replace(BEST, nameservers=FAR_BY_V4)),
    ("xa.vn", "Sở Mẫu", "so", replace(BEST, nameservers=FAR_HALF)),
)


def seen(site: Site, domain: str = "mau.vn", here: Vantage | None = None) -> Evidence:
    """The evidence of one site."""
    return sample_city(here, [(domain, "Sở Mẫu", "so", site)]).evidence[domain]


def ended(evidence: Evidence, cause: Cause) -> Verdicts:
    """The verdicts once a cause is ended."""
    return judge(causes(evidence, judge(evidence))[cause](evidence))


def outcomes(verdicts: Verdicts, *ids: str) -> list[str]:
    """Their outcomes."""
    return [verdicts[id_].outcome.value for id_ in ids]


@pytest.mark.parametrize("row", [*CITY, *SPECIAL], ids=lambda row: row[0])
def test_what_is_kept_is_what_judging_all_again_would_say(row: Row) -> None:
    """Only the families that look at what was changed are judged again, and none is forgotten."""
    evidence = sample_city(rows=[row]).evidence[row[0]]
    verdicts = judge(evidence)
    for cause, change in causes(evidence, verdicts).items():
        changed = change(evidence)
        assert judge_again(changed, verdicts, cause.kind) == judge(changed), cause


@pytest.mark.parametrize("row", [*CITY, *SPECIAL], ids=lambda row: row[0])
def test_no_change_makes_anything_fail(row: Row) -> None:
    """Ending a cause breaks nothing: what passed goes on passing."""
    evidence = sample_city(rows=[row]).evidence[row[0]]
    verdicts = judge(evidence)
    for cause, change in causes(evidence, verdicts).items():
        after = judge(change(evidence))
        worse = [id_ for id_, v in verdicts.items() if v.outcome is Outcome.PASS and after[id_].outcome is Outcome.FAIL]
        assert not worse, cause


def test_a_good_site_has_no_cause() -> None:
    """Nothing is invented to be mended."""
    evidence = seen(replace(BEST, nameservers=OWN))
    assert causes(evidence, judge(evidence)) == {}


def test_glue_at_one_server_finds_the_name_and_at_both_is_right() -> None:
    """One server that can be found is enough for NS-12; NS-10 asks for the glue of each."""
    evidence = seen(NO_GLUE)
    assert outcomes(judge(evidence), "NS-10", "NS-12") == ["fail", "fail"]
    assert outcomes(ended(evidence, Cause(GLUE, "ns1.mau.vn", "mau.vn")), "NS-10", "NS-12") == ["fail", "pass"]
    assert outcomes(ended(evidence, Cause(OPERATOR, "mau.vn", "mau.vn")), "NS-10", "NS-12") == ["pass", "pass"]


def test_silent_servers_that_answer() -> None:
    """One of two serves: NS-08 asks for both; the operator's two are enough, and the way by IPv6 alone reaches its end."""
    evidence = seen(SILENT)
    assert outcomes(judge(evidence), "NS-05", "NS-06", "NS-08", "NS-12") == ["fail"] * 4
    one = ended(evidence, Cause(ANSWER, "ns1.mau.vn (2402:800:1::53)", "mau.vn"))
    assert outcomes(one, "NS-05", "NS-08", "NS-12") == ["fail", "fail", "pass"]
    both = ended(evidence, Cause(OPERATOR, "mau.vn", "mau.vn"))
    assert outcomes(both, "NS-05", "NS-06", "NS-08", "NS-10", "NS-12", "NS-14") == ["pass"] * 6


@pytest.mark.parametrize(
    ("site", "domain", "operator"), [(SPECIAL[2][3], "mau.vn", "mau.vn"), (SPECIAL[3][3], "xa.vn", "dvmc.vn")]
)
def test_servers_without_an_address_get_one(site: Site, domain: str, operator: str) -> None:
    """In the zone with its glue, outside it by its own name; it says over IPv6 what it says over IPv4."""
    evidence = seen(site, domain)
    assert outcomes(judge(evidence), "NS-03", "NS-08", "NS-12") == ["fail"] * 3
    after = ended(evidence, Cause(OPERATOR, operator, operator))
    assert outcomes(after, "NS-03", "NS-05", "NS-06", "NS-08", "NS-12", "NS-13", "NS-14") == ["pass"] * 7
    assert "fail" not in outcomes(after, *(id_ for id_ in after if id_.startswith(("NS-", "SEC-", "DNS-"))))


def test_one_more_server_makes_two() -> None:
    """Where one serves already, an AAAA at the other is all it takes."""
    evidence = seen(SPECIAL[4][3], "xa.vn")
    after = ended(evidence, Cause(AAAA, "ns2.dvmc.vn", "dvmc.vn"))
    assert outcomes(judge(evidence), "NS-03", "NS-08") == ["fail", "fail"]
    assert outcomes(after, "NS-03", "NS-08", "NS-12") == ["pass", "pass", "pass"]


def test_a_server_that_serves_by_neither_family_gives_no_answers_to_copy() -> None:
    """What was never seen to work is not made up."""
    evidence = seen(replace(BEST, nameservers=OWN_BY_V4))
    facts = evidence.nameservers
    assert facts is not None
    mute = replace(facts, hosts=tuple(replace(host, soa=()) for host in facts.hosts))
    evidence = replace(evidence, nameservers=mute)
    assert not [cause for cause in causes(evidence, judge(evidence)) if cause.kind in {AAAA, ANSWER, OPERATOR}]


def test_a_way_that_breaks_elsewhere_is_not_mended() -> None:
    """Good servers of the zone do not help where a zone above could not be passed."""
    evidence = seen(replace(BEST, nameservers=OWN))
    assert evidence.resolution is not None
    way = evidence.resolution.iterations[0]
    stuck = replace(way, steps=way.steps[:2], broken="vn", rcode="", records=())
    evidence = replace(evidence, resolution=replace(evidence.resolution, iterations=(stuck,)))
    assert resolved_again(evidence) == evidence


def test_a_roa_makes_the_routes_valid() -> None:
    """The web address in a prefix without a ROA."""
    evidence = seen(replace(BEST, nameservers=OWN, a=("103.28.36.80",)))
    assert outcomes(judge(evidence), "ADDR-05") == ["warn"]
    assert outcomes(ended(evidence, Cause(ROUTE, "103.28.36.0/22")), "ADDR-05") == ["pass"]


def test_a_web_server_that_answers_over_ipv6() -> None:
    """From broken to as good as IPv4."""
    evidence = seen(replace(BEST, nameservers=OWN, v6=TIMEOUT))
    before, after = judge(evidence), ended(evidence, Cause(WEB, "2402:800:6105:20::80"))
    assert str(score(before).level) == "L0"
    assert outcomes(after, "REACH-01", "REACH-02", "REACH-04", "REACH-10", "WEB-01", "WEB-12") == ["pass"] * 6
    assert str(score(after).level) == "L3"


def test_a_page_elsewhere_is_not_said_to_be_reached() -> None:
    """What a host that the page leads to does over IPv6 was not seen, and is not guessed."""
    evidence = seen(replace(BEST, nameservers=OWN, v6=TIMEOUT, leads_to="noi-khac.vn"))
    after = ended(evidence, Cause(WEB, "2402:800:6105:20::80"))
    assert "pass" not in outcomes(after, "WEB-13")


@pytest.mark.parametrize("site", [replace(BEST, signed=False), replace(BEST, bogus=True)], ids=["unsigned", "bogus"])
def test_a_zone_that_is_secure(site: Site) -> None:
    """SEC-01 passes; what the servers would sign is not known, so the other checks of signatures do not pass by it."""
    evidence = seen(replace(site, nameservers=OWN))
    after = ended(evidence, Cause(SECURE, "mau.vn"))
    assert outcomes(after, "SEC-01", "SEC-02", "SEC-06") == ["pass", "nm", "nm"]


def test_a_blind_measuring_point_blames_nobody() -> None:
    """Without IPv6 here no server is called silent, and no web address dead."""
    evidence = seen(replace(SILENT, v6=TIMEOUT), here=Vantage(v6=False))
    assert not [cause for cause in causes(evidence, judge(evidence)) if cause.kind in {ANSWER, WEB, OPERATOR}]


def test_who_opted_out_is_left_alone() -> None:
    """Nothing is judged again of a site that was not looked at."""
    evidence = replace(seen(SILENT), opted_out=True)
    assert causes(evidence, judge(evidence)) == {}


def test_the_tally_counts_domains_levels_and_shares() -> None:
    """Three broken domains at one address: three rise; an address of one domain alone is no shared one."""
    broken = replace(BEST, v6=TIMEOUT)
    rows = [(f"d{number}.hanoi.gov.vn", "Sở Mẫu", "so", broken) for number in range(3)]
    rows.append(("le.hanoi.gov.vn", "Sở Mẫu", "so", replace(broken, aaaa=("2402:800:9::80",))))
    rows.append(("tot.hanoi.gov.vn", "Sở Mẫu", "so", BEST))
    city, tally = sample_city(rows=rows), WhatIf()
    for evidence in city.evidence.values():
        tally.add(Trials(evidence, judge(evidence)))
    (lift,) = tally.lifts()
    assert lift.cause == Cause(WEB, "2402:800:6105:20::80")
    assert (lift.domains, lift.improved, lift.risen) == (3, [f"d{number}.hanoi.gov.vn" for number in range(3)], 3)
    assert [(str(a), str(b), b.is_minimum, n) for (a, b), n in lift.levels.items()] == [("L0", "L3", True, 3)]


def test_a_domain_may_be_left_with_nothing_known_in_its_way() -> None:
    """L3 with silent name servers becomes "at least L3": what L4 asks beyond was not measured."""
    city, tally = sample_city(rows=[("mau.vn", "Sở Mẫu", "so", SILENT)]), WhatIf()
    evidence = city.evidence["mau.vn"]
    tally.add(Trials(evidence, judge(evidence)))
    lifts = {lift.cause.kind: lift for lift in tally.lifts()}
    assert (lifts[OPERATOR].opened, lifts[OPERATOR].risen) == (1, 0)
    assert lifts[ANSWER].opened == 0
    assert tally.lifts()[0].cause.kind == OPERATOR


def test_an_imagined_address_is_global_and_hides_no_ipv4() -> None:
    """So that neither ADDR nor NS-13 finds fault with it, and no two servers share one."""
    evidence = seen(replace(BEST, nameservers=OWN_BY_V4))
    v4 = [
        address
        for host in (evidence.nameservers.hosts if evidence.nameservers else ())
        for address in host.lookups.of_family(4)
    ]
    assert len({imagined(address) for address in v4}) == len(v4)
    assert all(address.packed not in imagined(address).packed for address in v4)

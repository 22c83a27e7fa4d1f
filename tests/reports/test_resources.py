"""The page of Internet resources: prefixes, AS numbers, operators and who hangs on them, what one change would lift."""

from dataclasses import replace
from pathlib import Path

import pytest

from ipv6check.facts import Evidence, ResourceFacts
from ipv6check.reports.language import speech
from ipv6check.reports.operators import operator_of
from ipv6check.reports.resources import CHANGES, MOST_DOMAINS, PARTIES, TABLES, Resources, Tally, resources
from ipv6check.reports.site import write_site
from ipv6check.reports.whatif import JUDGED_AGAIN
from ipv6check.rules.words import terms
from tests.reports.html_page import Page, pages_of
from tests.reports.sample_city import BEST, City, sample_city
from tests.reports.sample_site import TIMEOUT

FAR = (("ns1.dvmc.vn", "2405:4800:1::53", "103.28.36.1"), ("ns2.dvmc.vn", "", "103.124.60.1"))


def tallied(city: City) -> Tally:
    """All of a city's evidence, noted."""
    tally = Tally()
    for card in city.cards:
        tally.add(city.evidence[card.target.domain], card.verdicts)
    return tally


def shown(city: City, language: str = "en") -> Resources:
    """The page of a city."""
    return resources(tallied(city), city.cards, city.run, speech("vi" if language == "vi" else "en"))


def test_an_operator_is_the_zone_of_the_servers_names(city: City) -> None:
    """In the zone it is the zone's own; outside, the zone that the way to its name ended in, else the name above it."""
    facts = city.evidence["lua.com.vn"].nameservers
    assert facts is not None
    assert operator_of("ns1.dvmc.vn", facts) == "dvmc.vn"
    assert operator_of("a.ns.lua.com.vn", facts) == "lua.com.vn"
    assert operator_of("ns9.dns.nhacungcap.vn", facts) == "dns.nhacungcap.vn"
    assert operator_of("nhacungcap.vn", facts) == "nhacungcap.vn"


def test_operators_know_who_hangs_on_them(city: City) -> None:
    """Most first, with their servers; demo hosts are left out."""
    first, second, *_ = shown(city).operators
    assert (first.name, second.name) == ("hanoi.gov.vn", "dvmc.vn")
    assert second.domain_count == 2
    assert [link.text for link in second.domains.shown] == ["khituong-mau.hanoi.gov.vn", "lua.com.vn"]
    assert [(host, state.key) for host, state in second.servers] == [("ns1.dvmc.vn", "good"), ("ns2.dvmc.vn", "bad")]
    assert "thunghiem-demo.hanoi.gov.vn" not in {link.text for row in shown(city).operators for link in row.domains.shown}


def test_prefixes_and_numbers_are_those_of_the_tables(city: City) -> None:
    """IPv6 first; holder, origin, validity, the table's date in the reader's way."""
    page = shown(city)
    assert [row.prefix for row in page.prefixes] == ["2402:800::/32", "2405:4800::/32", "103.28.36.0/22", "103.124.60.0/22"]
    row = page.prefixes[2]
    assert (row.origins, row.country, row.validity.text, row.date) == ("AS56150", "VN", "NotFound (no ROA)", "19 Nov 2026")
    assert row.holder == "Công ty Giả định Sông Hồng"
    assert {row.number: row.name for row in page.numbers}["AS7552"] == "VIETTEL-AS-AP"
    assert [row.domains for row in page.numbers] == sorted((row.domains for row in page.numbers), reverse=True)


def test_the_worst_validity_of_a_prefix_counts() -> None:
    """Two origins, one of them Invalid: the prefix is not called Valid."""
    city = sample_city(rows=[("mau.vn", "Sở Mẫu", "so", BEST)])
    evidence = city.evidence["mau.vn"]
    assert evidence.resources is not None
    address = evidence.resources.addresses[0]
    other = replace(address.routes[0], origin=64500, validity="Invalid", invalid_by="as")
    address = replace(address, routes=(*address.routes, other))
    evidence = replace(evidence, resources=ResourceFacts(addresses=(address,)))
    page = shown(replace(city, evidence={"mau.vn": evidence}))
    row = next(row for row in page.prefixes if row.prefix == "2402:800::/32")
    assert (row.validity.key, row.origins) == ("bad", "AS7552, AS64500")


def test_a_change_says_how_many_rise_and_from_where() -> None:
    """In a sentence, with the names behind it."""
    rows = [(f"d{n}.hanoi.gov.vn", "Sở Mẫu", "so", replace(BEST, v6=TIMEOUT)) for n in range(3)]
    row = shown(sample_city(rows=rows)).lifts[0]
    assert row.change == "The shared web address 2402:800:6105:20::80 answers on ports 443 and 80 as over IPv4"
    assert (row.domains, row.improved, row.risen, row.steps) == (3, 3, 3, ("3 from L0 to at least L3",))
    assert [link.page for link in row.places.shown] == [f"domain/d{n}.hanoi.gov.vn.html" for n in range(3)]
    assert shown(sample_city(rows=rows), "vi").lifts[0].steps == ("3 từ L0 lên ít nhất L3",)


def test_every_kind_of_change_has_words_and_a_party() -> None:
    """None is left out of any table."""
    assert set(CHANGES) == set(PARTIES) == set(JUDGED_AGAIN)
    assert set(PARTIES.values()) <= set(terms()["party"])


def test_long_lists_are_cut_and_counted() -> None:
    """A page has an end."""
    rows = [(f"d{n}.hanoi.gov.vn", "Sở Mẫu", "so", replace(BEST, v6=TIMEOUT)) for n in range(MOST_DOMAINS + 5)]
    page = shown(sample_city(rows=rows))
    assert (len(page.lifts[0].places.shown), page.lifts[0].places.more) == (MOST_DOMAINS, 5)
    assert page.operators[0].domain_count == MOST_DOMAINS + 5


def without_tables(evidence: Evidence) -> Evidence:
    """The same evidence as if the tables had not been there."""

    def bare(facts: ResourceFacts | None) -> ResourceFacts | None:
        lost = {"routes": (), "dates": (), "problems": (("routes", "there is no table of routes"),)}
        return facts and ResourceFacts(addresses=tuple(replace(address, **lost) for address in facts.addresses))  # type: ignore[arg-type]

    return replace(evidence, resources=bare(evidence.resources), server_resources=bare(evidence.server_resources))


@pytest.mark.parametrize("language", ["vi", "en"])
def test_missing_tables_are_named_with_the_command(tmp_path: Path, language: str) -> None:
    """No data is no finding."""
    city = sample_city(rows=[("mau.vn", "Sở Mẫu", "so", BEST)])
    city = replace(city, evidence={"mau.vn": without_tables(city.evidence["mau.vn"])})
    write_site(city.run, city.cards, tmp_path / "site", evidence_of=city.evidence_of)
    page = Page(tmp_path / "site" / ("" if language == "vi" else "en") / "resources.html")
    assert page.text.count("ipv6check data update") == 3
    assert speech("vi" if language == "vi" else "en").gettext(TABLES["routes"]) in page.text


def test_the_page_is_linked_only_where_it_is(site: Path, pages: list[Page], public_site: Path, tmp_path: Path) -> None:
    """From the overview and from scorecards with name servers; the public and a run without evidence have none."""
    linking = {
        page.path.relative_to(site).as_posix() for page in pages if any("resources.html" in e["href"] for e in page.all("a"))
    }
    assert {"index.html", "en/index.html", "domain/cong.hanoi.gov.vn.html"} <= linking
    assert "domain/chotet.hanoi.gov.vn.html" not in linking
    assert (site / "resources.html").is_file()
    assert not list(public_site.rglob("resources.html"))
    bare = sample_city(rows=[("mau.vn", "Sở Mẫu", "so", BEST)])
    write_site(bare.run, bare.cards, tmp_path / "site")
    assert not list((tmp_path / "site").rglob("resources.html"))
    assert not any("resources.html" in page.source.replace("hreflang", "") for page in pages_of(tmp_path / "site"))


def test_old_verdicts_are_not_compared_with_new_rules(tmp_path: Path) -> None:
    """Where a run was judged by other rules, what-if compares today's judgement with today's."""
    rows = [(f"d{n}.hanoi.gov.vn", "Sở Mẫu", "so", replace(BEST, v6=TIMEOUT)) for n in range(2)]
    city = sample_city(rows=rows)
    stale = [replace(card, verdicts={**card.verdicts, "REACH-10": card.verdicts["NAME-01"]}) for card in city.cards]
    old = replace(city.run, rules_version="0.1")
    write_site(old, stale, tmp_path / "site", evidence_of=city.evidence_of)
    assert "2 từ L0 lên ít nhất L3" in Page(tmp_path / "site" / "resources.html").text

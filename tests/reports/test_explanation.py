"""`explain`: a page for every check, and for a domain each try behind a verdict with the command that repeats it."""

import re
import shlex

import pytest

from ipv6check.facts import Evidence
from ipv6check.model import Outcome
from ipv6check.reports.explanation import explain_check, explain_domain
from ipv6check.reports.traces import SOURCES, traces
from ipv6check.rules import BY_ID, RULES, words
from ipv6check.rules.words import LANGUAGES, Language
from tests.reports.sample_city import CITY
from tests.reports.sample_world import Vantage
from tests.reports.samples import city, good

RUN, CARD, EVIDENCE = good()
OF_THE_NAME_OR_THE_RUN = {"NAME-01", "NAME-02", "NAME-03", "OPS-06", "OPS-07", "OPS-08"}
"""Built checks that rest on no try with an address: on the list, the clock, the run, or on names that are not kept."""

BROKEN = "vuonuom.hanoi.gov.vn"


def explained(domain: str, language: Language = "en", here: Vantage | None = None) -> str:
    seen = city(domain, here=here)
    return explain_domain(seen.cards[0], seen.evidence[domain], language)


def section(text: str, id_: str) -> str:
    """What is said under one check."""
    (found,) = re.findall(rf"^{id_}  .*\n(?:  .*\n)*", text, re.MULTILINE)
    return str(found)


def commands(text: str) -> list[list[str]]:
    return [shlex.split(line) for line in re.findall(r"^  \$ (.*)$", text, re.MULTILINE)]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_check_has_a_page(rule, language: Language) -> None:  # type: ignore[no-untyped-def]
    page = explain_check(rule.id, language)
    assert page.startswith(f"# {rule.id}: {words.title(rule.id, language)}\n")
    assert rule.question in page
    assert all(ref in page for ref in rule.refs)
    assert ("not built yet" in page or "chưa xây dựng" in page) is not rule.is_built
    assert "\n\n\n" not in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_has_every_case_of_every_field(language: Language) -> None:
    page = explain_check("WEB-02", language)
    entry = words.entries()["WEB-02"]
    for field in ("found", "why", "fix", "verify"):
        texts = [entry[field]] if language in entry[field] else entry[field].values()
        assert all(text[language].strip() in page for text in texts)
    assert "**self-signed**" in page
    assert "```sh\n" in page


def test_every_built_check_says_what_it_rests_on() -> None:
    built = {rule.id for rule in RULES if rule.is_built}
    assert set(SOURCES) == built - OF_THE_NAME_OR_THE_RUN


@pytest.mark.parametrize("id_", SOURCES)
def test_nothing_seen_leaves_no_trace(id_: str) -> None:
    assert traces(id_, Evidence()) == ()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("domain", [row[0] for row in CITY])
def test_every_built_verdict_stands_once(domain: str, language: Language) -> None:
    text = explained(domain, language)
    for rule in RULES:
        assert len(re.findall(rf"^{rule.id}  ", text, re.MULTILINE)) == rule.is_built
    assert all(line == line.rstrip() for line in text.splitlines())


@pytest.mark.parametrize("domain", [row[0] for row in CITY])
def test_every_verdict_that_saw_something_shows_it(domain: str) -> None:
    """`n/a` may rest on nothing: there was nothing to look at."""
    seen = city(domain)
    text = explained(domain)
    unseen = {Outcome.NOT_APPLICABLE, Outcome.NOT_MEASURED}
    for id_, found in seen.cards[0].verdicts.items():
        if id_ in SOURCES and found.outcome not in unseen and traces(id_, seen.evidence[domain]):
            shown = section(text, id_)
            assert any(said in shown for said in ("  $ ", "Noted", "Evidence given above under"))


def test_dns_by_the_resolver_and_by_each_server() -> None:
    text = explained("cong.hanoi.gov.vn")
    assert ["dig", "@127.0.0.1", "cong.hanoi.gov.vn", "AAAA"] in commands(section(text, "NAME-06"))
    served = section(text, "DNS-02")
    assert ["dig", "@103.124.60.53", "cong.hanoi.gov.vn", "AAAA", "+norecurse"] in commands(served)
    assert "NOERROR aa | 2402:800:6105:20::80" in served
    assert ["dig", "@2402:800:6105:1::53", "hanoi.gov.vn", "SOA", "+norecurse"] in commands(section(text, "NS-05"))
    assert ["dig", "@127.0.0.1", "hanoi.gov.vn", "SOA", "+dnssec"] in commands(section(text, "SEC-01"))


def test_a_port_by_curl_at_its_own_address() -> None:
    found = section(explained(BROKEN), "REACH-01")
    words_of = commands(found)[0]
    assert words_of[:2] == ["curl", "-6"]
    assert words_of[words_of.index("--resolve") + 1] == f"{BROKEN}:443:[2402:800:6105:20::80]"
    assert words_of[-1] == f"https://{BROKEN}/"
    assert "2026-11-20T18:50:05Z 2402:800:6105:20::80 port 443 tcp, 38 ms: timeout (tcp)" in found


def test_a_certificate_by_openssl_with_what_was_shown() -> None:
    found = section(explained("trungthu.hanoi.gov.vn"), "WEB-02")
    opened = [command for command in commands(found) if command[0] == "openssl"]
    assert opened[0][:4] == ["openssl", "s_client", "-connect", "[2402:800:6105:20::80]:443"]
    assert "issuer CN=localhost" in found
    assert "path self-signed certificate" in found


def test_old_versions_are_offered_as_we_did() -> None:
    assert any("-tls1_1" in command for command in commands(section(explained("langnghe-mau.hanoi.gov.vn"), "WEB-07")))


def test_redirects_and_where_they_stop() -> None:
    text = explained("dichvu.hanoi.gov.vn")
    assert "dangnhap.hanoi.gov.vn" in section(text, "WEB-13")
    assert "no-address (dns: dangnhap.hanoi.gov.vn)" in section(text, "WEB-13") or "Noted" in section(text, "NAME-04")


def test_a_fault_comes_with_its_fix() -> None:
    found = section(explained(BROKEN), "REACH-10")
    assert "Fix (the hosting provider or CDN):" in found
    assert "{" not in found


def test_what_stands_above_is_referred_to_and_not_repeated() -> None:
    text = explained("cong.hanoi.gov.vn")
    assert "Evidence given above under WEB-02" in section(text, "WEB-03")
    shown = re.findall(r"^  \$ .*\n(?:    .*\n)*", text, re.MULTILINE)
    assert len(shown) == len(set(shown))


def test_our_own_checks_come_last_and_their_trouble_first() -> None:
    text = explained("cong.hanoi.gov.vn", here=Vantage(v6=False))
    assert text.startswith("! OPS-01")
    assert text.index("\nWEB-13  ") < text.index("\nOPS-01  ")
    assert not explained("cong.hanoi.gov.vn").startswith("!")


@pytest.mark.parametrize("language", LANGUAGES)
def test_not_built_is_one_line(language: Language) -> None:
    last = explained("cong.hanoi.gov.vn", language).splitlines()[-1]
    assert last.endswith(", ".join(rule.id for rule in RULES if not rule.is_built))


def test_every_id_that_is_referred_to_exists() -> None:
    named = set(re.findall(r"\b[A-Z]{2,5}-\d\d\b", explained(BROKEN)))
    assert named <= set(BY_ID)

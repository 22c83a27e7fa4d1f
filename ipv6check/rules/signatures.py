"""A zone's signatures as its servers give them: which answers may be held against a server, and what is wrong with them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from ipv6check.addressing import Address
from ipv6check.facts import Answer, AuthorityTries, DnssecFacts, DnsTry, Evidence, ServerTries, Signature, is_within
from ipv6check.model import Reason
from ipv6check.rules.dns import tries_needed
from ipv6check.rules.rule import Finding, not_measured, remembered
from ipv6check.rules.vantage import CLOCK_WARN, validates
from ipv6check.scales import Scales

CANNOT_TELL: Final = frozenset({"UnsupportedAlgorithm", "DeniedByPolicy"})
"""What our own software says of a signature that it cannot try: no fault of the zone."""

CLOCK_TOLERANCE: Final = timedelta(seconds=CLOCK_WARN)
"""By so much our clock may be behind before we stop judging dates: a signature that fresh is no fault."""


@dataclass(frozen=True, slots=True)
class SignedQuestion:
    """One question to one server address, by all transports: the answers to it that could carry signatures."""

    asked: tuple[AuthorityTries, ...]
    tries: tuple[tuple[DnsTry, Answer], ...]


@dataclass(frozen=True)
class Zone:
    """A zone's DNSSEC, looked at by the servers that serve it."""

    facts: DnssecFacts
    evidence: Evidence
    scales: Scales

    @property
    def enough(self) -> int:
        """So many agreeing answers make a fault."""
        return tries_needed(self.evidence)

    @cached_property
    def is_vouched_for(self) -> bool | None:
        """Whether the parent has a DS record for it that validates; None when that was not seen."""
        ds = self.facts.ds
        if ds is None or ds.answer is None or ds.is_bogus:
            return None
        return self.facts.has_ds and ds.answer.authenticated

    @property
    def is_signed(self) -> bool | None:
        """Whether it has keys and signatures; None when no server was heard about its keys."""
        if self.facts.is_signed and any(answer.signatures for q in self.questions for _, answer in q.tries):
            return True
        return False if self.key_answers else None

    @property
    def key_answers(self) -> list[Answer]:
        """What the servers said of the zone's keys."""
        return [answer for q in self.questions if q.asked[0].type == "DNSKEY" for _, answer in q.tries]

    @property
    def why_unseen(self) -> Reason:
        """Why no server was heard about the keys."""
        weighed = (self.scales.reply(asked) for asked in self.facts.asked if asked.type == "DNSKEY")
        return next((weighing.reason for weighing in weighed if weighing.reason), Reason.DEPENDENCY_FAILED)

    @cached_property
    def questions(self) -> list[SignedQuestion]:
        """The questions to servers that serve the zone (NS-05), each with its answers to judge."""
        serving, grouped = self._serving(), dict[tuple[Address, str, str], list[AuthorityTries]]()
        for asked in self._asked():
            if asked.server in serving and not any(t.answer and self._is_beyond(t.answer) for t in asked.tries):
                grouped.setdefault((asked.server, asked.name, asked.type), []).append(asked)
        return [
            SignedQuestion(
                tuple(group), tuple((t, t.answer) for asked in group for t in asked.tries if t.answer and _counts(t))
            )
            for group in grouped.values()
        ]

    def _asked(self) -> Iterator[AuthorityTries]:
        yield from (asked for asked in self.facts.asked if asked.purpose in {"soa", "dnskey"})
        authority = self.evidence.authority
        if authority is not None and authority.zone == self.facts.zone:
            yield from (asked for asked in authority.answers if not self._is_unprotected(asked.name))

    def _serving(self) -> set[Address]:
        soa = [asked for asked in self.facts.asked if asked.purpose == "soa"]
        weighed = [ServerTries(server=a.server, transport=a.transport, tries=a.tries) for a in soa]
        return {asked.server for asked in weighed if self.scales.soa(asked).is_up}

    def _is_beyond(self, answer: Answer) -> bool:
        """Whether an answer tells that the name lies in another zone, further down."""
        return not answer.aliases and any(owner not in {"", self.facts.zone} for owner in (answer.soa, answer.referral))

    def _is_unprotected(self, name: str) -> bool:
        """Whether a name lies in an unsigned zone below this one, by the validating resolver's word."""
        return any(not answer.aliases for answer in self._insecure(name))

    def leads_to_unprotected(self, name: str) -> bool:
        """Whether an alias leads from a name to where nothing need be signed, by the validating resolver's word."""
        return any(answer.aliases for answer in self._insecure(name))

    def _insecure(self, name: str) -> list[Answer]:
        """The validating resolver's answers with records of a name that it does not vouch for."""
        dns = self.evidence.dns
        known = [n for n in (dns.listed, dns.www) if n.name == name] if dns and self.is_vouched_for else []
        answers = [lookup.answer for n in known for lookup in (n.aaaa, n.a) if not lookup.is_bogus]
        return [a for a in answers if a is not None and a.records and not a.authenticated]


def _counts(tried: DnsTry) -> bool:
    """Whether an answer is whole, speaks for the zone, and is to a question that asked for signatures (or was refused that)."""
    answer = tried.answer
    is_whole = answer is not None and answer.speaks and answer.authoritative and not answer.truncated
    return is_whole and tried.hears_edns


def of_zone(evidence: Evidence, judge: Callable[[Zone], Finding]) -> Finding:
    """Judge the zone, where it was looked at and our resolver validates (OPS-08)."""
    zone = _zone_of(evidence)
    if zone is None:
        return not_measured(Reason.DEPENDENCY_FAILED)
    if not validates(evidence.vantage):
        return not_measured(Reason.RESOLVER_ERROR)
    return judge(zone)


@remembered
def _zone_of(evidence: Evidence) -> Zone | None:
    facts = evidence.dnssec
    return Zone(facts, evidence, Scales(evidence, zone=facts.zone)) if facts is not None else None


def fault_of(asked: AuthorityTries, answer: Answer, zone: Zone) -> str | None:
    """What is wrong with an answer's signatures: `missing`, `wrong`, or "" for nothing; None when it cannot be told."""
    own = [s for s in answer.signatures if s.signer == zone.facts.zone]
    if not answer.signatures or _lacks_some(asked, answer, zone):
        return "missing"
    tried = [[_verifies(signature) for signature in group] for group in _sets(own)]
    if any(all(verifies is False for verifies in group) for group in tried):
        return "wrong"
    return "" if tried and all(any(group) for group in tried) else None


def _lacks_some(asked: AuthorityTries, answer: Answer, zone: Zone) -> bool:
    """Whether a set of records that the zone must have signed came without a signature."""
    if not answer.aliases and not answer.records:
        return not {"SOA", answer.denial or "NSEC"} <= {s.covered for s in answer.signatures}
    return not set(_needed(asked, answer, zone)) <= {(s.owner, s.covered) for s in answer.signatures}


def _needed(asked: AuthorityTries, answer: Answer, zone: Zone) -> Iterator[tuple[str, str]]:
    """The sets of records in the zone that an answer gives and that must be signed, as (owner, type).

    A CNAME record that a server makes from a DNAME record never is (RFC 6672 5.3.1).
    """
    *links, last = asked.name, *answer.aliases
    given = [(owner, "CNAME") for owner in links] + [(last, asked.type)] * bool(answer.records)
    renamed = [s.owner for s in answer.signatures if s.covered == "DNAME"]
    for owner, rdtype in given[:1] if zone.leads_to_unprotected(asked.name) else given:
        is_made = rdtype == "CNAME" and any(owner != above and is_within(owner, above) for above in renamed)
        if is_within(owner, zone.facts.zone) and not is_made:
            yield owner, rdtype


def _sets(signatures: list[Signature]) -> list[list[Signature]]:
    """Signatures by the set of records that they cover: one that is good is enough for a set."""
    sets: dict[tuple[str, str], list[Signature]] = {}
    for signature in signatures:
        sets.setdefault((signature.owner, signature.covered), []).append(signature)
    return list(sets.values())


def _verifies(signature: Signature) -> bool | None:
    return None if signature.problem in CANNOT_TELL else signature.verifies


def weakest(answer: Answer, zone: str, now: datetime) -> Signature | None:
    """The signature that ends first: of each set of records the one that lasts longest, of these the one that lasts least."""
    own = [s for s in answer.signatures if s.signer == zone and _verifies(s) is not False]
    lasting = [max(group, key=lambda signature: time_left(signature, now)) for group in _sets(own)]
    return min(lasting, key=lambda signature: time_left(signature, now), default=None)


def time_left(signature: Signature, now: datetime) -> timedelta:
    """How long it still holds; negative when it has expired or is not valid yet."""
    if is_not_yet_valid(signature, now):
        return now - signature.inception
    return signature.expiration - now


def is_not_yet_valid(signature: Signature, now: datetime) -> bool:
    """Whether it begins in the future, by more than our clock may be wrong."""
    return signature.inception > now + CLOCK_TOLERANCE

"""A made history: domains that really change, flap and are not seen at times, judged by the real rules. No network.

A few states of a site are judged once each; every domain has them under its own name and addresses, and each night puts in what
differs from night to night (days that a certificate has left, seconds, which server was asked). What is not built yet counts as
built: a pass with a name and an address.
"""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import Final

from benchmarks.writing import write
from ipv6check.changes import LEVEL
from ipv6check.facts import Evidence, RunFacts
from ipv6check.judge import judge
from ipv6check.model import Arguments, Outcome, Reason, Target, Verdict
from ipv6check.plan import make_plan
from ipv6check.rules import RULES, RULES_VERSION
from ipv6check.score import Card, score
from ipv6check.store import Archive, Completion, Database
from tests import factories as f

START: Final = datetime(2026, 1, 1, 18, tzinfo=UTC)
AGENCIES: Final = 170
"""About as many as Hanoi has: departments, wards, communes and the bodies under them."""

TRUE_CHANGE: Final = 1 / 120
FLAP: Final = 0.02
IPV6_DOWN_HERE: Final = 0.02
"""How probable on a night: of a domain, of a domain, of all."""

MOVED: Final = "WEB-10"
"""The check whose rule is new from the middle of the year on."""

NO_IPV6: Final = f.Site(v6=())
SILENT: Final = f.Site(ports={(f.V6, number): ("timeout",) * 3 for number in (80, 443)})
LOSSY: Final = f.Site(ports={(f.V6, 443): ("timeout", "timeout", None)})
PLAIN_ONLY: Final = f.Site(ports={(f.V6, 443): ("refused",) * 3})
EXPIRED: Final = f.Site(leaf=f.certificate(days=-3))
OTHER_NAME: Final = f.Site(leaf=f.certificate("khac.hanoi.gov.vn"))
SITES: Final = {
    "no-ipv6": NO_IPV6,
    "silent": SILENT,
    "plain-only": PLAIN_ONLY,
    "expired": EXPIRED,
    "other-name": OTHER_NAME,
    "good": f.Site(),
    "lossy": LOSSY,
}
"""The states of a site; it moves to a neighbouring one. `lossy` is what a lost packet makes of any."""

STATES: Final = tuple(state for state in SITES if state != "lossy")


@dataclass(frozen=True)
class Year:
    """So many domains and nights; the same seed makes the same."""

    domains: int
    nights: int
    seed: int = 6

    @property
    def targets(self) -> list[Target]:
        """The list, the same every night."""
        return [_target(number) for number in range(self.domains)]

    def versions(self, night: int) -> dict[str, str]:
        """The versions of the rules by which a night is judged."""
        versions = {rule.id: str(rule.version) for rule in RULES} | {LEVEL: RULES_VERSION}
        return versions | {MOVED: "next", LEVEL: "next"} if night >= self.nights // 2 else versions

    def __iter__(self) -> Iterator[list[Card]]:
        """The cards of each night."""
        chance = random.Random(self.seed)
        states = [chance.randrange(len(STATES)) for _ in range(self.domains)]
        for night in range(self.nights):
            has_ipv6 = chance.random() >= IPV6_DOWN_HERE
            cards = []
            for number in range(self.domains):
                if chance.random() < TRUE_CHANGE:
                    states[number] = min(max(states[number] + chance.choice((-1, 1)), 0), len(STATES) - 1)
                state = "lossy" if chance.random() < FLAP else STATES[states[number]]
                cards.append(_card(number, state, has_ipv6, night, night >= self.nights // 2, chance))
            yield cards


def run_id_of(night: int) -> str:
    """A run's id as the program would give it."""
    return f"{START + timedelta(days=night):%Y%m%d}-{night * 2654435761 % 2**32:08x}"


def store(database: Database, year: Year, night: int, cards: Sequence[Card]) -> None:
    """Store one night as a scan does; its evidence apart."""
    archive, run_id = Archive(database), run_id_of(night)
    at = START + timedelta(days=night)
    facts = RunFacts(id=run_id, started=at, vantage="lab", country="VN", tries=3, version="0", planned=year.domains)
    archive.start_run(facts, make_plan([card.target for card in cards], lambda domain: False))
    write(database, run_id, (Completion(card.target.domain) for card in cards))
    archive.save_verdicts(run_id, RULES_VERSION, cards, year.versions(night))
    archive.history.follow(run_id)
    archive.finish_run(run_id)


@cache
def _target(number: int) -> Target:
    """Every third domain belongs to one of the ten largest agencies."""
    agency = number % 10 if number % 3 == 0 else number % AGENCIES
    name = f"{('so', 'phuong', 'xa', 'trung-tam', 'dich-vu')[number % 5]}-{number:04}.hanoi.gov.vn"
    return Target(domain=name, agency=f"Ủy ban nhân dân phường Số {agency}", kind="xa-phuong", agency_code=f"H26.{agency}")


@cache
def _judged(state: str, has_ipv6: bool) -> Mapping[str, Verdict]:
    """A state of a site, judged by the real rules."""
    return judge(_evidence(SITES[state], has_ipv6))


def _evidence(site: f.Site, has_ipv6: bool) -> Evidence:
    if has_ipv6:
        return f.evidence(site, replace(site, name=f"www.{f.DOMAIN}"))
    unseen = replace(site, ports={(address, n): ("unreachable",) * 3 for address in site.v6 for n in (80, 443)})
    return f.evidence(unseen, replace(unseen, name=f"www.{f.DOMAIN}"), vantage=f.NO_V6)


@lru_cache(4_000)
def _own(number: int, state: str, has_ipv6: bool) -> dict[str, Verdict]:
    """A state of a site under a domain's own name and addresses."""
    words = {
        f.DOMAIN: _target(number).domain,
        f.V6: f"2001:ee0:{number:x}::80",
        f.V4: f"103.{number >> 8}.{number & 255}.80",
        "2400:5::": f"2001:df0:{number % 40:x}::",
        "11.5.0.": f"203.162.{number % 40}.",
    }
    return {id_: _renamed(verdict, words) for id_, verdict in _judged(state, has_ipv6).items()}


def _renamed(verdict: Verdict, words: Mapping[str, str]) -> Verdict:
    if verdict.reason is Reason.NOT_BUILT:
        args: Arguments = {"name": words[f.DOMAIN], "address": words[f.V6]}
        return Verdict(id=verdict.id, outcome=Outcome.PASS, case=Outcome.PASS.value, args=args)
    if not verdict.args:
        return verdict
    text = json.dumps(dict(verdict.args))
    for word, own in words.items():
        text = text.replace(word, own)
    return replace(verdict, args=json.loads(text))


def _card(number: int, state: str, has_ipv6: bool, night: int, is_moved: bool, chance: random.Random) -> Card:
    verdicts = _own(number, state, has_ipv6) | {}
    for id_, given in _tonight(number, night, chance).items():
        if verdicts[id_].args.keys() >= given.keys():
            verdicts[id_] = replace(verdicts[id_], args={**verdicts[id_].args, **given})
    if is_moved and verdicts[MOVED].outcome is Outcome.PASS and number % 7 == 0:
        verdicts[MOVED] = replace(verdicts[MOVED], outcome=Outcome.WARN, case=Outcome.WARN.value)
    measured_at = START + timedelta(days=night, microseconds=chance.randrange(3_600_000_000))
    return Card(target=_target(number), verdicts=verdicts, score=score(verdicts), measured_at=measured_at)


def _tonight(number: int, night: int, chance: random.Random) -> dict[str, Arguments]:
    """What differs from night to night although nothing has changed."""
    left = 89 - (night + number) % 60
    at = START + timedelta(days=night)
    return {
        "OPS-06": {"seconds": round(random.Random(night).random(), 1)},
        "NAME-05": {"days": 400 - night % 365},
        "NS-09": {"address": f"2001:dc8::{chance.randrange(1, 6):x}"},
        "WEB-04": {
            "days": left,
            "until": f"{at + timedelta(days=left):%Y-%m-%d}",
            "since": f"{at + timedelta(days=left - 90):%Y-%m-%d}",
        },
    }

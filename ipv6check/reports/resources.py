"""The page of Internet resources in words: prefixes, AS numbers, operators of name servers, and what one change would lift."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ipv6check.facts import Evidence
from ipv6check.model import Run
from ipv6check.reports.cover import Cover
from ipv6check.reports.failures import State
from ipv6check.reports.hostile import for_terminal
from ipv6check.reports.inventory import Autonomous, Inventory, Operator, Prefix
from ipv6check.reports.language import N_, UNKNOWN, Speech
from ipv6check.reports.links import Links, links, to_agency, to_domain
from ipv6check.reports.providers import at_goal
from ipv6check.reports.whatif import AAAA, ANSWER, GLUE, OPERATOR, ROUTE, SECURE, WEB, Cause, Lift, Trials, WhatIf
from ipv6check.rules.words import term
from ipv6check.score import Card, Verdicts

MOST_LIFTS: Final = 40
MOST_DOMAINS: Final = 60
MOST_AGENCIES: Final = 30
MOST_OPERATORS: Final = 200
MOST_PREFIXES: Final = 400
"""So many rows there are, and so many names stand behind a row; how many more there are is said."""

TEXT: Final = 120

CHANGES: Final = {
    OPERATOR: N_("All name servers of %(subject)s: AAAA, correct glue, answers over IPv6"),
    AAAA: N_("An AAAA record for %(subject)s, serving over IPv6 as it serves over IPv4"),
    ANSWER: N_("%(subject)s answers over IPv6 as over IPv4"),
    GLUE: N_("Correct AAAA glue for %(subject)s at the parent zone"),
    ROUTE: N_("A valid ROA for the routes of %(subject)s"),
    WEB: N_("The shared web address %(subject)s answers on ports 443 and 80 as over IPv4"),
    SECURE: N_("The zone %(subject)s is signed and validates (DNSSEC)"),
}
PARTIES: Final = {
    OPERATOR: "dns-operator",
    AAAA: "dns-operator",
    ANSWER: "dns-operator",
    GLUE: "parent-zone",
    ROUTE: "prefix-holder",
    WEB: "hosting",
    SECURE: "dns-operator",
}

STATES: Final = {
    "good": ("good", N_("serves over IPv6")),
    "bad": ("bad", N_("does not serve over IPv6")),
    "none": ("bad", N_("no IPv6 address")),
    "unsteady": ("bad", N_("answers over IPv6 at times")),
    "unseen": ("unseen", N_("IPv6 not measured")),
}
VALIDITIES: Final = {
    "Valid": ("good", N_("Valid")),
    "Invalid": ("bad", N_("Invalid")),
    "NotFound": ("unseen", N_("NotFound (no ROA)")),
    "": ("unseen", N_("not measured")),
}

TABLES: Final = {
    "routes": N_("routing table (prefixes and origin AS)"),
    "registry": N_("address registry (country and holder)"),
    "vrps": N_("RPKI (ROA validity)"),
    "names": N_("names of AS numbers"),
    "holders": N_("names of address holders"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixRow:
    """One prefix."""

    prefix: str
    version: int
    holder: str
    country: str
    origins: str
    validity: State
    date: str
    domains: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberRow:
    """One AS number: how many domains rest on it, how many are hosted there, and how many of those stand at the goal."""

    number: str
    name: str
    country: str
    domains: int
    hosted: int
    at_goal: int
    places: Links


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorRow:
    """One operator of name servers, and who hangs on it."""

    name: str
    servers: tuple[tuple[str, State], ...]
    agencies: Links
    domains: Links
    domain_count: int
    agency_count: int
    at_goal: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftRow:
    """One change: who must make it, how many domains share the cause, how many gain, from which level to which."""

    change: str
    party: str
    domains: int
    improved: int
    risen: int
    opened: int
    steps: tuple[str, ...]
    places: Links


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Everything on the page, in one language."""

    moment: datetime
    lifts: tuple[LiftRow, ...]
    more_lifts: int
    operators: tuple[OperatorRow, ...]
    prefixes: tuple[PrefixRow, ...]
    numbers: tuple[NumberRow, ...]
    more_operators: int
    more_prefixes: int
    dates: tuple[tuple[str, str], ...]
    missing: tuple[tuple[str, str], ...]


class Tally:
    """What the page is made of, gathered in one pass over a run's evidence; `covers` are by the level of a goal."""

    def __init__(self, levels: Iterable[int] = ()) -> None:
        self.inventory = Inventory()
        self.whatif = WhatIf()
        self.covers = {level: Cover(level) for level in levels}

    def add(self, evidence: Evidence, verdicts: Verdicts) -> None:
        """Note one domain; a demo host is left out."""
        if evidence.target is not None and not evidence.target.is_demo:
            self.inventory.add(evidence)
            trials = Trials(evidence, verdicts)
            self.whatif.add(trials)
            for cover in self.covers.values():
                cover.add(trials)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return self.inventory.is_empty


def has_resources(evidence: Evidence) -> bool:
    """Whether one domain's evidence makes that there is something to show."""
    is_counted = evidence.target is not None and not evidence.target.is_demo
    return is_counted and evidence.nameservers is not None and bool(evidence.nameservers.hosts)


def resources(tally: Tally, cards: Iterable[Card], run: Run, speech: Speech) -> Resources:
    """Put a whole run's resources into words; `cards` are its domains' results."""
    inventory, lifts = tally.inventory, tally.whatif.lifts()
    operators, prefixes = inventory.operators(), inventory.prefixes()
    by_domain = {card.target.domain: card for card in cards}
    return Resources(
        moment=run.finished_at or run.started_at,
        lifts=tuple(_lift(lift, speech) for lift in lifts[:MOST_LIFTS]),
        more_lifts=max(len(lifts) - MOST_LIFTS, 0),
        operators=tuple(_operator(row, by_domain, speech) for row in operators[:MOST_OPERATORS]),
        prefixes=tuple(_prefix(row, speech) for row in prefixes[:MOST_PREFIXES]),
        numbers=tuple(_number(row, by_domain) for row in inventory.numbers()),
        more_operators=max(len(operators) - MOST_OPERATORS, 0),
        more_prefixes=max(len(prefixes) - MOST_PREFIXES, 0),
        dates=tuple((_table(table, speech), speech.date(date)) for table, date in sorted(inventory.dates.items())),
        missing=tuple((_table(table, speech), for_terminal(why, TEXT)) for table, why in sorted(inventory.missing.items())),
    )


def _table(table: str, speech: Speech) -> str:
    return speech.gettext(TABLES[table]) if table in TABLES else for_terminal(table, TEXT)


def _lift(lift: Lift, speech: Speech) -> LiftRow:
    steps = sorted(lift.levels.items(), key=lambda item: (-item[1], str(item[0])))
    return LiftRow(
        change=change_in_words(lift.cause, speech),
        party=term("party", PARTIES[lift.cause.kind], speech.code),
        domains=lift.domains,
        improved=len(lift.improved),
        risen=lift.risen,
        opened=lift.opened,
        steps=tuple(
            speech.ngettext(
                "%(n)s from %(before)s to %(after)s",
                "%(n)s from %(before)s to %(after)s",
                count,
                before=speech.level(before),
                after=speech.level(after),
            )
            for (before, after), count in steps
        ),
        places=linked(lift.improved),
    )


def change_in_words(cause: Cause, speech: Speech) -> str:
    """What would be changed, in a sentence."""
    return speech.gettext(CHANGES[cause.kind], subject=for_terminal(cause.subject, TEXT))


def linked(domains: Iterable[str]) -> Links:
    """Domains with their pages, as many as are shown."""
    return links(list(map(to_domain, domains)), MOST_DOMAINS)


def _operator(row: Operator, by_domain: Mapping[str, Card], speech: Speech) -> OperatorRow:
    agencies = [to_agency(agency, speech) for agency, _ in row.agencies.most_common()]
    return OperatorRow(
        name=for_terminal(row.name, TEXT),
        servers=tuple((for_terminal(host, TEXT), _state(state, speech)) for host, state in sorted(row.states.items())),
        agencies=links(agencies, MOST_AGENCIES),
        domains=linked(row.domains),
        domain_count=len(row.domains),
        agency_count=len(row.agencies),
        at_goal=_at_goal(row.domains, by_domain),
    )


def _state(state: str, speech: Speech) -> State:
    key, text = STATES[state]
    return State(key, speech.gettext(text))


def _prefix(row: Prefix, speech: Speech) -> PrefixRow:
    key, validity = VALIDITIES.get(row.validity, VALIDITIES[""])
    return PrefixRow(
        prefix=for_terminal(row.prefix, TEXT),
        version=6 if ":" in row.prefix else 4,
        holder=_joined(row.holders),
        country=_joined(row.countries),
        origins=", ".join(f"AS{origin}" if origin is not None else "AS_SET" for origin in row.origins),
        validity=State(key, speech.gettext(validity)),
        date=speech.date(row.dates.get("routes")),
        domains=len(row.domains),
    )


def _number(row: Autonomous, by_domain: Mapping[str, Card]) -> NumberRow:
    hosted = sorted(row.hosted)
    return NumberRow(
        number=f"AS{row.number}",
        name=for_terminal(row.name, TEXT) or UNKNOWN,
        country=for_terminal(row.country, TEXT) or UNKNOWN,
        domains=len(row.domains),
        hosted=len(hosted),
        at_goal=_at_goal(hosted, by_domain),
        places=linked(hosted),
    )


def _at_goal(domains: Iterable[str], by_domain: Mapping[str, Card]) -> int:
    return at_goal([by_domain[domain] for domain in domains if domain in by_domain])


def _joined(texts: Iterable[str]) -> str:
    return ", ".join(for_terminal(text, TEXT) for text in texts) or UNKNOWN

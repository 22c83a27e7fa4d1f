"""Verdicts to a scorecard: the level (RES-01), the percentage with its coverage (RES-02), the agency's roll-up (RES-04)."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Final

from ipv6check.model import Dispute, Exemption, Outcome, Reason, Severity, Target, Verdict
from ipv6check.rules import FAMILIES, RULES
from ipv6check.rules.certificates import OUT_OF_DATE

Verdicts = Mapping[str, Verdict]

POINTS: Final = {Outcome.PASS: 10, Outcome.WARN: 5, Outcome.FAIL: 0}
HIGHEST_LEVEL: Final = 4
GOAL_LEVEL: Final = 3
RANKED_FROM: Final = 3
"""So many measured domains an agency needs to be ranked (our own choice)."""

BROKEN_V6: Final = "broken-v6"
PARTIAL: Final = "partial"
BOGUS: Final = "bogus"

GOOD: Final = frozenset({Outcome.PASS, Outcome.NOT_APPLICABLE})
FAIR: Final = GOOD | {Outcome.WARN}

MANDATORY: Final = {
    family: tuple(rule.id for rule in RULES if rule.family == family and rule.severity is Severity.MANDATORY)
    for family in FAMILIES
}
"""The ids of each family's mandatory checks."""

V6_UNSEEN: Final = frozenset({"unseen", "nm"})
"""What a WEB check says of its IPv6 part when that was not measured."""

Requirement = Callable[[Verdict], bool]


def is_good(verdict: Verdict) -> bool:
    """Pass; `n/a` counts as pass at every level."""
    return verdict.outcome in GOOD


def is_fair(verdict: Verdict) -> bool:
    """Pass or warn."""
    return verdict.outcome in FAIR


def is_not_broken(verdict: Verdict) -> bool:
    """Anything but a failure (for checks that only take a level away)."""
    return verdict.outcome is not Outcome.FAIL


def serves_over_v6(verdict: Verdict) -> bool:
    """For the level the IPv6 part of a WEB check counts."""
    return is_good(verdict) or verdict.args.get("v6") in {"yes", "pass", "n/a"}


def is_trusted_over_v6(verdict: Verdict) -> bool:
    """The same of the path to a root, which may lack a certificate in between."""
    return is_fair(verdict) or serves_over_v6(verdict) or verdict.args.get("v6") in {"incomplete", "unstable"}


def is_in_date(verdict: Verdict) -> bool:
    """Neither expired nor not yet valid over IPv6; a renewal that is due is no matter of the level."""
    return verdict.args.get("v6", verdict.case) not in OUT_OF_DATE


REQUIREMENTS: Final[tuple[Mapping[str, Requirement], ...]] = (
    {"DNS-02": is_fair, "DNS-03": is_fair, "REACH-10": is_not_broken, "SEC-01": is_not_broken},
    {"REACH-01": is_fair, "REACH-04": is_fair},
    {
        "WEB-01": serves_over_v6,
        "WEB-02": is_trusted_over_v6,
        "WEB-03": serves_over_v6,
        "WEB-04": is_in_date,
        "WEB-12": is_good,
        "WEB-13": is_good,
    },
    {"NS-08": is_good, "NS-12": is_good, "PAGE-01": is_good, "PAGE-03": is_good, "MAIL-02": is_fair, "MAIL-03": is_fair},
)
"""What each level asks beyond the one below, L1 first."""

ONLY_WHERE_RUN: Final = frozenset({"PAGE-03"})
"""Checks that stand in no level's way when they were not measured."""


@dataclass(frozen=True, slots=True)
class Level:
    """L0 to L4. `is_minimum`: a check that the next level needs was not measured. `missing` are the checks in the way."""

    number: int
    is_minimum: bool
    missing: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"L{self.number}"

    @property
    def mark(self) -> str:
        """Its number, with a plus where it is a minimum: as it is stored and compared from night to night."""
        return f"{self.number}{'+' * self.is_minimum}"


@dataclass(frozen=True, slots=True)
class FamilyScore:
    """Points of the measured mandatory checks of one family, out of `maximum`; `unmeasured` counts those that were `nm`."""

    points: int
    maximum: int
    unmeasured: int


@dataclass(frozen=True, slots=True)
class Score:
    """A domain's result. `percent` is None when nothing was measured; `coverage` is the measured share of what applies."""

    level: Level
    flags: tuple[str, ...]
    percent: float | None
    coverage: float
    families: Mapping[str, FamilyScore]
    is_measured: bool


def score(verdicts: Verdicts, exempt: Collection[str] = ()) -> Score:
    """Score one domain's verdicts. Points leave out `exempt` checks; level, flags and coverage stay as they were measured."""
    every = _families(verdicts).values()
    measured = sum(f.maximum // POINTS[Outcome.PASS] for f in every)
    applicable = measured + sum(f.unmeasured for f in every)
    families = _families({id_: verdict for id_, verdict in verdicts.items() if id_ not in exempt} if exempt else verdicts)
    scored = [f.points / f.maximum for f in families.values() if f.maximum]
    return Score(
        level=level_of(verdicts),
        flags=flags_of(verdicts),
        percent=round(100 * sum(scored) / len(scored), 1) if scored else None,
        coverage=round(measured / applicable, 3) if applicable else 0.0,
        families=families,
        is_measured=verdicts["DNS-02"].outcome is not Outcome.NOT_MEASURED,
    )


def _families(verdicts: Verdicts) -> dict[str, FamilyScore]:
    return {family: of_family(verdicts, family) for family in FAMILIES if family != "OPS"}


def of_family(verdicts: Verdicts, family: str) -> FamilyScore:
    """Add up one family. Checks that are not built are left out altogether."""
    mandatory = [verdicts[id_] for id_ in MANDATORY[family] if id_ in verdicts]
    measured = [v for v in mandatory if v.outcome in POINTS]
    unmeasured = [v for v in mandatory if v.outcome is Outcome.NOT_MEASURED and v.reason is not Reason.NOT_BUILT]
    points = sum(POINTS[v.outcome] for v in measured)
    return FamilyScore(points, len(measured) * POINTS[Outcome.PASS], len(unmeasured))


def level_of(verdicts: Verdicts) -> Level:
    """The highest level whose requirements, and those of all below, are met."""
    if all(verdicts[id_].outcome is Outcome.NOT_APPLICABLE for id_ in ("DNS-02", "DNS-03")):
        return Level(0, False, ("DNS-02",))
    for number, requirements in enumerate(REQUIREMENTS):
        unmet = tuple(id_ for id_, met in requirements.items() if _is_measured(verdicts[id_]) and not met(verdicts[id_]))
        if unmet:
            return Level(number, False, unmet)
        unseen = tuple(id_ for id_ in requirements if _is_wanting(verdicts[id_]))
        if not unseen and _is_undialled(verdicts):
            unseen = ("REACH-01",)
        if unseen:
            return Level(number, True, unseen)
    return Level(HIGHEST_LEVEL, False)


def in_the_way(verdicts: Verdicts, number: int) -> tuple[str, ...]:
    """The checks that are known to keep a domain from a level; what was not measured is not among them."""
    if all(verdicts[id_].outcome is Outcome.NOT_APPLICABLE for id_ in ("DNS-02", "DNS-03")):
        return ("DNS-02",)
    asked = ((id_, met) for requirements in REQUIREMENTS[:number] for id_, met in requirements.items())
    return tuple(id_ for id_, met in asked if _is_measured(verdicts[id_]) and not met(verdicts[id_]))


def _is_measured(verdict: Verdict) -> bool:
    """Whether what the level counts was: of a WEB check its IPv6 part."""
    return verdict.outcome is not Outcome.NOT_MEASURED and verdict.args.get("v6") not in V6_UNSEEN


def _is_wanting(verdict: Verdict) -> bool:
    """Whether a check that a level needs is open. SEC-01 only takes away, when a validating resolver refused the name."""
    if verdict.outcome is not Outcome.NOT_MEASURED:
        return verdict.args.get("v6") in V6_UNSEEN
    if verdict.id == "SEC-01":
        return bool(verdict.args.get("refused"))
    return verdict.id not in ONLY_WHERE_RUN


def _is_undialled(verdicts: Verdicts) -> bool:
    """Whether AAAA records are published that our resolver did not give, but name servers of the zone: none was dialled."""
    is_published = any(verdicts[id_].outcome in {Outcome.PASS, Outcome.WARN} for id_ in ("DNS-02", "DNS-03"))
    return is_published and verdicts["REACH-01"].outcome is Outcome.NOT_APPLICABLE


def flags_of(verdicts: Verdicts) -> tuple[str, ...]:
    """What stands beside the level: published IPv6 that does not work, only one of two names, a bogus zone."""
    listed, www = verdicts["DNS-02"].outcome, verdicts["DNS-03"].outcome
    flags = []
    if verdicts["REACH-10"].outcome is Outcome.FAIL:
        flags.append(BROKEN_V6)
    if {listed, www} == {Outcome.PASS, Outcome.FAIL}:
        flags.append(PARTIAL)
    if verdicts["SEC-01"].outcome is Outcome.FAIL:
        flags.append(BOGUS)
    return tuple(flags)


@dataclass(frozen=True, slots=True)
class RollUp:
    """Several domains together. `median_level` and shares are over measured domains; None when there are none."""

    domains: int
    measured: int
    median_level: float | None
    share_at_goal: float | None
    broken_v6: int
    coverage: float
    percent: float | None

    @property
    def is_ranked(self) -> bool:
        """Whether enough was measured to compare it with others."""
        return self.measured >= RANKED_FROM


def roll_up(scores: Iterable[Score]) -> RollUp:
    """Roll up the scores of an agency's domains (demo hosts already left out)."""
    every = list(scores)
    measured = [s for s in every if s.is_measured]
    percents = [s.percent for s in measured if s.percent is not None]
    return RollUp(
        domains=len(every),
        measured=len(measured),
        median_level=median(s.level.number for s in measured) if measured else None,
        share_at_goal=sum(s.level.number >= GOAL_LEVEL for s in measured) / len(measured) if measured else None,
        broken_v6=sum(BROKEN_V6 in s.flags for s in measured),
        coverage=sum(s.coverage for s in every) / len(every) if every else 0.0,
        percent=round(sum(percents) / len(percents), 1) if percents else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One target's result in one run: what every report is made of. `measured_at` is UTC, None when nothing was looked at.

    `exemptions` are those in force of faults that were found, `disputes` those to be shown, by check.
    """

    target: Target
    verdicts: Verdicts
    score: Score
    measured_at: datetime | None = None
    exemptions: Mapping[str, Exemption] = field(default_factory=dict)
    disputes: Mapping[str, Dispute] = field(default_factory=dict)

    @property
    def exempt(self) -> tuple[str, ...]:
        """The checks whose faults somebody accepts."""
        return tuple(self.exemptions)

    @property
    def disputed(self) -> tuple[str, ...]:
        """The checks that are under review; what was answered is not."""
        return tuple(check for check, one in self.disputes.items() if one.answered is None)

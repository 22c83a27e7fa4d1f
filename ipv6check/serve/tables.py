"""A run as a table in memory: what filters and sorting need of each domain, and its object as JSON, ready to be sent."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final, TypeVar

from ipv6check.facts import plain_name
from ipv6check.model import Outcome, Reason, Run, Target
from ipv6check.reports.export import completed, domain_object
from ipv6check.reports.health import Health, health
from ipv6check.reports.hostile import for_json
from ipv6check.reports.language import speech
from ipv6check.reports.levels import OPEN, UNMEASURED, key_of
from ipv6check.reports.past import day_of
from ipv6check.reports.remarks import Remark, remarks
from ipv6check.reports.standing import Audience
from ipv6check.rules import RULES
from ipv6check.rules.words import LANGUAGES, Language
from ipv6check.score import Card, Score
from ipv6check.serve.parameters import DEFAULT_SORT, Values
from ipv6check.serve.problems import not_found
from ipv6check.targets.agencies import Bodies, heir

PUBLIC_FIELDS: Final = (
    *("domain", "agency", "run", "vantage", "measured_at", "rules_version"),
    *("level", "level_is_minimum", "is_measured", "coverage"),
)
"""What of a domain's object is for the public."""

UNREMARKED: Final[Mapping[Language, tuple[Remark, ...]]] = MappingProxyType(dict.fromkeys(LANGUAGES, ()))
"""Of most domains nobody says anything."""

NOT_MET: Final = frozenset({Outcome.FAIL, Outcome.WARN})
NUMBER_OF: Final = {rule.id: number for number, rule in enumerate(RULES)}


@dataclass(frozen=True, slots=True)
class Row:
    """One domain: `outcomes` are in the order of `RULES`, `text` is its object as JSON for the audience of the table.

    `counted_for` is the agency in whose totals it stands, `remarks` what people say of it (to the public nothing), `exempt` and
    `disputed` the checks of which they say so.
    """

    target: Target
    score: Score
    counted_for: str
    outcomes: tuple[Outcome, ...]
    remarks: Mapping[Language, tuple[Remark, ...]]
    exempt: tuple[str, ...]
    disputed: tuple[str, ...]
    text: str = field(repr=False)

    def is_of(self, agency: str) -> bool:
        """Whether it stands on an agency's page: as its own, or because that took over from who had it."""
        return agency in {self.target.agency, self.counted_for}

    @property
    def level(self) -> str:
        """The level as filters name it."""
        key = key_of(self.score)
        return key if key in {OPEN, UNMEASURED} else str(self.score.level)


@dataclass(frozen=True)
class Table:
    """All domains of one run, in the order of the list, and the bodies that they are told by."""

    run: Run
    rows: tuple[Row, ...]
    health: Mapping[Language, Health]
    bodies: Bodies

    @cached_property
    def by_domain(self) -> Mapping[str, Row]:
        """The rows by domain."""
        return {row.target.domain: row for row in self.rows}

    @cached_property
    def agencies(self) -> tuple[str, ...]:
        """The names of all agencies, in the order of the list; who took over stands behind whom it took over from."""
        names = (name for row in self.rows for name in (row.target.agency, row.counted_for))
        return tuple(dict.fromkeys(name for name in names if name))

    @cached_property
    def _agency_of(self) -> Mapping[str, str]:
        codes = {row.target.agency_code.casefold(): row.target.agency for row in self.rows if row.target.agency_code}
        return codes | {agency.casefold(): agency for agency in self.agencies}

    @cached_property
    def tallies(self) -> Mapping[str, Counter[Outcome]]:
        """How many domains have each outcome, by check; demo hosts apart."""
        own = [row.outcomes for row in self.rows if not row.target.is_demo]
        return {rule.id: Counter(outcomes[number] for outcomes in own) for number, rule in enumerate(RULES)}

    def agency(self, name: str) -> str:
        """An agency's name, by its name or its code. Raises Problem when there is none."""
        try:
            return self._agency_of[name.casefold()]
        except KeyError:
            raise not_found("agency: no such agency in this run", self.agencies) from None

    def named(self, values: Values) -> Values:
        """Values with the agency by its name, however it was written. Raises Problem when there is none."""
        return {**values, "agency": self.agency(values["agency"])} if "agency" in values else values

    def row(self, domain: str) -> Row:
        """The row of a domain. Raises Problem when it is not in the run."""
        try:
            return self.by_domain[plain_name(domain)]
        except KeyError:
            raise not_found(f"no such domain in run {self.run.id}; see its /domains") from None


def table_of(run: Run, cards: Iterable[Card], audience: Audience, bodies: Bodies = MappingProxyType({})) -> Table:
    """Read a run into a table. Cards are large: only the few are kept that have every reason for `nm` among them."""
    rows: list[Row] = []
    few: list[Card] = []
    reasons: set[Reason | None] = set()
    day = day_of(run.started_at)
    for card in map(completed, cards):
        rows.append(_row(run, card, audience, heir(card.target.agency, bodies, day)))
        own = {verdict.reason for verdict in card.verdicts.values()}
        if not few or own - reasons:
            few.append(card)
            reasons |= own
    return Table(run, tuple(rows), {language: health(few, speech(language)) for language in LANGUAGES}, bodies)


def _row(run: Run, card: Card, audience: Audience, counted_for: str) -> Row:
    whole = domain_object(run, card) | {"is_measured": card.score.is_measured}
    shown = whole if audience == "internal" else {name: whole[name] for name in PUBLIC_FIELDS}
    outcomes = tuple(card.verdicts[rule.id].outcome for rule in RULES)
    is_remarked = audience == "internal" and (card.exemptions or card.disputes)
    said = {language: remarks(card, speech(language)) for language in LANGUAGES} if is_remarked else UNREMARKED
    return Row(card.target, card.score, counted_for, outcomes, said, card.exempt, card.disputed, encoded(shown))


def encoded(value: Any) -> str:
    """A value as JSON in one line, unseen characters escaped."""
    return for_json(json.dumps(value, ensure_ascii=False, allow_nan=False))


def chosen(table: Table, values: Values) -> list[Row]:
    """The rows that filters leave, sorted. Raises Problem for an agency that there is not."""
    tests = [test for name, test in _tests(table.named(values)) if name in values]
    return in_order([row for row in table.rows if all(test(row) for test in tests)], values["sort"], values["order"], _value)


def _tests(values: Values) -> Iterable[tuple[str, Callable[[Row], bool]]]:
    """What each filter asks of a row."""
    outcomes = {Outcome(values["outcome"])} if "outcome" in values else NOT_MET
    number, words = NUMBER_OF.get(values.get("check", ""), 0), str(values.get("q", "")).casefold().split()
    return (
        ("level", lambda row: row.level == values["level"]),
        ("agency", lambda row: row.is_of(values["agency"])),
        ("kind", lambda row: row.target.kind == values["kind"]),
        ("flag", lambda row: values["flag"] in row.score.flags),
        ("check", lambda row: row.outcomes[number] in outcomes),
        ("outcome", lambda row: "check" in values or not outcomes.isdisjoint(row.outcomes)),
        ("q", lambda row: all(word in f"{row.target.domain} {row.target.agency}".casefold() for word in words)),
    )


T = TypeVar("T")


def in_order(items: Sequence[T], sort: str, order: str, value_of: Callable[[T, str], Any]) -> list[T]:
    """Sort items by a value of theirs; equals keep the order of the list, and what has no value stands last in either order."""
    if sort == DEFAULT_SORT:
        return list(items if order == "asc" else items[::-1])
    valued = [(value_of(item, sort), item) for item in items]
    known = sorted((one for one in valued if one[0] is not None), key=lambda one: one[0], reverse=order == "desc")
    return [item for _, item in known] + [item for value, item in valued if value is None]


def _value(row: Row, sort: str) -> Any:
    """What a row is sorted by."""
    target, score = row.target, row.score
    match sort:
        case "domain":
            return target.domain
        case "agency":
            return target.agency.casefold()
        case "level":
            return (score.level.number, score.level.is_minimum) if score.is_measured else None
        case "percent":
            return score.percent if score.is_measured else None
    return score.coverage


@dataclass(frozen=True, slots=True)
class Leaf:
    """One page of a longer list: `items` of `total`."""

    items: Sequence[Any]
    total: int
    page: int
    per_page: int

    @property
    def pages(self) -> int:
        """So many pages there are, one at least."""
        return max(1, -(-self.total // self.per_page))

    @property
    def previous(self) -> int:
        """The page before this one; for one past the end, the last."""
        return min(self.page - 1, self.pages)

    @property
    def has_next(self) -> bool:
        """Whether another page follows."""
        return self.page < self.pages


def span(values: Values) -> tuple[int, int]:
    """Where the page that was asked for begins, from 0, and how many stand on it at most."""
    return (values["page"] - 1) * values["per_page"], values["per_page"]


def leaf(items: Sequence[Any], values: Values) -> Leaf:
    """The page that was asked for."""
    start, most = span(values)
    return Leaf(items[start : start + most], len(items), values["page"], most)


COLUMNS: Final = ("domain", "agency", "agency_code", "kind", "level", "level_is_minimum", "is_measured", "coverage")
INTERNAL_COLUMNS: Final = ("percent", "flags", "exempt", "disputed")


def columns(audience: Audience) -> tuple[str, ...]:
    """The columns of the table as data."""
    return COLUMNS + (INTERNAL_COLUMNS if audience == "internal" else ())


def cells(row: Row, audience: Audience) -> dict[str, Any]:
    """One row as data, by column."""
    target, score = row.target, row.score
    made = {
        "domain": target.domain,
        "agency": target.agency,
        "agency_code": target.agency_code,
        "kind": target.kind,
        "level": str(score.level),
        "level_is_minimum": score.level.is_minimum,
        "is_measured": score.is_measured,
        "coverage": score.coverage,
        "percent": score.percent,
        "flags": list(score.flags),
        "exempt": list(row.exempt),
        "disputed": list(row.disputed),
    }
    return {name: made[name] for name in columns(audience)}

"""A digest in words: what the templates of the mail are filled with.

It holds our own words, names from the target list, dates and numbers. What a server or a certificate said is not in it: that
stands on the scorecard, which is no mail that a program makes links of.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import Final

from ipv6check.model import Outcome, Run
from ipv6check.notices.digest import CITY, Digest
from ipv6check.notices.night import Ending, Night
from ipv6check.reports.changed import SIGNS, ChangeRow, change_rows
from ipv6check.reports.findings import Sign, sign
from ipv6check.reports.hostile import for_terminal
from ipv6check.reports.language import Speech, speech
from ipv6check.reports.past import Past
from ipv6check.reports.paths import PREFIX, agency_page, domain_page
from ipv6check.reports.scorecard import agency_name
from ipv6check.rules.words import Language

MOST_PLACES: Final = 20
"""Domain names that are told of one change."""

CHANGES: Final = "changes.html"
GOOD_KEY: Final = "pass"


@dataclass(frozen=True, slots=True)
class Place:
    """One domain of which something is told; `url` is its scorecard, "" when no site is known."""

    domain: str
    url: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One thing that is told of some domains; `check` is "" for the level, `more` the words for those left out."""

    sign: Sign
    check: str
    title: str
    what: str
    why: str
    places: tuple[Place, ...]
    more: str


@dataclass(frozen=True, slots=True)
class Section:
    """Things of one kind."""

    title: str
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A digest in one language. `links` are what is led to, and where."""

    language: Language
    subject: str
    greeting: str
    lead: str
    sections: tuple[Section, ...]
    links: tuple[tuple[str, str], ...]
    closing: tuple[str, ...]


@cache
def texts() -> Mapping[str, Mapping[str, str]]:
    """Every text, by key and language."""
    return tomllib.loads(files("ipv6check.notices").joinpath("words.toml").read_text(encoding="utf-8"))


def say(key: str, said: Speech, **values: object) -> str:
    """One text with its values in place."""
    return texts()[key][said.code].format_map(values)


def view(digest: Digest, night: Night, language: Language, *, site: str = "", contact: str = "") -> View:
    """Put a digest into words; `site` is where the site stands, `contact` the page about the measurement ("": none)."""
    said, run, root = speech(language), night.run, f"{site.rstrip('/')}/{PREFIX[language]}" if site else ""
    past = Past(runs=night.runs, changes=digest.changes)
    rows = tuple(change_rows(past, digest.cards, said).values())
    agencies = {card.target.domain: agency_name(card.target.agency, said) for card in digest.cards}
    if digest.audience.name != CITY:
        agencies = dict.fromkeys(agencies, "")
    sections = (
        Section(say("changes", said), tuple(_changes(rows, agencies, root, said))),
        Section(say("endings", said), tuple(_endings(digest.endings, agencies, root, said))),
    )
    links = [(say("details", said), root + _overview(digest))] if root else []
    links += [(say("contact", said), contact)] if contact else []
    return View(
        language=language,
        subject=_subject(digest, run, rows, said),
        greeting=say("greeting", said, who=_name(digest, said) or say("city", said)),
        lead=say("lead", said, when=said.moment(run.started_at), vantage=for_terminal(run.vantage)),
        sections=tuple(section for section in sections if section.groups),
        links=tuple(links),
        closing=(say("honest", said), say("automatic", said), _source(run, said)),
    )


def _name(digest: Digest, said: Speech) -> str:
    """What the reader is called, "" for the city: an agency named by its code by its name."""
    if digest.audience.name == CITY:
        return ""
    return agency_name(digest.cards[0].target.agency if digest.cards else digest.audience.name, said)


def _overview(digest: Digest) -> str:
    """The page of all that a reader was told of: an agency's own, or the city's changes."""
    is_one = digest.audience.name != CITY and digest.cards
    return agency_page(digest.cards[0].target.agency) if is_one else CHANGES


def _subject(digest: Digest, run: Run, rows: Sequence[ChangeRow], said: Speech) -> str:
    better = sum(row.sign.key == GOOD_KEY for row in rows)
    counts = {"worse": len(rows) - better, "better": better, "ending": len(digest.endings)}
    what = ", ".join(say(key, said, n=said.number(n)) for key, n in counts.items() if n)
    who = _name(digest, said) or say("whole_city", said)
    return for_terminal(say("subject", said, who=who, date=said.date(run.started_at), what=what))


def _changes(rows: Iterable[ChangeRow], agencies: Mapping[str, str], root: str, said: Speech) -> Iterator[Group]:
    """The rows that say the same of several domains together, bad news first."""
    order = [key for key, _ in SIGNS.values()]

    def same(row: ChangeRow) -> tuple[int, bool, str, str, str, str]:
        return order.index(row.sign.key), not row.is_level, row.check, row.kind, row.before, row.after

    for _, group in groupby(sorted(rows, key=same), key=same):
        alike = list(group)
        first = alike[0]
        places = [_place(row.domain, agencies, root, _first_seen(row, said)) for row in alike]
        yield Group(
            sign=first.sign,
            check="" if first.is_level else first.check,
            title=first.title,
            what=f"{first.before} → {first.after}",
            why=first.why,
            places=tuple(places[:MOST_PLACES]),
            more=_more(places, said),
        )


def _endings(endings: Iterable[Ending], agencies: Mapping[str, str], root: str, said: Speech) -> Iterator[Group]:
    """Ends of the same day together, the first first."""

    def same(ending: Ending) -> tuple[str, str]:
        return ending.until.isoformat(), ending.check

    for (_, check), group in groupby(sorted(endings, key=same), key=same):
        alike = list(group)
        first = min(alike, key=lambda ending: ending.days)
        places = [_place(ending.domain, agencies, root) for ending in alike]
        when = {"date": said.day(first.until), "days": said.number(first.days, 1)}
        yield Group(
            sign=sign(Outcome.FAIL if first.has_ended else Outcome.WARN, said.code),
            check=check,
            title=say(check, said),
            what=say("ended" if first.has_ended else "ends", said, **when),
            why="",
            places=tuple(places[:MOST_PLACES]),
            more=_more(places, said),
        )


def _place(domain: str, agencies: Mapping[str, str], root: str, *notes: str) -> Place:
    url = root + domain_page(domain) if root else ""
    return Place(for_terminal(domain), url, "; ".join(filter(None, (agencies.get(domain, ""), *notes))))


def _first_seen(row: ChangeRow, said: Speech) -> str:
    return say("first_seen", said, date=row.first_seen) if row.first_seen else ""


def _more(places: Sequence[Place], said: Speech) -> str:
    more = len(places) - MOST_PLACES
    return say("more", said, n=said.number(more)) if more > 0 else ""


def _source(run: Run, said: Speech) -> str:
    names = {"run": run.id, "version": run.version, "rules": run.rules_version}
    return say("source", said, **{key: for_terminal(name) for key, name in names.items()})

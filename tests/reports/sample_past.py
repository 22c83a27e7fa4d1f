"""Nights of the sample city: kept in a database, followed, and read again as a site reads them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from pathlib import Path

from ipv6check.changes import LEVEL
from ipv6check.facts import EffortFacts, RunFacts
from ipv6check.model import Observation
from ipv6check.nightly import past_of
from ipv6check.plan import make_plan
from ipv6check.programme import load
from ipv6check.reports.past import Past
from ipv6check.rules import RULES, RULES_VERSION
from ipv6check.score import Card
from ipv6check.store import Archive, Completion, Database, Writer
from ipv6check.store.codec import FACTS
from tests.reports.sample_city import BEST, CITY, NO_V6, City, Row, card_of, sample_city, target_of
from tests.reports.sample_site import REFUSED, TIMEOUT, Site
from tests.reports.sample_vantage import END, START, Vantage
from tests.reports.sample_world import evidence_of

NIGHTS = 24
BLIND = 12
"""The night on which the measuring point had no IPv6."""

OLD_RULES = 2
"""So many nights were judged by older rules."""

GAINED, LOST, EXPIRED, SILENT, SUSPECT, RESTLESS = (
    f"{name}.hanoi.gov.vn" for name in ("cauphao", "vuonuom", "bendo", "congbao-mau", "cayxanh", "denlong")
)
VERSIONS = {rule.id: str(rule.version) for rule in RULES} | {LEVEL: RULES_VERSION}
OLDER = {id_: f"{version}-old" for id_, version in VERSIONS.items()}


@dataclass(frozen=True)
class Months:
    """The newest night as the site is given it, and what was before."""

    city: City
    past: Past


def site_on(row: Row, number: int, nights: int) -> Site | None:
    """What a domain is like on a night."""
    ago = nights - 1 - number
    domain, *_, site = row
    told: Mapping[str, Site] = {
        GAINED: NO_V6 if ago > 20 else BEST,
        LOST: BEST if ago > 9 else replace(BEST, v6=TIMEOUT),
        EXPIRED: BEST if ago > 4 else replace(BEST, days_left=-1),
        SILENT: BEST if ago else NO_V6,
        SUSPECT: BEST if ago else replace(BEST, v6=TIMEOUT),
        RESTLESS: replace(BEST, v6_http=REFUSED) if ago % 4 < 2 and ago < 12 else BEST,
    }
    return told.get(domain, site)


@cache
def judged(row: Row, here: Vantage) -> Card:
    """One domain as seen on such a night."""
    return card_of(evidence_of(target_of(row), row[3], here, len(CITY)))


def months(folder: Path, nights: int = NIGHTS) -> Months:
    """Keep so many nights, the newest that of the sample city, and read what was before it."""
    database = Database(f"sqlite:///{folder / 'nights.db'}")
    database.ready()
    archive = Archive(database)
    for number in range(nights):
        run_id = keep(archive, database, number, nights)
    rows = [(*row[:3], site_on(row, nights - 1, nights)) for row in CITY]
    city = sample_city(rows=rows)
    past = past_of(archive, archive.run(run_id), load())
    database.close()
    return Months(City(replace(city.run, id=run_id), city.cards, city.evidence), past)


def remember(folder: Path, city: City) -> None:
    """Keep what was seen on the newest night, too, as a scan does: of every domain, and of the measuring point."""
    database = Database(f"sqlite:///{folder / 'nights.db'}")
    writer = Writer(database, city.run.id, lambda done: None)
    with database.writing():
        writer.start()
        for observation in observations(city):
            writer.put(observation)
        for domain in city.evidence:
            writer.put(Completion(domain))
        writer.close()
        Archive(database).finish_run(city.run.id)
    database.close()


def observations(city: City) -> Iterator[Observation]:
    """All that was seen of a city, as it is stored."""
    evidence = next(iter(city.evidence.values()))
    for number, look in enumerate(evidence.vantage, start=1):
        yield Observation(subject="vantage", probe="vantage", sequence=number, made_at=END, facts=look)
    effort = EffortFacts(start=START, end=END, questions=2_461, connections=389, timeouts=17, lag_median=0.0004, lag_p99=0.0213)
    yield Observation(subject="vantage", probe="effort", sequence=1, made_at=END, facts=effort)
    for domain, seen in city.evidence.items():
        for probe in FACTS:
            if probe != "vantage" and getattr(seen, probe) is not None:
                yield Observation(subject=domain, probe=probe, sequence=1, made_at=END, facts=getattr(seen, probe))


def keep(archive: Archive, database: Database, number: int, nights: int) -> str:
    """Keep one night and follow it."""
    back = timedelta(days=nights - 1 - number)
    facts = RunFacts(
        id=f"night-{number:02}", started=START - back, vantage="hanoi-1", country="VN", tries=3, version="0", planned=len(CITY)
    )
    here = Vantage(v6=number != BLIND)
    cards = [replace(judged((*row[:3], site_on(row, number, nights)), here), measured_at=END - back) for row in CITY]
    with database.writing():
        archive.start_run(facts, make_plan([card.target for card in cards], lambda domain: False))
        archive.save_verdicts(facts.id, RULES_VERSION, cards, OLDER if number < min(OLD_RULES, nights - 1) else VERSIONS)
        archive.history.follow(facts.id)
    return facts.id

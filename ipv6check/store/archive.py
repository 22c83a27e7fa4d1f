"""What is kept of runs, and how it is read again: for a scan that goes on, for judging, for reports."""

import json
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, exists, or_, select, tuple_, update
from sqlmodel import insert

from ipv6check.facts import Evidence, RunFacts, VantageFacts
from ipv6check.model import Run, Target
from ipv6check.plan import Plan
from ipv6check.score import Card, score
from ipv6check.store.codec import (
    decode_facts,
    decode_run_facts,
    decode_target,
    decode_verdicts,
    encode,
    encode_verdicts,
)
from ipv6check.store.database import Database, StorageError, chunks, explained
from ipv6check.store.history import History
from ipv6check.store.runs import CONDITIONS, newest_first, run_of
from ipv6check.store.tables import LATEST, OBSERVATION, RUN, TARGET, VERDICT
from ipv6check.store.tally import Tally

DIGEST_SIZE: Final = 16

VANTAGE: Final = "vantage"


def new_run_id(now: datetime) -> str:
    """A run's id: the day, for people, and chance, so that it does not hang on a clock."""
    return f"{now:%Y%m%d}-{secrets.token_hex(4)}"


class Archive:
    """Runs in a database. Writing methods need `Database.writing()` to be held."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.history = History(database)

    # Writing

    def start_run(self, facts: RunFacts, plan: Plan) -> None:
        """Open a run: its conditions and its targets. Who opted out is done at once."""
        now = facts.started.isoformat()
        run = {
            "id": facts.id,
            "vantage": facts.vantage,
            "country": facts.country,
            "started_at": now,
            "version": facts.version,
            "rules_version": "",
            "rule_versions": "",
            "planned": len(plan.targets),
            "is_partial": facts.is_partial,
            "facts": encode(facts),
        }
        targets = [
            {
                "run_id": facts.id,
                "domain": target.domain,
                "position": position,
                "target": encode(target),
                "is_opted_out": target.domain in plan.opted_out,
                "done_at": now if target.domain in plan.opted_out else None,
            }
            for position, target in enumerate(plan.targets)
        ]
        with explained(self._database), self._database.engine.begin() as connection:
            connection.execute(insert(RUN), run)
            if targets:
                connection.execute(insert(TARGET), targets)

    def finish_run(self, run_id: str) -> None:
        """Close a run: nothing more will be observed in it unless it is resumed."""
        now = datetime.now(UTC).isoformat()
        with explained(self._database), self._database.engine.begin() as connection:
            connection.execute(update(RUN).where(RUN.c.id == run_id).values(finished_at=now))

    def save_verdicts(
        self, run_id: str, rules_version: str, cards: Iterable[Card], rule_versions: Mapping[str, str] | None = None
    ) -> None:
        """Replace a run's verdicts, its tally and what is latest, in one transaction; `rule_versions` are by check."""
        tally, digest = Tally(), blake2b(digest_size=DIGEST_SIZE)
        with explained(self._database), self._database.engine.begin() as connection:
            connection.execute(delete(VERDICT).where(VERDICT.c.run_id == run_id))
            for chunk in chunks(cards):
                rows = [_verdict_row(run_id, rules_version, card) for card in chunk]
                connection.execute(insert(VERDICT), rows)
                for row in rows:
                    digest.update(repr(row).encode())
                tally.add(chunk)
            tally.replace(connection, run_id)
            judged = {"rules_version": rules_version, "rule_versions": json.dumps(rule_versions or {})}
            judged["digest"] = digest.hexdigest()
            connection.execute(update(RUN).where(RUN.c.id == run_id).values(judged))
            self._renew_latest(connection, run_id)

    def _renew_latest(self, connection: Connection, run_id: str) -> None:
        """Make this run the latest of its domains where no later run has them."""
        of_run = select(VERDICT.c.domain).where(VERDICT.c.run_id == run_id)
        later = (
            select(LATEST.c.domain)
            .join(RUN, RUN.c.id == LATEST.c.run_id)
            .where(RUN.c.started_at > select(RUN.c.started_at).where(RUN.c.id == run_id).scalar_subquery())
        )
        domains = connection.scalars(of_run.where(VERDICT.c.domain.not_in(later))).all()
        for chunk in chunks(domains):
            connection.execute(delete(LATEST).where(LATEST.c.domain.in_(chunk)))
            connection.execute(insert(LATEST), [{"domain": domain, "run_id": run_id} for domain in chunk])

    # Reading

    def runs(self) -> list[Run]:
        """Every run, newest first."""
        return self._runs(select(*CONDITIONS))

    def run(self, run_id: str | None = None) -> Run:
        """One run, judged or not, the newest by default. Raises StorageError when there is none."""
        if run := self._newest() if run_id is None else self._newest(RUN.c.id == run_id):
            return run
        near = ", ".join(run.id for run in self.runs()[:5])
        raise StorageError(f"no run {run_id} here; the newest are: {near}" if run_id and near else "no run here yet")

    def judged_run(self, run_id: str | None = None) -> Run:
        """One run that has verdicts, the newest such by default. Raises StorageError when there is none, or not of this one."""
        run = self._newest(RUN.c.rules_version != "") if run_id is None else self.run(run_id)
        if run is not None and run.rules_version:
            return run
        run = run or self.run()
        raise StorageError(
            f"run {run.id} was not judged yet: `ipv6check scan --resume {run.id}` goes on with it, "
            f"`ipv6check judge {run.id}` judges what is there"
        )

    def whole_run(self) -> Run | None:
        """The newest run of all the city's lists that has verdicts; None while there is none."""
        return self._newest(RUN.c.rules_version != "", ~RUN.c.is_partial)

    def _newest(self, *which: ColumnElement[bool]) -> Run | None:
        """The newest run of some."""
        newest = select(*CONDITIONS).where(*which).order_by(RUN.c.started_at.desc()).limit(1)
        return next(iter(self._runs(newest)), None)

    def domains(self, run_id: str) -> frozenset[str]:
        """The domains of a run."""
        return frozenset(row.domain for row in self._database.rows(select(TARGET.c.domain).where(TARGET.c.run_id == run_id)))

    def targets(self, run_id: str) -> list[Target]:
        """The targets of a run, in the order of the list."""
        query = select(TARGET.c.target).where(TARGET.c.run_id == run_id)
        return [decode_target(row.target) for row in self._database.rows(query.order_by(TARGET.c.position))]

    def _runs(self, query: Select[Any]) -> list[Run]:
        """Some runs, newest first."""
        return [run_of(row) for row in self._database.rows(newest_first(query))]

    def conditions(self, run_id: str) -> RunFacts:
        """The conditions of a run, with how far it came and what it took."""
        run = self.run(run_id)
        stored = self._database.rows(select(RUN.c.facts).where(RUN.c.id == run_id))[0].facts
        efforts = self._of_ourselves(run_id, "effort")
        return replace(decode_run_facts(stored), planned=run.planned, finished=run.finished, efforts=efforts)

    def pending(self, run_id: str) -> list[Target]:
        """The targets of a run that are not done, in the order of the list."""
        query = select(TARGET.c.target).where(TARGET.c.run_id == run_id, TARGET.c.done_at.is_(None))
        return [decode_target(row.target) for row in self._database.rows(query.order_by(TARGET.c.position))]

    def can_be_judged(self, run_id: str) -> bool:
        """Whether judging a run loses nothing: it has its evidence, or was never judged."""
        left = exists().where(OBSERVATION.c.run_id == run_id)
        return bool(self._database.rows(select(RUN.c.id).where(RUN.c.id == run_id, or_(RUN.c.rules_version == "", left))))

    def timeline(self, run_id: str) -> tuple[VantageFacts, ...]:
        """A run's looks at itself, in the order of time."""
        return self._of_ourselves(run_id, "vantage")

    def _of_ourselves(self, run_id: str, probe: str) -> tuple[Any, ...]:
        of_probe = OBSERVATION.c.subject == VANTAGE, OBSERVATION.c.probe == probe
        query = select(OBSERVATION).where(OBSERVATION.c.run_id == run_id, *of_probe).order_by(OBSERVATION.c.sequence)
        return tuple(decode_facts(row.probe, row.facts) for row in self._database.rows(query))

    def recall(self, run_id: str, subject: str) -> dict[str, tuple[Any, int]]:
        """What was last seen of a subject in a run, by probe, with its sequence number."""
        return self._recall(run_id, [subject]).get(subject, {})

    def _recall(self, run_id: str, subjects: list[str]) -> dict[str, dict[str, tuple[Any, int]]]:
        query = select(OBSERVATION).where(OBSERVATION.c.run_id == run_id, OBSERVATION.c.subject.in_(subjects))
        newest: dict[tuple[str, str], Row[Any]] = {
            (row.subject, row.probe): row for row in self._database.rows(query.order_by(OBSERVATION.c.sequence))
        }
        found: dict[str, dict[str, tuple[Any, int]]] = {}
        for (subject, probe), row in newest.items():
            found.setdefault(subject, {})[probe] = (decode_facts(probe, row.facts), row.sequence)
        return found

    def evidence(self, run_id: str, domain: str) -> Evidence:
        """All that was seen for one target in a run. Raises StorageError when it is not in the run."""
        query = select(TARGET).where(TARGET.c.run_id == run_id, TARGET.c.domain == domain)
        rows = self._database.rows(query)
        if not rows:
            raise StorageError(f"{domain} is not in run {run_id}")
        return next(iter(self._evidence(run_id, rows)))

    def evidences(self, run_id: str, domains: Collection[str] | None = None) -> Iterator[Evidence]:
        """The evidence of every target of a run, or of some domains only, in the order of the list; few are held at a time."""
        query = select(TARGET).where(TARGET.c.run_id == run_id).order_by(TARGET.c.position)
        return self._evidence(
            run_id, self._database.rows(query if domains is None else query.where(TARGET.c.domain.in_(domains)))
        )

    def _evidence(self, run_id: str, targets: list[Row[Any]]) -> Iterator[Evidence]:
        common = Evidence(run=self.conditions(run_id), vantage=self.timeline(run_id))
        for chunk in chunks(targets):
            seen = self._recall(run_id, [row.domain for row in chunk])
            zones = self._recall(run_id, list({zone for own in seen.values() if (zone := _zone_in(own))}))
            for row in chunk:
                own = seen.get(row.domain, {})
                evidence = replace(common, target=decode_target(row.target), opted_out=row.is_opted_out)
                for probe, (facts, _) in (own | zones.get(_zone_in(own), {})).items():
                    evidence = evidence.with_facts(probe, facts)
                yield evidence

    def cards(self, run_id: str, domains: Collection[str] | None = None) -> list[Card]:
        """The result of every target in a run, or of some domains only, in the order of the list."""
        return list(self.each_card(run_id, domains))

    def each_card(self, run_id: str, domains: Collection[str] | None = None) -> Iterator[Card]:
        """The same one by one: together they are large."""
        query = (
            select(TARGET.c.target, VERDICT.c.verdicts, VERDICT.c.measured_at)
            .join(VERDICT, tuple_(VERDICT.c.run_id, VERDICT.c.domain) == tuple_(TARGET.c.run_id, TARGET.c.domain))
            .where(TARGET.c.run_id == run_id)
            .order_by(TARGET.c.position)
        )
        if domains is not None:
            query = query.where(TARGET.c.domain.in_(domains))
        return map(_card, self._database.rows(query))

    def latest_run_of(self, domain: str) -> str | None:
        """The newest run that has verdicts of a domain."""
        rows = self._database.rows(select(LATEST.c.run_id).where(LATEST.c.domain == domain))
        return rows[0].run_id if rows else None


def _zone_in(seen: Mapping[str, tuple[Any, int]]) -> str:
    """The subject of the zone that a target lies in, by what was seen of the target; "" when none was found."""
    facts, _ = seen.get("dns", (None, 0))
    return f"zone:{facts.zone}" if facts is not None and facts.zone else ""


def _card(row: Row[Any]) -> Card:
    verdicts = decode_verdicts(row.verdicts)
    measured_at = datetime.fromisoformat(row.measured_at) if row.measured_at else None
    return Card(target=decode_target(row.target), verdicts=verdicts, score=score(verdicts), measured_at=measured_at)


def _verdict_row(run_id: str, rules_version: str, card: Card) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "domain": card.target.domain,
        "measured_at": card.measured_at.isoformat() if card.measured_at else None,
        "rules_version": rules_version,
        "level": card.score.level.number,
        "level_is_minimum": card.score.level.is_minimum,
        "percent": card.score.percent,
        "coverage": card.score.coverage,
        "flags": " ".join(card.score.flags),
        "verdicts": encode_verdicts(dict(card.verdicts)),
    }

"""Runs one after the other: what stands after each, and what changed with it. All of it can be made again from verdicts."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, select
from sqlmodel import insert

from ipv6check.changes import Change, Kind, Look, Standing, follow, looks
from ipv6check.score import score
from ipv6check.store.codec import decode_counts, decode_standings, decode_verdicts, encode_standings
from ipv6check.store.database import Database, explained
from ipv6check.store.tables import AgencyTallyRow, ChangeRow, RunRow, StandingRow, TallyRow, VerdictRow

RUN: Final = RunRow.__table__  # type: ignore[attr-defined]
VERDICT: Final = VerdictRow.__table__  # type: ignore[attr-defined]
TALLY: Final = TallyRow.__table__  # type: ignore[attr-defined]
AGENCY_TALLY: Final = AgencyTallyRow.__table__  # type: ignore[attr-defined]
STANDING: Final = StandingRow.__table__  # type: ignore[attr-defined]
CHANGE: Final = ChangeRow.__table__  # type: ignore[attr-defined]

Standings = dict[str, dict[str, Standing]]
"""By domain and check."""


class History:
    """What runs of one database say together. Writing methods need `Database.writing()` to be held."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # Writing

    def follow(self, run_id: str) -> None:
        """Hold a run that was judged against those before it. Where it is not the newest, all later ones are followed anew."""
        with explained(self._database), self._database.engine.begin() as connection:
            order = _judged_runs(connection)
            ids = [row.id for row in order]
            if run_id not in ids:
                return
            first = ids.index(run_id)
            before, standings = ids[first - 1] if first else "", {}
            if before:
                standings = _read_standings(connection, before)
                if not standings:
                    first = 0
            later = ids[first:]
            for table in (CHANGE, STANDING):
                connection.execute(delete(table).where(table.c.run_id.in_(later)))
            for row in order[first:]:
                changes = _follow_run(connection, row, standings)
                if changes:
                    connection.execute(insert(CHANGE), [_change_row(change) for change in changes])
                if row.id in ids[-2:]:
                    _write_standings(connection, row.id, standings)
            connection.execute(delete(STANDING).where(STANDING.c.run_id.not_in(ids[-2:])))

    # Reading

    def changes(self, run_ids: Sequence[str] = (), *, domain: str | None = None, limit: int = 10_000) -> list[Change]:
        """Confirmed changes, the newest first: of some runs, of a domain, or all; without what only new rules moved."""
        query = select(CHANGE).join(RUN, RUN.c.id == CHANGE.c.run_id).where(CHANGE.c.kind != Kind.RULES.value)
        if run_ids:
            query = query.where(CHANGE.c.run_id.in_(run_ids))
        if domain is not None:
            query = query.where(CHANGE.c.domain == domain)
        query = query.order_by(RUN.c.started_at.desc(), CHANGE.c.domain, CHANGE.c.check).limit(limit)
        return [_change(row) for row in self._rows(query)]

    def moved_by_rules(self, *run_ids: str) -> list[Change]:
        """Levels that only a new version of the rules moved, in some runs."""
        query = select(CHANGE).where(CHANGE.c.run_id.in_(run_ids), CHANGE.c.kind == Kind.RULES.value)
        return [_change(row) for row in self._rows(query.order_by(CHANGE.c.run_id, CHANGE.c.domain))]

    def standings(self, run_id: str) -> Standings:
        """What stands of each domain after a run; nothing for a run that is not among the newest."""
        with explained(self._database), self._database.reader.connect() as connection:
            return _read_standings(connection, run_id)

    def levels(self, domain: str, limit: int = 90) -> list[tuple[datetime, str, int, bool]]:
        """The levels of a domain, the oldest first: when, in which run, the number, whether it is "at least"."""
        query = (
            select(RUN.c.started_at, RUN.c.id, VERDICT.c.level, VERDICT.c.level_is_minimum)
            .join(RUN, RUN.c.id == VERDICT.c.run_id)
            .where(VERDICT.c.domain == domain)
            .order_by(RUN.c.started_at.desc())
            .limit(limit)
        )
        found = [(datetime.fromisoformat(row.started_at), row.id, row.level, row.level_is_minimum) for row in self._rows(query)]
        return found[::-1]

    def levels_of_all(self, run_ids: Sequence[str]) -> dict[str, list[tuple[datetime, str, int, bool]]]:
        """The same of every domain, in some runs, by one query."""
        query = (
            select(VERDICT.c.domain, RUN.c.started_at, RUN.c.id, VERDICT.c.level, VERDICT.c.level_is_minimum)
            .join(RUN, RUN.c.id == VERDICT.c.run_id)
            .where(VERDICT.c.run_id.in_(run_ids))
            .order_by(RUN.c.started_at)
        )
        rows = self._rows(query)
        moments = {at: datetime.fromisoformat(at) for at in {row.started_at for row in rows}}
        found: dict[str, list[tuple[datetime, str, int, bool]]] = {}
        for row in rows:
            night = (moments[row.started_at], row.id, row.level, row.level_is_minimum)
            found.setdefault(row.domain, []).append(night)
        return found

    def tally(self, check: str, agency: str | None = None) -> list[tuple[datetime, str, dict[str, int]]]:
        """How often each outcome of a check was seen, run by run, the oldest first: when, run, outcome to domains."""
        if agency is not None:
            return self._tally_of_agency(check, agency)
        query = (
            select(RUN.c.started_at, RUN.c.id, TALLY.c.outcome, TALLY.c.n)
            .join(RUN, RUN.c.id == TALLY.c.run_id)
            .where(TALLY.c.check == check)
            .order_by(RUN.c.started_at, RUN.c.id)
        )
        runs = groupby(self._rows(query), key=lambda row: (row.started_at, row.id))
        return [(datetime.fromisoformat(at), id_, {row.outcome: row.n for row in rows}) for (at, id_), rows in runs]

    def _tally_of_agency(self, check: str, agency: str) -> list[tuple[datetime, str, dict[str, int]]]:
        query = (
            select(RUN.c.started_at, RUN.c.id, AGENCY_TALLY.c.counts)
            .join(RUN, RUN.c.id == AGENCY_TALLY.c.run_id)
            .where(AGENCY_TALLY.c.agency == agency)
            .order_by(RUN.c.started_at, RUN.c.id)
        )
        runs = ((row.started_at, row.id, decode_counts(row.counts, check)) for row in self._rows(query))
        return [(datetime.fromisoformat(at), id_, counts) for at, id_, counts in runs if counts]

    def _rows(self, query: Any) -> list[Row[Any]]:
        with explained(self._database), self._database.reader.connect() as connection:
            return list(connection.execute(query).all())


def _judged_runs(connection: Connection) -> list[Row[Any]]:
    """Every run that has verdicts, the oldest first."""
    query = select(RUN.c.id, RUN.c.started_at, RUN.c.rule_versions).where(RUN.c.rules_version != "")
    return list(connection.execute(query.order_by(RUN.c.started_at, RUN.c.id)).all())


def _follow_run(connection: Connection, run: Row[Any], standings: Standings) -> list[Change]:
    """Hold one run against what stands, which becomes what stands after it."""
    at, versions = datetime.fromisoformat(run.started_at), json.loads(run.rule_versions or "{}")
    changes: list[Change] = []
    query = select(VERDICT.c.domain, VERDICT.c.verdicts).where(VERDICT.c.run_id == run.id)
    for row in connection.execute(query):
        verdicts = decode_verdicts(row.verdicts)
        seen = looks(verdicts, score(verdicts), versions, run.id, at)
        changes += _follow_domain(row.domain, seen.values(), standings.setdefault(row.domain, {}))
    return changes


def _follow_domain(domain: str, seen: Iterable[Look], standing: dict[str, Standing]) -> Iterator[Change]:
    for look in seen:
        standing[look.check], change = follow(domain, standing.get(look.check), look)
        if change is not None:
            yield change


def _read_standings(connection: Connection, run_id: str) -> Standings:
    rows = connection.execute(select(STANDING).where(STANDING.c.run_id == run_id))
    return {row.domain: decode_standings(row.standings) for row in rows}


def _write_standings(connection: Connection, run_id: str, standings: Mapping[str, Mapping[str, Standing]]) -> None:
    rows = [
        {"run_id": run_id, "domain": domain, "standings": encode_standings(standing)} for domain, standing in standings.items()
    ]
    if rows:
        connection.execute(insert(STANDING), rows)


def _change_row(change: Change) -> dict[str, str]:
    return {name: str(getattr(change, name)) for name in ("run_id", "domain", "check", "kind", "before", "after", "since")}


def _change(row: Row[Any]) -> Change:
    return Change(
        domain=row.domain,
        check=row.check,
        kind=Kind(row.kind),
        before=row.before,
        after=row.after,
        run_id=row.run_id,
        since=row.since,
    )

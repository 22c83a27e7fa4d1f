"""Runs one after the other: what stands after each, and what changed with it. All of it can be made again from verdicts."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, Select, String, Table, cast, delete, func, select
from sqlmodel import insert

from ipv6check.changes import Change, Kind, Look, Standing, follow, looks
from ipv6check.score import score
from ipv6check.store.codec import (
    decode_all_counts,
    decode_counts,
    decode_standings,
    decode_verdicts,
    encode_standings,
)
from ipv6check.store.database import Database, chunks, explained
from ipv6check.store.tables import AGENCY_TALLY, CHANGE, RUN, STANDING, TALLY, VERDICT

Standings = dict[str, dict[str, Standing]]
"""By domain and check."""

Nights = list[tuple[datetime, dict[str, int]]]
"""When, and how many domains had each outcome; the oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Which confirmed changes: of some runs (all when none are named), some domains, a check, a kind; None is any."""

    run_ids: Sequence[str] = ()
    domains: Collection[str] | None = None
    check: str | None = None
    kind: Kind | None = None

    def of(self, query: Select[Any]) -> Select[Any]:
        """What of a query of changes is meant; what only new rules moved is not among it."""
        query = query.where(CHANGE.c.kind != Kind.RULES.value)
        if self.run_ids:
            query = query.where(CHANGE.c.run_id.in_(self.run_ids))
        if self.domains is not None:
            query = query.where(CHANGE.c.domain.in_(self.domains))
        if self.check is not None:
            query = query.where(CHANGE.c.check == self.check)
        return query if self.kind is None else query.where(CHANGE.c.kind == self.kind.value)


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
            before = ids[first - 1] if first else ""
            standing = _domains(connection, STANDING, [before])
            if not standing:
                first = 0
            later, kept = ids[first:], _with_standings(order)
            for table in (CHANGE, STANDING):
                connection.execute(delete(table).where(table.c.run_id.in_(later)))
            for domains in chunks(sorted(standing | _domains(connection, VERDICT, later))):
                standings = _read_standings(connection, before, domains)
                for row in order[first:]:
                    changes = _follow_run(connection, row, domains, standings)
                    if changes:
                        connection.execute(insert(CHANGE), [_change_row(change) for change in changes])
                    if row.id in kept:
                        _write_standings(connection, row.id, standings)
            connection.execute(delete(STANDING).where(STANDING.c.run_id.not_in(kept)))

    # Reading

    def changes(self, run_ids: Sequence[str] = (), *, domains: Collection[str] | None = None) -> list[Change]:
        """Confirmed changes, the newest first: of some runs, of some domains, or all; without what only new rules moved."""
        return self.sought(Sought(run_ids=run_ids, domains=domains))

    def sought(
        self, what: Sought, *, sort: str = "", is_reversed: bool = False, start: int = 0, most: int | None = None
    ) -> list[Change]:
        """So many confirmed changes from one on, sorted by one of their members; by none, and among equals, the newest first.

        Without a member to sort by, `is_reversed` has the oldest first.
        """
        order = [RUN.c.started_at.desc(), CHANGE.c.domain, CHANGE.c.check]
        if sort:
            order.insert(0, CHANGE.c[sort].desc() if is_reversed else CHANGE.c[sort])
        elif is_reversed:
            order = [RUN.c.started_at, CHANGE.c.domain.desc(), CHANGE.c.check.desc()]
        query = what.of(select(CHANGE).join(RUN, RUN.c.id == CHANGE.c.run_id)).order_by(*order)
        return [_change(row) for row in self._database.rows(query.offset(start).limit(most))]

    def count(self, what: Sought) -> int:
        """How many of them there are."""
        return self._database.rows(what.of(select(func.count().label("n")).select_from(CHANGE)))[0].n  # type: ignore[no-any-return]

    def moved_by_rules(self, *run_ids: str) -> list[Change]:
        """Levels that only a new version of the rules moved, in some runs."""
        query = select(CHANGE).where(CHANGE.c.run_id.in_(run_ids), CHANGE.c.kind == Kind.RULES.value)
        return [_change(row) for row in self._database.rows(query.order_by(CHANGE.c.run_id, CHANGE.c.domain))]

    def standings(self, run_id: str) -> Standings:
        """What stands of each domain after a run; nothing for a run that is not among the newest."""
        with explained(self._database), self._database.reader.connect() as connection:
            return _read_standings(connection, run_id)

    def levels(self, domain: str, limit: int = 90) -> list[tuple[datetime, str, int, bool]]:
        """The levels of a domain, the oldest first: when, in which run, the number, whether it is "at least"."""
        runs = self._database.rows(select(RUN.c.id, RUN.c.started_at).order_by(RUN.c.started_at.desc()))
        found: list[tuple[datetime, str, int, bool]] = []
        for start in range(0, len(runs), limit):
            at = {row.id: row.started_at for row in runs[start : start + limit]}
            query = select(VERDICT.c.run_id, VERDICT.c.level, VERDICT.c.level_is_minimum)
            nights = self._database.rows(query.where(VERDICT.c.domain == domain, VERDICT.c.run_id.in_(at)))
            nights.sort(key=lambda row: at[row.run_id], reverse=True)
            found += [(datetime.fromisoformat(at[row.run_id]), row.run_id, row.level, row.level_is_minimum) for row in nights]
            if len(found) >= limit:
                break
        return found[:limit][::-1]

    def levels_of_all(self, run_ids: Sequence[str]) -> dict[str, list[tuple[datetime, str, int, bool]]]:
        """The same of every domain, in some runs, by one query."""
        query = (
            select(VERDICT.c.domain, RUN.c.started_at, RUN.c.id, VERDICT.c.level, VERDICT.c.level_is_minimum)
            .join(RUN, RUN.c.id == VERDICT.c.run_id)
            .where(VERDICT.c.run_id.in_(run_ids))
            .order_by(RUN.c.started_at)
        )
        rows = self._database.rows(query)
        moments = {at: datetime.fromisoformat(at) for at in {row.started_at for row in rows}}
        found: dict[str, list[tuple[datetime, str, int, bool]]] = {}
        for row in rows:
            night = (moments[row.started_at], row.id, row.level, row.level_is_minimum)
            found.setdefault(row.domain, []).append(night)
        return found

    def tally(
        self, check: str, agency: str | None = None, *, since: datetime | None = None
    ) -> list[tuple[datetime, str, dict[str, int]]]:
        """How often each outcome of a check was seen, run by run, the oldest first: when, run, outcome to domains.

        `since` leaves out runs that started before.
        """
        if agency is not None:
            query = select(RUN.c.started_at, RUN.c.id, AGENCY_TALLY.c.counts).join(RUN, RUN.c.id == AGENCY_TALLY.c.run_id)
            query = query.where(AGENCY_TALLY.c.agency == agency)
        else:
            pairs = func.aggregate_strings(TALLY.c.outcome + "=" + cast(TALLY.c.n, String), ",").label("counts")
            of_check = select(TALLY.c.run_id, pairs).where(TALLY.c.check == check).group_by(TALLY.c.run_id).subquery()
            query = select(RUN.c.started_at, RUN.c.id, of_check.c.counts).join(of_check, of_check.c.run_id == RUN.c.id)
        if since is not None:
            query = query.where(RUN.c.started_at >= since.astimezone(UTC).isoformat())
        rows = self._database.rows(query.order_by(RUN.c.started_at, RUN.c.id))
        read = partial(decode_counts, check=check) if agency is not None else _counts
        nights = ((row.started_at, row.id, read(row.counts)) for row in rows)
        return [(datetime.fromisoformat(at), id_, counts) for at, id_, counts in nights if counts]

    def tally_of(
        self, check: str, agencies: Iterable[str], *, since: datetime | None = None
    ) -> list[tuple[datetime, str, dict[str, int]]]:
        """The same of some agencies together."""
        nights: dict[tuple[datetime, str], Counter[str]] = {}
        for agency in agencies:
            for at, run_id, counts in self.tally(check, agency, since=since):
                nights.setdefault((at, run_id), Counter()).update(counts)
        return [(at, run_id, dict(counts)) for (at, run_id), counts in sorted(nights.items())]

    def counts(self, run_id: str) -> dict[str, dict[str, int]]:
        """How many domains had each outcome in one run, by check, the level among them."""
        return {check: nights[0][1] for check, nights in self.tallies([run_id]).items()}

    def tallies(self, run_ids: Sequence[str], agencies: Sequence[str] = ()) -> dict[str, Nights]:
        """How many of all domains, or of some agencies', had each outcome of every check, in some runs, by one query."""
        found: dict[str, Nights] = {}
        for at, rows in groupby(self._counted(run_ids, agencies), key=lambda row: row[0]):
            night: dict[str, Counter[str]] = {}
            for _, check, counts in rows:
                night.setdefault(check, Counter()).update(counts)
            for check, counts in night.items():
                found.setdefault(check, []).append((datetime.fromisoformat(at), dict(counts)))
        return found

    def _counted(self, run_ids: Sequence[str], agencies: Sequence[str]) -> Iterator[tuple[str, str, Mapping[str, int]]]:
        """When a run started, a check, and its counts; the oldest run first."""
        table = AGENCY_TALLY if agencies else TALLY
        query = select(RUN.c.started_at, table).join(RUN, RUN.c.id == table.c.run_id).where(table.c.run_id.in_(run_ids))
        query = query.where(AGENCY_TALLY.c.agency.in_(agencies)) if agencies else query
        for row in self._database.rows(query.order_by(RUN.c.started_at, RUN.c.id)):
            if agencies:
                yield from ((row.started_at, check, counts) for check, counts in decode_all_counts(row.counts).items())
            else:
                yield row.started_at, row.check, {row.outcome: row.n}


def _counts(pairs: str) -> dict[str, int]:
    """`pass=3,3+=1` as counts."""
    counts = {}
    for pair in pairs.split(","):
        outcome, _, n = pair.partition("=")
        counts[outcome] = int(n)
    return counts


def _judged_runs(connection: Connection) -> list[Row[Any]]:
    """Every run that has verdicts, the oldest first."""
    query = select(RUN.c.id, RUN.c.started_at, RUN.c.rule_versions, RUN.c.is_partial).where(RUN.c.rules_version != "")
    return list(connection.execute(query.order_by(RUN.c.started_at, RUN.c.id)).all())


def _with_standings(order: Sequence[Row[Any]]) -> list[str]:
    """The runs after which it is kept what stands: the two newest, and the city's newest, whose site is shown."""
    whole = [row.id for row in order if not row.is_partial]
    return [*(row.id for row in order[-2:]), *whole[-1:]]


def _domains(connection: Connection, table: Table, run_ids: Sequence[str]) -> set[str]:
    """The domains that a table has in some runs."""
    return set(connection.scalars(select(table.c.domain).where(table.c.run_id.in_(run_ids)).distinct()))


def _follow_run(connection: Connection, run: Row[Any], domains: Sequence[str], standings: Standings) -> list[Change]:
    """Hold what one run says of some domains against what stands, which becomes what stands after it."""
    at, versions = datetime.fromisoformat(run.started_at), json.loads(run.rule_versions or "{}")
    changes: list[Change] = []
    query = select(VERDICT.c.domain, VERDICT.c.verdicts).where(VERDICT.c.run_id == run.id, VERDICT.c.domain.in_(domains))
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


def _read_standings(connection: Connection, run_id: str, domains: Sequence[str] | None = None) -> Standings:
    query = select(STANDING).where(STANDING.c.run_id == run_id)
    rows = connection.execute(query if domains is None else query.where(STANDING.c.domain.in_(domains)))
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

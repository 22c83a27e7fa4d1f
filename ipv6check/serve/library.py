"""What there is to be served, read from the database: what runs there are is looked up again every half a minute at most."""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Final, TypeVar

from ipv6check.changes import Kind
from ipv6check.facts import plain_name
from ipv6check.model import Run
from ipv6check.nightly import cards_of, courses_of
from ipv6check.programme import Course, Goal
from ipv6check.reports.language import HANOI
from ipv6check.reports.past import day_of
from ipv6check.reports.standing import Audience
from ipv6check.serve.kept import ASK_AGAIN, Kept
from ipv6check.serve.parameters import DEFAULT_SORT, Values
from ipv6check.serve.problems import not_found, not_yet
from ipv6check.serve.sites import Sites, state_of
from ipv6check.serve.tables import Leaf, Table, leaf, span, table_of
from ipv6check.store import Archive, Database
from ipv6check.store.history import Sought
from ipv6check.targets.register import Register

T = TypeVar("T")

FRESH: Final = 30.0
"""Seconds for which what runs there are is taken as known."""

MOST_TABLES: Final = 3
"""Runs whose tables are kept."""

Series = list[tuple[datetime, str, dict[str, int]]]
"""When, which run, and how many domains had each outcome."""


class Library:
    """Runs, tables, sites and history of one database, for one audience."""

    def __init__(
        self,
        database: Database,
        audience: Audience,
        goals: tuple[Goal, ...],
        fresh: float = FRESH,
        contact: str = "",
        register: Callable[[], Register] = Register,
    ) -> None:
        self.audience: Audience = audience
        self._archive = Archive(database)
        self._fresh = fresh
        self._runs: tuple[Run, ...] = ()
        self._looked_up = -float("inf")
        self._looking = asyncio.Lock()
        self._tables: Kept[Run, Table] = Kept(self._table, MOST_TABLES, state=state_of)
        self._goals = goals
        self._register = register
        self._sites = Sites(self._archive, audience, goals, contact, register)

    async def runs(self) -> tuple[Run, ...]:
        """Every run, the newest first."""
        if self._is_stale:
            async with self._looking:
                if self._is_stale:
                    self._runs = tuple(await _read(self._archive.runs))
                    self._looked_up = time.monotonic()
        return self._runs

    @property
    def _is_stale(self) -> bool:
        return time.monotonic() - self._looked_up >= self._fresh

    async def run(self, run_id: str) -> Run:
        """A run by its id. Raises Problem."""
        runs = await self.runs()
        for run in runs:
            if run.id == run_id:
                return run
        raise not_found("no such run", [run.id for run in runs])

    async def judged(self, run_id: str | None = None) -> Run:
        """A run that has verdicts. Raises Problem.

        By default the newest of all the city's lists; while there is none, the newest.
        """
        judged = [run for run in await self.runs() if run.rules_version]
        if run_id is None:
            whole = (run for run in judged if not run.is_partial)
            if newest := next(whole, next(iter(judged), None)):
                return newest
            raise not_found("no run was judged yet")
        for run in judged:
            if run.id == run_id:
                return run
        await self.run(run_id)
        raise not_found("this run was not judged yet", [run.id for run in judged])

    async def table(self, run: Run) -> Table:
        """The table of a run."""
        return await self._tables.get(run)

    async def newest(self) -> Table:
        """The table of the city's newest run."""
        return await self.table(await self.judged())

    async def page(self, run_id: str | None, name: str) -> tuple[bytes, float]:
        """A page of a run's site, of the front without a run, and when it was written. Raises Problem."""
        run = await self.judged(run_id)
        site = await (self._sites.front(run) if run_id is None else self._sites.of(run))
        path = site.files.get(name)
        if path is None:
            raise not_found("no such page here")
        try:
            return await _read(lambda: (path.read_bytes(), path.stat().st_mtime))
        except FileNotFoundError:  # its site was just replaced
            raise not_yet("this page was just replaced by a newer one; ask again", ASK_AGAIN) from None

    async def changes(self, values: Values) -> Leaf:
        """The page of confirmed changes that was asked for, the newest first unless they are sorted. Raises Problem."""
        since = values.get("since")
        runs = [run.id for run in await self.runs() if since is None or day_of(run.started_at) >= since]
        if not runs:
            return leaf((), values)
        table = await self.newest()
        domains = {plain_name(values["domain"])} if "domain" in values else None
        if "agency" in values:
            own = {row.target.domain for row in table.rows if row.is_of(table.agency(values["agency"]))}
            domains = own if domains is None else own & domains
        kind = Kind(values["kind"]) if "kind" in values else None
        what = Sought(run_ids=runs if since else (), domains=domains, check=values.get("check"), kind=kind)
        return await _read(lambda: self._page_of(what, values))

    def _page_of(self, what: Sought, values: Values) -> Leaf:
        sort = "" if values["sort"] == DEFAULT_SORT else values["sort"]
        start, most = span(values)
        history = self._archive.history
        items = history.sought(what, sort=sort, is_reversed=values["order"] == "desc", start=start, most=most)
        return Leaf(items, history.count(what), values["page"], most)

    async def levels(self, domain: str) -> Sequence[tuple[datetime, str, int, bool]]:
        """A domain's levels, the oldest first. Raises Problem when it was never judged."""
        found = await _read(lambda: self._archive.history.levels(plain_name(domain)))
        if not found:
            raise not_found("no run has this domain")
        return found

    async def series(self, check: str, agency: str | None = None, since: date | None = None) -> Series:
        """How many domains had which outcome, run by run, from a day in Hanoi on: of all, or of those on an agency's page.

        Raises Problem for no such agency.
        """
        begin = datetime(since.year, since.month, since.day, tzinfo=HANOI) if since is not None else None
        history = self._archive.history
        if agency is None:
            return await _read(lambda: history.tally(check, since=begin))
        table = await self.newest()
        name = table.agency(agency)
        counted = {row.target.agency for row in table.rows if row.is_of(name)}
        return await _read(lambda: history.tally_of(check, counted, since=begin))

    async def courses(self) -> list[Course]:
        """Where each goal of the programme stands."""
        runs = await self.runs()
        return list(await _read(lambda: courses_of(self._archive, runs, self._goals)))

    def close(self) -> None:
        """Let go of everything."""
        self._tables.close()
        self._sites.close()

    def _table(self, run: Run) -> Table:
        register = self._register()
        return table_of(run, cards_of(self._archive, run, register), self.audience, register.bodies)


async def _read(function: Callable[[], T]) -> T:
    return await asyncio.to_thread(function)

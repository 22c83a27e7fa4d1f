"""The static sites of runs: the newest one's as the front, older ones by permalink, each written whole before it is shown."""

import asyncio
import itertools
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from ipv6check.model import Run
from ipv6check.nightly import cards_of, in_order, past_of
from ipv6check.programme import Goal
from ipv6check.reports.folder import MARK
from ipv6check.reports.site import write_site
from ipv6check.reports.standing import Audience
from ipv6check.serve.kept import Kept, StoppedError, begun, has_failed, patiently
from ipv6check.store import Archive
from ipv6check.targets.register import Register

PAUSE: Final = 60.0
"""Seconds after which a site that could not be written is tried again."""

MOST_OLDER: Final = 4
"""Sites of older runs that are kept."""


State = tuple[str, str, str, datetime | None]
"""A run as its results hang on it: which run, judged by which rules and how, ended when."""


def state_of(run: Run) -> State:
    """What must be the same for what was made of a run to be still right; how far one under way has come is not in it."""
    return run.id, run.rules_version, run.digest, run.finished_at


@dataclass(frozen=True, slots=True)
class Site:
    """A site on disk: its run, its folder, and the files in it by their path from there."""

    run: Run
    folder: Path
    files: Mapping[str, Path]


class Sites:
    """Writes sites into a folder of its own, and removes it in the end."""

    def __init__(
        self,
        archive: Archive,
        audience: Audience,
        goals: Sequence[Goal],
        contact: str = "",
        register: Callable[[], Register] = Register,
    ) -> None:
        self._archive = archive
        self._goals = goals
        self._audience = audience
        self._contact = contact
        self._register = register
        self._folder = TemporaryDirectory(prefix="ipv6check-serve-", ignore_cleanup_errors=True)
        self._stopping = threading.Event()
        self._numbers = itertools.count()
        self._older: Kept[Run, Site] = Kept(self._write, MOST_OLDER, _remove, state_of)
        self._front: Site | None = None
        self._wanted: State | None = None
        self._writing: asyncio.Future[Site]
        self._thread = ThreadPoolExecutor(1)

    async def front(self, newest: Run) -> Site:
        """The newest run's site; while that is being written, the one before it. Raises Problem while there is none."""
        if (state := state_of(newest)) != self._wanted:
            self._wanted = state
            self._writing = begun(self._thread, self._write, newest)
            self._writing.add_done_callback(partial(self._show, state))
        return self._front if self._front is not None else await patiently(self._writing)

    async def of(self, run: Run) -> Site:
        """The site of a run. Raises Problem while there is none."""
        return await (patiently(self._writing) if state_of(run) == self._wanted else self._older.get(run))

    def close(self) -> None:
        """Stop writing, and remove everything."""
        self._stopping.set()
        self._thread.shutdown(cancel_futures=True)
        self._older.close()
        self._folder.cleanup()

    def _show(self, state: State, written: asyncio.Future[Site]) -> None:
        """Put a site that is whole in the place of the one before it."""
        if self._stopping.is_set():
            return
        if has_failed(written):
            asyncio.get_running_loop().call_later(PAUSE, self._want_again, state)
            return
        before, self._front = self._front, written.result()
        if before is not None:
            self._thread.submit(_remove, before)

    def _want_again(self, failed: State) -> None:
        if self._wanted == failed:
            self._wanted = None

    def _write(self, run: Run) -> Site:
        folder, register = Path(self._folder.name) / str(next(self._numbers)), self._register()
        write_site(
            run,
            list(cards_of(self._archive, run, register)),
            folder,
            evidence_of=in_order(self._archive.evidences(run.id)),
            audience=self._audience,
            past=past_of(self._archive, run, self._goals),
            progress=self._go_on,
            is_live=True,
            contact=self._contact,
            structure=register.bodies,
        )
        files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file() and path.name != MARK}
        return Site(run, folder, files)

    def _go_on(self, done: int, of: int) -> None:
        if self._stopping.is_set():
            raise StoppedError


def _remove(site: Site) -> None:
    shutil.rmtree(site.folder, ignore_errors=True)

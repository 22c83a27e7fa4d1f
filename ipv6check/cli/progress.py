"""A scan's progress on stderr: a live line on a terminal, a log line now and then elsewhere."""

import logging
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TextColumn, TimeElapsedColumn, track
from rich.progress import Progress as Bar
from rich.text import Text

from ipv6check.scan import Progress

T = TypeVar("T")

log = logging.getLogger(__name__)

REFRESH: Final = 0.25
LOG_EVERY: Final = 30.0
"""Seconds between renewals on a terminal, and between lines in a log."""


class _TimeLeft(ProgressColumn):
    """Our own estimate: rich's forgets what was done before a resume."""

    def render(self, task: Task) -> Text:
        seconds = task.fields.get("left")
        return Text("" if seconds is None else f"{int(seconds) // 60}:{int(seconds) % 60:02} left", style="cyan")


@contextmanager
def shown(progress: Progress) -> Iterator[None]:
    """Show a scan's progress until its context closes."""
    console = Console(stderr=True)
    ended = threading.Event()
    show = _show_bar if console.is_terminal else _show_lines
    thread = threading.Thread(target=show, args=(progress, console, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _show_bar(progress: Progress, console: Console, ended: threading.Event) -> None:
    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        _TimeLeft(),
        TextColumn("{task.fields[counts]}", style="dim"),
    )
    with Bar(*columns, console=console, transient=False) as bar:
        task = bar.add_task("scan", total=progress.planned, rate="", counts="", left=None)
        while True:
            is_last = ended.wait(REFRESH)
            bar.update(
                task,
                completed=progress.done,
                rate=f"{progress.per_second:.1f}/s",
                counts=_counts(progress),
                left=None if is_last else progress.seconds_left,
            )
            if is_last:
                return


def _show_lines(progress: Progress, console: Console, ended: threading.Event) -> None:
    while not ended.wait(LOG_EVERY):
        log.warning("%d of %d done, %.1f/s, %s", progress.done, progress.planned, progress.per_second, _counts(progress))


def _counts(progress: Progress) -> str:
    """What was found so far, and what is under way."""
    found = [f"{what} {count}" for what, count in sorted(progress.seen.items())]
    under_way = [f"in flight {progress.in_flight}"] if progress.in_flight else []
    again = [f"confirming {progress.confirming}"] if progress.confirming else []
    return ", ".join(found + under_way + again)


def counted(items: Iterable[T], total: int, what: str) -> Iterable[T]:
    """Pass items through, with a bar on a terminal."""
    console = Console(stderr=True)
    if not sys.stderr.isatty():
        return items
    return track(items, total=total, description=what, console=console, transient=True)


@contextmanager
def advancing(what: str) -> Iterator[Callable[[int, int], None]]:
    """Give what is told how many are done, of how many: a bar on a terminal."""
    with Bar(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)

"""Threads of ours that keep the interpreter for short turns only: with Python's own 5 ms every packet would wait that long."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

TURN: Final = 0.0005
"""Seconds. Not at all times: changing threads so often takes one in twenty of what a scan takes."""

_lock = threading.Lock()
_usual: list[float] = []
"""How long turns were before, once for each thread that is at work."""


@contextmanager
def short_turns() -> Iterator[None]:
    """Change threads often while this one works."""
    with _lock:
        _usual.append(_usual[0] if _usual else sys.getswitchinterval())
        sys.setswitchinterval(min(_usual[0], TURN))
    try:
        yield
    finally:
        with _lock:
            usual = _usual.pop()
            if not _usual:
                sys.setswitchinterval(usual)

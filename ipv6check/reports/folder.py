"""A folder that is written beside its place and then put there whole."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

MARK: Final = ".ipv6check-site"
"""A file that says: this folder was written here whole, and may be replaced whole."""


class OccupiedError(FileExistsError):
    """Something else stands where a folder is to be put."""


def require_place(output: Path) -> None:
    """Raise OccupiedError where `output` holds something that is no site of ours, OSError where it cannot be written."""
    place = output.resolve()
    if place.exists() and not (place / MARK).exists() and (not place.is_dir() or any(place.iterdir())):
        raise OccupiedError(errno.EEXIST, "holds something else than a site of ours: choose another folder", str(output))
    place.parent.mkdir(parents=True, exist_ok=True)
    if not os.access(place.parent, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(output.parent))


@contextmanager
def replaced(output: Path) -> Iterator[Path]:
    """Give a new folder beside `output` that takes its place once all is well, and is removed otherwise.

    Raises as `require_place`.
    """
    require_place(output)
    place = output.resolve()
    fresh, old = (place.with_name(f".{place.name}.{word}-{os.getpid()}") for word in ("new", "old"))
    for left_over in (fresh, old):
        shutil.rmtree(left_over, ignore_errors=True)
    try:
        fresh.mkdir()
        yield fresh
        (fresh / MARK).write_text("written by ipv6check; replaced as a whole by the next report\n", encoding="utf-8")
        _swap(fresh, place, old)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _swap(fresh: Path, place: Path, old: Path) -> None:
    if not place.exists():
        fresh.rename(place)
        return
    place.rename(old)
    try:
        fresh.rename(place)
    except OSError:
        old.rename(place)
        raise


def put(path: Path, text: str) -> None:
    """Write a file, its folder where that is not there yet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")

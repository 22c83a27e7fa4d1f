"""The form of a table on disk: named columns of numbers and of text, in one file that is used as it is read.

A magic, the length of a directory, the directory (JSON), then the columns, each at a multiple of 8 bytes. Numbers are in the
byte order of the machine that wrote them, which the directory names. Nothing is unpacked: a million routes are there in the
time it takes to read the file.
"""

import json
import sys
from array import array
from collections.abc import Mapping
from typing import Any, Final

MAGIC: Final = b"ip6chk01"
ALIGNMENT: Final = 8
BYTES: Final = "bytes"
TYPES: Final = ("B", "H", "I", "Q", BYTES)

Column = memoryview
Columns = Mapping[str, "array[int] | bytes"]


class FormError(ValueError):
    """Bytes that are no table, or one that another kind of machine or another version wrote."""


def pack(columns: Columns) -> bytes:
    """Write columns as one file's bytes."""
    directory: dict[str, Any] = {"order": sys.byteorder, "columns": {}}
    parts, at = [], 0
    for name, column in columns.items():
        kind = column.typecode if isinstance(column, array) else BYTES
        raw = column.tobytes() if isinstance(column, array) else column
        directory["columns"][name] = [kind, at, len(raw)]
        padding = -len(raw) % ALIGNMENT
        parts += [raw, bytes(padding)]
        at += len(raw) + padding
    head = json.dumps(directory).encode()
    head += b" " * (-len(head) % ALIGNMENT)
    return b"".join([MAGIC, len(head).to_bytes(ALIGNMENT, "little"), head, *parts])


def unpack(table: bytes) -> dict[str, Column]:
    """The columns of a file's bytes, which they go on using. Raises FormError."""
    start = len(MAGIC) + ALIGNMENT
    if table[: len(MAGIC)] != MAGIC:
        raise FormError("it is no table of this version of the program")
    length = int.from_bytes(table[len(MAGIC) : start], "little")
    try:
        directory = json.loads(table[start : start + length])
        order, entries = directory["order"], directory["columns"].items()
    except (ValueError, KeyError, TypeError, AttributeError):
        raise FormError("its directory cannot be read") from None
    if order != sys.byteorder:
        raise FormError("a machine with the other byte order made it")
    body = memoryview(table)[start + length :]
    try:
        return {name: _column(body, *place) for name, place in entries}
    except (ValueError, TypeError):
        raise FormError("its columns do not fit its directory") from None


def _column(body: memoryview, kind: str, at: int, size: int) -> Column:
    if kind not in TYPES or at < 0 or size < 0 or at + size > len(body):
        raise ValueError(kind)
    if kind == BYTES:
        return body[at : at + size]
    return body[at : at + size].cast(kind) if size else memoryview(array(kind))  # type: ignore[call-overload]


class Texts:
    """A column of texts that are read one at a time: `<name>.ends` says where each ends in `<name>.text`."""

    __slots__ = ("_ends", "_text")

    def __init__(self, columns: Mapping[str, Column], name: str) -> None:
        self._ends = columns[f"{name}.ends"]
        self._text = columns[f"{name}.text"]

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, number: int) -> str:
        begin = self._ends[number - 1] if number else 0
        return str(self._text[begin : self._ends[number]], "utf-8")


class TextsMaker:
    """Makes a column of at most so many texts; a text that is already there is not stored again."""

    def __init__(self, most: int) -> None:
        self._numbers: dict[str, int] = {}
        self._most = most

    def number(self, text: str) -> int:
        """The number under which the text will be found. Raises ValueError when there is no room for another."""
        if text not in self._numbers and len(self._numbers) >= self._most:
            raise ValueError("too many different texts")
        return self._numbers.setdefault(text, len(self._numbers))

    def columns(self, name: str) -> dict[str, "array[int] | bytes"]:
        """The finished columns."""
        return pack_texts(name, list(self._numbers))


def pack_texts(name: str, texts: list[str]) -> dict[str, "array[int] | bytes"]:
    """Columns of texts, in this order."""
    ends, at, raws = array("I"), 0, []
    for text in texts:
        raw = text.encode("utf-8", "replace")
        raws.append(raw)
        at += len(raw)
        ends.append(at)
    return {f"{name}.ends": ends, f"{name}.text": b"".join(raws)}

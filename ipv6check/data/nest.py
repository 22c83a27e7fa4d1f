"""Prefixes in order, each knowing which one encloses it: the longest match and all covering prefixes in one search.

Prefixes nest or are apart. So all that covers an address lies on the way outwards from the last prefix that begins at or before
it: one binary search in a sorted column and a few steps up, in plain columns of numbers, with nothing to build at opening. Each
prefix owns a run of rows in the columns of whoever uses it.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from typing import Final

from ipv6check.data.packed import Column
from ipv6check.data.syntax import V4

NONE: Final = (1 << 32) - 1
"""The number of no prefix."""

HALF: Final = 64
LOW: Final = (1 << HALF) - 1


class NestMaker:
    """Makes the columns of a nest from prefixes that come in order of start, then length."""

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self._high = array("I" if bits == V4 else "Q")
        self._low = array("Q")
        self._lengths = array("B")
        self._outer = array("I")
        self._rows = array("I")
        self._open: list[tuple[int, int]] = []
        self._last: tuple[int, int] | None = None
        self._count = 0

    def add(self, start: int, length: int) -> None:
        """Give the next row to a prefix: to the last one, when it is the same again."""
        if (start, length) != self._last:
            self._last = start, length
            while self._open and self._open[-1][0] < start:
                self._open.pop()
            self._outer.append(self._open[-1][1] if self._open else NONE)
            self._open.append((start | ((1 << (self._bits - length)) - 1), len(self._lengths)))
            self._lengths.append(length)
            self._rows.append(self._count)
            if self._bits == V4:
                self._high.append(start)
            else:
                self._high.append(start >> HALF)
                self._low.append(start & LOW)
        self._count += 1

    def columns(self, name: str) -> dict[str, "array[int] | bytes"]:
        """The finished columns."""
        columns = {"high": self._high, "low": self._low, "lengths": self._lengths, "outer": self._outer}
        columns["rows"] = self._rows + array("I", [self._count])
        return {f"{name}.{key}": column for key, column in columns.items()}


class Nest:
    """Looks prefixes up. `bits` is the width of a number: 32 for IPv4 and for AS numbers, 128 for IPv6."""

    __slots__ = ("_high", "_lengths", "_low", "_outer", "_rows", "bits")

    def __init__(self, columns: Mapping[str, Column], name: str, bits: int) -> None:
        self.bits = bits
        self._high, self._low, self._lengths, self._outer, self._rows = (
            columns[f"{name}.{key}"] for key in ("high", "low", "lengths", "outer", "rows")
        )

    def __len__(self) -> int:
        return len(self._lengths)

    def covering(self, start: int, length: int) -> Iterator[int]:
        """Numbers of the prefixes that cover a prefix (an address is one of full length), the most specific first."""
        number = self._last_up_to(start)
        while number != NONE:
            found = self._lengths[number]
            shift = self.bits - found
            if found <= length and start >> shift == self.start(number) >> shift:
                yield number
            number = self._outer[number]

    def start(self, number: int) -> int:
        """First address of a prefix."""
        high: int = self._high[number]
        return high if self.bits == V4 else high << HALF | self._low[number]

    def length(self, number: int) -> int:
        """Length of a prefix."""
        return self._lengths[number]

    def rows(self, number: int) -> range:
        """Rows that belong to a prefix."""
        return range(self._rows[number], self._rows[number + 1])

    def _last_up_to(self, start: int) -> int:
        """The last prefix that begins at or before a number; NONE when all begin after it."""
        if self.bits == V4:
            after = bisect_right(self._high, start)
        else:
            after = bisect_right(self._high, start >> HALF)
            before = bisect_left(self._high, start >> HALF, 0, after)
            after = bisect_right(self._low, start & LOW, before, after)
        return after - 1 if after else NONE

"""Sources that were made to hurt: bombs, endless lines, broken packing. All of it is refused or counted, in bounded memory."""

import gzip
import tracemalloc
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from ipv6check.data import Source, TableError, jsonstream, names, reading, registry, routes, shelf, update, vrps
from ipv6check.data.reading import LONGEST_LINE, Reading, parse_time
from tests.data.making import BY_NAME, NOW, put, read, source

MIB = 1 << 20
LINE = b"64500\t192.0.2.0/24\t300\n"


def lines(content: bytes, step: int = 5) -> list[str]:
    return [line for _, line in Reading(source(content, step=step)).lines()]


@pytest.mark.parametrize("step", [1, 3, 10_000])
def test_packed_and_plain_are_the_same(step: int) -> None:
    plain = b"one\r\n\n % comment\ntwo\n#x\n;y\nlast"
    several = gzip.compress(plain[:7]) + gzip.compress(plain[7:]) + bytes(30)
    for content in (plain, gzip.compress(plain), several):
        passed = Reading(source(content, step=step))
        assert [line for _, line in passed.lines()] == ["one", "two", "last"]
        assert passed.digest == sha256(content).hexdigest()


def test_line_numbers_count_every_line() -> None:
    assert [number for number, _ in Reading(source("a\n\n%\nb\n")).lines()] == [1, 4]


def test_comments_are_heard() -> None:
    heard: list[str] = []
    assert [line for _, line in Reading(source("% one\nx\n#two\n")).lines(heard.append)] == ["x"]
    assert heard == ["% one", "#two"]


def test_an_empty_source_has_no_lines() -> None:
    assert lines(b"") == []
    assert lines(gzip.compress(b"")) == []


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(LINE * 1000, mtime=0)[:-9],
        gzip.compress(LINE * 1000, mtime=0)[:40],
        gzip.compress(LINE, mtime=0) + b"rubbish after it",
        b"\x1f\x8b" + b"rubbish",
        b"\x1f\x8b",
    ],
)
def test_broken_packing_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(TableError, match=r"^routes-0: (broken gzip data|the gzip data end too early)"):
        put(tmp_path, "routes", content)
    assert not list(tmp_path.iterdir())


def test_a_bomb_is_refused_at_the_cap() -> None:
    bomb = gzip.compress(bytes(64 * MIB), 9)
    assert len(bomb) < MIB
    tracemalloc.start()
    with pytest.raises(TableError, match="more than 8 MiB when unpacked"):
        for _ in Reading(source(bomb, step=MIB), most_bytes=8 * MIB).lines():
            pass
    assert tracemalloc.get_traced_memory()[1] < 8 * MIB
    tracemalloc.stop()


def test_an_endless_line_is_one_bogus_line_and_is_never_held() -> None:
    def pieces() -> Iterator[bytes]:
        yield LINE
        for _ in range(256):
            yield b"x" * MIB
        yield b"\n" + LINE

    tracemalloc.start()
    passed = Reading(Source(name="x", pieces=pieces()))
    BY_NAME["routes"].maker().read(passed)
    assert tracemalloc.get_traced_memory()[1] < 16 * MIB
    tracemalloc.stop()
    assert (passed.entries, passed.bogus) == (2, 1)


def test_a_line_at_the_cap_is_read_and_one_beyond_it_is_bogus() -> None:
    for length, count in ((LONGEST_LINE, 1), (LONGEST_LINE + 1, 0)):
        for step in (7, 4096, 4097, 4098, 9000):
            passed = Reading(source(b"x" * length + b"\nnext", step=step))
            assert len(list(passed.lines())) == count + 1
            assert passed.bogus == 1 - count


def test_spaces_without_end_are_one_long_line(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="nothing in it can be used"):
        put(tmp_path, "vrps", b" " * MIB)


def test_a_disk_that_fails_is_told() -> None:
    def pieces() -> Iterator[bytes]:
        yield LINE
        raise OSError(5, "Input/output error")

    with pytest.raises(TableError, match="x: cannot be read: Input/output error"):
        update(BY_NAME["routes"], [Source(name="x", pieces=pieces())], shelf.Shelf(Path("/nonexistent")), NOW)


CAPS = [
    ("routes", "1,192.0.2.0/24\n" * 5, reading, "MOST_LINES", "lines"),
    ("routes", "1,192.0.2.0/24\n" * 5, routes, "MOST_ROUTES", "routes"),
    ("routes", "".join(f"{{1,2}}\t192.0.{n}.0/24\n" for n in range(5)), routes, "MOST_SETS", "AS_SETs"),
    ("vrps", "AS1,192.0.2.0/24,24,x\n" * 5, vrps, "MOST_VRPS", "VRPs"),
    ("vrps", '{"roas": [1,2,3,4,5]}', jsonstream, "MOST_ELEMENTS", "elements"),
    ("registry", "apnic|VN|ipv4|203.119.8.0|768|20040722|allocated|x\n" * 5, registry, "MOST_RECORDS", "records"),
    ("names", "".join(f"{n},x\n" for n in range(5)), names, "MOST_NAMES", "names"),
    ("holders", "".join(f"apnic,{n},x\n" for n in range(5)), names, "MOST_NAMES", "names"),
]


@pytest.mark.parametrize(("name", "content", "module", "cap", "what"), CAPS)
def test_every_table_has_its_cap(
    monkeypatch: pytest.MonkeyPatch, name: str, content: str, module: object, cap: str, what: str
) -> None:
    assert read(name, content).name == "file"
    monkeypatch.setattr(module, cap, 4)
    with pytest.raises(TableError, match=f"more than 4 {what}|list of more than 4 {what}"):
        read(name, content)


@pytest.mark.parametrize("name", list(BY_NAME))
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 5000,
        b"\xff\xfe1\x00,\x00x\x00",
        bytes(range(256)) * 20,
        b"\n" * 1000,
        b"<!doctype html>\n<title>503</title>\n",
        b"{" * 5000,
        b"|" * 4000,
        b",\n" * 100,
        b'"\n' * 100,
        b"2|apnic|x|y|z\n",
        gzip.compress(gzip.compress(LINE, mtime=0), mtime=0),
    ],
)
def test_rubbish_is_refused_in_words(tmp_path: Path, name: str, content: bytes) -> None:
    with pytest.raises(TableError) as caught:
        put(tmp_path, name, content)
    assert str(caught.value).startswith(f"{name}-0: ")
    assert str(caught.value).isprintable()
    assert not list(tmp_path.iterdir())


def test_times() -> None:
    assert (
        parse_time("2026-11-21T12:00:00Z") == parse_time("2026-11-21T19:00:00+07:00") == parse_time(" 2026-11-21T12:00 ") == NOW
    )
    assert parse_time("yesterday") is None

"""Where tables are kept: whole or not at all, and whoever finds one broken says so."""

import fcntl
import json
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from ipv6check.data import AGES, RouteAnswer, Shelf, TableError, TableProblem, Tables, Trouble
from ipv6check.data.packed import FormError, pack, unpack
from ipv6check.data.shelf import Absent, Damaged
from tests.data.making import NOW, put

HERE = ip_address("2001:db8::1")


def origin(directory: Path) -> int | TableProblem | None:
    found = Tables(directory, NOW).origin_of(HERE)
    return found.origins[0].asn if isinstance(found, RouteAnswer) else found


def put_routes(directory: Path, asn: int) -> None:
    put(directory, "routes", f"{asn}\t2001:db8::/32\t9\n")


def test_one_folder_a_manifest_and_one_table(tmp_path: Path) -> None:
    for asn in (1, 2, 2, 3):
        put_routes(tmp_path / "deep" / "er", asn)
        assert origin(tmp_path / "deep" / "er") == asn
    names = sorted(path.name for path in (tmp_path / "deep" / "er").iterdir())
    manifest = json.loads((tmp_path / "deep" / "er" / "routes.json").read_text())
    assert names == [".lock", f"routes-{manifest['sha256'][:16]}.table", "routes.json"]
    assert (manifest["name"], manifest["entries"], manifest["counts"]) == ("routes", 1, {"ipv4": 0, "ipv6": 1})
    assert (manifest["date"], manifest["imported_at"]) == ("2026-11-21T12:00:00Z", "2026-11-21T12:00:00Z")
    (part,) = manifest["sources"]
    assert (part["source"], part["dated_by"], len(part["sha256"])) == ("routes-0", "modification", 64)


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.data.test_shelf import put_routes

calls, replace = [], Path.replace

def dying(self, target):
    calls.append(target)
    if len(calls) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(self, target)

Path.replace = dying
put_routes(Path(sys.argv[1]), 2)
"""


@pytest.mark.parametrize("call", [1, 2])
def test_killed_before_a_rename_the_old_table_is_whole(tmp_path: Path, call: int) -> None:
    put_routes(tmp_path, 1)
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), str(call)], check=False)
    assert killed.returncode == -9
    assert list(tmp_path.glob("*.unfinished"))
    assert origin(tmp_path) == 1
    put_routes(tmp_path, 3)
    assert origin(tmp_path) == 3
    assert len(list(tmp_path.iterdir())) == 3


def test_a_full_disk_leaves_the_old_table_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_routes(tmp_path, 1)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        with pytest.raises(OSError, match="No space left"):
            put_routes(tmp_path, 2)
    assert origin(tmp_path) == 1
    assert len(list(tmp_path.iterdir())) == 3


def test_two_updates_do_not_meet(tmp_path: Path) -> None:
    put_routes(tmp_path, 1)
    with (tmp_path / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(TableError, match="another update"):
            put_routes(tmp_path, 2)
    put_routes(tmp_path, 2)
    assert origin(tmp_path) == 2


def test_an_update_between_manifest_and_table_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_routes(tmp_path, 1)
    shelf, old = Shelf(tmp_path), Shelf(tmp_path).manifest("routes")
    put_routes(tmp_path, 2)
    answers = [old, shelf.manifest("routes")]
    monkeypatch.setattr(Shelf, "manifest", lambda self, name: answers.pop(0))
    manifest, _ = shelf.table("routes")
    assert manifest.sha256 != old.sha256
    answers += [old, old]
    with pytest.raises(Damaged, match="gone"):
        shelf.table("routes")


def test_a_folder_that_is_not_there_has_no_tables(tmp_path: Path) -> None:
    found = Tables(tmp_path / "nowhere", NOW)
    assert [(p.table, p.trouble) for p in found.problems] == [
        (name, Trouble.MISSING) for name in ("routes", "registry", "vrps", "names", "holders")
    ]
    with pytest.raises(Absent):
        Shelf(tmp_path).manifest("routes")


DAMAGES = {
    "a byte differs": ("table", lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]), "hash"),
    "cut off": ("table", lambda raw: raw[:-8], "size"),
    "empty": ("table", lambda raw: b"", "size"),
    "no manifest left": ("json", lambda raw: b"", "manifest is broken"),
    "a manifest of another shape": ("json", lambda raw: b"[]", "manifest is broken"),
    "a manifest with wrong values": ("json", lambda raw: raw.replace(b'"entries": 1', b'"entries": -1'), "manifest is broken"),
    "a manifest without zone": ("json", lambda raw: raw.replace(b"00Z", b"00"), "manifest is broken"),
    "a manifest of another table": ("json", lambda raw: raw.replace(b'"routes"', b'"vrps"'), "that of vrps"),
    "rubbish": ("json", lambda raw: b"\xff\x00" * 100, "manifest is broken"),
    "a manifest without end": ("json", lambda raw: raw + b" " * (2 << 20), None),
}


@pytest.mark.parametrize(("suffix", "damage", "said"), DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_table_is_a_problem_and_no_answer(tmp_path: Path, suffix: str, damage: object, said: str | None) -> None:
    put_routes(tmp_path, 1)
    (path,) = tmp_path.glob(f"*.{suffix}")
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    found = Tables(tmp_path, NOW)
    for answer in (found.origin_of(HERE), found.covering_routes(HERE)):
        if said is None:
            assert not isinstance(answer, TableProblem)
        else:
            assert isinstance(answer, TableProblem)
            assert (answer.table, answer.trouble) == ("routes", Trouble.BROKEN)
            assert said in str(answer)


@pytest.mark.parametrize("victim", ["routes.json", "table"])
def test_a_folder_in_the_place_of_a_file_is_a_problem(tmp_path: Path, victim: str) -> None:
    put_routes(tmp_path, 1)
    (path,) = tmp_path.glob(f"*{victim}")
    path.unlink()
    path.mkdir()
    found = Tables(tmp_path, NOW).origin_of(HERE)
    assert isinstance(found, TableProblem)
    assert found.trouble is Trouble.BROKEN


def forged(directory: Path, content: bytes) -> TableProblem:
    """Put other content in place, with a manifest that fits it."""
    put_routes(directory, 1)
    shelf = Shelf(directory)
    shelf.put(replace(shelf.manifest("routes"), sha256=sha256(content).hexdigest(), size=len(content)), content)
    found = Tables(directory, NOW).origin_of(HERE)
    assert isinstance(found, TableProblem)
    assert found.trouble is Trouble.BROKEN
    return found


def test_a_table_of_another_form_has_to_be_imported_again(tmp_path: Path) -> None:
    assert "no table of this version" in forged(tmp_path, b"other form of table").detail
    assert "of another version" in forged(tmp_path, pack({})).detail
    other = "big" if sys.byteorder == "little" else "little"
    content = pack({}).replace(f'"order": "{sys.byteorder}"'.encode(), f'"order": "{other}"'.encode())
    length = content.index(b"}}") + 2
    content = content[:8] + (length - 16).to_bytes(8, "little") + content[16:length]
    assert "byte order" in forged(tmp_path, content).detail


@pytest.mark.parametrize(
    "directory",
    [
        "x",
        "[]",
        '{"order": "%s"}',
        '{"order": "%s", "columns": []}',
        '{"order": "%s", "columns": {"a": ["I", 0, 3]}}',
        '{"order": "%s", "columns": {"a": ["I", 0, 4000]}}',
        '{"order": "%s", "columns": {"a": ["I", -4, 4]}}',
        '{"order": "%s", "columns": {"a": ["Z", 0, 4]}}',
        '{"order": "%s", "columns": {"a": ["I", "0", 4]}}',
        '{"order": "%s", "columns": {"a": 7}}',
        '{"order": "%s", "columns": {"a": ["I", 0]}}',
    ],
)
def test_a_directory_that_cannot_be_is_an_error_of_form(directory: str) -> None:
    head = directory.replace("%s", sys.byteorder).encode()
    head += b" " * (-len(head) % 8)
    with pytest.raises(FormError):
        unpack(b"ip6chk01" + len(head).to_bytes(8, "little") + head + bytes(8))


def test_a_table_is_as_old_as_its_date(tmp_path: Path) -> None:
    put_routes(tmp_path, 1)
    put(tmp_path, "vrps", "AS1,2001:db8::/32,32,x\n")
    for name, limit in (("routes", timedelta(days=7)), ("vrps", timedelta(days=1))):
        in_time, too_late = Tables(tmp_path, NOW + limit), Tables(tmp_path, NOW + limit + timedelta(seconds=1))
        assert name not in {problem.table for problem in in_time.problems}
        (problem,) = [problem for problem in too_late.problems if problem.table == name]
        assert (problem.trouble, problem.date) == (Trouble.TOO_OLD, NOW)
        assert "2026-11-21 12:00 UTC" in str(problem)
    old = Tables(tmp_path, NOW + timedelta(days=8))
    assert isinstance(old.origin_of(HERE), TableProblem)
    assert isinstance(old.validate(ip_network("2001:db8::/32"), 1), TableProblem)
    longer = Tables(tmp_path, NOW + timedelta(days=8), ages={**AGES, "routes": timedelta(days=9)})
    assert isinstance(longer.origin_of(HERE), RouteAnswer)

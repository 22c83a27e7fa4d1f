"""The command: what it says when it cannot serve, and one conversation over a real loopback socket."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from ipv6check.cli import cli
from ipv6check.cli.main import Exit
from tests.serve.made import API


def free_port() -> int:
    with socket.socket(socket.AF_INET6) as one:
        one.bind(("::1", 0))
        return one.getsockname()[1]


@contextmanager
def program(database: Path, *arguments: str, temporary: Path) -> Iterator[subprocess.Popen]:
    command = [sys.executable, "-m", "ipv6check", "--db", f"sqlite:///{database}", "serve", *arguments]
    environment = os.environ | {"TMPDIR": str(temporary)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as running:
        try:
            yield running
        finally:
            running.kill()


def answer_of(url: str) -> httpx.Response:
    """The first answer, from a server that is about to start."""
    for _ in range(300):
        try:
            return httpx.get(url, timeout=30, trust_env=False)
        except httpx.ConnectError:
            time.sleep(0.1)
    raise AssertionError(f"nothing answers at {url}")


@pytest.mark.loopback
@pytest.mark.parametrize(("sign", "ends_with"), [(signal.SIGINT, Exit.INTERRUPTED), (signal.SIGTERM, -signal.SIGTERM)])
def test_it_serves_on_a_socket_until_it_is_told_to_stop(four_nights: Path, tmp_path: Path, sign, ends_with) -> None:
    database, port, temporary = tmp_path / "test.db", free_port(), Path(tempfile.mkdtemp(dir=tmp_path))
    shutil.copy(four_nights, database)
    before = database.read_bytes()
    with program(database, "--port", str(port), temporary=temporary) as running:
        root = f"http://[::1]:{port}"
        assert "night-03" in answer_of(f"{root}/").text
        head = httpx.head(f"{root}/domains", trust_env=False)
        assert (head.status_code, head.content) == (200, b"")
        assert "server" not in head.headers
        assert httpx.get(f"{root}{API}/runs", trust_env=False).json()["runs"][0]["id"] == "night-03"
        assert list(temporary.iterdir())
        running.send_signal(sign)
        _, said = running.communicate(timeout=20)
        assert running.returncode == ends_with
    assert f"http://[::1]:{port}/" in said
    assert "Traceback" not in said
    assert list(temporary.iterdir()) == []
    assert database.read_bytes() == before


@pytest.mark.loopback
def test_a_port_that_is_taken(four_nights: Path, tmp_path: Path) -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as taken:
        port = taken.getsockname()[1]
        with program(four_nights, "--port", str(port), temporary=tmp_path) as running:
            _, said = running.communicate(timeout=60)
    assert running.returncode == Exit.STORAGE
    assert str(port) in said
    assert "in use" in said
    assert "Traceback" not in said


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, arguments)
    return done.exit_code, done.output


def test_no_database(tmp_path: Path) -> None:
    code, said = run("--db", f"sqlite:///{tmp_path / 'none.db'}", "serve")
    assert code == Exit.STORAGE
    assert "no database" in said
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("missing", ["starlette", "uvicorn"])
def test_without_the_extra(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == missing else object())
    code, said = run("serve")
    assert code == Exit.STORAGE
    assert "ipv6check[web]" in said


def test_what_is_no_port() -> None:
    assert run("serve", "--port", "70000")[0] == Exit.USAGE

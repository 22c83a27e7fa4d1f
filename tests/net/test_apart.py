"""The process that talks TLS and HTTP: what happens to it, and to what it was given to do. Its connections are pairs of sockets."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest

from ipv6check.model import FailureKind
from ipv6check.net import apart as apart_module
from ipv6check.net.apart import BEAT, Apart
from ipv6check.net.lag import LATE, LagMonitor
from ipv6check.net.talk import Request, Said, Talker
from ipv6check.net.tls import build_contexts
from ipv6check.net.url import Url

ADDRESS = ip_address("2400:1::1")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
PLAIN = Request(Url("http", "www.example.vn"), ADDRESS)


@pytest.fixture(scope="module")
def talker() -> Talker:
    return Talker(build_contexts(), "test")


@asynccontextmanager
async def started(talker: Talker) -> AsyncIterator[Apart]:
    apart = Apart(talker, LagMonitor())
    await apart.start(None, "test/1")
    try:
        yield apart
    finally:
        await apart.stop()


def process_of(apart: Apart) -> int:
    assert apart._process is not None
    return apart._process.pid


def descriptors_of(apart: Apart) -> int:
    return len(os.listdir(f"/proc/{process_of(apart)}/fd"))


class Peer:
    """The other end of a connection: it answers at once if it `answers`, else when it is told to. It hears all at the end."""

    def __init__(self, *, answers: bool = True) -> None:
        self.heard = b""
        self._ours, self._theirs = socket.socketpair()
        self._ours.setblocking(False)
        if answers:
            self.answer()

    def answer(self) -> None:
        self._theirs.send(OK)

    async def talk(self, apart: Apart, request: Request = PLAIN) -> Said:
        with self._theirs:
            with self._ours:
                said = await apart.talk(self._ours, request)
            self._theirs.settimeout(2)  # until nobody else holds the connection
            while octets := self._theirs.recv(10_000):
                self.heard += octets
        return said


async def test_it_says_what_is_wanted_and_tells_what_came_back(talker: Talker) -> None:
    async with started(talker) as apart:
        peer = Peer()
        fetch, certificates = await peer.talk(apart)
    assert (fetch.status, fetch.body_bytes, fetch.address, certificates) == (200, 2, ADDRESS, ())
    assert b"User-Agent: test/1\r\n" in peer.heard


async def test_what_is_under_way_when_it_dies_is_ours_and_the_rest_is_done_here(talker: Talker, caplog) -> None:
    async with started(talker) as apart:
        under_way = asyncio.create_task(Peer(answers=False).talk(apart))
        await asyncio.sleep(0.2)
        os.kill(process_of(apart), signal.SIGKILL)
        lost, _ = await under_way
        assert lost.failure is not None
        assert (lost.failure.kind, lost.failure.is_ours) == (FailureKind.LOCAL, True)
        peer = Peer()
        assert (await peer.talk(apart))[0].status == 200
        assert b"User-Agent: test\r\n" in peer.heard
    assert "goes on alone" in caplog.text


async def test_where_it_hangs_it_is_ended(talker: Talker, monkeypatch: pytest.MonkeyPatch, caplog) -> None:
    monkeypatch.setattr(apart_module, "SILENCE", 0.3)
    async with started(talker) as apart:
        under_way = asyncio.create_task(Peer(answers=False).talk(apart))
        await asyncio.sleep(0.1)
        os.kill(process_of(apart), signal.SIGSTOP)
        lost, _ = await under_way
        assert lost.failure is not None
        assert lost.failure.is_ours
        assert (await Peer().talk(apart))[0].status == 200
    assert "hangs" in caplog.text


async def test_one_with_nothing_to_do_is_heard_all_the_same(talker: Talker) -> None:
    async with started(talker) as apart:
        await Peer().talk(apart)
        heard_at = apart._heard_at
        await asyncio.sleep(1.5 * BEAT)
        assert apart._heard_at > heard_at


async def test_where_it_cannot_be_started_all_is_done_here(talker: Talker, monkeypatch: pytest.MonkeyPatch, caplog) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    async with started(talker) as apart:
        assert (await Peer().talk(apart))[0].status == 200
    assert "no process of its own" in caplog.text


async def test_requests_wait_while_it_is_busy(talker: Talker) -> None:
    async with started(talker) as apart:
        await Peer().talk(apart)
        os.kill(process_of(apart), signal.SIGSTOP)
        tasks = [asyncio.create_task(Peer().talk(apart)) for _ in range(400)]
        await asyncio.sleep(0.5)
        assert not any(task.done() for task in tasks)
        assert apart._requests is not None
        with pytest.raises(BlockingIOError):
            apart._requests.send(b"another")
        os.kill(process_of(apart), signal.SIGCONT)
        assert {fetch.status for fetch, _ in await asyncio.gather(*tasks)} == {200}


async def test_we_hear_of_its_lateness(talker: Talker) -> None:
    async with started(talker) as apart:
        await Peer().talk(apart)
        began, peer = asyncio.get_running_loop().time(), Peer(answers=False)
        under_way = asyncio.create_task(peer.talk(apart))
        await asyncio.sleep(0.2)
        os.kill(process_of(apart), signal.SIGSTOP)
        await asyncio.sleep(2 * LATE)
        assert not apart._lag.was_late_since(began)
        os.kill(process_of(apart), signal.SIGCONT)
        await asyncio.sleep(0.2)
        afterwards = asyncio.get_running_loop().time()
        peer.answer()
        assert (await under_way)[0].status == 200
        assert apart._lag.was_late_since(began)
        assert not apart._lag.was_late_since(afterwards)


async def test_a_bug_in_it_is_told_here(talker: Talker) -> None:
    async with started(talker) as apart:
        with pytest.raises(RuntimeError, match="AttributeError"):
            await Peer().talk(apart, Request(Url("https", "www.example.vn"), ADDRESS, "nonsense"))  # type: ignore[arg-type]
        assert (await Peer().talk(apart))[0].status == 200


async def test_it_keeps_no_connection(talker: Talker) -> None:
    async with started(talker) as apart:
        opened = []
        for _ in range(3):
            await asyncio.gather(*(Peer().talk(apart) for _ in range(30)))
            opened.append(descriptors_of(apart))
    assert opened[1:] == opened[:1] * 2


async def test_what_is_broken_off_here_is_broken_off_there(talker: Talker) -> None:
    async with started(talker) as apart:
        await Peer().talk(apart)
        opened, peer = descriptors_of(apart), Peer(answers=False)
        under_way = asyncio.create_task(peer.talk(apart))
        await asyncio.sleep(0.2)
        assert descriptors_of(apart) == opened + 1
        under_way.cancel()
        await asyncio.wait([under_way])
        await asyncio.sleep(0.2)
        assert descriptors_of(apart) == opened
        assert (await Peer().talk(apart))[0].status == 200
        assert apart._waiting == {}


PROGRAM = """
import asyncio
from ipv6check.net import apart as apart_module
from ipv6check.net.apart import BEAT, Apart
from ipv6check.net.lag import LagMonitor

async def main():
    apart = Apart(None, LagMonitor())
    await apart.start(None, "test/1")
    print(apart._process.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def is_running(process: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False


def test_it_leaves_signals_to_whom_it_works_for_and_ends_with_that() -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        process = int(program.stdout.readline())
        time.sleep(1.5)
        for kind in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(process, kind)
        time.sleep(0.2)
        assert is_running(process)
        program.kill()
        until = time.monotonic() + 5
        while is_running(process) and time.monotonic() < until:
            time.sleep(0.05)
        assert not is_running(process)

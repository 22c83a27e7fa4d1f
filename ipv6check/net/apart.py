"""Conversations in a process of their own: TLS and HTTP are a third of a scan's work, and a process uses one core.

That process dials nobody: each request comes to it with an open connection, over a socket that is its standard input, and what
was said goes back over its standard output. It ends with the process it works for.
"""

import asyncio
import errno
import gc
import itertools
import logging
import os
import pickle
import signal
import socket
import sys
import traceback
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from ipv6check.model import Failure, FailureKind, Stage
from ipv6check.net.failure import OUR_LIMITS
from ipv6check.net.lag import LagMonitor
from ipv6check.net.loop import run_loop
from ipv6check.net.talk import Request, Said, Talker, no_fetch
from ipv6check.net.tls import build_contexts

log = logging.getLogger(__name__)

LONGEST_REQUEST: Final = 65_536
SIZE: Final = 4
"""Octets that say how long a reply is."""

BUSY_WAIT: Final = 0.01
"""Seconds to wait when no more requests can be handed over just now."""

BEAT: Final = 2.0
"""Seconds after which the process says how late it is, be there a reply or not."""

SILENCE: Final = 60.0
"""Seconds after which a process that says nothing is taken to hang."""

BUSY: Final = OUR_LIMITS | {errno.ETOOMANYREFS}
"""What the kernel says then."""

ROOT: Final = str(Path(__file__).parents[2])
"""Where this very program lies."""


class Apart:
    """Has conversations held by another process, or `here` where there is none. `lag` hears of that one's lag."""

    def __init__(self, here: Talker, lag: LagMonitor) -> None:
        self._here = here
        self._lag = lag
        self._numbers = itertools.count()
        self._waiting: dict[int, asyncio.Future[Said | str | None]] = {}
        self._requests: socket.socket | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._heard_at = 0.0

    async def start(self, ca_file: str | None, user_agent: str) -> None:
        """Start the process; where that cannot be, conversations are held here."""
        command = (sys.executable, "-P", "-m", __name__, ca_file or "", user_agent)
        paths = [ROOT, *filter(None, [os.environ.get("PYTHONPATH")])]
        with ExitStack() as opened:
            try:
                ours, theirs = map(opened.enter_context, socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET))
                with theirs:
                    process = await asyncio.create_subprocess_exec(
                        *command,
                        stdin=theirs.fileno(),
                        stdout=asyncio.subprocess.PIPE,
                        start_new_session=True,
                        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
                    )
            except OSError as error:
                log.warning("no process of its own for TLS and HTTP: %s", error)
                return
            opened.pop_all()
        ours.setblocking(False)
        self._process, self._requests = process, ours
        self._reading = asyncio.create_task(self._read(process))

    async def stop(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is None or self._reading is None:
            return
        if process.returncode is None:
            process.kill()
        await process.wait()
        await self._reading

    async def talk(self, sock: socket.socket, request: Request) -> Said:
        """Have done on a connection what is wanted (see `Talker.talk`)."""
        if self._requests is None:
            return await self._here.talk(sock, request)
        number = next(self._numbers)
        reply = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            await self._hand_over(pickle.dumps((number, request)), sock)
            said = await reply
        except asyncio.CancelledError:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)  # for that process too
            raise
        finally:
            del self._waiting[number]
        if isinstance(said, str):
            raise RuntimeError(said)
        return said or _lost(request)

    async def _hand_over(self, message: bytes, sock: socket.socket) -> None:
        while self._requests is not None:
            try:
                socket.send_fds(self._requests, [message], [sock.fileno()])
            except ConnectionError:
                return  # it has ended: whoever reads its replies tells
            except OSError as error:
                if error.errno not in BUSY:
                    raise
                await asyncio.sleep(BUSY_WAIT)
            else:
                return

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        """Hand out what comes back, until the process ends; then nothing more is handed over."""
        replies = process.stdout
        assert replies is not None
        assert self._requests is not None
        watching = asyncio.create_task(self._watch(process))
        try:
            while True:
                size = int.from_bytes(await replies.readexactly(SIZE), "big")
                number, said, *lag = pickle.loads(await replies.readexactly(size))  # noqa: S301 - it is our own
                self._lag.hear(*lag)
                self._heard_at = asyncio.get_running_loop().time()
                if (reply := self._waiting.get(number)) is not None and not reply.done():
                    reply.set_result(said)
        except asyncio.IncompleteReadError:
            if self._process is not None:
                log.warning("the process for TLS and HTTP has ended; this one goes on alone")
        except Exception:
            log.exception("bug in hearing the process for TLS and HTTP; this one goes on alone")
            process.kill()
        finally:
            watching.cancel()
            self._requests.close()
            self._requests = None
            for reply in self._waiting.values():
                if not reply.done():
                    reply.set_result(None)

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        """End the process when it hangs."""
        loop = asyncio.get_running_loop()
        while True:
            began = self._heard_at = loop.time()
            await asyncio.sleep(SILENCE)
            await asyncio.sleep(BEAT)  # when it was this process that stood still, what came meanwhile is heard now
            if self._heard_at == began:
                log.warning("the process for TLS and HTTP hangs")
                process.kill()


def _lost(request: Request) -> Said:
    """A conversation that nobody can tell of: ours, so it is held again."""
    failure = Failure(kind=FailureKind.LOCAL, stage=Stage.HTTP, detail="limit")
    return no_fetch(request.url, request.address, failure), ()


# The process itself


async def serve(requests: socket.socket, replies: int, talker: Talker) -> None:
    """Hold the conversations that come in, until no more can come."""
    loop, lag = asyncio.get_running_loop(), LagMonitor()
    out, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(replies, "wb", 0))
    ended = asyncio.Event()
    tasks: set[asyncio.Task[None]] = set()
    lag.start()

    async def reply(message: bytes, descriptors: Sequence[int]) -> None:
        number, request = pickle.loads(message)  # noqa: S301 - it is our own
        said: Said | str = _lost(request)
        try:
            if descriptors:
                with socket.socket(fileno=descriptors[0]) as sock:
                    sock.setblocking(False)
                    said = await talker.talk(sock, request)
        except Exception:  # noqa: BLE001 - a bug of ours: it is counted where the request came from
            said = traceback.format_exc()
        tell(number, said)

    def tell(number: int | None, said: Said | str | None) -> None:
        octets = pickle.dumps((number, said, lag.latest, lag.late_at))
        out.write(len(octets).to_bytes(SIZE, "big") + octets)

    async def beat() -> None:
        while True:
            await asyncio.sleep(BEAT)
            tell(None, None)

    def hear() -> None:
        while True:
            try:
                message, descriptors, _, _ = socket.recv_fds(requests, LONGEST_REQUEST, 1)
            except BlockingIOError:
                return
            except OSError:
                message = b""
            if not message:
                loop.remove_reader(requests)
                ended.set()
                return
            task = loop.create_task(reply(message, descriptors))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    loop.add_reader(requests, hear)
    beating = loop.create_task(beat())
    await ended.wait()
    beating.cancel()


def main(ca_file: str, user_agent: str) -> None:
    """Serve on standard input and output. Signals are for the process this one works for, and it ends with that."""
    for kind in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(kind, signal.SIG_IGN)
    talker = Talker(build_contexts(ca_file or None), user_agent)
    gc.freeze()
    requests = socket.socket(fileno=sys.stdin.fileno())
    requests.setblocking(False)
    run_loop(serve(requests, sys.stdout.fileno(), talker))


if __name__ == "__main__":
    main(*sys.argv[1:])

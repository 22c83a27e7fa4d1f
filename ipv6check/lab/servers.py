"""Runs a world in this network namespace: one process of its own, so that the scanner's timing is its own too.

`running` writes the files and starts it; `python -m ipv6check.lab.servers DIRECTORY` is that process. It ends when its standard
input does, and so never outlives who started it.
"""

import asyncio
import resource
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from ipv6check.addressing import Address
from ipv6check.lab import authority, namespace, paper
from ipv6check.lab.certificates import Authority
from ipv6check.lab.nameservers import serve_dns
from ipv6check.lab.paper import Lab
from ipv6check.lab.reading import load
from ipv6check.lab.webservers import Wardrobe, serve_web
from ipv6check.lab.world import Door, World

READY: Final = b"ready\n"
START_SECONDS: Final = 60.0
END_SECONDS: Final = 5.0


@asynccontextmanager
async def running(world: World, directory: Path) -> AsyncIterator[Lab]:
    """Write a world's files into a folder and serve it meanwhile. Raises NotIsolatedError, RuntimeError."""
    namespace.require_isolation()
    lab = paper.write(world, directory)
    with lab.log.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "ipv6check.lab.servers", str(lab.directory)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_SECONDS):
            said = await process.stdout.readline()
        if said != READY:
            raise RuntimeError(f"the lab's servers did not start: {lab.log.read_text(encoding='utf-8', errors='replace')}")
        yield lab
    finally:
        process.stdin.close()
        try:
            async with asyncio.timeout(END_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


@contextmanager
def served(world: World, directory: Path) -> Iterator[Lab]:
    """The same for who has no event loop."""
    with asyncio.Runner() as runner:
        context = running(world, directory)
        lab = runner.run(context.__aenter__())
        try:
            yield lab
        finally:
            runner.run(context.__aexit__(None, None, None))


async def serve(world: World, lab: Lab) -> None:
    """Serve a world until standard input ends."""
    namespace.require_isolation()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_complain)
    kept: list[object] = []
    for address, server in world.servers.items():
        kept += await serve_dns(address, partial(authority.answer, world, address), server.door)
    kept += await serve_dns(ip_address(paper.RESOLVER), authority.Resolver(world).answer)
    made = Authority()
    lab.ca_file.write_bytes(made.root_pem)
    wardrobe = Wardrobe(made, lab.directory / "certificates")
    doors: dict[Address, dict[int, Door]] = defaultdict(dict)
    for (address, port), door in world.doors.items():
        doors[address][port] = door
    for address, ports in doors.items():
        kept += await serve_web(address, ports, world.sites_at[address], wardrobe)
    sys.stdout.buffer.write(READY)
    sys.stdout.flush()
    await _end_of_input()
    kept.clear()


def _complain(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what goes wrong, but for handshakes and connections that the other side breaks off: that is its right."""
    if not isinstance(context.get("exception"), (OSError, asyncio.CancelledError)):
        loop.default_exception_handler(context)


async def _end_of_input() -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


def main(directory: str) -> None:
    """Serve the world in a folder that `running` wrote."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    lab = Lab(Path(directory))
    asyncio.run(serve(load(lab.world_file), lab))


if __name__ == "__main__":
    main(sys.argv[1])

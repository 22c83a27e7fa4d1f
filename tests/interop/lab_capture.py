"""Every connection opened or closed and every question asked on the loopback of a lab, with the kernel's own times.

    python -m tests.interop.lab_capture packets.jsonl

writes a line a packet until it is told to end.
"""

import json
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from tests.interop.lab import Lab

ALL_PROTOCOLS: Final = 0x0003
SO_TIMESTAMPNS: Final = 35
OUTGOING: Final = 4
"""Each packet on the loopback is seen twice: once as it goes out."""

IPV4, IPV6 = 0x0800, 0x86DD
TCP, UDP = 6, 17
FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10
DNS: Final = 53
SETTLES_IN: Final = 0.5


@dataclass(frozen=True)
class Packet:
    """`what` is `question` (UDP to port 53), `open` (SYN), or `close` (FIN or RST, either way)."""

    at: float
    what: str
    source: str
    source_port: int
    target: str
    port: int


@contextmanager
def capturing(lab: Lab, file: Path) -> Iterator[Callable[[], tuple[Packet, ...]]]:
    """Capture while the context is open; what it gives reads the packets afterwards."""
    process = subprocess.Popen(lab.inside([sys.executable, "-m", "tests.interop.lab_capture", str(file)]), cwd=Path.cwd())
    while not file.exists():
        assert process.poll() is None, "the capture ended at once"
        time.sleep(0.05)
    try:
        yield lambda: tuple(Packet(**json.loads(line)) for line in file.read_text().splitlines())
    finally:
        time.sleep(SETTLES_IN)
        process.terminate()
        process.wait()


def read(packet: bytes, protocol: int, at: float) -> Packet | None:
    """What a packet is to us; None when it is nothing."""
    if protocol == IPV4:
        transport, body = packet[9], packet[(packet[0] & 15) * 4 :]
        source, target = packet[12:16], packet[16:20]
    elif protocol == IPV6:
        transport, body = packet[6], packet[40:]
        source, target = packet[8:24], packet[24:40]
    else:
        return None
    if transport not in {TCP, UDP} or len(body) < 8:
        return None
    source_port, port = struct.unpack_from("!HH", body)
    what = _what(transport, port, body)
    return Packet(at, what, str(ip_address(source)), source_port, str(ip_address(target)), port) if what else None


def _what(transport: int, port: int, body: bytes) -> str:
    if transport == UDP:
        return "question" if port == DNS else ""
    flags = body[13]
    if flags & SYN and not flags & ACK:
        return "open"
    return "close" if flags & (FIN | RST) else ""


def main(file: str) -> None:
    """Write what is seen."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ALL_PROTOCOLS)) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        with open(file, "w", buffering=1) as out:
            while True:
                packet, extra, _, source = sock.recvmsg(65_535, 64)
                if source[2] != OUTGOING:
                    continue
                seconds, nanoseconds = struct.unpack("ll", extra[0][2][:16])
                seen = read(packet, source[1], seconds + nanoseconds / 1e9)
                if seen is not None:
                    out.write(json.dumps(asdict(seen)) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])

"""The inside of a lab: prepares the network namespace it was started in, keeps the servers running until its stdin closes.

    unshare -nm python -m tests.interop.lab_world plan.json

prints one line when everything answers. Whoever wants to be inside enters the namespace of this process.
"""

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import dns.message

from tests.interop import lab_addresses as addresses

PATIENCE: Final = 30.0
GRACE: Final = 3.0
DIES_WITH_PARENT: Final = 1
TAKES_ORPHANS: Final = 36
"""PR_SET_PDEATHSIG; PR_SET_CHILD_SUBREAPER, so that what servers leave behind is ours to end."""

NETWORK: Final = f"""
link set lo up
address add {addresses.VANTAGE4}/32 dev lo
address add {addresses.VANTAGE6}/128 dev lo nodad
route add local {addresses.SPACE4} dev lo src {addresses.VANTAGE4}
route add local {addresses.SPACE6} dev lo src {addresses.VANTAGE6}
route add default dev lo src {addresses.VANTAGE4}
"""
DEFAULT6: Final = f"route add default dev lo src {addresses.VANTAGE6}\n"


def main(plan_file: str) -> int:
    """Prepare, serve, wait."""
    plan = json.loads(Path(plan_file).read_text())
    own = Path(plan["own"])
    prepare(plan["has_v6"], own / "firewall.nft")
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(TAKES_ORPHANS, 1)
    children = [start(command, own, libc) for command in plan["commands"]]
    try:
        wait_for(plan["services"], children, plan["has_v6"])
        print(json.dumps({"ready": True}), flush=True)
        sys.stdin.read()
    except TimeoutError as error:
        print(json.dumps({"ready": False, "why": str(error)}), flush=True)
        return 1
    finally:
        stop(children)
    return 0


def prepare(has_v6: bool, firewall: Path) -> None:
    """Addresses and routes. Everything outside the lab's space is routed too, so that a packet to it would be seen."""
    for version in ("ipv4", "ipv6"):
        Path(f"/proc/sys/net/{version}/ip_nonlocal_bind").write_text("1")
    _ip("-4", [line for line in NETWORK.splitlines() if ":" not in line])
    if has_v6:
        _ip("-6", [line for line in NETWORK.splitlines() if ":" in line] + [DEFAULT6])
    subprocess.run(["nft", "-f", str(firewall)], check=True)


def _ip(family: str, lines: list[str]) -> None:
    subprocess.run(["ip", family, "-batch", "-"], input="\n".join(lines) + "\n", text=True, check=True)


def start(command: list[str], own: Path, libc: Any) -> subprocess.Popen[bytes]:
    """Start a server in the foreground, its words in a log beside its configuration; it ends when we do."""
    name = Path(next(word for word in reversed(command) if word.startswith("/"))).stem
    log = (own / f"{name}.out").open("wb")
    return subprocess.Popen(
        command,
        stdout=log,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        preexec_fn=lambda: libc.prctl(DIES_WITH_PARENT, signal.SIGTERM),
    )


def wait_for(services: list[list[Any]], children: list[subprocess.Popen[bytes]], has_v6: bool) -> None:
    """Wait until everything answers; a server that gave up, or silence at the end, is a TimeoutError."""
    until = time.monotonic() + PATIENCE
    for kind, address, port in services:
        if ":" in address and not has_v6:
            continue
        while not (_answers_dns(address) if kind == "dns" else _is_open(address, port)):
            dead = [child.args for child in children if child.poll() is not None]
            if dead or time.monotonic() > until:
                raise TimeoutError(f"{kind} at {address} port {port} does not answer; ended: {dead}")
            time.sleep(0.05)


def _answers_dns(address: str) -> bool:
    query = dns.message.make_query("vn.", "SOA")
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(1.0)
        try:
            sock.connect((address, 53))
            sock.send(query.to_wire())
            return len(sock.recv(4096)) > 0
        except OSError:
            return False


def _is_open(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=1.0).close()
    except OSError:
        return False
    return True


def stop(children: list[subprocess.Popen[bytes]]) -> None:
    """Stop every server that we started, by its process."""
    for child in children:
        if child.poll() is None:
            child.terminate()
    until = time.monotonic() + GRACE
    for child in children:
        try:
            child.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    while time.monotonic() < until and _has_orphans():
        time.sleep(0.02)


def _has_orphans() -> bool:
    """Whether a server's own child has still to end."""
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

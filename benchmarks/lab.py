"""The servers of the benchmark: two Knots (registries, hosters), Unbound and nginx in a network namespace without uplink."""

import ctypes
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final, NoReturn

from benchmarks import country
from ipv6check.lab.namespace import require_isolation
from tests.interop import lab_world
from tests.interop.lab import missing_tools, which
from tests.interop.lab_addresses import RESOLVER
from tests.interop.lab_name_servers import Places, resolver

ENTERED: Final = "IPV6LAB_BENCHMARK_ENTERED"
FILES_AT_ONCE: Final = 65_536


def enter() -> None:
    """Run this very command in a namespace of its own, unless it does already. Exits when a tool is missing."""
    if missing := missing_tools():
        sys.exit(f"benchmarks: not installed: {', '.join(missing)} (sh tests/servers.sh installs them)")
    if ENTERED not in os.environ:
        _become(["unshare", "-nm" if os.geteuid() == 0 else "-Urnm"])
    require_isolation()


def _become(unshare: list[str]) -> NoReturn:
    own = sys.orig_argv[:]
    os.execvpe(unshare[0], [*unshare, "--", *own], {**os.environ, ENTERED: "1"})


class Lab:
    """Servers of so many domains; use it as a context manager."""

    def __init__(self, directory: Path, answering: int, silent: int) -> None:
        self.directory = directory
        self.answering = country.agencies(answering, silent)[:answering]
        self.silent = country.agencies(answering, silent)[answering:]
        self._places = Places(directory, directory)
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._servers: list[subprocess.Popen[bytes]] = []
        self._resolver: subprocess.Popen[bytes] | None = None

    def make(self) -> None:
        """Write zones and certificates, in a process of its own."""
        counts = [str(len(self.answering)), str(len(self.silent))]
        subprocess.run([sys.executable, "-m", "benchmarks.country", str(self.directory), *counts], check=True)

    def __enter__(self) -> "Lab":
        firewall = self.directory / "firewall.nft"
        firewall.write_text("")
        lab_world.prepare(True, firewall)
        above = {address for zone in country.zones_above() for _, both in country.servers_above(zone) for address in both}
        own = [agency.domain for agency in (*self.answering, *self.silent)]
        self._start("registry", ["knotd", "-c"], self._knot("registry", sorted(above), country.zones_above()))
        time.sleep(0.5)
        self._start("hoster", ["knotd", "-c"], self._knot("hoster", ["0.0.0.0", "::"], own))
        self._start("nginx", ["nginx", "-p", str(self.directory), "-c"], self._nginx())
        self.fresh_resolver()
        last = (*self.answering, *self.silent)[-1]
        services = [("dns", last.name_server(1)[0]), ("dns", last.name_server(2)[1]), ("tcp", country.canary(0)[1])]
        lab_world.wait_for([[kind, address, 443 if kind == "tcp" else 53] for kind, address in services], self._servers, True)
        return self

    def __exit__(self, *_: object) -> None:
        lab_world.stop([*self._servers, *([self._resolver] if self._resolver else [])])

    def fresh_resolver(self) -> None:
        """Start the resolver anew: nobody profits from what another run made it learn."""
        if self._resolver is not None:
            self._resolver.terminate()
            self._resolver.wait()
        command, config = resolver(self._places, has_v6=True)
        self._resolver = self._run("unbound", command, config)
        lab_world.wait_for([["dns", RESOLVER, 53]], [self._resolver], True)

    def _start(self, name: str, command: list[str], config: str) -> None:
        self._servers.append(self._run(name, [*command, str(self.directory / f"{name}.conf")], config))

    def _run(self, name: str, command: list[str], config: str) -> subprocess.Popen[bytes]:
        (self.directory / f"{name}.conf").write_text(config)
        return lab_world.start([which(command[0]) or command[0], *command[1:]], self.directory, self._libc)

    def _knot(self, name: str, listen: list[str], zones: list[str]) -> str:
        own = self.directory / f"{name}.d"
        own.mkdir()
        head = f"""
server:
  rundir: {own}
  listen: [ {", ".join(f"{address}@53" for address in listen)} ]
  udp-workers: 1
  tcp-workers: 1
  tcp-reuseport: on
  background-workers: 2
control:
  listen: {own}/knot.sock
database:
  storage: {own}
log:
  - target: stderr
    any: error
template:
  - id: default
    storage: {self._places.zones}
    zonefile-sync: -1
    journal-content: none
    semantic-checks: off
zone:
"""
        return head + "".join(f'  - domain: "{z}"\n    file: {"root" if z == "." else z}.zone\n' for z in zones)

    def _nginx(self) -> str:
        own = self.directory
        temporary = "\n".join(
            f"  {kind}_temp_path {own}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        return f"""
daemon off;
user root;
worker_processes 1;
worker_rlimit_nofile {FILES_AT_ONCE};
pid {own}/nginx.pid;
error_log {own}/nginx-error.log error;
events {{ worker_connections 16384; }}
http {{
  access_log off;
{temporary}
  default_type text/html;
  server_tokens off;
  keepalive_timeout 5;
  ssl_session_tickets off;
  map $ssl_server_name $certified {{
    "" {country.CANARIES[0]};
    "~^www\\.(?<listed>.+)$" $listed;
    default $ssl_server_name;
  }}
  server {{
    listen 0.0.0.0:443 ssl;
    listen [::]:443 ssl ipv6only=on;
    ssl_certificate {own}/certificates/$certified-good.pem;
    ssl_certificate_key {own}/certificates/$certified-good.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    add_header Strict-Transport-Security "max-age=31536000" always;
    return 200 "<!doctype html><title>Trang</title><p>$host</p>";
  }}
  server {{
    listen 0.0.0.0:80;
    listen [::]:80 ipv6only=on;
    return 301 https://$host$request_uri;
  }}
}}
"""

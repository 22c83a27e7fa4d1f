"""Configuration of the real name servers, NSD, Knot and Unbound, and of the validating resolver, Unbound too."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.interop import lab_addresses as addresses
from tests.interop.lab_country import Host, World, Zone, file_name, upstream_of


@dataclass(frozen=True)
class Places:
    """Where a lab's files are: `files` are shared by all labs, `own` is this one's."""

    files: Path
    own: Path

    @property
    def zones(self) -> Path:
        """The signed zones."""
        return self.files / "zones"


def name_server(world: World, group: str, places: Places) -> tuple[list[str], str]:
    """The command that serves a group, and its configuration, to be written to `<group>.conf`."""
    config = places.own / f"{group}.conf"
    listen = [address for host in world.hosts.values() for address in listens(host, group)]
    if any(host.twists and host.group == group for host in world.hosts.values()):
        listen.append(next(upstream_of(host, world) for host in world.hosts.values() if host.group == group))
    command, write = {
        "nsd": (["nsd", "-d", "-c", str(config)], _nsd),
        "knot": (["knotd", "-c", str(config)], _knot),
        "unbound": (["unbound", "-d", "-c", str(config)], _unbound),
    }[world.groups[group]["software"]]
    return command, write(group, listen, world.zones_of(group), places)


def listens(host: Host, group: str) -> list[str]:
    """The addresses of a host where a group's process listens, and no stub."""
    return [address for family, address in host.at.items() if family not in host.twists and host.group_of(family) == group]


def _nsd(group: str, listen: Sequence[str], zones: Sequence[Zone], places: Places) -> str:
    own = places.own
    lines = ["server:", *(f"  ip-address: {address}" for address in listen)]
    lines += [
        "  ip-freebind: yes",
        '  username: ""',
        '  chroot: ""',
        '  database: ""',
        f'  zonesdir: "{places.zones}"',
        f'  logfile: "{own}/{group}.log"',
        f'  pidfile: "{own}/{group}.pid"',
        f'  xfrdfile: "{own}/{group}.xfrd"',
        f'  zonelistfile: "{own}/{group}.list"',
        f'  xfrdir: "{own}"',
        "  server-count: 1",
        "  rrl-ratelimit: 0",
        "  minimal-responses: no",
        "remote-control:",
        "  control-enable: no",
    ]
    for zone in zones:
        lines += ["zone:", f'  name: "{zone.name}"', f'  zonefile: "{file_name(zone, group)}"']
    return "\n".join(lines) + "\n"


def _knot(group: str, listen: Sequence[str], zones: Sequence[Zone], places: Places) -> str:
    own = places.own / f"{group}.d"
    lines = [
        "server:",
        f"  rundir: {own}",
        f"  listen: [ {', '.join(f'{address}@53' for address in listen)} ]",
        "  udp-workers: 1",
        "  tcp-workers: 1",
        "  background-workers: 1",
        "control:",
        f"  listen: {own}/knot.sock",
        "database:",
        f"  storage: {own}",
        "log:",
        "  - target: stderr",
        "    any: info",
        "template:",
        "  - id: default",
        f"    storage: {places.zones}",
        "    zonefile-sync: -1",
        "    journal-content: none",
        "    semantic-checks: off",
        "    zonemd-verify: off",
        "zone:",
    ]
    for zone in zones:
        lines += [f'  - domain: "{zone.name}"', f"    file: {file_name(zone, group)}"]
    return "\n".join(lines) + "\n"


def _unbound(group: str, listen: Sequence[str], zones: Sequence[Zone], places: Places) -> str:
    """A name server that resolves for strangers too."""
    lines = ["server:", *(f"  interface: {address}" for address in listen)]
    lines += [
        "  access-control: 0.0.0.0/0 allow",
        "  access-control: ::/0 allow",
        f"  outgoing-interface: {addresses.RESOLVER_OUT4}",
        '  username: ""',
        '  chroot: ""',
        f'  pidfile: "{places.own}/{group}.pid"',
        "  use-syslog: no",
        f'  root-hints: "{places.zones}/root.hints"',
        "  module-config: iterator",
        "remote-control:",
        "  control-enable: no",
    ]
    for zone in zones:
        file = places.zones / file_name(zone, group)
        lines += [
            "auth-zone:",
            f'  name: "{zone.name}"',
            f'  zonefile: "{file}"',
            "  for-downstream: yes",
            "  for-upstream: no",
        ]
    return "\n".join(lines) + "\n"


def resolver(places: Places, *, has_v6: bool) -> tuple[list[str], str]:
    """The command of the validating resolver, and its configuration."""
    config = f"""
server:
  interface: {addresses.RESOLVER}
  access-control: 127.0.0.0/8 allow
  outgoing-interface: {addresses.RESOLVER_OUT4}
  {f"outgoing-interface: {addresses.RESOLVER_OUT6}" if has_v6 else "do-ip6: no"}
  do-not-query-localhost: no
  username: ""
  chroot: ""
  directory: "{places.own}"
  pidfile: "{places.own}/unbound.pid"
  use-syslog: no
  logfile: ""
  val-log-level: 2
  log-servfail: yes
  num-threads: 1
  module-config: "validator iterator"
  root-hints: "{places.zones}/root.hints"
  trust-anchor-file: "{places.zones}/root.ds"
  ede: yes
  edns-buffer-size: 1232
  cache-max-negative-ttl: 1
  val-bogus-ttl: 5
  infra-host-ttl: 30
  minimal-responses: yes
  rrset-roundrobin: no
  unwanted-reply-threshold: 0
remote-control:
  control-enable: no
"""
    return ["unbound", "-d", "-c", str(places.own / "unbound.conf")], config

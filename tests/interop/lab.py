"""A lab: the servers of a small country in a network namespace of their own, and the way in.

`build` makes the files once; every `Lab` serves them in its own namespace, so that several can run beside each other.
Nothing inside has a way out: all that is not the lab's own space is routed to the loopback, where nobody listens.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.interop import forbidden, lab_name_servers, lab_portal, lab_way, lab_web_server
from tests.interop.lab_certificates import Authority
from tests.interop.lab_country import World, build_world
from tests.interop.lab_many import many_zones
from tests.interop.lab_name_servers import Places
from tests.interop.lab_resources import write_tables
from tests.interop.lab_zones import write_zones
from tests.interop.rows import HERE, Row

ROOT: Final = HERE.parents[1]
NEEDED: Final = ("nsd", "knotd", "unbound", "nginx", "nft", "ip", "dig", "delv", "curl", "openssl", "unshare", "nsenter")
READY_IN: Final = 60.0
STOPS_IN: Final = 10.0
LAST_LINES: Final = 15


def missing_tools() -> list[str]:
    """The programs that a lab needs and this computer lacks."""
    return [name for name in NEEDED if which(name) is None]


def which(name: str) -> str | None:
    """Where a program is; servers live in sbin, which is not on everybody's path."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin:/usr/local/sbin")


@dataclass(frozen=True)
class Files:
    """What all labs serve: rows, world, certificates and signed zones under one directory."""

    directory: Path
    rows: tuple[Row, ...]
    world: World
    authority: Authority
    blocks: str = ""
    """Further server blocks of the web server."""
    tables: Mapping[str, Path] = field(default_factory=dict)
    """Tables of Internet resources for `data update`, by its option."""

    @property
    def zones(self) -> Path:
        """The signed zones, with the root's hints and DS."""
        return self.directory / "zones"


def build(directory: Path, rows: tuple[Row, ...]) -> Files:
    """Make keys, zones and certificates of the city, forbidden addresses among them."""
    world = build_world(rows, "world.toml", {forbidden.ZONE: forbidden.lines()})
    forbidden.add_zones(world)
    authority = Authority(directory / "certificates")
    chain, key = authority.issue("wildcard", f"r0.{forbidden.ZONE}")
    blocks = forbidden.server_block(str(chain), str(key))
    chain, key = authority.issue("self-signed", lab_portal.NAME)
    return _written(Files(directory, rows, world, authority, blocks + lab_portal.server_blocks(str(chain), str(key))))


def build_country(directory: Path, rows: tuple[Row, ...]) -> Files:
    """Make keys, zones, certificates and tables of the second world."""
    world = build_world(rows, "country.toml", {})
    tables = write_tables(rows, world, directory / "tables")
    return _written(Files(directory, rows, world, Authority(directory / "certificates"), tables=tables))


def build_many(directory: Path) -> Files:
    """Make keys and zones of many agencies that have nothing but a zone."""
    return _written(Files(directory, (), many_zones(), Authority(directory / "certificates")))


def _written(files: Files) -> Files:
    write_zones(files.world, files.zones)
    return files


class Lab:
    """One namespace with its servers. Use it as a context manager; `run` and `popen` start programs inside."""

    def __init__(self, files: Files, own: Path, *, has_v6: bool = True) -> None:
        self.files = files
        self.own = own
        self._has_v6 = has_v6
        self._world: subprocess.Popen[str] | None = None

    def __enter__(self) -> "Lab":
        self.own.mkdir(parents=True, exist_ok=True)
        plan = self.own / "plan.json"
        plan.write_text(json.dumps(self._write()))
        command = [*_unshared(), sys.executable, "-m", "tests.interop.lab_world", str(plan)]
        with (self.own / "world.log").open("w") as log:
            self._world = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT, env=environment()
            )
        assert self._world.stdout is not None
        said = self._world.stdout.readline()
        if not said or not json.loads(said)["ready"]:
            self.__exit__()
            raise RuntimeError(f"the lab does not come up: {said}\n{self.logs()}")
        return self

    def __exit__(self, *_: object) -> None:
        if self._world is None:
            return
        try:
            self._world.communicate(timeout=STOPS_IN)
        except subprocess.TimeoutExpired:
            self._world.kill()
            self._world.communicate()

    def inside(self, command: Sequence[str]) -> list[str]:
        """The command that runs a command inside."""
        assert self._world is not None
        own_user = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
        return ["nsenter", "--target", str(self._world.pid), "--net", *own_user, "--", *command]

    def run(self, command: Sequence[str], **more: Any) -> subprocess.CompletedProcess[str]:
        """Run a command inside and wait for it."""
        more.setdefault("env", environment())
        return subprocess.run(self.inside(command), capture_output=True, text=True, check=False, **more)

    def popen(self, command: Sequence[str], log: Path, cwd: Path) -> "subprocess.Popen[str]":
        """Start a command inside, its words on stderr added to a log; the process is the command's own."""
        with log.open("a") as out:
            return subprocess.Popen(
                self.inside(command), stdout=subprocess.PIPE, stderr=out, text=True, cwd=cwd, env=environment()
            )

    def by_hand(self, command: str, seconds: float = 20.0) -> str:
        """What a person sees who types this inside, with the functions of by_hand.sh."""
        world = self.files.world
        roots = " ".join(world.hosts[name].at[6] for name in world.zones["."].ns)
        told = {"CA": str(self.files.authority.root), "OPT_OUT": str(self.own / "opt-out.txt"), "ROOTS6": roots}
        told |= {name.upper(): str(file) for name, file in self.files.tables.items()}
        done = self.run(
            ["bash", "-c", f". {HERE / 'by_hand.sh'}\n{command}"], env=environment() | told, timeout=seconds, cwd=self.own
        )
        return done.stdout + done.stderr

    def nft(self, rules: str) -> str:
        """Change or list the rules of the way."""
        done = self.run(["nft", "-f", "-"], input=rules) if "\n" in rules else self.run(["nft", *rules.split()])
        assert done.returncode == 0, done.stderr
        return done.stdout

    def counters(self) -> dict[str, int]:
        """Packets that each counter saw."""
        listed = json.loads(self.nft("-j list counters table inet lab"))["nftables"]
        return {item["counter"]["name"]: item["counter"]["packets"] for item in listed if "counter" in item}

    def counted(self, name: str) -> dict[str, int]:
        """Packets by address, as a set with counters has them."""
        elements = json.loads(self.nft(f"-j list set inet lab {name}"))["nftables"][1]["set"].get("elem", [])
        return {item["elem"]["val"]: item["elem"]["counter"]["packets"] for item in elements}

    def cut_v6(self) -> None:
        """Lose every IPv6 packet from now on."""
        self.nft("add rule inet lab cut meta nfproto ipv6 ip6 daddr != ::1 drop")

    def restore_v6(self) -> None:
        """Lose them no more."""
        self.nft("flush chain inet lab cut")

    def logs(self) -> str:
        """The last words of every server."""
        found = []
        for path in sorted([*self.own.glob("*.out"), *self.own.glob("*.log"), *self.own.glob("*.err")]):
            lines = path.read_text(errors="replace").splitlines()[-LAST_LINES:]
            found.append(f"--- {path.name}\n" + "\n".join(lines))
        return "\n".join(found)

    def _write(self) -> dict[str, Any]:
        """Write the configuration of every server; return the plan for the inside."""
        files, places = self.files, Places(self.files.directory, self.own)
        stubs = lab_way.stubs(files.rows, files.world, files.authority)
        written: dict[str, Callable[[], tuple[list[str], str]]] = {
            group: lambda group=group: lab_name_servers.name_server(files.world, group, places) for group in files.world.groups
        }
        written["unbound"] = lambda: lab_name_servers.resolver(places, has_v6=self._has_v6)
        written["nginx"] = lambda: lab_web_server.web_server(files.rows, files.world, files.authority, places, files.blocks)
        commands = []
        for name, make in written.items():
            command, config = make()
            (self.own / f"{name}.conf").write_text(config)
            (self.own / f"{name}.d").mkdir(exist_ok=True)
            commands.append([which(command[0]) or command[0], *command[1:]])
        (self.own / "stubs.json").write_text(json.dumps(stubs))
        commands.append([sys.executable, "-m", "tests.interop.lab_stubs", str(self.own / "stubs.json")])
        (self.own / "firewall.nft").write_text(lab_way.firewall(files.rows, files.world))
        opted_out = [row.domain for row in files.rows if row.get("opted_out")]
        (self.own / "opt-out.txt").write_text("\n".join(opted_out) + "\n")
        services = lab_way.services(files.world, stubs)
        return {"own": str(self.own), "has_v6": self._has_v6, "commands": commands, "services": services}


def environment() -> Mapping[str, str]:
    """The environment of everything inside: servers are found, no proxy and no setting of the caller's gets in."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return kept | {
        "PATH": f"{kept.get('PATH', '')}:/usr/sbin:/sbin",
        "PYTHONPATH": str(ROOT),
        "LC_ALL": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _unshared() -> list[str]:
    return ["unshare", "-nm", "--"] if os.geteuid() == 0 else ["unshare", "-Urnm", "--"]

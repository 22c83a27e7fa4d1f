"""Running the command inside a lab as a user would: a configuration file, a target list, `scan`, `export`."""

import csv
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.interop.lab import Lab
from tests.interop.lab_addresses import RESOLVER
from tests.interop.rows import Row

LONGEST: Final = 280.0
"""Seconds that any one command may take."""

HURRIED: Final = {
    "network": {"concurrency": 200},
    "pace": {
        "connections_per_address": 8,
        "new_per_second": 200.0,
        "connections_per_prefix": 32,
        "queries_per_second": 400.0,
    },
    "tries": {"spacing": [0.3, 0.6]},
}
"""What the lab need not be spared: pauses between tries, gentleness to servers that are ours."""

BOGUS_NAME: Final = "hong.net"
COMMAND: Final = Path(sys.executable).with_name("ipv6check")


@dataclass(frozen=True)
class Result:
    """One domain of an export."""

    domain: str
    level: str
    flags: tuple[str, ...]
    checks: Mapping[str, Mapping[str, Any]]

    def outcome(self, id_: str) -> str:
        """`pass`, `fail` ... or `nm:reason`."""
        check = self.checks[id_]
        return f"nm:{check['reason']}" if check["reason"] else check["outcome"]

    @property
    def verdicts(self) -> dict[str, str]:
        """Every check's outcome, with its reason, and the level with its flags."""
        return {id_: self.outcome(id_) for id_ in self.checks} | {"level": self.level, "flags": ", ".join(self.flags)}

    @property
    def failed(self) -> set[str]:
        """The checks that failed."""
        return {id_ for id_ in self.checks if self.outcome(id_) == "fail"}


@dataclass
class Scan:
    """One directory with a configuration, a list and a database; commands are run in it, inside a lab."""

    lab: Lab
    directory: Path
    targets: Sequence[tuple[str, str, str]]
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: HURRIED)
    run_id: str = ""
    code: int | None = None
    results: dict[str, Result] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        self.config.write_text(_toml(self._configuration()))
        with self.targets_file.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(["domain", "agency", "kind"])
            writer.writerows(self.targets)

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.directory / "ipv6check.toml"

    @property
    def targets_file(self) -> Path:
        """The target list."""
        return self.directory / "targets.csv"

    @property
    def database(self) -> Path:
        """The database file."""
        return self.directory / "ipv6check.db"

    @property
    def log(self) -> Path:
        """What the commands said on stderr."""
        return self.directory / "stderr.log"

    def command(self, *words: str) -> list[str]:
        """The whole command."""
        return [str(COMMAND), "--config", str(self.config), *words]

    def run(self, *words: str, seconds: float = LONGEST) -> subprocess.CompletedProcess[str]:
        """Run a command and wait for it."""
        done = self.lab.run(self.command(*words), cwd=self.directory, timeout=seconds)
        with self.log.open("a") as log:
            log.write(done.stderr)
        return done

    def popen(self, *words: str) -> "subprocess.Popen[str]":
        """Start a command; its words on stderr go to a file."""
        return self.lab.popen(self.command(*words), self.log, self.directory)

    def import_tables(self, files: Mapping[str, Path]) -> None:
        """Make tables of Internet resources of these files, few entries or not."""
        words = [word for name, file in files.items() for word in (f"--{name}", str(file))]
        done = self.run("data", "update", "--force", *words)
        assert done.returncode == 0, done.stderr

    def complete(self) -> "Scan":
        """Scan all targets, and read what came out."""
        done = self.run("scan", str(self.targets_file))
        assert done.returncode in {0, 3}, f"scan ended with {done.returncode}\n{done.stderr}\n{self.lab.logs()}"
        self.ended(done.returncode, done.stdout)
        return self

    def ended(self, code: int, said: str) -> None:
        """Take note of how a scan ended, and read its export."""
        self.code, self.run_id = code, said.strip().splitlines()[-1]
        self.read()

    def read(self) -> None:
        """Read the export of the run."""
        done = self.run("export", "--format", "jsonl", *(["--run", self.run_id] if self.run_id else []))
        assert done.returncode == 0, f"export ended with {done.returncode}\n{done.stderr}"
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.results = {line["domain"]: _result(line) for line in lines}
        assert len(self.results) == len(lines), "a domain stands in the export twice"

    def query(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Read the database, without writing."""
        if not self.database.exists():
            return []
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=30)) as connection:
            return connection.execute(sql, parameters).fetchall()

    def done(self) -> dict[str, str]:
        """The domains that are acknowledged as done, and when."""
        try:
            return dict(self.query("select domain, done_at from target where done_at is not null"))
        except sqlite3.OperationalError:
            return {}

    def internal_errors(self) -> list[str]:
        """What the command itself called a bug of ours."""
        return [line for line in self.log.read_text().splitlines() if "bug in probe" in line or "Traceback" in line]

    def _configuration(self) -> dict[str, dict[str, Any]]:
        files = self.lab.files
        made: dict[str, dict[str, Any]] = {
            "network": {
                "resolver": [RESOLVER],
                "root_hints": str(files.zones / "root.hints"),
                "trust_anchor": str(files.zones / "root.ds"),
                "ca_file": str(files.authority.root),
                "opt_out": str(self.lab.own / "opt-out.txt"),
                "user_agent_url": "https://ipv6check.example/",
            },
            "vantage": {
                "name": "lab",
                "canaries": [host.name for host in files.world.canaries],
                "bogus_name": BOGUS_NAME,
            },
            "store": {"url": f"sqlite:///{self.database}"},
            "data": {"directory": str(self.directory / "data")},
        }
        for table, values in self.settings.items():
            made.setdefault(table, {}).update(values)
        return made


def listed(rows: Iterable[Row]) -> list[tuple[str, str, str]]:
    """Rows as a target list has them."""
    return [(row.listed, f"Cơ quan {row.number}", row.get("kind", "so")) for row in rows]


def _result(line: Mapping[str, Any]) -> Result:
    level = f"{line['level']}{'+' if line['level_is_minimum'] else ''}"
    return Result(line["domain"], level, tuple(sorted(line["flags"])), line["checks"])


def _toml(tables: Mapping[str, Mapping[str, Any]]) -> str:
    """Plain tables as TOML, whose strings, numbers and lists are those of JSON."""
    lines = []
    for table, values in tables.items():
        lines += [f"[{table}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items())]
    return "\n".join(lines) + "\n"

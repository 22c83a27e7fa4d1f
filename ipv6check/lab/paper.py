"""What a scanner needs to know of a world, as files: configuration, root hints, target list, tables."""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ipv6check.facts import family_of
from ipv6check.lab import tables
from ipv6check.lab.reading import SHEET_WORDS
from ipv6check.lab.world import World

RESOLVER: Final = "127.0.0.1"
"""Where the world's resolver is."""

COLUMNS: Final = ("domain", "agency", "agency_code", "kind", "services", "valid_to", "successor")

SHEETS: Final = {"body": "agencies.csv", "exception": "exceptions.csv", "dispute": "disputes.csv"}

HURRIED: Final = """\
[pace] # the servers are our own and need no gentleness
connections_per_address = 8
connections_per_prefix = 16
new_per_second = 50.0
queries_per_second = 500.0

[tries] # a server that is silent is silent in a lab, and waiting for it is most of a demo's time
count = 2
spacing = [0.5, 1.0]
"""


@dataclass(frozen=True, slots=True)
class Lab:
    """A world as a scanner finds it: the folder of its files."""

    directory: Path

    @property
    def world_file(self) -> Path:
        """The world itself."""
        return self.directory / "world.toml"

    @property
    def configuration(self) -> Path:
        """The scanner's configuration, without the store."""
        return self.directory / "ipv6check.toml"

    @property
    def root_hints(self) -> Path:
        """The root servers."""
        return self.directory / "root.hints"

    @property
    def ca_file(self) -> Path:
        """The root certificate."""
        return self.directory / "ca.pem"

    @property
    def opt_out(self) -> Path:
        """Who asked to be left alone: nobody."""
        return self.directory / "opt-out.txt"

    @property
    def targets(self) -> Path:
        """The target list."""
        return self.directory / "targets.csv"

    def sheet(self, word: str) -> Path:
        """One of the lists beside the target list, by its word in the world file."""
        return self.directory / SHEETS[word]

    @property
    def data(self) -> Path:
        """The tables of Internet resources."""
        return self.directory / "data"

    @property
    def log(self) -> Path:
        """What the servers complain of."""
        return self.directory / "servers.log"


def write(world: World, directory: Path) -> Lab:
    """Write all files but the root certificate, which the servers make."""
    directory.mkdir(parents=True, exist_ok=True)
    lab = Lab(directory.resolve())
    lab.world_file.write_text(world.text, encoding="utf-8")
    lab.configuration.write_text(configuration(world, lab), encoding="utf-8")
    lab.root_hints.write_text(root_hints(world), encoding="utf-8")
    lab.opt_out.write_text("# nobody\n", encoding="utf-8")
    write_targets(world, lab.targets)
    for word, columns in SHEET_WORDS.items():
        write_sheet(lab.sheet(word), columns, world.sheets.get(word, ()))
    tables.write(world, lab.data)
    return lab


def configuration(world: World, lab: Lab) -> str:
    """The configuration, without the store."""
    return f"""\
[network]
resolver = [{_text(RESOLVER)}]
root_hints = {_text(str(lab.root_hints))}
ca_file = {_text(str(lab.ca_file))}
opt_out = {_text(str(lab.opt_out))}

[vantage]
name = "lab"
country = "VN"
canaries = [{", ".join(map(_text, world.canaries))}]

[data]
directory = {_text(str(lab.data))}

[targets]
agencies = {_text(str(lab.sheet("body")))}
exceptions = {_text(str(lab.sheet("exception")))}
disputes = {_text(str(lab.sheet("dispute")))}

{HURRIED}"""


def root_hints(world: World) -> str:
    """The root servers as a zone file."""
    lines = [f". 3600000 NS {name}." for name in world.zones["."].servers]
    for name in world.zones["."].servers:
        lines += [f"{name}. 3600000 {'AAAA' if family_of(a) == 6 else 'A'} {a}" for a in world.addresses[name]]
    return "\n".join(lines) + "\n"


def write_targets(world: World, path: Path) -> None:
    """Write the agencies as a target list."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for agency in world.agencies:
            target = agency.target
            services = ";".join(target.services)
            row = (target.domain, target.agency, target.agency_code, target.kind, services, target.valid_to, target.successor)
            writer.writerow(row)


def write_sheet(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write a list as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def _text(value: str) -> str:
    """A string as TOML has it."""
    return json.dumps(value, ensure_ascii=False)

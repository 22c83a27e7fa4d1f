"""What an agency is given: its part of the site, its CSV, its letters and a read-me, in one zip.

Nothing of other agencies is in it, and the same run gives the same bytes.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from ipv6check.facts import Evidence
from ipv6check.model import Run
from ipv6check.reports.export import write_csv, write_dictionary
from ipv6check.reports.folder import MARK, put
from ipv6check.reports.hostile import BYTE_ORDER_MARK, for_terminal
from ipv6check.reports.language import HANOI, speech
from ipv6check.reports.past import Past
from ipv6check.reports.paths import agency_page
from ipv6check.reports.scorecard import agency_name
from ipv6check.reports.site import NO_PAST, Printing, write_site
from ipv6check.rules.words import LANGUAGES
from ipv6check.score import Card
from ipv6check.targets.agencies import Bodies

README: Final = "DOC-TRUOC.txt"
RESULTS: Final = "ket-qua.csv"
DICTIONARY: Final = "tu-dien-du-lieu.csv"

ORDINARY: Final = 0o100644 << 16
"""A file that everybody may read, as a zip notes it."""

UNIX: Final = 3


def bundle_name(agency: str, run: Run) -> str:
    """The name of an agency's bundle, without `.zip`: letters that every system takes, and the day of the run in Hanoi."""
    return f"{Path(agency_page(agency)).stem}-{run.started_at.astimezone(HANOI):%Y%m%d}"


def write_bundle(
    run: Run,
    agency: str,
    cards: Sequence[Card],
    folder: Path,
    *,
    evidence_of: Callable[[str], Evidence | None] = lambda domain: None,
    past: Past = NO_PAST,
    contact: str = "",
    printing: Printing | None = None,
    structure: Bodies | None = None,
) -> Path:
    """Write the zip of one agency into a folder. `cards` are those that it counts, `past` is what its site is told.

    `structure` are the bodies that it stands for. Raises OSError where it cannot be written.
    """
    name = bundle_name(agency, run)
    with TemporaryDirectory(prefix="ipv6check-") as place:
        site = Path(place, name)
        write_site(
            run,
            cards,
            site,
            evidence_of=evidence_of,
            agencies=tuple(dict.fromkeys((agency, *(card.target.agency for card in cards)))) if agency else (),
            past=past,
            contact=contact,
            printing=printing,
            structure={name: replace(body, note="") for name, body in (structure or {}).items()},  # a note may name others
        )
        (site / MARK).unlink()
        put(site / RESULTS, _written(lambda out: write_csv(run, cards, out)))
        put(site / DICTIONARY, _written(write_dictionary))
        put(site / README, _readme(run, agency, len(cards), contact, has_paper=printing is not None))
        folder.mkdir(parents=True, exist_ok=True)
        return _zipped(site, folder / f"{name}.zip", run)


def _written(write: Callable[[StringIO], None]) -> str:
    out = StringIO(newline="")
    write(out)
    return out.getvalue()


def _readme(run: Run, agency: str, count: int, contact: str, *, has_paper: bool) -> str:
    """Both languages; lines end as Windows has them, for that is where it is read."""
    texts, parts = _texts(), []
    for language in LANGUAGES:
        said = speech(language)
        parts.append(
            texts["readme"][language].format(
                agency=agency_name(agency, said),
                count=said.number(count),
                run=for_terminal(run.id),
                moment=said.moment(run.started_at),
                vantage=for_terminal(run.vantage),
                paper=texts["paper"][language] if has_paper else "",
                whom=for_terminal(contact) or texts["whom"][language],
            )
        )
    return BYTE_ORDER_MARK + "\n----\n\n".join(part.lstrip("\n") for part in parts).replace("\n", "\r\n")


@cache
def _texts() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(files("ipv6check.reports").joinpath("bundle.toml").read_text(encoding="utf-8"))


def _zipped(folder: Path, out: Path, run: Run) -> Path:
    """Put a folder into a zip, which takes its place once it is whole: in the order of names, dated as the run."""
    fresh, moment = out.with_name(f".{out.name}.new"), run.started_at.astimezone(HANOI).timetuple()[:6]
    try:
        with ZipFile(fresh, "w") as made:
            for path in sorted(path for path in folder.rglob("*") if path.is_file()):
                entry = ZipInfo(path.relative_to(folder.parent).as_posix(), moment)
                entry.compress_type, entry.external_attr, entry.create_system = ZIP_DEFLATED, ORDINARY, UNIX
                made.writestr(entry, path.read_bytes())
        return fresh.replace(out)
    finally:
        fresh.unlink(missing_ok=True)

"""The catalogue of the furniture's texts, and dates and numbers as people write them."""

import shutil
import subprocess
import sys
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

import ipv6check.reports
from ipv6check.reports.language import Speech, speech
from ipv6check.score import Level

REPORTS = Path(ipv6check.reports.__file__).parent
CATALOGUE = REPORTS / "locale" / "vi" / "LC_MESSAGES" / "ipv6check.po"
KEYWORDS = {"_": None, "gettext": None, "N_": None, "ngettext": (1, 2)}
MOMENT = datetime(2026, 11, 20, 18, 30, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def vietnamese() -> Catalog:
    """The catalogue as it is kept."""
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="vi")


def used() -> set[str]:
    """Every text that code and templates mark."""
    with (REPORTS / "locale" / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(REPORTS.parents[1], methods, options, KEYWORDS, directory_filter=lambda path: "reports" in path or path.endswith("ipv6check"))  # fmt: skip
    return {message if isinstance(message, str) else message[0] for _, _, message, *_ in found}


def test_every_text_is_translated(vietnamese: Catalog) -> None:
    """Nothing is left in English, nothing is fuzzy, nothing is there that no page says."""
    kept = {message.id if isinstance(message.id, str) else message.id[0]: message for message in vietnamese if message.id}
    assert set(kept) == used()
    for text, message in kept.items():
        strings = [message.string] if isinstance(message.string, str) else list(message.string)
        assert all(strings), text
        assert not message.fuzzy, text


def test_translations_hold_the_same_values(vietnamese: Catalog) -> None:
    """What the English has between %( and )s, the Vietnamese has, too."""
    for message in vietnamese:
        if message.id:
            assert not list(message.check(vietnamese)), message.id


def test_the_compiled_catalogue_is_fresh(vietnamese: Catalog) -> None:
    """What is installed is what is kept."""
    compiled = BytesIO()
    write_mo(compiled, vietnamese)
    assert CATALOGUE.with_suffix(".mo").read_bytes() == compiled.getvalue(), "pybabel compile (see locale/babel.cfg)"


def test_the_recipe_leaves_a_fresh_catalogue_as_it_is(tmp_path: Path) -> None:
    """As it stands in the file: whoever follows it finds what was changed, and nothing else."""
    copy = tmp_path / "ipv6check" / "reports"
    shutil.copytree(REPORTS, copy, ignore=shutil.ignore_patterns("__pycache__", "static", "fonts"))
    comment = "".join(
        line[1:] for line in (copy / "locale" / "babel.cfg").read_text().splitlines(keepends=True) if line[0] == "#"
    )
    commands = [line for line in comment.replace("\\\n", "").splitlines() if line.split()[0] == "pybabel"]
    assert [line.split()[1] for line in commands] == ["extract", "update", "compile"]
    for command in commands:
        words = command.replace("/tmp/", f"{tmp_path}/").split()[1:]
        subprocess.run([sys.executable, "-m", "babel.messages.frontend", *words], cwd=tmp_path, check=True, capture_output=True)
    for kept in (CATALOGUE, CATALOGUE.with_suffix(".mo")):
        assert (copy / kept.relative_to(REPORTS)).read_bytes() == kept.read_bytes(), kept.name


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (lambda s: s.share(0.7314, 1), {"vi": "73,1%", "en": "73.1%"}),
        (lambda s: s.share(1), {"vi": "100%", "en": "100%"}),
        (lambda s: s.share(None), {"vi": "–", "en": "–"}),
        (lambda s: s.number(1234567), {"vi": "1.234.567", "en": "1,234,567"}),
        (lambda s: s.number(1.5, 1), {"vi": "1,5", "en": "1.5"}),
        (lambda s: s.moment(MOMENT), {"vi": "21/11/2026 01:30", "en": "21 Nov 2026 01:30"}),
        (lambda s: s.date(MOMENT), {"vi": "21/11/2026", "en": "21 Nov 2026"}),
        (lambda s: s.date(None), {"vi": "–", "en": "–"}),
        (lambda s: s.level(Level(2, True)), {"vi": "ít nhất L2", "en": "at least L2"}),
        (lambda s: s.level(Level(2, False)), {"vi": "L2", "en": "L2"}),
        (lambda s: s.ngettext("%(n)s domain name", "%(n)s domain names", 1), {"vi": "1 tên miền", "en": "1 domain name"}),
        (
            lambda s: s.ngettext("%(n)s domain name", "%(n)s domain names", 2000),
            {"vi": "2.000 tên miền", "en": "2,000 domain names"},
        ),
    ],
)
def test_dates_and_numbers_are_written_as_people_do(said: object, shown: dict[str, str]) -> None:
    """Vietnamese has the day first and a decimal comma; the day is Hanoi's."""
    for language, text in shown.items():
        own: Speech = speech("vi" if language == "vi" else "en")
        assert callable(said)
        assert said(own) == text

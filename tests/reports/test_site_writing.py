"""How the site comes to its place: whole or not at all, the same for the same run, under names that are safe anywhere."""

from pathlib import Path
from typing import NoReturn

import pytest

from ipv6check.facts import Evidence
from ipv6check.reports.paths import agency_page, domain_page, is_linkable, to_root
from ipv6check.reports.site import write_site
from tests.reports.sample_city import CITY, City, sample_city

FEW = CITY[:4]


def bytes_of(site: Path) -> dict[str, bytes]:
    """Every file's content."""
    return {path.relative_to(site).as_posix(): path.read_bytes() for path in site.rglob("*") if path.is_file()}


def test_the_front_page_is_returned_and_progress_told(tmp_path: Path) -> None:
    """Progress counts domains."""
    few, told = sample_city(rows=FEW), []
    front = write_site(few.run, few.cards, tmp_path / "a" / "site", progress=lambda done, total: told.append((done, total)))
    assert front == tmp_path / "a" / "site" / "index.html"
    assert front.is_file()
    assert told == [(number, len(FEW)) for number in range(1, len(FEW) + 1)]


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    """No clock, no chance, no order of a set."""
    first, second = sample_city(rows=FEW), sample_city(rows=FEW)
    write_site(first.run, first.cards, tmp_path / "1", evidence_of=first.evidence_of)
    write_site(second.run, second.cards, tmp_path / "2", evidence_of=second.evidence_of)
    assert bytes_of(tmp_path / "1") == bytes_of(tmp_path / "2")


def test_a_site_that_is_served_live_differs_by_what_leads_to_its_tables(tmp_path: Path) -> None:
    """Lines that lead there are more; all else, letters and badges too, is the same."""
    few = sample_city(rows=FEW)
    write_site(few.run, few.cards, tmp_path / "files", evidence_of=few.evidence_of)
    write_site(few.run, few.cards, tmp_path / "live", evidence_of=few.evidence_of, is_live=True)
    files, live = bytes_of(tmp_path / "files"), bytes_of(tmp_path / "live")
    assert files.keys() == live.keys()
    for name, body in files.items():
        table = b'href="/en/' if name.startswith("en/") else b'href="/'
        lines = live[name].splitlines(keepends=True)
        leading = [line for line in lines if table + b"domains" in line or table + b"providers" in line]
        assert bool(leading) == name.endswith(".html"), name
        assert b"".join(line for line in lines if line not in leading) == body, name


def test_a_new_site_takes_the_place_of_the_old_whole(tmp_path: Path) -> None:
    """Pages of names that left the list are gone, and nothing is left beside."""
    many, few = sample_city(rows=FEW), sample_city(rows=FEW[:1])
    write_site(many.run, many.cards, tmp_path / "site")
    write_site(few.run, few.cards, tmp_path / "site")
    assert [path.name for path in (tmp_path / "site" / "domain").iterdir()] == [f"{FEW[0][0]}.html"]
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_failure_leaves_the_old_site(tmp_path: Path) -> None:
    """A half-written site is never seen as if it were finished."""
    few = sample_city(rows=FEW)
    write_site(few.run, few.cards, tmp_path / "site")
    before = bytes_of(tmp_path / "site")

    def breaks(domain: str) -> NoReturn:
        raise OSError(f"no evidence of {domain}")

    with pytest.raises(OSError, match="no evidence"):
        write_site(few.run, few.cards, tmp_path / "site", evidence_of=breaks)
    assert bytes_of(tmp_path / "site") == before
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_other_peoples_folders_are_not_replaced(tmp_path: Path) -> None:
    """A folder with anything but a site of ours is refused; an empty one is taken."""
    few = sample_city(rows=FEW)
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").write_text("to keep", encoding="utf-8")
    with pytest.raises(FileExistsError):
        write_site(few.run, few.cards, tmp_path / "letters")
    assert (tmp_path / "letters" / "dear.txt").read_text(encoding="utf-8") == "to keep"
    (tmp_path / "empty").mkdir()
    assert write_site(few.run, few.cards, tmp_path / "empty").is_file()


def test_an_empty_run_has_a_front_page(tmp_path: Path, city: City) -> None:
    """Nothing measured is no reason to break."""
    assert write_site(city.run, (), tmp_path / "site").is_file()


def test_only_the_named_agencies_are_kept(tmp_path: Path, city: City) -> None:
    """The page says so."""
    agency = FEW[0][1]
    front = write_site(city.run, city.cards, tmp_path / "site", agencies=(agency,))
    own = {row[0] for row in CITY if row[1] == agency}
    assert {path.stem for path in (tmp_path / "site" / "domain").iterdir()} == own
    assert f"Báo cáo này chỉ gồm: {agency}." in front.read_text(encoding="utf-8")


def test_evidence_is_asked_for_once_a_domain(tmp_path: Path) -> None:
    """Both languages are written from one reading of the store."""
    few, asked = sample_city(rows=FEW), []

    def evidence_of(domain: str) -> Evidence | None:
        asked.append(domain)
        return few.evidence.get(domain)

    write_site(few.run, few.cards, tmp_path / "site", evidence_of=evidence_of)
    assert asked == [row[0] for row in FEW]


NAMES = (
    *(
        "../../etc/passwd",
        "/etc/passwd",
        "..",
        ".",
        "",
        "a/b.vn",
        "a\\b.vn",
        "con.hanoi.gov.vn",
        "nul.vn",
        "com1.vn",
        "a" * 300,
    ),
    *(
        "x\x00.vn",
        "-a.vn",
        "a-.vn",
        "a..vn",
        ".vn",
        "vn.",
        "A.VN",
        "tên.vn",
        "%2e%2e/x",
        "<script>.vn",
        "a b.vn",
        "a:b.vn",
        "a\n.vn",
    ),
    *(
        "a.vn/",
        "a.vn?x",
        "a.vn#x",
        "\u202egnp.vn",
        "a.vn.",
        "index.html",
        "CON",
        "aux.",
        "a'b.vn",
        'a"b.vn',
        "*.vn",
        "~root.vn",
    ),
)


@pytest.mark.parametrize("name", NAMES)
def test_file_names_are_safe(name: str) -> None:
    """A domain's file is a plain name or a hash, one folder deep; an agency's is a slug and a hash."""
    for page, folder in ((domain_page(name), "domain"), (agency_page(name), "agency")):
        path = Path(page)
        assert path.parent == Path(folder)
        assert path.suffix == ".html"
        assert set(path.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-_")
        assert not path.name.startswith((".", "con.", "nul.", "com1."))
        assert len(path.name) < 220
        assert to_root(page) == "../"


def test_plain_names_keep_their_name_and_no_two_share_a_page() -> None:
    """Names are found again by eye; twins in ASCII are told apart."""
    assert domain_page("xn--h-ni-0na1e.gov.vn") == "domain/xn--h-ni-0na1e.gov.vn.html"
    assert len({domain_page(name) for name in NAMES}) == len(NAMES)
    assert len({agency_page(name) for name in ("Sở Đá", "Sở Da", "Sở Dạ", "so da")}) == 4
    assert agency_page("Sở Đá Vàng").startswith("agency/so-da-vang-")
    assert is_linkable("hanoi.gov.vn")
    assert not is_linkable("javascript:alert(1)")

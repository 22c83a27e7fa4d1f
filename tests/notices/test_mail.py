"""What a digest says, its headers, and that nothing in it is alive."""

import re
import string
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from html.parser import HTMLParser

import pytest

from ipv6check.config import Settings
from ipv6check.model import Target
from ipv6check.notices.digest import CITY, Audience, digest
from ipv6check.notices.mail import Mail, mail, message
from ipv6check.notices.night import ENDING, read
from ipv6check.notices.wording import MOST_PLACES, texts
from ipv6check.reports.changed import MOST_SHOWN
from ipv6check.reports.paths import agency_page
from ipv6check.store import Archive
from tests.factories import Site
from tests.notices.nights import DEAD, FALLING, JASMINE, LOTUS, OTHER, STEADY, Seen, ends_in, renamed

Nights = Callable[..., str]
Configured = Callable[..., Settings]
NOW = datetime(2026, 11, 3, 22, 0, tzinfo=UTC)
FALLEN = Seen({FALLING: DEAD, STEADY: ends_in(12.5)})
SITE = "https://ipv6.hanoi.example/"


class Elements(HTMLParser):
    """The elements and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


def written(archive: Archive, settings: Settings, reader: str = LOTUS) -> Mail:
    night = read(archive)
    return mail(digest(night, Audience(reader)), night, settings)


def made(archive: Archive, settings: Settings, reader: str = LOTUS) -> EmailMessage:
    """The e-mail as a receiver reads it."""
    night = read(archive)
    one = digest(night, Audience(reader, ("cntt@hanoi.example", "tt@hanoi.example")))
    return BytesParser(policy=default).parsebytes(bytes(message(mail(one, night, settings), one, settings.smtp, NOW)))


@pytest.fixture
def fallen(nights: Nights) -> None:
    nights(Seen(), FALLEN, FALLEN)


def smtp(**more: str) -> dict[str, str]:
    return {"sender": "ipv6@hanoi.example", "sender_name": "Đo IPv6 Hà Nội"} | more


def test_every_text_is_in_both_languages_with_the_same_values() -> None:
    for key, said in texts().items():
        assert set(said) == {"vi", "en"}, key
        fields = [{name for _, name, *_ in string.Formatter().parse(text) if name} for text in said.values()]
        assert fields[0] == fields[1], key
    assert set(ENDING) <= set(texts())


@pytest.mark.usefixtures("fallen")
def test_vietnamese_stands_first_and_english_second(archive: Archive, settings: Configured) -> None:
    found = written(archive, settings())
    for text in (found.text, found.html):
        order = [text.index(words) for words in ("Kính gửi: Sở Hoa Sen", "Không đạt", "To: Sở Hoa Sen", "Fail")]
        assert order == sorted(order)
        assert FALLING.domain in text
        assert STEADY.domain in text
        assert OTHER.domain not in text
    assert found.subject == "IPv6, Sở Hoa Sen, lượt đo 04/11/2026: 3 mục xấu đi, 1 mục hết hạn hoặc sắp hết hạn"
    assert "số ngày còn lại: 12" in found.text
    assert "days left: 12" in found.text


@pytest.mark.usefixtures("fallen")
def test_an_agency_that_is_named_by_its_code_is_called_by_its_name(archive: Archive, settings: Configured) -> None:
    assert "Kính gửi: Sở Hoa Sen" in written(archive, settings(), "H26.1").text


@pytest.mark.usefixtures("fallen")
def test_the_city_reads_whose_a_domain_is(archive: Archive, settings: Configured) -> None:
    found = written(archive, settings(), CITY)
    assert f"{FALLING.domain} ({LOTUS}; thấy lần đầu ngày 03/11/2026)" in found.text
    assert "toàn thành phố" in found.subject


@pytest.mark.usefixtures("fallen")
def test_scorecards_are_linked_where_the_site_is_known(archive: Archive, settings: Configured) -> None:
    linked = written(archive, settings(notices={"site": SITE}))
    links = {value for name, value in Elements(linked.html).attributes if name == "href"}
    page, other = (f"domain/{target.domain}.html" for target in (FALLING, STEADY))
    own = agency_page(LOTUS)
    assert links == {
        f"{SITE}{page}",
        f"{SITE}en/{page}",
        f"{SITE}{own}",
        f"{SITE}en/{own}",
        f"{SITE}{other}",
        f"{SITE}en/{other}",
    }
    assert f"{SITE}changes.html" in written(archive, settings(notices={"site": SITE}), CITY).html
    assert f"{SITE}{page}" in linked.text
    assert "http" not in re.sub("HTTPS", "", written(archive, settings()).text)


def test_of_many_domains_some_are_named_and_the_rest_counted(archive: Archive, nights: Nights, settings: Configured) -> None:
    many = [Target(domain=f"so-{n:02}.hanoi.gov.vn", agency=LOTUS) for n in range(MOST_PLACES + 3)]
    gone = Seen(dict.fromkeys(many, Site(v6=())))
    nights(Seen(), gone, targets=many)
    found = written(archive, settings()).text
    vietnamese = found.partition("\n-----")[0]
    group = next(part for part in vietnamese.split("\n[") if "DNS-02" in part)
    assert group.count("  - so-") == MOST_PLACES
    assert "và 3 tên miền khác" in group


def test_a_digest_longer_than_a_page_of_changes_loses_nothing(archive: Archive, nights: Nights, settings: Configured) -> None:
    """All of it is noted as told, so all of it must be told."""
    nights(Seen(), FALLEN, FALLEN)
    night = read(archive)
    lost = next(change for change in night.changes if change.check == "REACH-04")
    card = next(card for card in night.cards if card.target == FALLING)
    names = [f"so-{n:03}.hanoi.gov.vn" for n in range(MOST_SHOWN + 7)]
    many = replace(
        night,
        cards=tuple(replace(card, target=replace(FALLING, domain=name)) for name in names),
        changes=tuple(replace(lost, domain=name) for name in names),
        endings=(),
    )
    found = mail(digest(many, Audience(LOTUS)), many, settings())
    assert found.subject.endswith(": 507 mục xấu đi")
    assert "và 487 tên miền khác" in found.text


@pytest.mark.usefixtures("fallen")
def test_headers_are_those_of_an_automatic_mail(archive: Archive, settings: Configured) -> None:
    found = made(archive, settings(smtp=smtp(unsubscribe="mailto:thoi-nhan@hanoi.example")))
    assert found["From"] == "Đo IPv6 Hà Nội <ipv6@hanoi.example>"
    assert found["To"] == "cntt@hanoi.example, tt@hanoi.example"
    assert found["Date"].datetime == NOW
    assert re.fullmatch(r"<[0-9a-f]{32}@hanoi\.example>", found["Message-ID"])
    assert found["Auto-Submitted"] == "auto-generated"
    assert found["List-Unsubscribe"] == "<mailto:thoi-nhan@hanoi.example>"
    assert found["Content-Language"] == "vi, en"
    assert found.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in found.iter_parts()] == ["text/plain", "text/html"]
    assert "List-Unsubscribe" not in made(archive, settings(smtp=smtp()))


@pytest.mark.usefixtures("fallen")
def test_the_same_digest_has_the_same_message_id_and_another_reader_another(archive: Archive, settings: Configured) -> None:
    configured = settings(smtp=smtp())
    assert made(archive, configured)["Message-ID"] == made(archive, configured)["Message-ID"]
    assert made(archive, configured)["Message-ID"] != made(archive, configured, CITY)["Message-ID"]


HOSTILE = {
    "headers": "Sở X\r\nBcc: kẻ-gian@example.com\r\n\r\nlời khác",
    "markup": "Sở <script>alert(1)</script><a href='https://example.com'>X</a>",
    "direction": "Sở \u202ekcab\u2066 X\u200b",
    "terminal": "Sở \x1b]0;X\x07\x1b[31m",
    "template": "Sở {{ 7*7 }} {n} %(n)s",
    "long": "Sở " + "dài " * 5_000,
}
ACTIVE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@pytest.mark.parametrize("agency", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("reader", ["agency", "city"])
def test_a_hostile_name_of_an_agency_does_nothing(
    archive: Archive, nights: Nights, settings: Configured, agency: str, reader: str
) -> None:
    targets = (renamed(FALLING, agency), STEADY)
    nights(Seen(), *[Seen({targets[0]: DEAD})] * 2, targets=targets)
    found = made(archive, settings(smtp=smtp()), agency if reader == "agency" else CITY)
    assert found["Bcc"] is None
    assert len(found["Subject"]) < 2_000
    assert not ACTIVE.search(found["Subject"])
    text, html = (part.get_content().replace("\r\n", "\n") for part in found.iter_parts())
    assert not ACTIVE.search(text + html)
    assert "49" not in text
    page = Elements(html)
    assert set(page.tags) <= {"html", "head", "meta", "title", "body", "div", "p", "strong", "h2", "span", "ul", "li"}
    assert {name for name, _ in page.attributes} <= {"lang", "charset", "name", "content", "style"}


def test_what_servers_and_certificates_say_is_not_in_the_mail(archive: Archive, nights: Nights, settings: Configured) -> None:
    said = "https://lua-dao.example/ CN=<b>Kẻ gian"
    untrusted = Site(v6=())
    spoilt = Seen({STEADY: ends_in(12.5), FALLING: untrusted})
    run_id = nights(Seen(), spoilt)
    cards = archive.cards(run_id)
    for card in cards:
        for verdict in card.verdicts.values():
            args = {
                key: said if isinstance(value, str) and key not in {"until", "since"} else value
                for key, value in verdict.args.items()
            }
            object.__setattr__(verdict, "args", args)
    archive.save_verdicts(run_id, "1", cards)
    for reader in (LOTUS, CITY):
        found = written(archive, settings(), reader)
        assert FALLING.domain in found.text
        assert "còn lại: 12" in found.text
        for text in (found.subject, found.text, found.html):
            assert "lua-dao" not in text
            assert "gian" not in text.replace("thời gian", "")


@pytest.mark.usefixtures("fallen")
def test_the_page_asks_nothing_of_others(archive: Archive, settings: Configured) -> None:
    page = Elements(written(archive, settings(notices={"site": SITE})).html)
    assert not {"script", "img", "link", "iframe", "style", "form", "object"} & set(page.tags)
    assert not [value for name, value in page.attributes if name == "style" and "url(" in value]
    assert not [name for name, _ in page.attributes if name.startswith("on") or name in {"src", "background"}]
    assert JASMINE not in written(archive, settings()).html

"""A city of invented agencies with some forty domains, in every state a domain can be in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ipv6check.facts import Evidence
from ipv6check.judge import judge
from ipv6check.model import Run, Target
from ipv6check.rules import RULES_VERSION
from ipv6check.score import Card, score
from tests.reports.sample_site import NOON, REFUSED, TIMEOUT, Site
from tests.reports.sample_vantage import END, START, Vantage
from tests.reports.sample_world import evidence_of

BEST: Final = Site()
NO_V6: Final = Site(aaaa=())
ONE_SERVER: Final = (("ns1.dvmc.vn", "2405:4800:1::53", "103.28.36.1"), ("ns2.dvmc.vn", "", "103.28.37.1"))
FAR: Final = "Công ty Cổ phần Máy chủ Đám mây Thăng Long"

Row = tuple[str, str, str, Site | None]
PEOPLE: Final = "UBND thành phố (giả định)"
TREES: Final = "Sở Cây xanh và Hồ nước"
FERRIES: Final = "Sở Bến đò và Cầu phao"
LANTERNS: Final = "Sở Đèn lồng và Hội hè"
SCHOOLS: Final = "Sở Lớp học và Sân chơi"

CITY: Final[tuple[Row, ...]] = (
    ("cong.hanoi.gov.vn", PEOPLE, "ubnd", BEST),
    ("dichvu.hanoi.gov.vn", PEOPLE, "ubnd", replace(BEST, leads_to="dangnhap.hanoi.gov.vn", leads_to_v6=False)),
    ("congbao-mau.hanoi.gov.vn", PEOPLE, "ubnd", replace(BEST, days_left=12)),
    ("english-mau.hanoi.gov.vn", PEOPLE, "ubnd", replace(BEST, tls="TLSv1.2", legacy_tls=True)),
    ("cayxanh.hanoi.gov.vn", TREES, "so", BEST),
    ("honuoc.hanoi.gov.vn", TREES, "so", replace(BEST, signed=False)),
    ("vuonuom.hanoi.gov.vn", TREES, "so", replace(BEST, v6=TIMEOUT)),
    ("tuoicay.hanoi.gov.vn", TREES, "so", NO_V6),
    ("bendo.hanoi.gov.vn", FERRIES, "so", replace(BEST, days_left=-9)),
    ("cauphao.hanoi.gov.vn", FERRIES, "so", NO_V6),
    ("vetau.hanoi.gov.vn", FERRIES, "so", replace(NO_V6, signed=False, http_redirects=False)),
    ("denlong.hanoi.gov.vn", LANTERNS, "so", replace(BEST, v6_http=REFUSED)),
    ("hoihe.hanoi.gov.vn", LANTERNS, "so", replace(BEST, names=("*.denlong.hanoi.gov.vn",))),
    ("trungthu.hanoi.gov.vn", LANTERNS, "so", replace(BEST, path_error="self-signed certificate", issuer="CN=localhost")),
    ("lophoc.hanoi.gov.vn", SCHOOLS, "so", replace(BEST, www_aaaa=False)),
    ("sanchoi.hanoi.gov.vn", SCHOOLS, "so", replace(BEST, status6=404)),
    ("tuyensinh-mau.hanoi.gov.vn", SCHOOLS, "so", replace(NO_V6, signed=False)),
    ("thuvien-mau.hanoi.gov.vn", SCHOOLS, "so", replace(BEST, ns_silent=True)),
    ("gioto.hanoi.gov.vn", "Sở Gió và Bầu trời", "so", NO_V6),
    ("khituong-mau.hanoi.gov.vn", "Sở Gió và Bầu trời", "so", replace(NO_V6, nameservers=ONE_SERVER)),
    ("phocu.hanoi.gov.vn", "Ban Bảo tồn Phố cũ", "ban", replace(BEST, bogus=True)),
    ("maingoi.hanoi.gov.vn", "Ban Bảo tồn Phố cũ", "ban", replace(BEST, aaaa=("fd00:1::80",))),
    ("langnghe-mau.hanoi.gov.vn", "Ban Làng nghề", "ban", replace(NO_V6, signed=False, legacy_tls=True)),
    ("gom.hanoi.gov.vn", "Trung tâm Gốm và Lụa", "don-vi-su-nghiep", replace(BEST, status6=503, status4=503)),
    ("lua.com.vn", "Trung tâm Gốm và Lụa", "don-vi-su-nghiep", replace(NO_V6, nameservers=ONE_SERVER)),
    ("chotet.hanoi.gov.vn", "Ban Quản lý Chợ Tết", "ban", None),
    ("hoadao.hanoi.gov.vn", "Ban Quản lý Chợ Tết", "ban", replace(BEST, www=False)),
    ("phuongsen.hanoi.gov.vn", "UBND phường Sen Hồng", "xa-phuong", NO_V6),
    ("phuongdao.hanoi.gov.vn", "UBND phường Đào Bích", "xa-phuong", replace(NO_V6, signed=False)),
    ("phuongcuc.hanoi.gov.vn", "UBND phường Cúc Vàng", "xa-phuong", replace(BEST, signed=False)),
    ("xabuoi.hanoi.gov.vn", "UBND xã Bưởi Ngọt", "xa-phuong", replace(NO_V6, days_left=-40)),
    ("xacom.hanoi.gov.vn", "UBND xã Cốm Xanh", "xa-phuong", NO_V6),
    ("xatre.hanoi.gov.vn", "UBND xã Tre Ngà", "xa-phuong", Site(aaaa=(), a=(), www=False)),
    ("xalua.hanoi.gov.vn", "UBND xã Lúa Nếp", "xa-phuong", replace(BEST, headers=(("server", "Apache/2.4.6"),))),
    ("baonhi.vn", "Báo Nhi đồng Phố phường", "don-vi-su-nghiep", replace(BEST, issuer="CN=R11,O=Let's Encrypt,C=US")),
    ("benhvien-mau.vn", "Bệnh viện Cầu Vồng", "don-vi-su-nghiep", replace(BEST, v6=TIMEOUT, signed=False)),
    ("nhahat.vn", "Nhà hát Múa rối Ao làng", "don-vi-su-nghiep", replace(BEST, aaaa=("2002:671c:2401::80",))),
    ("xebuyt-mau.vn", "Trung tâm Xe buýt Ven hồ", "don-vi-su-nghiep", replace(BEST, leads_to="xebuyt-mau.com")),
    ("capnuoc-mau.vn", FAR, "dich-vu", replace(BEST, aaaa=("2402:800:6105:20::80", "2402:800:6105:20::81"))),
    ("luutru-mau.hanoi.gov.vn", "Chi cục Lưu trữ Giấy dó", "so", replace(BEST, days_left=61)),
    ("thunghiem-demo.hanoi.gov.vn", TREES, "so", NO_V6),
)


@dataclass(frozen=True)
class City:
    """A run of the sample city: what `write_site` is given."""

    run: Run
    cards: tuple[Card, ...]
    evidence: Mapping[str, Evidence]

    @property
    def evidence_of(self) -> Callable[[str], Evidence | None]:
        """Find a domain's evidence."""
        return self.evidence.get


def sample_city(here: Vantage | None = None, rows: Sequence[Row] = CITY) -> City:
    """Judge and score every domain as seen from a measuring point."""
    here = here or Vantage()
    seen = {domain: evidence_of(target_of(row), row[3], here, len(rows)) for row in rows for domain in row[:1]}
    cards = tuple(card_of(evidence) for evidence in seen.values())
    run = Run(
        id="2026-11-21-hanoi-1",
        vantage="hanoi-1",
        country="VN",
        started_at=START,
        finished_at=END,
        planned=len(rows),
        finished=len(rows) if here.finished is None else here.finished,
        version="0.1.0",
        rules_version=RULES_VERSION,
    )
    return City(run, cards, seen)


def target_of(row: Row) -> Target:
    """A line of the target list."""
    domain, agency, kind, _ = row
    services = ("portal", "demo") if "demo" in domain else ("portal",)
    return Target(domain=domain, agency=agency, kind=kind, services=services)


def card_of(evidence: Evidence) -> Card:
    """Judge and score."""
    assert evidence.target is not None
    verdicts = judge(evidence)
    return Card(target=evidence.target, verdicts=verdicts, score=score(verdicts), measured_at=NOON)

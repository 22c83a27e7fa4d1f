"""The CSV profile for the registry VNNIC: a versioned proposal, for no official form is known. Raw facts beside any score.

Columns, their order and the three-state words are pinned. How `warn` is told in three states: it counts as `dat`, and
`ghi_chu` says what could be better, for the service is there. In `STRICT` columns a warning means that the very thing the
column asks about is missing (an unsigned zone, a route without ROA), so there it is `khong_dat`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ipv6check.model import KINDS, SERVICES, Outcome, Reason, Run, Verdict
from ipv6check.reports import levels
from ipv6check.reports.hostile import cleaned, number_for_csv
from ipv6check.reports.language import HANOI
from ipv6check.rules import words
from ipv6check.score import GOAL_LEVEL, Card

VERSION: Final = "vnnic/1"

PASSED: Final = "dat"
FAILED: Final = "khong_dat"
UNMEASURED: Final = "chua_do_duoc"
DOES_NOT_APPLY: Final = "khong_ap_dung"

STRICT: Final = frozenset({"SEC-01", "ADDR-05"})
WORST_FIRST: Final = (FAILED, UNMEASURED, PASSED, DOES_NOT_APPLY)
STATES: Final = " | ".join(WORST_FIRST)
OR_WHY_NOT: Final = f" | {UNMEASURED} | {DOES_NOT_APPLY}"

Cell = Callable[[Run, Card], str]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, what people call it, what it means, which values it takes, from which checks."""

    name: str
    cell: Cell
    values: str
    checks: tuple[str, ...]
    label: str
    meaning_vi: str
    meaning_en: str


def state_of(verdict: Verdict) -> str:
    """An outcome as one of the three states, or `khong_ap_dung`."""
    match verdict.outcome:
        case Outcome.FAIL:
            return FAILED
        case Outcome.NOT_MEASURED:
            return UNMEASURED
        case Outcome.NOT_APPLICABLE:
            return DOES_NOT_APPLY
        case Outcome.WARN if verdict.id in STRICT:
            return FAILED
    return PASSED


def _states(*ids: str) -> Cell:
    """The worst state of several checks: a known fault outranks what was not seen."""
    return lambda run, card: min((state_of(card.verdicts[id_]) for id_ in ids), key=WORST_FIRST.index)


def _values(id_: str, argument: str) -> Cell:
    """An argument of a verdict, lists by spaces; where there is no verdict, why. Empty: looked at, and there is none."""

    def cell(run: Run, card: Card) -> str:
        verdict = card.verdicts[id_]
        value = verdict.args.get(argument)
        if value is None and verdict.outcome in {Outcome.NOT_MEASURED, Outcome.NOT_APPLICABLE}:
            return state_of(verdict)
        many = value if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
        return " ".join(str(one) for one in many if one is not None)

    return cell


def _https(family: str, port_check: str) -> Cell:
    """How HTTPS went by one family, at every name that has an address of it.

    WEB-01 tells of the worst name. Where that has no address of the family that answers, the port's own check tells whether the
    other name has: no fault at either is none at that one, while behind a fault of this one it is not known.
    """

    def cell(run: Run, card: Card) -> str:
        verdict = card.verdicts["WEB-01"]
        if verdict.outcome is Outcome.NOT_MEASURED:
            return UNMEASURED
        match verdict.args.get(family, "none"):
            case "yes" | "unstable":
                return PASSED
            case "no":
                return FAILED
            case "unseen":
                return UNMEASURED
        port = state_of(card.verdicts[port_check])
        if port == PASSED:
            return PASSED if verdict.outcome is Outcome.PASS else UNMEASURED
        return port

    return cell


def _status(run: Run, card: Card) -> str:
    """Whether the goal's level was reached; not measured when a check in the way was not."""
    if all(card.verdicts[id_].outcome is Outcome.NOT_APPLICABLE for id_ in ("DNS-02", "DNS-03")):
        return DOES_NOT_APPLY
    if card.score.level.number >= GOAL_LEVEL:
        return PASSED
    return UNMEASURED if card.score.level.is_minimum or not card.score.is_measured else FAILED


def day_of(run: Run, card: Card) -> str:
    return (card.measured_at or run.started_at).astimezone(HANOI).date().isoformat()


def _moment(run: Run, card: Card) -> str:
    return card.measured_at.astimezone(HANOI).isoformat(timespec="seconds") if card.measured_at else ""


def _level(run: Run, card: Card) -> str:
    """The level; "at least L0" says nothing, and must not be counted as L0."""
    return UNMEASURED if levels.key_of(card.score) in {levels.OPEN, levels.UNMEASURED} else str(card.score.level)


def _percent(run: Run, card: Card) -> str:
    return str(card.score.percent) if card.score.is_measured and card.score.percent is not None else UNMEASURED


def _remarks(run: Run, card: Card) -> str:
    """What the states leave out: a level that is a minimum, flags, warnings, and why something was not measured."""
    remarks = [] if run.is_complete else ["lượt đo chưa hoàn tất"]
    if card.score.is_measured and card.score.level.is_minimum:
        remarks.append(f"mức ít nhất là {card.score.level}")
    remarks += [words.term("flag_in_full", flag, "vi") for flag in card.score.flags]
    ids = dict.fromkeys(id_ for column in COLUMNS for id_ in column.checks)
    warned = [cleaned(card.verdicts[id_]) for id_ in ids if card.verdicts[id_].outcome is Outcome.WARN]
    remarks += [f"{v.id}: {words.found(v, 'vi', domain=card.target.domain).rstrip('.')}" for v in warned]
    remarks += [f"{_because(reason)}: {', '.join(columns)}" for reason, columns in _unmeasured(run, card)]
    return "; ".join(remarks)


def _because(reason: Reason) -> str:
    """The first sentence of a reason; that nobody is to blame for it holds for all of them."""
    return words.term("reason", reason.value, "vi").partition(". ")[0].rstrip(".")


def _unmeasured(run: Run, card: Card) -> Iterable[tuple[Reason, list[str]]]:
    """The columns that were not measured, by the reason."""
    columns: dict[Reason, list[str]] = {}
    for column in COLUMNS:
        reasons = (card.verdicts[id_].reason for id_ in column.checks)
        reason = next((reason for reason in reasons if reason is not None), None)
        if reason is not None and column.cell(run, card) == UNMEASURED:
            columns.setdefault(reason, []).append(column.name)
    return columns.items()


def row(run: Run, card: Card) -> Iterable[str]:
    """One domain's cells, in the order of the columns."""
    return (column.cell(run, card) for column in COLUMNS)


# fmt: off
COLUMNS: Final = (
    Column("ngay_do", day_of, "YYYY-MM-DD", (),
           "Ngày đo", "Ngày đo, giờ Hà Nội", "Day of the measurement, Hanoi time"),
    Column("thoi_diem_do", _moment, "YYYY-MM-DDThh:mm:ss+07:00", (),
           "Thời điểm đo", "Thời điểm đo tên miền; trống nếu không đo", "When the name was measured; empty when it was not"),
    Column("ma_dinh_danh", lambda run, card: card.target.agency_code, "text", (),
           "Mã định danh", "Mã định danh điện tử, kiểu văn bản; trống nếu chưa biết", "Electronic code, as text; or empty"),
    Column("co_quan", lambda run, card: card.target.agency, "text", (),
           "Cơ quan", "Tên cơ quan theo danh sách đo", "Name of the agency as listed"),
    Column("loai_co_quan", lambda run, card: card.target.kind, " | ".join(KINDS), (),
           "Loại cơ quan", "Loại cơ quan; trống nếu danh sách không ghi", "Kind of agency; empty when the list has none"),
    Column("ten_mien", lambda run, card: card.target.domain, "A-label", (),
           "Tên miền", "Tên miền được đo, dạng ASCII", "The measured name, as A-labels (ASCII)"),
    Column("dich_vu", lambda run, card: " ".join(card.target.services), " | ".join(SERVICES), (),
           "Dịch vụ", "Các dịch vụ, cách nhau bằng dấu cách", "Services, separated by spaces"),
    Column("dung_ten_mien_vn", _states("NAME-02"), STATES, ("NAME-02",),
           "Dùng tên miền .vn", "Tên miền thuộc .vn", "The name is under .vn"),
    Column("ban_ghi_aaaa", _states("DNS-02"), STATES, ("DNS-02",),
           "Bản ghi AAAA", "Tên miền có địa chỉ IPv6 dùng được", "The name has a usable IPv6 address"),
    Column("dia_chi_ipv6", _values("DNS-02", "addresses"), "IPv6 …" + OR_WHY_NOT, ("DNS-02",),
           "Địa chỉ IPv6", "Các địa chỉ IPv6 đã công bố, cách nhau bằng dấu cách; trống: đã đo, không có",
           "Published IPv6 addresses, separated by spaces; empty: looked at, there is none"),
    Column("truy_cap_ipv6", _states("REACH-01"), STATES, ("REACH-01",),
           "Truy cập qua IPv6", "Cổng 443 trả lời tại các địa chỉ IPv6", "TCP port 443 answers at the IPv6 addresses"),
    Column("truy_cap_chi_ipv6", _states("NS-12", "PAGE-01"), STATES, ("NS-12", "PAGE-01"),
           "Truy cập chỉ bằng IPv6", "Phân giải và tải được trang khi chỉ có IPv6", "Resolves and loads with IPv6 alone"),
    Column("https_ipv4", _https("v4", "REACH-03"), STATES, ("WEB-01", "REACH-03"),
           "HTTPS qua IPv4", "Có HTTPS qua IPv4; không áp dụng: không có địa chỉ IPv4",
           "HTTPS is served over IPv4; does not apply: no IPv4 address"),
    Column("https_ipv6", _https("v6", "REACH-01"), STATES, ("WEB-01", "REACH-01"),
           "HTTPS qua IPv6", "Có HTTPS qua IPv6; không áp dụng: không có địa chỉ IPv6",
           "HTTPS is served over IPv6; does not apply: no IPv6 address"),
    Column("chung_thu_het_han", _values("WEB-04", "until"), "YYYY-MM-DD" + OR_WHY_NOT, ("WEB-04",),
           "Chứng thư số hết hạn", "Ngày chứng thư số hết hạn (UTC); trống: ngày trên chứng thư không đọc được",
           "Day the certificate expires (UTC); empty: its dates cannot be read"),
    Column("chuyen_huong_https", _states("WEB-09"), STATES, ("WEB-09",),
           "Chuyển hướng HTTPS", "HTTP chuyển hướng sang HTTPS, hoặc cổng 80 đóng", "HTTP leads to HTTPS, or port 80 is shut"),
    Column("may_chu_ten_mien_ipv6", _states("NS-08"), STATES, ("NS-08",),
           "Máy chủ tên miền IPv6", "Có từ hai máy chủ tên miền phục vụ qua IPv6", "Two name servers or more serve over IPv6"),
    Column("thu_dien_tu_ipv6", _states("MAIL-02", "MAIL-03"), STATES, ("MAIL-02", "MAIL-03"),
           "Thư điện tử IPv6", "Máy chủ thư có địa chỉ IPv6 và nhận kết nối", "Mail servers have IPv6 and answer over it"),
    Column("dnssec", _states("SEC-01"), STATES, ("SEC-01",),
           "DNSSEC", "Đã ký DNSSEC và xác thực được; chưa ký là khong_dat", "Signed and validates; unsigned is khong_dat"),
    Column("as_goc", _values("ADDR-04", "origins"), "ASN …" + OR_WHY_NOT, ("ADDR-04",),
           "AS gốc", "Số hiệu mạng là nguồn gốc định tuyến của các địa chỉ", "Origin AS numbers of the addresses"),
    Column("roa", _states("ADDR-05"), STATES, ("ADDR-05",),
           "ROA", "Mọi tuyến có ROA hợp lệ; thiếu ROA là khong_dat", "All routes are Valid by RPKI; NotFound is khong_dat"),
    Column("muc", _level, f"L0 | L1 | L2 | L3 | L4 | {UNMEASURED}", (),
           "Mức", "Mức sẵn sàng IPv6; mức ít nhất thì ghi ở ghi_chu", "Level; ghi_chu says when it is a minimum"),
    Column("diem", _percent, f"0.0 … 100.0 | {UNMEASURED}", (),
           "Điểm", "Phần trăm điểm của các mục bắt buộc đã đo", "Percentage over the measured mandatory checks"),
    Column("ty_le_do_duoc", lambda run, card: number_for_csv(card.score.coverage), "0.0 … 1.0", (),
           "Tỷ lệ đo được", "Tỷ lệ mục bắt buộc áp dụng đã đo được, làm tròn xuống hai chữ số thập phân",
           "Share of the applicable mandatory checks measured, rounded down to two decimals"),
    Column("trang_thai", _status, STATES, (),
           "Trạng thái", f"Đạt mức L{GOAL_LEVEL} trở lên; hoặc còn mục quyết định chưa đo được",
           f"Level L{GOAL_LEVEL} or above; or a check that decides was not measured"),
    Column("ghi_chu", _remarks, "text", (),
           "Ghi chú", "Cờ, cảnh báo, lý do chưa đo được", "Flags, warnings, reasons for what was not measured"),
    Column("diem_do", lambda run, card: run.vantage, "text", (),
           "Điểm đo", "Tên điểm đo", "Name of the measuring point"),
    Column("phien_ban", lambda run, card: f"{VERSION} rules/{run.rules_version}", f"{VERSION} rules/…", (),
           "Phiên bản", "Phiên bản của mẫu này và của bộ quy tắc", "Version of this profile and of the rules"),
)
# fmt: on

NAMES: Final = tuple(column.name for column in COLUMNS)

DICTIONARY: Final = ("cot", "nhan", "y_nghia", "meaning", "gia_tri", "nguon")
PROPOSAL: Final = (
    "*",
    VERSION,
    "Đề xuất: chưa biết mẫu chính thức nào. dat: đạt, kể cả đạt nhưng còn cảnh báo (xem ghi_chu); khong_dat: không đạt; "
    "chua_do_duoc: chưa đo được, không phải là không đạt; khong_ap_dung: không áp dụng",
    "A proposal: no official form is known. dat: passed, also with a warning (see ghi_chu); khong_dat: failed; "
    "chua_do_duoc: not measured, which is not failed; khong_ap_dung: does not apply",
    STATES,
    "",
)


def dictionary() -> list[tuple[str, ...]]:
    """The data dictionary: its head, what holds for all, and one row a column."""
    rows = [(c.name, c.label, c.meaning_vi, c.meaning_en, c.values, " ".join(c.checks)) for c in COLUMNS]
    return [DICTIONARY, PROPOSAL, *rows]

"""The nouns of ipv6check: who is measured, what went wrong on the wire, and what a rule concludes.

Nothing here does I/O. What was seen is in `facts`; what it means is in `rules`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """How much a check weighs: scored, judged but not scored, or for information."""

    MANDATORY = "mandatory"
    RECOMMENDED = "recommended"
    INFORMATION = "information"


class Outcome(StrEnum):
    """What a rule says. `n/a` does not apply to this target; `nm` was not measured and always has a reason."""

    PASS = "pass"  # noqa: S105 - an outcome, not a password
    WARN = "warn"
    FAIL = "fail"
    INFO = "info"
    NOT_APPLICABLE = "n/a"
    NOT_MEASURED = "nm"


class Reason(StrEnum):
    """Why something was not measured."""

    NO_V6_HERE = "no-v6-here"
    NO_V4_HERE = "no-v4-here"
    CANARY_FAILED = "canary-failed"
    OWN_TIMEOUT_BUDGET = "own-timeout-budget"
    RESOLVER_ERROR = "resolver-error"
    BLOCKED = "blocked"
    RATE_LIMITED = "rate-limited"
    OPT_OUT = "opt-out"
    NOT_PERMITTED = "not-permitted"
    DEPENDENCY_FAILED = "dependency-failed"
    DATA_SOURCE_DOWN = "data-source-down"
    VANTAGES_DISAGREE = "vantages-disagree"
    CLOCK = "clock"
    LIMIT = "limit"
    NOT_BUILT = "not-built"


class Stage(StrEnum):
    """How far a conversation had come when it failed, in the order of the wire."""

    DNS = "dns"
    TCP = "tcp"
    TLS = "tls"
    HTTP = "http"
    SMTP = "smtp"


class FailureKind(StrEnum):
    """The closed list of what the network can say no with.

    `LOCAL`, `BUDGET` and `OPT_OUT` are ours (no route, no descriptors, no time left, asked to stay away): never a finding.
    """

    TIMEOUT = "timeout"
    REFUSED = "refused"
    RESET = "reset"
    UNREACHABLE = "unreachable"
    PROHIBITED = "prohibited"
    TLS = "tls"
    PROTOCOL = "protocol"
    MALFORMED = "malformed"
    BAD_REDIRECT = "bad-redirect"
    REDIRECT_LOOP = "redirect-loop"
    CNAME_LOOP = "cname-loop"
    NO_ADDRESS = "no-address"
    UNSAFE_TARGET = "unsafe-target"
    LIMIT = "limit"
    LOCAL = "local"
    BUDGET = "budget"
    OPT_OUT = "opt-out"


OURS = frozenset({FailureKind.LOCAL, FailureKind.BUDGET, FailureKind.OPT_OUT})
"""Failures that say something about this vantage and nothing about the peer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The network said no: what kind, at which stage, and the raw errno, alert or limit behind it."""

    kind: FailureKind
    stage: Stage
    detail: str = ""
    code: int | None = None

    @property
    def is_ours(self) -> bool:
        """Whether it tells nothing about the peer."""
        return self.kind in OURS

    def __str__(self) -> str:
        return f"{self.kind} ({self.stage}{': ' + self.detail if self.detail else ''})"


KINDS = (
    "ubnd",
    "so",
    "ban",
    "quan-huyen",
    "xa-phuong",
    "don-vi-su-nghiep",
    "dich-vu",
    "co-quan-dang",
    "co-quan-nganh-doc",
)
"""Kinds of agency a target list may name."""

SERVICES = ("portal", "public-service", "mail", "dns", "application", "document-system", "gazette", "demo")
"""Services a target list may name; `demo` hosts are shown but left out of totals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One domain of one agency, as the target list has it. `domain` is the A-label, lower case, without a final dot."""

    domain: str
    agency: str = ""
    agency_code: str = ""
    kind: str = ""
    services: tuple[str, ...] = ("portal",)
    parent: str = ""
    contact: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    successor: str = ""
    tags: tuple[str, ...] = ()
    note: str = ""
    address: str = ""
    """An address to judge in place of the published ones (a server before the switch); empty on lists."""

    @property
    def is_demo(self) -> bool:
        """Whether it is shown but left out of totals."""
        return "demo" in self.services


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """One body of the city: what it is, who stands above it, who took over. What is not known, or not confirmed, is empty.

    `valid_from` and `valid_to` are its first and last day; its `successor` takes over on the day after the last.
    """

    name: str
    kind: str = ""
    parent: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    successor: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption:
    """Somebody accepts a result of a check until a day, which counts: it is shown as it was measured, and not scored."""

    domain: str
    check: str
    until: date
    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """Somebody doubts a result of a check: it is under review from `since` until `answered`."""

    domain: str
    check: str
    since: date
    by: str
    says: str
    answered: date | None = None
    answer: str = ""


Scalar = str | int | float | bool | None
Arguments = Mapping[str, Scalar | Sequence[Scalar]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one rule says of one target: an outcome and the arguments of its sentences, never the sentences.

    `case` picks the words: the outcome's own name, or a more exact finding such as `self-signed`.
    `reason` is set exactly when the outcome is `nm`.
    """

    id: str
    outcome: Outcome
    reason: Reason | None = None
    case: str = ""
    args: Arguments = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.outcome is Outcome.NOT_MEASURED) != (self.reason is not None):
            raise ValueError(f"{self.id}: a reason belongs to `nm` and to nothing else")


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What one probe saw of one subject: append-only. A later pass over the same subject has a higher `sequence`.

    The subject is a target's domain, a zone (`zone:hanoi.gov.vn`) or `vantage`.
    """

    subject: str
    probe: str
    sequence: int
    made_at: datetime
    facts: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One scan from one measuring point. `finished_at` is None while it runs or when it was broken off; times are UTC.

    `is_partial`: only a part of the city's lists or of the checks was asked for, or other lists than the city's. `is_blind`:
    the measuring point itself had no IPv6. `digest` is that of its verdicts: what was made of them holds while it is the same.
    """

    id: str
    vantage: str
    country: str
    started_at: datetime
    finished_at: datetime | None = None
    planned: int = 0
    finished: int = 0
    version: str = ""
    rules_version: str = ""
    is_partial: bool = False
    is_blind: bool = False
    digest: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether every planned target was finished."""
        return self.finished_at is not None and self.finished >= self.planned

"""How far a scan has come, for whoever shows it."""

from collections import Counter
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from time import monotonic
from typing import Any, Final, get_type_hints

from ipv6check.facts import Answer, Attempt, Certificate, Evidence


@dataclass(slots=True)
class Progress:
    """Counts of one scan. `measured` targets are through their passes, `done` ones committed; `seen` counts what was found."""

    planned: int
    done: int = 0
    measured: int = 0
    in_flight: int = 0
    confirming: int = 0
    bugs: int = 0
    began: float = field(default_factory=monotonic)
    seen: Counter[str] = field(default_factory=Counter)

    @property
    def per_second(self) -> float:
        """Targets measured per second."""
        return self.measured / max(0.001, monotonic() - self.began)

    @property
    def seconds_left(self) -> float | None:
        """An estimate, None before there is anything to go by."""
        return (self.planned - self.done) / self.per_second if self.measured else None

    def count(self, evidence: Evidence) -> None:
        """Count what was found at one target."""
        self.measured += 1
        if evidence.dns is None or not evidence.dns.names:
            self.seen["no address"] += 1
            return
        has_aaaa = any(name.of_family(6) for name in evidence.dns.names)
        self.seen["AAAA" if has_aaaa else "no AAAA"] += 1
        hosts = evidence.reachability.hosts if evidence.reachability else ()
        if has_aaaa:
            is_open = any(port.is_open for host in hosts for port in host.of(6))
            self.seen["IPv6 answers" if is_open else "IPv6 silent"] += 1


NO_FAULT: Final = frozenset({"vantage", "run", "target", "legacy"})
"""Where a failed try is held against nobody: in looks at ourselves, and where old TLS versions are turned down."""


def has_failures(seen: object) -> bool:
    """Whether any try in what was seen failed: then a look at ourselves must vouch for it."""
    left: list[Any] = [seen]
    while left:
        part = left.pop()
        if isinstance(part, Attempt) and part.failure is not None:
            return True
        if isinstance(part, tuple):
            left.extend(part)
        else:
            kind: Any = type(part)
            left.extend(inner for name in _fields_with_tries(kind) if (inner := getattr(part, name)))
    return False


@cache
def _fields_with_tries(kind: Any) -> tuple[str, ...]:
    """The fields of a kind of facts in which tries may stand: those that hold facts or tuples of them."""
    if not is_dataclass(kind) or kind in (Answer, Certificate):
        return ()
    hints = get_type_hints(kind)
    return tuple(f.name for f in fields(kind) if "ipv6check.facts" in str(hints[f.name]) and f.name not in NO_FAULT)

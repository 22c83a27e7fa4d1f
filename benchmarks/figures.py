"""The arithmetic of the benchmark: ratios, what Little's law allows, comparisons, and the bars in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

QUESTION_MS: Final = 0.010
"""CPU that a question costs whoever asks with the barest means, about."""


@dataclass(frozen=True)
class Bar:
    """One bar: what is asked of a figure, and the figure."""

    number: int
    what: str
    relation: str
    asked: float
    measured: float

    @property
    def is_reached(self) -> bool:
        """Whether the figure is as good as asked."""
        match self.relation:
            case "=":
                return self.measured == self.asked
            case "<":
                return self.measured < self.asked
            case "<=":
                return self.measured <= self.asked
        return self.measured >= self.asked


def share_of_equal(wanted: Mapping[str, Mapping[str, str]], got: Mapping[str, Mapping[str, str]]) -> tuple[float, list[str]]:
    """The share of verdicts that came out as wanted, and those that did not; a domain that is missing is all wrong."""
    wrong = [
        f"{domain} {id_}: {outcome}, got {got.get(domain, {}).get(id_, 'nothing')}"
        for domain, verdicts in wanted.items()
        for id_, outcome in verdicts.items()
        if got.get(domain, {}).get(id_) != outcome
    ]
    total = sum(len(verdicts) for verdicts in wanted.values())
    return (1 - len(wrong) / total if total else 0.0), wrong


def most_per_second(places: int, share_silent: float, silent: float, answering: float) -> float:
    """Domains per second that so many places allow (Little's law): seconds in the system of a silent and an answering one."""
    return places / (share_silent * silent + (1 - share_silent) * answering)


def bare_cost(handshakes: float, handshake_ms: float, questions: float) -> float:
    """Milliseconds of CPU that the same handshakes and questions cost the barest tools."""
    return handshakes * handshake_ms + questions * QUESTION_MS


def median_ratio(upper: Iterable[float], lower: Iterable[float]) -> float:
    """The median of the ratios of values measured side by side."""
    return median(a / b for a, b in zip(upper, lower, strict=True))


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def table_of_bars(bars: Iterable[Bar]) -> str:
    """The bars as a Markdown table."""
    rows = [
        (bar.number, bar.what, f"{bar.relation} {bar.asked:g}", f"{bar.measured:.4g}", "yes" if bar.is_reached else "**no**")
        for bar in bars
    ]
    return table(("#", "bar", "asked", "measured", "reached"), rows)

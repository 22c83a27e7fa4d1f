"""What a rule is: a pure function from evidence to a finding, with an id, a weight and its sources."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import wraps
from typing import Final, TypeVar

from ipv6check.facts import Evidence
from ipv6check.model import Arguments, Outcome, Reason, Scalar, Severity, Verdict

S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says, before its id is put to it (see `Verdict`)."""

    outcome: Outcome
    reason: Reason | None = None
    case: str = ""
    args: Arguments = field(default_factory=dict)


Argument = Scalar | list[str]
Args = dict[str, Argument]
Judge = Callable[[Evidence], Finding]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One check of the catalogue. `question` is what it asks, `name` the sentence that is true when it passes.

    `version` 0 is a check that is declared and not built yet.
    """

    id: str
    severity: Severity
    name: str
    question: str
    refs: tuple[str, ...]
    version: int
    _judge: Judge

    @property
    def family(self) -> str:
        """The letters of the id: OPS, NAME, DNS, NS, SEC, ADDR, REACH, WEB, PAGE, MAIL."""
        return self.id.partition("-")[0]

    @property
    def is_built(self) -> bool:
        """Whether it judges already."""
        return self.version > 0

    def judge(self, evidence: Evidence) -> Verdict:
        """Judge one target's evidence."""
        found = self._judge(evidence)
        return Verdict(
            id=self.id, outcome=found.outcome, reason=found.reason, case=found.case or found.outcome.value, args=found.args
        )


def rule(
    id: str,
    *,
    severity: Severity = Severity.MANDATORY,
    refs: tuple[str, ...] = (),
    version: int = 1,
) -> Callable[[Judge], Rule]:
    """Make a function the judge of a rule; its docstring is the question it asks."""

    def make(judge: Judge) -> Rule:
        question = (judge.__doc__ or "").strip()
        return Rule(
            id=id,
            severity=severity,
            name=judge.__name__.replace("_", " "),
            question=question,
            refs=refs,
            version=version,
            _judge=judge,
        )

    return make


def not_built(id: str, question: str, severity: Severity, *refs: str) -> Rule:
    """Declare a check that is not built yet: it answers `nm: not-built`, so that an export's shape never changes."""
    return Rule(
        id=id,
        severity=severity,
        name="",
        question=question,
        refs=refs,
        version=0,
        _judge=lambda evidence: not_measured(Reason.NOT_BUILT),
    )


def passed(case: str = "", /, **args: Argument) -> Finding:
    """As it should be."""
    return Finding(Outcome.PASS, None, case, args)


def warned(case: str = "", /, **args: Argument) -> Finding:
    """Works, but not well, or not always."""
    return Finding(Outcome.WARN, None, case, args)


def failed(case: str = "", /, **args: Argument) -> Finding:
    """Does not work."""
    return Finding(Outcome.FAIL, None, case, args)


def informed(case: str = "", /, **args: Argument) -> Finding:
    """Neither good nor bad: a fact to know."""
    return Finding(Outcome.INFO, None, case, args)


def not_applicable(case: str = "", /, **args: Argument) -> Finding:
    """The question does not arise here."""
    return Finding(Outcome.NOT_APPLICABLE, None, case, args)


def not_measured(reason: Reason | None, /, **args: Argument) -> Finding:
    """We could not see it, and why."""
    return Finding(Outcome.NOT_MEASURED, reason or Reason.DEPENDENCY_FAILED, "", args)


def remembered(view: Callable[[S], T]) -> Callable[[S], T]:
    """Keep what was made of the last thing looked at: rules, one after another, look at the same evidence, and targets have the
    same looks at ourselves."""
    last: tuple[S, T] | None = None

    @wraps(view)
    def look(seen: S) -> T:
        nonlocal last
        known = last
        if known is None or known[0] is not seen:
            known = last = (seen, view(seen))
        return known[1]

    return look


WORST_FIRST: Final = (
    Outcome.FAIL,
    Outcome.NOT_MEASURED,
    Outcome.WARN,
    Outcome.INFO,
    Outcome.PASS,
    Outcome.NOT_APPLICABLE,
)
"""A known fault outranks what was not seen, which might be one; that outranks what merely could be better."""


Milder = Callable[[Finding], bool]
"""Whether a finding weighs less than others of its outcome."""


def no_milder(found: Finding) -> bool:
    """One weighs as much as another."""
    return False


def worst(findings: Iterable[Finding], milder: Milder = no_milder) -> Finding:
    """The worst of several, of equals the first that is not `milder`; `n/a` when there are none."""
    return min(findings, key=lambda found: (WORST_FIRST.index(found.outcome), milder(found)), default=not_applicable())

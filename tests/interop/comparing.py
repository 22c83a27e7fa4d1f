"""Verdicts beside the truth table, and runs beside each other: what differs, as lines of a table."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence

from tests.interop.rows import Expected, Row
from tests.interop.scans import Result


def allows(expected: str, got: str) -> bool:
    """Whether an outcome is one of those a row allows; `nm` alone allows every reason."""
    return any(one == "?" or got == one or (one == "nm" and got.startswith("nm:")) for one in expected.split("|"))


def differences(row: Row, result: Result | None) -> list[str]:
    """Where a domain's verdicts are not those of its row, as lines of a table."""
    if result is None:
        return [_line(row.domain, "all", "verdicts", "nothing", "")]
    expected: Expected = row.expected
    found = [
        _line(row.domain, id_, wanted, result.outcome(id_), json.dumps(result.checks[id_]["args"], ensure_ascii=False))
        for id_, wanted in expected.checks.items()
        if not allows(wanted, result.outcome(id_))
    ]
    if not allows(expected.level, result.level):
        found.append(_line(row.domain, "level", expected.level, result.level, ""))
    if expected.level != "?" and expected.flags != result.flags:
        found.append(_line(row.domain, "flags", str(expected.flags), str(result.flags), ""))
    return found


def changes(before: Mapping[str, Result], after: Mapping[str, Result]) -> list[str]:
    """Verdicts (outcome, reason, level, flags) that are not the same in two runs."""
    found = []
    for domain in sorted(set(before) | set(after)):
        one = before[domain].verdicts if domain in before else {}
        two = after[domain].verdicts if domain in after else {}
        found += [
            _line(domain, id_, one.get(id_, "nothing"), two.get(id_, "nothing"), "")
            for id_ in sorted(set(one) | set(two))
            if one.get(id_) != two.get(id_)
        ]
    return found


def false_failures(rows: Iterable[Row], results: Mapping[str, Result], families: tuple[str, ...] = ("",)) -> list[str]:
    """Checks, of some families or of all, that failed though their row does not allow it."""
    return [
        _line(row.domain, id_, row.expected.checks.get(id_, "no fail"), "fail", json.dumps(result.checks[id_]["args"]))
        for row in rows
        if (result := results.get(row.domain)) is not None
        for id_ in sorted(result.failed)
        if not id_.startswith("OPS") and id_.startswith(families) and not allows(row.expected.checks.get(id_, "-"), "fail")
    ]


def table(lines: Sequence[str]) -> str:
    """Lines under a head, for a failed assertion."""
    return "\n".join(["", _line("domain", "check", "expected", "got", "args"), *lines])


def _line(domain: str, check: str, expected: str, got: str, args: str) -> str:
    return re.sub(r" +$", "", f"{domain:34} {check:9} {expected:20} {got:24} {args}")

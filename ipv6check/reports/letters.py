"""Ready letters to whoever must act: one for each party and domain, in plain text, with evidence and how to verify it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from ipv6check.facts import Evidence
from ipv6check.model import Outcome, Run, Severity, Verdict
from ipv6check.reports.commands import Trace
from ipv6check.reports.findings import Finding
from ipv6check.reports.hostile import for_terminal
from ipv6check.reports.language import Speech
from ipv6check.reports.paths import is_linkable, letter_file
from ipv6check.reports.scorecard import agency_name
from ipv6check.reports.traces import traces
from ipv6check.rules import BY_ID, words
from ipv6check.score import Card

FAMILIES: Final = frozenset({"DNS", "NS", "SEC", "ADDR"})
"""The checks whose faults are mended by somebody who is mostly not the agency: names, name servers, signatures, routes."""

EVIDENCE_LINES: Final = 14
LINE: Final = 300
"""Lines of evidence for one finding, and characters of one: a letter is to be read; the rest is on the scorecard."""

SHORTEST_CLUE: Final = 4
"""Characters that an argument needs to tell which line of evidence it speaks of."""


Proofs = Mapping[str, Sequence[str]]
"""Lines of evidence by the id of a check."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter. `party` is a key of the terms; `file` its place below the language's folder; `text` ends its last line."""

    party: str
    to: str
    file: str
    count: int
    text: str


def letters(card: Card, found: Iterable[Finding], proofs: Proofs, run: Run, speech: Speech) -> tuple[Letter, ...]:
    """The letters about one domain: whoever has the gravest fault first. `found` are its findings in words."""
    parties: dict[str, list[Finding]] = {}
    by_id = {one.id: one for one in found}
    for verdict in to_mend(card):
        parties.setdefault(words.who(verdict), []).append(by_id[verdict.id])
    return tuple(_letter(party, own, card, proofs, run, speech) for party, own in parties.items())


def to_mend(card: Card) -> list[Verdict]:
    """What is written about: failures before warnings, what is scored before what is recommended; nothing that is accepted."""
    asked = (verdict for id_, verdict in card.verdicts.items() if id_ not in card.exemptions)
    faults = [v for v in asked if BY_ID[v.id].family in FAMILIES and words.who(v)]
    return sorted(faults, key=lambda v: (v.outcome is not Outcome.FAIL, BY_ID[v.id].severity is not Severity.MANDATORY))


def proofs_of(card: Card, evidence: Evidence) -> Proofs:
    """The lines of evidence for each fault, those that its sentence speaks of first; the same in every language."""
    return {verdict.id: tuple(_evidence(verdict, evidence)) for verdict in to_mend(card)}


def _letter(party: str, own: Sequence[Finding], card: Card, proofs: Proofs, run: Run, speech: Speech) -> Letter:
    to, domain = words.term("party", party, speech.code), for_terminal(card.target.domain)
    to = to[:1].upper() + to[1:]
    lines = [
        *_head(to, domain, card, run, speech),
        *(line for number, one in enumerate(own, 1) for line in _item(number, one, proofs.get(one.id, ()), speech)),
        *_foot(domain, run, speech),
    ]
    text = "\n".join(line.rstrip() for line in lines) + "\n"
    return Letter(party, to, letter_file(card.target.domain, party), len(own), text)


def _head(to: str, domain: str, card: Card, run: Run, speech: Speech) -> Iterable[str]:
    _ = speech.gettext
    yield _("To: %(party)s", party=to)
    yield _("Domain name: %(domain)s", domain=domain)
    yield _("Agency: %(agency)s", agency=agency_name(card.target.agency, speech))
    yield _("Subject: faults of the domain name %(domain)s that need to be mended", domain=domain)
    yield ""
    yield _("Dear Sir or Madam,")
    yield ""
    place = f"{run.vantage} ({run.country})" if run.country else run.vantage
    yield _(
        "On %(local)s Vietnam time (%(utc)s UTC) the domain name was measured from the measuring point %(place)s."
        " What follows was found, and seems to be yours to mend. We ask you to look at it and to put it right.",
        local=speech.moment(_moment(card, run)),
        utc=f"{_moment(card, run).astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        place=for_terminal(place),
    )


def _moment(card: Card, run: Run) -> datetime:
    return card.measured_at or run.finished_at or run.started_at


def _item(number: int, shown: Finding, proof: Sequence[str], speech: Speech) -> Iterable[str]:
    _, more = speech.gettext, len(proof) - EVIDENCE_LINES
    rest = [speech.ngettext("(and %(n)s more line)", "(and %(n)s more lines)", more)] if more > 0 else []
    yield ""
    yield f"{number}. [{shown.id}] {shown.title}: {shown.sign.word}"
    yield from _part(_("What was measured"), [shown.found])
    yield from _part(_("Evidence (times are UTC)"), [*proof[:EVIDENCE_LINES], *rest])
    yield from _part(_("Why it matters"), [shown.why])
    yield from _part(_("What to do"), shown.fix.splitlines())
    yield from _part(_("How to verify"), shown.verify.splitlines())


def _part(name: str, lines: Iterable[str]) -> Iterable[str]:
    said = [line for line in lines if line.strip()]
    if said:
        yield f"   {name}:"
        yield from (f"     {line}" for line in said)


def _evidence(verdict: Verdict, evidence: Evidence) -> Iterable[str]:
    zone = verdict.args.get("zone")
    clues = [v for v in verdict.args.values() if isinstance(v, str) and len(v) >= SHORTEST_CLUE and v != zone]
    for trace in sorted(traces(verdict.id, evidence), key=lambda trace: not _speaks_of(trace, clues)):
        if trace.command:
            yield for_terminal(f"$ {trace.command}", LINE)
        yield from (for_terminal(line, LINE) for line in trace.tries)


def _speaks_of(trace: Trace, clues: Iterable[str]) -> bool:
    text = " ".join((trace.command, *trace.tries))
    return any(clue in text for clue in clues)


def _foot(domain: str, run: Run, speech: Speech) -> Iterable[str]:
    _ = speech.gettext
    yield ""
    yield _("Please tell us when this is mended; the domain name will then be measured again.")
    if is_linkable(domain):
        yield f"{_('To measure it again:')} ipv6check look {domain}"
    yield ""
    yield _("Who asks: [name, position, unit]")
    yield _("Contact: [telephone, e-mail]")
    yield _("Run: %(run)s; ipv6check %(version)s, rules %(rules)s", run=run.id, version=run.version, rules=run.rules_version)

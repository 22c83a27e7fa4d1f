"""`explain`: the page of a check, and every verdict of a domain with what it rests on and the commands to see it oneself."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ipv6check.facts import Evidence
from ipv6check.model import Verdict
from ipv6check.reports.commands import Trace
from ipv6check.reports.drawing import say
from ipv6check.reports.findings import finding, is_built
from ipv6check.reports.health import health
from ipv6check.reports.hostile import for_terminal
from ipv6check.reports.language import Speech, speech
from ipv6check.reports.levels import SEVERITIES, badge, flags
from ipv6check.reports.traces import traces
from ipv6check.rules import BY_ID, words
from ipv6check.rules.words import Language
from ipv6check.score import Card

FIELDS: Final = (
    ("found", "Kết quả có thể có", "What may be found"),
    ("why", "Vì sao quan trọng", "Why it matters"),
    ("fix", "Cách sửa", "What to do"),
    ("verify", "Tự kiểm tra", "See it yourself"),
)


def explain_check(id_: str, language: Language) -> str:
    """A check's page as Markdown: what it asks, what it may say, why, what to do, how to verify. Values stand as {names}."""
    rule, entry, said = BY_ID[id_], words.entries()[id_], speech(language)
    built = (
        f"{say(said, 'phiên bản', 'version')} {rule.version}" if rule.is_built else say(said, "chưa xây dựng", "not built yet")
    )
    page = [f"# {id_}: {words.title(id_, language)}", "", rule.question, ""]
    page.append(f"- {say(said, 'Mức độ', 'Weight')}: {said.gettext(SEVERITIES[rule.severity.value])}")
    page.append(f"- {say(said, 'Tình trạng', 'State')}: {built}")
    if rule.refs:
        page.append(f"- {say(said, 'Nguồn', 'Sources')}: {', '.join(rule.refs)}")
    for field, vi, en in FIELDS:
        texts = list(_texts(entry.get(field, {}), language))
        if texts:
            page += ["", f"## {say(said, vi, en)}", *_as_markdown(texts, is_code=field == "verify")]
    page += _parties(entry.get("who", ""), said)
    return "\n".join(page) + "\n"


def _texts(field: Mapping[str, Any], language: Language) -> Iterable[tuple[str, str]]:
    """The texts of a field by case; "" where one serves for all."""
    if language in field:
        yield "", field[language].strip()
        return
    for case, text in field.items():
        yield case, text[language].strip()


def _as_markdown(texts: Iterable[tuple[str, str]], *, is_code: bool) -> Iterable[str]:
    for case, text in texts:
        yield ""
        if case:
            yield f"**{case}**"
            yield ""
        yield f"```sh\n{text}\n```" if is_code else text


def _parties(who: str | Mapping[str, str], said: Speech) -> list[str]:
    """Who must act, each once."""
    keys = [who] if isinstance(who, str) else list(dict.fromkeys(who.values()))
    names = [words.term("party", key, said.code) for key in keys if key]
    return ["", f"## {say(said, 'Ai làm', 'Who acts')}", "", ", ".join(names)] if names else []


def explain_domain(card: Card, evidence: Evidence, language: Language) -> str:
    """Every verdict of a domain with each try behind it and the command that repeats it. What stands above is referred to."""
    said = speech(language)
    page = list(_head(card, said))
    first_shown: dict[Trace, str] = {}
    ours_last = sorted(card.verdicts.items(), key=lambda item: item[0].startswith("OPS-"))
    for id_, verdict in ours_last:
        if is_built(verdict):
            page += ["", *_verdict(verdict, card, said), *_evidence(id_, evidence, first_shown, said)]
    unbuilt = [id_ for id_, verdict in card.verdicts.items() if not is_built(verdict)]
    if unbuilt:
        page += ["", f"{say(said, 'Chưa xây dựng', 'Not built yet')}: {', '.join(unbuilt)}"]
    return "\n".join(page) + "\n"


def _head(card: Card, said: Speech) -> Iterable[str]:
    """Trouble of our own first, then who, which level and when."""
    for trouble in health([card], said).troubles:
        yield f"! {trouble.id}  {trouble.said}"
    target, shown = card.target, badge(card.score, said)
    yield f"{for_terminal(target.domain)}  {for_terminal(target.agency)}".rstrip()
    yield f"{shown.text}  {shown.name}: {shown.meaning}"
    for flag in flags(card.score, said):
        yield f"! {flag.name}: {flag.meaning}"
    yield f"{say(said, 'Đo lúc', 'Measured')} {said.moment(card.measured_at)}"


def _verdict(verdict: Verdict, card: Card, said: Speech) -> Iterable[str]:
    shown = finding(verdict, said, card.target.domain)
    yield f"{shown.id}  {shown.sign.symbol} {shown.sign.word}  {shown.title}"
    yield f"  {shown.found}"
    if shown.fix:
        yield f"  {say(said, 'Cách sửa', 'Fix')} ({shown.party}):"
        yield from (f"    {line}" for line in shown.fix.strip().splitlines())


def _evidence(id_: str, evidence: Evidence, first_shown: dict[Trace, str], said: Speech) -> Iterable[str]:
    """The traces of a check; those shown before are named by the check they stand under."""
    found = traces(id_, evidence)
    above = dict.fromkeys(first_shown[trace] for trace in found if trace in first_shown)
    if above:
        yield f"  {say(said, 'Bằng chứng đã nêu ở', 'Evidence given above under')} {', '.join(above)}"
    for trace in found:
        if trace not in first_shown:
            first_shown[trace] = id_
            yield f"  $ {trace.command}" if trace.command else f"  {say(said, 'Ghi nhận', 'Noted')}"
            yield from (f"    {line}" for line in trace.tries)

"""Nothing that a server, a certificate or a list says comes alive in what we write."""

import csv
import json
import shlex
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from io import StringIO
from itertools import cycle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipv6check.facts import AddressWeb, Answer, Chain, Evidence, Hop, Lookup
from ipv6check.model import Failure, FailureKind, Run, Stage
from ipv6check.reports.commands import curl, dig, openssl
from ipv6check.reports.explanation import explain_domain
from ipv6check.reports.export import PROFILES, write_csv, write_json, write_jsonl
from ipv6check.reports.hostile import LONGEST, LONGEST_CELL, cleaned, for_command, for_csv, for_json, for_terminal
from ipv6check.reports.terminal import print_scorecard, print_summary
from ipv6check.score import Card
from tests.reports.samples import PAYLOADS, console, good, live_characters, verdict, with_verdicts

RUN, CARD, EVIDENCE = good()
TOGETHER = 10
TEXTS = st.text(st.characters(), max_size=60)


def named(payload: str) -> str:
    """A payload as the name of a test."""
    return ascii(payload[:40])


def is_live(cell: str) -> bool:
    """Whether a spreadsheet would take a cell, or what it finds behind another separator, for a formula."""
    pieces = [piece for comma in cell.split(",") for piece in comma.replace("\t", ";").replace("|", ";").split(";")]
    firsts = [unicodedata.normalize("NFKC", piece.strip(' "\u00a0'))[:1] for piece in pieces]
    return any(first in "=+-@\u2212" for first in firsts if first) or cell.startswith(("\t", "\r", "\n"))


def spoiled(payloads: Sequence[str]) -> tuple[Run, Card]:
    """A run and a card that hold payloads, in turn, wherever text from elsewhere may stand."""
    p = cycle(payloads).__next__
    target = replace(CARD.target, agency=payloads[0], agency_code=p(), kind=p(), note=p(), contact=p())
    card = with_verdicts(
        replace(CARD, target=target),
        verdict("NAME-01", "fail", name=p(), problem=p()),
        verdict("NAME-04", "warn", host=p(), required="hanoi.gov.vn"),
        verdict("DNS-05", "warn", name=p(), links=6, last=p()),
        verdict("NS-05", "fail", "lame", zone=p(), server=p(), address="::", problem=p(), bad=1, total=2),
        verdict("SEC-01", "warn", zone=p(), name=p()),
        verdict("WEB-02", "fail", "self-signed", name=p(), address="::", issuer=p(), problem=p()),
        verdict("WEB-03", "fail", name=p(), address="::", names=[p(), p()]),
        verdict("WEB-09", "warn", host=p(), name=p(), address="::", status=301),
        verdict("WEB-11", "fail", name=p(), url=p(), host=p()),
        verdict("WEB-13", "fail", name=p(), hop=p(), problem=p()),
    )
    return replace(RUN, vantage=p(), id=p()), card


def spoiled_evidence(payloads: Sequence[str]) -> Evidence:
    """What servers may say: rcode, records, aliases, status line, location, names and issuer of a certificate, details."""
    p = cycle(payloads).__next__
    dns, web = EVIDENCE.dns, EVIDENCE.web
    assert dns is not None
    assert web is not None
    answer = Answer(rcode=p(), records=(p(), p()), aliases=(p(),), extended_errors=(p(),))
    asked = replace(dns.listed.aaaa.tries[0], answer=answer)
    failure = Failure(kind=FailureKind.PROTOCOL, stage=Stage.DNS, detail=p())
    lookup = Lookup(name=p(), type="AAAA", tries=(asked, replace(asked, answer=None, failure=failure)))
    site = web.names[0]
    fetch = replace(site.addresses[0].https[0], headers=(("location", p()),), challenge=p())
    assert fetch.tls is not None
    fetch = replace(fetch, tls=replace(fetch.tls, server_name=p(), cipher=p(), path_error=p()))
    chain = Chain(
        family=6, scheme="https", start=fetch.address, hops=(Hop(url=p(), host=p(), tries=(fetch,)),), stopped=failure
    )
    at = AddressWeb(address=fetch.address, https=(fetch,))
    leaf = replace(web.certificates[0], names=(p(), p()), issuer=p())
    return replace(
        EVIDENCE,
        dns=replace(dns, listed=replace(dns.listed, name=p(), aaaa=lookup)),
        web=replace(web, names=(replace(site, name=p(), addresses=(at,), chains=(chain,)),), certificates=(leaf,)),
    )


def test_there_are_payloads_enough() -> None:
    assert len(PAYLOADS) >= 150


@pytest.mark.parametrize("number", range(0, len(PAYLOADS), TOGETHER))
def test_no_payload_is_live_in_the_terminal(number: int) -> None:
    payloads = PAYLOADS[number : number + TOGETHER]
    run, card = spoiled(payloads)
    for language in ("vi", "en"):
        screen, out = console()
        print_scorecard(card, run, screen, language, verbose=True)
        print_summary(run, [card], screen, language)
        assert live_characters(out.getvalue(), "\n") == []
    explained = explain_domain(card, spoiled_evidence(payloads), "vi")
    assert live_characters(explained, "\n") == []
    commands = [line.removeprefix("  $ ") for line in explained.splitlines() if line.startswith("  $ ")]
    assert {shlex.split(command)[0] for command in commands} == {"dig", "curl", "openssl"}


@pytest.mark.parametrize("payload", PAYLOADS, ids=named)
def test_no_payload_is_live_in_csv(payload: str) -> None:
    run, card = spoiled([payload])
    for profile, shape in PROFILES.items():
        out = StringIO()
        write_csv(run, [card], out, profile=profile, bom=False)
        assert live_characters(out.getvalue(), "\r\n") == []
        rows = list(csv.reader(StringIO(out.getvalue(), newline="")))
        assert [len(row) for row in rows] == [len(shape.columns)] * 2
        assert [cell for row in rows for cell in row if is_live(cell)] == []


@pytest.mark.parametrize("payload", PAYLOADS, ids=named)
def test_no_payload_is_live_in_json_and_none_is_lost(payload: str) -> None:
    run, card = spoiled([payload])
    lines, whole = StringIO(), StringIO()
    write_jsonl(run, [card], lines)
    write_json(run, [card], whole)
    for text in (lines.getvalue(), whole.getvalue()):
        assert live_characters(text, "\n") == []
        assert text.encode("utf-8")
    assert json.loads(lines.getvalue()) == json.loads(whole.getvalue())["domains"][0]
    assert json.loads(lines.getvalue())["agency"] == payload


@pytest.mark.parametrize("payload", PAYLOADS, ids=named)
def test_no_payload_is_live_in_a_command(payload: str) -> None:
    word = for_command(payload)
    assert shlex.split(word, comments=True) == ([word] if word else [])
    assert not set(word) & set("$`;&|<>()*?[]{}\"'\\ \n!#^")
    assert word[:1] not in {"-", "~", "=", "@", "+"}


@pytest.mark.parametrize("payload", PAYLOADS, ids=named)
def test_a_command_has_as_many_words_whatever_the_name(payload: str) -> None:
    tried = EVIDENCE.dns.listed.aaaa.tries[0]  # type: ignore[union-attr]
    fetch = EVIDENCE.web.names[0].addresses[0].https[0]  # type: ignore[union-attr]
    assert fetch.tls is not None
    words = shlex.split(dig(tried, payload, "AAAA", recursive=False))
    assert words[:2] == ["dig", f"@{tried.server}"]
    assert words[-1] == "+norecurse"
    assert len(words) in {5, 7}
    assert len(words) == 7 or words[2][0].isalnum() or words[2][0] in "_."
    url = f"https://{payload}/"
    assert shlex.split(curl(url, fetch.address, 443))[-1] == for_terminal(url, 2_000)
    shaken = shlex.split(openssl(replace(fetch.tls, server_name=payload)))
    assert len(shaken) == 8
    assert shaken[-1] == "</dev/null"


@given(TEXTS, st.integers(1, 40))
def test_terminal_text_is_one_short_visible_line(text: str, length: int) -> None:
    shown = for_terminal(text, length)
    assert len(shown) <= length
    assert live_characters(shown) == []
    assert for_terminal(shown, length) == shown


@given(TEXTS)
def test_csv_cells_are_never_formulas(text: str) -> None:
    cell = for_csv(text)
    assert not is_live(cell)
    assert live_characters(cell) == []


@given(TEXTS)
def test_json_loses_nothing(text: str) -> None:
    written = for_json(json.dumps(text, ensure_ascii=False))
    assert json.loads(written) == text
    assert live_characters(written) == []


@pytest.mark.parametrize(
    "text",
    ["Sở Tài chính", "hanoi.gov.vn", "2001:db8::1", "000.00.00.H26", "2026-11-21T18:30:05+07:00", "71.4", "a - b", "7+5"],
)
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert for_terminal(text) == text
    assert for_csv(text) == text
    assert for_json(text) == text


def test_text_is_composed() -> None:
    apart = unicodedata.normalize("NFD", "Sở Tài chính")
    assert for_terminal(apart) == for_csv(apart) == "Sở Tài chính"


def test_a_long_text_is_cut_and_says_so() -> None:
    assert for_terminal("x" * 1_000) == "x" * (LONGEST - 1) + "…"
    assert len(for_csv("x" * 100_000)) == LONGEST_CELL


def test_a_url_can_be_pasted_and_still_says_the_same() -> None:
    assert for_command("https://x.vn/a?b=1&c=$(x)") == "https://x.vn/a%3Fb=1%26c=%24%28x%29"


def test_arguments_keep_their_kind() -> None:
    dirty = verdict("WEB-04", "warn", days=3, share=0.5, name="a\x1bb", names=["c\x07", "d"], none=None, ok=True)
    args = cleaned(dirty).args
    assert dict(args) == {"days": 3, "share": 0.5, "name": "a�b", "names": ["c�", "d"], "none": None, "ok": True}

"""What makes text from elsewhere harmless, one function at a time; `test_hostile_table` holds whole outputs."""

import csv
import json
import shlex
import unicodedata
from dataclasses import replace
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipv6check.reports.commands import curl, dig, openssl
from ipv6check.reports.hostile import (
    LONGEST,
    LONGEST_CELL,
    cleaned,
    for_command,
    for_csv,
    for_json,
    for_terminal,
    number_for_csv,
    write_rows,
)
from tests.reports.hostile_payloads import PAYLOADS
from tests.reports.samples import good, is_formula, live_characters, verdict

EVIDENCE = good()[2]
TEXTS = st.text(st.characters(), max_size=60)


def test_no_payload_is_live_in_a_command() -> None:
    for payload in PAYLOADS:
        word = for_command(payload)
        assert shlex.split(word, comments=True) == ([word] if word else []), payload
        assert not set(word) & set("$`;&|<>()*?[]{}\"'\\ \n!#^"), payload
        assert word[:1] not in {"-", "~", "=", "@", "+"}, payload


def test_a_command_has_as_many_words_whatever_the_name() -> None:
    tried = EVIDENCE.dns.listed.aaaa.tries[0]  # type: ignore[union-attr]
    fetch = EVIDENCE.web.names[0].addresses[0].https[0]  # type: ignore[union-attr]
    assert fetch.tls is not None
    for payload in PAYLOADS:
        words = shlex.split(dig(tried, payload, "AAAA", recursive=False))
        assert (words[:2], words[-1]) == (["dig", f"@{tried.server}"], "+norecurse"), payload
        assert len(words) in {5, 7}, payload
        assert len(words) == 7 or words[2][0].isalnum() or words[2][0] in "_.", payload
        url = f"https://{payload}/"
        assert shlex.split(curl(url, fetch.address, 443))[-1] == for_terminal(url, 2_000), payload
        shaken = shlex.split(openssl(replace(fetch.tls, server_name=payload)))
        assert (len(shaken), shaken[-1]) == (8, "</dev/null"), payload


@given(TEXTS, st.integers(1, 40))
def test_terminal_text_is_one_short_visible_line(text: str, length: int) -> None:
    shown = for_terminal(text, length)
    assert len(shown) <= length
    assert live_characters(shown) == []
    assert for_terminal(shown, length) == shown


@given(TEXTS)
def test_csv_cells_are_never_formulas(text: str) -> None:
    cell = for_csv(text)
    assert not is_formula(cell)
    assert live_characters(cell) == []


@given(st.lists(st.lists(TEXTS, min_size=2, max_size=4), max_size=4), st.sampled_from([",", ";"]), st.booleans())
def test_rows_come_back_as_harmless_cells(rows: list[list[str]], delimiter: str, bom: bool) -> None:
    """Whatever separates them; lines end as in RFC 4180, and the mark stands before all when it is asked for."""
    out = StringIO(newline="")
    write_rows(rows, out, delimiter=delimiter, bom=bom)
    text = out.getvalue()
    assert text.startswith("\ufeff") == bom
    assert text.count("\n") == text.count("\r\n") == len(rows)
    read = csv.reader(StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter)
    assert list(read) == [[for_csv(cell) for cell in row] for row in rows]


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


@pytest.mark.parametrize(
    ("number", "cell"),
    [
        (0.952, "0.95"),
        (0.997, "0.99"),
        (0.9999, "0.99"),
        (1.0, "1.0"),
        (0.0, "0.0"),
        (0.047, "0.04"),
        (0.29, "0.29"),
        (98.6, "98.6"),
    ],
)
def test_a_number_in_a_cell_never_looks_like_thousands(number: float, cell: str) -> None:
    """`0.952` is 952 to a spreadsheet that groups by full stops; and what was not all measured is never rounded up to all."""
    assert number_for_csv(number) == cell

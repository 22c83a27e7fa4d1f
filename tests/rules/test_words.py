"""The words of every check: complete, true to the arguments that the rules give, and alike in both languages.

Which findings a rule can give, and with which arguments, is read from the rules' own code (`Said`), so that a new case
without a sentence, or a sentence about a case that no longer exists, fails here.
"""

import ast
import importlib
import re
import shlex
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import ipv6check.rules
from ipv6check.addressing import SPECIAL_V4, SPECIAL_V6, TRANSITION
from ipv6check.changes import Kind
from ipv6check.facts import Evidence
from ipv6check.judge import judge
from ipv6check.model import KINDS, SERVICES, FailureKind, Outcome, Reason, Severity, Stage, Target, Verdict
from ipv6check.rules import BY_ID, FAMILIES, RULES, words
from ipv6check.rules.words import LANGUAGES, MODULES, Language
from ipv6check.score import BOGUS, BROKEN_V6, HIGHEST_LEVEL, PARTIAL

FOLDER = Path(ipv6check.rules.__file__).parent
DOMAIN = "sotaichinh.hanoi.gov.vn"
FIELDS = {"title", "why", "who", "found", "fix", "verify"}
BUILT = [rule.id for rule in RULES if rule.is_built]
NOT_BUILT = [rule.id for rule in RULES if not rule.is_built]

OUTCOME_OF = {
    "passed": Outcome.PASS,
    "warned": Outcome.WARN,
    "failed": Outcome.FAIL,
    "informed": Outcome.INFO,
    "not_applicable": Outcome.NOT_APPLICABLE,
}


# What the rules can say, read from their code


@dataclass(frozen=True, slots=True)
class Said:
    """One finding that a rule can give: outcome, case, and the names of the arguments that it always has."""

    id: str
    outcome: Outcome
    case: str
    arguments: frozenset[str]

    def __str__(self) -> str:
        return f"{self.id} {self.outcome} {self.case}"


@dataclass(frozen=True, slots=True)
class Call:
    """One place in the code that makes a finding. `arguments` is None where they are those of another finding."""

    outcome: Outcome
    case: str
    arguments: frozenset[str] | None


@cache
def functions() -> Mapping[str, ast.FunctionDef]:
    """Every function of the rules' modules, by name."""
    found: dict[str, ast.FunctionDef] = {}
    for path in sorted(FOLDER.glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and path.name != "words.py":
                assert node.name not in found, f"two functions are called {node.name}: the walk cannot tell them apart"
                found[node.name] = node
    return found


def rule_id(function: ast.FunctionDef) -> str | None:
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name) and decorator.func.id == "rule":
            (name,) = decorator.args
            assert isinstance(name, ast.Constant)
            return str(name.value)
    return None


def reached_from(function: ast.FunctionDef) -> list[ast.FunctionDef]:
    """The function and all that it calls or hands on, but for other rules and the makers of findings."""
    reached, waiting = {}, [function]
    while waiting:
        at = waiting.pop()
        if at.name in reached:
            continue
        reached[at.name] = at
        names = {node.id for node in ast.walk(at) if isinstance(node, ast.Name)}
        for name in names & functions().keys() - OUTCOME_OF.keys():
            if rule_id(functions()[name]) is None:
                waiting.append(functions()[name])
    return list(reached.values())


def alternatives(node: ast.expr) -> list[ast.expr]:
    """The branches of `a if condition else b`."""
    return [*alternatives(node.body), *alternatives(node.orelse)] if isinstance(node, ast.IfExp) else [node]


def calls_in(function: ast.FunctionDef) -> Iterator[Call]:
    for node in ast.walk(function):
        if not isinstance(node, ast.Call):
            continue
        makers = [maker.id for maker in alternatives(node.func) if isinstance(maker, ast.Name) and maker.id in OUTCOME_OF]
        for maker in makers:
            for case in cases_of(node):
                yield Call(OUTCOME_OF[maker], case or OUTCOME_OF[maker].value, arguments_of(node, function))


def cases_of(call: ast.Call) -> list[str]:
    if not call.args:
        return [""]
    branches = alternatives(call.args[0])
    assert all(isinstance(branch, ast.Constant) for branch in branches), f"line {call.lineno}: a case must stand in the code"
    return [str(branch.value) for branch in branches if isinstance(branch, ast.Constant)]


def arguments_of(call: ast.Call, function: ast.FunctionDef) -> frozenset[str] | None:
    names: set[str] = set()
    for keyword in call.keywords:
        if keyword.arg is not None:
            names.add(keyword.arg)
        elif isinstance(keyword.value, ast.Name):
            names |= keys_of(keyword.value.id, function, before=call.lineno)
        else:
            return None
    return frozenset(names)


def keys_of(variable: str, function: ast.FunctionDef, before: int) -> set[str]:
    """The keys that a dictionary has got by that line."""
    keys: set[str] = set()
    for node in ast.walk(function):
        if not isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)) or node.lineno >= before:
            continue
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            if isinstance(target, ast.Name) and target.id == variable and isinstance(node.value, ast.Dict):
                keys |= {str(key.value) for key in node.value.keys if isinstance(key, ast.Constant)}
            if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) and target.value.id == variable:
                assert isinstance(target.slice, ast.Constant)
                keys.add(str(target.slice.value))
    assert keys, f"line {before}: it is not seen what {variable} holds"
    return keys


def said_by(id_: str, function: ast.FunctionDef) -> Iterator[Said]:
    calls = [call for reached in reached_from(function) for call in calls_in(reached)]
    own = [call.arguments for call in calls if call.outcome is Outcome.FAIL and call.arguments is not None]
    of_any_failure = frozenset.intersection(*own) if own else frozenset()
    for outcome, case in dict.fromkeys((call.outcome, call.case) for call in calls):
        alike = [call.arguments for call in calls if (call.outcome, call.case) == (outcome, case)]
        yield Said(id_, outcome, case, frozenset.intersection(*(of_any_failure if a is None else a for a in alike)))


@cache
def everything_said() -> tuple[Said, ...]:
    return tuple(
        said for function in functions().values() if (id_ := rule_id(function)) is not None for said in said_by(id_, function)
    )


SAID = sorted(everything_said(), key=lambda said: (str(said), sorted(said.arguments)))

VALUES: Mapping[str, object] = {
    "stuck": "hanoi.gov.vn",
    "address": "2001:db8:1::80",
    "looked": 8,
    "addresses": ["2001:db8:1::80", "2001:db8:1::81"],
    "algorithm": "7 (RSASHA1-NSEC3-SHA1)",
    "allowed": ["letsencrypt.org"],
    "at_parent": ["ns9.hanoi.gov.vn"],
    "bad": "2001:db8:1::81",
    "bits": 1024,
    "broken": "hanoi.gov.vn",
    "canaries": 6,
    "date": "2026-11-20",
    "days": 12,
    "errors": ["EDE 7 (Signature Expired)"],
    "failed": ["2001:db8:1::80 443: timeout"],
    "failures": ["2001:db8:1::80 443: refused", "192.0.2.80 80: timeout"],
    "finished": 118,
    "glue": ["2001:db8:1::53"],
    "good": "192.0.2.80",
    "hop": "dangnhap.example.vn",
    "hops": ["www.sotaichinh.hanoi.gov.vn"],
    "host": "portal.example.vn",
    "in_zone": ["ns2.hanoi.gov.vn"],
    "issuer": "CN=R11,O=Let's Encrypt,C=US",
    "iterations": 10,
    "kind": "unique-local",
    "label": "hànội",
    "lacking": ["ns1.hanoi.gov.vn"],
    "last": "edge.example.net",
    "links": 3,
    "name": f"www.{DOMAIN}",
    "names": ["*.example.vn", "example.vn"],
    "networks": ["2001:db8:1::80 (2001:db8:1::/48; AS64500 EXAMPLE-NET; VN)"],
    "origin": "AS64500",
    "origins": ["AS64500", "AS64501"],
    "other": "192.0.2.53",
    "owner": "hanoi.gov.vn",
    "parent": "gov.vn",
    "percent": 83,
    "planned": 120,
    "prefix": "2001:db8:1::/48",
    "problem": "no reply",
    "ready": 1,
    "required": "hanoi.gov.vn",
    "salt": "AABBCCDD",
    "samples": 7,
    "seconds": 1.4,
    "server": "ns1.hanoi.gov.vn",
    "servers": 3,
    "serving": 1,
    "since": "2026-12-01",
    "size": 1700,
    "status": 200,
    "tag": 20326,
    "tags": ["20326"],
    "total": 3,
    "transport": "udp",
    "type": "AAAA",
    "until": "2027-01-31",
    "up": 1,
    "url": f"https://{DOMAIN}/",
    "usable": 2,
    "v4": "yes",
    "v6": "no",
    "version": "TLSv1.1",
    "vrps": ["2001:db8::/32-32 AS64501"],
    "zone": "hanoi.gov.vn",
}
"""What an argument may look like; addresses and names are those of documentation or of the list."""

OTHER_VALUES: Mapping[tuple[str, str], object] = {
    ("DNS-04", "lacking"): f"www.{DOMAIN}",
    ("DNS-04", "ready"): DOMAIN,
    ("NS-05", "bad"): 1,
    ("ADDR-01", "bad"): 1,
    ("ADDR-02", "bad"): 1,
    ("ADDR-03", "bad"): 1,
    ("NAME-07", "bad"): 1,
    ("ADDR-06", "v6"): "AS64500",
    ("ADDR-06", "v4"): "AS64501",
    ("REACH-04", "v6"): "443",
    ("REACH-04", "v4"): "80, 443",
    ("WEB-05", "addresses"): 2,
    ("WEB-10", "seconds"): 15_768_000,
    ("WEB-12", "v6"): 404,
    ("WEB-12", "v4"): 200,
}


def verdict_of(said: Said) -> Verdict:
    """A verdict as the rule would give it, with likely arguments."""
    args = {key: OTHER_VALUES.get((said.id, key), VALUES[key]) for key in said.arguments}
    return Verdict(id=said.id, outcome=said.outcome, case=said.case, args=args)  # type: ignore[arg-type]


def emptied(said: Said) -> Verdict:
    """The same verdict with all arguments empty, as a certificate without names or a timeout without detail leaves them."""
    return Verdict(id=said.id, outcome=said.outcome, case=said.case, args=dict.fromkeys(said.arguments))


def not_measured(id_: str) -> Verdict:
    return Verdict(id=id_, outcome=Outcome.NOT_MEASURED, reason=Reason.BLOCKED, case="nm")


def texts(id_: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Every text of a check with the name of its place: `found.pass`."""
    for field, value in words.entries()[id_].items():
        if field == "who":
            continue
        if "vi" in value:
            yield field, value
        else:
            yield from ((f"{field}.{case}", text) for case, text in value.items())


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"(?<![{%])\{(\w+)\}(?!\})", text))


ALL_TEXTS = [(id_, place, text) for id_ in BY_ID for place, text in texts(id_)]


# The walk itself


def test_the_walk_sees_what_the_rules_say() -> None:
    by_case = {(said.id, said.outcome.value, said.case): said.arguments for said in SAID}
    assert {said.id for said in SAID} == set(BUILT)
    assert by_case["WEB-02", "fail", "self-signed"] == {"name", "address", "issuer", "problem"}
    assert by_case["WEB-02", "warn", "unstable"] == {"name", "address", "issuer", "problem"}
    assert by_case["WEB-02", "pass", "pass"] == {"name", "address", "issuer"}
    assert by_case["WEB-04", "fail", "unreadable"] == {"name", "address"}
    assert by_case["WEB-04", "fail", "expired"] == {"name", "address", "days", "until", "since"}
    assert by_case["WEB-04", "warn", "unstable"] == {"name", "address"}
    assert ("WEB-12", "warn", "loop") in by_case
    assert ("WEB-12", "fail", "loop") in by_case
    assert by_case["NS-05", "fail", "lame"] == by_case["NS-05", "fail", "silent"] >= {"zone", "server", "address", "problem"}
    assert by_case["DNS-03", "fail", "unusable"] == {"name", "addresses"}
    assert by_case["REACH-01", "n/a", "n/a"] == frozenset()
    assert by_case["SEC-01", "warn", "alias"] == {"zone", "name"}
    assert all(said.outcome is not Outcome.NOT_MEASURED for said in SAID)


# Completeness


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("id_", BY_ID)
def test_every_check_has_title_and_why(id_: str, language: Language) -> None:
    assert words.title(id_, language).strip()
    assert words.why(not_measured(id_), language, domain=DOMAIN).strip()


@pytest.mark.parametrize("module", MODULES)
def test_words_stand_beside_their_rules(module: str) -> None:
    table = tomllib.loads((FOLDER / f"{module}.toml").read_text(encoding="utf-8"))
    rules = importlib.import_module(f"ipv6check.rules.{module}").RULES
    assert list(table) == [rule.id for rule in rules]


def test_every_module_of_rules_has_words() -> None:
    with_rules = {path.stem for path in FOLDER.glob("*.py") if "\nRULES" in path.read_text(encoding="utf-8")} - {"__init__"}
    assert with_rules == set(MODULES)


@pytest.mark.parametrize("id_", NOT_BUILT)
def test_a_check_not_built_says_what_it_will_ask_and_no_more(id_: str) -> None:
    assert set(words.entries()[id_]) == {"title", "why"}


@pytest.mark.parametrize("id_", BUILT)
def test_every_case_has_its_own_sentence_and_no_other_has(id_: str) -> None:
    assert set(words.entries()[id_]["found"]) == {said.case for said in SAID if said.id == id_}


@pytest.mark.parametrize("id_", BUILT)
def test_tables_name_only_what_can_happen(id_: str) -> None:
    entry = words.entries()[id_]
    assert set(entry) <= FIELDS
    known = {said.case for said in SAID if said.id == id_} | {said.outcome.value for said in SAID if said.id == id_}
    for field in ("fix", "verify", "who"):
        table = entry.get(field, "")
        cases = set() if isinstance(table, str) or "vi" in table else set(table)
        assert cases <= known | {words.DEFAULT}, field


@pytest.mark.parametrize("said", SAID, ids=str)
def test_what_needs_action_says_who_and_how(said: Said) -> None:
    verdict = verdict_of(said)
    needs = said.outcome in {Outcome.WARN, Outcome.FAIL}
    assert bool(words.who(verdict)) == needs
    assert words.who(verdict) in {"", *words.terms()["party"]}
    for language in LANGUAGES:
        assert bool(words.fix(verdict, language, domain=DOMAIN)) == needs


@pytest.mark.parametrize("id_", BUILT)
def test_every_built_check_tells_how_to_see_it_oneself_also_when_it_was_not_measured(id_: str) -> None:
    verdicts = [verdict_of(said) for said in SAID if said.id == id_]
    for verdict in [*verdicts, not_measured(id_)]:
        for language in LANGUAGES:
            assert words.verify(verdict, language, domain=DOMAIN).strip()


# Sentences and their arguments


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("said", SAID, ids=str)
def test_sentences_use_only_what_the_rule_gives(said: Said, language: Language) -> None:
    for verdict in (verdict_of(said), emptied(said)):
        for say in (words.found, words.why, words.fix, words.verify):
            text = say(verdict, language, domain=DOMAIN)
            assert not placeholders(text), text
            assert "None" not in text
            assert "[]" not in text


@pytest.mark.parametrize("said", [s for s in SAID if s.arguments], ids=str)
def test_what_was_found_is_told_with_its_numbers_and_names(said: Said) -> None:
    text = words.entries()[said.id]["found"][said.case]["vi"]
    assert placeholders(text) & (said.arguments | {"domain"}), "a sentence that shows none of its arguments"


@pytest.mark.parametrize(("id_", "place", "text"), ALL_TEXTS, ids=lambda value: value if isinstance(value, str) else "")
def test_both_languages_say_it_with_the_same_arguments(id_: str, place: str, text: Mapping[str, str]) -> None:
    assert set(text) == set(LANGUAGES)
    assert placeholders(text["vi"]) == placeholders(text["en"])
    assert text["vi"].count("\n") == text["en"].count("\n"), "as many lines in both languages"


def test_a_fault_of_ours_is_told_by_its_reason_alone() -> None:
    for id_, verdict in judge(Evidence()).items():
        for language in LANGUAGES:
            assert verdict.reason is not None
            assert words.found(verdict, language) == words.term("reason", verdict.reason.value, language)
            assert words.fix(verdict, language) == words.who(verdict) == ""
            assert id_ in words.entries()


@pytest.mark.parametrize("domain", ["sotaichinh.hanoi.gov.vn", "longbien.gov.vn", "cong-ty.com.vn", "example.com"])
def test_real_verdicts_of_a_name_can_be_told(domain: str) -> None:
    verdicts = judge(Evidence(target=Target(domain=domain, agency="Sở Tài chính", kind="so")))
    for id_ in ("NAME-01", "NAME-02", "NAME-03"):
        assert domain in words.found(verdicts[id_], "vi", domain=domain)
        assert domain in words.found(verdicts[id_], "en", domain=domain)


# What an argument looks like in a sentence


def found(id_: str, outcome: Outcome, language: Language, args: Mapping[str, Any]) -> str:
    return words.found(Verdict(id=id_, outcome=outcome, case=outcome.value, args=args), language, domain=DOMAIN)


def test_our_own_words_are_translated() -> None:
    served = {"name": DOMAIN, "v6": "no", "v4": "yes"}
    assert "IPv6: không; IPv4: có" in found("WEB-01", Outcome.FAIL, "vi", served)
    assert "IPv6: no; IPv4: yes" in found("WEB-01", Outcome.FAIL, "en", served)
    ports = {"name": DOMAIN, "up": 0, "total": 1, "failed": ["2001:db8::1 443: timeout"]}
    assert "2001:db8::1 443: hết thời gian chờ" in found("REACH-01", Outcome.FAIL, "vi", ports)
    assert "2001:db8::1 443: timeout" in found("REACH-01", Outcome.FAIL, "en", ports)


def test_numbers_and_days_are_written_as_each_language_has_them() -> None:
    assert "1,4 giây" in found("OPS-06", Outcome.PASS, "vi", {"seconds": 1.4})
    assert "1.4 s" in found("OPS-06", Outcome.PASS, "en", {"seconds": 1.4})
    dates = {"name": DOMAIN, "address": "::1", "until": "2027-01-31", "since": "2026-11-02", "days": 12}
    assert "31/01/2027" in found("WEB-04", Outcome.PASS, "vi", dates)
    assert "2027-01-31" in found("WEB-04", Outcome.PASS, "en", dates)


def test_what_is_empty_is_a_dash_and_zero_is_zero() -> None:
    text = found("NS-03", Outcome.FAIL, "vi", {"zone": "hanoi.gov.vn", "ready": 0, "total": 2, "lacking": []})
    assert "Mới có 0 trong 2" in text
    assert text.endswith("chưa thấy có IPv6: -.")
    assert "(status -)" in found("WEB-09", Outcome.FAIL, "en", {"name": DOMAIN, "address": "::1", "status": None})


# Commands


SAFE = {"domain", "name", "zone", "address", "other", "good", "bad", "type"}
"""What comes from the list, from the name's own labels, or is an address: nothing that a remote server chose is to be pasted."""


COMMANDS = [entry for entry in ALL_TEXTS if entry[1].partition(".")[0] == "verify"]


@pytest.mark.parametrize(("id_", "place", "text"), COMMANDS, ids=lambda value: value if isinstance(value, str) else "")
def test_commands_are_the_same_in_both_languages_and_safe_to_paste(id_: str, place: str, text: Mapping[str, str]) -> None:
    assert placeholders(text["vi"]) <= SAFE
    words_of = {}
    for language in LANGUAGES:
        lines = text[language].replace("$(", "( ").splitlines()
        words_of[language] = [parts for line in lines if (parts := shlex.split(line, comments=True))]
        assert words_of[language], "comments only"
    vi, en = (
        [
            [part for part in line if not part.startswith("không thuộc") and part != "not under .vn"]
            for line in words_of[language]
        ]
        for language in LANGUAGES
    )
    assert vi == en


# Style


@pytest.mark.parametrize(("id_", "place", "text"), ALL_TEXTS, ids=lambda value: value if isinstance(value, str) else "")
def test_texts_are_clean(id_: str, place: str, text: Mapping[str, str]) -> None:
    for language in LANGUAGES:
        line = text[language]
        assert line == line.strip()
        assert line
        assert unicodedata.is_normalized("NFC", line)
        assert not re.search(r"TODO|FIXME|XXX|\?\?", line)
        field = place.partition(".")[0]
        if field != "verify":
            assert "  " not in line
        if field == "title":
            assert not line.endswith(".")
            assert not placeholders(line)
        if field == "why":
            assert not placeholders(line), "why is told of every outcome, so it has no arguments"
        if field in {"why", "found"}:
            assert line.endswith(".")


VIETNAMESE = re.compile(r"[ăâđêôơưáàảãạấầẩẫậắằẳẵặéèẻẽẹếềểễệíìỉĩịóòỏõọốồổỗộớờởỡợúùủũụứừửữựýỳỷỹỵ]", re.IGNORECASE)


@pytest.mark.parametrize(("id_", "place", "text"), ALL_TEXTS, ids=lambda value: value if isinstance(value, str) else "")
def test_each_text_is_in_its_own_language(id_: str, place: str, text: Mapping[str, str]) -> None:
    if not place.startswith("verify"):
        assert VIETNAMESE.search(text["vi"]), "no Vietnamese letter in the Vietnamese text"
    assert not VIETNAMESE.search(text["en"])


@pytest.mark.parametrize("id_", [id_ for id_ in BY_ID if id_.startswith("NAME-")])
def test_goals_of_the_programme_are_never_called_duties(id_: str) -> None:
    weight = words.terms()["severity"][BY_ID[id_].severity]
    for text in [weight, *(text for _, text in texts(id_))]:
        assert not re.search(r"bắt buộc|nghĩa vụ|vi phạm|quy định của pháp luật|theo luật", text["vi"], re.IGNORECASE)
        assert not re.search(r"\b(duty|obliged|obligation|legal|law|violat\w+|mandatory)\b", text["en"], re.IGNORECASE)


# Terms


LEVELS = [str(number) for number in range(HIGHEST_LEVEL + 1)]

EXPECTED_TERMS: Mapping[str, Iterable[str]] = {
    "outcome": list(Outcome),
    "reason": list(Reason),
    "failure": list(FailureKind),
    "stage": list(Stage),
    "severity": list(Severity),
    "party": [
        "agency-web",
        "dns-operator",
        "hosting",
        "mail-provider",
        "third-party",
        "prefix-holder",
        "parent-zone",
        "registry",
        "scanner-team",
    ],
    "change": list(Kind),
    "level": LEVELS,
    "level_meaning": LEVELS,
    "flag": [BROKEN_V6, PARTIAL, BOGUS],
    "flag_in_full": [BROKEN_V6, PARTIAL, BOGUS],
    "flag_meaning": [BROKEN_V6, PARTIAL, BOGUS],
    "family": FAMILIES,
    "kind": KINDS,
    "service": SERVICES,
}


@pytest.mark.parametrize("kind", EXPECTED_TERMS)
def test_terms_are_all_there_and_no_others(kind: str) -> None:
    assert set(words.terms()[kind]) == {str(key) for key in EXPECTED_TERMS[kind]}


def test_terms_are_in_both_languages() -> None:
    assert set(words.terms()) == {*EXPECTED_TERMS, "value"}
    for kind, table in words.terms().items():
        for key, term in table.items():
            assert set(term) == set(LANGUAGES), (kind, key)
            assert all(text and text == text.strip() and unicodedata.is_normalized("NFC", text) for text in term.values())


def test_values_are_named_that_the_rules_put_into_sentences() -> None:
    kinds = {*SPECIAL_V6, *SPECIAL_V4, *TRANSITION, "not-global"}
    states = {"yes", "no", "unstable", "unseen", "none", "loop", "elsewhere", "udp", "tcp"}
    scales = ast.parse((FOLDER.parent / "scales.py").read_text(encoding="utf-8"))
    faults = {
        str(argument.value)
        for node in ast.walk(scales)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_wrong"
        for argument in alternatives(node.args[0])
        if isinstance(argument, ast.Constant)
    }
    assert len(faults) > 2
    assert kinds | states | faults <= set(words.terms()["value"])
    assert not set(words.terms()["value"]) & set(words.terms()["failure"]), "a word with two translations"


@pytest.mark.parametrize("reason", Reason)
def test_what_was_not_measured_is_never_blamed_on_the_agency(reason: Reason) -> None:
    said_vi, said_en = (words.term("reason", reason.value, language) for language in LANGUAGES)
    assert re.search(r"không phải lỗi của cơ quan|không được tính là lỗi của cơ quan|không tính là lỗi của cơ quan", said_vi)
    assert re.search(r"no fault of the agency|not counted against the agency", said_en)


def test_each_verdict_can_be_headed() -> None:
    for rule in RULES:
        for language in LANGUAGES:
            assert words.term("family", rule.family, language)
            assert words.term("severity", rule.severity.value, language)

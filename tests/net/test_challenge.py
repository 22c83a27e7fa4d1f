"""Pages that are a bot challenge, and pages that are not."""

import pytest

from ipv6check.net.challenge import MARKS, SHORT_PAGE, challenge_in


@pytest.mark.parametrize(("mark", "what"), MARKS)
def test_signs_in_a_short_page(mark: bytes, what: str) -> None:
    assert challenge_in([], b"<html>" + mark + b"</html>") == what


@pytest.mark.parametrize("name", ["cf-mitigated", "x-sucuri-block", "x-amzn-waf-action"])
def test_signs_in_the_head(name: str) -> None:
    assert challenge_in([("server", "x"), (name, "challenge")], b"") == name


def test_an_ordinary_page_may_speak_of_one() -> None:
    mark = MARKS[0][0]
    assert challenge_in([], mark + b" " * (SHORT_PAGE - len(mark))) != ""
    assert challenge_in([], mark + b" " * SHORT_PAGE) == ""
    assert challenge_in([("server", "cloudflare")], b"<html>Cloudflare</html>") == ""
    assert challenge_in([], b"") == ""

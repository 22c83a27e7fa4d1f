"""How a world file describes name servers."""

import pytest

from ipv6check.lab.serverwords import described


def test_a_word_is_true_of_both_families() -> None:
    server = described("good")
    assert server.under == ""
    assert server.words == {6: {"good"}, 4: {"good"}}
    assert (server.door(6), server.door(4)) == ("open", "open")


def test_a_word_may_be_true_of_one_family() -> None:
    server = described("no-edns v6-stale v4-tcp-refused @may-chu.example")
    assert server.under == "may-chu.example"
    assert server.words == {6: {"no-edns", "stale"}, 4: {"no-edns", "tcp-refused"}}
    assert (server.door(6), server.door(4)) == ("open", "refused")


@pytest.mark.parametrize(
    ("text", "door"),
    [("silent", "silent"), ("tcp-silent", "silent"), ("tcp-refused", "refused"), ("silent tcp-refused", "refused")],
)
def test_who_is_silent_is_so_over_tcp_unless_it_says_otherwise(text: str, door: str) -> None:
    assert described(text).door(6) == door


@pytest.mark.parametrize("text", ["bad", "v5-silent", "v6-good", "v6-beside", "v6-", "tcp-mute"])
def test_a_word_that_is_not_known_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=text):
        described(text)

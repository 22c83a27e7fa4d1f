"""Turns are short while a thread is at work, whoever ends first, and as they were afterwards."""

import sys
from contextlib import ExitStack

import pytest

from ipv6check.net.turns import TURN, short_turns


def test_turns_are_short_until_the_last_has_ended() -> None:
    usual = sys.getswitchinterval()
    first, second = ExitStack(), ExitStack()
    first.enter_context(short_turns())
    assert sys.getswitchinterval() == pytest.approx(TURN)
    second.enter_context(short_turns())
    first.close()
    assert sys.getswitchinterval() == pytest.approx(TURN)
    second.close()
    assert sys.getswitchinterval() == usual


def test_turns_are_as_before_when_work_fails() -> None:
    usual = sys.getswitchinterval()
    with pytest.raises(LookupError), short_turns():
        raise LookupError
    assert sys.getswitchinterval() == usual


def test_turns_that_are_shorter_already_stay_so() -> None:
    usual = sys.getswitchinterval()
    sys.setswitchinterval(TURN / 2)
    try:
        with short_turns():
            assert sys.getswitchinterval() == pytest.approx(TURN / 2)
    finally:
        sys.setswitchinterval(usual)

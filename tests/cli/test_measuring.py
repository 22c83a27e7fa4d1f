"""What the commands that contact the network set up around a scan."""

import gc

import pytest

from ipv6check.cli.measuring import COLLECTED_AFTER, few_collections


def test_garbage_is_looked_for_seldom_and_not_in_the_program_itself() -> None:
    program = len(gc.get_objects())
    with few_collections():
        assert gc.get_threshold()[0] == COLLECTED_AFTER
        assert len(gc.get_objects()) < program / 10


def test_the_collector_is_left_as_it_was_whatever_happens() -> None:
    usual = gc.get_threshold()
    with pytest.raises(RuntimeError), few_collections():
        raise RuntimeError
    assert gc.get_threshold() == usual
    assert gc.get_freeze_count() == 0

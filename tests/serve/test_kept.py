"""What takes long to make: made once, the last few kept, and nobody waits for ever."""

import asyncio
import threading
from http import HTTPStatus

import pytest

from ipv6check.serve import kept
from ipv6check.serve.kept import Kept
from ipv6check.serve.problems import Problem


async def test_it_is_made_once_for_all_who_ask_at_once() -> None:
    made: list[int] = []
    store: Kept[int, int] = Kept(lambda key: made.append(key) or key, 2)
    assert await asyncio.gather(*(store.get(1) for _ in range(20))) == [1] * 20
    assert made == [1]
    store.close()


async def test_what_was_used_longest_ago_is_dropped() -> None:
    dropped: list[tuple[int, bool]] = []
    here = threading.get_ident()
    store: Kept[int, int] = Kept(lambda key: key, 2, lambda value: dropped.append((value, threading.get_ident() == here)))
    for key in (1, 2, 1, 3, 1, 4, 4, 4, 5):
        assert await store.get(key) == key
    assert dropped[:2] == [(2, False), (3, False)], "where it was made, for that may take long"
    store.close()


async def test_keys_of_the_same_state_are_made_once() -> None:
    made: list[int] = []
    store: Kept[int, int] = Kept(lambda key: made.append(key) or key, 2, state=lambda key: key % 10)
    assert [await store.get(key) for key in (1, 11, 2, 21)] == [1, 1, 2, 1]
    assert made == [1, 2]
    store.close()


async def test_what_failed_is_tried_again() -> None:
    tries: list[int] = []

    def make(key: int) -> int:
        tries.append(key)
        if len(tries) == 1:
            raise ValueError("not the first time")
        return key

    store: Kept[int, int] = Kept(make, 2)
    with pytest.raises(Problem):
        await store.get(1)
    assert await store.get(1) == 1
    store.close()


async def test_nobody_waits_for_ever_and_too_many_are_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "PATIENCE", 0.01)
    may_end = threading.Event()
    store: Kept[int, int] = Kept(lambda key: may_end.wait(20) and key, 2)
    for key in (1, 2, 3):
        with pytest.raises(Problem) as told:
            await store.get(key)
        assert told.value.status is HTTPStatus.SERVICE_UNAVAILABLE
        assert dict(told.value.headers)["retry-after"]
        assert ("too much" in told.value.detail) == (key == 3)
    may_end.set()
    monkeypatch.setattr(kept, "PATIENCE", 20)
    assert [await store.get(key) for key in (1, 2, 3)] == [1, 2, 3]
    store.close()

"""What several targets share is read from the store only when it may stand there."""

from typing import Any

import pytest

from ipv6check.scan import shared
from ipv6check.scan.shared import SharedSubjects
from tests.probes.tree import healthy, network


class Store:
    """Remembers what was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def recall(self, subject: str) -> dict[str, tuple[Any, int]]:
        self.asked.append(subject)
        return {"nameservers": (subject, 3)}


async def test_a_fresh_run_has_nothing_to_recall() -> None:
    store = Store()
    subjects = SharedSubjects(network(healthy()), store.recall, is_resumed=False)
    assert (await subjects.get("zone:a.vn")).facts == {}
    assert store.asked == []


async def test_a_resumed_run_goes_on_from_what_is_stored() -> None:
    store = Store()
    subjects = SharedSubjects(network(healthy()), store.recall, is_resumed=True)
    for _ in range(2):
        assert (await subjects.get("zone:a.vn")).sequences(["nameservers"]) == (3,)
    assert store.asked == ["zone:a.vn"]


async def test_what_was_forgotten_is_recalled_and_what_is_in_use_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "KEPT", 2)
    store = Store()
    subjects = SharedSubjects(network(healthy()), store.recall, is_resumed=False)
    async with (await subjects.get("zone:busy.vn")).lock:
        for name in ("b", "c", "d", "e"):
            await subjects.get(f"zone:{name}.vn")
        await subjects.get("zone:busy.vn")
        assert store.asked == []
        assert (await subjects.get("zone:b.vn")).facts == {"nameservers": ("zone:b.vn", 3)}
    assert store.asked == ["zone:b.vn"]

"""A look at a few domains without a database."""

from dataclasses import replace
from pathlib import Path

import pytest

from ipv6check.config import Settings, load
from ipv6check.judge import judge
from ipv6check.lab.fake import fake_network
from ipv6check.model import Outcome, Reason
from ipv6check.net.fake import FakeNetwork
from ipv6check.net.guard import OptOut
from ipv6check.nightly import look_at
from tests.scan.world import Switched, targets, world


class Listening(Switched):
    """Remembers which names were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def dns(self, question, transport):
        self.names.add(question.name)
        return super().dns(question, transport)


def settings_with(left_alone: str) -> Settings:
    canaries = ", ".join(f'"{host}"' for host in world().canaries)
    Path("left-alone.txt").write_text(f"{left_alone}\n")
    Path("ipv6check.toml").write_text(
        f"[network]\nopt_out = 'left-alone.txt'\n[vantage]\ncanaries = [{canaries}]\n[tries]\nspacing = [0.0, 0.0]\n"
    )
    return load(None, {})


async def test_who_asked_to_be_left_alone_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone, other = targets()[:2]
    monkeypatch.chdir(tmp_path)
    source, settings = Listening(), settings_with(alone.domain)
    network = FakeNetwork(source, replace(fake_network(world()).settings, opt_out=OptOut(frozenset({alone.domain}))))
    _, (of_alone, of_other) = await look_at(settings, network, [alone, other])
    reasons = {id_: verdict.reason for id_, verdict in judge(of_alone).items()}
    assert {reasons[id_] for id_ in ("DNS-02", "NS-05", "SEC-01", "ADDR-01", "REACH-01", "WEB-01")} == {Reason.OPT_OUT}
    assert judge(of_other)["DNS-02"].outcome is not Outcome.NOT_MEASURED
    assert alone.domain not in source.names
    assert other.domain in source.names

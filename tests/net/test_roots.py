"""Whom to ask: root servers and resolvers."""

from ipaddress import ip_address
from pathlib import Path

import pytest

from ipv6check.addressing import is_usable
from ipv6check.net import roots
from ipv6check.net.roots import built_in_roots, read_roots, system_resolvers

HINTS = """; a hints file
.                       3600000      NS    A.ROOT-SERVERS.NET.
A.ROOT-SERVERS.NET.     3600000      A     198.41.0.4
A.ROOT-SERVERS.NET.     3600000      AAAA  2001:503:ba3e::2:30
.                       3600000  IN  NS    b.root-servers.net.
b.root-servers.net.     3600000  IN  A     170.247.170.2
"""


def test_there_are_thirteen_of_each_family_and_all_may_be_dialled() -> None:
    found = built_in_roots()
    assert sorted(address.version for address in found) == [4] * 13 + [6] * 13
    assert all(is_usable(address) for address in found)
    assert len(set(found)) == 26


def test_a_hints_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "named.root").write_text(HINTS)
    assert set(map(str, read_roots(tmp_path / "named.root"))) == {"198.41.0.4", "2001:503:ba3e::2:30", "170.247.170.2"}


@pytest.mark.parametrize("text", ["", "; nothing\n", "nonsense", "a. 1 IN A 1.2.3\n", ". 3600 NS a.\n", "\x00\x01"])
def test_what_is_no_hints_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad").write_text(text)
    with pytest.raises(ValueError, match="bad: "):
        read_roots(tmp_path / "bad")


def test_what_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="bad: not a zone file"):
        read_roots(tmp_path / "bad")


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="missing"):
        read_roots(tmp_path / "missing")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("nameserver 127.0.0.53\nnameserver ::1\n", ["127.0.0.53", "::1"]), ("# none\n", []), ("nameserver nonsense\n", [])],
)
def test_the_resolvers_of_this_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, wanted: list[str]) -> None:
    (tmp_path / "resolv.conf").write_text(text)
    real = roots.dns.resolver.Resolver
    monkeypatch.setattr(roots.dns.resolver, "Resolver", lambda: real(str(tmp_path / "resolv.conf")))
    assert system_resolvers() == tuple(map(ip_address, wanted))

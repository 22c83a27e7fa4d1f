"""From settings to the network: what is told of files that it cannot use."""

from pathlib import Path

import pytest

from ipv6check.config import ConfigurationError, load
from ipv6check.wiring import network_settings, read_opt_out

KEY = "DNSKEY 257 3 8 AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3"


def settings_with(tmp_path: Path, key: str, content: bytes | None):
    path = tmp_path / "named"
    if content is not None:
        path.write_bytes(content)
    return load(options={"network": {"resolver": ["127.0.0.1"], key: str(path)}}, is_alone=True)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n",
        "; the root\n.\t172800\tIN\tDS 20326 8 2 e06d44b80b8f1d39a95c0b0d7c65d084 58e880409bbc683457104237c7f8ec8d\n",
        f". IN 86400 {KEY}\n",
        f". IN {KEY} ;{{id = 20326 (ksk)}} ;;state=2 [  VALID  ]\n",
    ],
)
def test_a_trust_anchor_is_a_key_of_the_root(text: str, tmp_path: Path) -> None:
    assert network_settings(settings_with(tmp_path, "trust_anchor", text.encode())).resolvers


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file"),
        (b"", "no DS or DNSKEY record of the root"),
        (f"vn. IN {KEY}\n".encode(), "no DS or DNSKEY record of the root"),
        (b"; . IN DS 20326 8 2 E06D44B8\n", "no DS or DNSKEY record of the root"),
        (b". IN DS 20326 8 2 E06D44B8\n", "not a zone file"),
        (b"\x89PNG\r\n", "not a zone file"),
    ],
)
def test_a_trust_anchor_that_is_none_is_told(content: bytes | None, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=rf"network\.trust_anchor: .*{said}") as told:
        network_settings(settings_with(tmp_path, "trust_anchor", content))
    assert str(tmp_path / "named") in str(told.value)


@pytest.mark.parametrize("content", [None, "không đo".encode("utf-16"), b"hanoi.gov.vn\nkh\xf4ng\n", b"?\n"])
def test_an_opt_out_list_that_cannot_be_used_is_named(content: bytes | None, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"network\.opt_out: ") as told:
        read_opt_out(settings_with(tmp_path, "opt_out", content))
    assert str(tmp_path / "named") in str(told.value)

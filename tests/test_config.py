"""Settings: what is read from where."""

from pathlib import Path

import pytest

from ipv6check.config import load

READ = (
    *("network.root_hints", "network.trust_anchor", "network.ca_file", "network.opt_out"),
    *("smtp.password_file", "webhook.secret_file"),
    *("targets.agencies", "targets.exceptions", "targets.disputes", "programme.file"),
)
"""Keys that name a file which the program reads."""


@pytest.mark.parametrize("key", READ)
def test_a_file_that_is_read_may_stand_beside_the_configuration(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the program is started from; a file that is not there is meant as it is written."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    table, _, name = key.partition(".")
    config = tmp_path / "ipv6check.toml"
    config.write_text(f'[{table}]\n{name} = "own/file"\n', encoding="utf-8")
    assert getattr(getattr(load(config), table), name) == Path("own/file")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "file").touch()
    assert getattr(getattr(load(config), table), name) == tmp_path / "own" / "file"

"""Settings: what is read from where."""

from ipaddress import ip_address
from pathlib import Path

import pytest

from ipv6check.config import ConfigurationError, Store, load, masked, shown

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


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without any configuration."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("variable", "text", "expected"),
    [
        ("NETWORK__RESOLVER", "127.0.0.1", (ip_address("127.0.0.1"),)),
        ("NETWORK__RESOLVER", "127.0.0.1, ::1", (ip_address("127.0.0.1"), ip_address("::1"))),
        ("NETWORK__RESOLVER", '["127.0.0.1"]', (ip_address("127.0.0.1"),)),
        ("TRIES__SPACING", "5,60", (5.0, 60.0)),
        ("TRIES__SPACING", "5", (5.0,)),
        ("NOTICES__CITY", "a@hanoi.example", ("a@hanoi.example",)),
        ("NOTICES__AGENCIES", '{"Sở A": ["a@hanoi.example"]}', {"Sở A": ("a@hanoi.example",)}),
    ],
)
def test_a_list_in_the_environment_is_plain_or_json(
    variable: str, text: str, expected: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"IPV6CHECK_{variable}", text)
    table, name = variable.lower().split("__")
    assert getattr(getattr(load(), table), name) == expected


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("variable", "text", "said"),
    [
        ("IPV6CHECK_NETWORK", "{bad", "IPV6CHECK_NETWORK: not JSON"),
        ("IPV6CHECK_NOTICES__AGENCIES", "a@hanoi.example", "IPV6CHECK_NOTICES__AGENCIES: not JSON"),
        ("IPV6CHECK_NETWORK__RESOLVER", "[1", "IPV6CHECK_NETWORK__RESOLVER: not JSON"),
        ("IPV6CHECK_TRIES__SPACING", "5,soon", "tries.spacing.1"),
        ("IPV6CHECK_NETWROK__CONCURRENCY", "5", r"NETWROK__CONCURRENCY \(did you mean IPV6CHECK_NETWORK__CONCURRENCY\?\)"),
        ("IPV6CHECK_NETWORK__CONCURENCY", "5", r"CONCURENCY \(did you mean IPV6CHECK_NETWORK__CONCURRENCY\?\)"),
        ("IPV6CHECK_DB", "sqlite:///x.db", "unknown variable IPV6CHECK_DB"),
        ("ipv6check_db", "sqlite:///x.db", "unknown variable ipv6check_db"),
    ],
)
def test_a_mistake_in_the_environment_names_the_variable_or_key(
    variable: str, text: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, text)
    with pytest.raises(ConfigurationError, match=said):
        load()


def test_a_configuration_may_stand_alone(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "ipv6check.toml").write_text("[metrics]\ntextfile = 'x.prom'\n", encoding="utf-8")
    (place / "config" / "ipv6check").mkdir(parents=True)
    (place / "config" / "ipv6check" / "ipv6check.toml").write_text("[network\n", encoding="utf-8")
    (place / "own.toml").write_text("[network]\nconcurrency = 5\n", encoding="utf-8")
    monkeypatch.setenv("IPV6CHECK_METRICS__TEXTFILE", "y.prom")
    monkeypatch.setenv("IPV6CHECK_NONSENSE", "z")
    alone = load(place / "own.toml", {"store": {"url": "sqlite:///own.db"}}, is_alone=True)
    assert (alone.network.concurrency, alone.metrics.textfile, alone.store.url) == (5, None, "sqlite:///own.db")


SECRETS = [
    ("postgresql+psycopg://me:pw1@db:5432/x", "postgresql+psycopg://me:***@db:5432/x"),
    ("postgresql+psycopg://me:p@w1:@db/x", "postgresql+psycopg://me:***@db/x"),
    (
        "postgresql+psycopg://db/x?user=me&password=pw1&sslPassword=pw1&sslmode=require",
        "postgresql+psycopg://db/x?user=me&password=***&sslPassword=***&sslmode=require",
    ),
    ("https://rdap.example/v1/?apikey=pw1#x", "https://rdap.example/v1/?apikey=***#x"),
    (
        "https://rdap.example/v1/?access_token=pw1&client_secret=pw1",
        "https://rdap.example/v1/?access_token=***&client_secret=***",
    ),
    ("https://me:pw1@rdap.example/", "https://me:***@rdap.example/"),
    ("sqlite:////data/@home/x.db", "sqlite:////data/@home/x.db"),
]


@pytest.mark.parametrize(("url", "expected"), SECRETS)
def test_what_is_secret_in_a_url_is_masked(url: str, expected: str) -> None:
    assert masked(url) == expected


@pytest.mark.parametrize("path", ["/T0/B0/pw1", "/?token=pw1", "?pw1"])
def test_the_path_of_a_hook_is_its_secret(path: str) -> None:
    assert masked(f"https://hook.example:8443{path}", is_hook=True) == "https://hook.example:8443/***"
    assert masked("", is_hook=True) == ""


@pytest.mark.usefixtures("place")
def test_no_secret_is_shown() -> None:
    urls = {"store": SECRETS[2][0], "data": SECRETS[4][0], "webhook": "https://hook.example/pw1"}
    names = {"data": "rdap"}
    settings = load(options={table: {names.get(table, "url"): url} for table, url in urls.items()})
    assert "pw1" not in str(shown(settings))
    assert shown(load())["store"]["url"] == Store().url

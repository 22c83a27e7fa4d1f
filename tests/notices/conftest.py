"""A database for nights, an SMTP receiver and an HTTP receiver on loopback, and settings that lead to them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ipv6check.config import Settings, load
from ipv6check.lab.certificates import Authority
from ipv6check.store import Archive, Database
from tests.notices.nights import Seen, keep
from tests.notices.receivers import HookReceiver, MailReceiver

USER, PASSWORD, SECRET = "ipv6check", "mat-khau-rat-bi-mat", "chia-khoa-rat-bi-mat"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'nights.db'}")
    made.ready()
    yield made
    made.close()


@pytest.fixture
def archive(database: Database) -> Archive:
    return Archive(database)


@pytest.fixture
def nights(database: Database) -> Callable[..., str]:
    """Keep nights, one a day from the first on; return the last one's id."""

    def kept(*seen: Seen, **more: Any) -> str:
        return [keep(database, number, one, **more) for number, one in enumerate(seen)][-1]

    return kept


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def mailbox(authority: Authority, tmp_path: Path) -> Iterator[MailReceiver]:
    """A mail server that takes mail after STARTTLS and AUTH."""
    with MailReceiver(authority, tmp_path, USER, PASSWORD) as made:
        yield made


@pytest.fixture
def hook() -> Iterator[HookReceiver]:
    with HookReceiver() as made:
        yield made


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Settings]:
    """Settings with the tables given, on their own in the folder of the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))

    def made(**tables: dict[str, Any]) -> Settings:
        tables = {"store": {"url": f"sqlite:///{tmp_path / 'nights.db'}"}} | tables
        notices = {"memory": str(tmp_path / "notices.json")} | tables.pop("notices", {})
        return load(None, tables | {"notices": notices})

    return made


@pytest.fixture
def by_mail(settings: Callable[..., Settings], mailbox: MailReceiver, tmp_path: Path) -> Callable[..., Settings]:
    """Settings by which the mail server is reached; `notices` are the addresses."""

    def made(**notices: Any) -> Settings:
        (tmp_path / "password").write_text(f"{PASSWORD}\n")
        smtp = {"host": "localhost", "port": mailbox.port, "user": USER, "password_file": str(tmp_path / "password")}
        smtp |= {"sender": "ipv6@hanoi.gov.vn", "sender_name": "Đo IPv6 Hà Nội"}
        return settings(notices=notices, smtp=smtp, network={"ca_file": str(mailbox.root)})

    return made

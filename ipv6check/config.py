"""Settings: read once, by the command line only, then frozen.

Order: option, environment (`IPV6CHECK_NETWORK__CONCURRENCY`), the file given or ./ipv6check.toml, the user's configuration
folder, defaults. A key or a variable that is not known is an error that names it.
"""

import difflib
import os
import platform
import re
import tomllib
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar, get_origin
from urllib.parse import urlsplit

from platformdirs import user_config_path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

LOCAL_FILE: Final = Path("ipv6check.toml")
PREFIX: Final = "IPV6CHECK_"
NESTED: Final = "__"
MASKED: Final = "***"

PASSWORD: Final = re.compile(r"(//[^/?#@:]*:).*@")
SECRET: Final = re.compile(r"([?&][^=&#]*(?:pass|secret|token|key)[^=&#]*=)[^&#]*", re.IGNORECASE)
PATH: Final = re.compile(r"(//[^/?#]*).+")
"""What of a URL is secret or may be: the password before its host, parameters that are called so, all that follows the host."""

CANARIES: Final = (
    "www.google.com",
    "www.cloudflare.com",
    "www.facebook.com",
    "www.wikipedia.org",
    "www.apnic.net",
    "www.ripe.net",
)
"""Dual-stack HTTPS hosts of different operators."""

BESIDE_THE_FILE: Final = {
    "network": ("root_hints", "trust_anchor", "ca_file", "opt_out"),
    "smtp": ("password_file",),
    "webhook": ("secret_file",),
    "targets": ("agencies", "exceptions", "disputes"),
    "programme": ("file",),
}
"""Keys by table whose file may stand beside the configuration file that names it."""


def is_loopback(host: str) -> bool:
    """Whether a host, by name or address, is this machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _hook(url: str) -> str:
    """Refuse a URL that would be spoken to in the clear, that holds a password, or whose port is none."""
    parts = urlsplit(url)
    if url and (parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or ""))):
        raise ValueError("must begin with https:// (http:// to this machine itself only)")
    if url and (not parts.hostname or "@" in parts.netloc or parts.port == 0):  # `port` itself refuses others
        raise ValueError("must name a host, a port of it if any, and neither user nor password")
    return url


NonNegative = Annotated[float, Field(ge=0)]
MailAddress = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$", max_length=254)
]
HookUrl = Annotated[str, AfterValidator(_hook)]
S = TypeVar("S", bound="Sections")


class ConfigurationError(Exception):
    """The operator's mistake, in words that say where it is."""


class Section(BaseModel):
    """A table of the configuration file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Network(Section):
    """How the network is reached. An empty `resolver` means the system's."""

    resolver: tuple[IPv4Address | IPv6Address, ...] = ()
    root_hints: Path | None = None
    trust_anchor: Path | None = None
    ca_file: Path | None = None
    concurrency: PositiveInt = 200
    user_agent_url: str = ""
    opt_out: Path = Path("targets/opt-out.txt")

    @property
    def roots(self) -> str | None:
        """The file of certification authorities in place of the public ones, None for those."""
        return str(self.ca_file) if self.ca_file else None


class Pace(Section):
    """How gently others are treated (see `net.pace`)."""

    connections_per_address: PositiveInt = 2
    new_per_second: PositiveFloat = 1.0
    connections_per_prefix: PositiveInt = 4
    queries_per_second: PositiveFloat = 10.0


class Tries(Section):
    """How often a failure is tried, and the seconds before the second, third ... try."""

    count: PositiveInt = 3
    spacing: tuple[NonNegative, ...] = (5.0, 60.0)


class Vantage(Section):
    """The measuring point and what it looks at to know itself. `canary_interval` is in seconds."""

    name: str = Field(default_factory=lambda: platform.node() or "vantage")
    country: str = Field(default="VN", pattern="^[A-Z]{2}$")
    canaries: tuple[str, ...] = CANARIES
    signed_name: str = "."
    bogus_name: str = ""
    canary_interval: PositiveFloat = 300.0


class Store(Section):
    """Where results are kept: an SQLAlchemy URL."""

    url: str = "sqlite:///results/ipv6check.db"


class Data(Section):
    """Where routing, registry and RPKI tables are kept; `rdap` is the URL of an RDAP service for domains, "" when none is."""

    directory: Path = Path("results/data")
    rdap: str = Field(default="", pattern="^(https?://.+)?$")


class Lists(Section):
    """What stands beside the target lists: the bodies of the city, exceptions and disputes. Without its file each is empty."""

    agencies: Path = Path("targets/agencies.csv")
    exceptions: Path = Path("targets/exceptions.csv")
    disputes: Path = Path("targets/disputes.csv")


class Programme(Section):
    """The goals that the measured curve is held against: a TOML file like `ipv6check/programme.toml`, which is the default."""

    file: Path | None = None


class Report(Section):
    """What the reports say of ourselves: `contact` is who answers questions about results, in a line of text."""

    contact: str = Field(default="", max_length=200)


class Notices(Section):
    """Who is told what changed: addresses for the whole city, and by agency (its name or code, as the lists have it).

    `site` is where the site stands, for links; `memory` the file that holds what was told to whom.
    """

    city: tuple[MailAddress, ...] = ()
    agencies: dict[Annotated[str, Field(min_length=1)], tuple[MailAddress, ...]] = {}
    site: str = Field(default="", pattern=r'^(https?://[^\s<>"]+)?$')
    memory: Path = Path("results/notices.json")


class Smtp(Section):
    """The mail server that takes our mail: `security` is how the connection is encrypted."""

    host: str = ""
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: SecretStr = SecretStr("")
    password_file: Path | None = None
    sender: MailAddress | Literal[""] = ""
    sender_name: str = ""
    unsubscribe: str = Field(default="", pattern=r"^((https://|mailto:)[\x21-\x3b\x3d\x3f-\x7e]+)?$")


class Webhook(Section):
    """The program that is told the same as JSON, signed with a secret that both know."""

    url: HookUrl = ""
    secret: SecretStr = SecretStr("")
    secret_file: Path | None = None


class Metrics(Section):
    """Figures for Prometheus: a file `*.prom` in the folder that node_exporter's textfile collector reads."""

    textfile: Path | None = None


class Sections(BaseModel):
    """All tables of a configuration file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    network: Network = Network()
    pace: Pace = Pace()
    tries: Tries = Tries()
    vantage: Vantage = Field(default_factory=Vantage)
    store: Store = Store()
    data: Data = Data()
    targets: Lists = Lists()
    programme: Programme = Programme()
    report: Report = Report()
    notices: Notices = Notices()
    smtp: Smtp = Smtp()
    webhook: Webhook = Webhook()
    metrics: Metrics = Metrics()


class Settings(Sections, BaseSettings):
    """What is in force."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_prefix=PREFIX, env_nested_delimiter=NESTED)


class Environment(EnvSettingsSource):
    """What the environment sets. A list is JSON as well as its values separated by commas."""

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        """Read a list or a table. Raises ConfigurationError."""
        if get_origin(getattr(field, "annotation", None)) is tuple and not value.strip().startswith("["):
            return [part.strip() for part in value.split(",")]
        try:
            return super().decode_complex_value(field_name, field, value)
        except ValueError as error:
            variable = next(name for name, text in os.environ.items() if text == value and _is_ours(name))
            raise ConfigurationError(f"{variable}: not JSON: {error}") from None


def load(config: Path | None = None, options: Mapping[str, Any] | None = None, *, is_alone: bool = False) -> Settings:
    """Load the settings; `options` are those of the command line, nested like the file. Raises ConfigurationError.

    `is_alone`: the named file and the options are all there is, whatever the environment and the user's files say.
    """
    files: dict[str, Any] = {}
    user_file = user_config_path("ipv6check") / "ipv6check.toml"
    for path, is_needed in ((user_file, False), (config or LOCAL_FILE, config is not None)):
        if is_needed or (path.is_file() and not is_alone):
            files = _merged(files, _read(path))
    if not is_alone:
        _refuse_unknown(os.environ)

    class Loaded(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            environment = () if is_alone else (Environment(settings_cls),)
            return init_settings, *environment, InitSettingsSource(settings_cls, files)

    try:
        return Loaded(**(options or {}))
    except ValidationError as error:
        raise ConfigurationError(_explain(error, "configuration (options, environment or file)")) from None


def _is_ours(variable: str) -> bool:
    return variable.upper().startswith(PREFIX)


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    """Refuse variables that set nothing: each in a line, with the nearest that does. Raises ConfigurationError."""
    known = [PREFIX + key.replace(".", NESTED).upper() for key in known_keys()]
    unknown = sorted(name for name in environment if _is_ours(name) and name.upper() not in known)
    if unknown:
        raise ConfigurationError("\n".join(f"unknown variable {name}{_nearest(name.upper(), known)}" for name in unknown))


def shown(settings: Settings) -> dict[str, Any]:
    """The settings in force as plain data, secrets masked."""
    plain: dict[str, Any] = settings.model_dump(mode="json")
    plain["store"]["url"] = masked(settings.store.url)
    plain["data"]["rdap"] = masked(settings.data.rdap)
    plain["webhook"]["url"] = masked(settings.webhook.url, is_hook=True)
    return plain


def masked(url: str, *, is_hook: bool = False) -> str:
    """A URL without its password and parameters that are called secret; of a hook's, whose path is secret, the host alone."""
    if is_hook:
        return PATH.sub(rf"\1/{MASKED}", url)
    return SECRET.sub(rf"\1{MASKED}", PASSWORD.sub(rf"\1{MASKED}@", url))


def _read(path: Path) -> dict[str, Any]:
    """Read one file, its paths made relative to it where they are there, and its keys checked."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: not a TOML file: {error}") from None
    for table, keys in BESIDE_THE_FILE.items():
        section: dict[str, Any] = document[table] if isinstance(document.get(table), dict) else {}
        for key in keys:
            if isinstance(value := section.get(key), str) and (beside := path.parent / value).exists():
                section[key] = str(beside)
    try:
        Sections.model_validate(document)
    except ValidationError as error:
        raise ConfigurationError(_explain(error, str(path))) from None
    return document


def _explain(error: ValidationError, where: str) -> str:
    """Every mistake in a line: the key, what is wrong, for an unknown key the nearest known one."""
    lines = []
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            lines.append(f"{where}: unknown key {key}{_nearest(key, known_keys())}")
        else:
            lines.append(f"{where}: {key}: {problem['msg']}")
    return "\n".join(lines)


def _nearest(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    return f" (did you mean {near[0]}?)" if near else ""


def known_keys() -> list[str]:
    """Every key, dotted."""
    tables = Sections().model_dump()
    return [key for table, section in tables.items() for key in (table, *(f"{table}.{name}" for name in section))]


def _merged(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        known = merged.get(key)
        merged[key] = _merged(known, value) if isinstance(known, dict) and isinstance(value, Mapping) else value
    return merged

"""Settings: read once, by the command line only, then frozen.

Order: option, environment (`IPV6CHECK_NETWORK__CONCURRENCY`), the file given or ./ipv6check.toml, the user's configuration
folder, defaults. A key that is not known is an error that names it.
"""

import difflib
import platform
import tomllib
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

from platformdirs import user_config_path
from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, ValidationError
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

LOCAL_FILE: Final = Path("ipv6check.toml")
PREFIX: Final = "IPV6CHECK_"
NESTED: Final = "__"
MASKED: Final = "***"

CANARIES: Final = (
    "www.google.com",
    "www.cloudflare.com",
    "www.facebook.com",
    "www.wikipedia.org",
    "www.apnic.net",
    "www.ripe.net",
)
"""Dual-stack HTTPS hosts of different operators."""

NonNegative = Annotated[float, Field(ge=0)]
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


class Programme(Section):
    """The goals that the measured curve is held against: a TOML file like `ipv6check/programme.toml`, which is the default."""

    file: Path | None = None


class Sections(BaseModel):
    """All tables of a configuration file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    network: Network = Network()
    pace: Pace = Pace()
    tries: Tries = Tries()
    vantage: Vantage = Field(default_factory=Vantage)
    store: Store = Store()
    data: Data = Data()
    programme: Programme = Programme()


class Settings(Sections, BaseSettings):
    """What is in force."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_prefix=PREFIX, env_nested_delimiter=NESTED)


def load(config: Path | None = None, options: Mapping[str, Any] | None = None) -> Settings:
    """Load the settings; `options` are those of the command line, nested like the file. Raises ConfigurationError."""
    files: dict[str, Any] = {}
    user_file = user_config_path("ipv6check") / "ipv6check.toml"
    for path, is_needed in ((user_file, False), (config or LOCAL_FILE, config is not None)):
        if is_needed or path.is_file():
            files = _merged(files, _read(path))

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
            return init_settings, env_settings, InitSettingsSource(settings_cls, files)

    try:
        return Loaded(**(options or {}))
    except ValidationError as error:
        raise ConfigurationError(_explain(error, "configuration (options, environment or file)")) from None


def shown(settings: Settings) -> dict[str, Any]:
    """The settings in force as plain data, a password in the store's URL masked."""
    plain: dict[str, Any] = settings.model_dump(mode="json")
    plain["store"]["url"] = masked(settings.store.url)
    return plain


def masked(url: str) -> str:
    """A database URL without its password."""
    scheme, mark, rest = url.partition("://")
    user_info, at, host = rest.rpartition("@")
    user, colon, _ = user_info.partition(":")
    return f"{scheme}{mark}{user}{colon}{MASKED if colon else ''}{at}{host}"


def _read(path: Path) -> dict[str, Any]:
    """Read one file, its paths made relative to it where they are there, and its keys checked."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: not a TOML file: {error}") from None
    for table, key in (("network", "root_hints"), ("network", "trust_anchor"), ("network", "ca_file"), ("network", "opt_out")):
        value = document.get(table, {}).get(key) if isinstance(document.get(table), dict) else None
        if isinstance(value, str) and (beside := path.parent / value).exists():
            document[table][key] = str(beside)
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
            near = difflib.get_close_matches(key, known_keys(), 1)
            lines.append(f"{where}: unknown key {key}" + (f" (did you mean {near[0]}?)" if near else ""))
        else:
            lines.append(f"{where}: {key}: {problem['msg']}")
    return "\n".join(lines)


def known_keys() -> list[str]:
    """Every key, dotted."""
    keys = []
    for table, outer in Sections.model_fields.items():
        section = outer.annotation
        assert isinstance(section, type)
        assert issubclass(section, BaseModel)
        keys += [table, *(f"{table}.{key}" for key in section.model_fields)]
    return keys


def _merged(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        known = merged.get(key)
        merged[key] = _merged(known, value) if isinstance(known, dict) and isinstance(value, Mapping) else value
    return merged

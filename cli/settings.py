"""Reading the settings: defaults, then a TOML file, then systemd credentials, then `REELD_*` variables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from reeld.cli.urls import secrets_of_url
from reeld.cli.values import Mode, SecretText
from reeld.domain.secret import Secret
from reeld.domain.settings import (
    AccessSettings,
    BackupSettings,
    DecisionSettings,
    FeedSettings,
    HdbitsSettings,
    ImportMode,
    InvalidSetting,
    LibrarySettings,
    PathMapping,
    PropersPolicy,
    QbittorrentSettings,
    ServerSettings,
    Settings,
    SettingSource,
    TmdbSettings,
    TorznabSettings,
    TracingSettings,
    VaultSettings,
)

PREFIX = "REELD_"


class _Section(BaseModel):
    model_config = ConfigDict(
        extra="forbid", arbitrary_types_allowed=True, hide_input_in_errors=True
    )


class _Tmdb(_Section):
    token: SecretText | None = None
    url: str | None = None
    language: str | None = None
    requests_per_second: float | None = None
    image_cache_bytes: int | None = None


class _Hdbits(_Section):
    username: str | None = None
    passkey: SecretText | None = None
    url: str | None = None
    poll_seconds: float | None = None
    spacing_seconds: float | None = None
    calls_per_hour: int | None = None
    priority: int | None = None
    minimum_seeders: int | None = None
    required_flags: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    scheduled_share: float | None = None


class _PathMapping(_Section):
    remote: str
    local: Path


class _Qbittorrent(_Section):
    url: str | None = None
    username: str | None = None
    password: SecretText | None = None
    api_key: SecretText | None = None
    category: str | None = None
    save_path: str | None = None
    poll_seconds: float | None = None
    stalled_seconds: float | None = None
    path_mappings: list[_PathMapping] | None = None


class _Feed(_Section):
    name: str
    url: SecretText
    interval_seconds: float = 900.0
    spacing_seconds: float = 2.0
    priority: int = 25
    minimum_seeders: int | None = None
    required_flags: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


class _Torznab(_Section):
    allow_loopback: bool | None = None
    poll_seconds: float | None = None


class _Library(_Section):
    root_folder: Path | None = None
    recycle_folder: Path | None = None
    recycle_days: int | None = None
    folder_template: str | None = None
    file_template: str | None = None
    import_mode: ImportMode | None = None
    file_mode: Mode | None = None
    folder_mode: Mode | None = None
    group: str | None = None
    free_bytes: int | None = None


class _Decision(_Section):
    profile: str | None = None
    upgrades_allowed: bool | None = None
    minimum_seeders: int | None = None
    maximum_bytes: int | None = None
    propers: PropersPolicy | None = None
    prefer_indexer_flags: bool | None = None
    hardcoded_subs_allowed: bool | None = None
    hardcoded_subs_whitelist: tuple[str, ...] | None = None
    availability_delay_days: int | None = None
    minimum_free_bytes: int | None = None
    explanation_days: int | None = None


class _Backup(_Section):
    folder: Path | None = None
    every_hours: float | None = None
    keep: int | None = None


class _Tracing(_Section):
    endpoint: str | None = None
    headers: SecretText | None = None
    sample_ratio: float | None = None


class _Access(_Section):
    hosts: str | list[str] | None = None
    trusted_proxies: str | list[str] | None = None
    session_idle_days: float | None = None
    session_days: float | None = None
    requests_per_minute: int | None = None
    stranger_requests_per_minute: int | None = None


class _Vault(_Section):
    key: SecretText | None = None
    key_file: Path | None = None


class _Read(BaseSettings):
    """What a person may write, before defaults and checks."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="_",
        env_nested_max_split=1,
        extra="forbid",
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,
        nested_model_default_partial_update=True,
    )

    ops_bind: str | None = None
    bind: str | None = None
    data_dir: Path | None = None
    database_url: SecretText | None = None
    api_key: SecretText | None = None
    metrics_token: SecretText | None = None
    metrics_exportarr: bool = False
    rehearsals: bool = False
    admin_password: SecretText | None = None
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    tmdb: _Tmdb = _Tmdb()
    hdbits: _Hdbits = _Hdbits()
    qbittorrent: _Qbittorrent = _Qbittorrent()
    feeds: list[_Feed] = []
    torznab: _Torznab = _Torznab()
    library: _Library = _Library()
    decision: _Decision = _Decision()
    backup: _Backup = _Backup()
    tracing: _Tracing = _Tracing()
    access: _Access = _Access()
    vault: _Vault = _Vault()


class _Variables(EnvSettingsSource):
    """Reads variables from a mapping that is given, instead of the process's environment."""

    def __init__(self, settings_cls: type[BaseSettings], variables: Mapping[str, str]) -> None:
        self._variables = variables
        super().__init__(settings_cls)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name.lower(): value for name, value in self._variables.items()}


def config_file(environ: Mapping[str, str]) -> Path | None:
    """Return the TOML file that is read: `REELD_CONFIG`, else the user's own one when it exists.

    Raises:
        InvalidSetting: `REELD_CONFIG` names a file that is not there.
    """
    if named := environ.get("REELD_CONFIG"):
        path = Path(named).expanduser().absolute()
        if not path.is_file():
            raise InvalidSetting("REELD_CONFIG", f"{path} is not a file.")
        return path
    home = Path(environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    path = home / "reeld" / "reeld.toml"
    return path if path.is_file() else None


def default_data_dir(environ: Mapping[str, str]) -> Path:
    """Return where data lies when nobody says: systemd's state directory, else the XDG data home."""
    if state := environ.get("STATE_DIRECTORY"):
        return Path(state.split(":")[0])
    home = Path(environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return home / "reeld"


def credentials(environ: Mapping[str, str]) -> dict[str, str]:
    """Return systemd's credentials as variables: a credential `tmdb_token` is `REELD_TMDB_TOKEN`."""
    folder = environ.get("CREDENTIALS_DIRECTORY")
    if not folder or not Path(folder).is_dir():
        return {}
    found: dict[str, str] = {}
    for path in sorted(Path(folder).iterdir()):
        name = path.name.lower().replace(".", "_").replace("-", "_").removeprefix("reeld_")
        if path.is_file() and name.split("_")[0] in _FIRST_WORDS:
            # Of a certificate and its key the setting is the file, and so is the credential.
            text = str(path) if name in _FILES else path.read_text(encoding="utf-8").strip()
            found[f"{PREFIX}{name}".upper()] = text
    return found


_FILES = frozenset({"tls_certificate", "tls_key"})
_FIRST_WORDS = frozenset(name.split("_")[0] for name in _Read.model_fields)


def known_variables() -> frozenset[str]:
    """Return the names of all variables that are settings."""
    found: set[str] = set()
    for name, field in _Read.model_fields.items():
        found.add(f"{PREFIX}{name}".upper())
        if isinstance(field.annotation, type) and issubclass(field.annotation, _Section):
            found |= {f"{PREFIX}{name}_{part}".upper() for part in field.annotation.model_fields}
    return frozenset(found)


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings in force.

    Args:
        environ: The environment; the process's own when left out.

    Raises:
        InvalidSetting: A value cannot work. The sentence names the setting and never repeats a value.
    """
    environ = os.environ if environ is None else environ
    return _checked(_read(environ), environ)


def sources(
    environ: Mapping[str, str], kind: type[BaseSettings] = _Read
) -> dict[SettingSource, PydanticBaseSettingsSource]:
    """Return where settings are read from, the first one to win first; what they say holds secrets."""
    variables = {name: value for name, value in environ.items() if name.startswith(PREFIX)}
    variables.pop("REELD_CONFIG", None)
    return {
        SettingSource.ENVIRONMENT: _Variables(kind, variables),
        SettingSource.CREDENTIAL: _Variables(kind, credentials(environ)),
        SettingSource.FILE: TomlConfigSettingsSource(kind, toml_file=config_file(environ)),
    }


def _read(environ: Mapping[str, str]) -> _Read:
    file = config_file(environ)

    class Sources(_Read):
        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], *_: Any, **__: Any
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return tuple(sources(environ, settings_cls).values())

    try:
        return Sources()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        name = ".".join(str(part) for part in first["loc"]) or "settings"
        raise InvalidSetting(name, f"{first['msg']}.") from None
    except ValueError as error:
        # A file that is no TOML, or a variable that is no JSON: the cause may quote a value.
        where = str(file) if file and "TOML" in type(error).__name__ else "settings"
        raise InvalidSetting(where, "cannot be read; check its syntax.") from None


def _given(section: BaseModel, kind: type[Any]) -> dict[str, Any]:
    names = {each.name for each in fields(kind)}
    values = {name: getattr(section, name) for name in section.model_fields_set & names}
    return {name: value for name, value in values.items() if value is not None}


def _checked(read: _Read, environ: Mapping[str, str]) -> Settings:
    data_dir = (read.data_dir or default_data_dir(environ)).expanduser().absolute()
    library = _given(read.library, LibrarySettings)
    for name in ("root_folder", "recycle_folder"):
        if name in library:
            library[name] = cast("Path", library[name]).expanduser()
    library.setdefault("root_folder", data_dir / "library")
    backup = _given(read.backup, BackupSettings)
    if "folder" in backup:
        backup["folder"] = cast("Path", backup["folder"]).expanduser()
    return Settings(
        data_dir=data_dir,
        database_url=read.database_url or None,
        server=_server(read),
        library=LibrarySettings(**library),
        tmdb=_tmdb(read),
        hdbits=_hdbits(read),
        qbittorrent=_qbittorrent(read),
        feeds=tuple(FeedSettings(**_given(feed, FeedSettings)) for feed in read.feeds),
        torznab=TorznabSettings(**_given(read.torznab, TorznabSettings)),
        decision=DecisionSettings(**_given(read.decision, DecisionSettings)),
        backup=BackupSettings(**backup),
        tracing=_tracing(read, environ),
        access=_access(read),
        vault=VaultSettings(**_given(read.vault, VaultSettings)),
    )


def _server(read: _Read) -> ServerSettings:
    more: dict[str, Any] = {}
    if read.bind is not None:
        more["host"], more["port"] = parse_bind(read.bind)
    if read.ops_bind:
        more["ops_host"], more["ops_port"] = parse_bind(read.ops_bind, "ops_bind")
    return ServerSettings(
        api_key=read.api_key or None,
        metrics_token=read.metrics_token or None,
        metrics_exportarr=read.metrics_exportarr,
        rehearsals=read.rehearsals,
        admin_password=read.admin_password or None,
        tls_certificate=read.tls_certificate and read.tls_certificate.expanduser(),
        tls_key=read.tls_key and read.tls_key.expanduser(),
        **more,
    )


def _access(read: _Read) -> AccessSettings:
    given = _given(read.access, AccessSettings)
    for name in ("hosts", "trusted_proxies"):
        if name in given:
            given[name] = _listed(given[name])
    return AccessSettings(**given)


def _listed(value: str | list[str]) -> tuple[str, ...]:
    """Return the parts of a list, which a variable has with commas."""
    parts = value.split(",") if isinstance(value, str) else value
    return tuple(stripped for part in parts if (stripped := part.strip()))


def parse_bind(text: str, setting: str = "bind") -> tuple[str, int]:
    """Return host and port of `host:port`, `[::1]:port` or `:port` (every address).

    Raises:
        InvalidSetting: It is none of these.
    """
    try:
        parts = urlsplit(f"//{text.strip()}")
        port = parts.port
    except ValueError:
        port = None
        parts = urlsplit("")
    if port is None or parts.path or parts.username:
        raise InvalidSetting(setting, "must look like 127.0.0.1:7878.")
    return parts.hostname or "0.0.0.0", port  # noqa: S104 - the person wrote `:port`


def _tmdb(read: _Read) -> TmdbSettings | None:
    given = _given(read.tmdb, TmdbSettings)
    return TmdbSettings(**given) if given.get("token") else None


def _hdbits(read: _Read) -> HdbitsSettings | None:
    given = _given(read.hdbits, HdbitsSettings)
    if not given.get("passkey") and not given.get("username"):
        return None
    return HdbitsSettings(**{"username": "", "passkey": Secret(""), **given})


def _qbittorrent(read: _Read) -> QbittorrentSettings | None:
    given = _given(read.qbittorrent, QbittorrentSettings)
    if not given:
        return None
    mappings = given.pop("path_mappings", [])
    return QbittorrentSettings(
        **given, path_mappings=tuple(PathMapping(each.remote, each.local) for each in mappings)
    )


def _tracing(read: _Read, environ: Mapping[str, str]) -> TracingSettings:
    given = _given(read.tracing, TracingSettings)
    # The variables that every OpenTelemetry program knows count where ours say nothing.
    if "endpoint" not in given and (endpoint := environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")):
        given["endpoint"] = endpoint
    if "headers" not in given and (headers := environ.get("OTEL_EXPORTER_OTLP_HEADERS")):
        given["headers"] = Secret(headers)
    return TracingSettings(**given)


def secrets_of(settings: Settings) -> list[str]:
    """Return the texts that must never be shown, for the redaction of logs."""
    found = [
        settings.database_url,
        settings.server.api_key,
        settings.server.metrics_token,
        settings.server.admin_password,
        settings.tmdb and settings.tmdb.token,
        settings.hdbits and settings.hdbits.passkey,
        settings.qbittorrent and settings.qbittorrent.password,
        settings.qbittorrent and settings.qbittorrent.api_key,
        *(feed.url for feed in settings.feeds),
        settings.tracing.headers,
        settings.vault.key,
    ]
    texts = [secret.reveal() for secret in found if secret]
    return [
        *texts,
        *(part for text in texts if "://" in text for part in secrets_of_url(text)),
        *settings.tracing.header_fields().values(),
    ]

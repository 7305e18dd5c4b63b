"""The settings of reeld itself, and all settings together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from reeld.domain.indexer import IndexerRules
from reeld.domain.naming import InvalidTemplate, Template
from reeld.domain.password import LONGEST_PASSWORD, SHORTEST_PASSWORD
from reeld.domain.secret import Secret
from reeld.domain.settings._access import AccessSettings
from reeld.domain.settings._checks import (
    InvalidSetting,
    require,
    require_absolute,
    require_between,
    scheme,
)
from reeld.domain.settings._services import (
    FeedSettings,
    HdbitsSettings,
    QbittorrentSettings,
    TmdbSettings,
    TorznabSettings,
)
from reeld.domain.settings._tracing import TracingSettings
from reeld.domain.settings._vault import VaultSettings


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """The HTTP server.

    Attributes:
        host: The address it listens on.
        port: 0 lets the system choose.
        api_key: None lets reeld make one at the first start.
        metrics_token: When set, `/metrics` wants it as a bearer token.
        ops_host: The address on which the ops surface (health, metrics, control) listens instead; None leaves it with
            the rest.
        ops_port: Its port; 0 lets the system choose.
        metrics_exportarr: Whether `/metrics/exportarr` shows the metrics under exportarr's names as well.
        rehearsals: Whether an administrator may have services fail on purpose, for a time.
        admin_password: Of the user `admin` who is made at the first start; None lets reeld choose one.
        tls_certificate: A PEM file with the certificate and those that lead to its root; None serves plain HTTP.
        tls_key: The PEM file of its private key, without a passphrase.
    """

    host: str = "127.0.0.1"
    port: int = 7878
    api_key: Secret | None = None
    metrics_token: Secret | None = None
    metrics_exportarr: bool = False
    ops_host: str | None = None
    ops_port: int = 8080
    rehearsals: bool = False
    admin_password: Secret | None = None
    tls_certificate: Path | None = None
    tls_key: Path | None = None

    def __post_init__(self) -> None:
        """Check the values."""
        require(bool(self.host.strip()), "server.host", "is empty; use 127.0.0.1 or 0.0.0.0.")
        require_between("server.port", self.port, 0, 65535)
        require_between("server.ops_port", self.ops_port, 0, 65535)
        if self.api_key is not None:
            long_enough = len(self.api_key.reveal()) >= _SHORTEST_API_KEY
            require(long_enough, "server.api_key", "is shorter than 8 characters.")
        if self.admin_password is not None:
            fits = SHORTEST_PASSWORD <= len(self.admin_password.reveal()) <= LONGEST_PASSWORD
            require(fits, "server.admin_password", "must have 8 to 1024 characters.")
        both = (self.tls_certificate is None) == (self.tls_key is None)
        require(both, "server.tls_certificate", "and server.tls_key must be set together.")
        for name, path in (("certificate", self.tls_certificate), ("key", self.tls_key)):
            if path is not None:
                require_absolute(f"server.tls_{name}", path)


_SHORTEST_API_KEY = 8


class ImportMode(StrEnum):
    """How a finished download gets into the library."""

    HARDLINK = "hardlink"
    """Hardlink, else reflink, else copy."""
    STRICT = "strict"
    """Hardlink or reflink; where neither works, the import waits and says so.

    A file that is replaced is copied all the same when its recycle folder was put on another disk: whoever names such
    a folder asks for that, and the file could not leave the library otherwise.
    """


@dataclass(frozen=True, slots=True)
class LibrarySettings:
    """The library and how files are named in it.

    Attributes:
        root_folder: Each movie gets a folder of its own below it.
        recycle_folder: Where replaced files go; None for `.recycle` below the root folder.
        folder_template, file_template: See `reeld.domain.naming`.
        import_mode: `hardlink` (else reflink, else copy), or `strict`, which copies nothing but replaced files, and those
            only into a recycle folder on another disk.
        file_mode, folder_mode: Permission bits of what reeld makes; None leaves them to the umask.
        group: The owning group's name or number; None leaves it as it comes.
        free_bytes: Copies must leave at least this much room.
    """

    root_folder: Path
    recycle_folder: Path | None = None
    folder_template: str = "{Movie Title} ({Release Year})"
    file_template: str = "{Movie Title} ({Release Year}) {Quality Full}"
    import_mode: ImportMode = ImportMode.HARDLINK
    file_mode: int | None = None
    folder_mode: int | None = None
    group: str | None = None
    free_bytes: int = 100 * 1024 * 1024

    def __post_init__(self) -> None:
        """Check the values."""
        require_absolute("library.root_folder", self.root_folder)
        if self.recycle_folder is not None:
            require_absolute("library.recycle_folder", self.recycle_folder)
        require(self.free_bytes >= 0, "library.free_bytes", "must be 0 or more.")
        _require_template("library.folder_template", self.folder_template)
        _require_template("library.file_template", self.file_template)
        for name, mode in (("file_mode", self.file_mode), ("folder_mode", self.folder_mode)):
            if mode is not None:
                require_between(f"library.{name}", mode, 0, 0o7777)

    @property
    def recycle(self) -> Path:
        """The folder that replaced files go to."""
        return self.recycle_folder or self.root_folder / ".recycle"


def _require_template(setting: str, template: str) -> None:
    try:
        Template(template)
    except InvalidTemplate as error:
        raise InvalidSetting(setting, error.sentence) from None


class PropersPolicy(StrEnum):
    """What a proper or repack (a mended release) is worth."""

    PREFER_AND_UPGRADE = "prefer_and_upgrade"
    """It is preferred, and replaces the file that it mends."""
    DO_NOT_UPGRADE = "do_not_upgrade"
    """It is preferred, and replaces nothing unless a person asks."""
    DO_NOT_PREFER = "do_not_prefer"
    """It is a release like others: custom formats say what it is worth."""


@dataclass(frozen=True, slots=True)
class DecisionSettings:
    """What every release must have, whatever the profile says.

    Attributes:
        profile: The quality profile of movies that name none.
        upgrades_allowed: Whether a file is replaced by a better one, up to the profile's cutoff.
        minimum_seeders: Releases with fewer are rejected, where the indexer says how many.
        maximum_bytes: Bigger releases are rejected; 0 for no limit.
        propers: `prefer_and_upgrade`, `do_not_upgrade` (unless a person asks) or `do_not_prefer`, which leaves them to
            custom formats.
        prefer_indexer_flags: Whether of equal releases one that is freeleech, internal or the like is taken.
        hardcoded_subs_allowed: Whether subtitles may be burnt into the picture.
        hardcoded_subs_whitelist: Kinds of such subtitles that are allowed all the same, such as `KORSUB`.
        availability_delay_days: So many days after a movie comes out its releases are grabbed; negative for before.
        minimum_free_bytes: A download must leave so much room where it is written.
        explanation_days: How long the explanations of automatic decisions are kept.
    """

    profile: str = "Any"
    upgrades_allowed: bool = False
    minimum_seeders: int = 1
    maximum_bytes: int = 0
    propers: PropersPolicy = PropersPolicy.PREFER_AND_UPGRADE
    prefer_indexer_flags: bool = False
    hardcoded_subs_allowed: bool = False
    hardcoded_subs_whitelist: tuple[str, ...] = ()
    availability_delay_days: int = 0
    minimum_free_bytes: int = 100 * 1024 * 1024
    explanation_days: int = 90

    def __post_init__(self) -> None:
        """Check the values."""
        require(bool(self.profile.strip()), "decision.profile", "must name a quality profile.")
        for name in ("minimum_seeders", "maximum_bytes", "minimum_free_bytes"):
            require(getattr(self, name) >= 0, f"decision.{name}", "must be 0 or more.")
        words = self.hardcoded_subs_whitelist
        complaint = "must be kinds of subtitles, such as KORSUB."
        require(all(w.strip() for w in words), "decision.hardcoded_subs_whitelist", complaint)
        require_between(
            "decision.availability_delay_days", self.availability_delay_days, -3650, 3650
        )
        require_between("decision.explanation_days", self.explanation_days, 1, 3650)


@dataclass(frozen=True, slots=True)
class BackupSettings:
    """Backups of the database.

    Attributes:
        folder: Where they go; None for the folder beside the data directory whose name ends in `-backups`. A folder on another disk survives this one.
        every_hours: Between two of them; 0 makes none by itself.
        keep: So many of the newest stay, and the newest one that was verified.
    """

    folder: Path | None = None
    every_hours: float = 24.0
    keep: int = 7

    def __post_init__(self) -> None:
        """Check the values."""
        if self.folder is not None:
            require_absolute("backup.folder", self.folder)
        require_between("backup.every_hours", self.every_hours, 0, 24 * 365)
        require_between("backup.keep", self.keep, 1, 1000)


SEARCHES_PER_HOUR = 30
"""Of indexers that count nobody's calls: each is spared as HDBits is."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All of reeld's settings.

    Attributes:
        data_dir: The embedded database, keys and caches.
        database_url: A PostgreSQL server to use; None for the embedded one.
        tmdb, hdbits, qbittorrent: None while not configured; the actor rests.
    """

    data_dir: Path
    library: LibrarySettings
    database_url: Secret | None = None
    server: ServerSettings = field(default_factory=ServerSettings)
    tmdb: TmdbSettings | None = None
    hdbits: HdbitsSettings | None = None
    qbittorrent: QbittorrentSettings | None = None
    feeds: tuple[FeedSettings, ...] = ()
    torznab: TorznabSettings = field(default_factory=TorznabSettings)
    decision: DecisionSettings = field(default_factory=DecisionSettings)
    backup: BackupSettings = field(default_factory=BackupSettings)
    tracing: TracingSettings = field(default_factory=TracingSettings)
    access: AccessSettings = field(default_factory=AccessSettings)
    vault: VaultSettings = field(default_factory=VaultSettings)

    def __post_init__(self) -> None:
        """Check the values against each other."""
        require_absolute("data_dir", self.data_dir)
        names = [feed.name for feed in self.feeds]
        twice = sorted({name for name in names if names.count(name) > 1})
        require(not twice, "feeds", f"two feeds have the name {', '.join(twice)}.")
        if self.database_url is not None:
            schemes = ("postgresql", "postgres")
            complaint = "must look like postgresql://user:password@host:5432/database."
            require(scheme(self.database_url.reveal()) in schemes, "database_url", complaint)
        outside = not self.key_file.is_relative_to(self.data_dir)
        complaint = "lies in the data directory: whoever copies that would have both. Name a file elsewhere."
        require(outside, "vault.key_file", complaint)

    @property
    def indexers(self) -> Mapping[str, IndexerRules]:
        """What is asked of the releases of each indexer, by its name."""
        rules = [feed.rules for feed in self.feeds]
        if self.hdbits is not None:
            rules.append(self.hdbits.rules)
        return {each.name: each for each in rules}

    def searches_per_hour(self, *, has_indexers: bool) -> int:
        """How many searches an hour the schedule may ask for: HDBits' share of its calls, if it is set up.

        Args:
            has_indexers: Whether there are Torznab indexers, which alone are asked as often as HDBits by default.
        """
        if self.hdbits is not None:
            return self.hdbits.scheduled_per_hour
        return SEARCHES_PER_HOUR if has_indexers else 0

    @property
    def backups(self) -> Path:
        """The folder that the backups go to.

        Beside the data directory, as the key is: a backup holds the key, and whoever copies the data directory is not to
        have both.
        """
        return self.backup.folder or self.data_dir.with_name(f"{self.data_dir.name}-backups")

    @property
    def key_file(self) -> Path:
        """The file of the keys that open what is sealed."""
        beside = self.data_dir.with_name(f"{self.data_dir.name}-keys")
        return self.vault.key_file or beside / "vault.key"

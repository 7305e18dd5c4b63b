"""The settings of the systems outside."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reeld.domain.indexer import DEFAULT_PRIORITY, IndexerRules
from reeld.domain.secret import Secret
from reeld.domain.settings._checks import (
    flags_named,
    is_loopback,
    require,
    require_absolute,
    require_between,
    require_url,
)


@dataclass(frozen=True, slots=True)
class TmdbSettings:
    """The Movie Database.

    Attributes:
        token: The owner's own read access token (v4) or key (v3).
        language: In which titles and overviews are read.
        requests_per_second: TMDB's ceiling is in the range of 40.
        image_cache_bytes: The most that cached images may take on disk.
    """

    token: Secret
    url: str = "https://api.themoviedb.org"
    language: str = "en-US"
    requests_per_second: float = 20.0
    image_cache_bytes: int = 512 * 1024 * 1024

    def __post_init__(self) -> None:
        """Check the values."""
        require_url("tmdb.url", self.url)
        require(bool(self.token), "tmdb.token", "is empty; make one at themoviedb.org/settings.")
        require_between("tmdb.requests_per_second", self.requests_per_second, 0.1, 40)


@dataclass(frozen=True, slots=True)
class HdbitsSettings:
    """HDBits.

    Attributes:
        poll_seconds: Between two looks at the recent uploads.
        spacing_seconds: At least this long between two calls, of whatever kind.
        calls_per_hour: At most this many calls, of whatever kind.
        priority: 1 to 50; of equal releases the one of the indexer with the lower number is taken.
        minimum_seeders: Releases with fewer are rejected; `decision.minimum_seeders` where it is not set.
        required_flags: Names such as `freeleech` or `internal`; a release must have one of them.
        tags: Only movies that have one of these tags get releases from here; all movies without.
        scheduled_share: The part of them that searches on schedule may take; 0 searches nothing on schedule.
    """

    username: str
    passkey: Secret
    url: str = "https://hdbits.org"
    poll_seconds: float = 900.0
    spacing_seconds: float = 2.0
    calls_per_hour: int = 100
    priority: int = DEFAULT_PRIORITY
    minimum_seeders: int | None = None
    required_flags: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    scheduled_share: float = 0.3

    def __post_init__(self) -> None:
        """Check the values."""
        require_url("hdbits.url", self.url)
        require(bool(self.username), "hdbits.username", "is empty; use your name at HDBits.")
        require(bool(self.passkey), "hdbits.passkey", "is empty; your HDBits profile shows it.")
        require(self.poll_seconds > 0, "hdbits.poll_seconds", "must be above 0.")
        # A tracker bans whoever asks too often: only a simulator on this machine may be faster.
        if not is_loopback(self.url):
            require(self.poll_seconds >= 60, "hdbits.poll_seconds", "must be 60 or more.")
            require(self.spacing_seconds >= 2, "hdbits.spacing_seconds", "must be 2 or more.")
            require_between("hdbits.calls_per_hour", self.calls_per_hour, 1, 100)
        require_between("hdbits.scheduled_share", self.scheduled_share, 0, 1)
        _require_rules("hdbits", self)

    @property
    def rules(self) -> IndexerRules:
        """What is asked of its releases."""
        return _rules("hdbits", self)

    @property
    def scheduled_per_hour(self) -> int:
        """How many calls an hour searches on schedule may make: at least one, unless their share is nothing."""
        return max(int(self.calls_per_hour * self.scheduled_share), self.scheduled_share > 0)


@dataclass(frozen=True, slots=True)
class PathMapping:
    """Where this machine sees a folder that qBittorrent knows under another name."""

    remote: str
    local: Path

    def __post_init__(self) -> None:
        """Check the values."""
        require(bool(self.remote), "qbittorrent.path_mappings", "has an empty remote folder.")
        require_absolute("qbittorrent.path_mappings", self.local)


@dataclass(frozen=True, slots=True)
class QbittorrentSettings:
    """qBittorrent's Web UI.

    Attributes:
        username: Empty where qBittorrent asks nobody on this network.
        api_key: Of qBittorrent 5.2 and newer, in the place of name and password.
        category: reeld puts its downloads into it and touches nothing outside it.
        save_path: Where qBittorrent is told to save; None for its own default.
        poll_seconds: Between two looks at the downloads.
        stalled_seconds: A download without progress for this long has failed.
        path_mappings: The first whose remote folder fits is used.
    """

    url: str = "http://127.0.0.1:8080"
    username: str = ""
    password: Secret | None = None
    api_key: Secret | None = None
    category: str = "reeld"
    save_path: str | None = None
    poll_seconds: float = 5.0
    stalled_seconds: float = 6 * 3600.0
    path_mappings: tuple[PathMapping, ...] = ()

    def __post_init__(self) -> None:
        """Check the values."""
        require_url("qbittorrent.url", self.url)
        legal = bool(self.category) and not set(self.category) & set('\\/"\n\r')
        require(legal, "qbittorrent.category", "must be a name without slashes and quotes.")
        require_between("qbittorrent.poll_seconds", self.poll_seconds, 0.1, 3600)
        require(self.stalled_seconds > 0, "qbittorrent.stalled_seconds", "must be above 0.")


@dataclass(frozen=True, slots=True)
class FeedSettings:
    """One RSS or Atom feed.

    Attributes:
        name: Its name in lists, logs and metrics.
        url: Secret as a whole, since feeds carry keys in their addresses.
        interval_seconds: Between two looks; at least 60, unless the feed is on this machine.
        spacing_seconds: At least this long between two calls, downloads included; at least 2, with the same exception.
        priority: 1 to 50; of equal releases the one of the indexer with the lower number is taken.
        minimum_seeders: Releases with fewer are rejected; `decision.minimum_seeders` where it is not set.
        required_flags: Names such as `freeleech` or `internal`; a release must have one of them.
        tags: Only movies that have one of these tags get releases from here; all movies without.
    """

    name: str
    url: Secret
    interval_seconds: float = 900.0
    spacing_seconds: float = 2.0
    priority: int = DEFAULT_PRIORITY
    minimum_seeders: int | None = None
    required_flags: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the values."""
        legal = 0 < len(self.name) <= 64 and self.name.isprintable()
        require(legal, "feeds.name", "must have 1 to 64 printable characters.")
        # Releases and watermarks of HDBits are stored under this name.
        require(self.name != "hdbits", "feeds.name", "must not be hdbits, which is taken.")
        require_url(f"feeds.{self.name}.url", self.url.reveal())
        is_here = is_loopback(self.url.reveal())
        shortest, nearest = (0.1, 0) if is_here else (60, 2)
        require_between(f"feeds.{self.name}.interval_seconds", self.interval_seconds, shortest)
        require_between(f"feeds.{self.name}.spacing_seconds", self.spacing_seconds, nearest, 60)
        _require_rules(f"feeds.{self.name}", self)

    @property
    def rules(self) -> IndexerRules:
        """What is asked of its releases."""
        return _rules(self.name, self)


@dataclass(frozen=True, slots=True)
class TorznabSettings:
    """What holds for all Torznab and Newznab indexers; they themselves are rows, not settings.

    Attributes:
        allow_loopback: Whether an indexer may be on this machine, as Prowlarr often is. Without it such an address is
            refused when it is connected to, whatever its name. Link-local and metadata addresses are refused always.
        poll_seconds: Between two looks at what is new at an indexer; at least 60.
    """

    allow_loopback: bool = True
    poll_seconds: float = 900.0

    def __post_init__(self) -> None:
        """Check the values."""
        require_between("torznab.poll_seconds", self.poll_seconds, 60)


def _require_rules(setting: str, given: HdbitsSettings | FeedSettings) -> None:
    require_between(f"{setting}.priority", given.priority, 1, 50)
    if given.minimum_seeders is not None:
        require_between(f"{setting}.minimum_seeders", given.minimum_seeders, 0)
    flags_named(f"{setting}.required_flags", given.required_flags)
    labels = all(tag.strip() == tag.lower() and tag for tag in given.tags)
    require(labels, f"{setting}.tags", "must be labels of tags, in lower case.")


def _rules(name: str, given: HdbitsSettings | FeedSettings) -> IndexerRules:
    return IndexerRules(
        name=name,
        priority=given.priority,
        minimum_seeders=given.minimum_seeders,
        required_flags=flags_named(f"{name}.required_flags", given.required_flags),
        tags=frozenset(given.tags),
    )

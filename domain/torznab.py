"""An indexer that speaks Torznab or Newznab: what a person, or Prowlarr, says of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from reeld.domain.errors import InvalidField
from reeld.domain.indexer import DEFAULT_PRIORITY, IndexerRules
from reeld.domain.network_address import AddressPolicy, refuse_host
from reeld.domain.release import NO_FLAGS, IndexerFlag
from reeld.domain.secret import Secret

MOVIE_CATEGORIES: Final = (2000, 2010, 2020, 2030, 2040, 2045, 2050, 2060, 2070, 2080)
"""Radarr's: movies of every kind, in Newznab's numbers."""
DEFAULT_API_PATH: Final = "/api"
LONGEST_NAME: Final = 100
LONGEST_TEXT: Final = 2000
RESERVED_NAME: Final = "hdbits"
"""Releases of HDBits are stored under this name."""
NO_SECRET: Final = Secret("")


class Implementation(StrEnum):
    """Which protocol; Radarr's names."""

    TORZNAB = "Torznab"
    NEWZNAB = "Newznab"
    """Usenet mostly. reeld has no Usenet client: only torrents among its offers can be taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewIndexer:
    """An indexer to be stored.

    Attributes:
        name: Its name in lists, releases and history; unique.
        base_url: Where it is, without the API's path.
        api_path: Where its API is below that.
        api_key: Empty where it wants none.
        categories: Newznab's numbers.
        minimum_seeders: Releases with fewer are rejected; `decision.minimum_seeders` where it is not set.
        seed_ratio, seed_minutes: Until when its torrents are seeded; None leaves it to the download client.
        required_flags: At least one of these must be on a release; none of them when empty.
        multi_languages: Radarr's numbers of the languages that MULTI in a name stands for.
        remove_year: Whether a search by title leaves the year out.
        additional_parameters: More for each query, such as `&freeleech=1`.
        fail_downloads: Radarr's numbers of the kinds of files that make a download fail.
        enable_rss: Whether what is new is read on a schedule.
        enable_automatic_search: Whether it is asked when a movie is searched.
        enable_interactive_search: Whether it is asked when a person will choose.
        priority: 1 to 50; of equal releases the one of the indexer with the lower number is taken.
        download_client_id: Radarr's number of the download client; 0 for any.
        tags: Only movies that have one of these tags get releases from here; all movies without.
        rest: Fields that a client sent and reeld has no use for: they are given back as they came.

    Making one raises `InvalidField`.
    """

    name: str
    implementation: Implementation = Implementation.TORZNAB
    base_url: str
    api_path: str = DEFAULT_API_PATH
    api_key: Secret = NO_SECRET
    categories: tuple[int, ...] = MOVIE_CATEGORIES
    minimum_seeders: int | None = None
    seed_ratio: float | None = None
    seed_minutes: int | None = None
    required_flags: IndexerFlag = NO_FLAGS
    multi_languages: tuple[int, ...] = ()
    remove_year: bool = False
    additional_parameters: str = ""
    fail_downloads: tuple[int, ...] = ()
    enable_rss: bool = True
    enable_automatic_search: bool = True
    enable_interactive_search: bool = True
    priority: int = DEFAULT_PRIORITY
    download_client_id: int = 0
    tags: tuple[str, ...] = ()
    rest: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        """Check the values."""
        legal = self.name.strip() == self.name and 0 < len(self.name) <= LONGEST_NAME
        _require(legal and self.name.isprintable(), "name", "must have 1 to 100 printable letters.")
        _require(self.name != RESERVED_NAME, "name", "must not be hdbits, which is taken.")
        _require(_is_address(self.base_url), "base_url", "must be like http://host:9696/1.")
        refusal = refuse_host(urlsplit(self.base_url).hostname or "", AddressPolicy.CONFIGURED)
        _require(refusal is None, "base_url", f"is {refusal}; use another.")
        path = self.api_path.startswith("/") or not self.api_path
        _require(path and _is_plain(self.api_path), "api_path", "must be a path such as /api.")
        bare = not set(self.api_path) & set("?#;")
        _require(bare, "api_path", "is a path alone: a key belongs into the field for the key.")
        _require(_is_plain(self.api_key.reveal()), "api_key", "has characters that no key has.")
        _require(
            _is_plain(self.additional_parameters) and "#" not in self.additional_parameters,
            "additional_parameters",
            "must be like &name=value.",
        )
        _require(1 <= self.priority <= 50, "priority", "must be between 1 and 50.")
        least_seeders = self.minimum_seeders is None or self.minimum_seeders >= 0
        _require(least_seeders, "minimum_seeders", "must be 0 or more.")
        _require(
            self.seed_ratio is None or self.seed_ratio >= 0, "seed_ratio", "must be 0 or more."
        )
        minutes = self.seed_minutes is None or self.seed_minutes >= 0
        _require(minutes, "seed_minutes", "must be 0 or more.")
        labels = all(tag and tag.strip().lower() == tag for tag in self.tags)
        _require(labels, "tags", "must be labels of tags, in lower case.")

    @property
    def api_url(self) -> str:
        """Where its API answers."""
        return self.base_url.rstrip("/") + self.api_path.rstrip("/")

    @property
    def rules(self) -> IndexerRules:
        """What is asked of its releases."""
        return IndexerRules(
            name=self.name,
            priority=self.priority,
            minimum_seeders=self.minimum_seeders,
            required_flags=self.required_flags,
            tags=frozenset(self.tags),
        )

    @property
    def is_polled(self) -> bool:
        """Whether what is new is read on a schedule."""
        return self.enable_rss


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexer(NewIndexer):
    """An indexer that has a row.

    Attributes:
        id: reeld's own number.
        sealed_api_key: The key as it is stored; None where there is none. `api_key` is empty unless it was unsealed.
        version: Changes with the row.
    """

    id: int
    sealed_api_key: bytes | None = field(default=None, repr=False)
    added_at: datetime
    changed_at: datetime
    version: str = ""

    @property
    def part(self) -> str:
        """The name of its actor, its queue, its breaker and its limiter."""
        return part_of(self.id)


_SECRET: Final = re.compile(
    r"(^|_)auth(_|$)|(api|auth|pass|rss|access|private|user)_?(key|word|phrase|token)|(user|torrent)_?pass|token|passwd|cookie|secret",
    re.ASCII,
)


def looks_secret(name: str) -> bool:
    """Whether a field or parameter of this name holds a credential, as trackers and Prowlarr call them."""
    return _SECRET.search(re.sub(r"[^a-z]+", "_", name.lower())) is not None


def require_storable(indexer: NewIndexer) -> None:
    """Raise `InvalidField` when something holds a credential that is stored as it is shown."""
    named = parse_qsl(indexer.additional_parameters.lstrip("?&"), keep_blank_values=True)
    complaint = "are stored as they are shown: a key belongs into the field for the key."
    _require(not any(looks_secret(name) for name, _ in named), "additional_parameters", complaint)


def part_of(indexer_id: int | str) -> str:
    """Return the name of an indexer's actor, queue, breaker and limiter."""
    return f"torznab:{indexer_id}"


def same_place(one: str, other: str) -> bool:
    """Whether two addresses have scheme, host and port in common: only then may a key of one travel to the other."""
    return _origin(one) == _origin(other) is not None


def _origin(url: str) -> tuple[str, str, int | None] | None:
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme.lower())
    except ValueError:
        return None
    return parts.scheme.lower(), (parts.hostname or "").lower(), port


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises for one that is none
    except ValueError:
        return False
    http = parts.scheme.lower() in {"http", "https"} and bool(parts.hostname)
    return (
        http
        and "@" not in parts.netloc
        and not parts.query
        and not parts.fragment
        and _is_plain(url)
        and url.isascii()
    )


def _is_plain(text: str) -> bool:
    return len(text) <= LONGEST_TEXT and text.isprintable() and not set(text) & set(' "<>\\')


def _require(holds: bool, name: str, complaint: str) -> None:
    if not holds:
        raise InvalidField(name, complaint)

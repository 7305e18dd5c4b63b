"""Indexers as the API takes and gives them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Final

import msgspec

from reeld.domain.errors import InvalidField
from reeld.domain.indexer import DEFAULT_PRIORITY, IndexerRules
from reeld.domain.release import NO_FLAGS, IndexerFlag
from reeld.domain.secret import Secret
from reeld.domain.settings import FeedSettings, HdbitsSettings
from reeld.domain.torznab import (
    DEFAULT_API_PATH,
    LONGEST_NAME,
    LONGEST_TEXT,
    MOVIE_CATEGORIES,
    Implementation,
    Indexer,
    NewIndexer,
    same_place,
)

MASK: Final = "********"
_Text = Annotated[str, msgspec.Meta(max_length=LONGEST_TEXT)]
_Number = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
_Numbers = Annotated[list[_Number], msgspec.Meta(max_length=200)]


class IndexerBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An indexer to be stored or tried.

    Attributes:
        implementation: `Torznab` or `Newznab`.
        base_url: Where it is, without the API's path, such as `http://prowlarr:9696/1`.
        api_key: `********` means the stored one, as long as scheme, host and port of the address stay.
        categories: Newznab's numbers.
        minimum_seeders: Null for `decision.minimum_seeders`.
        seed_ratio, seed_minutes: Until when its torrents are seeded; null leaves it to the download client.
        required_flags: Names such as `freeleech`; a release must have one of them.
        multi_languages: Radarr's numbers of the languages that MULTI stands for.
        additional_parameters: More for each query, such as `&freeleech=1`.
        fail_downloads: Radarr's numbers of the kinds of files that make a download fail.
        priority: 1 to 50; of equal releases the one of the lower number is taken.
        tags: Labels: only movies that have one of them get releases from here.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME)]
    base_url: _Text
    implementation: Implementation = Implementation.TORZNAB
    api_path: _Text = DEFAULT_API_PATH
    api_key: _Text = ""
    categories: _Numbers = msgspec.field(default_factory=lambda: list(MOVIE_CATEGORIES))
    minimum_seeders: _Number | None = None
    seed_ratio: Annotated[float, msgspec.Meta(ge=0, le=1e6)] | None = None
    seed_minutes: _Number | None = None
    required_flags: list[str] = []
    multi_languages: _Numbers = []
    remove_year: bool = False
    additional_parameters: _Text = ""
    fail_downloads: _Numbers = []
    enable_rss: bool = True
    enable_automatic_search: bool = True
    enable_interactive_search: bool = True
    priority: Annotated[int, msgspec.Meta(ge=1, le=50)] = DEFAULT_PRIORITY
    download_client_id: _Number = 0
    tags: Annotated[list[str], msgspec.Meta(max_length=100)] = []

    def to_indexer(self, stored: Indexer | None = None) -> NewIndexer:
        """Read it.

        Args:
            stored: The row that it replaces or tries again, with its key.

        Raises:
            InvalidField: A field is wrong; the error names it.
        """
        return NewIndexer(
            name=self.name,
            implementation=self.implementation,
            base_url=self.base_url,
            api_path=self.api_path,
            api_key=self._key(stored),
            categories=tuple(self.categories),
            minimum_seeders=self.minimum_seeders,
            seed_ratio=self.seed_ratio,
            seed_minutes=self.seed_minutes,
            required_flags=_flags(self.required_flags),
            multi_languages=tuple(self.multi_languages),
            remove_year=self.remove_year,
            additional_parameters=self.additional_parameters,
            fail_downloads=tuple(self.fail_downloads),
            enable_rss=self.enable_rss,
            enable_automatic_search=self.enable_automatic_search,
            enable_interactive_search=self.enable_interactive_search,
            priority=self.priority,
            download_client_id=self.download_client_id,
            tags=tuple(self.tags),
            rest=stored.rest if stored is not None else {},
        )

    def _key(self, stored: Indexer | None) -> Secret:
        if self.api_key != MASK:
            return Secret(self.api_key)
        if stored is None:
            raise InvalidField("api_key", "is a mask: enter the key itself.", reason="masked")
        if not same_place(stored.base_url, self.base_url):
            # A stored key never travels to another machine, whoever asks for it.
            complaint = "enter the key again: the address leads to another host, port or scheme."
            raise InvalidField("api_key", complaint, reason="masked")
        return stored.api_key


class IndexerTrial(IndexerBody, frozen=True, kw_only=True):
    """An indexer to be tried.

    Attributes:
        id: The stored one that it is, for its key; null for a new one.
    """

    id: int | None = None


class IndexerState(msgspec.Struct, frozen=True):
    """How an indexer does.

    Attributes:
        breaker: `closed` while it is asked; empty before its actor has started.
        sentence: Why it is not asked, or could not be read last; empty when all is well.
        last_read_at: When its latest offers were read last without an error.
    """

    breaker: str = ""
    sentence: str = ""
    last_read_at: datetime | None = None


class IndexerView(msgspec.Struct, frozen=True, kw_only=True):
    """An indexer.

    Attributes:
        id: reeld's own number; null for HDBits and the feeds, which are in the settings and cannot be changed here.
        implementation: `Torznab`, `Newznab`, `HDBits` or `TorrentRssIndexer`.
        base_url: Of a feed no more than its host: the rest may be a key.
        api_key: `********` where there is one.
    """

    id: int | None
    name: str
    implementation: str
    base_url: str
    api_path: str = ""
    api_key: str = ""
    categories: list[int] = []
    minimum_seeders: int | None = None
    seed_ratio: float | None = None
    seed_minutes: int | None = None
    required_flags: list[str] = []
    multi_languages: list[int] = []
    remove_year: bool = False
    additional_parameters: str = ""
    fail_downloads: list[int] = []
    enable_rss: bool = True
    enable_automatic_search: bool = True
    enable_interactive_search: bool = True
    priority: int = DEFAULT_PRIORITY
    download_client_id: int = 0
    tags: list[str] = []
    state: IndexerState

    @classmethod
    def of(cls, indexer: Indexer, state: IndexerState) -> IndexerView:
        """Show a row."""
        return cls(
            id=indexer.id,
            name=indexer.name,
            implementation=str(indexer.implementation),
            base_url=indexer.base_url,
            api_path=indexer.api_path,
            api_key=MASK if indexer.sealed_api_key is not None else "",
            categories=list(indexer.categories),
            minimum_seeders=indexer.minimum_seeders,
            seed_ratio=indexer.seed_ratio,
            seed_minutes=indexer.seed_minutes,
            required_flags=names_of(indexer.required_flags),
            multi_languages=list(indexer.multi_languages),
            remove_year=indexer.remove_year,
            additional_parameters=indexer.additional_parameters,
            fail_downloads=list(indexer.fail_downloads),
            enable_rss=indexer.enable_rss,
            enable_automatic_search=indexer.enable_automatic_search,
            enable_interactive_search=indexer.enable_interactive_search,
            priority=indexer.priority,
            download_client_id=indexer.download_client_id,
            tags=list(indexer.tags),
            state=state,
        )

    @classmethod
    def of_settings(
        cls, settings: HdbitsSettings | FeedSettings, origin: str, state: IndexerState
    ) -> IndexerView:
        """Show what the settings have.

        Args:
            settings: HDBits' or a feed's.
            origin: Where it is: what may be shown of its address.
            state: How it does.
        """
        rules: IndexerRules = settings.rules
        searches = isinstance(settings, HdbitsSettings)
        return cls(
            id=None,
            name=rules.name,
            implementation="HDBits" if searches else "TorrentRssIndexer",
            base_url=origin,
            api_key=MASK,
            minimum_seeders=rules.minimum_seeders,
            required_flags=names_of(rules.required_flags),
            enable_automatic_search=searches,
            enable_interactive_search=searches,
            priority=rules.priority,
            tags=sorted(rules.tags),
            state=state,
        )


def names_of(flags: IndexerFlag) -> list[str]:
    """Return the names of flags as settings write them."""
    return [str(each.name).lower() for each in flags]


def _flags(names: list[str]) -> IndexerFlag:
    flags, known = NO_FLAGS, IndexerFlag.__members__
    for n, name in enumerate(names):
        if name.upper() not in known:
            among = ", ".join(each.lower() for each in known)
            raise InvalidField(f"required_flags[{n}]", f"must be among {among}.")
        flags |= known[name.upper()]
    return flags


class SchemaField(msgspec.Struct, frozen=True):
    """A field of an indexer, for whoever makes a form of it.

    Attributes:
        type: `text`, `secret`, `number`, `numbers`, `words` or `switch`.
    """

    name: str
    type: str
    default: str | int | float | bool | list[int] | None
    is_required: bool


class IndexerSchema(msgspec.Struct, frozen=True):
    """What can be said of an indexer of a kind."""

    implementation: Implementation
    protocol: str
    fields: list[SchemaField]


def schema() -> list[IndexerSchema]:
    """Return what can be said of each kind of indexer."""
    kinds = {Implementation.TORZNAB: "torrent", Implementation.NEWZNAB: "usenet"}
    return [IndexerSchema(kind, protocol, list(_fields())) for kind, protocol in kinds.items()]


def _fields() -> Iterator[SchemaField]:
    numbers = {"minimum_seeders", "seed_ratio", "seed_minutes"}
    for each in msgspec.structs.fields(IndexerBody):
        if each.name == "implementation":
            continue
        default = None if each.required else _default(each)
        kind = "secret" if each.name == "api_key" else _kind(each.name, default, numbers)
        yield SchemaField(each.name, kind, default, each.required)


def _default(field: msgspec.structs.FieldInfo) -> str | int | float | bool | list[int] | None:
    if field.default_factory is not msgspec.NODEFAULT:
        made: list[int] = field.default_factory()
        return made
    value: str | int | float | bool | None = field.default
    return value


def _kind(name: str, default: object, numbers: set[str]) -> str:
    match default:
        case bool():
            return "switch"
        case int() | float():
            return "number"
        case list():
            return "words" if name in {"required_flags", "tags"} else "numbers"
        case _:
            return "number" if name in numbers else "text"

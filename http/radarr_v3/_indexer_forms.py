"""Indexers as Radarr's forms, and forms as indexers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from reeld.domain.indexer import DEFAULT_PRIORITY
from reeld.domain.release import IndexerFlag
from reeld.domain.secret import Secret
from reeld.domain.settings import FeedSettings, HdbitsSettings
from reeld.domain.torznab import Implementation, Indexer, NewIndexer, looks_secret, same_place
from reeld.http.radarr_v3._asked import Body
from reeld.http.radarr_v3._errors import invalid
from reeld.http.radarr_v3._provider import fields_of, form_field, provider
from reeld.http.radarr_v3._values import MASK, Json

_BLANK: Final = NewIndexer(name="x", base_url="http://x")
_FORM: Final = frozenset(
    {
        "baseurl",
        "apipath",
        "apikey",
        "categories",
        "minimumseeders",
        "seedcriteria.seedratio",
        "seedcriteria.seedtime",
        "requiredflags",
        "multilanguages",
        "removeyear",
        "additionalparameters",
        "faildownloads",
    }
)


def of_hdbits(number: int, settings: HdbitsSettings) -> Json:
    """Write HDBits as the settings describe it."""
    fields = [
        form_field(0, "baseUrl", "API URL", settings.url, "url", advanced=True),
        form_field(1, "username", "Username", settings.username, privacy="userName"),
        form_field(2, "apiKey", "API Key", settings.passkey, privacy="apiKey"),
        form_field(3, "categories", "Categories", [1], "select"),
        form_field(4, "minimumSeeders", "Minimum Seeders", settings.minimum_seeders, "number"),
    ]
    return _indexer(number, "HDBits", "HDBits", fields, settings.priority)


def of_feed(number: int, feed: FeedSettings) -> Json:
    """Write a feed. Its address carries a key: it is masked as a whole."""
    fields = [
        form_field(0, "feedUrl", "Full RSS Feed URL", MASK),
        form_field(1, "minimumSeeders", "Minimum Seeders", feed.minimum_seeders, "number"),
    ]
    written = _indexer(number, feed.name, "TorrentRssIndexer", fields, feed.priority)
    return written | {"enableAutomaticSearch": False, "enableInteractiveSearch": False}


def of_stored(number: int, stored: Indexer, tags: Mapping[str, int]) -> Json:
    """Write an indexer that Prowlarr or a person entered."""
    fields = _fields(stored, stored.sealed_api_key is not None)
    fields += [
        form_field(len(fields) + place, name, name, value)
        for place, (name, value) in enumerate(stored.rest.items())
    ]
    written = _indexer(number, stored.name, str(stored.implementation), fields, stored.priority)
    return written | {
        "enableRss": stored.enable_rss,
        "enableAutomaticSearch": stored.enable_automatic_search,
        "enableInteractiveSearch": stored.enable_interactive_search,
        "downloadClientId": stored.download_client_id,
        "tags": sorted(tags[label] for label in stored.tags if label in tags),
    }


def blank(implementation: Implementation) -> Json:
    """Write the form of an indexer that is not there yet."""
    fields = _fields(_BLANK, False)
    fields[0]["value"] = ""
    return _indexer(0, "", str(implementation), fields, DEFAULT_PRIORITY)


def read_indexer(body: Body, stored: Indexer | None, labels: Mapping[int, str]) -> NewIndexer:
    """Read a form.

    Args:
        body: What was sent.
        stored: The row that it replaces or tries again, with its key.
        labels: Those of the tags, by number.

    Raises:
        Invalid: It is none of Torznab or Newznab, or the key is a mask and may not be used there.
        InvalidField: A value is wrong; the error names it.
    """
    kind = body.text("implementation")
    if kind not in list(Implementation):
        message = f"reeld knows Torznab and Newznab; '{kind[:40]}' is set in its settings file."
        raise invalid("Implementation", message, kind)
    form = fields_of(body)
    address = form.text("baseUrl")
    return NewIndexer(
        name=body.text("name").strip(),
        implementation=Implementation(kind),
        base_url=address,
        api_path=form.text("apiPath", "/api"),
        api_key=_key(form.text("apiKey"), address, stored),
        categories=tuple(form.integers("categories")) or _BLANK.categories,
        minimum_seeders=_whole(form, "minimumSeeders"),
        seed_ratio=_number(form, "seedCriteria.seedRatio"),
        seed_minutes=_whole(form, "seedCriteria.seedTime"),
        required_flags=_flags(form.integers("requiredFlags")),
        multi_languages=tuple(form.integers("multiLanguages")),
        remove_year=form.flag("removeYear"),
        additional_parameters=form.text("additionalParameters"),
        fail_downloads=tuple(form.integers("failDownloads")),
        enable_rss=body.flag("enableRss", True),
        enable_automatic_search=body.flag("enableAutomaticSearch", True),
        enable_interactive_search=body.flag("enableInteractiveSearch", True),
        priority=body.integer("priority", DEFAULT_PRIORITY) or DEFAULT_PRIORITY,
        download_client_id=max(body.integer("downloadClientId"), 0),
        tags=tuple(labels[each] for each in body.integers("tags") if each in labels),
        rest=_rest(body),
    )


def _key(sent: str, address: str, stored: Indexer | None) -> Secret:
    if sent != MASK:
        return Secret(sent)
    if stored is None:
        raise invalid("ApiKey", "The key is a mask: enter the key itself.")
    if not same_place(stored.base_url, address):
        # A stored key never travels to another machine, whoever asks for it.
        raise invalid("ApiKey", "The address leads to another host: enter the key again.")
    return stored.api_key


def _rest(body: Body) -> dict[str, Any]:
    """Return the fields that reeld has no use for, to be given back as they came; credentials among them are dropped."""
    found = ((each.text("name"), each.get("value")) for each in body.items_of("fields"))
    kept = {name: value for name, value in found if _is_kept(name)}
    return {name: value for name, value in list(kept.items())[:50] if value is not None}


def _is_kept(name: str) -> bool:
    return bool(name) and name.lower() not in _FORM and not looks_secret(name)


def _whole(form: Body, name: str) -> int | None:
    return None if form.get(name) in (None, "") else form.integer(name)


def _number(form: Body, name: str) -> float | None:
    value = form.get(name)
    if isinstance(value, str):
        try:
            return float(value) if value.strip() else None
        except ValueError:
            raise invalid(name, f"'{name}' must be a number.", value) from None
    return form.number(name)


def _flags(numbers: list[int]) -> IndexerFlag:
    flags = IndexerFlag(0)
    for number in numbers:
        if number not in list(IndexerFlag):
            raise invalid("RequiredFlags", f"There is no flag {number}.", number)
        flags |= IndexerFlag(number)
    return flags


def _fields(value: NewIndexer, has_key: bool) -> list[Json]:
    rows: list[tuple[str, str, Any, str, bool]] = [
        ("baseUrl", "URL", value.base_url, "textbox", False),
        ("apiPath", "API Path", value.api_path, "textbox", True),
        ("apiKey", "API Key", has_key, "textbox", False),
        ("categories", "Categories", list(value.categories), "select", False),
        ("minimumSeeders", "Minimum Seeders", value.minimum_seeders, "number", True),
        ("seedCriteria.seedRatio", "Seed Ratio", value.seed_ratio, "textbox", True),
        ("seedCriteria.seedTime", "Seed Time", value.seed_minutes, "number", True),
        ("multiLanguages", "Multi Languages", list(value.multi_languages), "select", True),
        ("removeYear", "Remove Year", value.remove_year, "checkbox", True),
        ("requiredFlags", "Required Flags", [int(each) for each in value.required_flags], "select", True),
        ("additionalParameters", "Additional Parameters", value.additional_parameters, "textbox", True),
        ("failDownloads", "Fail Downloads", list(value.fail_downloads), "select", True),
    ]  # fmt: skip
    return [
        form_field(
            place, name, label, held, kind, advanced=advanced,
            privacy="apiKey" if name == "apiKey" else "normal",
        )
        for place, (name, label, held, kind, advanced) in enumerate(rows)
    ]  # fmt: skip


def _indexer(
    number: int, name: str, implementation: str, fields: list[Json], priority: int
) -> Json:
    is_feed = implementation == "TorrentRssIndexer"
    return provider(
        number,
        name,
        implementation,
        fields,
        enableRss=True,
        enableAutomaticSearch=True,
        enableInteractiveSearch=True,
        supportsRss=True,
        supportsSearch=not is_feed,
        protocol="usenet" if implementation == "Newznab" else "torrent",
        priority=priority,
        downloadClientId=0,
    )

"""Custom formats that come from elsewhere and go there, and releases to try them on."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Annotated, Any

import msgspec
import trio
from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody

from reeld.domain.custom_format import (
    Change,
    CustomFormat,
    InvalidFormat,
    PlannedFormat,
    Subject,
    explain_formats,
    plan_formats,
    to_radarr,
)
from reeld.domain.errors import InvalidField
from reeld.domain.language import Language
from reeld.domain.parsing import parse_release_name
from reeld.domain.release import NO_FLAGS, IndexerFlag
from reeld.http.api.format_views import TestedFormat
from reeld.http.ops.audit import AnyRequest
from reeld.http.surface import Surface
from reeld.storage import TrioConnection
from reeld.storage.repositories import formats

MOST_AT_ONCE = 1000
LARGEST_BODY = 8 * 1024 * 1024
"""Radarr writes every choice of a field into each condition."""


class ReleaseBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A release to try the formats on.

    Attributes:
        name: The release name.
        size: Bytes.
        flags: What the indexer says of it: FREELEECH, INTERNAL, SCENE ...
        original_language: Radarr's name of the language that the movie was made in.
        year: The movie's, for a name that states none.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=16384)]
    size: Annotated[int, msgspec.Meta(ge=0)] | None = None
    flags: list[str] = []
    original_language: str | None = None
    year: int | None = None


class Tested(msgspec.Struct, frozen=True):
    """What a release name means, and what each format says of it; those that match come first."""

    parsed: dict[str, Any]
    formats: list[TestedFormat]


class ImportedFormat(msgspec.Struct, frozen=True):
    """What became of a format; `id` is null when it is new and nothing was stored."""

    id: int | None
    name: str
    change: Change


class ImportedFormats(msgspec.Struct, frozen=True):
    """What an import did, or would do."""

    stored: bool
    formats: list[ImportedFormat]


def exchange_handlers(surface: Surface, known: formats.KnownFormats) -> Sequence[Any]:
    """Return the routes of import, export and trial, below those of custom formats."""
    database, audit = surface.database, surface.audit

    @post(
        "/import", operation_id="importFormats", status_code=200, request_max_body_size=LARGEST_BODY
    )
    async def import_formats(
        request: AnyRequest, data: JSONBody[Any], dry_run: FromQuery[bool] = False
    ) -> ImportedFormats:
        """Store formats as Radarr or the TRaSH Guides write them: one, or a list. All or none; by name."""
        documents = _documents(data)
        if dry_run:
            return _imported(await plan(documents), [])
        with audit.change(request, "import_formats", f"{len(documents)} formats"):
            planned = await plan(documents)
            async with database.transaction() as conn:
                numbers = [await _kept(conn, each) for each in planned]
            return _imported(planned, numbers)

    @get("/export", operation_id="exportFormats")
    async def export_formats() -> list[dict[str, Any]]:
        """Give all formats as Radarr writes them."""
        return [to_radarr(each) for each in await known.current(database)]

    @get("/{format_id:int}/export", operation_id="exportFormat")
    async def export_format(format_id: FromPath[int]) -> dict[str, Any]:
        """Give a format as Radarr writes it; what was imported comes out unchanged."""
        return to_radarr(await formats.get(database, format_id))

    @post("/test", operation_id="testFormats", status_code=200)
    async def test_formats(data: JSONBody[ReleaseBody]) -> Tested:
        """Tell which formats a release has, and what each of their conditions says."""
        return await trio.to_thread.run_sync(_tested, data, await known.current(database))

    async def plan(documents: list[Any]) -> tuple[PlannedFormat, ...]:
        present = await known.current(database)
        return await trio.to_thread.run_sync(plan_formats, documents, present)

    return [import_formats, export_formats, export_format, test_formats]


def _documents(data: object) -> list[object]:
    documents = data if isinstance(data, list) else [data]
    if not 0 < len(documents) <= MOST_AT_ONCE:
        raise InvalidFormat("formats", f"1 to {MOST_AT_ONCE} formats are read at once.")
    return documents


async def _kept(conn: TrioConnection, planned: PlannedFormat) -> int:
    if planned.change is Change.UNCHANGED:
        return planned.format.id
    return await formats.save(conn, planned.format)


def _imported(planned: Sequence[PlannedFormat], numbers: Sequence[int]) -> ImportedFormats:
    told = [
        ImportedFormat(number or each.format.id or None, each.format.name, each.change)
        for each, number in zip_longest(planned, numbers)
    ]
    return ImportedFormats(bool(numbers), told)


def _tested(release: ReleaseBody, known: Sequence[CustomFormat]) -> Tested:
    """Try every format. Blocks for some milliseconds."""
    parsed = parse_release_name(release.name)
    subject = Subject(
        release.name,
        parsed,
        release.size,
        _flags(release.flags),
        _language(release.original_language),
        release.year,
    )
    verdicts = [TestedFormat.of(each) for each in explain_formats(subject, known)]
    return Tested(parsed.to_json(), sorted(verdicts, key=lambda each: not each.matches))


def _flags(names: Sequence[str]) -> IndexerFlag:
    found = NO_FLAGS
    for n, name in enumerate(names):
        try:
            found |= IndexerFlag[name.upper()]
        except KeyError:
            known = ", ".join(each.name or "" for each in IndexerFlag)
            raise InvalidField(f"flags[{n}]", f"is none of {known}.") from None
    return found


def _language(label: str | None) -> Language | None:
    try:
        return Language.by_label(label) if label else None
    except KeyError:
        raise InvalidField("original_language", "is none of Radarr's languages.") from None

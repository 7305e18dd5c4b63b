"""What people say of files: `PUT moviefile`, one, several alike, or several each in its own way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from litestar import Response, put

from reeld.domain.language import Language
from reeld.domain.library import FileEdit
from reeld.domain.quality import Quality, Revision
from reeld.domain.release import IndexerFlag
from reeld.http.radarr_v3._answers import accepted
from reeld.http.radarr_v3._asked import AnyRequest, Body, number_of, read_body, read_list
from reeld.http.radarr_v3._errors import Missing, invalid
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._movies import file_document
from reeld.http.radarr_v3._values import Json
from reeld.storage.repositories import library

MOST_AT_ONCE: Final = 500
_LONGEST: Final = 200
_MOST_LANGUAGES: Final = 100


def file_editing_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes that take what people say of files."""
    audit = frame.surface.audit

    @put(["/moviefile", "/moviefile/{file_id:int}"])
    async def change(request: AnyRequest) -> Response[bytes]:
        body = await read_body(request)
        number = number_of(request, body)
        with audit.change(request, "edit_movie", f"file {number}"):
            (document,) = await stored([(number, _edit_of(body))])
        return accepted(document)

    @put("/moviefile/editor")
    async def change_alike(request: AnyRequest) -> Response[bytes]:
        body = await read_body(request)
        numbers = _numbers(body.integers("movieFileIds"))
        wanted = _edit_of(body)
        with audit.change(request, "edit_movie", f"{len(numbers)} files"):
            return accepted(await stored([(number, wanted) for number in numbers]))

    @put("/moviefile/bulk")
    async def change_each(request: AnyRequest) -> Response[bytes]:
        bodies = await read_list(request)
        _numbers([body.integer("id") for body in bodies])
        wanted = [(body.integer("id"), _edit_of(body)) for body in bodies]
        with audit.change(request, "edit_movie", f"{len(wanted)} files"):
            return accepted(await stored(wanted))

    async def stored(wanted: Sequence[tuple[int, FileEdit]]) -> list[Json]:
        """Store all or nothing, always in the same order, so that two askers never wait for one another."""
        async with frame.database.transaction() as conn:
            for number, edit in sorted(wanted, key=lambda each: each[0]):
                if await library.edit(conn, number, edit) is None:
                    raise Missing
        found = [await library.get(frame.database, number) for number, _ in wanted]
        return [await file_document(frame, file) for file in found if file is not None]

    return [change, change_alike, change_each]


def _numbers(numbers: Sequence[int]) -> Sequence[int]:
    unique = tuple(dict.fromkeys(numbers))
    if not 0 < len(unique) <= MOST_AT_ONCE:
        raise invalid("MovieFileIds", f"There must be 1 to {MOST_AT_ONCE} files.")
    return unique


def _edit_of(body: Body) -> FileEdit:
    """Read what a document says; what it leaves out, or says null of, stays as it is."""
    quality, revision = _quality(body)
    return FileEdit(
        quality=quality,
        revision=revision,
        edition=_text(body, "edition"),
        release_group=_text(body, "releaseGroup"),
        flags=_flags(body),
        languages=_languages(body),
    )


def _quality(body: Body) -> tuple[Quality | None, Revision | None]:
    if body.get("quality") is None:
        return None, None
    model = body.object("quality")
    try:
        quality = Quality.by_number(model.object("quality").integer("id", -1))
    except KeyError:
        raise invalid("Quality", "There is no such quality.") from None
    if model.get("revision") is None:
        return quality, None
    said = model.object("revision")
    real, version = said.integer("real"), said.integer("version", 1)
    if not (0 <= real <= _LONGEST and 0 <= version <= _LONGEST):
        raise invalid("Quality", "There is no such revision.")
    return quality, Revision(real, version, said.flag("isRepack"))


def _text(body: Body, name: str) -> str | None:
    if body.get(name) is None:
        return None
    text = body.text(name).strip()
    if len(text) > _LONGEST or not text.isprintable():
        message = f"It must be at most {_LONGEST} letters in one line."
        raise invalid(name, message)
    return text


def _flags(body: Body) -> IndexerFlag | None:
    if body.get("indexerFlags") is None:
        return None
    number = body.integer("indexerFlags")
    known = sum(IndexerFlag)
    if number & ~known:
        raise invalid("IndexerFlags", "There are no such flags.")
    return IndexerFlag(number)


def _languages(body: Body) -> tuple[Language, ...] | None:
    """Read languages; none at all leaves them as they are, as in Radarr's own page."""
    listed = body.items_of("languages")
    if len(listed) > _MOST_LANGUAGES:
        raise invalid("Languages", "There are not so many languages.")
    try:
        numbers = [Body({"of": each}).object("of").integer("id", -2) for each in listed]
        return tuple(dict.fromkeys(Language.by_number(each) for each in numbers)) or None
    except KeyError:
        raise invalid("Languages", "There is no such language.") from None

"""`history` and `blocklist`: reading."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from litestar import Response, get

from reeld.domain.history import HistoryKind
from reeld.domain.language import Language
from reeld.domain.parsing import ParsedRelease
from reeld.domain.profile import QualityProfile
from reeld.domain.quality import FIRST_REVISION, Quality
from reeld.http.radarr_v3._answers import Paging, answered
from reeld.http.radarr_v3._asked import AnyRequest, Query
from reeld.http.radarr_v3._choosing import (
    RELEASE_ORDERS,
    TORRENT,
    ReleaseChoice,
    chosen,
    wanted_protocols,
)
from reeld.http.radarr_v3._errors import invalid
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._liking import Liking, Named
from reeld.http.radarr_v3._names import read_names
from reeld.http.radarr_v3._quality import languages, quality_model
from reeld.http.radarr_v3._queue import CLIENT
from reeld.http.radarr_v3._values import Json, moment, present
from reeld.storage.repositories import blocklist, history
from reeld.storage.repositories.blocklist import BlockOrder
from reeld.storage.repositories.history import Choice, HistoryRecord

_CALLED: Final = {
    HistoryKind.GRABBED: "grabbed",
    HistoryKind.IMPORTED: "downloadFolderImported",
    HistoryKind.DOWNLOAD_FAILED: "downloadFailed",
    HistoryKind.IMPORT_FAILED: "downloadFailed",
    HistoryKind.DOWNLOAD_IGNORED: "downloadIgnored",
    HistoryKind.FOUND: "movieFolderImported",
    HistoryKind.FILE_RENAMED: "movieFileRenamed",
    HistoryKind.FILE_RETIRED: "movieFileDeleted",
    HistoryKind.FILE_DELETED: "movieFileDeleted",
}
"""What Radarr's history tells, and its word for it; of the rest it tells nothing."""
_NUMBERS: Final = {
    1: "grabbed",
    3: "downloadFolderImported",
    4: "downloadFailed",
    6: "movieFileDeleted",
    7: "movieFolderImported",
    8: "movieFileRenamed",
    9: "downloadIgnored",
}
_MOST: Final = 1000


def _sort_title(record: Json) -> str:
    movie: Json = record.get("movie") or {}
    return str(movie.get("sortTitle", ""))


_ORDERS: Final[Mapping[str, Callable[[Json], Any]]] = {
    "sourcetitle": lambda record: record["sourceTitle"].lower(),
    "moviemetadata.sorttitle": _sort_title,
    "movies.sorttitle": _sort_title,
    **RELEASE_ORDERS,
}
"""What history is sorted by other than its days, by the sort keys in lower case."""
_BLOCK_ORDERS: Final = {
    "date": BlockOrder.AGE,
    "id": BlockOrder.AGE,
    "sourcetitle": BlockOrder.TITLE,
    "indexer": BlockOrder.INDEXER,
    "moviemetadata.sorttitle": BlockOrder.MOVIE,
    "movies.sorttitle": BlockOrder.MOVIE,
}


def history_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes that read history."""
    liking = Liking(frame)

    @get("/history")
    async def page(request: AnyRequest) -> Response[bytes]:
        query = Query.of(request)
        paging = Paging.of(query, sort_key="date", descending=True, known=("date", *_ORDERS))
        choice, releases = _choice(query), ReleaseChoice.of(query)
        with_movie, order = query.flag("includeMovie"), _ORDERS.get(paging.sort_key.lower())
        if releases or order is not None:
            return answered(paging.cut(await looked_through(choice, releases, paging, with_movie)))
        found = await history.numbered_page(
            frame.database,
            choice,
            offset=paging.offset,
            limit=paging.size,
            newest_first=paging.descending,
        )
        records = await written(found, with_movie=with_movie)
        return answered(paging.wrap(records, await history.count(frame.database, choice)))

    async def looked_through(
        choice: Choice, releases: ReleaseChoice, paging: Paging, with_movie: bool
    ) -> list[Json]:
        """Return the records of some releases, or in another order: of the newest rows, whose names are read."""
        rows = await history.numbered_page(frame.database, choice, limit=_MOST)
        every = await written(rows, with_movie=True)
        if not paging.descending:
            every.reverse()
        order = _ORDERS.get(paging.sort_key.lower())
        found = chosen(every, releases, order, paging.descending)
        return [
            {name: value for name, value in each.items() if with_movie or name != "movie"}
            for each in found
        ]

    @get("/history/since")
    async def since(request: AnyRequest) -> Response[bytes]:
        query = Query.of(request)
        found = await history.numbered_page(
            frame.database, _choice(query), limit=_MOST, since=query.moment("date")
        )
        return answered(await written(found, with_movie=query.flag("includeMovie")))

    @get("/history/movie")
    async def of_movie(request: AnyRequest) -> Response[bytes]:
        query = Query.of(request)
        movie_id = query.integer("movieId")
        if movie_id is None:
            raise invalid("movieId", "'movieId' must not be empty.")
        choice = Choice(_choice(query).kinds, (movie_id,))
        found = await history.numbered_page(frame.database, choice, limit=_MOST)
        return answered(await written(found, with_movie=query.flag("includeMovie")))

    async def written(found: Sequence[HistoryRecord], *, with_movie: bool) -> list[Json]:
        names = await read_names(each.entry.release_title for each in found)
        movies = await frame.movie_documents([each.entry.movie_id for each in found])
        profiles = await frame.profiles()
        told = [_named(each, names, movies.get(each.entry.movie_id)) for each in found]
        return [
            _record(each, about, profiles, with_movie=with_movie) | liked
            for each, about, liked in zip(found, told, await liking.of(told), strict=True)
        ]

    return [page, since, of_movie]


def blocklist_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes that read the blocklist."""
    liking = Liking(frame)

    @get("/blocklist")
    async def page(request: AnyRequest) -> Response[bytes]:
        query = Query.of(request)
        paging = Paging.of(query, sort_key="date", descending=True, known=_BLOCK_ORDERS)
        movies = query.integers("movieIds") or None
        protocols = wanted_protocols(query, "protocols")
        if protocols and TORRENT not in protocols:
            return answered(paging.wrap([], 0))
        found = await blocklist.numbered_page(
            frame.database,
            offset=paging.offset,
            limit=paging.size,
            movie_ids=movies,
            order=_BLOCK_ORDERS[paging.sort_key.lower()],
            descending=paging.descending,
        )
        total = await blocklist.count(frame.database, movie_ids=movies)
        return answered(paging.wrap(await written(found), total))

    @get("/blocklist/movie")
    async def of_movie(request: AnyRequest) -> Response[bytes]:
        movie_id = Query.of(request).integer("movieId")
        if movie_id is None:
            raise invalid("movieId", "'movieId' must not be empty.")
        return answered(await written(await blocklist.by_movie(frame.database, movie_id)))

    async def written(found: Sequence[blocklist.Blocked]) -> list[Json]:
        names = await read_names(each.title for each in found)
        movies = await frame.movie_documents([each.movie_id for each in found])
        told = [
            Named(each.title, names.get(each.title), movies.get(each.movie_id), each.infohash)
            for each in found
        ]
        return [
            present(
                id=each.id,
                movieId=each.movie_id,
                sourceTitle=each.title,
                **_said(about),
                customFormats=liked["customFormats"],
                date=moment(each.at),
                protocol=TORRENT,
                indexer=each.indexer,
                message=each.sentence,
                movie=about.movie,
            )
            for each, about, liked in zip(found, told, await liking.of(told), strict=True)
        ]

    return [page, of_movie]


def _choice(query: Query) -> Choice:
    """Read which rows are wanted; event types come as numbers or as words, once or several times."""
    asked = query.values.get("eventtype", ())
    words = {
        _NUMBERS.get(int(each), "") if each.isdigit() and len(each) < 3 else each for each in asked
    }
    kinds = tuple(kind for kind, word in _CALLED.items() if not words or word in words)
    movies = tuple(query.integers("movieIds"))
    infohash = query.text("downloadId").lower() or None
    return Choice(kinds, movies or None, infohash)


def _named(record: HistoryRecord, names: Mapping[str, ParsedRelease], movie: Json | None) -> Named:
    title, size = record.entry.release_title or "", record.entry.data.get("size")
    size = size if isinstance(size, int) else None
    return Named(title, names.get(title), movie, record.infohash, size)


def _record(
    record: HistoryRecord, about: Named, profiles: Mapping[int, QualityProfile], *, with_movie: bool
) -> Json:
    entry, movie = record.entry, about.movie
    title = about.title or str(entry.data.get("path") or entry.data.get("title") or "")
    profile = None if movie is None else profiles.get(movie["qualityProfileId"])
    quality = Quality.UNKNOWN if about.parsed is None else about.parsed.quality
    return present(
        id=entry.id,
        movieId=entry.movie_id,
        sourceTitle=title,
        **_said(about),
        qualityCutoffNotMet=profile is not None and not profile.meets_cutoff(quality),
        date=moment(entry.at),
        downloadId=record.infohash.upper() if record.infohash else None,
        eventType=_CALLED[entry.kind],
        data=_data(entry.kind, entry.data, record.infohash),
        movie=movie if with_movie else None,
    )


def _said(about: Named) -> Json:
    movie, name = about.movie, about.parsed
    original = Language.by_number(movie["originalLanguage"]["id"]) if movie else None
    if name is None:
        return {
            "languages": languages((), original),
            "quality": quality_model(Quality.UNKNOWN, FIRST_REVISION),
        }
    return {
        "languages": languages(name.languages, original),
        "quality": quality_model(name.quality, name.revision),
    }


def _data(kind: HistoryKind, data: Mapping[str, object], infohash: str | None) -> dict[str, str]:
    """Write what a row tells beside, under Radarr's names; never a link, which holds a passkey in Radarr's."""
    told = {name: str(value) for name, value in data.items() if value is not None}
    match kind:
        case HistoryKind.GRABBED:
            told |= {"downloadClient": CLIENT, "downloadClientName": CLIENT, "protocol": "2"}
            told["torrentInfoHash"] = (infohash or "").upper()
        case HistoryKind.IMPORTED:
            told |= {"importedPath": told.get("path", ""), "downloadClient": CLIENT}
        case HistoryKind.DOWNLOAD_FAILED | HistoryKind.IMPORT_FAILED | HistoryKind.DOWNLOAD_IGNORED:
            told["message"] = told.get("sentence", "")
        case HistoryKind.FILE_RENAMED:
            told |= {"sourcePath": told.get("from", ""), "path": told.get("path", "")}
        case _:
            told["reason"] = "Upgrade" if kind is HistoryKind.FILE_RETIRED else "Manual"
    return told

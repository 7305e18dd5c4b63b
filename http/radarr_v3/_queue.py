"""`queue`: what is under way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from litestar import Response, get

from reeld.domain.acquisition import AcquisitionState
from reeld.domain.language import Language
from reeld.http.radarr_v3._answers import Paging, answered
from reeld.http.radarr_v3._asked import AnyRequest, Query
from reeld.http.radarr_v3._choosing import (
    RELEASE_ORDERS,
    TORRENT,
    QueueChoice,
    ReleaseChoice,
    chosen,
)
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._liking import Liking, Named
from reeld.http.radarr_v3._names import read_names
from reeld.http.radarr_v3._release import formats_of, languages_of, quality_of
from reeld.http.radarr_v3._values import Json, moment, present, span
from reeld.http.radarr_v3._waiting import status_of, waiting_record
from reeld.storage.repositories import downloads, pending
from reeld.storage.repositories.downloads import Download, Offer
from reeld.storage.repositories.pending import Waiting

CLIENT: Final = "qBittorrent"
_MOST: Final = 1000
_ORDERS: Final = frozenset(
    {
        "movies.sorttitle",
        "moviemetadata.sorttitle",
        "title",
        "added",
        "progress",
        "timeleft",
        "estimatedcompletiontime",
        "size",
        "indexer",
        "status",
        *RELEASE_ORDERS,
    }
)
"""The sort keys that are known, in lower case."""

Queued = Download | Waiting
"""What the queue shows: what is fetched, and what waits to be."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How Radarr calls what a download is doing.

    Attributes:
        message: What is wrong; decluttarr compares it with Radarr's own words.
    """

    status: str
    tracked_status: str = "ok"
    message: str | None = None


_DOWNLOADING: Final = Standing("downloading")
_STANDINGS: Final = {
    "error": Standing("warning", "warning", "qBittorrent is reporting an error"),
    "missingFiles": Standing("warning", "warning", "qBittorrent is reporting missing files"),
    "stalledDL": Standing("warning", "warning", "The download is stalled with no connections"),
    "metaDL": Standing("queued", "ok", "qBittorrent is downloading metadata"),
    "forcedMetaDL": Standing("queued", "ok", "qBittorrent is downloading metadata"),
    "queuedDL": Standing("queued"),
    "checkingDL": Standing("queued"),
    "checkingResumeData": Standing("queued"),
    "pausedDL": Standing("paused"),
    "stoppedDL": Standing("paused"),
}
"""By qBittorrent's word, as Radarr's client translates it."""


def queue_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes that read the queue."""
    liking = Liking(frame)

    @get("/queue")
    async def page(request: AnyRequest) -> Response[bytes]:
        query = Query.of(request)
        paging = Paging.of(query, sort_key="timeleft", known=_ORDERS)
        choice, releases = QueueChoice.of(query), ReleaseChoice.of(query)
        found = [one for one in await queued() if choice.covers(one.movie_id, standing(one).status)]
        found.sort(
            key=lambda one: _sorted_by(one, paging.sort_key.lower()), reverse=paging.descending
        )
        with_movie = query.flag("includeMovie")
        of_release = RELEASE_ORDERS.get(paging.sort_key.lower())
        if not releases and of_release is None:
            some = found[paging.offset : paging.offset + paging.size]
            return answered(paging.wrap(await written(some, with_movie=with_movie), len(found)))
        records = await written(found, with_movie=with_movie)
        return answered(paging.cut(chosen(records, releases, of_release, paging.descending)))

    @get("/queue/details")
    async def details(request: AnyRequest) -> Response[bytes]:
        query = Query.of(request)
        movie_id = query.integer("movieId")
        found = [one for one in await queued() if movie_id in {None, one.movie_id}]
        return answered(await written(found, with_movie=query.flag("includeMovie")))

    @get("/queue/status")
    async def status() -> Response[bytes]:
        found = [standing(one) for one in await queued()]
        return answered(
            {
                "totalCount": len(found),
                "count": len(found),
                "unknownCount": 0,
                "errors": any(each.tracked_status == "error" for each in found),
                "warnings": any(each.tracked_status == "warning" for each in found),
                "unknownErrors": False,
                "unknownWarnings": False,
            }
        )

    async def queued() -> list[Queued]:
        under_way = await downloads.active(frame.database, limit=_MOST)
        return [*under_way, *await pending.queue(frame.database, limit=_MOST)]

    async def written(some: Sequence[Queued], *, with_movie: bool) -> list[Json]:
        movies = await frame.movie_documents([one.movie_id for one in some])
        fetched = [one for one in some if isinstance(one, Download)]
        offers = await downloads.offers(frame.database, [one.id for one in fetched])
        waiting = [one for one in some if isinstance(one, Waiting)]
        liked = await liked_of(waiting, movies)

        def document(one: Queued) -> Json | None:
            movie = movies.get(one.movie_id)
            if movie is None:
                return None
            if isinstance(one, Waiting):
                return waiting_record(one, movie, liked[one.release_id], with_movie=with_movie)
            offer = offers.get(one.id)
            if offer is None:
                return None
            return queue_record(one, offer, movie, with_movie=with_movie)

        return [found for one in some if (found := document(one)) is not None]

    async def liked_of(waiting: Sequence[Waiting], movies: Mapping[int, Json]) -> dict[int, Json]:
        names = await read_names(one.title for one in waiting)
        named = [
            Named(
                one.title,
                names.get(one.title),
                movies.get(one.movie_id),
                size=one.size,
                flags=one.flags,
            )
            for one in waiting
        ]
        found = await liking.of(named)
        return {one.release_id: each for one, each in zip(waiting, found, strict=True)}

    return [page, details, status]


def standing(download: Queued) -> Standing:
    """Return how Radarr calls what a download is doing."""
    if isinstance(download, Waiting):
        return Standing(status_of(download))
    match download.state:
        case AcquisitionState.INTENT | AcquisitionState.FETCHED:
            return Standing("queued", "warning" if download.note else "ok", download.note or None)
        case AcquisitionState.COMPLETE:
            return Standing("completed", "warning" if download.note else "ok", None)
        case _:
            return _STANDINGS.get(download.client_state or "", _DOWNLOADING)


def queue_record(download: Download, offer: Offer, movie: Json, *, with_movie: bool) -> Json:
    """Write one download."""
    shown = standing(download)
    left = max((download.size or 0) - download.downloaded, 0)
    original = Language.by_number(movie["originalLanguage"]["id"])
    is_complete = download.state is AcquisitionState.COMPLETE
    eta = 0 if is_complete else download.eta_seconds
    return present(
        id=download.id,
        movieId=download.movie_id,
        movie=movie if with_movie else None,
        languages=languages_of(offer.parsed, original),
        quality=quality_of(offer.parsed),
        customFormats=formats_of(offer.formats),
        customFormatScore=offer.format_score,
        size=download.size or 0,
        title=download.release_title,
        sizeleft=0 if is_complete else left,
        timeleft=span(eta),
        estimatedCompletionTime=None
        if eta is None
        else moment(datetime.now(UTC) + timedelta(seconds=eta)),
        added=moment(download.created_at),
        status=shown.status,
        trackedDownloadStatus=shown.tracked_status,
        trackedDownloadState="importPending" if is_complete else "downloading",
        statusMessages=_messages(download),
        errorMessage=shown.message,
        downloadId=download.infohash.upper() if download.infohash else None,
        protocol=TORRENT,
        downloadClient=CLIENT,
        downloadClientHasPostImportCategory=False,
        indexer=download.indexer,
        outputPath=download.save_path,
    )


def _messages(download: Download) -> list[Json]:
    return [{"title": download.release_title, "messages": [download.note]}] if download.note else []


def _sorted_by(one: Queued, key: str) -> tuple[bool, Any]:
    """Return what a download is sorted by; unknown values come last."""
    values = _of_waiting(one) if isinstance(one, Waiting) else _of_download(one)
    values |= {
        "movies.sorttitle": one.movie_title.lower(),
        "moviemetadata.sorttitle": one.movie_title.lower(),
        "size": one.size,
        "indexer": one.indexer.lower(),
        "status": standing(one).status,
    }
    value = values.get(key, values["timeleft"])
    return (value is None, 0 if value is None else value)


def _of_download(one: Download) -> dict[str, Any]:
    return {
        "title": one.release_title.lower(),
        "added": one.created_at,
        "progress": one.progress,
        "timeleft": one.eta_seconds,
    }


def _of_waiting(one: Waiting) -> dict[str, Any]:
    left = (one.due_at - datetime.now(UTC)).total_seconds()
    return {"title": one.title.lower(), "added": one.added_at, "progress": 0.0, "timeleft": left}

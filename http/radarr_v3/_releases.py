"""`release`: what is offered for a movie, judged for a person to choose from, and taken because a person chose it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from litestar import Response, get, post

from reeld.domain.decision import ExplainedRelease
from reeld.domain.errors import NotFound
from reeld.domain.language import Language
from reeld.domain.messages import GrabRelease, JudgeReleases
from reeld.domain.release import Release
from reeld.domain.scope import Scope
from reeld.http.access import caller_of
from reeld.http.api.looking import look
from reeld.http.radarr_v3._answers import answered, created
from reeld.http.radarr_v3._asked import AnyRequest, Query, read_body
from reeld.http.radarr_v3._errors import Missing, invalid
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._indexers_known import KnownIndexers
from reeld.http.radarr_v3._names import read_names
from reeld.http.radarr_v3._offer import offer_resource
from reeld.http.radarr_v3._values import Json
from reeld.storage.repositories import releases

JUDGE_SECONDS: Final = 30.0
SEARCH_SECONDS: Final = 20.0
_GUID: Final = re.compile(r"reeld-(\d{1,18})", re.ASCII)
_GONE: Final = "Couldn't find requested release in cache, try searching again"


def release_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes of what is offered."""
    decision = frame.surface.directory["decision"]

    @get("/release")
    async def search(request: AnyRequest) -> Response[bytes]:
        movie_id = Query.of(request).integer("movieId")
        if movie_id is None:
            raise invalid("movieId", "reeld searches for one movie at a time: send 'movieId'.")
        movie = await frame.movie(movie_id)
        may_ask = caller_of(request).scope.allows(Scope.OPERATE)
        # Whoever may only look is shown what was found before: a search uses up what trackers allow.
        await look(frame.surface, movie_id, seconds=SEARCH_SECONDS if may_ask else 0)
        judged = await decision.ask(JudgeReleases(movie_id), deadline=JUDGE_SECONDS)
        original = Language.by_code(movie.details.original_language)
        return answered(await written(judged.releases, movie_id, original))

    @post("/release")
    async def take(request: AnyRequest) -> Response[bytes]:
        body = await read_body(request)
        guid = _GUID.fullmatch(body.text("guid"))
        release = await releases.get(frame.database, int(guid[1])) if guid else None
        if release is None:
            raise Missing(_GONE)
        movie_id = body.integer("movieId") or release.movie_id
        order = GrabRelease(release.id, movie_id, force=True)
        with frame.surface.audit.change(request, "grab_release", str(release.id), force=True):
            try:
                await decision.ask(order, deadline=JUDGE_SECONDS)
            except NotFound:
                raise Missing(_GONE) from None
        return created(
            {
                "guid": body.text("guid"),
                "indexerId": body.integer("indexerId"),
                "title": release.title,
            }
        )

    async def written(
        judged: Sequence[ExplainedRelease], movie_id: int, original: Language | None
    ) -> list[Json]:
        numbers = [each.release_id for each in judged]
        rows = {each.id: each for each in await releases.by_ids(frame.database, numbers)}
        names = await read_names(each.title for each in judged)
        known = await KnownIndexers.of(frame)
        return [
            _document(known, each, rows[each.release_id], names, movie_id, original)
            for each in judged
            if each.release_id in rows
        ]

    return [search, take]


def _document(
    known: KnownIndexers,
    judged: ExplainedRelease,
    row: Release,
    names: Mapping[str, Any],
    movie_id: int,
    original: Language | None,
) -> Json:
    matched = row.movie_id == movie_id
    return offer_resource(judged, names[judged.title], original) | {
        # An indexer's own may hold a key.
        "guid": f"reeld-{row.id}",
        "indexerId": known.number_of(row.indexer),
        "indexer": row.indexer,
        "size": row.size or 0,
        "seeders": row.seeders or 0,
        "leechers": row.leechers or 0,
        "infoHash": (row.infohash or "").upper(),
        "indexerFlags": int(row.flags),
        "movieRequested": matched,
        **({"mappedMovieId": row.movie_id} if row.movie_id is not None else {}),
        **_age(row.published_at),
    }


def _age(published: datetime | None) -> Json:
    now = datetime.now(UTC)
    hours = max((now - (published or now)).total_seconds() / 3600, 0.0)
    return {
        "publishDate": (published or now).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "age": int(hours // 24),
        "ageHours": round(hours, 3),
        "ageMinutes": round(hours * 60, 3),
    }

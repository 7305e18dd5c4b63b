"""What TMDB says of a movie, from the cache while it is fresh."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from datetime import UTC, datetime
from typing import Final

import msgspec
import structlog
import trio

from reeld.actors.tmdb._asking import ask
from reeld.domain.errors import ServiceDown
from reeld.domain.movie import MovieDetails
from reeld.domain.settings import TmdbSettings
from reeld.services.tmdb import NotModified, TmdbClient, parse_movie
from reeld.storage import Database
from reeld.storage.repositories import cache
from reeld.storage.repositories.cache import CachedAnswer

log = structlog.get_logger("reeld.actors.tmdb")

FRESH_SECONDS: Final = 24 * 3600.0
"""How long TMDB's answer about a movie is used without asking again."""

Call = Callable[[], AbstractAsyncContextManager[TmdbClient]]
"""Makes one call through the actor's breaker."""


class Facts:
    """Reads movies, and keeps the answers in PostgreSQL.

    Args:
        database: Where answers are kept.
        call: Makes a call to TMDB.
        settings: Returns the settings in force.
    """

    def __init__(
        self, database: Database, call: Call, settings: Callable[[], TmdbSettings]
    ) -> None:
        self._database = database
        self._call = call
        self._settings = settings

    async def of(self, tmdb_id: int, *, patience: float = math.inf) -> MovieDetails:
        """Return a movie's facts.

        Args:
            tmdb_id: TMDB's number.
            patience: Seconds that TMDB may take; one that takes longer counts as down.

        Raises:
            NotFound: TMDB does not know the movie (any more).
        """
        language = self._settings().language
        key = f"tmdb:movie:{language}:{tmdb_id}"
        stored = await cache.get(self._database, key)
        known = _read(stored, language)
        if stored is not None and stored.is_fresh and known is not None:
            return known
        etag = stored.etag if stored is not None and known is not None else None
        async with self._call() as client:
            with _hurry(patience):
                answer = await ask(lambda: client.movie(tmdb_id, etag=etag))
        async with self._database.transaction() as conn:
            if isinstance(answer, NotModified):
                await cache.touch(conn, key, seconds=FRESH_SECONDS)
            else:
                await cache.put(conn, key, answer.raw, seconds=FRESH_SECONDS, etag=answer.etag)
        if isinstance(answer, NotModified):
            assert known is not None, "only its tag is answered so"
            return known
        return answer.details


@contextmanager
def _hurry(seconds: float) -> Iterator[None]:
    with trio.move_on_after(seconds) as scope:
        yield
    if scope.cancelled_caught:
        raise ServiceDown(
            f"TMDB does not answer within {seconds:g} s. reeld tries again by itself.",
            service="tmdb",
            reason="timeout",
        )


def _read(stored: CachedAnswer | None, language: str) -> MovieDetails | None:
    if stored is None or stored.body is None:
        return None
    country = language.partition("-")[2].upper() or "US"
    try:
        return parse_movie(stored.body, country=country, today=datetime.now(UTC).date())
    except msgspec.MsgspecError:
        # Stored by another version of reeld, which read it otherwise: it is asked for again.
        log.info("stored_answer_unreadable", key=stored.key)
        return None

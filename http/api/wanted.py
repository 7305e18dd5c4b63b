"""`/api/wanted`: movies without a file or below their cutoff, when each is searched next on schedule, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import trio
from litestar import Router, get
from litestar.params import FromQuery, QueryParameter

from reeld.domain.profile import QualityProfile
from reeld.domain.searching import SearchCause, SearchFacts, WantedMovie, next_turn, wanted
from reeld.http.surface import Surface
from reeld.storage.repositories import profiles
from reeld.storage.repositories import wanted as rows

PAGE: Final = 100
LARGEST_PAGE: Final = 1000
ROWS_AT_ONCE: Final = 500
MOST_READS: Final = 10
"""A page may be short, although more follow: most movies of a library are good enough, and are looked through for it."""


@dataclass(frozen=True, slots=True)
class WantedView:
    """A movie that is searched on schedule.

    Attributes:
        quality: Of its file; None when it has none.
        format_score: Of its file, under the profile of today; None when it has none.
        available_from: None when it is available from ever, or nobody knows.
        next_search_at: In the past when it is due and waits for the schedule's share; None when no time is known.
        cause: Why it is searched next.
        why: The same in a sentence, or what it waits for.
    """

    id: int
    title: str
    year: int | None
    profile: str
    quality: str | None
    format_score: int | None
    added_at: datetime
    available_from: datetime | None
    last_search_at: datetime | None
    searches_in_vain: int
    next_search_at: datetime | None
    cause: SearchCause | None
    why: str


@dataclass(frozen=True, slots=True)
class WantedPage:
    """Some movies; `next` is what to pass as `after` for more, None at the end."""

    movies: list[WantedView]
    next: int | None


@dataclass(frozen=True, slots=True)
class _Lens:
    """Through what rows are looked at."""

    profiles: Mapping[str, QualityProfile]
    delay_days: int
    now: datetime

    def view(self, text: str) -> tuple[list[WantedView], int | None]:
        """Return the wanted movies of a page of rows, and the number of its last row; in a worker thread."""
        facts = rows.decode(text)
        seen = [(each, wanted(each, self.profiles, delay_days=self.delay_days)) for each in facts]
        views = [self._view(each, movie) for each, movie in seen if movie is not None]
        return views, facts[-1].id if facts else None

    def _view(self, facts: SearchFacts, movie: WantedMovie) -> WantedView:
        turn = next_turn(movie, self.now)
        profile, owned = self.profiles.get(facts.profile), facts.owned
        since = movie.available_from
        return WantedView(
            id=facts.id,
            title=facts.title,
            year=facts.year,
            profile=facts.profile,
            quality=owned.quality if owned else None,
            format_score=owned.score(profile) if owned and profile else None,
            added_at=facts.added_at,
            available_from=since if since is not None and since.year > 1 else None,
            last_search_at=facts.searched_at,
            searches_in_vain=facts.searches_in_vain,
            next_search_at=turn.at,
            cause=turn.cause,
            why=turn.sentence,
        )


def wanted_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes of what is wanted."""

    @get("/missing", operation_id="listMissing")
    async def list_missing(
        after: FromQuery[int] = 0,
        limit: Annotated[int, QueryParameter(ge=1, le=LARGEST_PAGE)] = PAGE,
    ) -> WantedPage:
        """List monitored movies without a file for which nothing is under way, by their number."""
        return await page(after, limit, has_file=False)

    @get("/cutoff", operation_id="listCutoffUnmet")
    async def list_cutoff_unmet(
        after: FromQuery[int] = 0,
        limit: Annotated[int, QueryParameter(ge=1, le=LARGEST_PAGE)] = PAGE,
    ) -> WantedPage:
        """List monitored movies whose file is below the cutoff of quality or score, by their number.

        A page may hold fewer than asked for although more follow.
        """
        return await page(after, limit, has_file=True)

    async def page(after: int, limit: int, *, has_file: bool) -> WantedPage:
        lens = await look()
        found: list[WantedView] = []
        last: int | None = after
        for _ in range(MOST_READS):
            text = await rows.page(
                surface.database, after=last or 0, limit=ROWS_AT_ONCE, has_file=has_file
            )
            views, last = await trio.to_thread.run_sync(lens.view, text)
            found += views
            if len(found) >= limit or last is None:
                break
        if len(found) > limit:
            return WantedPage(found[:limit], found[limit - 1].id)
        return WantedPage(found, last)

    async def look() -> _Lens:
        decision = surface.settings().decision
        listed = await profiles.every(surface.database, upgrades_default=decision.upgrades_allowed)
        by_name = {each.name: each for each in listed}
        return _Lens(by_name, decision.availability_delay_days, datetime.now(UTC))

    return [
        Router(
            "/api/wanted",
            route_handlers=[list_missing, list_cutoff_unmet],
            guards=[surface.access.requires_key],
        )
    ]

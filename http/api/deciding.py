"""`/api/decide`, `/api/releases` and the stored decisions: what would be taken, what was, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from litestar import Router, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from reeld.domain.decision import Explanation
from reeld.domain.errors import InvalidField, NotFound
from reeld.domain.messages import DecideName, GrabRelease, JudgeReleases
from reeld.domain.scope import Scope
from reeld.http.access import caller_of
from reeld.http.api.looking import LONGEST_SECONDS, SECONDS, Looked, look
from reeld.http.ops.audit import AnyRequest
from reeld.http.surface import Surface
from reeld.storage.repositories import decisions, movies, named, releases
from reeld.storage.repositories.decisions import StoredDecision

ASK_SECONDS = 30.0
LONGEST_NAME = 512
LARGEST_SIZE = 2**53


class DecideBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A release that nobody offers.

    Attributes:
        name: Its name.
        movie_id: For which movie; the one that the name belongs to when left out, and when no movie of the library is
            called so, one that is made up from the name, as if it were wanted.
        movie: The same by title, with its year in parentheses or not.
        profile: The name of the quality profile; the movie's own when left out.
        size: Bytes.
        indexer: Whose offer it would be: `hdbits`, or the name of a feed.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME)]
    movie_id: Annotated[int, msgspec.Meta(ge=1)] | None = None
    movie: Annotated[str, msgspec.Meta(min_length=1, max_length=300)] | None = None
    profile: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] | None = None
    size: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_SIZE)] | None = None
    seeders: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] | None = None
    indexer: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] = "hdbits"


class GrabBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a release is taken.

    Attributes:
        movie_id: For which movie; the one that it was matched to when left out.
        force: Take it although it is rejected for good.
    """

    movie_id: Annotated[int, msgspec.Meta(ge=1)] | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class Grabbed:
    """A release that is on its way."""

    acquisition_id: int


@dataclass(frozen=True, slots=True)
class Interactive:
    """What is offered for a movie, and what would become of each; nothing of it was taken.

    Attributes:
        searched: How far HDBits was asked for it.
        others: How far each Torznab indexer was asked.
        explanation: The releases, the accepted ones first, best first: what was understood of each, every rule's ruling
            with its values, the parts of the score, the rank, and what it lost to.
        offers: What the indexer says of each release, by the release's number.
    """

    movie_id: int
    searched: Looked
    others: tuple[Looked, ...]
    explanation: dict[str, Any]
    offers: dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class DecisionPage:
    """Decisions about a movie, newest first; `next` is what to pass as `before` for more."""

    decisions: list[StoredDecision]
    next: int | None


def deciding_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes of decisions."""
    database, directory = surface.database, surface.directory

    @post("/api/decide", operation_id="decideName", status_code=200)
    async def decide_name(data: JSONBody[DecideBody]) -> dict[str, Any]:
        """Say what would be decided about a release of that name, and why; nothing is taken or stored."""
        question = DecideName(
            name=data.name,
            movie_id=data.movie_id or await called(data.movie),
            profile=data.profile,
            size=data.size,
            seeders=data.seeders,
            indexer=data.indexer,
        )
        explanation: Explanation = await directory["decision"].ask(question, deadline=ASK_SECONDS)
        return explanation.to_json()

    @get("/api/releases", operation_id="searchReleases")
    async def search_releases(
        request: AnyRequest,
        movie: Annotated[int, QueryParameter(name="movieId", ge=1)],
        cached: Annotated[bool, QueryParameter(name="cached")] = False,
        seconds: Annotated[float, QueryParameter(gt=0, le=LONGEST_SECONDS)] = SECONDS,
    ) -> Interactive:
        """Ask the indexers for a movie now and judge what they offer, for a person to choose from.

        With `cached` nobody is asked, and neither for a key of the scope `read`: a search uses up what trackers allow. An indexer that has not answered after `seconds` is asked on; `cached` shows later
        what it found.
        """
        await known(movie)
        may_ask = caller_of(request).scope.allows(Scope.OPERATE)
        asked = seconds if may_ask and not cached else 0
        searched, others = await look(surface, movie, seconds=asked)
        explanation = await directory["decision"].ask(JudgeReleases(movie), deadline=ASK_SECONDS)
        ids = [each.release_id for each in explanation.releases]
        return Interactive(movie, searched, others, explanation.to_json(), await offers(ids))

    @post("/api/releases/{release_id:int}/grab", operation_id="grabRelease", status_code=201)
    async def grab(
        release_id: FromPath[int], data: JSONBody[GrabBody], request: AnyRequest
    ) -> Grabbed:
        """Take a release in spite of temporary rejections, and by `force` of permanent ones too."""
        order = GrabRelease(release_id, data.movie_id, data.force)
        with surface.audit.change(request, "grab_release", str(release_id), force=data.force):
            return Grabbed(await directory["decision"].ask(order, deadline=ASK_SECONDS))

    @get("/api/movies/{movie_id:int}/decisions", operation_id="listDecisions")
    async def list_decisions(
        movie_id: FromPath[int],
        before: Annotated[int | None, QueryParameter(ge=1)] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=10)] = 3,
    ) -> DecisionPage:
        """List what was decided about a movie with its explanation, newest first."""
        await known(movie_id)
        found = await decisions.of_movie(database, movie_id, before=before, limit=limit)
        return DecisionPage(found, found[-1].id if len(found) == limit else None)

    async def known(movie_id: int) -> None:
        if await movies.get(database, movie_id) is None:
            raise NotFound(f"There is no movie {movie_id}.")

    async def called(text: str | None) -> int | None:
        if text is None:
            return None
        found = await named.find(database, text)
        if not found:
            raise NotFound(f"No movie of the library is called {text!r}.")
        if len(found) > 1:
            choices = "; ".join(f"{each.id} {each.title} ({each.year})" for each in found)
            complaint = f"{text!r} may be any of these: {choices}. Name one by its number."
            raise InvalidField("movie", complaint, reason="ambiguous_title")
        return found[0].id

    async def offers(ids: Sequence[int]) -> dict[str, dict[str, Any]]:
        found = await releases.by_ids(database, ids)
        return {str(each.id): dict(offer_of(each)) for each in found}

    handlers = [search_releases, grab, list_decisions]
    return [
        Router("/", route_handlers=handlers, guards=[surface.access.requires_key]),
        # A question, although it has a body.
        Router("/", route_handlers=[decide_name], guards=[surface.access.requires_anybody]),
    ]


def offer_of(release: Any) -> Mapping[str, Any]:
    """Return what an indexer says of a release, beside what the explanation tells."""
    return {
        "source": str(release.source),
        "leechers": release.leechers,
        "infohash": release.infohash,
        "flags": [str(flag.name).lower() for flag in release.flags],
        "published_at": release.published_at,
    }

"""`release/push`: what autobrr and its like announce, decided at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from litestar import Response, post

from reeld.domain.decision import Cause, ExplainedRelease
from reeld.domain.language import Language
from reeld.domain.messages import DecideName
from reeld.domain.parsing import ParsedRelease
from reeld.domain.torrent import is_magnet
from reeld.http.radarr_v3._answers import answered
from reeld.http.radarr_v3._asked import AnyRequest, Body, moment, read_body
from reeld.http.radarr_v3._errors import Failure, Invalid, invalid
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._indexers_known import HDBITS, KnownIndexers
from reeld.http.radarr_v3._names import read_names
from reeld.http.radarr_v3._offer import offer_resource
from reeld.http.radarr_v3._offering import Offering
from reeld.http.radarr_v3._parse import movie_of
from reeld.http.radarr_v3._values import Json
from reeld.http.radarr_v3._values import moment as written_moment
from reeld.storage.repositories.acquisitions import TorrentTaken

DECIDE_SECONDS: Final = 30.0
LONGEST_TITLE: Final = 512
LONGEST_LINK: Final = 2000
NO_USENET: Final = "Usenet is not enabled: reeld has no client for it."
UNKNOWN_MOVIE: Final = "Unknown Movie. Unable to match to correct movie using release title."
_ELSEWHERE: Final = (
    "reeld fetches .torrent files from its own indexers only, and has none called '{}' for this link: "
    "enter that indexer, let Prowlarr do it, or announce a magnet link."
)


@dataclass(frozen=True, slots=True)
class Pushed:
    """A release that somebody announces.

    Attributes:
        indexer: As the announcer calls it.
        link: Where its .torrent is; empty when there is only a magnet link.
        magnet: Its magnet link, if there is one.
        info_link: Where a page about it is.
    """

    title: str
    indexer: str
    size: int | None
    published_at: datetime
    protocol: str
    link: str
    magnet: str
    info_link: str

    @classmethod
    def of(cls, body: Body) -> Pushed:
        """Read an announcement.

        Raises:
            Invalid: Something is missing or wrong; every fault is named.
        """
        title = body.text("title").strip()
        link, magnet = _links(body)
        protocol = body.word("protocol", _PROTOCOLS) or body.word("downloadProtocol", _PROTOCOLS)
        failures = [
            Failure(name, f"'{called}' must not be empty.", error_code="NotEmptyValidator")
            for name, called, value in (
                ("Title", "Title", title),
                ("DownloadUrl", "Download Url", link or magnet),
                ("Protocol", "Protocol", protocol),
                ("PublishDate", "Publish Date", body.text("publishDate")),
            )
            if not value
        ]
        if failures:
            raise Invalid(*failures)
        if len(title) > LONGEST_TITLE:
            raise invalid("Title", f"'Title' must have {LONGEST_TITLE} characters or fewer.")
        return cls(
            title=title,
            indexer=body.text("indexer").strip()[:100],
            size=_size(body),
            published_at=moment("PublishDate", body.text("publishDate")),
            protocol=protocol,
            link=link[:LONGEST_LINK],
            magnet=magnet,
            info_link=body.text("infoUrl")[:LONGEST_LINK],
        )


_PROTOCOLS: Final = {1: "usenet", 2: "torrent"}


def push_routes(frame: Frame) -> Sequence[Any]:
    """Return the route by which releases are announced."""
    decision = frame.surface.directory["decision"]

    @post("/release/push", status_code=200)
    async def push(request: AnyRequest) -> Response[bytes]:
        pushed = Pushed.of(await read_body(request))
        name = (await read_names([pushed.title]))[pushed.title]
        if name.is_unparseable:
            raise invalid("Title", "Unable to parse", pushed.title)
        with frame.surface.audit.change(request, "grab_release", pushed.title[:100]):
            return answered([await decided(pushed, name)])

    async def decided(pushed: Pushed, name: ParsedRelease) -> Json:
        movie = await movie_of(frame, name)
        if movie is None:
            return _rejected(pushed, name, UNKNOWN_MOVIE)
        if pushed.protocol != "torrent":
            return _rejected(pushed, name, NO_USENET, movie)
        known = await KnownIndexers.of(frame)
        offering = await Offering.of(frame, known, pushed)
        question = _question(pushed, movie["id"], offering)
        explanation = await decision.ask(question, deadline=DECIDE_SECONDS)
        judged = explanation.releases[0]
        # What has to wait is stored too, so that it is taken when the wait is over.
        if (judged.accepted or judged.temporary) and (why := await refused(pushed, offering)):
            return _rejected(pushed, name, why, movie)
        original = Language.by_number(movie["originalLanguage"]["id"])
        document = _common(pushed) | offer_resource(judged, name, original) | _mapped(movie)
        return document | {
            "indexerId": known.number_of(offering.release.indexer if offering else None)
        }

    async def refused(pushed: Pushed, offering: Offering | None) -> str:
        """Store what is offered; say why it cannot be had."""
        if offering is None:
            return _ELSEWHERE.format(pushed.indexer)
        try:
            await offering.store(frame)
        except TorrentTaken as error:
            return error.sentence
        return ""

    return [push]


def _question(pushed: Pushed, movie_id: int, offering: Offering | None) -> DecideName:
    """Ask as the decision about the stored release will: nobody asked for the movie, its offer came by itself."""
    question = DecideName(
        pushed.title,
        movie_id,
        size=pushed.size,
        indexer=HDBITS,
        cause=Cause.RSS,
        published_at=pushed.published_at,
    )
    if offering is None:
        return question
    offer = offering.release
    return replace(question, indexer=offer.indexer, guid=offer.guid, infohash=offer.infohash)


def _links(body: Body) -> tuple[str, str]:
    """Return the address of a .torrent and a magnet link; some announcers send the one where the other belongs."""
    link, magnet = body.text("downloadUrl").strip(), body.text("magnetUrl").strip()
    return ("", magnet or link) if is_magnet(link) else (link, magnet)


def _rejected(
    pushed: Pushed, name: ParsedRelease, sentence: str, movie: Json | None = None
) -> Json:
    nothing = ExplainedRelease(
        release_id=0,
        title=pushed.title,
        indexer=pushed.indexer,
        size=pushed.size,
        seeders=None,
        understood={},
        matched="",
        accepted=False,
        temporary=False,
        rulings=(),
    )
    document = _common(pushed) | offer_resource(nothing, name, None)
    mapped = {} if movie is None else _mapped(movie)
    return document | mapped | {"rejections": [sentence], "indexerId": 0}


def _mapped(movie: Json) -> Json:
    return {"mappedMovieId": movie["id"], "movieId": movie["id"]}


def _common(pushed: Pushed) -> Json:
    now = datetime.now(UTC)
    hours = max((now - pushed.published_at).total_seconds() / 3600, 0.0)
    return {
        "guid": f"PUSH-{pushed.title}",
        "age": int(hours // 24),
        "ageHours": round(hours, 3),
        "ageMinutes": round(hours * 60, 3),
        "size": pushed.size or 0,
        "indexer": pushed.indexer,
        "publishDate": written_moment(pushed.published_at),
        "movieRequested": False,
    }


def _size(body: Body) -> int | None:
    value = body.get("size")
    if isinstance(value, str) and value.strip().isdigit() and len(value) < 18:
        value = int(value)
    if value is None or isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 < value < 2**53 else None

"""`delayprofile` and `releaseprofile`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from litestar import Response, delete, get, post, put
from litestar.params import FromPath

from reeld.domain.delay import DelayProfile, Protocol
from reeld.domain.release_profile import ReleaseProfile
from reeld.http.radarr_v3._answers import accepted, answered, created
from reeld.http.radarr_v3._asked import AnyRequest, Body, Query, number_of, read_body
from reeld.http.radarr_v3._errors import Missing, invalid
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._indexers_known import KnownIndexers
from reeld.http.radarr_v3._values import Json
from reeld.storage.repositories import delays, restrictions

_PROTOCOLS: Final = {1: "usenet", 2: "torrent"}


def delay_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes of delay profiles."""
    database, audit = frame.database, frame.surface.audit

    @get("/delayprofile")
    async def list_delays() -> Response[bytes]:
        return answered([_delay(each) for each in await delays.every(database)])

    @get("/delayprofile/{profile_id:int}")
    async def get_delay(profile_id: FromPath[int]) -> Response[bytes]:
        found = await delays.get(database, profile_id)
        if found is None:
            raise Missing
        return answered(_delay(found))

    @post("/delayprofile")
    async def add_delay(request: AnyRequest) -> Response[bytes]:
        return created(await save(request, _delay_of(await read_body(request), 0)))

    @put(["/delayprofile", "/delayprofile/{profile_id:int}"])
    async def change_delay(request: AnyRequest) -> Response[bytes]:
        body = await read_body(request)
        number = number_of(request, body)
        if await delays.get(database, number) is None:
            raise Missing
        return accepted(await save(request, _delay_of(body, number)))

    @put("/delayprofile/reorder/{profile_id:int}")
    async def move_delay(profile_id: FromPath[int], request: AnyRequest) -> Response[bytes]:
        after = Query.of(request).integer("after")
        with audit.change(request, "save_delay_profile", str(profile_id)):
            async with database.transaction() as conn:
                moved = await delays.move(conn, profile_id, after=after)
        return accepted([_delay(each) for each in moved])

    @delete("/delayprofile/{profile_id:int}", status_code=200)
    async def delete_delay(profile_id: FromPath[int], request: AnyRequest) -> Response[bytes]:
        with audit.change(request, "delete_delay_profile", str(profile_id)):
            async with database.transaction() as conn:
                if not await delays.delete(conn, profile_id):
                    raise Missing
        return answered({})

    async def save(request: AnyRequest, profile: DelayProfile) -> Json:
        with audit.change(request, "save_delay_profile", str(profile.id or "new")):
            async with database.transaction() as conn:
                return _delay(await delays.save(conn, profile))

    return [list_delays, get_delay, add_delay, change_delay, move_delay, delete_delay]


def release_profile_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes of release profiles."""
    database, audit = frame.database, frame.surface.audit

    @get("/releaseprofile")
    async def list_profiles() -> Response[bytes]:
        known = await KnownIndexers.of(frame)
        return answered([written(each, known) for each in await restrictions.every(database)])

    @get("/releaseprofile/{profile_id:int}")
    async def get_profile(profile_id: FromPath[int]) -> Response[bytes]:
        found = await existing(profile_id)
        return answered(written(found, await KnownIndexers.of(frame)))

    @post("/releaseprofile")
    async def add_profile(request: AnyRequest) -> Response[bytes]:
        return created(await save(request, await read_body(request), ReleaseProfile(id=0)))

    @put(["/releaseprofile", "/releaseprofile/{profile_id:int}"])
    async def change_profile(request: AnyRequest) -> Response[bytes]:
        body = await read_body(request)
        before = await existing(number_of(request, body))
        return accepted(await save(request, body, before))

    @delete("/releaseprofile/{profile_id:int}", status_code=200)
    async def delete_profile(profile_id: FromPath[int], request: AnyRequest) -> Response[bytes]:
        with audit.change(request, "delete_release_profile", str(profile_id)):
            async with database.transaction() as conn:
                if not await restrictions.delete(conn, profile_id):
                    raise Missing
        return answered({})

    async def existing(number: int) -> ReleaseProfile:
        found = await restrictions.get(database, number)
        if found is None:
            raise Missing
        return found

    async def save(request: AnyRequest, body: Body, before: ReleaseProfile) -> Json:
        known = await KnownIndexers.of(frame)
        profile = read(body, before, known)
        _require_terms(profile)
        with audit.change(request, "save_release_profile", profile.name[:100] or "new"):
            async with database.transaction() as conn:
                return written(await restrictions.save(conn, profile), known)

    def read(body: Body, before: ReleaseProfile, known: KnownIndexers) -> ReleaseProfile:
        number = body.integer("indexerId")
        return ReleaseProfile(
            id=before.id,
            name=body.text("name")[:200],
            enabled=body.flag("enabled", True),
            required=_terms(body, "required"),
            ignored=_terms(body, "ignored"),
            # Radarr has no such terms: those that a person set here stay.
            preferred=before.preferred,
            indexer=known.named(number) if number else None,
            tags=frozenset(body.integers("tags")),
        )

    def written(profile: ReleaseProfile, known: KnownIndexers) -> Json:
        return {
            "id": profile.id,
            "name": profile.name,
            "enabled": profile.enabled,
            "required": list(profile.required),
            "ignored": list(profile.ignored),
            "indexerId": known.number_of(profile.indexer),
            "tags": sorted(profile.tags),
        }

    return [list_profiles, get_profile, add_profile, change_profile, delete_profile]


def _terms(body: Body, name: str) -> tuple[str, ...]:
    """Read terms: a list, or one text with commas, as older clients send it."""
    value = body.get(name, [])
    terms = value.split(",") if isinstance(value, str) else value
    if not isinstance(terms, list) or not all(isinstance(each, str) for each in terms):
        raise invalid(name, f"'{name}' must be a list of texts.")
    return tuple(each.strip() for each in terms if each.strip())


def _delay_of(body: Body, number: int) -> DelayProfile:
    by_score = body.flag("bypassIfAboveCustomFormatScore")
    protocol = body.word("preferredProtocol", _PROTOCOLS, "torrent")
    if protocol not in list(Protocol):
        raise invalid("PreferredProtocol", f"'{protocol[:40]}' is not valid.", protocol)
    return DelayProfile(
        id=number,
        enable_usenet=body.flag("enableUsenet", True),
        enable_torrent=body.flag("enableTorrent", True),
        preferred_protocol=Protocol(protocol),
        usenet_delay_minutes=body.integer("usenetDelay"),
        torrent_delay_minutes=body.integer("torrentDelay"),
        bypass_if_highest_quality=body.flag("bypassIfHighestQuality", True),
        bypass_from_format_score=body.integer("minimumCustomFormatScore") if by_score else None,
        tags=frozenset(body.integers("tags")),
    )


def _delay(profile: DelayProfile) -> Json:
    return {
        "id": profile.id,
        "enableUsenet": profile.enable_usenet,
        "enableTorrent": profile.enable_torrent,
        "preferredProtocol": str(profile.preferred_protocol),
        "usenetDelay": profile.usenet_delay_minutes,
        "torrentDelay": profile.torrent_delay_minutes,
        "bypassIfHighestQuality": profile.bypass_if_highest_quality,
        "bypassIfAboveCustomFormatScore": profile.bypass_from_format_score is not None,
        "minimumCustomFormatScore": profile.bypass_from_format_score or 0,
        "order": profile.place,
        "tags": sorted(profile.tags),
    }


def _require_terms(profile: ReleaseProfile) -> None:
    """Refuse a profile that says nothing, as Radarr does in these words."""
    if not (profile.required or profile.ignored or profile.preferred):
        raise invalid("", "'Must contain' or 'Must not contain' is required")

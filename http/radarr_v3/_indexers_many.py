"""`indexer/bulk`, `indexer/testall` and `indexer/action`: several indexers at once, and what only a form's page asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import trio
from litestar import Response, post, put
from litestar.params import FromPath

from reeld.domain.errors import ReeldError
from reeld.domain.torznab import Indexer, NewIndexer
from reeld.http.radarr_v3._answers import accepted, answered
from reeld.http.radarr_v3._asked import AnyRequest, Body, read_body
from reeld.http.radarr_v3._errors import Failure, Invalid, Missing, invalid
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._indexer_desk import IndexerDesk
from reeld.http.radarr_v3._values import Json

_AT_ONCE: Final = 5
_CATEGORIES: Final = "newznabcategories"
_NUMBERED: Final = {0: "add", 1: "remove", 2: "replace"}


def many_indexers_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes about several indexers."""
    desk, audit = IndexerDesk(frame), frame.surface.audit

    @put("/indexer/bulk")
    async def change_many(request: AnyRequest) -> Response[bytes]:
        body = await read_body(request)
        numbers = list(dict.fromkeys(body.integers("ids")))
        if not numbers:
            raise invalid("Ids", "'Ids' must not be empty.")
        with audit.change(request, "change_indexer", f"{len(numbers)} indexers"):
            labels = await desk.labels()
            wanted = {each: _changed(await desk.stored(each), body, labels) for each in numbers}
            changed = [await desk.replace(number, each) for number, each in wanted.items()]
        return accepted(changed)

    @post("/indexer/testall", status_code=200)
    async def test_all(request: AnyRequest) -> Response[bytes]:
        with audit.change(request, "test_indexer", "all"):
            found = await _tried(desk)
        return answered(found, 200 if all(each["isValid"] for each in found) else 400)

    @post("/indexer/action/{name:str}", status_code=200)
    async def act(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
        # What Radarr's page fills its list of categories with: one that a person types has all that there are.
        if name.lower() != _CATEGORIES:
            raise Missing
        with audit.change(request, "test_indexer", name):
            await read_body(request)
        return answered({})

    return [change_many, test_all, act]


def _changed(indexer: Indexer, body: Body, labels: Mapping[int, str]) -> NewIndexer:
    tags = tuple(labels[each] for each in body.integers("tags") if each in labels)
    return replace(
        indexer,
        enable_rss=body.flag("enableRss", indexer.enable_rss),
        enable_automatic_search=body.flag("enableAutomaticSearch", indexer.enable_automatic_search),
        enable_interactive_search=body.flag(
            "enableInteractiveSearch", indexer.enable_interactive_search
        ),
        priority=body.integer("priority", indexer.priority),
        tags=_tagged(indexer.tags, tags, body) if "tags" in body else indexer.tags,
    )


def _tagged(held: tuple[str, ...], sent: tuple[str, ...], body: Body) -> tuple[str, ...]:
    match body.word("applyTags", _NUMBERED, "add"):
        case "add":
            return tuple(dict.fromkeys((*held, *sent)))
        case "remove":
            return tuple(each for each in held if each not in sent)
        case "replace":
            return sent
        case other:
            raise invalid("ApplyTags", f"'{other[:40]}' must be add, remove or replace.")


async def _tried(desk: IndexerDesk) -> list[Json]:
    """Ask every stored indexer for what it can, some at a time; those of the settings are asked all day."""
    limit, found = trio.CapacityLimiter(_AT_ONCE), dict[int, Json]()

    async def ask(number: int) -> None:
        async with limit:
            found[number] = {"id": number, **await _judged(desk, number)}

    numbers = await desk.numbers()
    async with trio.open_nursery() as nursery:
        for number in numbers:
            nursery.start_soon(ask, number)
    return [found[number] for number in numbers]


async def _judged(desk: IndexerDesk, number: int) -> Json:
    failures: Sequence[Failure] = ()
    try:
        await desk.try_out(await desk.stored(number))
    except Invalid as error:
        failures = error.failures
    except ReeldError as error:
        failures = (Failure("", error.sentence, error_code=error.reason),)
    return {"isValid": not failures, "validationFailures": failures}

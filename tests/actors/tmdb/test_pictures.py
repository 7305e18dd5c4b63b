from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
import trio

from reeld.actors.kernel import BreakerState
from reeld.actors.resources import Resources
from reeld.actors.tmdb import TmdbActor, _pictures
from reeld.domain.errors import NotFound, Refused, ServiceDown
from reeld.domain.messages import FetchImage, Image, LookupMovie
from reeld.domain.pictures import Fit, ImageKind, PictureFormat
from reeld.services.images import BrokenPicture, rendered
from reeld.simulators import World
from reeld.simulators import catalogue as films

SINTEL = films.SINTEL
MEDIUM = Fit(width=342)
POSTER = ImageKind.POSTER


async def path_of(cell: Any, kind: ImageKind = POSTER) -> str:
    details = await cell.address.ask(LookupMovie(SINTEL.tmdb_id))
    path: str = details.poster_path if kind is POSTER else details.backdrop_path
    return path


def fetched(world: World) -> int:
    """How many pictures TMDB was asked for."""
    return sum(times for path, times in world.tmdb.requests.items() if "/t/p/" in path)


def size_of(image: Image) -> tuple[int, int]:
    with PIL.Image.open(io.BytesIO(image.data)) as opened:
        return opened.size


def files(resources: Resources) -> list[Path]:
    return list((resources.settings.current.data_dir / "images").iterdir())


def counted(resources: Resources) -> dict[str, float]:
    sources = ("kept", "resized", "fetched", "broken")
    value = resources.metrics.value
    return {each: value("reeld_pictures_total", source=each) for each in sources}


@pytest.mark.parametrize(
    ("kind", "size"), [(POSTER, (342, 513)), (ImageKind.BACKDROP, (780, 438))], ids=str
)
async def test_a_picture_is_made_once_and_kept(
    resources: Resources, run_actor: Any, world: World, kind: ImageKind, size: tuple[int, int]
) -> None:
    async with run_actor(lambda: TmdbActor(resources)) as cell:
        question = FetchImage(kind, await path_of(cell, kind), Fit(width=size[0]))
        first = await cell.address.ask(question)
        assert first.content_type == "image/jpeg"
        assert size_of(first) == size
        asked = sum(world.tmdb.requests.values())
        assert await cell.address.ask(question) == first
    async with run_actor(lambda: TmdbActor(resources)) as cell:  # it outlives the actor
        assert await cell.address.ask(question) == first
    assert sum(world.tmdb.requests.values()) == asked
    assert counted(resources) == {"kept": 2, "resized": 0, "fetched": 1, "broken": 0}
    bytes_of_all = sum(file.stat().st_size for file in files(resources))
    assert resources.metrics.value("reeld_picture_cache_bytes") == bytes_of_all


async def test_what_can_be_made_of_an_original_that_is_kept_is_not_fetched(
    resources: Resources, run_actor: Any, world: World
) -> None:
    async with run_actor(lambda: TmdbActor(resources)) as cell:
        path = await path_of(cell)
        await cell.address.ask(FetchImage(POSTER, path, Fit(width=500)))
        world.tmdb.turn(fail_next=100)
        for fit, size in ((MEDIUM, (342, 513)), (Fit(height=250), (167, 250))):
            for wanted in PictureFormat:
                image = await cell.address.ask(FetchImage(POSTER, path, fit, wanted))
                assert (size_of(image), image.content_type) == (size, wanted)
        with pytest.raises(ServiceDown):
            await cell.address.ask(FetchImage(POSTER, path, Fit(width=780)))
    assert counted(resources)["resized"] == 4


async def test_a_path_that_is_none_is_never_asked_for(
    resources: Resources, run_actor: Any, world: World
) -> None:
    async with run_actor(lambda: TmdbActor(resources)) as cell:
        for bad in (
            "/logo1.svg",
            "/../../3/configuration",
            "https://example.org/x.jpg",
            "//example.org/x.jpg",
            "/@example.org/x.jpg",
            "/x.jpg?y=.jpg",
            "/x.jpg\n",
            "x.jpg",
        ):
            with pytest.raises(Refused):
                await cell.address.ask(FetchImage(POSTER, bad, MEDIUM))
        assert fetched(world) == 0
        with pytest.raises(NotFound):
            await cell.address.ask(FetchImage(POSTER, "/poster999.png", MEDIUM))
    assert files(resources) == []


async def test_a_broken_picture_is_neither_shown_nor_kept_and_does_not_count_against_tmdb(
    resources: Resources, run_actor: Any, world: World
) -> None:
    world.tmdb.pictures["text.jpg"] = b"not a picture, whatever its name says"
    world.tmdb.pictures["torn.jpg"] = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00 and no more"
    async with run_actor(lambda: TmdbActor(resources)) as cell:
        for path in ("/text.jpg", "/torn.jpg") * 4:
            with pytest.raises(BrokenPicture):
                await cell.address.ask(FetchImage(POSTER, path, MEDIUM))
            assert files(resources) == []
        assert cell.address.breakers["tmdb"].state is BreakerState.CLOSED
        assert cell.incarnation_number == 1
    assert counted(resources)["broken"] == 8


async def test_a_kept_original_that_went_bad_is_fetched_again(
    resources: Resources, run_actor: Any, world: World
) -> None:
    async with run_actor(lambda: TmdbActor(resources)) as cell:
        path = await path_of(cell)
        await cell.address.ask(FetchImage(POSTER, path, MEDIUM))
        for file in files(resources):
            file.write_bytes(file.read_bytes()[:200])
        with pytest.raises(BrokenPicture):
            await cell.address.ask(FetchImage(POSTER, path, Fit(width=185)))
        assert size_of(await cell.address.ask(FetchImage(POSTER, path, Fit(width=185))))[0] == 185


async def test_pictures_never_take_more_room_than_configured(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    async with run_actor(lambda: TmdbActor(resources)) as cell:
        path = await path_of(cell)
        await cell.address.ask(FetchImage(POSTER, path, Fit(width=185)))
        room = sum(file.stat().st_size for file in files(resources)) * 2
        rows.configure(tmdb=replace(world.tmdb_settings(), image_cache_bytes=room))
        for width in (185, 342, 500, 780):
            await cell.address.ask(FetchImage(POSTER, path, Fit(width=width)))
            assert sum(file.stat().st_size for file in files(resources)) <= room


async def test_many_who_want_a_picture_at_once_have_it_made_once(
    resources: Resources, run_actor: Any, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    async def counting(*question: Any) -> Any:
        made.append(question[1:])
        return await rendered(*question)

    monkeypatch.setattr(_pictures, "rendered", counting)
    answers: list[Image] = []
    async with run_actor(lambda: TmdbActor(resources)) as cell:
        path = await path_of(cell)

        async def want(wanted: PictureFormat) -> None:
            answers.append(await cell.address.ask(FetchImage(POSTER, path, MEDIUM, wanted)))

        async with trio.open_nursery() as nursery:
            for wanted in [*PictureFormat] * 10:
                nursery.start_soon(want, wanted)
        assert cell.incarnation_number == 1
    assert len(answers) == 20
    assert len(set(answers)) == 2
    assert sorted(made) == sorted((MEDIUM, wanted) for wanted in PictureFormat)
    assert fetched(world) == 1
    assert len(files(resources)) == 3


async def test_a_folder_that_cannot_be_written_only_costs_the_keeping(
    resources: Resources, run_actor: Any, world: World
) -> None:
    data: Path = resources.settings.current.data_dir
    data.mkdir(parents=True, exist_ok=True)
    (data / "images").write_text("a file where the folder should be")
    async with run_actor(lambda: TmdbActor(resources)) as cell:
        path = await path_of(cell)
        image = await cell.address.ask(FetchImage(POSTER, path, MEDIUM))
        assert size_of(image) == (342, 513)
        assert cell.incarnation_number == 1


async def test_a_refresh_fetches_poster_and_backdrop_and_does_not_fail_for_them(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    movie_id = await rows.add_movie(SINTEL)
    world.tmdb.turn(only="/t/p/", fail_next=1)
    async with run_actor(lambda: TmdbActor(resources)):
        await rows.until(await rows.ask("tmdb", "refresh-movie", {"movie_id": movie_id}))
        assert len(files(resources)) == 1
        await rows.until(await rows.ask("tmdb", "refresh-movie", {"movie_id": movie_id}))
    assert len(files(resources)) == 2

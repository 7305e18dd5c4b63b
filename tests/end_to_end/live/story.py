"""The story of the live test: calm, troubles, and all well again."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, Final

import structlog
import trio

from reeld.simulators.catalogue import CHARADE, SINTEL, THE_GENERAL

FIRES: Final = frozenset(
    {
        "ReeldActorErrorBudgetBurn",
        "ReeldActorParked",
        "ReeldActorRestartLoop",
        "ReeldAPIErrorBudgetBurn",
        "ReeldAskCircles",
        "ReeldAuthFailures",
        "ReeldBreakerOpen",
        "ReeldConfigReloadFailed",
        "ReeldCredentialsRejected",
        "ReeldDatabaseDown",
        "ReeldDown",
        "ReeldFaultInjected",
        "ReeldHardlinkFallback",
        "ReeldHealthCheckFailing",
        "ReeldJobsDead",
        "ReeldRSSFreshnessBudgetBurn",
        "ReeldRSSGap",
        "ReeldSupervisorEscalation",
        "ReeldTraceSpansDropped",
    }
)
"""What the troubles below must lead to."""
WAIT_SECONDS: Final = 90.0
"""For a condition that takes seconds where nothing else runs."""

log = structlog.get_logger("live")

troubles = sys.modules["reeld_tests_live_troubles"]


async def live(scene: Any, watch: Any) -> tuple[float, float]:
    """Live through it, and return when it began and when all was well again."""
    log.info("begun")
    await begin(scene)
    await seen(watch, "reeld_ready == 1 and reeld_rows_age_seconds < 9")
    began = time.time()
    log.info("ready")
    await calm(scene, watch)
    log.info("a movie arrived")
    await trouble(scene, watch)
    await until(lambda: watch.told("firing") >= FIRES, lambda: FIRES - watch.told("firing"))
    log.info("all is told")
    await heal(scene)
    log.info("healed")
    await until(
        lambda: watch.told("resolved") >= FIRES and not watch.held(),
        lambda: (FIRES - watch.told("resolved"), watch.held()),
    )
    log.info("resolved")
    ended = time.time()
    assert await scene.life.stop() == 0, scene.life.tail
    return began, ended


async def begin(scene: Any) -> None:
    """Start reeld on a disk where nothing can be linked, with rehearsals allowed."""
    scene.house.flags = ("--copy", "--circle", "--slow-disk")
    scene.house.variables |= {
        "REELD_CONFIG": str(troubles.settings_file(scene.house)),
        "REELD_REHEARSALS": "true",
    }
    troubles.write_settings(scene.house, scene.world)
    scene.life = scene.house.start()
    await scene.life.ready()


async def calm(scene: Any, watch: Any) -> None:
    """Have a movie arrive, copied, while nobody announces work, and a connection breaks."""
    scene.movies.append(await scene.life.add(SINTEL.tmdb_id))
    await scene.life.in_library(scene.movies[0])
    # What an actor finds when it looks for the first time does not count.
    with trio.fail_after(WAIT_SECONDS):
        while not await shows(watch, "sum(reeld_unhinted_rows_total) > 0"):
            await scene.add_dead_work()
            await trio.sleep(1)
    await scene.back_up()
    with trio.fail_after(WAIT_SECONDS):
        while not await shows(watch, "sum(reeld_external_retries_total) > 0"):
            await scene.break_a_connection()


async def trouble(scene: Any, watch: Any) -> None:
    """Have everything happen."""
    with scene.frozen():
        # That reeld was not there before it began was told already.
        await told(watch, "ReeldDown")
        await seen(watch, "up == 0")
    await seen(watch, "up == 1")
    log.info("was frozen")
    scene.collector.refuses = True
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trouble_with_feeds, scene, watch)
        await trouble_with_movies(scene, watch)
        log.info("no room, nobody seeds, strangers knock")
        await scene.break_settings()
        await scene.lose_sources()
        log.info("sources lost")
        await trouble_with_the_database(scene, watch)
        await trouble_with_actors(scene, watch)
        log.info("parked, paused, rehearsed")


async def trouble_with_feeds(scene: Any, watch: Any) -> None:
    """Have the feed be away for a while, and then move on faster than it is read."""
    scene.world.rss.turn(down_for=600.0)
    await told(watch, "ReeldRSSFreshnessBudgetBurn")
    scene.world.rss.turn(down_for=0.0)
    await scene.reset_breakers("rss")
    await scene.miss_items()
    scene.world.rss.turn(items=50)


async def trouble_with_movies(scene: Any, watch: Any) -> None:
    """Have an import, a download and an actor fail, and strangers knock, while a backup is made."""
    await scene.must("/control/actors/decision/poll")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(seen, watch, "reeld_backup_last_verified_timestamp_seconds > 0")
        nursery.start_soon(fail_an_import, scene, watch)
        nursery.start_soon(knock, scene)
        nursery.start_soon(look_at_posters, scene)
        nursery.start_soon(log_in, scene, watch)
    scene.world.qbittorrent.turn(stall_all=True)
    scene.movies.append(await scene.life.add(THE_GENERAL.tmdb_id))
    await seen(watch, 'reeld_downloads{state="stalled"} > 0')


async def trouble_with_the_database(scene: Any, watch: Any) -> None:
    """Have the database too busy, its actor start again with all of the core, and the database away."""
    async with scene.locked_tables():
        await seen(watch, "reeld_db_pool_requests_waiting > 0")
    log.info("pool used up")
    await escalate(scene, watch)
    log.info("escalated")
    async with scene.no_database(), trio.open_nursery() as nursery:
        for _ in range(10):
            nursery.start_soon(scene.call_quietly, "/api/movies")
            nursery.start_soon(scene.call, f"/api/movies/{scene.movies[0]}/search")
        await told(watch, "ReeldDatabaseDown")
        while not await shows(watch, "sum(reeld_http_stale_answers_total) > 0"):
            await scene.call_quietly("/api/movies")
        await seen(watch, 'reeld_breaker_state{service="postgresql", state="open"} == 1')
        await seen(watch, "reeld_ready == 0")
        # Whoever starts now cannot take the lead: long enough for somebody who looks once a second.
        await scene.must("/control/actors/database/restart")
        await seen(watch, "reeld_leader == 0")
    log.info("database back")


async def trouble_with_actors(scene: Any, watch: Any) -> None:
    """Have one actor crash until it rests, one be held back, and one rehearse an outage."""
    await scene.fill_mailbox("decision")
    await scene.park("decision")
    await scene.empty_mailbox("decision")
    await scene.add_due_work("decision")
    await seen(watch, 'reeld_job_oldest_due_timestamp_seconds{queue="decision"} > 0')
    await scene.must("/api/test/circuit-breaker/qbittorrent", seconds=600)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(park_again_and_again, scene, watch)
        await scene.fill_mailbox("qbit")
        await seen(watch, 'reeld_actor_mailbox_depth{actor="qbit"} > 0')
        await scene.empty_mailbox("qbit")


async def fail_an_import(scene: Any, watch: Any) -> None:
    """Leave no room for a movie."""
    await scene.leave_room(troubles.NO_ROOM)
    scene.movies.append(await scene.life.add(CHARADE.tmdb_id))
    await seen(watch, "sum(reeld_import_failures_total) > 0")
    await scene.leave_room(0)


async def knock(scene: Any) -> None:
    """Come with a wrong key."""
    async with scene.life.client() as client:
        for _ in range(60):
            answer = await client.get("/api/movies", headers={"X-Api-Key": "somebody else's"})
            assert answer.status_code == 401


async def look_at_posters(scene: Any) -> None:
    """Look at a poster in each of its widths."""
    for width in (185, 342, 500, 780):
        await scene.call_quietly(f"/api/movies/{scene.movies[0]}/images/poster?width={width}")


async def log_in(scene: Any, watch: Any) -> None:
    """Come as a person, and from a page that points its own name here."""
    who = {"username": "anna", "password": "correct horse battery"}
    await scene.must("/api/users", **who)
    await scene.must("/api/login", **who)
    async with scene.life.client() as client:
        answer = await client.get("/api/movies", headers={"Host": "evil.example"})
        assert answer.status_code == 421
    await seen(watch, "reeld_sessions > 0")


async def escalate(scene: Any, watch: Any) -> None:
    """Crash a core actor until its supervisor gives up, and the one above starts all of the core again."""
    while not await shows(watch, "sum(reeld_supervisor_escalations_total) > 0"):
        await scene.call("/control/actors/scheduler/crash")
        await trio.sleep(0.05)
    await seen(watch, "reeld_ready == 1")


async def park_again_and_again(scene: Any, watch: Any) -> None:
    """Crash an actor until it rests, and let it try again, until somebody is told of the loop; then it rests."""
    while "ReeldActorRestartLoop" not in watch.told("firing"):
        await scene.call("/control/actors/decision/unpark")
        await scene.park("decision")


async def heal(scene: Any) -> None:
    """Undo all of it."""
    scene.collector.refuses = False
    await scene.call("/control/actors/decision/unpark")
    await scene.must("/api/test/circuit-breaker/qbittorrent/end")
    await scene.mend_settings()
    scene.world.qbittorrent.turn(stall_all=False)
    scene.find_sources()
    for actor in ("tmdb", "hdbits", "rss", "qbit", "importer"):
        await scene.reset_breakers(actor)
    await scene.discard_dead_work()
    for movie in scene.movies:
        await scene.life.in_library(movie)


async def told(watch: Any, alert: str) -> None:
    """Wait until somebody is told of an alert."""
    await until(lambda: alert in watch.told("firing"), lambda: alert)


async def shows(watch: Any, promql: str) -> bool:
    """Whether a query has an answer now."""
    return bool(await trio.to_thread.run_sync(watch.now, promql))


async def seen(watch: Any, promql: str) -> None:
    """Wait until a query has an answer."""
    await until(lambda: bool(watch.now(promql)), lambda: promql)


async def until(
    holds: Callable[[], bool],
    what: Callable[[], object] = lambda: "nothing",
    seconds: float = WAIT_SECONDS,
) -> None:
    """Look again and again, in a thread, until it holds; fails with what there is instead."""
    try:
        with trio.fail_after(seconds):
            while not await trio.to_thread.run_sync(holds):
                await trio.sleep(0.2)
    except trio.TooSlowError:
        raise AssertionError(f"not within {seconds:g} s: {what()}") from None

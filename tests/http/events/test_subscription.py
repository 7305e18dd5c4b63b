from __future__ import annotations

import gc
import json
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
import trio

from reeld.domain.history import EventKind
from reeld.domain.topics import StateKind, StreamKind, Topic, topic_of
from reeld.http.events import Ended, Ending, Frame, Hub, Subscription
from reeld.http.events.frames import Message, progress_frame, state_frame
from reeld.http.events.hub import SLICE


def frame(seq: int, topic: Topic = Topic.MOVIE) -> Frame:
    return Frame(Message(seq, "movie.added", topic, datetime.now(UTC), {"movie_id": seq}))


def seqs(subscription: Subscription) -> list[int]:
    found = []
    while (taken := subscription.take()) is not None:
        found.append(taken.message.seq)
    return found


def test_a_follower_sees_its_topics_in_order_and_nothing_else() -> None:
    subscription = Subscription([Topic.MOVIE])
    for seq, topic in ((1, Topic.MOVIE), (2, Topic.WORK), (3, Topic.MOVIE)):
        subscription.offer(frame(seq, topic))
    assert seqs(subscription) == [1, 3]


def test_a_follower_that_leaves_too_much_unread_is_ended_and_holds_nothing() -> None:
    subscription = Subscription(room=3)
    for seq in range(4):
        subscription.offer(frame(seq))
    with pytest.raises(Ended) as caught:
        subscription.take()
    assert caught.value.ending is Ending.SLOW
    subscription.end(Ending.SHUTDOWN)
    assert subscription.ending is Ending.SLOW
    assert not subscription._waiting


def test_progress_that_waits_is_one_frame_with_the_latest_of_each_download() -> None:
    subscription = Subscription(room=1)
    subscription.offer(progress_frame(1, {1: {"progress": 0.1}, 2: {"progress": 0.1}}))
    for step in range(2, 50):
        subscription.offer(progress_frame(step, {1: {"progress": step / 100}}))
    subscription.offer(frame(50))
    assert subscription.take().message.seq == 50  # type: ignore[union-attr]
    merged = subscription.take()
    assert merged is not None
    assert json.loads(merged.text)["data"]["downloads"] == [{"progress": 0.49}, {"progress": 0.1}]
    assert subscription.take() is None


def test_progress_that_had_to_wait_does_not_lead_a_follower_back() -> None:
    subscription = Subscription()
    subscription.offer(progress_frame(10, {1: {"progress": 0.1}}))
    for seq in (11, 12):
        subscription.offer(frame(seq))
    assert seqs(subscription) == [11, 12, 12]
    subscription.offer(progress_frame(13, {1: {"progress": 0.2}}))
    assert seqs(subscription) == [13]


def test_a_frame_is_encoded_once_however_many_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = Counter[str]()
    from reeld.http.events import frames

    encode = frames.msgspec.json.encode

    def counted(value: Any) -> bytes:
        calls["encode"] += 1
        return encode(value)

    monkeypatch.setattr(frames.msgspec.json, "encode", counted)
    hub = Hub()
    followers = [Subscription() for _ in range(50)]
    for each in followers:
        hub.join(each)
    hub.publish(frame(1))
    texts = {each.take().text for each in followers}  # type: ignore[union-attr]
    assert (len(texts), calls["encode"]) == (1, 1)


async def test_a_crowd_is_woken_a_few_at_a_time(nursery: trio.Nursery) -> None:
    hub, seen = Hub(), []
    nursery.start_soon(hub.run)

    async def follow() -> None:
        with hub.follow() as subscription:
            seen.append((await subscription.next()).message.seq)

    for _ in range(SLICE * 5):
        nursery.start_soon(follow)
    await trio.testing.wait_all_tasks_blocked()
    hub.publish(frame(7))
    turns = []
    while len(seen) < SLICE * 5:
        turns.append(len(seen))
        await trio.lowlevel.checkpoint()
    assert max(after - before for before, after in pairwise(turns)) <= SLICE * 2
    assert set(seen) == {7}


async def test_parts_of_the_process_follow_too(autojump_clock: trio.testing.MockClock) -> None:
    hub, seen = Hub(), []

    async def publish() -> None:
        for seq in range(3):
            await trio.sleep(1)
            hub.publish(frame(seq))
        await trio.sleep(1)
        hub.end_all(Ending.SHUTDOWN)

    async with trio.open_nursery() as nursery:
        with hub.follow([Topic.MOVIE]) as subscription:
            nursery.start_soon(publish)
            for _ in range(3):
                seen.append((await subscription.next()).message.seq)
            with pytest.raises(Ended):
                await subscription.next()
    assert seen == [0, 1, 2]
    assert not hub.wants(Topic.MOVIE)


def test_every_kind_is_encoded_with_its_topic() -> None:
    document = json.loads(state_frame(StateKind.ACTOR_STATE, 7, {"name": "web"}).text)
    assert (document["seq"], document["kind"], document["topic"]) == (7, "actor.state", "actor")
    assert {topic_of(kind) for kind in (*EventKind, *StateKind)} == set(Topic)
    assert {str(kind) for kind in StreamKind} == {"hello", "gap", "current", "error"}


CLIENTS = 1000


def objects() -> Counter[str]:
    # trio keeps up to a thousand deadlines of scopes that are over, to forget them all at once.
    trio._core._run.GLOBAL_RUN_CONTEXT.runner.deadlines._prune()
    gc.collect()
    return Counter(type(each).__qualname__ for each in gc.get_objects())


async def test_a_thousand_clients_that_come_and_go_leave_nothing_behind(
    served: Any, connect: Any
) -> None:
    async def come_and_go(times: int) -> None:
        for number in range(times):
            async with connect(served.url, "?topics=movie,actor" if number % 2 else "") as socket:
                await socket.receive()
                if number % 3 == 0:
                    await socket.until("current")

    async def many(times: int) -> None:
        async with trio.open_nursery() as nursery:
            for _ in range(10):
                nursery.start_soon(come_and_go, times // 10)
        with trio.fail_after(30):
            while len(served.clients) or served.live.hub._subscriptions:
                await trio.sleep(0.02)
        await trio.testing.wait_all_tasks_blocked()

    await many(100)  # what is made once is there then
    before, tasks = objects(), trio.lowlevel.current_statistics().tasks_living
    await many(CLIENTS)
    with trio.fail_after(30):
        while trio.lowlevel.current_statistics().tasks_living > tasks:
            await trio.sleep(0.02)
    grown = {name: number - before[name] for name, number in objects().items()}
    assert {name: more for name, more in grown.items() if more >= CLIENTS // 10} == {}

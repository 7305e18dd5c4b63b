"""What pykka's own suite cannot see of an actor on trio: the loop's side."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pykka
import pytest
import trio
import trio.testing

from reeld.actors.kernel import TrioActor, TrioFuture, host_actors

blocks = pytest.raises(RuntimeError, match="await the future")


class Svc(TrioActor):
    async def on_receive(self, message: Any) -> Any:
        if isinstance(message, BaseException):
            raise message
        await trio.sleep(message)
        return message


@pytest.fixture
async def host() -> AsyncIterator[None]:
    async with host_actors():
        yield
        pykka.ActorRegistry.stop_all(block=False)


async def on_thread(work: Any, *args: Any, **kwargs: Any) -> Any:
    return await trio.to_thread.run_sync(partial(work, *args, **kwargs))


# Awaiting: pykka's futures would block the loop


async def test_an_ask_can_be_awaited(host: None, autojump_clock: object) -> None:
    ref = Svc.start()
    assert await ref.ask(0.01, block=False) == 0.01


async def test_an_asks_error_is_raised_where_it_is_awaited(host: None) -> None:
    ref = Svc.start()
    with pytest.raises(LookupError):
        await ref.ask(LookupError(), block=False)
    assert ref.is_alive()


async def test_derived_futures_can_be_awaited(host: None, autojump_clock: object) -> None:
    ref = Svc.start()

    def ask(seconds: float) -> Any:
        return ref.ask(seconds, block=False)

    assert await ask(0.01).map(lambda x: x * 2) == 0.02
    assert await ask(0.01).join(ask(0.02), ask(0.03)) == [0.01, 0.02, 0.03]
    assert await ask(0.01).join(ask(0.02)).filter(lambda x: x > 0.015) == [0.02]
    assert await ask(0.01).join(ask(0.02)).reduce(lambda x, y: x + y) == pytest.approx(0.03)
    assert await ask(0.01).join(ask(0.02)).map(sum).map(str) == "0.03"


async def test_stop_can_be_awaited_and_says_whether_it_stopped_anything(host: None) -> None:
    ref = Svc.start()
    assert await ref.stop(block=False) is True
    assert await ref.stop(block=False) is False


async def test_a_future_can_be_awaited_by_several_tasks_and_again(
    host: None, autojump_clock: object
) -> None:
    future = Svc.start().ask(0.01, block=False)
    seen = []

    async def wait() -> None:
        seen.append(await future)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        nursery.start_soon(wait)
    assert [*seen, await future] == [0.01] * 3


async def test_a_cancelled_wait_leaves_the_future_usable(
    host: None, autojump_clock: object
) -> None:
    future = Svc.start().ask(1, block=False)
    with trio.move_on_after(0.5) as scope:
        await future
    assert scope.cancelled_caught
    assert future._wakers == ()
    assert await future == 1


def test_futures_of_other_kinds_cannot_be_joined() -> None:
    with pytest.raises(TypeError, match="own kind"):
        TrioFuture().join(pykka.ThreadingFuture())


# Other threads


async def test_a_worker_thread_can_ask_tell_and_stop(host: None) -> None:
    ref = Svc.start()
    assert await on_thread(ref.ask, 0.01) == 0.01
    await on_thread(ref.tell, 0)
    assert await on_thread(ref.ask(0.01, block=False).get) == 0.01
    assert await on_thread(ref.stop) is True


async def test_a_threads_ask_wakes_an_idle_loop(host: None) -> None:
    ref = Svc.start()
    await trio.testing.wait_all_tasks_blocked()
    assert await on_thread(ref.ask, 0, timeout=5) == 0


async def test_a_blocking_get_times_out(host: None) -> None:
    ref = Svc.start()
    with pytest.raises(pykka.Timeout):
        await on_thread(ref.ask, 0.1, timeout=0.01)


async def test_an_actor_can_be_started_from_a_worker_thread(host: None) -> None:
    ref = await on_thread(Svc.start)
    assert await ref.ask(0, block=False) == 0


async def test_a_future_set_by_a_thread_wakes_who_awaits_it() -> None:
    future: TrioFuture[int] = TrioFuture()
    async with trio.open_nursery() as nursery:

        async def wait() -> None:
            assert await future == 1

        nursery.start_soon(wait)
        await trio.testing.wait_all_tasks_blocked()
        await on_thread(future.set, 1)


# Cancellation


async def test_cancelling_answers_asks_in_flight_and_queued() -> None:
    async with trio.open_nursery() as nursery, host_actors():
        ref = Svc.start()
        in_flight, queued = ref.ask(60, block=False), ref.ask(60, block=False)
        stop = ref.stop(block=False)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    for future in (in_flight, queued):
        with pytest.raises(pykka.ActorDeadError, match="before handling"):
            future.get(timeout=0)
    assert stop.get(timeout=0) is True
    assert pykka.ActorRegistry.get_all() == []


async def test_an_error_that_comes_with_a_cancellation_does_not_replace_it() -> None:
    class Stubborn(TrioActor):
        async def on_receive(self, message: Any) -> None:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(trio.sleep_forever)
                try:
                    await trio.sleep_forever()
                finally:
                    raise LookupError

    with trio.CancelScope() as scope:
        async with host_actors():
            asked = Stubborn.start().ask(1, block=False)
            await trio.testing.wait_all_tasks_blocked()
            scope.cancel()
    assert scope.cancelled_caught
    with pytest.raises(pykka.ActorDeadError):
        asked.get(timeout=0)


# A message put while the actor dies


async def test_a_message_that_loses_the_race_against_the_end_is_answered(host: None) -> None:
    """pykka checks that an actor is alive, then puts: what falls in between is never answered there."""
    ref = Svc.start()
    inbox, put = ref.actor_inbox, ref.actor_inbox.put
    checked, stopped = threading.Event(), threading.Event()

    def late_put(envelope: Any) -> None:
        checked.set()
        stopped.wait(5)
        put(envelope)

    inbox.put = late_put  # type: ignore[method-assign]
    async with trio.open_nursery() as nursery:

        async def late_asker() -> None:
            with pytest.raises(pykka.ActorDeadError):
                await on_thread(ref.ask, 0, timeout=5)

        nursery.start_soon(late_asker)
        await on_thread(checked.wait, 5)
        inbox.put = put  # type: ignore[method-assign]
        assert await ref.stop(block=False)
        stopped.set()


# The guard of the loop's thread


async def test_blocking_on_the_loop_is_refused(host: None) -> None:
    ref = Svc.start()
    with blocks:
        ref.ask(0.01)
    with blocks:
        ref.ask(0.01, block=False).get(timeout=1)
    with blocks:
        ref.ask(0.01, block=False).map(str).get()
    with blocks:
        ref.proxy().attribute = 1
    with blocks:
        ref.stop()
    await trio.testing.wait_all_tasks_blocked()


async def test_stopping_all_actors_on_the_loop_must_not_block(host: None) -> None:
    ref = Svc.start()
    with blocks:
        pykka.ActorRegistry.stop_all()
    assert await pykka.ActorRegistry.stop_all(block=False)[0] in (True, False)
    assert not ref.is_alive()


async def test_an_answer_that_is_there_can_be_got_on_the_loop(host: None) -> None:
    future = Svc.start().ask(0, block=False)
    await future
    assert future.get() == 0
    assert future.map(str).get() == "0"


async def test_looking_without_waiting_is_not_blocking() -> None:
    with pytest.raises(pykka.Timeout):
        TrioFuture().get(timeout=0)


# Hosts and hooks


async def test_hooks_may_be_coroutines(host: None) -> None:
    seen = []

    class Hooked(Svc):
        async def on_start(self) -> None:  # type: ignore[override]
            seen.append("start")

        async def on_stop(self) -> None:  # type: ignore[override]
            await trio.lowlevel.checkpoint()
            seen.append("stop")

        async def on_failure(self, *args: Any) -> None:  # type: ignore[override]
            seen.append("failure")

    ref = Hooked.start()
    assert await ref.ask(0, block=False) == 0
    await ref.stop(block=False)
    failing = Hooked.start()
    failing.tell(LookupError())
    await trio.testing.wait_all_tasks_blocked()
    assert seen == ["start", "stop", "start", "failure"]
    assert not failing.is_alive()


async def test_a_handler_may_answer_with_a_future(host: None) -> None:
    class Forwarder(TrioActor):
        def on_receive(self, message: Any) -> Any:
            return target.ask(message, block=False)

    target = Svc.start()
    inner = await Forwarder.start().ask(0, block=False)
    assert isinstance(inner, TrioFuture)
    assert await inner == 0


def test_without_a_host_nothing_starts_and_nothing_stays_registered() -> None:
    with pytest.raises(RuntimeError, match="host_actors"):
        Svc.start()
    assert pykka.ActorRegistry.get_all() == []


async def test_an_actor_does_not_see_its_starters_variables(host: None) -> None:
    import contextvars

    var = contextvars.ContextVar("var", default="unset")

    class Looker(TrioActor):
        async def on_receive(self, message: Any) -> str:
            return var.get()

    var.set("the starter's")
    assert await Looker.start().ask(0, block=False) == "unset"


async def test_a_base_exception_stops_all_actors(host: None) -> None:
    class Exit(BaseException):
        pass

    other, failing = Svc.start(), Svc.start()
    failing.tell(Exit())
    await trio.testing.wait_all_tasks_blocked()
    assert not failing.is_alive()
    assert not other.is_alive()

"""A pytest plugin that runs pykka's own suite against `TrioActor` in place of `ThreadingActor`.

pykka's tests block: they call `get`, `stop` and `sleep` on the thread that runs pytest, so the trio
loop runs in a thread of its own. Load it with `-p`, from the root of pykka's source distribution, in
whose `conftest.py` the list of runtimes was replaced by `RUNTIMES` of this module.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from unittest import mock

import pytest
import trio

from reeld.actors.kernel import TrioActor, TrioFuture, host_actors

RUNTIMES = {
    "trio": pytest.param(
        SimpleNamespace(
            name="trio",
            actor_class=TrioActor,
            event_class=threading.Event,
            future_class=TrioFuture,
            sleep_func=time.sleep,
        ),
        id="trio",
    )
}


@pytest.fixture(scope="session", autouse=True)
def _trio_loop() -> Iterator[None]:
    ready = threading.Event()
    stop: list[trio.CancelScope] = []
    token: list[trio.lowlevel.TrioToken] = []

    async def main() -> None:
        with trio.CancelScope() as scope:
            async with host_actors():
                stop.append(scope)
                token.append(trio.lowlevel.current_trio_token())
                ready.set()
                await trio.sleep_forever()

    loop = threading.Thread(target=lambda: trio.run(main), name="trio", daemon=True)
    loop.start()
    assert ready.wait(10)
    yield
    token[0].run_sync_soon(stop[0].cancel)
    loop.join(10)


@pytest.fixture
def mocker() -> Iterator[SimpleNamespace]:
    """Stand in for the few features of pytest-mock that the suite uses."""

    def patch_object(target: object, name: str, **kwargs: object) -> object:
        return mock.patch.object(target, name, **kwargs).start()

    yield SimpleNamespace(
        Mock=mock.Mock,
        MagicMock=mock.MagicMock,
        NonCallableMock=mock.NonCallableMock,
        patch=SimpleNamespace(object=patch_object),
    )
    mock.patch.stopall()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Check that the suite was collected for our runtime, not for pykka's."""
    assert any("[trio" in item.name for item in items)
    assert not any("[threading" in item.name for item in items)

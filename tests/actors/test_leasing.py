from __future__ import annotations

import trio

from reeld.actors.leasing import ClientLease


class Counted:
    def __init__(self, settings: str) -> None:
        self.settings = settings
        self.closed = 0

    async def aclose(self) -> None:
        await trio.lowlevel.checkpoint()
        self.closed += 1


class Maker:
    def __init__(self) -> None:
        self.made: list[Counted] = []

    def __call__(self, settings: str) -> Counted:
        self.made.append(Counted(settings))
        return self.made[-1]


async def test_equal_settings_get_the_same_client() -> None:
    make = Maker()
    clients = ClientLease(make)
    async with clients.lease("a") as one, clients.lease("a") as other:
        assert one is other
    async with clients.lease("a") as again:
        assert again is one
    assert (len(make.made), one.closed) == (1, 0)


async def test_other_settings_get_another_client_and_the_idle_one_is_closed() -> None:
    clients = ClientLease(Maker())
    async with clients.lease("a") as old:
        pass
    async with clients.lease("b") as new:
        assert (new.settings, old.closed) == ("b", 1)


async def test_a_client_in_use_is_closed_by_its_last_user() -> None:
    clients = ClientLease(Maker())
    async with clients.lease("a") as old:
        async with clients.lease("a"), clients.lease("b"):
            assert old.closed == 0
        assert old.closed == 0
    assert old.closed == 1


async def test_many_who_come_at_once_after_a_change_share_one_new_client() -> None:
    make = Maker()
    clients = ClientLease(make)
    async with clients.lease("a"):
        pass
    seen: set[int] = set()

    async def use() -> None:
        async with clients.lease("b") as client:
            seen.add(id(client))
            await trio.sleep(0.01)

    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(use)
    assert (len(seen), len(make.made)) == (1, 2)


async def test_closing_waits_for_nobody_and_leaves_no_client_open() -> None:
    clients = ClientLease(Maker())
    async with clients.lease("a") as used:
        await clients.aclose()
        assert used.closed == 0
    assert used.closed == 1
    async with clients.lease("a") as idle:
        pass
    await clients.aclose()
    await clients.aclose()
    assert idle.closed == 1


async def test_a_cancelled_user_still_gives_its_client_back() -> None:
    clients = ClientLease(Maker())
    with trio.move_on_after(0):
        async with clients.lease("a") as used:
            await clients.aclose()
            await trio.sleep_forever()
    assert used.closed == 1

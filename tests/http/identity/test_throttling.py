"""Guessing is slow for whoever guesses, and never locks the owner out. Time is the database's: rows are made older."""

from __future__ import annotations

import pytest

from reeld.domain.role import Role
from reeld.domain.secret import Secret
from reeld.http.identity import throttling
from reeld.http.identity.refusals import TooMany
from reeld.http.identity.throttling import Attempt, Throttle
from reeld.storage import Database
from reeld.storage.repositories import throttles, users
from reeld.storage.repositories.throttles import FREE, LONGEST_SECONDS

HOME, ELSEWHERE, ROAD = "192.0.2.0/24", "203.0.113.0/24", "198.51.100.0/24"


async def make_older(database: Database, seconds: float) -> None:
    """Let time pass for all counts."""
    await database.execute(
        "UPDATE throttle SET failed_at = failed_at - make_interval(secs => %(s)s),"
        " blocked_until = blocked_until - make_interval(secs => %(s)s)",
        {"s": seconds},
    )


async def fail(database: Database, name: str, network: str, times: int = 1) -> Attempt | None:
    """Fail that often, waiting as long as it takes, each time with a memory of its own."""
    attempt = None
    for _ in range(times):
        attempt = await Throttle(database).attempt(name, network)
        await make_older(database, LONGEST_SECONDS + 1)
    return attempt


async def wait_of(throttle: Throttle, name: str, network: str) -> float:
    """Return how long an attempt has to wait; 0 when it was let through."""
    try:
        await throttle.attempt(name, network)
    except TooMany as refusal:
        return refusal.retry_after or -1.0
    return 0.0


@pytest.fixture
async def owner(database: Database) -> int:
    async with database.transaction() as conn:
        made = await users.add(conn, "Owner", Role.ADMIN, Secret("a hash"))
    assert made is not None
    return made.id


async def test_five_attempts_are_free_and_then_each_wait_is_twice_the_one_before(
    database: Database,
) -> None:
    throttle = Throttle(database)
    for _ in range(FREE):
        assert await wait_of(throttle, "owner", ELSEWHERE) == 0
    waits = []
    for _ in range(14):
        waits.append(await wait_of(Throttle(database), "owner", ELSEWHERE))
        await make_older(database, waits[-1])
        assert await wait_of(Throttle(database), "owner", ELSEWHERE) == 0
    assert waits[:5] == [1, 2, 4, 8, 16]
    assert waits[-3:] == [LONGEST_SECONDS] * 3


async def test_a_restart_forgives_nothing(database: Database) -> None:
    throttle = Throttle(database)
    for _ in range(FREE):
        await throttle.attempt("owner", ELSEWHERE)
    assert await wait_of(Throttle(database), "owner", ELSEWHERE) > 0


async def test_an_account_is_guarded_against_many_networks_and_a_network_against_many_accounts(
    database: Database,
) -> None:
    for number in range(FREE):
        await Throttle(database).attempt("owner", f"10.0.{number}.0/24")
    assert await wait_of(Throttle(database), "owner", "10.0.99.0/24") > 0
    for number in range(FREE):
        await Throttle(database).attempt(f"name-{number}", ELSEWHERE)
    assert await wait_of(Throttle(database), "another", ELSEWHERE) > 0


async def test_waiting_attempts_are_not_counted_so_that_nobody_makes_a_wait_longer(
    database: Database,
) -> None:
    await fail(database, "owner", ELSEWHERE, FREE)
    await Throttle(database).attempt("owner", ELSEWHERE)
    first = await wait_of(Throttle(database), "owner", ELSEWHERE)
    for _ in range(50):
        assert 0 < await wait_of(Throttle(database), "owner", ELSEWHERE) <= first
    await make_older(database, first)
    assert await wait_of(Throttle(database), "owner", ELSEWHERE) == 0


async def test_many_at_once_do_not_pass_for_one(database: Database) -> None:
    import trio

    throttle = Throttle(database)
    let_through = 0

    async def one() -> None:
        nonlocal let_through
        let_through += await wait_of(throttle, "owner", ELSEWHERE) == 0

    async with trio.open_nursery() as nursery:
        for _ in range(40):
            nursery.start_soon(one)
    assert let_through <= FREE


async def test_whoever_hammers_an_account_from_elsewhere_does_not_lock_its_owner_out_at_home(
    database: Database, owner: int
) -> None:
    throttle = Throttle(database)
    await throttle.forgive(await throttle.attempt("owner", HOME), owner)
    for number in range(30):
        await fail(database, "owner", f"10.0.{number}.0/24")
    await Throttle(database).attempt("owner", ELSEWHERE)
    assert await wait_of(Throttle(database), "owner", ROAD) > 0
    # At home, with a mistake or two, however the name is written.
    for _ in range(FREE - 1):
        assert await wait_of(throttle, "OWNER", HOME) == 0
    await throttle.forgive(await throttle.attempt("owner", HOME), owner)


async def test_the_owners_own_budget_is_a_budget_too(database: Database, owner: int) -> None:
    throttle = Throttle(database)
    await throttle.forgive(await throttle.attempt("owner", HOME), owner)
    for _ in range(FREE):
        await throttle.attempt("owner", HOME)
    assert await wait_of(throttle, "owner", HOME) > 0


async def test_no_wait_is_longer_than_a_quarter_of_an_hour_and_a_day_forgets(
    database: Database,
) -> None:
    await fail(database, "owner", ELSEWHERE, 40)
    await Throttle(database).attempt("owner", ELSEWHERE)
    assert 0 < await wait_of(Throttle(database), "owner", ELSEWHERE) <= LONGEST_SECONDS
    await make_older(database, 25 * 3600)
    throttle = Throttle(database)
    for _ in range(FREE):
        assert await wait_of(throttle, "owner", ELSEWHERE) == 0


async def test_who_has_an_account_cannot_guess_at_others_between_two_logins(
    database: Database, owner: int
) -> None:
    throttle = Throttle(database)
    passed = 0
    for _ in range(20):
        if await wait_of(throttle, "victim", ELSEWHERE):
            break
        passed += 1
        try:
            attempt = await throttle.attempt("owner", ELSEWHERE)
        except TooMany:
            break
        # Not at home yet: the row of this network is what counts.
        await throttle.forgive(attempt, owner)
        await database.execute("DELETE FROM known_network")
    assert passed <= FREE


async def test_logging_in_again_and_again_is_no_guessing(database: Database, owner: int) -> None:
    throttle = Throttle(database)
    for _ in range(3 * FREE):
        await throttle.forgive(await throttle.attempt("owner", HOME), owner)


async def test_names_that_nobody_has_are_counted_like_those_that_somebody_has(
    database: Database, owner: int
) -> None:
    waits: dict[str, list[float]] = {"owner": [], "nobody": []}
    for name, seen in waits.items():
        for number in range(FREE + 2):
            seen.append(await wait_of(Throttle(database), name, f"10.{len(name)}.{number}.0/24"))
    assert waits["owner"] == waits["nobody"]


async def test_ten_thousand_bad_logins_take_bounded_memory_and_rows(database: Database) -> None:
    throttle = Throttle(database)
    counted = 0
    for number in range(10_000):
        counted += await wait_of(throttle, f"name-{number}", ELSEWHERE) == 0
    assert counted <= FREE + 4
    row = await database.fetch_one("SELECT count(*) FROM throttle")
    assert row is not None
    assert row[0] <= 2 * counted
    assert len(throttle._until) <= 2 * counted


async def test_what_is_remembered_in_memory_is_bounded(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttling, "MOST_REMEMBERED", 3)
    throttle = Throttle(database)
    for number in range(5):
        for _ in range(FREE):
            await throttle.wrong_key(f"10.0.{number}.0/24")
        assert await throttle.wrong_key(f"10.0.{number}.0/24") > 0
    assert len(throttle._until) == 3
    # The database has not forgotten.
    assert await throttle.wrong_key("10.0.0.0/24") > 0


async def test_old_counts_are_deleted_and_too_many_as_well(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        await Throttle(database).wrong_key(f"10.0.{number}.0/24")
        await make_older(database, 10)
    monkeypatch.setattr(throttles, "MOST_ROWS", 3)
    async with database.transaction() as conn:
        await throttles.prune(conn, limit=100)
    left = await database.fetch_all("SELECT subject FROM throttle ORDER BY subject")
    assert [row[0] for row in left] == [f"10.0.{number}.0/24" for number in (2, 3, 4, 5)]
    await make_older(database, 25 * 3600)
    async with database.transaction() as conn:
        assert await throttles.prune(conn, limit=100) == 4


async def test_the_networks_of_a_person_are_bounded(database: Database, owner: int) -> None:
    async with database.transaction() as conn:
        for number in range(throttles.MOST_NETWORKS + 5):
            await throttles.note_network(conn, owner, f"10.0.{number}.0/24")
    row = await database.fetch_one("SELECT count(*) FROM known_network")
    assert row is not None
    assert row[0] == throttles.MOST_NETWORKS


async def test_an_attempt_that_waits_for_one_count_leaves_the_other_alone(
    database: Database,
) -> None:
    for _ in range(FREE):
        await Throttle(database).attempt("somebody", ELSEWHERE)
    for _ in range(20):
        assert await wait_of(Throttle(database), "owner", ELSEWHERE) > 0
    # The hammering from one network has not used the account's budget up.
    assert await wait_of(Throttle(database), "owner", ROAD) == 0

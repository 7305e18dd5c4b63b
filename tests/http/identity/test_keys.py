"""Keys of programs: whose they are, how long they hold, where they may be shown, and what guessing at them brings."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import trio
from litestar.connection import ASGIConnection

from reeld.domain.errors import DatabaseUnavailable
from reeld.domain.scope import Scope
from reeld.domain.secret import Secret
from reeld.domain.settings import Settings
from reeld.http.access import Access, Caller, digest, key_of_v3
from reeld.http.identity.remembering import NOBODYS, Remembered
from reeld.storage import Database
from reeld.telemetry import Metrics


async def test_a_person_makes_keys_of_no_more_than_what_they_may_do_themselves(
    running_daemon: Any, browse: Any, person: Any, database: Database
) -> None:
    number = await person(running_daemon, "anna", "operator")
    async with browse(running_daemon) as anna:
        await anna.log_in("anna")
        too_much = await anna.send("POST", "/api/keys", json={"name": "k", "scope": "admin"})
        assert too_much.status_code == 422
        made = await anna.send("POST", "/api/keys", json={"name": "script", "scope": "operate"})
        assert made.status_code == 201, made.text
        key = {"X-Api-Key": made.json()["key"]}
        get = running_daemon.stranger.get
        assert (await get("/api/movies", headers=key)).status_code == 200
        (shown,) = (await anna.get("/api/keys")).json()
        assert (shown["name"], shown["owner"], shown["scope"]) == ("script", "anna", "operate")
        assert made.json()["key"] not in str(shown)
        # A key makes no keys.
        again = await running_daemon.stranger.post("/api/keys", json={"name": "x"}, headers=key)
        assert again.status_code == 403

        pause = "/control/actors/rss/pause"
        assert (await running_daemon.stranger.post(pause, headers=key)).status_code == 200
        await running_daemon.http.put(f"/api/users/{number}", json={"role": "viewer"})
        # The key is no way around the role that was taken away, and goes with its owner.
        assert (await running_daemon.stranger.post(pause, headers=key)).status_code == 403
        assert (await get("/api/movies", headers=key)).status_code == 200
        await running_daemon.http.delete(f"/api/users/{number}")
        assert (await get("/api/movies", headers=key)).status_code == 401


@pytest.mark.parametrize("door", ["/api/keys", "/control/keys"])
async def test_a_key_that_a_persons_key_makes_is_that_persons_and_goes_with_them(
    running_daemon: Any, browse: Any, person: Any, door: str
) -> None:
    number = await person(running_daemon, "ghost", "admin")
    async with browse(running_daemon) as ghost:
        await ghost.log_in("ghost")
        order = {"name": "first", "scope": "admin"}
        made = await ghost.send("POST", "/api/keys", json=order)
    first = {"X-Api-Key": made.json()["key"]}
    order = {"name": "second", "scope": "admin"}
    made = await running_daemon.stranger.post(door, json=order, headers=first)
    assert made.status_code == 201, made.text
    second = {"X-Api-Key": made.json()["key"]}
    listed = (await running_daemon.stranger.get("/api/keys", headers=second)).json()
    assert {each["name"]: (each["owner"], each["owner_id"]) for each in listed} == {
        "first": ("ghost", number),
        "second": ("ghost", number),
    }
    await running_daemon.http.put(f"/api/users/{number}", json={"role": "viewer"})
    for key in (first, second):
        who = (await running_daemon.stranger.get("/api/session", headers=key)).json()
        assert (who["kind"], who["scope"]) == ("key", "read")
        # It is that person's, and yet nobody who is logged in.
        for path in ("/api/keys", "/api/sessions"):
            assert (await running_daemon.stranger.get(path, headers=key)).status_code == 403
    await running_daemon.http.delete(f"/api/users/{number}")
    for key in (first, second):
        assert (await running_daemon.stranger.get("/api/movies", headers=key)).status_code == 401
    assert (await running_daemon.http.get("/api/keys")).json() == []


async def test_a_key_of_the_daemons_own_makes_keys_of_nobodys(running_daemon: Any) -> None:
    await running_daemon.http.post("/api/keys", json={"name": "script", "scope": "admin"})
    (shown,) = (await running_daemon.http.get("/api/keys")).json()
    assert (shown["owner"], shown["owner_id"]) == (None, None)


async def test_a_persons_key_sets_their_password_only_with_the_scope_that_sets_anybodys(
    running_daemon: Any, browse: Any, person: Any
) -> None:
    number = await person(running_daemon, "anna", "admin")
    made = {}
    async with browse(running_daemon) as anna:
        await anna.log_in("anna")
        for scope in ("admin", "operate"):
            order = {"name": scope, "scope": scope}
            made[scope] = (await anna.send("POST", "/api/keys", json=order)).json()["key"]
    put, path = running_daemon.stranger.put, f"/api/users/{number}/password"
    body = {"password": "battery staple horse", "current_password": "correct horse battery"}
    refused = await put(path, json=body, headers={"X-Api-Key": made["operate"]})
    assert refused.status_code == 403, refused.text
    # The name of a key is no account, and its guesses are none: it is not asked for a password.
    set_ = await put(
        path, json={"password": body["password"]}, headers={"X-Api-Key": made["admin"]}
    )
    assert set_.status_code == 204, set_.text
    async with browse(running_daemon) as anna:
        assert (await anna.log_in("anna", body["password"])).status_code == 200


async def test_nobody_takes_the_name_under_which_the_audit_knows_a_key_of_the_daemons_own(
    running_daemon: Any, browse: Any, person: Any
) -> None:
    await person(running_daemon, "anna", "operator")
    names = ("local-commands", "administrator", "Local-Commands", "ADMINISTRATOR")
    async with browse(running_daemon) as anna:
        await anna.log_in("anna")
        for name in (*names, " administrator ", "local-commands ", "ａdministrator"):
            tries = [
                await anna.send("POST", "/api/keys", json={"name": name}),
                await running_daemon.http.post("/control/keys", json={"name": name}),
            ]
            for refused in tries:
                assert refused.status_code == 422, name
                (error,) = refused.json()["errors"]
                assert (error["field"], refused.json()["reason"]) == ("name", "name_taken")
        near = await anna.send("POST", "/api/keys", json={"name": "local-commands 2"})
        assert near.status_code == 201
    for name in names:
        order = {"username": name, "password": "battery staple horse"}
        refused = await running_daemon.http.post("/api/users", json=order)
        assert (refused.status_code, refused.json()["reason"]) == (422, "name_taken"), name


async def test_a_key_ends_when_it_was_said_to_and_its_name_is_free_again(
    running_daemon: Any, database: Database
) -> None:
    http = running_daemon.http
    soon = (datetime.now(UTC) + timedelta(seconds=1.5)).isoformat()
    made = await http.post("/api/keys", json={"name": "guest", "expires_at": soon})
    assert made.status_code == 201, made.text
    key = {"X-Api-Key": made.json()["key"]}
    assert (await running_daemon.stranger.get("/api/session", headers=key)).json()["ends_at"]
    with trio.fail_after(30):
        while (await running_daemon.stranger.get("/api/movies", headers=key)).status_code == 200:
            await trio.sleep(0.1)
    # Each time, and however often: it is a program with an old key, which guesses nothing.
    for _ in range(8):
        refused = await running_daemon.stranger.get("/api/movies", headers=key)
        assert (refused.status_code, refused.json()["reason"]) == (401, "key_expired")
        assert "'guest'" in refused.json()["detail"]
    assert (await http.get("/api/keys")).json() == []
    assert (await http.post("/api/keys", json={"name": "guest"})).status_code == 201
    past = await http.post("/api/keys", json={"name": "past", "expires_at": "2020-01-01T00:00:00Z"})
    assert past.status_code == 422
    (left,) = (await http.get("/api/keys")).json()
    assert (await http.delete(f"/api/keys/{left['id']}")).status_code == 204
    assert (await http.delete(f"/api/keys/{left['id']}")).status_code == 404


async def test_wrong_keys_are_slowed_down_and_right_ones_never(running_daemon: Any) -> None:
    get = running_daemon.stranger.get
    made = await running_daemon.http.post("/api/keys", json={"name": "late"})
    answers = [await get("/api/movies", headers={"X-Api-Key": f"guess-{n}"}) for n in range(12)]
    assert [each.status_code for each in answers[:5]] == [401] * 5
    assert {each.status_code for each in answers} == {401, 429}
    refused = next(each for each in answers if each.status_code == 429)
    assert refused.headers["retry-after"]
    assert refused.json()["reason"] == "too_many_attempts"
    # One that nobody has seen yet, of the very network that guesses; and the owner's, which was seen.
    late = {"X-Api-Key": made.json()["key"]}
    assert (await get("/api/movies", headers=late)).status_code == 200
    assert (await running_daemon.http.get("/api/movies")).status_code == 200


class Guesses:
    """Counts, and makes wait from the sixth on."""

    def __init__(self) -> None:
        self.counted = 0

    def key_wait(self, network: str) -> float:
        assert network == "127.0.0.0/24"
        return 9.0 if self.counted > 5 else 0.0

    async def wrong_key(self, network: str) -> float:
        self.counted += 1
        return self.key_wait(network)


def scope_with(key: str) -> Any:
    return {
        "type": "http",
        "method": "GET",
        "path": "/x",
        "query_string": b"",
        "scheme": "http",
        "client": ("127.0.0.1", 1),
        "headers": [(b"x-api-key", key.encode())],
    }


async def nobodys(_key: Secret) -> Caller | None:
    return None


async def test_a_short_key_of_ones_own_cannot_be_guessed_by_trying_all() -> None:
    chosen, guesses = "hunter22", Guesses()
    access = Access(
        nobodys,
        Metrics(),
        fixed={digest(chosen): Caller("administrator", Scope.ADMIN)},
        guesses=guesses,
    )
    for number in range(6):
        assert await access.identify(scope_with(f"hunter{number}")) is None
    assert await access.identify(scope_with(chosen)) is None
    known = Access(
        nobodys,
        Metrics(),
        fixed={digest(chosen): Caller("administrator", Scope.ADMIN)},
        guesses=guesses,
    )
    guesses.counted = 0
    assert await known.identify(scope_with(chosen))
    guesses.counted = 99
    assert await known.identify(scope_with(chosen))


async def test_the_same_wrong_key_again_and_again_is_an_old_program_and_no_guess() -> None:
    guesses = Guesses()
    access = Access(nobodys, Metrics(), guesses=guesses)
    for _ in range(50):
        assert await access.identify(scope_with("outdated")) is None
    assert guesses.counted == 1


async def test_an_old_program_that_goes_on_for_a_day_is_still_one_guess(
    autojump_clock: Any,
) -> None:
    guesses = Guesses()
    access = Access(nobodys, Metrics(), guesses=guesses)
    for _ in range(24 * 60):
        await access.identify(scope_with("outdated"))
        await trio.sleep(60)
    assert guesses.counted == 1


async def test_the_token_of_the_metrics_is_no_wrong_key(
    run_daemon: Any, daemon_settings: Settings, database: Database
) -> None:
    server = replace(daemon_settings.server, metrics_token=Secret("of-prometheus"))
    async with run_daemon(replace(daemon_settings, server=server)) as daemon:
        headers = {"Authorization": "Bearer of-prometheus"}
        for _ in range(3):
            assert (await daemon.stranger.get("/metrics", headers=headers)).status_code == 200
    assert await database.fetch_all("SELECT kind FROM throttle") == []


async def test_keys_that_are_nobodys_take_bounded_memory() -> None:
    remembered = Remembered(nobodys)
    for number in range(NOBODYS + 100):
        await remembered.find(Secret(f"guess-{number}"))
    assert len(remembered._nobody) == NOBODYS


async def test_what_has_an_end_ends_even_while_the_database_is_away(autojump_clock: Any) -> None:
    ends = datetime.now(UTC) + timedelta(seconds=0.2)
    away = False

    async def ask(_key: Secret) -> Caller | None:
        if away:
            raise DatabaseUnavailable("PostgreSQL is away.")
        return Caller("guest", Scope.READ, ends_at=ends)

    remembered = Remembered(ask)
    assert await remembered.find(Secret("k"))
    away = True
    await trio.sleep(3600)
    while datetime.now(UTC) < ends:
        await trio.lowlevel.checkpoint()
    assert await remembered.find(Secret("k")) is None


# Radarr's clients ---------------------------------------------------------------------------------------------------------


def connection(path: str, query: str = "", **headers: str) -> Any:
    named = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
    return ASGIConnection(
        {"type": "http", "path": path, "query_string": query.encode(), "headers": named}  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("path", "query", "key"),
    [
        ("/api/v3/movie", "apikey=k3y", "k3y"),
        ("/API/V3/Movie", "includeX=1&ApiKey=k3y", "k3y"),
        ("/api/v3", "apikey=k%2By", "k+y"),
        ("/api/movies", "apikey=k3y", None),
        ("/api/v30/movie", "apikey=k3y", None),
        ("/control/keys", "apikey=k3y", None),
        ("/api/v3/movie", "key=k3y", None),
        ("/api/v3/movie", "apikey=", None),
        ("/signalr/messages", "access_token=k3y", "k3y"),
        ("/signalr/messages", "apikey=k3y", None),
        ("/api/v3/movie", "access_token=k3y", None),
    ],
)
def test_a_key_in_the_query_is_read_for_radarrs_api_alone(
    path: str, query: str, key: str | None
) -> None:
    assert key_of_v3(connection(path, query)) == key


def test_a_header_goes_before_the_query() -> None:
    assert key_of_v3(connection("/api/v3/movie", "apikey=a", x_api_key="b")) == "b"
    assert key_of_v3(connection("/api/v3/movie", "apikey=a", authorization="Bearer c")) == "c"


async def test_a_key_in_a_query_is_written_down_nowhere(
    running_daemon: Any, spans: Any, capsys: pytest.CaptureFixture[str], database: Database
) -> None:
    made = await running_daemon.http.post("/api/keys", json={"name": "seerr", "scope": "admin"})
    key = made.json()["key"]
    async with httpx.AsyncClient(base_url=running_daemon.daemon.url) as client:
        for path in ("/api/v3/movie", "/api/movies", "/control/actors/rss/pause"):
            for method in ("GET", "POST"):
                await client.request(method, f"{path}?apikey={key}")
    shown = (await running_daemon.http.get("/metrics")).text
    told = [f"{span.name} {dict(span.attributes or {})}" for span in spans.all]
    assert told
    assert key not in "\n".join([shown, *told, capsys.readouterr().out])
    rows = await database.fetch_all("SELECT control_audit::text FROM control_audit")
    assert key not in str(rows)

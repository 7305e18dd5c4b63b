"""Logging in and out on a daemon at work: what holds, what ends, and what nobody learns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import trio

from reeld.domain.role import Role
from reeld.domain.secret import Secret
from reeld.domain.settings import AccessSettings, Settings
from reeld.http.identity.sessions import Sessions
from reeld.storage import Database
from reeld.storage.repositories import users

PASSWORD = "correct horse battery"


async def test_a_person_logs_in_looks_and_logs_out_and_the_cookie_is_worth_nothing_then(
    running_daemon: Any, browse: Any, person: Any
) -> None:
    await person(running_daemon, "Anna")
    async with browse(running_daemon) as browser, browse(running_daemon) as thief:
        assert (await browser.get("/api/movies")).status_code == 401
        answer = await browser.log_in("anna")
        assert answer.status_code == 200, answer.text
        assert (answer.json()["name"], answer.json()["role"]) == ("Anna", "viewer")
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert "path=/" in cookie
        assert "domain" not in cookie
        assert "secure" not in cookie  # it came without TLS
        assert browser.token not in answer.text

        assert (await browser.get("/api/movies")).status_code == 200
        who = (await browser.get("/api/session")).json()
        assert (who["kind"], who["scope"], who["csrf_token"]) == ("person", "read", browser.csrf)

        thief.take(browser.token)
        assert (await thief.get("/api/movies")).status_code == 200
        left = await browser.send("POST", "/api/logout")
        assert left.status_code == 204
        assert "max-age=0" in left.headers["set-cookie"].lower()
        assert (await thief.get("/api/movies")).status_code == 401


async def test_what_a_role_does_not_allow_is_forbidden(
    running_daemon: Any, browse: Any, person: Any
) -> None:
    for name, role in (("viewer", "viewer"), ("operator", "operator"), ("root", "admin")):
        await person(running_daemon, name, role)
    seen: dict[str, list[int]] = {}
    for name in ("viewer", "operator", "root"):
        async with browse(running_daemon) as browser:
            await browser.log_in(name)
            pause = await browser.send("POST", "/control/actors/rss/pause")
            resume = await browser.send("POST", "/control/actors/rss/resume")
            users = await browser.get("/api/users")
            seen[name] = [pause.status_code, resume.status_code, users.status_code]
    assert seen == {
        "viewer": [403, 403, 403],
        "operator": [200, 200, 403],
        "root": [200, 200, 200],
    }


async def test_nobody_learns_which_names_there_are(
    running_daemon: Any, browse: Any, person: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    await person(running_daemon, "anna")
    async with browse(running_daemon) as browser:
        wrong = [
            await browser.log_in("anna", "wrong password"),
            await browser.log_in("nobody", "wrong password"),
        ]
        odd = await browser.log_in('x" OR 1=1 --\r\nlogged_in who=admin \x1b[31m', "wrong")
    assert {each.status_code for each in [*wrong, odd]} == {401}
    assert wrong[0].content == wrong[1].content
    assert wrong[0].json()["reason"] == "wrong_credentials"
    assert not any("set-cookie" in each.headers for each in [*wrong, odd])
    names = [set(each.headers) for each in wrong]
    assert names[0] == names[1]
    logged = capsys.readouterr().out
    assert "wrong password" not in logged
    assert "\x1b[31m" not in logged
    assert "OR 1=1" not in logged
    assert "login_refused" in logged
    assert not [line for line in logged.splitlines() if line.startswith("logged_in")]


NO_LOGIN = (
    b"",
    b"{",
    b"[]",
    b"null",
    b'"anna"',
    b'{"username": "anna"}',
    b'{"username": 1, "password": "hunter2hunter2"}',
    b'{"username": "anna", "password": ["hunter2hunter2"]}',
    b'{"username": "anna", "password": "hunter2hunter2", "role": "admin"}',
    b'{"username": "", "password": "hunter2hunter2"}',
    b'{"username": "anna", "password": ""}',
    b'{"username": "' + b"a" * 65 + b'", "password": "hunter2hunter2"}',
    b'{"username": "anna", "password": "hunter2hunter2' + b"x" * 1024 + b'"}',
    b'{"username": "anna", "password": "hunter2hunter2\\ud800"}',
    b'{"username": "anna", "password": "hunter2hunter2\xff"}',
)


async def test_a_login_that_is_none_is_refused_without_a_word_of_what_was_sent(
    running_daemon: Any,
) -> None:
    headers = {"Content-Type": "application/json"}
    for body in NO_LOGIN:
        answer = await running_daemon.stranger.post("/api/login", content=body, headers=headers)
        assert answer.status_code == 400, (body, answer.text)
        assert "hunter2" not in answer.text
        assert "set-cookie" not in answer.headers


async def test_each_login_brings_a_new_token_and_ends_the_session_that_the_browser_came_with(
    running_daemon: Any, browse: Any, person: Any
) -> None:
    await person(running_daemon, "anna")
    planted = "A" * 43
    async with browse(running_daemon) as browser, browse(running_daemon) as attacker:
        # Whoever planted a token in a browser has nothing of it.
        browser.take(planted)
        await browser.log_in("anna")
        first = browser.token
        attacker.take(planted)
        assert (await attacker.get("/api/movies")).status_code == 401

        attacker.take(first)
        assert (await attacker.get("/api/movies")).status_code == 200
        await browser.log_in("anna")
        assert browser.token != first
        assert (await attacker.get("/api/movies")).status_code == 401
        # Two cookies of one name are what an attacker on a neighbouring host can plant: neither counts.
        both = {"Cookie": f"reeld-session={browser.token}; reeld-session={planted}"}
        assert (await running_daemon.stranger.get("/api/movies", headers=both)).status_code == 401


async def test_of_a_token_only_a_hash_is_stored(
    running_daemon: Any, browse: Any, person: Any, database: Database
) -> None:
    await person(running_daemon, "anna")
    async with browse(running_daemon) as browser:
        await browser.log_in("anna")
        token = browser.token
    rows = await database.fetch_all("SELECT session::text, person::text FROM session, person")
    text = str(rows)
    assert token not in text
    assert token.encode().hex() not in text
    assert PASSWORD not in text
    assert "$argon2id$" in text


async def test_sessions_end_without_use_by_age_and_by_hand(
    running_daemon: Any, browse: Any, person: Any, database: Database
) -> None:
    await person(running_daemon, "anna")
    await person(running_daemon, "root", "admin")
    async with (
        browse(running_daemon) as anna,
        browse(running_daemon) as phone,
        browse(running_daemon) as root,
    ):
        await anna.log_in("anna")
        await phone.log_in("anna")
        await root.log_in("root")
        own = (await anna.get("/api/sessions")).json()
        assert [each["name"] for each in own] == ["anna", "anna"]
        assert [each["is_this"] for each in own].count(True) == 1
        assert len((await root.get("/api/sessions")).json()) == 3

        # Nobody ends another's session but an administrator, and it ends at once although it was just in use.
        assert (await phone.get("/api/movies")).status_code == 200
        of_root = next(
            each["id"] for each in (await root.get("/api/sessions")).json() if each["is_this"]
        )
        assert (await anna.send("DELETE", f"/api/sessions/{of_root}")).status_code == 404
        of_phone = next(each["id"] for each in own if not each["is_this"])
        assert (await anna.send("DELETE", f"/api/sessions/{of_phone}")).status_code == 204
        assert (await phone.get("/api/movies")).status_code == 401

        await database.execute("UPDATE session SET last_used_at = now() - interval '8 days'")
        await forget(running_daemon)
        assert (await anna.get("/api/movies")).status_code == 401
        await anna.log_in("anna")
        await database.execute("UPDATE session SET expires_at = now() - interval '1 second'")
        await forget(running_daemon)
        assert (await anna.get("/api/movies")).status_code == 401


async def test_a_page_that_was_left_open_does_not_keep_its_session_alive(
    database: Database,
) -> None:
    async with database.transaction() as conn:
        anna = await users.add(conn, "anna", Role.VIEWER, Secret("hash"))
    assert anna is not None
    sessions = Sessions(database, AccessSettings)
    token = await sessions.begin(anna, "192.0.2.1", "browser")
    assert token is not None
    await database.execute("UPDATE session SET last_used_at = now() - interval '6 days'")
    assert await sessions.still_holds(token)
    used = "SELECT last_used_at > now() - interval '1 day' FROM session"
    assert await database.fetch_one(used) == (False,)
    # What a person asks for counts, also while a socket is open.
    assert await sessions.find(token)
    assert await database.fetch_one(used) == (True,)
    await database.execute("UPDATE session SET last_used_at = now() - interval '8 days'")
    sessions.forget()
    assert not await sessions.still_holds(token)


async def forget(daemon: Any) -> None:
    """What is remembered for a minute is asked for again."""
    assert (await daemon.http.delete("/api/sessions/4711")).status_code == 404


async def test_a_password_and_a_role_that_change_end_all_sessions(
    running_daemon: Any, browse: Any, person: Any
) -> None:
    number = await person(running_daemon, "anna")
    path = f"/api/users/{number}/password"
    async with browse(running_daemon) as anna, browse(running_daemon) as thief:
        await anna.log_in("anna")
        await thief.log_in("anna")
        body = {"password": "another password"}
        assert (await thief.send("PUT", path, json=body)).status_code == 401
        wrong = {**body, "current_password": "guessed wrong"}
        assert (await thief.send("PUT", path, json=wrong)).status_code == 401
        right = {**body, "current_password": PASSWORD}
        assert (await anna.send("PUT", path, json=right)).status_code == 204
        assert (await thief.get("/api/movies")).status_code == 401
        assert (await anna.log_in("anna")).status_code == 401
        assert (await anna.log_in("anna", "another password")).status_code == 200

        changed = await running_daemon.http.put(f"/api/users/{number}", json={"role": "operator"})
        assert changed.json()["role"] == "operator"
        assert (await anna.get("/api/movies")).status_code == 401
        await anna.log_in("anna", "another password")
        other = await anna.send("PUT", "/api/users/1/password", json=right)
        assert other.status_code == 403
        assert (await running_daemon.http.delete(f"/api/users/{number}")).status_code == 204
        assert (await anna.get("/api/movies")).status_code == 401


async def test_a_session_changes_something_for_reelds_own_pages_alone(
    running_daemon: Any, browse: Any, person: Any
) -> None:
    await person(running_daemon, "anna", "operator")
    path, metrics = "/control/actors/rss/pause", running_daemon.started.metrics
    own = running_daemon.daemon.url
    async with browse(running_daemon) as browser:
        foreign = {"Origin": "http://evil.example"}
        login = {"username": "anna", "password": PASSWORD}
        answer = await browser.http.post("/api/login", json=login, headers=foreign)
        assert (answer.status_code, answer.json()["reason"]) == (403, "foreign_origin")
        assert "set-cookie" not in answer.headers
        await browser.log_in("anna")
        for headers in (
            foreign,
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site"},
            {"X-CSRF-Token": "0" * 64},
            {"X-CSRF-Token": ""},
        ):
            answer = await browser.send("POST", path, headers=headers)
            assert (answer.status_code, answer.json()["reason"]) == (403, "foreign_origin")
            assert "set-cookie" not in answer.headers
        assert (await browser.http.post(path)).status_code == 403
        # Nor is an answer of before given out again to a page that is not ours.
        once = {"Idempotency-Key": "one"}
        assert (await browser.send("POST", path, headers=once)).status_code == 200
        again = await browser.http.post(path, headers=once)
        assert again.status_code == 403
        assert (await browser.send("POST", path, headers={"Origin": own})).status_code == 200
        # A key is sent by programs, never by a browser on its own.
        assert (await running_daemon.http.post(path, headers=foreign)).status_code == 200
    refused = metrics.value("reeld_http_refused_requests_total", cause="origin")
    assert refused == 7


@pytest.fixture
def behind_a_proxy(daemon_settings: Settings) -> Settings:
    access = AccessSettings(trusted_proxies=("127.0.0.1",), hosts=("movies.example",))
    return replace(daemon_settings, access=access)


async def test_an_attack_on_a_name_keeps_neither_its_owner_nor_a_key_nor_a_session_out(
    run_daemon: Any, behind_a_proxy: Settings, browse: Any, person: Any, database: Database
) -> None:
    async with run_daemon(behind_a_proxy) as daemon:
        await person(daemon, "anna", "admin")
        async with browse(daemon, "192.0.2.7") as home, browse(daemon, "198.51.100.9") as road:
            await home.log_in("anna")
            statuses = []
            guess = {"username": "anna", "password": "guess"}
            for number in range(150):
                forwarded = {"X-Forwarded-For": f"203.0.{number % 50}.5"}
                answer = await daemon.stranger.post("/api/login", json=guess, headers=forwarded)
                statuses.append(answer.status_code)
            assert set(statuses) == {401, 429}
            assert statuses.count(401) < 20
            # However slow this machine is: the wait goes on.
            await database.execute(
                "UPDATE throttle SET blocked_until = now() + interval '15 min' WHERE kind = 'account'"
            )
            waiting = await road.log_in("anna")
            assert (waiting.status_code, waiting.json()["reason"]) == (429, "too_many_attempts")
            assert 0 < int(waiting.headers["retry-after"]) <= 900
            assert "set-cookie" not in waiting.headers
            # The session and the key go on, and at home the owner logs in at once, from whatever machine.
            assert (await home.get("/api/movies")).status_code == 200
            assert (await daemon.http.get("/api/movies")).status_code == 200
            async with browse(daemon, "192.0.2.200") as other_machine:
                assert (await other_machine.log_in("anna")).status_code == 200
            # And a password that is set anew on the machine itself opens the door everywhere.
            users = (await daemon.http.get("/api/users")).json()
            number = next(each["id"] for each in users if each["name"] == "anna")
            body = {"password": "another password"}
            await daemon.http.put(f"/api/users/{number}/password", json=body)
            assert (await road.log_in("anna", "another password")).status_code == 200
        count = daemon.started.metrics.value
        name = "reeld_auth_attempts_total"
        assert count(name, method="password", outcome="throttled") > 100
        assert count(name, method="password", outcome="ok") == 3


async def test_behind_a_trusted_proxy_with_tls_the_cookie_is_one_that_only_tls_carries(
    run_daemon: Any, behind_a_proxy: Settings, person: Any, database: Database
) -> None:
    said = {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "movies.example",
        "X-Forwarded-For": "203.0.113.9",
        "Origin": "https://movies.example",
    }
    async with run_daemon(behind_a_proxy) as daemon:
        await person(daemon, "anna")
        login = {"username": "anna", "password": PASSWORD}
        answer = await daemon.stranger.post("/api/login", json=login, headers=said)
        assert answer.status_code == 200, answer.text
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-reeld=")
        assert "; Secure" in cookie
        assert "max-age=31536000" in answer.headers["strict-transport-security"]
        row = await database.fetch_one("SELECT origin FROM session")
        assert row == ("203.0.113.9",)
        bad = await daemon.stranger.get("/api/movies", headers={"X-Forwarded-Host": "evil.example"})
        assert bad.status_code == 421


async def test_a_forged_address_is_believed_by_nobody(running_daemon: Any, person: Any) -> None:
    await person(running_daemon, "anna")
    statuses = []
    for number in range(30):
        body = {"username": f"name-{number}", "password": "guessed"}
        forged = {"X-Forwarded-For": f"203.0.{number}.5", "X-Forwarded-Proto": "https"}
        answer = await running_daemon.stranger.post("/api/login", json=body, headers=forged)
        statuses.append(answer.status_code)
        assert "strict-transport-security" not in answer.headers
    # On a slow machine a wait or two is over by then.
    assert statuses.count(401) < 15
    assert 429 in statuses
    await running_daemon.http.post(
        "/control/actors/rss/pause", headers={"X-Forwarded-For": "203.0.113.9"}
    )
    with trio.fail_after(30):
        while not (entries := (await running_daemon.http.get("/control/audit?target=rss")).json()):
            await trio.sleep(0.02)
    assert entries[0]["origin"] == "127.0.0.1"


async def test_the_audit_says_who_it_was_a_person_or_a_key(
    running_daemon: Any, browse: Any, person: Any
) -> None:
    await person(running_daemon, "anna", "operator")
    async with browse(running_daemon) as browser:
        await browser.log_in("anna")
        await browser.send("POST", "/control/actors/rss/pause")
        await browser.send("POST", "/api/logout")
    with trio.fail_after(30):
        while len(entries := (await running_daemon.http.get("/control/audit")).json()) < 4:
            await trio.sleep(0.02)
    told = [(each["by"], each["who"], each["action"], each["target"]) for each in entries]
    assert told[::-1] == [
        ("key", "administrator", "add_user", "anna"),
        ("person", "anna", "login", "anna"),
        ("person", "anna", "pause", "rss"),
        ("person", "anna", "logout", "anna"),
    ]
    assert {each["origin"] for each in entries} == {"127.0.0.1"}
    assert PASSWORD not in str(entries)


async def test_a_password_is_hashed_anew_when_the_parameters_have_changed(
    running_daemon: Any, browse: Any, person: Any, database: Database
) -> None:
    from argon2 import PasswordHasher

    number = await person(running_daemon, "anna")
    old = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash(PASSWORD)
    await database.execute("UPDATE person SET password = %s WHERE id = %s", (old, number))
    async with browse(running_daemon) as browser:
        assert (await browser.log_in("anna")).status_code == 200
    row = await database.fetch_one("SELECT password FROM person WHERE id = %s", (number,))
    assert row is not None
    assert "t=1" in row[0]

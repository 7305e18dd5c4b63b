"""The page on which people log in, as a browser without scripts uses it."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import httpx

from reeld.domain.settings import AccessSettings, Settings

PASSWORD = "correct horse battery"
REFERENCE = "/api/schema/reference"
HTML = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


class Form(HTMLParser):
    """Where a page's form goes, its fields as they stand, and what the page says is wrong."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action, self.method, self.alert = "", "", ""
        self.fields: dict[str, str] = {}
        self.tags: set[str] = set()
        self._in_alert = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.add(tag)
        self._in_alert = given.get("role") == "alert"
        if tag == "form":
            self.action, self.method = given["action"], given["method"]
        if tag == "input":
            self.fields[given["name"]] = given.get("value", "")
        assert not [name for name in given if name.startswith("on") or name == "style"]

    def handle_data(self, data: str) -> None:
        if self._in_alert:
            self.alert += data


async def submit(http: httpx.AsyncClient, form: Form, **typed: str) -> httpx.Response:
    """Send a form as a browser does: with the origin of its page."""
    headers = {"Origin": str(http.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin", **HTML}
    return await http.request(form.method, form.action, data=form.fields | typed, headers=headers)


async def test_a_browser_without_a_session_is_led_to_the_login_and_back(
    running_daemon: Any, browse: Any, person: Any
) -> None:
    await person(running_daemon, "anna")
    async with browse(running_daemon) as browser:
        http = browser.http
        sent = await http.get(f"{REFERENCE}?x=1", headers=HTML)
        assert sent.status_code == 303
        shown = await http.get(sent.headers["location"], headers=HTML)
        assert shown.status_code == 200
        form = Form(shown.text)
        assert form.fields["next"] == f"{REFERENCE}?x=1"
        entered = await submit(http, form, username="Anna", password=PASSWORD)
        assert (entered.status_code, entered.headers["location"]) == (303, f"{REFERENCE}?x=1")
        cookie = entered.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert (await http.get(REFERENCE, headers=HTML)).status_code == 200
        # Who is in already goes on at once, also from the front door.
        again = await http.get("/login?next=/api/movies", headers=HTML)
        assert (again.status_code, again.headers["location"]) == (303, "/api/movies")
        assert (await http.get("/", headers=HTML)).headers["location"] == REFERENCE
    noted = (await running_daemon.http.get("/control/audit")).json()
    assert [each["action"] for each in noted].count("login") == 1


async def test_the_front_door_leads_to_the_login(running_daemon: Any) -> None:
    answer = await running_daemon.stranger.get("/", headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")


async def test_programs_are_told_of_the_key_and_led_nowhere(running_daemon: Any) -> None:
    stranger = running_daemon.stranger
    for path, headers in (
        (REFERENCE, {}),
        (REFERENCE, HTML | {"X-Api-Key": "wrong"}),
        ("/api/movies", HTML),
    ):
        answer = await stranger.get(path, headers=headers)
        assert (answer.status_code, answer.json()["reason"]) == (401, "unauthorized")


async def test_the_page_needs_nothing_from_elsewhere_and_runs_nothing(running_daemon: Any) -> None:
    answer = await running_daemon.stranger.get("/login")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    policy = answer.headers["content-security-policy"]
    for part in ("default-src 'none'", "form-action 'self'", "frame-ancestors 'none'"):
        assert part in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy
    # Under `no-referrer` a browser would send the form with `Origin: null`.
    assert answer.headers["referrer-policy"] == "same-origin"
    assert not Form(answer.text).tags & {"script", "link", "img", "iframe"}
    assert "http" not in re.sub(r"<!doctype html>|<html lang=en>|</html>", "", answer.text)


async def test_a_wrong_password_is_told_on_the_page_and_the_way_on_is_kept(
    running_daemon: Any, person: Any, browse: Any
) -> None:
    await person(running_daemon, "anna")
    async with browse(running_daemon) as browser:
        form = Form((await browser.http.get("/login?next=/api/movies")).text)
        refused = await submit(browser.http, form, username="anna", password="wrong password")
        assert refused.status_code == 401
        assert "set-cookie" not in refused.headers
        told = Form(refused.text)
        assert told.alert == "Name and password do not fit."
        assert told.fields["next"] == "/api/movies"
        assert "wrong password" not in refused.text
        empty = await submit(browser.http, form)
        assert (empty.status_code, Form(empty.text).alert) == (422, "Give a name and a password.")


async def test_who_guesses_is_told_on_the_page_how_long_to_wait(
    running_daemon: Any, browse: Any
) -> None:
    async with browse(running_daemon) as browser:
        form = Form((await browser.http.get("/login")).text)
        for _ in range(8):
            answer = await submit(browser.http, form, username="anna", password="wrong password")
            if answer.status_code == 429:
                break
        assert answer.status_code == 429
        assert Form(answer.text).alert.startswith("Too many wrong attempts. Try again in ")
        assert int(answer.headers["retry-after"]) >= 1


FOREIGN = [
    {},
    {"Origin": "null"},
    {"Origin": "https://evil.example"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


async def test_no_foreign_page_logs_somebodys_browser_in(running_daemon: Any, person: Any) -> None:
    await person(running_daemon, "anna")
    for headers in FOREIGN:
        login = {"username": "anna", "password": PASSWORD}
        answer = await running_daemon.stranger.post("/login", data=login, headers=headers)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
        assert "not reeld's own" in Form(answer.text).alert


ELSEWHERE = ["//evil.example", "https://evil.example", "/\\evil.example"]


async def test_a_login_leads_to_no_other_host(
    running_daemon: Any, person: Any, browse: Any
) -> None:
    await person(running_daemon, "anna")
    for onward in ELSEWHERE:
        async with browse(running_daemon) as browser:
            form = Form((await browser.http.get("/login", params={"next": onward})).text)
            assert form.fields["next"] == REFERENCE
            form.fields["next"] = onward
            entered = await submit(browser.http, form, username="anna", password=PASSWORD)
            assert (entered.status_code, entered.headers["location"]) == (303, REFERENCE)


NO_FORMS = [
    (b'{"username": "anna"}', "application/json", 415),
    (b"username=anna", "text/plain", 415),
    (b"username=a&username=b", "application/x-www-form-urlencoded", 422),
    (b"username=%ff", "application/x-www-form-urlencoded", 422),
    (b"\xff", "application/x-www-form-urlencoded", 422),
    (b"a=1&" * 100, "application/x-www-form-urlencoded", 422),
    (b"username=" + b"a" * 20_000, "application/x-www-form-urlencoded", 422),
]


async def test_what_no_form_of_ours_sends_is_refused(running_daemon: Any) -> None:
    for content, kind, status in NO_FORMS:
        answer = await running_daemon.stranger.post(
            "/login", content=content, headers={"Content-Type": kind}
        )
        assert answer.status_code == status, answer.text
        assert answer.json()["detail"]


async def test_logging_out_asks_for_more_than_a_link(running_daemon: Any) -> None:
    assert (await running_daemon.stranger.get("/logout")).status_code == 404
    assert (await running_daemon.stranger.get("/api/logout")).status_code == 405


async def test_behind_a_trusted_proxy_with_tls_the_form_is_its_own_page(
    run_daemon: Any, daemon_settings: Settings, person: Any
) -> None:
    access = AccessSettings(hosts=("movies.example",), trusted_proxies=("127.0.0.1",))
    async with run_daemon(replace(daemon_settings, access=access)) as daemon:
        await person(daemon, "anna")
        headers = {
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Host": "movies.example",
            "Origin": "https://movies.example",
        }
        login = {"username": "anna", "password": PASSWORD}
        entered = await daemon.stranger.post("/login", data=login, headers=headers)
    assert entered.status_code == 303
    assert entered.headers["set-cookie"].startswith("__Host-reeld=")

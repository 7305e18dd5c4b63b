"""Logging in, against answers that no simulator of one version gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from reeld.domain.errors import (
    CredentialsRejected,
    ProtocolViolation,
    RateLimited,
    Refused,
    ServiceDown,
)
from reeld.domain.secret import Secret
from reeld.domain.settings import QbittorrentSettings
from reeld.services.qbittorrent import AddAnswer, AddOptions, QbittorrentClient
from reeld.services.transport import Outcome

PASSWORD = "s3cr3t-password"
Make = Callable[..., QbittorrentClient]
Answerer = Callable[[httpx.Request], httpx.Response]


class Qbittorrent:
    """A qBittorrent whose login is what a test says."""

    def __init__(self, login: httpx.Response | Exception, **paths: Any) -> None:
        self.login = login
        self.logins = 0
        self.logged_in = False
        self.paths = paths

    def __call__(self, request: httpx.Request) -> httpx.Response:
        action = request.url.path.rpartition("/")[2]
        if action == "login":
            self.logins += 1
            if isinstance(self.login, Exception):
                raise self.login
            self.logged_in = self.login.is_success and self.login.text != "Fails."
            return self.login
        if not self.logged_in:
            return httpx.Response(403, text="Forbidden")
        return self.paths.get(action, httpx.Response(200, text="2.8.19"))


@pytest.fixture
def make(script: Any, closing: Any, witness: Any) -> Make:
    def build(server: Any, **changes: Any) -> QbittorrentClient:
        script(server)
        settings = QbittorrentSettings("http://qb.example:8080", "admin", Secret(PASSWORD))
        return closing(
            QbittorrentClient(
                replace(settings, **changes), observer=witness, transport=script.transport
            )
        )

    return build


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="Ok."),
        httpx.Response(200, text="Ok.\n"),
        httpx.Response(200, text=""),
        httpx.Response(204),
    ],
)
async def test_every_way_to_say_welcome_is_understood(make: Make, answer: httpx.Response) -> None:
    server = Qbittorrent(answer)
    assert (await make(server).version()).api == (2, 8, 19)
    assert server.logins == 1


@pytest.mark.parametrize(
    "answer", [httpx.Response(200, text="Fails."), httpx.Response(401, text="Unauthorized")]
)
async def test_every_way_to_say_no_ends_all_attempts(
    make: Make, answer: httpx.Response, witness: Any
) -> None:
    server = Qbittorrent(answer)
    client = make(server)
    for _ in range(5):
        with pytest.raises(CredentialsRejected) as caught:
            await client.torrents()
        assert PASSWORD not in str(caught.value)
    assert server.logins == 1
    assert witness.calls == [("qbittorrent", "torrents", Outcome.CREDENTIALS_REJECTED)] * 5
    client.forgive()
    with pytest.raises(CredentialsRejected):
        await client.torrents()
    assert server.logins == 2


async def test_a_lost_answer_to_a_login_is_not_repeated(make: Make) -> None:
    server = Qbittorrent(httpx.ReadError("reset"))
    with pytest.raises(ServiceDown):
        await make(server).torrents()
    assert server.logins == 1


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        (httpx.Response(403, text="Your IP address has been banned"), RateLimited, "banned"),
        (httpx.Response(403, html="<html>nginx</html>"), ServiceDown, "forbidden"),
        (httpx.Response(200, html="<html>SSO</html>"), ProtocolViolation, "html_instead_of_answer"),
        (httpx.Response(200, text="Something"), ProtocolViolation, "not_qbittorrent"),
        (httpx.Response(404, text="Not Found"), ProtocolViolation, "not_qbittorrent"),
        (httpx.Response(502, html="<html>"), ServiceDown, "server_error"),
        (httpx.Response(302, headers={"location": "/login"}), ProtocolViolation, "redirected"),
    ],
)
async def test_what_is_no_answer_to_a_login_is_not_taken_for_a_wrong_password(
    make: Make, answer: httpx.Response, kind: type[Exception], reason: str
) -> None:
    server = Qbittorrent(answer)
    with pytest.raises(kind) as caught:
        await make(server).torrents()
    assert caught.value.reason == reason  # type: ignore[attr-defined]
    assert server.logins == 1


async def test_a_proxy_that_always_refuses_costs_one_login_a_call(make: Make) -> None:
    logins = 0

    def proxy(request: httpx.Request) -> httpx.Response:
        nonlocal logins
        if request.url.path.endswith("login"):
            logins += 1
            return httpx.Response(200, text="Ok.")
        return httpx.Response(403, html="<html>blocked</html>")

    with pytest.raises(ServiceDown, match="reverse proxy") as caught:
        await make(proxy).torrents()
    assert (caught.value.reason, logins) == ("forbidden", 1)


async def test_an_expired_session_is_renewed_once(make: Make) -> None:
    server = Qbittorrent(httpx.Response(200, text="Ok."), info=httpx.Response(200, json=[]))
    client = make(server)
    await client.torrents()
    server.logged_in = False
    await client.torrents()
    assert server.logins == 2


async def test_no_login_is_made_where_none_is_wanted(make: Make) -> None:
    server = Qbittorrent(httpx.Response(200, text="Fails."))
    server.logged_in = True
    await make(server).version()
    assert server.logins == 0


async def test_neither_origin_nor_referer_is_sent(make: Make, script: Any) -> None:
    await make(Qbittorrent(httpx.Response(200, text="Ok."))).version()
    for request in script.requests:
        assert not {"origin", "referer"} & set(request.headers)


async def test_a_key_travels_in_the_header_and_no_login_is_made(make: Make, script: Any) -> None:
    client = make(httpx.Response(200, text="2.15.1"), api_key=Secret("qbt_key"))
    await client.version()
    assert {request.headers["authorization"] for request in script.requests} == {"Bearer qbt_key"}
    assert all("login" not in request.url.path for request in script.requests)


async def test_a_rejected_key_is_sent_once(make: Make, script: Any) -> None:
    client = make(httpx.Response(401, text="Unauthorized"), api_key=Secret("qbt_key"))
    for _ in range(5):
        with pytest.raises(CredentialsRejected, match=r"API key.*qbittorrent\.api_key"):
            await client.version()
    assert len(script.requests) == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1.4", "unsupported_version"),
        ("hello", "not_qbittorrent"),
        ("", "not_qbittorrent"),
        ("<html><body>Router</body></html>", "html_instead_of_answer"),
    ],
)
async def test_what_is_no_supported_version_is_said_so(make: Make, text: str, reason: str) -> None:
    with pytest.raises(ProtocolViolation) as caught:
        await make(httpx.Response(200, text=text)).version()
    assert caught.value.reason == reason


ADDED = {"success_count": 1, "failure_count": 0, "pending_count": 0, "added_torrent_ids": ["x"]}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (httpx.Response(200, text="Ok."), AddAnswer.ACCEPTED),
        (httpx.Response(200, text=""), AddAnswer.ACCEPTED),
        (httpx.Response(200, text="Fails."), AddAnswer.UNCLEAR),
        (httpx.Response(409, text="Conflict"), AddAnswer.UNCLEAR),
        (httpx.Response(200, json=ADDED), AddAnswer.ACCEPTED),
        (
            httpx.Response(202, json=ADDED | {"success_count": 0, "pending_count": 1}),
            AddAnswer.ACCEPTED,
        ),
        (httpx.Response(200, json=ADDED | {"success_count": 0}), AddAnswer.UNCLEAR),
        (httpx.Response(200, text="{broken"), AddAnswer.UNCLEAR),
        (httpx.Response(502, html="<html>"), AddAnswer.LOST),
        (httpx.ReadError("reset"), AddAnswer.LOST),
        (httpx.ReadTimeout("slow"), AddAnswer.LOST),
    ],
)
async def test_every_answer_to_an_addition_only_says_maybe(
    make: Make, answer: Any, expected: AddAnswer
) -> None:
    assert await make(answer).add(b"de", AddOptions("reeld")) is expected


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(415, text="Error: 'x' is not a valid torrent file."), Refused),
        (httpx.ConnectError("refused"), ServiceDown),
        (httpx.ConnectTimeout("slow"), ServiceDown),
        (httpx.Response(200, html="<html>SSO</html>"), ProtocolViolation),
        (httpx.Response(404), ProtocolViolation),
    ],
)
async def test_an_addition_that_surely_had_no_effect_is_an_error(
    make: Make, answer: Any, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        await make(answer).add(b"de", AddOptions("reeld"))


async def test_an_addition_says_everything_for_every_version(make: Make, script: Any) -> None:
    await make(httpx.Response(200, text="Ok.")).add(
        b"THE-TORRENT", AddOptions("reeld", "/dl", ("a", "b"), True)
    )
    body = script.bodies[0].decode()
    for name, value in {
        "category": "reeld",
        "savepath": "/dl",
        "tags": "a,b",
        "paused": "true",
        "stopped": "true",
        "autoTMM": "false",
        "contentLayout": "Original",
        "ratioLimit": "-2",
        "seedingTimeLimit": "-2",
        "inactiveSeedingTimeLimit": "-2",
        "shareLimitAction": "Default",
    }.items():
        assert f'name="{name}"\r\n\r\n{value}\r\n' in body
    assert 'name="torrents"; filename="reeld.torrent"' in body
    assert "THE-TORRENT" in body


@pytest.mark.parametrize("torrent_id", ["all", "", "a" * 39, "A" * 41, f"{'a' * 40}|all", "*"])
async def test_nothing_but_one_hash_is_ever_deleted(
    make: Make, script: Any, torrent_id: str
) -> None:
    with pytest.raises(Refused):
        await make(httpx.Response(200, json=[])).delete(torrent_id, with_files=True)
    assert script.requests == []


async def test_no_torrent_named_is_never_all_torrents(make: Make, script: Any) -> None:
    client = make(httpx.Response(200, text="2.8.19"))
    for act in (client.stop, client.start, client.recheck, client.move_to_top):
        with pytest.raises(Refused):
            await act([])
    assert await client.torrents(ids=[]) == ()
    assert all(request.method == "GET" for request in script.requests)


async def test_an_upgrade_while_we_run_is_noticed(make: Make, script: Any) -> None:
    version = "2.8.19"

    def upgraded(request: httpx.Request) -> httpx.Response:
        nonlocal version
        action = request.url.path.rpartition("/")[2]
        if action == "pause":
            version = "2.11.2"
            return httpx.Response(404, text="Not Found")
        return httpx.Response(200, text="" if action == "stop" else version)

    await make(upgraded).stop(["a" * 40])
    actions = [request.url.path.rpartition("/")[2] for request in script.requests]
    assert actions == ["webapiVersion", "version", "pause", "webapiVersion", "version", "stop"]


async def test_a_missing_torrent_behind_a_wrong_address_is_not_a_missing_torrent(
    make: Make,
) -> None:
    with pytest.raises(ProtocolViolation):
        await make(httpx.Response(404, text="Not Found")).files("a" * 40)


async def test_a_login_takes_no_old_session_along(make: Make, script: Any) -> None:
    # With a live session qBittorrent accepts any password.
    welcome = httpx.Response(200, text="Ok.", headers={"set-cookie": "SID=abc; path=/"})
    server = Qbittorrent(welcome, info=httpx.Response(200, json=[]))
    client = make(server)
    await client.torrents()
    server.logged_in = False
    await client.torrents()
    logins = [request for request in script.requests if request.url.path.endswith("login")]
    assert [("cookie" in request.headers) for request in logins] == [False, False]
    assert script.requests[-1].headers["cookie"] == "SID=abc"


async def test_a_qbittorrent_that_ignores_the_filter_shows_us_only_what_we_asked_for(
    make: Make,
) -> None:
    listed = httpx.Response(200, json=[{"hash": "a" * 40}, {"hash": "b" * 40}])
    (found,) = await make(listed).torrents(ids=["b" * 40])
    assert found.id == "b" * 40
    assert await make(listed).delete("c" * 40, with_files=True) is False

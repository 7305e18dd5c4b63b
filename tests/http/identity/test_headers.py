"""The headers of every answer, whoever gives it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx

from reeld.domain.settings import Settings
from reeld.http.identity.headers import DATA_POLICY, PAGE_POLICY, Careful


async def test_every_answer_of_a_daemon_has_them(
    run_daemon: Any, daemon_settings: Settings
) -> None:
    server = replace(daemon_settings.server, ops_host="127.0.0.1", ops_port=0)
    async with run_daemon(replace(daemon_settings, server=server)) as daemon:
        answers = [
            await daemon.http.get("/api/movies"),
            await daemon.stranger.get("/api/movies"),
            await daemon.http.get("/nowhere"),
            await daemon.http.get("/control/actors"),  # behind the other door
            await daemon.http.get("/health"),
            await daemon.stranger.get("/api/movies", headers={"Host": "evil.example"}),
            await daemon.http.request("BREW", "/api/movies"),
        ]
    assert [each.status_code for each in answers] == [200, 401, 404, 404, 200, 421, 405]
    for answer in answers:
        headers = answer.headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["content-security-policy"] == DATA_POLICY
        # What has an ETag may be kept by its own client, if it asks each time.
        assert headers["cache-control"] in {"no-store", "private, no-cache"}
        assert "access-control-allow-origin" not in headers
        assert "strict-transport-security" not in headers
        assert "set-cookie" not in headers
        assert "server" not in headers


async def test_a_page_takes_everything_from_reeld_alone_and_nobody_frames_it() -> None:
    async def page(_scope: Any, _receive: Any, send: Any) -> None:
        headers = [(b"Content-Type", b"text/html; charset=utf-8")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"<p>"})

    transport = httpx.ASGITransport(app=Careful(page))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="https://reeld") as client:
        headers = (await client.get("/")).headers
    assert headers["content-security-policy"] == PAGE_POLICY
    for part in ("default-src 'self'", "object-src 'none'", "base-uri 'none'"):
        assert part in PAGE_POLICY
    assert "unsafe" not in PAGE_POLICY
    assert headers["strict-transport-security"] == "max-age=31536000"

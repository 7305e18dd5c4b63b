"""How errors of the parts of reeld are told to Radarr's clients."""

from __future__ import annotations

import httpx
import pytest
from litestar import Litestar, get

from reeld.domain import errors
from reeld.http.radarr_v3._errors import HANDLERS


async def answer_to(error: Exception) -> httpx.Response:
    @get("/")
    async def boom() -> None:
        raise error

    app = Litestar(
        [boom],
        exception_handlers=HANDLERS,  # type: ignore[arg-type]
        openapi_config=None,
        logging_config=None,
    )
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://reeld") as client:
        return await client.get("/")


@pytest.mark.parametrize(
    ("error", "status", "wait"),
    [
        (errors.BreakerOpen("It rests.", retry_after=12.0), 503, "12"),
        (errors.BreakerOpen("It rests.", retry_after=12.01), 503, "13"),
        (errors.MailboxFull("Too much.", retry_after=0.2), 503, "1"),
        (errors.RateLimited("Slower.", service="tmdb", retry_after=1.5), 502, "2"),
        (errors.DatabaseUnavailable("It is away."), 503, "5"),
        (errors.BreakerOpen("Nobody knows."), 503, None),
        (errors.BreakerOpen("At once.", retry_after=0.0), 503, None),
    ],
)
async def test_when_to_come_back_is_told_in_whole_seconds_and_never_too_early(
    error: errors.ReeldError, status: int, wait: str | None
) -> None:
    answer = await answer_to(error)
    assert (answer.status_code, answer.headers.get("retry-after")) == (status, wait)
    assert answer.json() == {"message": error.sentence}

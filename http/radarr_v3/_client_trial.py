"""`downloadclient/test`: whether qBittorrent can be reached and lets reeld in, as the settings say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from litestar import Response, post

from reeld.domain.errors import ReeldError
from reeld.domain.messages import LookAtClient
from reeld.http.radarr_v3._answers import answered
from reeld.http.radarr_v3._asked import AnyRequest, Body, read_body
from reeld.http.radarr_v3._clients import CLIENT_ID, clients_in
from reeld.http.radarr_v3._errors import Failure, Invalid, invalid
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._provider import fields_of
from reeld.http.radarr_v3._unlisted import REFUSED
from reeld.http.radarr_v3._values import MASK, Json

TEST_SECONDS: Final = 60.0


def client_trial_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes that try the download client."""
    audit, qbit = frame.surface.audit, frame.surface.directory["qbit"]

    @post("/downloadclient/test", status_code=200)
    async def test(request: AnyRequest) -> Response[bytes]:
        body = await read_body(request)
        with audit.change(request, "test_client", body.text("name")[:100]):
            _require_as_set(body, clients_in(frame.surface.settings()))
            if (failure := await tried()) is not None:
                raise Invalid(failure)
        return answered({})

    @post("/downloadclient/testall", status_code=200)
    async def test_all(request: AnyRequest) -> Response[bytes]:
        found: list[Json] = []
        with audit.change(request, "test_client", "all"):
            for each in clients_in(frame.surface.settings()):
                failure = await tried()
                failures = [] if failure is None else [failure]
                found.append(
                    {"id": each["id"], "isValid": not failures, "validationFailures": failures}
                )
        return answered(found, 200 if all(each["isValid"] for each in found) else 400)

    async def tried() -> Failure | None:
        try:
            await qbit.ask(LookAtClient(trial=True), deadline=TEST_SECONDS)
        except ReeldError as error:
            return Failure("Host", error.sentence, error_code=error.reason)
        return None

    return [test, test_all]


def _require_as_set(body: Body, clients: Sequence[Json]) -> None:
    """Refuse a client with other values than those of the settings: its password is for that address alone.

    Raises:
        Invalid: Names the field that differs; or there is no client.
    """
    there = next(
        (each for each in clients if each["implementation"] == body.text("implementation")), None
    )
    if there is None or body.integer("id", CLIENT_ID) not in {0, CLIENT_ID}:
        raise invalid("Implementation", REFUSED["downloadclient"])
    sent = fields_of(body)
    for field in there["fields"]:
        value = sent.get(field["name"], field.get("value"))
        if value not in (field.get("value"), MASK):
            raise invalid(field["name"], REFUSED["downloadclient"])

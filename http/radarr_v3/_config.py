"""`config`: reeld's settings under Radarr's names, read and changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from litestar import Response, get, put

from reeld.domain.errors import InvalidField
from reeld.domain.settings import Settings
from reeld.http.access import caller_of
from reeld.http.api.settings import noted_changes
from reeld.http.radarr_v3._answers import accepted, answered
from reeld.http.radarr_v3._asked import AnyRequest, Query, read_body
from reeld.http.radarr_v3._config_read import changes_in
from reeld.http.radarr_v3._config_written import SECTIONS
from reeld.http.radarr_v3._errors import invalid
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._naming_examples import examples_of
from reeld.http.radarr_v3._values import Json


def config_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes of the configuration."""

    @get("/config/naming/examples")
    async def naming_examples(request: AnyRequest) -> Response[bytes]:
        query, library = Query.of(request), frame.surface.settings().library
        folder = query.text("movieFolderFormat") or library.folder_template
        file = query.text("standardMovieFormat") or library.file_template
        return answered(examples_of(folder, file))

    sections = (_section(frame, name, write) for name, write in SECTIONS.items())
    return [naming_examples, *(handler for section in sections for handler in section)]


def _section(frame: Frame, name: str, write: Callable[[Settings], Json]) -> Sequence[Any]:
    surface = frame.surface

    @get([f"/config/{name}", f"/config/{name}/{{config_id:int}}"])
    async def read() -> Response[bytes]:
        return answered({"id": 1, **write(surface.settings())})

    @put([f"/config/{name}", f"/config/{name}/{{config_id:int}}"])
    async def change_config(request: AnyRequest) -> Response[bytes]:
        body, settings = await read_body(request), surface.settings()
        wanted = changes_in(body, write(settings), settings)
        changes = {name: value for each in wanted.values() for name, value in each.items()}
        if changes:
            noted = noted_changes(changes)
            with audit.change(request, "change_settings", ", ".join(noted), values=noted):
                try:
                    await surface.changes.change(changes, caller_of(request).name)
                except InvalidField as error:
                    (called, *_) = [key for key, each in wanted.items() if error.field in each]
                    raise invalid(called, f"{error.field} {error.complaint}") from None
        return accepted({"id": 1, **write(surface.settings())})

    audit = surface.audit
    return [read, change_config]

"""The application: every route, one way of saying what went wrong, and the measure of it all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Litestar, Response
from litestar.types import ASGIApp

from reeld.domain.secret import Secret
from reeld.domain.settings import AccessSettings
from reeld.http.api.blocklist import blocklist_routes
from reeld.http.api.calendar import calendar_routes
from reeld.http.api.clients import client_routes
from reeld.http.api.commands import command_routes
from reeld.http.api.deciding import deciding_routes
from reeld.http.api.definitions import definition_routes
from reeld.http.api.delays import delay_routes
from reeld.http.api.discovery import discovery_routes
from reeld.http.api.downloads import download_routes
from reeld.http.api.exclusions import exclusion_routes
from reeld.http.api.feeds import feed_routes
from reeld.http.api.formats import format_routes
from reeld.http.api.groups import group_routes
from reeld.http.api.indexers import indexer_routes
from reeld.http.api.insides import inside_routes
from reeld.http.api.movies import movie_routes
from reeld.http.api.overview import overview_routes
from reeld.http.api.pictures import picture_routes
from reeld.http.api.profiles import profile_routes
from reeld.http.api.queue import queue_routes
from reeld.http.api.restrictions import restriction_routes
from reeld.http.api.root_folders import root_folder_routes
from reeld.http.api.settings import setting_routes
from reeld.http.api.tags import tag_routes
from reeld.http.api.wanted import wanted_routes
from reeld.http.api.work import work_routes
from reeld.http.bodies import Bodies
from reeld.http.complaints import allowed_methods
from reeld.http.document import openapi_config
from reeld.http.events.routes import event_routes
from reeld.http.identity.headers import Careful
from reeld.http.identity.hosts import Hosts
from reeld.http.identity.key_routes import own_key_routes
from reeld.http.identity.networks import Forwarded
from reeld.http.identity.page_routes import page_routes
from reeld.http.identity.rates import Rates
from reeld.http.identity.session_routes import session_routes
from reeld.http.identity.user_routes import user_routes
from reeld.http.json_bodies import JsonRequest
from reeld.http.measure import HeadAsGet, Measure, area_of, counted_as, routes_of
from reeld.http.ops.audit import AnyRequest
from reeld.http.ops.control import control_routes
from reeld.http.ops.health import health_routes
from reeld.http.ops.idempotency import Idempotent
from reeld.http.ops.log_levels import log_level_routes
from reeld.http.ops.metrics import metrics_routes
from reeld.http.problems import HANDLERS
from reeld.http.queries import KnownQueries
from reeld.http.radarr_v3 import RadarrDoor, radarr_routes
from reeld.http.sharing import SharedAnswers
from reeld.http.stale import KEPT, StaleAnswers, note_passed
from reeld.http.surface import Surface
from reeld.http.tracing import Trace
from reeld.http.turned_away import TurnedAway, note_error

LARGEST_BODY = 1024 * 1024

_ENCODERS: Mapping[Any, Any] = {Secret: str}


def create_app(surface: Surface) -> ASGIApp:
    """Return the ASGI application of one daemon. It needs no lifespan events."""
    queries = KnownQueries()

    async def note_and_look(request: AnyRequest) -> Response[None] | None:
        await note_passed(request)
        queries.require_known(request)
        return allowed_methods(request) if request.method == "OPTIONS" else None

    app = Litestar(
        route_handlers=[
            *health_routes(surface),
            *metrics_routes(surface),
            *control_routes(surface),
            *log_level_routes(surface),
            *movie_routes(surface),
            *queue_routes(surface),
            *root_folder_routes(surface),
            *exclusion_routes(surface),
            *download_routes(surface),
            *blocklist_routes(surface),
            *command_routes(surface),
            *calendar_routes(surface),
            *picture_routes(surface),
            *discovery_routes(surface),
            *overview_routes(surface),
            *inside_routes(surface),
            *setting_routes(surface),
            *wanted_routes(surface),
            *work_routes(surface),
            *session_routes(surface),
            *page_routes(surface),
            *user_routes(surface),
            *own_key_routes(surface),
            *event_routes(surface),
            *profile_routes(surface),
            *format_routes(surface),
            *definition_routes(surface),
            *indexer_routes(surface),
            *feed_routes(surface),
            *client_routes(surface),
            *group_routes(surface),
            *tag_routes(surface),
            *delay_routes(surface),
            *deciding_routes(surface),
            *restriction_routes(surface),
            *radarr_routes(surface),
        ],
        request_class=JsonRequest,
        before_request=note_and_look,
        after_exception=[note_error],
        exception_handlers=HANDLERS,  # type: ignore[arg-type]  # each handler takes its own kind of error
        openapi_config=openapi_config(surface),
        type_encoders=_ENCODERS,
        request_max_body_size=LARGEST_BODY,
        logging_config=None,
        debug=False,
    )
    queries.learn(app)
    surface.metrics.know("method+route", routes_of(app))
    surface.metrics.know("area", sorted({area_of(route) for _, route in routes_of(app)}))
    surface.metrics.know("route", sorted({counted_as(route) for route in KEPT}))
    once = Bodies(Idempotent(app, surface.database, surface.access))
    answers = StaleAnswers(once, surface.database_is_away, surface.metrics)

    def allowed() -> AccessSettings:
        return surface.settings().access

    shared = SharedAnswers(answers, surface.access, surface.metrics)
    rated = Rates(HeadAsGet(shared), allowed, surface.access, surface.metrics)
    careful = Careful(TurnedAway(Hosts(rated, allowed, surface.metrics)))
    # The key that a client of Radarr's puts into its query is gone before a span could show it.
    return Forwarded(RadarrDoor(Trace(Measure(careful, surface.metrics))), allowed)

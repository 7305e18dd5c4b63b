"""`/control/log-levels`: what is written to the log, changed while the daemon runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec
from litestar import Router, get, post
from litestar.params import JSONBody

from reeld.domain.errors import NotFound
from reeld.http.ops.audit import AnyRequest
from reeld.http.surface import Surface
from reeld.telemetry.logs import LOGGERS, Level, LevelOverride, levels

LONGEST_SECONDS: Final = 7 * 86400.0
"""So long a level may be changed for a time; after that it is no visit any more, but a setting."""


class LevelOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a logger is to write from now on.

    Attributes:
        logger: `reeld` for all, or one of those that the list names; those below it follow.
        level: The lowest level that is written.
        seconds: How long; without it for as long as the daemon runs.
    """

    logger: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    level: Level
    seconds: Annotated[float, msgspec.Meta(gt=0, le=LONGEST_SECONDS)] | None = None


@dataclass(frozen=True, slots=True)
class LevelsView:
    """The level of all, those that differ, and the loggers that there are."""

    level: Level
    overrides: tuple[LevelOverride, ...]
    loggers: tuple[str, ...]

    @classmethod
    def now(cls) -> LevelsView:
        """Return what holds now."""
        return cls(levels.base, levels.overrides(), LOGGERS)


def log_level_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes of the log's levels."""

    @get("/", operation_id="listLogLevels")
    async def show() -> LevelsView:
        """Show what each logger writes, and which loggers there are."""
        return LevelsView.now()

    @post("/", operation_id="setLogLevel", status_code=200)
    async def change(request: AnyRequest, data: JSONBody[LevelOrder]) -> LevelsView:
        """Have a logger write more, or less, for a time or until the daemon stops."""
        with surface.audit.change(request, "set_log_level", data.logger, level=data.level):
            if data.logger not in LOGGERS:
                raise NotFound(
                    f"There is no logger {data.logger!r}: it is one of {', '.join(LOGGERS)}.",
                    reason="no_such_logger",
                )
            levels.set(data.logger, data.level, data.seconds)
            return LevelsView.now()

    @post("/reset", operation_id="resetLogLevels", status_code=200)
    async def reset(request: AnyRequest) -> LevelsView:
        """Take all changes back."""
        with surface.audit.change(request, "reset_log_levels", "log"):
            levels.reset()
            return LevelsView.now()

    return [
        Router(
            "/control/log-levels",
            route_handlers=[show, change, reset],
            guards=[surface.access.requires_key],
        )
    ]

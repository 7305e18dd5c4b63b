"""Whether spans are recorded, and where they go: decided once, at the start."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

import trio

from reeld.telemetry.tracing._recording import recorded_by

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider

    from reeld.telemetry.tracing._batching import Batches

CLOSING_SECONDS: Final = 3.0
"""How long the last spans may take to leave. The service manager allows a stop far more."""


@dataclass(frozen=True, slots=True)
class Export:
    """Where spans go.

    Attributes:
        endpoint: The base address of an OTLP/HTTP receiver, such as `http://127.0.0.1:4318`.
        headers: Sent with each batch, such as an access token.
        ratio: The share of traces that is recorded, 0 to 1.
        version: Of reeld.
    """

    endpoint: str
    version: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    ratio: float = 1.0


@asynccontextmanager
async def exporting(
    export: Export | None, *, redact: Callable[[str], str], dropped: Callable[[int], None]
) -> AsyncIterator[None]:
    """Record spans for the length of the block, and send them; with None, do nothing and import nothing.

    At the end, also of a cancelled block, the last spans get `CLOSING_SECONDS` to leave: in a thread that is then left
    behind, whatever the collector does.

    Args:
        export: Where to.
        redact: Masks secrets in a text.
        dropped: Is told how many spans were dropped; called on any thread, must be quick.
    """
    if export is None:
        yield
        return
    # The SDK takes a fifth of a second to import.
    work = partial(_set_up, export, redact, dropped)
    provider, batches = await trio.to_thread.run_sync(work)
    with recorded_by(provider):
        try:
            yield
        finally:
            with trio.move_on_after(CLOSING_SECONDS + 1, shield=True):
                await trio.to_thread.run_sync(
                    batches.close, CLOSING_SECONDS, abandon_on_cancel=True
                )


def _set_up(
    export: Export, redact: Callable[[str], str], dropped: Callable[[int], None]
) -> tuple[TracerProvider, Batches]:
    from reeld.telemetry.tracing import _sdk

    return _sdk.provider_for(export, redact, dropped)

"""Live events: rows of the outbox and present states, told to everybody who follows them over a WebSocket."""

from reeld.http.events.clients import Clients
from reeld.http.events.frames import Frame
from reeld.http.events.hub import Hub
from reeld.http.events.live import LiveEvents
from reeld.http.events.subscription import Ended, Ending, Subscription

__all__ = [
    "Clients",
    "Ended",
    "Ending",
    "Frame",
    "Hub",
    "LiveEvents",
    "Subscription",
]

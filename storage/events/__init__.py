"""Events: every change of state leaves a row in its own transaction, and each subscriber reads every row once."""

from reeld.storage.events._cursors import EventHandled, Events
from reeld.storage.events._outbox import CHANNEL, OutboxEvent, append

__all__ = ["CHANNEL", "EventHandled", "Events", "OutboxEvent", "append"]

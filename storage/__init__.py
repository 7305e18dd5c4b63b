"""Truth: PostgreSQL on trio, the embedded server, durable work, events and repositories."""

from reeld.storage.connection import TrioConnection
from reeld.storage.database import Database
from reeld.storage.leader import Leader
from reeld.storage.listener import Listener, Notification
from reeld.storage.observer import Observer
from reeld.storage.pool import Pool, PoolStats

__all__ = [
    "Database",
    "Leader",
    "Listener",
    "Notification",
    "Observer",
    "Pool",
    "PoolStats",
    "TrioConnection",
]

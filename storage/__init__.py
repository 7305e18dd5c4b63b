"""Truth: PostgreSQL on trio, the embedded server, durable work, events and repositories."""

from reeld.storage.connection import TrioConnection
from reeld.storage.database import Database
from reeld.storage.events import Events, OutboxEvent
from reeld.storage.leader import Leader
from reeld.storage.listener import Listener, Notification
from reeld.storage.observer import Observer
from reeld.storage.pool import Pool, PoolStats
from reeld.storage.vault import Vault
from reeld.storage.work import Job, LostClaim, Presence, WorkQueue

__all__ = [
    "Database",
    "Events",
    "Job",
    "Leader",
    "Listener",
    "LostClaim",
    "Notification",
    "Observer",
    "OutboxEvent",
    "Pool",
    "PoolStats",
    "Presence",
    "TrioConnection",
    "Vault",
    "WorkQueue",
]

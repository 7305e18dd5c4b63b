"""Durable work: rows that are claimed, done once, retried, and never lost.

What must happen is a row before anything acts on it. A row is claimed by one incarnation of an actor, and its
completion is fenced: whoever lost the claim meanwhile cannot commit an effect. Messages and notifications are hints.
"""

from reeld.storage.work._backoff import Backoff
from reeld.storage.work._enqueue import CHANNEL, enqueue, hasten, submit
from reeld.storage.work._errors import LostClaim
from reeld.storage.work._job import Job, QueueDepth, Returned, WorkError, WorkItem, WorkState
from reeld.storage.work._people import abandon_queues
from reeld.storage.work._presence import Presence
from reeld.storage.work._queue import WorkQueue

__all__ = [
    "CHANNEL",
    "Backoff",
    "Job",
    "LostClaim",
    "Presence",
    "QueueDepth",
    "Returned",
    "WorkError",
    "WorkItem",
    "WorkQueue",
    "WorkState",
    "abandon_queues",
    "enqueue",
    "hasten",
    "submit",
]

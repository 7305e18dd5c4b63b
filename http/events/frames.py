"""What followers are told: one frame an event, encoded once however many read it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from reeld.domain.topics import STREAM, StateKind, StreamKind, topic_of
from reeld.storage.events import OutboxEvent


class Message(msgspec.Struct, frozen=True):
    """A frame as JSON.

    Attributes:
        seq: The place of an event in the order in which all were committed; of anything else, the place of the last event
            before it that was told. Resuming after the `seq` of the last message misses nothing.
        at: When it happened, or was seen to be so (UTC).
        data: What the kind says.
    """

    seq: int
    kind: str
    topic: str
    at: datetime
    data: Mapping[str, object]


class Frame:
    """A message that is encoded when it is first read, and only then.

    Args:
        parts: Of progress, the downloads by id: what a slow reader did not see yet is merged with what is newer.
    """

    __slots__ = ("_text", "message", "parts")

    def __init__(self, message: Message, parts: Mapping[int, object] | None = None) -> None:
        self.message = message
        self.parts = parts
        self._text: str | None = None

    @property
    def topic(self) -> str:
        """What it is about."""
        return self.message.topic

    @property
    def text(self) -> str:
        """The JSON."""
        if self._text is None:
            self._text = msgspec.json.encode(self.message).decode()
        return self._text


def frame_of(event: OutboxEvent) -> Frame:
    """Return the frame of a row."""
    about = {} if event.movie_id is None else {"movie_id": event.movie_id}
    data = {**about, **event.payload}
    return Frame(Message(event.id, str(event.kind), topic_of(event.kind), event.at, data))


def state_frame(kind: StateKind, seq: int, data: Mapping[str, object]) -> Frame:
    """Return the frame of a present state."""
    return Frame(Message(seq, str(kind), topic_of(kind), datetime.now(UTC), data))


def stream_frame(kind: StreamKind, seq: int, data: Mapping[str, object]) -> Frame:
    """Return a frame that is for one follower alone, about its connection."""
    return Frame(Message(seq, str(kind), STREAM, datetime.now(UTC), data))


def progress_frame(seq: int, downloads: Mapping[int, object]) -> Frame:
    """Return the frame of downloads that have moved."""
    data = {"downloads": list(downloads.values())}
    kind = StateKind.DOWNLOAD_PROGRESS
    return Frame(
        Message(seq, str(kind), topic_of(kind), datetime.now(UTC), data), parts=dict(downloads)
    )


def not_before(frame: Frame, seq: int) -> Frame:
    """Return a frame of progress that does not lead back before what its follower was told meanwhile."""
    if frame.message.seq >= seq:
        return frame
    return Frame(msgspec.structs.replace(frame.message, seq=seq), frame.parts)


def merged(older: Frame, newer: Frame) -> Frame:
    """Return one frame of progress in place of two."""
    return progress_frame(newer.message.seq, {**(older.parts or {}), **(newer.parts or {})})

"""What one visit must leave for the next: that a system was called, or that it rejected the credentials."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import trio

from reeld.services.limiter import LimiterState


@dataclass(frozen=True, slots=True)
class Note:
    """A small file that only its owner may read. What cannot be read or written counts as absent."""

    path: Path

    async def read(self) -> dict[str, Any] | None:
        """Return what was written."""
        return await trio.to_thread.run_sync(self._read)

    async def write(self, content: Mapping[str, Any]) -> None:
        """Write it whole, in place of what was there."""
        await trio.to_thread.run_sync(self._write, json.dumps(content))

    async def forget(self) -> None:
        """Remove it."""
        with suppress(OSError):
            await trio.Path(self.path).unlink()

    def _read(self) -> dict[str, Any] | None:
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def _write(self, text: str) -> None:
        fresh = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        with suppress(OSError):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh.write_text(text + "\n", encoding="utf-8")
            fresh.chmod(0o600)
            fresh.replace(self.path)


def note(name: str, data_dir: Path, environ: Mapping[str, str]) -> Note:
    """Return the note of a system: in the data directory, else where the user's programs keep their state.

    A data directory is not made for it: it would belong to whoever ran the check, not to the daemon's user.
    """
    folder = data_dir
    if not os.access(data_dir, os.W_OK | os.X_OK):
        state = environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
        folder = Path(state) / "reeld"
    return Note(folder / f"doctor.{name}.json")


class NotedLimits:
    """Keeps a limiter's state in a note."""

    def __init__(self, kept: Note) -> None:
        self._note = kept

    async def load(self, _name: str) -> LimiterState | None:
        """Return the state, or None when there is none."""
        found = await self._note.read() or {}
        try:
            return LimiterState(**{name: float(value) for name, value in found.items()})
        except (TypeError, ValueError):
            return None

    async def save(self, _name: str, state: LimiterState) -> None:
        """Store the state."""
        await self._note.write(asdict(state))

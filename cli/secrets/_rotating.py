"""One rotation: a new key in front, every row sealed anew, the former keys dropped when nothing needs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import trio

from reeld.cli.key_watch import SEALS_WITH
from reeld.cli.secrets._place import Strongroom
from reeld.domain.errors import Refused
from reeld.storage.crashpoints import crash_point
from reeld.storage.repositories import settings
from reeld.storage.resealing import Tell, reseal, sealed_rows
from reeld.storage.vault import Vault, VaultError

DAEMON_SECONDS: Final = 60.0
"""How long a running daemon gets to take up the new key; it looks every two seconds."""
LOOK_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Rotated:
    """What came of it.

    Attributes:
        key_id: Of the key that seals now.
        made: Whether it was made just now; False where the keys are given as a setting.
        rows: So many were sealed anew.
        unopened: So many no key opens: they stay as they are.
        dropped: So many former keys are gone.
        waiting: So many are still there, until nothing can need them.
    """

    key_id: str
    made: bool
    rows: int
    unopened: int
    dropped: int
    waiting: int


async def rotate_keys(
    room: Strongroom, tell: Tell, *, daemon_seconds: float = DAEMON_SECONDS
) -> Rotated:
    """Change the key, and seal everything anew.

    Killed at any moment, every row can be opened with the keys that are there, and doing it again ends it.

    Raises:
        VaultError: The rows are sealed with keys that are not here (`vault_key_missing`), or the file cannot be written.
        Refused: The running daemon did not take up the key (`daemon_keeps_key`). It may be done again.
    """
    await _require_our_keys(room)
    file = room.keys.saved
    if file is not None:
        await trio.to_thread.run_sync(file.put_in_front)
        crash_point("keys.added")
    vault = await trio.to_thread.run_sync(room.keys.vault)
    if not room.alone:
        await _daemon_seals_with(room, vault, daemon_seconds)
    resealed = await reseal(room.connection, vault, tell)
    crash_point("keys.resealed")
    dropped = 0
    if room.alone and file is not None:
        needed = {each.key_id for each in await sealed_rows(room.connection)}
        dropped = await trio.to_thread.run_sync(file.keep, needed)
        crash_point("keys.dropped")
    return Rotated(
        key_id=vault.key_id,
        made=file is not None,
        rows=resealed.rows,
        unopened=resealed.unopened,
        dropped=dropped,
        waiting=len(vault.key_ids) - 1 - dropped,
    )


async def _require_our_keys(room: Strongroom) -> None:
    needed = {each.key_id for each in await sealed_rows(room.connection)}
    held = room.keys.given_ids
    if room.keys.saved is not None and room.keys.saved.exists():
        held = (await trio.to_thread.run_sync(room.keys.vault)).key_ids
    if needed and not needed & set(held):
        raise VaultError(
            f"What is stored is encrypted with other keys than those of {room.keys.name}. Set REELD_VAULT_KEY_FILE as the"
            " daemon has it. Where it gets vault_key from systemd, run this with the same credential: see docs/secrets.md."
            " Nothing was changed.",
            reason="vault_key_missing",
        )


async def _daemon_seals_with(room: Strongroom, vault: Vault, seconds: float) -> None:
    with trio.move_on_after(seconds):
        while True:
            if await settings.get(room.connection, SEALS_WITH) == vault.key_id:
                return
            await trio.sleep(LOOK_SECONDS)
    raise Refused(
        f"The running reeld has not taken up the key within {seconds:g} s. Nothing was encrypted anew, and everything can"
        f" be read. Look whether it uses {room.keys.name} too, restart it, then run this again.",
        reason="daemon_keeps_key",
    )

"""Settings that change while the daemon runs: from then on rejected credentials are tried again."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

import structlog
import trio

from reeld.actors.kernel import Directory
from reeld.actors.settings import LiveSettings
from reeld.cli.origins import origins
from reeld.cli.settings import config_file, read_settings, secrets_of
from reeld.domain.errors import ReeldError
from reeld.domain.messages import SettingsChanged
from reeld.domain.settings import InvalidSetting, Origin, Reloaded, Settings
from reeld.telemetry import redaction

log = structlog.get_logger("reeld.cli")

WATCH_SECONDS: Final = 2.0

Fingerprint = tuple[tuple[str, int, int], ...]

NEEDS_RESTART: Final = ("data_dir", "database_url", "server", "tracing", "vault")
"""What is read once, when the daemon starts."""
LISTENERS: Final = (
    "indexers",
    "tmdb",
    "hdbits",
    "rss",
    "decision",
    "qbit",
    "importer",
    "scheduler",
    "backup",
)


class SettingsReader:
    """Reads the settings from where they came from.

    Args:
        environ: The environment; the process's own when left out.
    """

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._environ = dict(os.environ if environ is None else environ)
        self._turn = trio.Lock()

    def read(self) -> Settings:
        """Return the settings as they are now.

        Raises:
            InvalidSetting: A value cannot work.
        """
        return read_settings(self._environ)

    def given(self) -> Mapping[str, Origin]:
        """Return the settings that are no defaults, and where each comes from. Blocks on the disk.

        Raises:
            InvalidSetting: The file cannot be read.
        """
        try:
            return origins(self._environ)
        except ValueError:
            raise InvalidSetting("settings", "cannot be read; check its syntax.") from None

    def fingerprint(self) -> Fingerprint:
        """Return a value that changes when a file does that settings are read from. Blocks on the disk."""
        try:
            file = config_file(self._environ)
        except InvalidSetting:
            file = None
        paths = [file] if file else []
        if folder := self._environ.get("CREDENTIALS_DIRECTORY"):
            with suppress(OSError):
                paths += sorted(Path(folder).iterdir())
        return tuple(_mark(path) for path in paths)

    async def reload(self, live: LiveSettings, directory: Directory) -> Reloaded:
        """Put changed settings in force and tell the actors; return what came of it.

        What only a restart can change (addresses, data directory, database, traces) stays as it is, and is named.

        Raises:
            InvalidSetting: A value cannot work, or a file cannot be read; the settings in force stay.
        """
        async with self._turn:
            return await self._reload(live, directory)

    async def _reload(self, live: LiveSettings, directory: Directory) -> Reloaded:
        current = live.base
        try:
            read = await trio.to_thread.run_sync(self.read)
            given = await trio.to_thread.run_sync(self.given)
        except OSError as error:
            raise InvalidSetting("settings", f"cannot be read: {error.strerror}.") from error
        fixed = {
            name: getattr(current, name)
            for name in NEEDS_RESTART
            if getattr(current, name) != getattr(read, name)
        }
        if fixed:
            log.warning("settings_need_a_restart", settings=sorted(fixed))
        wanted = replace(read, **fixed)
        redaction.register(secrets_of(wanted))
        before = live.current
        live.replace(wanted, given)
        if live.current == before:
            return Reloaded(changed=False, needs_restart=tuple(sorted(fixed)))
        log.info("settings_changed")
        tell_settings_changed(directory)
        return Reloaded(changed=True, needs_restart=tuple(sorted(fixed)))


def tell_settings_changed(directory: Directory) -> None:
    """Tell the actors that other settings are in force."""
    for name in LISTENERS:
        try:
            directory[name].tell(SettingsChanged())
        except ReeldError as error:
            log.debug("settings_not_told", actor=name, reason=error.reason)


Reload = Callable[[], Awaitable[Reloaded]]


async def watch_settings(reader: SettingsReader, reload: Reload) -> None:
    """Reload the settings whenever a file that they come from changes."""
    seen = await trio.to_thread.run_sync(reader.fingerprint)
    while True:
        await trio.sleep(WATCH_SECONDS)
        now = await trio.to_thread.run_sync(reader.fingerprint)
        if now != seen:
            seen = now
            await reload_or_log(reload)


async def reload_or_log(reload: Reload) -> None:
    """Reload the settings where nobody waits for the answer: what is wrong with them goes to the log."""
    try:
        await reload()
    except InvalidSetting as error:
        log.error("settings_not_reloaded", reason=error.reason, sentence=error.sentence)


def _mark(path: Path) -> tuple[str, int, int]:
    try:
        found = path.stat()
    except OSError:
        return (str(path), 0, 0)
    return (str(path), found.st_mtime_ns, found.st_size)

"""Changing settings while the daemon runs: rows, an event, and the word to the actors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import trio

from reeld.actors.kernel import Directory
from reeld.actors.settings import LiveSettings
from reeld.cli.reload import tell_settings_changed
from reeld.domain.errors import InvalidField
from reeld.domain.history import EventKind
from reeld.domain.settings import (
    CHANGEABLE,
    Change,
    InvalidSetting,
    Origin,
    SettingSource,
    overlaid,
)
from reeld.storage import Database
from reeld.storage.events import append
from reeld.storage.repositories import settings

LOAD_SECONDS: Final = 30.0


class SettingChanges:
    """Lays what people change over the defaults, now and after each start.

    Args:
        live: The settings in force.
        database: Where changes are kept.
        directory: Whom to tell.
    """

    def __init__(self, live: LiveSettings, database: Database, directory: Directory) -> None:
        self._live = live
        self._database = database
        self._directory = directory
        self._turn = trio.Lock()

    def __deepcopy__(self, _memo: object) -> SettingChanges:
        return self  # the framework copies its handlers, and with them what they hold

    async def load(self) -> None:
        """Put in force what was changed before: the first thing after the schema is there, ahead of everybody.

        Raises:
            DatabaseUnavailable: PostgreSQL does not answer.
        """
        async with self._database.dedicated(deadline=LOAD_SECONDS) as conn:
            self._live.change(await settings.changes(conn))

    def origin(self, name: str) -> Origin:
        """Return where the value of a setting comes from, by its dotted name."""
        return self._live.origin(name)

    async def change(self, wanted: Mapping[str, object], by: str) -> tuple[str, ...]:
        """Change settings, all of them or none; they are in force when it returns.

        Args:
            wanted: By dotted names, as JSON has values; None takes a change back.
            by: Who changes them.

        Returns:
            The names of those that were changed or taken back.

        Raises:
            InvalidField: One cannot be changed here, or not to this value; the sentence says where it is set.
        """
        async with self._turn:
            old, new = self._live.changes, self._checked(wanted, by)
            names = [each for each in sorted({*old, *new}) if old.get(each) is not new.get(each)]
            if names:
                await self._store(names, new, by)
                self._live.change(new)
                tell_settings_changed(self._directory)
            return tuple(names)

    async def _store(self, names: Sequence[str], changes: Mapping[str, Change], by: str) -> None:
        async with self._database.transaction() as conn:
            for name in names:
                value = changes[name].value if name in changes else None
                await settings.change(conn, name, value, by)
            payload = {"names": names, "who": by}
            await append(conn, EventKind.SETTINGS_CHANGED, None, payload)

    def _checked(self, wanted: Mapping[str, object], by: str) -> dict[str, Change]:
        changes = dict(self._live.changes)
        tried, now = self._live.current, datetime.now(UTC)
        for name, value in wanted.items():
            self._require_changeable(name)
            if value is None:
                changes.pop(name, None)
                continue
            try:
                with_it = overlaid(tried, name, value)
            except InvalidSetting as error:
                raise InvalidField(name, error.complaint) from None
            if with_it != tried:
                changes[name] = Change(value, by, now)
            tried = with_it
        return changes

    def _require_changeable(self, name: str) -> None:
        if name not in CHANGEABLE:
            complaint = "is no setting that can be changed while reeld runs: see docs/settings.md."
            raise InvalidField(name, complaint, reason="not_changeable")
        if name in self._live.given:
            origin = self._live.given[name]
            complaint = f"is set by {_CALLED[origin.source]} {origin.where}: change it there."
            raise InvalidField(name, complaint, reason="set_elsewhere")


_CALLED: Final = {
    SettingSource.FILE: "the settings file",
    SettingSource.CREDENTIAL: "the credential",
    SettingSource.ENVIRONMENT: "the variable",
}

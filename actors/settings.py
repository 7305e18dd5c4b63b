"""The settings in force, for actors that outlive a change of them."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from reeld.domain.settings import (
    Change,
    InvalidSetting,
    Origin,
    Settings,
    SettingSource,
    overlaid,
)

log = structlog.get_logger("reeld.actors")


class LiveSettings:
    """Holds the settings in force: what files and variables say, and below that what was changed by hand.

    Whoever replaces them tells the actors `SettingsChanged`; an actor reads `current` when it needs a setting and keeps
    no copy of a credential.

    Args:
        settings: What files, credentials, variables and defaults say.
        given: The dotted names of those that are no defaults, and where each comes from.
    """

    __slots__ = ("_base", "_changes", "_current", "_given")

    def __init__(self, settings: Settings, given: Mapping[str, Origin] | None = None) -> None:
        self._base = self._current = settings
        self._given = dict(given or {})
        self._changes: dict[str, Change] = {}

    @property
    def current(self) -> Settings:
        """The settings in force."""
        return self._current

    @property
    def base(self) -> Settings:
        """The settings without what was changed by hand."""
        return self._base

    @property
    def given(self) -> Mapping[str, Origin]:
        """Where those come from that are no defaults; they cannot be changed by hand."""
        return self._given

    @property
    def changes(self) -> Mapping[str, Change]:
        """What was changed by hand, also where it has no effect."""
        return self._changes

    def origin(self, name: str) -> Origin:
        """Return where the value of a setting comes from."""
        if name in self._given:
            return self._given[name]
        if name in self._changes:
            change = self._changes[name]
            return Origin(SettingSource.CHANGED, change.by, change.at)
        return Origin()

    def replace(self, settings: Settings, given: Mapping[str, Origin] | None = None) -> None:
        """Put other settings in force, with what was changed by hand where they say nothing.

        Args:
            settings: What files, credentials, variables and defaults say now.
            given: Where those come from that are no defaults; as before where it is left out.
        """
        self._base = settings
        if given is not None:
            self._given = dict(given)
        self._lay_over()

    def change(self, changes: Mapping[str, Change]) -> None:
        """Put what was changed by hand in force, in place of what was changed before."""
        self._changes = dict(changes)
        self._lay_over()

    def _lay_over(self) -> None:
        settings = self._base
        for name, change in self._changes.items():
            if name in self._given:
                continue
            try:
                settings = overlaid(settings, name, change.value)
            except InvalidSetting as error:
                # Its section is not set up any more, or another release of reeld allowed it.
                log.warning("changed_setting_ignored", setting=name, sentence=error.sentence)
        self._current = settings

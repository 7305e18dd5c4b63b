"""The settings in force, for actors that outlive a change of them."""

from __future__ import annotations

from reeld.domain.settings import Settings


class LiveSettings:
    """Holds the settings in force.

    Whoever replaces them tells the actors `SettingsChanged`; an actor reads `current` when it needs a setting and keeps
    no copy of a credential.
    """

    __slots__ = ("_current",)

    def __init__(self, settings: Settings) -> None:
        self._current = settings

    @property
    def current(self) -> Settings:
        """The settings in force."""
        return self._current

    def replace(self, settings: Settings) -> None:
        """Put other settings in force."""
        self._current = settings

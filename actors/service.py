"""Actors that work through an outside service: one client, which follows the settings, behind a breaker."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Generic

from reeld.actors.kernel import handles
from reeld.actors.kernel.breaker import Breaker, BreakerConfig, settings_mark
from reeld.actors.leasing import ClientLease, ClientT, SettingsT
from reeld.actors.resources import Resources
from reeld.actors.worker import WorkerActor
from reeld.domain.errors import Unavailable
from reeld.domain.messages import SettingsChanged
from reeld.domain.secret import Secret
from reeld.domain.settings import InvalidSetting, QbittorrentSettings
from reeld.telemetry import ServiceObserver

SOURCE_CONFIG: Final = BreakerConfig(
    # A source is asked a few times a minute: three failures in a row are enough to leave it alone.
    window=6,
    min_calls=3,
    open_seconds=15.0,
)
UNCONFIGURED_SECONDS: Final = 3600.0
"""How long work waits for settings that a person must change first; the change wakes it at once."""


class ServiceActor(WorkerActor, Generic[SettingsT, ClientT]):
    """Keeps one client and one breaker for the service of a subclass.

    Both follow the settings: when these change, the client is made anew; when address or credentials are among what
    changed, the breaker forgets what it learned with the old ones, so that corrected credentials are tried at once.
    """

    breaker_config: BreakerConfig = SOURCE_CONFIG

    def __init__(self, resources: Resources) -> None:
        super().__init__(resources)
        self.observer = ServiceObserver(resources.metrics)
        self._clients = ClientLease(self._make_client)

    @abstractmethod
    def read_settings(self) -> SettingsT | None:
        """Return the service's settings in force; None while it is not configured."""

    @abstractmethod
    def make_client(self, settings: SettingsT) -> ClientT:
        """Make a client for these settings."""

    @abstractmethod
    def mark(self, settings: SettingsT) -> str:
        """Return a mark that changes with address and credentials; see `mark_of`."""

    def about_to_call(self, client: ClientT) -> None:
        """Do what a client needs right before a call that the breaker lets through."""

    async def on_start(self) -> None:  # type: ignore[override]  # pykka's hooks are plain functions
        """Restore the breaker, unless an earlier incarnation left it with the address."""
        await self._breaker_for(self.read_settings())
        await super().on_start()

    async def on_stop(self) -> None:  # type: ignore[override]  # pykka's hooks are plain functions
        """Close the client's connections."""
        await self._clients.aclose()

    @property
    def label(self) -> str:
        """What people call the service."""
        return self.part

    @property
    def breaker(self) -> Breaker:
        """The breaker of the service."""
        return self.address.breakers[self.part]

    def require_settings(self) -> SettingsT:
        """Return the service's settings in force.

        Raises:
            Unavailable: The service is not configured.
        """
        settings = self.read_settings()
        if settings is None:
            raise Unavailable(
                f"{self.name} is not configured: see `reeld doctor` for what to set.",
                reason="not_configured",
                retry_after=UNCONFIGURED_SECONDS,
            )
        return settings

    @asynccontextmanager
    async def call(self) -> AsyncIterator[ClientT]:
        """Make one call to the service inside this block, with a client for the settings in force.

        Raises:
            Unavailable: The service is not configured, or wrongly.
            BreakerOpen: The breaker refuses the call; nothing was sent.
        """
        settings = self.require_settings()
        breaker = await self._breaker_for(settings)
        async with self._clients.lease(settings) as client, breaker.call():
            self.about_to_call(client)
            yield client

    @handles(SettingsChanged)
    async def settings_changed(self, message: SettingsChanged) -> None:
        """Take over changed settings and wake what waited for them."""
        await self._breaker_for(self.read_settings())
        await super().settings_changed(message)

    def _make_client(self, settings: SettingsT) -> ClientT:
        try:
            return self.make_client(settings)
        except InvalidSetting as error:
            # The work waits for the setting to be corrected; it is not the work's fault.
            raise Unavailable(
                error.sentence, reason=error.reason, retry_after=UNCONFIGURED_SECONDS
            ) from error

    async def _breaker_for(self, settings: SettingsT | None) -> Breaker:
        mark = self.mark(settings) if settings is not None else ""
        breaker = await open_breaker(self, self.part, mark, self.breaker_config)
        breaker.label = self.label
        return breaker


async def open_breaker(actor: WorkerActor, name: str, mark: str, config: BreakerConfig) -> Breaker:
    """Return an actor's breaker of that name, which outlives incarnations, settings and the daemon.

    It is made, restored and kept with the actor's address when there is none yet. One that has learned something with
    other settings begins anew.

    Args:
        actor: Whose calls go through it.
        name: Its name in views, metrics and the database.
        mark: Of the settings that the calls are made with; see `mark_of`.
        config: Its numbers.
    """
    breakers = actor.address.breakers
    if name not in breakers:
        made = Breaker(name, config, observer=actor.kernel_observer, settings_mark=mark)
        await actor.resources.breakers.adopt(made)
        breakers.setdefault(name, made)
    breaker = breakers[name]
    if breaker.stored().settings_mark != mark:
        breaker.settings_changed(mark)
    return breaker


def mark_of(*parts: str | Secret | None) -> str:
    """Return a mark of settings of which some may be absent."""
    return settings_mark(*(part if part is not None else "" for part in parts))


def mark_of_qbittorrent(settings: QbittorrentSettings) -> str:
    """Return a mark of qBittorrent's address and credentials: the daemon and `reeld doctor` go by the same."""
    return mark_of(settings.url, settings.username, settings.password, settings.api_key)

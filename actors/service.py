"""Actors that work through an outside service: one client, rebuilt when its settings change, behind a breaker."""

from __future__ import annotations

from abc import abstractmethod
from typing import Final, Generic, Protocol, TypeVar

from reeld.actors.kernel import handles
from reeld.actors.kernel.breaker import Breaker, BreakerConfig, settings_mark
from reeld.actors.resources import Resources
from reeld.actors.worker import WorkerActor
from reeld.domain.errors import Unavailable
from reeld.domain.messages import SettingsChanged
from reeld.domain.secret import Secret
from reeld.telemetry import ServiceObserver


class Client(Protocol):
    """What every client can do."""

    async def aclose(self) -> None:
        """Close all connections."""


SettingsT = TypeVar("SettingsT")
ClientT = TypeVar("ClientT", bound=Client)

SOURCE_CONFIG: Final = BreakerConfig(
    # A source is asked a few times a minute: three failures in a row are enough to leave it alone.
    window=6,
    min_calls=3,
    open_seconds=15.0,
)


class ServiceActor(WorkerActor, Generic[SettingsT, ClientT]):
    """Keeps one client and one breaker for the service of a subclass.

    Both follow the settings: when these change, the client is made anew and the breaker forgets what it learned with
    the old ones, so that corrected credentials are tried at once.
    """

    breaker_config: BreakerConfig = SOURCE_CONFIG

    def __init__(self, resources: Resources) -> None:
        super().__init__(resources)
        self.observer = ServiceObserver(resources.metrics)
        self._client: ClientT | None = None
        self._client_settings: SettingsT | None = None

    @abstractmethod
    def read_settings(self) -> SettingsT | None:
        """Return the service's settings in force; None while it is not configured."""

    @abstractmethod
    def make_client(self, settings: SettingsT) -> ClientT:
        """Make a client for these settings."""

    @abstractmethod
    def mark(self, settings: SettingsT) -> str:
        """Return a mark that changes with address and credentials; see `settings_mark`."""

    async def on_start(self) -> None:  # type: ignore[override]  # pykka's hooks are plain functions
        """Restore the breaker, unless an earlier incarnation left it with the address."""
        settings = self.read_settings()
        mark = self.mark(settings) if settings is not None else ""
        await open_breaker(self, self.name, mark, self.breaker_config)
        await super().on_start()

    async def on_stop(self) -> None:  # type: ignore[override]  # pykka's hooks are plain functions
        """Close the client's connections."""
        await self._drop_client()

    @property
    def breaker(self) -> Breaker:
        """The breaker of the service."""
        return self.address.breakers[self.name]

    async def client(self) -> ClientT:
        """Return a client for the settings in force.

        Raises:
            Unavailable: The service is not configured.
        """
        settings = self.read_settings()
        if settings is None:
            raise Unavailable(
                f"{self.name} is not configured: see `reeld doctor` for what to set.",
                reason="not_configured",
                retry_after=3600.0,
            )
        if self._client is None or settings != self._client_settings:
            await self._drop_client()
            self._client = self.make_client(settings)
            self._client_settings = settings
        return self._client

    async def apply_settings(self) -> None:
        """Let the breaker begin anew if address or credentials changed."""
        settings = self.read_settings()
        if settings != self._client_settings:
            self.breaker.settings_changed(self.mark(settings) if settings is not None else "")

    @handles(SettingsChanged)
    async def settings_changed(self, message: SettingsChanged) -> None:
        """Take over changed settings and wake what waited for them."""
        await self.apply_settings()
        await super().settings_changed(message)

    async def _drop_client(self) -> None:
        client, self._client, self._client_settings = self._client, None, None
        if client is not None:
            await client.aclose()


async def open_breaker(actor: WorkerActor, name: str, mark: str, config: BreakerConfig) -> Breaker:
    """Return an actor's breaker of that name; made, restored and kept with its address when there is none yet.

    Args:
        actor: Whose calls go through it.
        name: Its name in views, metrics and the database.
        mark: Of the settings that the calls are made with; see `mark_of`.
        config: Its numbers.
    """
    breakers = actor.address.breakers
    if name not in breakers:
        made = Breaker(name, config, observer=actor.kernel_observer, settings_mark=mark)
        breakers[name] = await actor.resources.breakers.adopt(made)
    return breakers[name]


def mark_of(*parts: str | Secret | None) -> str:
    """Return a mark of settings of which some may be absent."""
    return settings_mark(*(part if part is not None else "" for part in parts))

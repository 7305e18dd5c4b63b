"""sd_notify(3): one datagram of `NAME=value` lines to the socket that the service manager named."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import Final

import structlog
import trio

log = structlog.get_logger("reeld.cli")

PATIENCE_SECONDS: Final = 2.0
"""How long a datagram waits for room in the manager's queue before it is given up."""

PAUSE_SECONDS: Final = 0.05


class Notifier:
    """Speaks to the service manager; without one it is silent.

    Args:
        address: A path, or `@name` in the abstract namespace; None when there is no service manager.
    """

    def __init__(self, address: str | None = None) -> None:
        self._address = address
        self._has_failed = False

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Notifier:
        """Return the one that `NOTIFY_SOCKET` names. Kinds other than Unix sockets (`vsock:`) are not spoken."""
        address = environ.get("NOTIFY_SOCKET", "")
        return cls(address if address.startswith(("/", "@")) else None)

    @property
    def is_active(self) -> bool:
        """Whether anybody listens."""
        return self._address is not None

    async def tell(self, *fields: str) -> bool:
        """Send one datagram; waits `PATIENCE_SECONDS` at most for room. Returns whether it was sent.

        That it was not is logged and otherwise of no consequence: reeld works without a service manager too.
        """
        with trio.move_on_after(PATIENCE_SECONDS):
            while True:
                try:
                    return self.try_to_tell(*fields)
                except BlockingIOError:
                    await trio.sleep(PAUSE_SECONDS)
        return self._failed("its queue is full")

    def try_to_tell(self, *fields: str) -> bool:
        """Send one datagram without waiting. Returns whether it was sent.

        Raises:
            BlockingIOError: There is no room for it now.
        """
        if self._address is None:
            return False
        kind = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        with socket.socket(socket.AF_UNIX, kind) as opened:
            try:
                opened.sendto(b"\n".join(map(os.fsencode, fields)), self._target)
            except BlockingIOError:
                raise
            except OSError as error:
                return self._failed(error.strerror or str(error))
        return True

    @property
    def _target(self) -> bytes:
        name = os.fsencode(self._address or "")
        return b"\0" + name[1:] if name.startswith(b"@") else name

    def _failed(self, why: str) -> bool:
        if not self._has_failed:
            self._has_failed = True
            log.warning("service_manager_not_told", error=why)
        return False

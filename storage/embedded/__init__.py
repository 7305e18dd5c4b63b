"""The PostgreSQL that comes with reeld: its postmaster is a child that reeld starts, watches and stops."""

from reeld.storage.embedded._binaries import Binaries
from reeld.storage.embedded._server import EmbeddedServer

__all__ = ["Binaries", "EmbeddedServer"]

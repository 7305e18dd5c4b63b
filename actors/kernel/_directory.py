"""Finding an actor by its name."""

from __future__ import annotations

from collections.abc import Iterator

from reeld.actors.kernel._address import Address
from reeld.domain.errors import NotFound


class Directory:
    """The addresses of a system by name. An address stays listed while its actor restarts."""

    def __init__(self) -> None:
        self._addresses: dict[str, Address] = {}

    def __getitem__(self, name: str) -> Address:
        """Return the address of that name.

        Raises:
            NotFound: There is none.
        """
        try:
            return self._addresses[name]
        except KeyError:
            raise NotFound(f"There is no actor {name}.", reason="no_such_actor") from None

    def __contains__(self, name: object) -> bool:
        return name in self._addresses

    def __iter__(self) -> Iterator[Address]:
        return iter(tuple(self._addresses.values()))

    def __len__(self) -> int:
        return len(self._addresses)

    def add(self, address: Address) -> None:
        """List an address.

        Raises:
            ValueError: Another one has that name.
        """
        if self._addresses.setdefault(address.name, address) is not address:
            raise ValueError(f"there is an actor {address.name} already")

    def remove(self, address: Address) -> None:
        """Strike an address off the list, if it is on it."""
        if self._addresses.get(address.name) is address:
            del self._addresses[address.name]

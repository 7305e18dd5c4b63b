"""The settings of who may come in, and how."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network

from reeld.domain.settings._checks import InvalidSetting, require, require_between


@dataclass(frozen=True, slots=True)
class AccessSettings:
    """Names, proxies, sessions and rates.

    Attributes:
        hosts: Names under which reeld is called, besides addresses, `localhost` and names of one word.
        trusted_proxies: Addresses or networks of reverse proxies whose `X-Forwarded-*` headers are believed.
        session_idle_days: A session that is not used for this long ends.
        session_days: However much it is used, a session ends after this long.
        requests_per_minute: Of one key or person; 0 for no limit.
        stranger_requests_per_minute: Of one network, without a valid key or session; 0 for no limit.
    """

    hosts: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    session_idle_days: float = 7.0
    session_days: float = 30.0
    requests_per_minute: int = 60_000
    stranger_requests_per_minute: int = 12_000

    def __post_init__(self) -> None:
        """Check the values."""
        object.__setattr__(self, "hosts", tuple(host.lower().rstrip(".") for host in self.hosts))
        for host in self.hosts:
            legal = 0 < len(host) <= 253 and not set(host) & set("/:*, @")
            require(legal, "access.hosts", "must be names without scheme and port.")
        for proxy in self.trusted_proxies:
            try:
                ip_network(proxy, strict=False)
            except ValueError:
                complaint = "must be addresses or networks such as 192.168.1.2 or 172.16.0.0/12."
                raise InvalidSetting("access.trusted_proxies", complaint) from None
        require_between("access.session_idle_days", self.session_idle_days, 0.001, 3650)
        require_between("access.session_days", self.session_days, 0.001, 3650)
        require(self.requests_per_minute >= 0, "access.requests_per_minute", "must be 0 or more.")
        require(
            self.stranger_requests_per_minute >= 0,
            "access.stranger_requests_per_minute",
            "must be 0 or more.",
        )

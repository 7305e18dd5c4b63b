"""Radarr's v3 API, so that what people run beside Radarr works with reeld by changing an address and a key."""

from reeld.http.radarr_v3._door import APPLICATION_VERSION, RadarrDoor, is_radarrs
from reeld.http.radarr_v3._routes import radarr_routes
from reeld.http.radarr_v3._support import plain, refused, served_by, support_page, unserved

__all__ = [
    "APPLICATION_VERSION",
    "RadarrDoor",
    "is_radarrs",
    "plain",
    "radarr_routes",
    "refused",
    "served_by",
    "support_page",
    "unserved",
]

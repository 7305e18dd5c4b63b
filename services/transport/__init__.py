"""The hardened way out: deadlines, bounded bodies, guarded addresses and typed errors around httpx.

Every client of an outside system sends through one `Wire`. What leaves it is either a whole `Answer` or a
`ReeldError` whose sentence holds no secret.
"""

from reeld.domain.network_address import AddressPolicy, refuse_address
from reeld.services.transport._answers import Answer, Call, origin_of
from reeld.services.transport._faults import DownReason, refuse_common, refuse_html
from reeld.services.transport._json import decode_json, read_json
from reeld.services.transport._observing import NullObserver, Observer, Outcome
from reeld.services.transport._redirects import next_hop
from reeld.services.transport._rehearsal import Outages, outages
from reeld.services.transport._retry_after import seconds_to_wait
from reeld.services.transport._wire import Profile, Wire

__all__ = [
    "AddressPolicy",
    "Answer",
    "Call",
    "DownReason",
    "NullObserver",
    "Observer",
    "Outages",
    "Outcome",
    "Profile",
    "Wire",
    "decode_json",
    "next_hop",
    "origin_of",
    "outages",
    "read_json",
    "refuse_address",
    "refuse_common",
    "refuse_html",
    "seconds_to_wait",
]

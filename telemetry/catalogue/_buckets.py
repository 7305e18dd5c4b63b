"""The bounds of histograms, in seconds: few, because each is a series in every child."""

from __future__ import annotations

from typing import Final

LAG: Final = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0)
"""What waits in the loop or in a mailbox."""
REQUEST: Final = (0.025, 0.1, 0.5, 1.0, 2.5, 10.0)
"""Requests to others: few bounds, because there are some forty kinds of them."""
HANDLER: Final = (0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0)
"""What an actor does with a message."""
DATABASE: Final = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0)
"""The advice of the OpenTelemetry conventions for `db.client.operation.duration`."""
WORK: Final = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0)
PLACING: Final = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 60.0, 300.0, 1800.0)
"""A link takes some milliseconds, a copy minutes."""
LONG: Final = (1.0, 10.0, 60.0, 300.0, 1800.0, 7200.0, 21600.0, 86400.0, 259200.0, 604800.0)
"""A second to a week: what waits for peers, for people, or for a release."""
ANSWER: Final = (0.01, 0.05, 0.1, 0.5, 2.5)
"""Our own answers: there is a histogram a route, and what is asked of it is how many take longer than a tenth of a second."""

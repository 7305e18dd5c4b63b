"""What can go wrong with claimed work."""

from __future__ import annotations

from reeld.domain.errors import ReeldError


class LostClaim(ReeldError):
    """The work is not ours any more: it was given back, rescued or ended meanwhile.

    Raised inside the transaction of the effect, so that the effect is rolled back.
    """

    default_reason = "lost_claim"

    def __init__(self, work_id: int) -> None:
        super().__init__(
            f"Work {work_id} was taken over meanwhile: nothing was stored, and it runs again elsewhere."
        )
        self.work_id = work_id

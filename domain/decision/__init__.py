"""Which release to take, and why not the others."""

from reeld.domain.decision._verdict import Reason, Rejection, Verdict

__all__ = ["Reason", "Rejection", "Verdict"]

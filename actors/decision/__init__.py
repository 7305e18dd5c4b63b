"""DecisionActor: which movie a release belongs to, and which release is grabbed."""

from reeld.actors.decision._actor import DecisionActor
from reeld.actors.decision._matching import ParseOutcome

__all__ = ["DecisionActor", "ParseOutcome"]

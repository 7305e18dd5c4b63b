"""DecisionActor: which movie a release belongs to, and which release is grabbed."""

from reeld.actors.decision._actor import DecisionActor

__all__ = ["DecisionActor"]

"""What supervisors raise.

Escalated           a supervisor could not help, and failed
StartTimedOut       a child did not acknowledge its start in time: a failed attempt to start
InducedCrash        a person, or a drill, crashed the child
"""

from __future__ import annotations


class Escalated(Exception):
    """A supervisor could not help its children, has stopped them, and failed.

    Args:
        supervisor: Its name.
        child: The child that used its budget up.
        fault: What ended that child last.
        final: No supervisor above may try again: the budget of the whole tree is used up.
    """

    def __init__(
        self, supervisor: str, child: str, fault: BaseException | None, *, final: bool
    ) -> None:
        why = "the restart budget of the tree" if final else "its restart budget"
        super().__init__(f"{supervisor} failed: {child} used up {why}")
        self.supervisor = supervisor
        self.child = child
        self.fault = fault
        # So that whoever prints it shows what a person must put right.
        self.__cause__ = fault
        self.final = final


class StartTimedOut(Exception):
    """A child did not acknowledge its start in time."""


class InducedCrash(Exception):
    """A person, or a drill, crashed the child."""

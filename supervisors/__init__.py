"""Who restarts whom: restart policy, supervisors, the control port and the tree."""

from reeld.supervisors._backoff import Backoff, CrashStreak
from reeld.supervisors._brood import Brood, Wanted
from reeld.supervisors._errors import Escalated, InducedCrash, StartTimedOut
from reeld.supervisors._intensity import Intensity, RestartBudget
from reeld.supervisors._kit import IncarnationEnded, Kit
from reeld.supervisors._life import EndCause
from reeld.supervisors._spec import (
    ChildSpec,
    OnExhausted,
    RestartPolicy,
    Service,
    Strategy,
    SupervisorSpec,
    TaskSpec,
)
from reeld.supervisors._supervisor import Supervisor
from reeld.supervisors._units import Kind
from reeld.supervisors.control import Control, MailboxSnapshot, NodeSnapshot, TreeSnapshot

__all__ = [
    "Backoff",
    "Brood",
    "ChildSpec",
    "Control",
    "CrashStreak",
    "EndCause",
    "Escalated",
    "IncarnationEnded",
    "InducedCrash",
    "Intensity",
    "Kind",
    "Kit",
    "MailboxSnapshot",
    "NodeSnapshot",
    "OnExhausted",
    "RestartBudget",
    "RestartPolicy",
    "Service",
    "StartTimedOut",
    "Strategy",
    "Supervisor",
    "SupervisorSpec",
    "TaskSpec",
    "TreeSnapshot",
    "Wanted",
]

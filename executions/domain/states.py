"""The states of an execution and the ways between them."""

from enum import StrEnum
from typing import Final


class State(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    SUSPENDED = "suspended"
    COMPLETED = "completed"
    FAILED = "failed"
    DENIED = "denied"
    HALTED = "halted"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


TERMINAL: Final = frozenset(
    {
        State.COMPLETED,
        State.FAILED,
        State.DENIED,
        State.HALTED,
        State.CANCELLED,
        State.INTERRUPTED,
    }
)

TRANSITIONS: Final[dict[State, frozenset[State]]] = {
    State.PENDING: frozenset(
        {
            State.RUNNING,
            State.SUSPENDED,
            State.DENIED,
            State.HALTED,
            State.CANCELLED,
            State.INTERRUPTED,
        }
    ),
    State.RUNNING: frozenset(
        {
            State.SUSPENDED,
            State.COMPLETED,
            State.FAILED,
            State.HALTED,
            State.CANCELLED,
            State.INTERRUPTED,
        }
    ),
    State.SUSPENDED: frozenset(
        {
            State.RUNNING,
            State.PENDING,
            State.COMPLETED,
            State.FAILED,
            State.DENIED,
            State.HALTED,
            State.CANCELLED,
            State.INTERRUPTED,
        }
    ),
}
"""From each live state to where it may go; PostgreSQL enforces the same table
(`executions/sql/execution_guard_v1.sql`)."""

STOPS_DESCENDANTS: Final = frozenset({State.HALTED, State.CANCELLED})
"""How an ancestor must end for its running descendants to end with it."""

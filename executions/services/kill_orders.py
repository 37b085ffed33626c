"""Kill orders with their effect: place the order, then stop what already runs."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from executions.queries import kill_orders as queries
from executions.services import stopping
from governance.domain.actors import Actor
from governance.models import KillOrder, Project
from governance.services import kill_orders

AT_ONCE: Final = 500
"""How many executions of one order are stopped while the operator waits. The watchdog sees that the
rules have moved and stops the others, a few moments later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Orders in force and what they did.

    `stopped` are executions that ended by this, descendants included; `remaining` how many still
    wait for the watchdog; `in_flight` counts actions already let go, which nobody can recall.
    """

    orders: tuple[KillOrder, ...]
    stopped: tuple[UUID, ...]
    remaining: int
    in_flight: int


def place(*, project: Project, actor: Actor, scope_type: str, scope_value: str | None, reason: str) -> Placed:
    """Forbid at once what the scope matches and stop what runs of it.

    Raises ScopeInvalid, Forbidden, RulesBusy; then nothing was placed.
    """
    orders = kill_orders.place(
        project=project, actor=actor, scope_type=scope_type, scope_value=scope_value, reason=reason
    )
    return carry_out(orders)


def carry_out(orders: tuple[KillOrder, ...]) -> Placed:
    """Stop what runs of orders in force, which are committed: what asks to start now is refused.

    Doing it again stops nothing twice and gives the same answer.
    """
    for order in orders:
        stopping.stop_matching(list(queries.matching(order).values_list("id", "project_id")[:AT_ONCE]))
    return Placed(
        orders=orders,
        stopped=tuple(queries.stopped_by(orders).values_list("id", flat=True)),
        remaining=sum(queries.matching(order).count() for order in orders),
        in_flight=queries.in_flight(orders),
    )

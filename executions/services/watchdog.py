"""The watchdog: judges executions that say nothing, and ends what time has ended.

Each duty looks by plain queries and acts through the gate, which proves everything again: two
watchdogs, or a late one, do no harm. Times are the database's.
"""

from dataclasses import dataclass, field
from uuid import UUID

from executions.domain.states import State
from executions.models import Execution
from executions.models.executions import LIVE
from executions.services import approvals, stopping
from governance.models import Approval
from waxell.lib.db.calls import call, call_one

AT_ONCE = 500
"""How many executions one round of a duty takes, so that no duty starves the others."""


@dataclass(slots=True)
class Watch:
    """What the last rounds have judged: per live execution the epoch and the minute of judging."""

    judged: dict[UUID, tuple[int, int]] = field(default_factory=dict)

    def judge_silent(self) -> int:
        """Judge live executions whose rules moved, or whose rules look at the clock each minute.

        Returns how many were stopped.
        """
        rows = call(
            "SELECT x.id, x.project_id, h.epoch, h.digest,"
            "       floor(extract(epoch FROM clock_timestamp()) / 60)::bigint AS minute"
            "  FROM executions_execution x JOIN governance_projecthead h USING (project_id)"
            " WHERE x.state = ANY(%s::text[])",
            (list(LIVE),),
        )
        live = {row.id for row in rows}
        self.judged = {key: value for key, value in self.judged.items() if key in live}
        stopped = 0
        for row in rows:
            seen = self.judged.get(row.id)
            if seen is not None and seen[0] == row.epoch and seen[1] == row.minute:
                continue
            if stopping.judge_continuing(row.id, row.project_id) is State.HALTED:
                stopped += 1
            self.judged[row.id] = (row.epoch, row.minute)
        return stopped


def interrupt_lapsed() -> int:
    """Close executions whose lease ran out as interrupted; returns how many.

    A suspended execution keeps its lease: it waits for a person.
    """
    lapsed = Execution.objects.filter(state=State.RUNNING, expires_at__lt=_now()).order_by("expires_at")
    ended = 0
    for execution_id, project_id in lapsed.values_list("id", "project_id")[:AT_ONCE]:
        answer = stopping.end_execution(
            execution_id,
            project_id,
            outcome=State.INTERRUPTED,
            code="lease_lost",
            message="Nobody renewed the lease: the process that drove this is presumed dead.",
            only_if_lapsed=True,
        )
        ended += answer is not None
    return ended


def stop_overdue() -> int:
    """Stop live executions whose deadline has passed; returns how many."""
    overdue = Execution.objects.filter(state__in=LIVE, deadline_at__lt=_now())
    rows = overdue.order_by("deadline_at").values_list("id", "project_id")[:AT_ONCE]
    return len(stopping.stop_matching(list(rows)))


def expire_approvals() -> int:
    """End approvals that nobody decided in time; returns how many."""
    late = Approval.objects.filter(state=Approval.State.PENDING, expires_at__lte=_now())
    ids = late.order_by("expires_at").values_list("id", flat=True)[:AT_ONCE]
    return sum(approvals.expire_approval(approval_id) for approval_id in list(ids))


def stop_orphans() -> int:
    """Stop live executions whose parent was stopped and whose stop did not reach them."""
    rows = call(
        "SELECT x.id, x.project_id FROM executions_execution x"
        "  JOIN executions_execution p ON p.id = x.parent_id"
        " WHERE x.state = ANY(%s::text[]) AND p.state IN ('halted', 'cancelled') LIMIT %s",
        (list(LIVE), AT_ONCE),
    )
    return len(stopping.stop_matching([(row.id, row.project_id) for row in rows]))


def _now() -> object:
    return call_one("SELECT clock_timestamp() AS now").now

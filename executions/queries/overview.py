"""What matters now in one project."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import FETCH_RAISE, Case, ExpressionWrapper, F, FloatField, Q, QuerySet, Value, When
from django.db.models.functions import Now

from executions.domain.states import State
from executions.models import Execution
from executions.queries import activity, approvals
from executions.queries.activity import Activity
from governance.models import Approval, Window
from governance.queries import states
from waxell.ledger.models import SealQueueItem

SHOWN: Final = 5
CAP: Final = 10_000
"""Numbers beyond this are told as `10,000+`: counting further costs more than it tells."""

ENDED_BADLY: Final = (State.DENIED, State.HALTED, State.INTERRUPTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The lists of the first page, at most SHOWN of each, and how many there are of all."""

    approvals: list[Approval]
    waiting: int
    ended_badly: list[Execution]
    live: list[Execution]
    running: int
    pending: int
    windows: list[Window]
    changes: Activity
    unsealed: int


def look(project_id: UUID) -> Overview:
    """Return what matters now."""
    inbox = approvals.inbox(project_id)
    rows = Execution.objects.filter(project_id=project_id).fetch_mode(FETCH_RAISE)
    live = rows.filter(state=State.RUNNING).order_by("-id")
    return Overview(
        approvals=list(inbox[:SHOWN]),
        waiting=capped(inbox),
        ended_badly=list(rows.filter(state__in=ENDED_BADLY).order_by("-id")[:SHOWN]),
        live=list(live[:SHOWN]),
        running=capped(live),
        pending=capped(rows.filter(state=State.PENDING)),
        windows=list(nearly_used(project_id)[:SHOWN]),
        changes=activity.among(project_id, states.history(project_id).values_list("entry_seq", flat=True)[:SHOWN]),
        unsealed=capped(SealQueueItem.objects.filter(project_id=project_id)),
    )


def nearly_used(project_id: UUID) -> QuerySet[Window]:
    """Return the windows of now with a limit, those used most first; `use` is the used part of it."""
    most = F("limit_now") + F("extra")
    taken = F("reserved") + F("spent")
    use = Case(
        When(Q(limit_now=0, extra=0), then=Value(1.0)),
        default=ExpressionWrapper(taken * 1.0 / most, output_field=FloatField()),
        output_field=FloatField(),
    )
    current = Window.objects.filter(Q(end_at__isnull=True) | Q(end_at__gt=Now()), project_id=project_id)
    # Windows of one execution are of interest on its own page.
    shared = current.exclude(budget__period="per_execution").exclude(budget__scope_type="execution")
    return shared.select_related("budget").annotate(use=use).order_by("-use", "id").fetch_mode(FETCH_RAISE)


def capped(rows: QuerySet) -> int:  # type: ignore[type-arg]
    """Count rows, but never further than CAP + 1."""
    return rows.order_by()[: CAP + 1].count()

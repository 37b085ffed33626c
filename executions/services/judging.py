"""From a snapshot to a decision: build the facts, then let the rules decide."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from executions.domain.states import STOPS_DESCENDANTS
from executions.services.snapshots import Snapshot
from governance.domain import budgets, facts, prices
from governance.domain.evaluation import decide
from governance.domain.facts import (
    BudgetSeen,
    Definition,
    Estimate,
    ExecutionSeen,
    Facts,
    Lifecycle,
    Moment,
    Principal,
    Resource,
)
from governance.domain.kinds import RESOURCE_TYPES, Kind
from governance.domain.manifest import BudgetInForce, GovernanceState
from governance.domain.tool_schemas import check_args
from governance.domain.verdicts import Decision, Grant, Verdict
from governance.queries import states
from waxell.ledger.domain.entries import name_digest
from waxell.lib.times import epoch_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A decision, the facts it follows from, and what it takes from which window.

    `asked` holds, per window that applies, the window's row of the snapshot and what is asked.
    """

    state: GovernanceState
    facts: Facts
    decision: Decision
    asked: tuple["Demand", ...]

    @property
    def short(self) -> tuple["Demand", ...]:
        """The demands that the windows cannot bear."""
        return tuple(demand for demand in self.asked if budgets.is_short(demand.seen))

    @property
    def estimate_source(self) -> str | None:
        """Where the reserved amounts are from; the source of an amount of money comes first."""
        named = [demand.seen.source for demand in self.asked if demand.seen.source != "count"]
        return named[0] if named else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What one action asks of one window. `budget_id` is the budget's, `start` and `end` RFC 3339."""

    budget_id: str
    start: str
    end: str | None
    seen: BudgetSeen


def judge(
    snapshot: Snapshot,
    *,
    execution_id: str,
    kind: Kind,
    resource: str,
    args: Mapping[str, Any] | None = None,
    estimate: Estimate | None = None,
    repeats: int = 0,
    seen: ExecutionSeen | None = None,
    grants: tuple[Grant, ...] | None = None,
    definition: Definition | None = None,
) -> Judgement:
    """Judge one action under the state in force that the snapshot names.

    `seen` and `grants` stand in for what the snapshot says of the execution and of approvals.
    """
    state = states.by_digest(snapshot.project_id, name_digest(snapshot.state_digest) or "")
    checked = check_args(snapshot.resource_schema, dict(args or {})) if snapshot.resource_schema is not None else None
    asked = _demands(snapshot, state, kind=kind, resource=resource, estimate=estimate)
    known = Facts(
        principal=Principal(slug=snapshot.agent_slug, teams=tuple(snapshot.teams)),
        kind=kind,
        resource=_resource(snapshot, kind, resource),
        moment=Moment(
            now_ms=epoch_ms(snapshot.now),
            hour=snapshot.local_hour,
            minute=snapshot.local_minute,
            weekday=snapshot.local_weekday,
            day=snapshot.local_date,
        ),
        execution=seen or execution_seen(snapshot, execution_id),
        estimate=estimate,
        typed_args=checked.typed if checked else None,
        args_problem=checked.problem if checked else None,
        repeats=repeats,
        budgets=tuple(demand.seen for demand in asked),
        lifecycle=_lifecycle(snapshot, state),
        grants=_grants(snapshot) if grants is None else grants,
        definition=definition,
    )
    decision = decide(state=state, facts=known)
    refused = snapshot.x_found and snapshot.refusals + 1 >= state.settings.refusal_limit
    if decision.verdict is Verdict.DENY and refused:
        # This refusal is the one too many: decide again with that known.
        known = replace(known, lifecycle=replace(known.lifecycle, refusals_exhausted=True))
        decision = decide(state=state, facts=known)
    return Judgement(state=state, facts=known, decision=decision, asked=asked)


def execution_seen(snapshot: Snapshot, execution_id: str) -> ExecutionSeen:
    """The execution as the snapshot saw it."""
    return ExecutionSeen(
        id=execution_id,
        workflow=snapshot.workflow_slug,
        environment=snapshot.environment,
        labels=snapshot.labels,
        end_user=str(snapshot.end_user) if snapshot.end_user else None,
        depth=snapshot.depth,
        attempt=snapshot.attempt,
        actions=snapshot.actions,
        model_calls=snapshot.model_calls,
        tool_calls=snapshot.tool_calls,
        refusals=snapshot.refusals,
        elapsed_seconds=int((snapshot.now - snapshot.started_at).total_seconds()),
        spent_usd_micros=snapshot.spent_micros,
    )


def facts_document(judgement: Judgement) -> dict[str, object]:
    """The facts as the entry carries them."""
    return facts.document(judgement.facts)


def _resource(snapshot: Snapshot, kind: Kind, resource: str) -> Resource:
    if kind in (Kind.EXECUTION_START, Kind.EXECUTION_CONTINUE):
        return Resource(type=RESOURCE_TYPES[kind], id=resource, discovered=bool(snapshot.workflow_discovered))
    registered = kind in (Kind.TOOL_CALL, Kind.MODEL_CALL, Kind.AGENT_DELEGATE)
    return Resource(
        type=RESOURCE_TYPES[kind],
        id=resource,
        groups=tuple(snapshot.resource_groups or ()),
        discovered=registered and not (snapshot.resource_known and not snapshot.resource_discovered),
    )


def _lifecycle(snapshot: Snapshot, state: GovernanceState) -> Lifecycle:
    return Lifecycle(
        deadline_passed=bool(snapshot.x_found and snapshot.deadline_at and snapshot.deadline_at <= snapshot.now),
        ancestor_ended=snapshot.parent_state in STOPS_DESCENDANTS,
        refusals_exhausted=snapshot.x_found and snapshot.refusals >= state.settings.refusal_limit,
        kill_orders=tuple(snapshot.kill_orders or ()),
    )


def _grants(snapshot: Snapshot) -> tuple[Grant, ...]:
    return tuple(
        Grant(approval=approval["id"], **hold) for approval in snapshot.approvals or () for hold in approval["holds"]
    )


def _demands(
    snapshot: Snapshot,
    state: GovernanceState,
    *,
    kind: Kind,
    resource: str,
    estimate: Estimate | None,
) -> tuple[Demand, ...]:
    if not snapshot.windows:
        return ()
    named: dict[str, BudgetInForce] = {budget.slug: budget for budget in state.budgets}
    price = None
    if kind is Kind.MODEL_CALL and estimate is not None and estimate.tokens is not None:
        price = prices.cost_micros(resource, tokens_in=0, tokens_out=estimate.tokens)
    demands = []
    for window in snapshot.windows:
        budget = named[window["slug"]]
        asked = budgets.asked(
            unit=budget.unit,
            kind=kind,
            estimate=estimate,
            declared_usd_micros=snapshot.resource_cost,
            price_usd_micros=price,
            default=budget.default_reservation,
        )
        if asked is None:
            continue
        seen = BudgetSeen(
            budget=budget.slug,
            version=budget.version,
            unit=budget.unit,
            member=window["member"],
            limit=window["limit"],
            extra=window["extra"],
            reserved=window["reserved"],
            spent=window["spent"],
            overrun=window["overrun"],
            asked=asked.amount,
            on_exceed=budget.on_exceed,
            approvers=budget.approvers,
            source=asked.source,
        )
        demands.append(Demand(budget_id=window["budget"], start=window["start"], end=window["end"], seen=seen))
    return tuple(demands)

"""Budgets: a shape that never changes, and numbered versions of its limit."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

from django.db.models import Max

from governance.domain.actors import Actor
from governance.domain.budgets import check_shape
from governance.domain.manifest import BudgetInForce, GovernanceState
from governance.domain.verdicts import Effect
from governance.models import Budget, BudgetVersion, Project
from governance.queries import budgets as queries
from governance.queries import registry
from governance.services import names, publications
from governance.services.policies import VersionConflict
from governance.services.projects import check_time_zone
from governance.services.publications import Plan, Published
from waxell.ledger.domain.entries import raw_digest
from waxell.lib import canonical
from waxell.lib.errors import Conflict, Invalid


class ApproversUnknown(Invalid):
    """A budget that asks a person names an approver group of this project, and no other budget does."""

    code = "approvers_unknown"


class BudgetNotInForce(Conflict):
    """No version of this budget is in force."""

    code = "not_in_force"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a version says, amounts in the budget's unit (usd in micro-dollars)."""

    limit: int
    on_exceed: str = BudgetVersion.OnExceed.HALT
    default_reservation: int | None = None
    approvers: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedBudget:
    """A version in force; `digest` (`sha256:…`) is that of its shape and terms."""

    budget: Budget
    version: int
    digest: str
    published: Published


def create(
    *,
    project: Project,
    actor: Actor,
    slug: str,
    name: str,
    unit: str,
    limit: int,
    scope_type: str,
    period: str,
    scope_value: str | None = None,
    time_zone: str = "UTC",
    on_exceed: str = BudgetVersion.OnExceed.HALT,
    default_reservation: int | None = None,
    approvers: str | None = None,
    note: str = "",
) -> PublishedBudget:
    """Put a new budget in force.

    `scope_value` None means a window for each agent, workflow or execution. `default_reservation`
    is what an action reserves that says nothing of its use.
    Raises BudgetShapeInvalid, TimeZoneUnknown, ApproversUnknown, NameTaken.
    """
    check_shape(
        unit=unit,
        scope=scope_type,
        period=period,
        scope_value=scope_value,
        default_reservation=default_reservation,
    )
    check_time_zone(time_zone)
    budget = Budget(
        project=project,
        slug=slug,
        name=name,
        unit=unit,
        scope_type=scope_type,
        scope_value=scope_value or "",
        period=period,
        time_zone=time_zone,
    )
    terms = Terms(
        limit=limit, on_exceed=on_exceed, default_reservation=default_reservation, approvers=approvers or None
    )
    with names.unique(slug):
        # `save` would update the row when a publication is tried again.
        return _publish(budget, terms, actor, note=note, expected=None, before=lambda: budget.save(force_insert=True))


def revise(
    *,
    budget: Budget,
    actor: Actor,
    limit: int,
    on_exceed: str | None = None,
    default_reservation: int | None = None,
    approvers: str | None = None,
    note: str = "",
    expected_version: int | None = None,
) -> PublishedBudget:
    """Put a new version in force; what is not given stays as it is in the newest version.

    A limit below what is used already is legal: nothing more is granted.
    Raises VersionConflict, ApproversUnknown, BudgetShapeInvalid.
    """
    latest = budget.versions.order_by("number").last()
    if latest is None:
        raise BudgetNotInForce()
    effect = on_exceed or latest.on_exceed
    kept = latest.approvers if effect == BudgetVersion.OnExceed.HOLD else ""
    terms = Terms(
        limit=limit,
        on_exceed=effect,
        default_reservation=latest.default_reservation if default_reservation is None else default_reservation,
        approvers=approvers or kept or None,
    )
    return _publish(budget, terms, actor, note=note, expected=expected_version)


def retire(*, budget: Budget, actor: Actor, note: str = "") -> Published:
    """Take a budget out of force; its windows and versions stay. Raises BudgetNotInForce."""

    def plan(current: GovernanceState) -> Plan:
        retired = queries.in_force_versions(current).get(budget.slug)
        if retired is None:
            raise BudgetNotInForce()
        return Plan(
            state=replace(current, budgets=_others(current, budget)),
            type="budget.retired",
            members={"budget": budget.slug, "version": retired.version},
            payloads={"note": note.encode()} if note else {},
        )

    return publications.publish(project_id=budget.project_id, actor=actor, plan=plan)


def _publish(
    budget: Budget,
    terms: Terms,
    actor: Actor,
    *,
    note: str,
    expected: int | None,
    before: Callable[[], object] = lambda: None,
) -> PublishedBudget:
    _check_approvers(budget.project_id, terms)
    made: list[BudgetInForce] = []

    def plan(current: GovernanceState) -> Plan:
        in_force = queries.in_force_versions(current).get(budget.slug)
        seen = in_force.version if in_force else 0
        if expected is not None and expected != seen:
            raise VersionConflict(f"Version {seen} is in force, not {expected}.", version=seen)
        latest = BudgetVersion.objects.filter(budget=budget.pk).aggregate(latest=Max("number"))["latest"] or 0
        chosen = _version(budget, terms, latest + 1)
        made[:] = [chosen]

        def write() -> None:
            before()
            BudgetVersion.objects.create(
                budget=budget,
                number=chosen.version,
                limit=terms.limit,
                on_exceed=terms.on_exceed,
                default_reservation=terms.default_reservation,
                approvers=terms.approvers or "",
                digest=raw_digest(chosen.digest),
                note=note,
                author_id=actor.person,
            )

        return Plan(
            state=replace(current, budgets=(*_others(current, budget), chosen)),
            type="budget.published",
            members={"budget": budget.slug, "version": chosen.version, "terms": chosen.digest},
            payloads={"note": note.encode()} if note else {},
            write=write,
        )

    published = publications.publish(project_id=budget.project_id, actor=actor, plan=plan)
    return PublishedBudget(budget=budget, version=made[0].version, digest=made[0].digest, published=published)


def _version(budget: Budget, terms: Terms, number: int) -> BudgetInForce:
    definition: dict[str, object] = {
        "unit": budget.unit,
        "scope": budget.scope_type,
        "scope_value": budget.scope_value or None,
        "period": budget.period,
        "time_zone": budget.time_zone,
        "limit": terms.limit,
        "on_exceed": str(terms.on_exceed),
        "default_reservation": terms.default_reservation,
        "approvers": terms.approvers,
    }
    return BudgetInForce(
        slug=budget.slug,
        version=number,
        digest=canonical.digest_of(definition),
        unit=budget.unit,
        scope=budget.scope_type,
        scope_value=budget.scope_value or None,
        period=budget.period,
        time_zone=budget.time_zone,
        limit=terms.limit,
        on_exceed=Effect(terms.on_exceed),
        default_reservation=terms.default_reservation,
        approvers=terms.approvers,
    )


def _others(current: GovernanceState, budget: Budget) -> tuple[BudgetInForce, ...]:
    return tuple(other for other in current.budgets if other.slug != budget.slug)


def _check_approvers(project_id: UUID, terms: Terms) -> None:
    asks = terms.on_exceed == BudgetVersion.OnExceed.HOLD
    known = terms.approvers and registry.approver_groups(project_id).filter(slug=terms.approvers).exists()
    if asks != bool(known) or (terms.approvers and not asks):
        raise ApproversUnknown()

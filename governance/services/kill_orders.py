"""Kill orders: placing and lifting them. Those above one execution are part of the rules in force."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final
from uuid import UUID

import orjson
from django.db import DatabaseError, transaction

from governance import access
from governance.access import Permission
from governance.domain.actors import Actor
from governance.domain.manifest import GovernanceState, KillOrderInForce
from governance.models import EndUser, KillOrder, Person, Project
from governance.services import publications
from governance.services.publications import Plan
from governance.services.recording import state_digest
from waxell.ledger.domain.entries import Receipt, name_digest
from waxell.ledger.services import appending
from waxell.lib import ids
from waxell.lib.db.calls import call_one
from waxell.lib.errors import Conflict, Forbidden, Invalid

WITHOUT_VALUE: Final = frozenset({KillOrder.Scope.ALL, KillOrder.Scope.PROJECT})


class ScopeInvalid(Invalid):
    """This scope does not say what to stop."""

    code = "kill_order_scope_invalid"


class KillOrderNotInForce(Conflict):
    """The kill order was lifted already."""

    code = "kill_order_not_in_force"


def place(
    *, project: Project, actor: Actor, scope_type: str, reason: str, scope_value: str | None = None
) -> tuple[KillOrder, ...]:
    """Forbid at once everything that the scope matches; the caller stops what runs already.

    `all` gives one order for each project that the actor's person owns, and needs them to own this
    one (Forbidden); every other scope gives one. Raises ScopeInvalid.
    """
    value = _value(project, scope_type, scope_value)
    if actor.person is None:
        raise Forbidden("A kill order is placed by a person.")
    with transaction.atomic():
        placed = [
            _place(
                project_id=project_id,
                actor=actor,
                person=actor.person,
                scope_type=scope_type,
                value=value,
                reason=reason,
            )
            for project_id in _projects(project, actor.person, scope_type)
        ]
    return tuple(KillOrder.objects.filter(pk__in=placed).select_related("project").order_by("id"))


def lift(*, order: KillOrder, actor: Actor, note: str = "") -> Receipt:
    """Let what the order forbade happen again; what it stopped stays stopped. Raises KillOrderNotInForce."""
    if actor.person is None:
        raise Forbidden("A kill order is lifted by a person.")
    change = {"id": str(order.pk), "lifted_by": str(actor.person)}
    members = {"kill_order": _named(order.pk, order.scope_type, order.scope_value)}
    payloads = {"note": note.encode()} if note else {}
    try:
        if order.scope_type == KillOrder.Scope.EXECUTION:
            receipt = _record(order.project_id, actor, "kill_order.lifted", members, payloads, lift=change)
        else:

            def plan(current: GovernanceState) -> Plan:
                kept = tuple(other for other in current.kill_orders if other.id != str(order.pk))
                if kept == current.kill_orders:
                    raise KillOrderNotInForce()
                state = replace(current, kill_orders=kept)
                return Plan(state=state, type="kill_order.lifted", members=members, payloads=payloads, lift=change)

            receipt = publications.publish(project_id=order.project_id, actor=actor, plan=plan).receipt
    except DatabaseError as error:
        if getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) == "killorder_in_force":
            raise KillOrderNotInForce() from error
        raise
    order.refresh_from_db()
    return receipt


def _place(*, project_id: UUID, actor: Actor, person: UUID, scope_type: str, value: str, reason: str) -> UUID:
    identity = ids.uuid7()
    order = {
        "id": str(identity),
        "scope_type": str(scope_type),
        "scope_value": value,
        "reason": reason,
        "placed_by": str(person),
    }
    members = {"kill_order": _named(identity, scope_type, value)}
    payloads = {"reason": reason.encode()}
    if scope_type == KillOrder.Scope.EXECUTION:
        _record(project_id, actor, "kill_order.placed", members, payloads, order=order)
        return identity

    def plan(current: GovernanceState) -> Plan:
        mine = KillOrderInForce(id=str(identity), scope=str(scope_type), value=value or None)
        return Plan(
            state=replace(current, kill_orders=(*current.kill_orders, mine)),
            type="kill_order.placed",
            members=members,
            payloads=payloads,
            order=order,
        )

    publications.publish(project_id=project_id, actor=actor, plan=plan)
    return identity


def _record(
    project_id: UUID,
    actor: Actor,
    type: str,
    members: Mapping[str, object],
    payloads: Mapping[str, bytes],
    *,
    order: Mapping[str, object] | None = None,
    lift: Mapping[str, object] | None = None,
) -> Receipt:
    """Place or lift an order on one execution, which moves the project's epoch and not its rules."""
    salted = appending.salt_all(payloads)
    with transaction.atomic():
        # The project's lock first, as in every append; the stream's head only behind it.
        call_one("SELECT pg_advisory_xact_lock(project_lock_key_v1(%s))", (project_id,))
        body = appending.next_entry(
            appending.lock(project_id),
            project=project_id,
            stream=project_id,
            type=type,
            state=state_digest(project_id),
            members={"actor": actor.document(), **members},
            payloads=salted,
        )
        row = call_one(
            "SELECT entry_seq, entry_digest FROM kill_order_record_v1("
            "%s, %s, %s::jsonb, %s::jsonb, %s::text[], %s::bytea[], %s::bytea[])",
            (project_id, body, _json(order), _json(lift), *appending.columns(salted)),
        )
    return Receipt(stream=str(project_id), seq=row.entry_seq, digest=name_digest(row.entry_digest) or "")


def _projects(project: Project, person: UUID, scope_type: str) -> list[UUID]:
    if scope_type != KillOrder.Scope.ALL:
        return [project.pk]
    owned = access.holding(Person.objects.get(pk=person), Permission.OWN_PROJECT)
    # One order for everybody's locks, so that two who stop everything do not stop each other.
    found = list(owned.order_by("id").values_list("id", flat=True))
    if project.pk not in found:
        raise Forbidden("Only an owner can stop everything.")
    return found


def _value(project: Project, scope_type: str, value: str | None) -> str:
    if scope_type not in KillOrder.Scope.values:
        raise ScopeInvalid(f"A scope is one of {', '.join(KillOrder.Scope.values)}.")
    if scope_type in WITHOUT_VALUE:
        if value:
            raise ScopeInvalid(f"The scope {scope_type} takes no value.")
        return ""
    if not value:
        raise ScopeInvalid(f"The scope {scope_type} needs a value.")
    if scope_type == KillOrder.Scope.EXECUTION:
        return str(ids.parse_uuid(value))
    if scope_type == KillOrder.Scope.END_USER:
        # Rules and records know end users by pseudonym only.
        return str(EndUser.objects.get_or_create(project=project, name=value)[0].pk)
    return value


def _named(identity: UUID, scope_type: str, value: str) -> dict[str, object]:
    return {"id": str(identity), "scope": str(scope_type), "value": value or None}


def _json(value: Mapping[str, object] | None) -> str | None:
    return None if value is None else orjson.dumps(value).decode()

"""Legal holds: placing one keeps contents from being erased, lifting it lets them go again."""

from collections.abc import Mapping
from uuid import UUID

import orjson
from django.db import DatabaseError, transaction

from governance.domain.actors import Actor
from governance.models import LegalHold
from governance.services.recording import state_digest
from waxell.ledger.domain.entries import Receipt, name_digest
from waxell.ledger.services import appending
from waxell.lib import ids
from waxell.lib.db.calls import call_one
from waxell.lib.errors import Conflict, Forbidden, Invalid


class ReasonMissing(Invalid):
    """Erasing, and keeping from it, needs a reason."""

    code = "reason_missing"


class LegalHoldNotInForce(Conflict):
    """The legal hold was lifted already."""

    code = "legal_hold_not_in_force"


def place(*, project_id: UUID, actor: Actor, scope_type: str, scope_value: UUID, reason: str) -> LegalHold:
    """Keep everything that the scope matches from being erased. `scope_value` as in LegalHold.

    Raises Forbidden without a person, ReasonMissing.
    """
    if actor.person is None:
        raise Forbidden("A legal hold is placed by a person.")
    check_reason(reason)
    identity = ids.uuid7()
    hold = {
        "id": str(identity),
        "scope_type": str(scope_type),
        "scope_value": str(scope_value),
        "placed_by": str(actor.person),
    }
    members = {"legal_hold": {"id": str(identity), "scope": {"type": str(scope_type), "value": str(scope_value)}}}
    _record(project_id, actor, "legal_hold.placed", members, reason, hold=hold)
    return LegalHold.objects.get(pk=identity)


def lift(*, hold: LegalHold, actor: Actor, reason: str) -> Receipt:
    """Let what the hold kept be erased again. Raises Forbidden, LegalHoldNotInForce, ReasonMissing."""
    if actor.person is None:
        raise Forbidden("A legal hold is lifted by a person.")
    check_reason(reason)
    scope = {"type": hold.scope_type, "value": str(hold.scope_value)}
    members = {"legal_hold": {"id": str(hold.pk), "scope": scope}}
    change = {"id": str(hold.pk), "lifted_by": str(actor.person)}
    try:
        receipt = _record(hold.project_id, actor, "legal_hold.lifted", members, reason, lift=change)
    except DatabaseError as error:
        if getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) == "legalhold_in_force":
            raise LegalHoldNotInForce() from error
        raise
    hold.refresh_from_db()
    return receipt


def check_reason(reason: str) -> None:
    """Raise ReasonMissing where nothing is said."""
    if not reason.strip():
        raise ReasonMissing()


def _record(
    project_id: UUID,
    actor: Actor,
    type: str,
    members: Mapping[str, object],
    reason: str,
    *,
    hold: Mapping[str, str] | None = None,
    lift: Mapping[str, str] | None = None,
) -> Receipt:
    salted = appending.salt_all({"reason": reason.encode()})
    with transaction.atomic():
        head = appending.lock(project_id)
        body = appending.next_entry(
            head,
            project=project_id,
            stream=project_id,
            type=type,
            state=state_digest(project_id),
            members={"actor": actor.document(), **members},
            payloads=salted,
        )
        row = call_one(
            "SELECT entry_seq, entry_digest FROM legal_hold_record_v1("
            "%s, %s, %s::text[], %s::bytea[], %s::bytea[], %s::jsonb, %s::jsonb)",
            (project_id, body, *appending.columns(salted), _json(hold), _json(lift)),
        )
    return Receipt(stream=str(project_id), seq=row.entry_seq, digest=name_digest(row.entry_digest) or "")


def _json(value: Mapping[str, str] | None) -> str | None:
    return None if value is None else orjson.dumps(value).decode()

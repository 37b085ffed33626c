"""The one way to put a governance state in force."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

import orjson
from django.db import DatabaseError, IntegrityError, transaction

from governance.domain.actors import Actor
from governance.domain.manifest import GovernanceState
from governance.domain.prices import PRICE_LIST
from governance.models import ProjectHead
from governance.queries import states
from governance.services.recording import NO_MEMBERS, state_digest
from waxell.ledger.domain.entries import Receipt, name_digest
from waxell.ledger.services import appending
from waxell.lib.db.calls import call_one
from waxell.lib.errors import Conflict, Unavailable

STALE: Final = "WX001"
ATTEMPTS: Final = 8


class RulesBusy(Unavailable):
    """Others are changing the rules of this project just now; try again shortly."""

    code = "rules_busy"


class SecondPersonMissing(Conflict):
    """This project wants two people behind it: somebody else must approve exactly this first."""

    code = "second_person_missing"


def _write_nothing() -> None:
    """Most plans are only a new state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a publication will do.

    `state` is what shall be in force (its number does not matter), `type` and `members` describe
    the entry, `write` makes the rows that `state` names, in the same transaction. `order` and
    `lift` are what `governance_publish_v1` takes to place or lift a kill order.
    """

    state: GovernanceState
    type: str
    members: Mapping[str, object] = NO_MEMBERS
    payloads: Mapping[str, bytes] = appending.NOTHING
    write: Callable[[], object] = _write_nothing
    order: Mapping[str, object] | None = None
    lift: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Rules in force, no. `number`; `digest` names them, `receipt` the entry that says so."""

    number: int
    digest: str
    receipt: Receipt


class _Moved(Exception):
    """Another publication came first: the plan was made for rules that are no longer in force."""


def publish(*, project_id: UUID, actor: Actor, plan: Callable[[GovernanceState], Plan]) -> Published:
    """Put the state that `plan` makes of the current one in force.

    `plan` runs before any lock is taken and may be slow; where another publication came first it
    is asked again with the newer state. What it raises rises. Raises RulesBusy.
    """
    for _ in range(ATTEMPTS):
        current = states.in_force(project_id)
        planned = plan(current)
        # The prices that this release carries decide what is reserved, so every state names them.
        planned = replace(planned, state=replace(planned.state, prices=PRICE_LIST))
        try:
            with transaction.atomic():
                return _put_in_force(project_id=project_id, actor=actor, expected=current.number, planned=planned)
        except _Moved:
            continue
        except IntegrityError as error:
            if _constraint(error) == "policy_second_person":
                raise SecondPersonMissing() from error
            # A version's number may have been taken meanwhile; anything else is a fault of ours.
            if not _constraint(error).endswith("_number_unique"):
                raise
        except DatabaseError as error:
            if getattr(error.__cause__, "sqlstate", None) != STALE:
                raise
    raise RulesBusy()


def _put_in_force(*, project_id: UUID, actor: Actor, expected: int, planned: Plan) -> Published:
    # The project's lock first, as in every append; the stream's head only behind it.
    call_one("SELECT pg_advisory_xact_lock(project_lock_key_v1(%s))", (project_id,))
    if ProjectHead.objects.values_list("number", flat=True).get(project=project_id) != expected:
        raise _Moved
    planned.write()
    head = appending.lock(project_id)
    salted = appending.salt_all(planned.payloads)
    body = appending.next_entry(
        head,
        project=project_id,
        stream=project_id,
        type=planned.type,
        state=state_digest(project_id),
        members={
            "actor": actor.document(),
            "published": {"number": expected + 1, "state": planned.state.digest},
            **planned.members,
        },
        payloads=salted,
    )
    row = call_one(
        "SELECT number, digest, entry_seq, entry_digest FROM governance_publish_v1("
        "%s, %s, %s, %s, %s::text[], %s::bytea[], %s::bytea[], %s::jsonb, %s::jsonb)",
        (
            project_id,
            expected,
            planned.state.manifest,
            body,
            *appending.columns(salted),
            _json(planned.order),
            _json(planned.lift),
        ),
    )
    return Published(
        number=row.number,
        digest=name_digest(row.digest) or "",
        receipt=Receipt(stream=str(project_id), seq=row.entry_seq, digest=name_digest(row.entry_digest) or ""),
    )


def _json(value: Mapping[str, object] | None) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


def _constraint(error: IntegrityError) -> str:
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or ""

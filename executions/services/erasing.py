"""Erasing contents: by execution, by end user, by age. The entries that commit to them stay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from django.db import DatabaseError, transaction

from executions.queries import erasable
from executions.queries.erasable import Choice, Content
from governance.domain.actors import Actor
from governance.models import EndUser
from governance.services.legal_holds import check_reason
from governance.services.recording import state_digest
from waxell.ledger.domain.entries import Receipt, name_digest
from waxell.ledger.services import appending
from waxell.lib.db.calls import call_one
from waxell.lib.errors import Conflict, NotFound

IN_ONE_ENTRY: Final = 1000
WHILE_ONE_WAITS: Final = 10_000
"""Payloads erased in one request; who asked is told whether there are more."""
ATTEMPTS: Final = 5


class LegalHoldInForce(Conflict):
    """A legal hold keeps these contents; it must be lifted first."""

    code = "legal_hold"


class ExecutionLive(Conflict):
    """Contents can be erased once their execution has ended."""

    code = "execution_live"


class _Moved(Exception):
    """Another erasure was faster: choose again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What was done: payloads erased, the entries that say so, and executions whose contents must wait.

    `complete` is False where a limit left contents that could go too.
    """

    payloads: int
    entries: tuple[Receipt, ...]
    waiting: tuple[UUID, ...] = ()
    complete: bool = True


def erase(choice: Choice, *, actor: Actor, reason: str, limit: int | None = None) -> Erased:
    """Erase all contents meant (`limit`: about so many), a batch a transaction, each with its entry.

    Raises LegalHoldInForce (`hold`), ExecutionLive where one execution is meant, ReasonMissing; what
    earlier batches erased stays erased.
    """
    check_reason(reason)
    waiting = erasable.live(choice) if choice.execution or choice.end_user else ()
    if choice.execution and waiting:
        raise ExecutionLive(executions=[str(choice.execution)])
    entries, payloads = _erase_batches(choice, actor=actor, reason=reason, limit=limit)
    complete = limit is None or payloads < limit or not erasable.choose(choice, limit=1)
    return Erased(payloads=payloads, entries=tuple(entries), waiting=waiting, complete=complete)


def erase_end_user(*, project_id: UUID, end_user: UUID, actor: Actor, reason: str, limit: int | None = None) -> Erased:
    """Erase an end user's name and all contents of the executions that acted for them.

    The name goes first: from then on only the random pseudonym is left. Executions that still live
    are returned as `waiting`: erase again when they have ended. Raises NotFound for a pseudonym of
    which neither name nor execution is known, else as `erase`.
    """
    check_reason(reason)
    choice = Choice(project_id=project_id, end_user=end_user)
    entries: list[Receipt] = []
    if EndUser.objects.filter(project_id=project_id, pk=end_user).exists():
        entries.append(_write(project_id, (), actor=actor, reason=reason, end_users=(end_user,)))
    erased = erase(choice, actor=actor, reason=reason, limit=limit)
    if not (entries or erased.entries or erased.waiting):
        raise NotFound()
    return replace(erased, entries=(*entries, *erased.entries))


def _erase_batches(choice: Choice, *, actor: Actor, reason: str, limit: int | None) -> tuple[list[Receipt], int]:
    entries: list[Receipt] = []
    payloads = missed = 0
    while (limit is None or payloads < limit) and (contents := erasable.choose(choice, limit=IN_ONE_ENTRY)):
        try:
            entries.append(_write(choice.project_id, contents, actor=actor, reason=reason))
        except _Moved:
            missed += 1
            if missed == ATTEMPTS:
                raise Conflict("Somebody else is erasing the same contents.") from None
        else:
            payloads += len(contents)
    return entries, payloads


def _write(
    project_id: UUID,
    contents: Sequence[Content],
    *,
    actor: Actor,
    reason: str,
    end_users: Sequence[UUID] = (),
) -> Receipt:
    members: Mapping[str, object] = {
        "actor": actor.document(),
        "erased": [content.document() for content in contents],
        **({"end_users": [str(user) for user in end_users]} if end_users else {}),
    }
    salted = appending.salt_all({"reason": reason.encode()})
    try:
        with transaction.atomic():
            head = appending.lock(project_id)
            body = appending.next_entry(
                head,
                project=project_id,
                stream=project_id,
                type="payloads.erased",
                state=state_digest(project_id),
                members=members,
                payloads=salted,
            )
            row = call_one(
                "SELECT seq, digest FROM execution_erase_v1(%s, %s, %s::text[], %s::bytea[], %s::bytea[])",
                (project_id, body, *appending.columns(salted)),
            )
    except DatabaseError as error:
        raise _refusal(error) from error
    return Receipt(stream=str(project_id), seq=row.seq, digest=name_digest(row.digest) or "")


def _refusal(error: DatabaseError) -> Exception:
    cause = error.__cause__
    detail = getattr(getattr(cause, "diag", None), "message_detail", None)
    match getattr(cause, "sqlstate", None):
        case "WX001":
            return _Moved()
        case "WX003":
            return ExecutionLive(executions=[detail])
        case "WX006":
            return LegalHoldInForce(f"Legal hold {detail} keeps these contents; it must be lifted first.", hold=detail)
    return error

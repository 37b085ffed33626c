"""Erasing and holding what people name: an execution by its id, an end user by name or pseudonym."""

from uuid import UUID

from executions.queries import subjects
from executions.queries.erasable import Choice
from executions.services import erasing
from executions.services.erasing import Erased
from governance.domain.actors import Actor
from governance.models import LegalHold
from governance.services import legal_holds
from waxell.lib.errors import Invalid, NotFound


class ErasureScopeInvalid(Invalid):
    """What is to be erased is an execution or an end user."""

    code = "erasure_scope_invalid"


class LegalHoldScopeInvalid(Invalid):
    """The scope does not say what to keep."""

    code = "legal_hold_scope_invalid"


def erase(
    *,
    project_id: UUID,
    actor: Actor,
    scope_type: str,
    scope_value: str,
    reason: str,
    payload: str | None = None,
    limit: int | None = None,
) -> Erased:
    """Erase the contents of an execution (`payload`: only those of this name), or an end user's and their name.

    Raises NotFound, ErasureScopeInvalid, else as `erasing.erase`.
    """
    if scope_type == LegalHold.Scope.EXECUTION:
        execution = subjects.execution(project_id, scope_value)
        if execution is None:
            raise NotFound()
        choice = Choice(project_id=project_id, execution=execution, payload=payload)
        return erasing.erase(choice, actor=actor, reason=reason, limit=limit)
    if scope_type != LegalHold.Scope.END_USER:
        raise ErasureScopeInvalid()
    if payload is not None:
        raise ErasureScopeInvalid("Of an end user everything goes: no single payload can be named.")
    end_user = subjects.end_user(project_id, scope_value)
    if end_user is None:
        raise NotFound()
    return erasing.erase_end_user(project_id=project_id, end_user=end_user, actor=actor, reason=reason, limit=limit)


def hold(*, project_id: UUID, actor: Actor, scope_type: str, scope_value: str | None, reason: str) -> LegalHold:
    """Place a legal hold on an execution, on an end user or, without a value, on the whole project.

    Raises LegalHoldScopeInvalid, else as `legal_holds.place`.
    """
    value = _held(project_id, scope_type, scope_value)
    return legal_holds.place(
        project_id=project_id, actor=actor, scope_type=scope_type, scope_value=value, reason=reason
    )


def _held(project_id: UUID, scope_type: str, scope_value: str | None) -> UUID:
    match scope_type, scope_value:
        case LegalHold.Scope.PROJECT, None | "":
            return project_id
        case LegalHold.Scope.PROJECT, _:
            raise LegalHoldScopeInvalid("The scope project takes no value.")
        case LegalHold.Scope.EXECUTION, str() if value := subjects.execution(project_id, scope_value or ""):
            return value
        case LegalHold.Scope.END_USER, str() if value := subjects.end_user(project_id, scope_value or ""):
            return value
        case LegalHold.Scope.EXECUTION | LegalHold.Scope.END_USER, _:
            raise LegalHoldScopeInvalid(f"There is no such {str(scope_type).replace('_', ' ')} in this project.")
    raise LegalHoldScopeInvalid(f"A scope is one of {', '.join(LegalHold.Scope.values)}.")

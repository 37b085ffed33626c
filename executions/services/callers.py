"""Who is calling the gate, and whether they may."""

import hashlib
import hmac
from dataclasses import dataclass
from uuid import UUID

from executions.domain.tracing import TraceContext
from executions.services.snapshots import Snapshot
from governance.models import ApiKey
from waxell.lib.errors import Forbidden, NotFound, Unauthenticated


class InsufficientScope(Forbidden):
    """The key is valid but does not have the scope this call needs."""

    code = "insufficient_scope"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A key (checked with each snapshot), a signed-in person, a worker of ours, or the system.

    All but keys come from inside and name their project themselves.
    """

    project_id: UUID | None = None
    key_id: str | None = None
    secret: str | None = None
    person_id: UUID | None = None
    worker: str | None = None
    afterwards: bool = False
    """Whether the caller tells of what it has done already."""
    gateway: bool = False
    """Whether a gateway of ours asks, which does itself what is allowed, and nothing else."""
    trace: TraceContext | None = None
    """The span in which the caller asks, where it has one."""

    @property
    def vouched(self) -> str:
        """How far the record of this caller's acts can be believed."""
        if self.afterwards:
            return "observed"
        return "enforced" if self.worker or self.gateway else "asked"

    def document(self) -> dict[str, str]:
        """The caller as an entry names it."""
        if self.key_id:
            return {"key": self.key_id}
        if self.person_id:
            return {"person": str(self.person_id)}
        return {"worker": self.worker} if self.worker else {"system": "waxell"}

    @property
    def stored_as(self) -> str:
        """Under what name this caller's answers are kept for retries."""
        return self.key_id or str(self.person_id or self.worker or "system")


def system(project_id: UUID) -> Caller:
    """Waxell itself: watchdog, sweeper, cascades."""
    return Caller(project_id=project_id)


def authenticate(caller: Caller, snapshot: Snapshot, scope: str = ApiKey.Scope.EXECUTE) -> None:
    """Check a key against what the snapshot read of it.

    Raises Unauthenticated (unknown, wrong, expired, revoked) or InsufficientScope.
    """
    if caller.key_id is None:
        return
    presented = hashlib.sha256((caller.secret or "").encode()).digest()
    if snapshot.key_digest is None or not hmac.compare_digest(presented, snapshot.key_digest):
        raise Unauthenticated()
    if snapshot.key_revoked_at is not None or snapshot.key_expires_at <= snapshot.now:
        raise Unauthenticated("The key has expired or was revoked: create another one.")
    if scope not in snapshot.key_scopes:
        raise InsufficientScope(f"This call needs a key with the scope {scope}.")


def require_own(caller: Caller, snapshot: Snapshot) -> None:
    """Check that the execution exists for this caller. Raises NotFound."""
    if not snapshot.x_found or snapshot.x_project != snapshot.project_id:
        raise NotFound()
    if caller.key_id and snapshot.key_agent not in (None, snapshot.agent_id):
        raise NotFound()

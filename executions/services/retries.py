"""Declared retries: an interrupted attempt is followed by another execution, never resumed."""

import logging
from typing import Any
from uuid import UUID

from django.db import IntegrityError

from executions.domain.wanted import StartWanted
from executions.queries import inputs
from executions.services import admission
from executions.services.callers import system
from governance.domain.requests import Retry
from governance.models import EndUser
from waxell.lib import canonical
from waxell.lib.db.calls import call
from waxell.lib.errors import DomainError

logger = logging.getLogger(__name__)

AT_ONCE = 50
# An attempt that a person refused is not tried again: it would only ask once more. Nor is one whose
# input was erased: there is nothing left to work on.
_OWED = """
SELECT x.id, x.project_id, x.agent_slug, x.workflow_slug, x.parent_id, x.end_user, x.attempt
  FROM governance_workflow w
  JOIN executions_execution x ON x.project_id = w.project_id AND x.workflow_id = w.id AND x.state = 'interrupted'
 WHERE w.kind = 'worker' AND x.attempt < w.max_attempts
   AND x.ended_at > clock_timestamp() - interval '7 days'
   AND NOT EXISTS (SELECT FROM executions_execution s WHERE s.retry_of = x.id)
   AND NOT EXISTS (SELECT FROM governance_approval g
                    WHERE g.execution_id = x.id AND g.state IN ('refused', 'expired'))
   AND NOT EXISTS (SELECT FROM ledger_erasure r
                    WHERE r.project_id = x.project_id AND r.stream = x.id AND r.seq = 1 AND r.name = 'input')
 ORDER BY x.id
 LIMIT %s
"""


def start_owed() -> list[UUID]:
    """Start the successor of each interrupted execution whose workflow declares another attempt.

    Returns the successors. One that cannot be admitted now is tried again in the next round.
    """
    started = []
    for row in call(_OWED, (AT_ONCE,)):
        try:
            started.append(_start(row))
        except (DomainError, IntegrityError) as error:
            logger.info("execution %s has no successor yet: %s", row.id, error)
    return started


def _start(row: Any) -> UUID:
    header = inputs.header_of(row.project_id, row.id)
    wanted = StartWanted(
        workflow=row.workflow_slug,
        agent=row.agent_slug,
        input=inputs.of_execution(row.project_id, row.id),
        labels=header.get("labels", {}),
        parent=row.parent_id,
        delegation=header.get("delegation"),
        end_user=EndUser.objects.filter(pk=row.end_user).values_list("name", flat=True).first(),
        environment=header.get("environment", ""),
        deadline_seconds=header.get("deadline_seconds"),
        retry_of=row.id,
        attempt=row.attempt + 1,
    )
    caller = system(row.project_id)
    retry = Retry(
        caller=caller.stored_as, path=f"retry:{row.id}", key=str(wanted.attempt), body=canonical.digest_of(str(row.id))
    )
    answer = admission.start_execution(caller=caller, wanted=wanted, retry=retry)
    return UUID(answer.body["id"])

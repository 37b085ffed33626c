"""How long a project keeps contents. Without a rule it keeps them."""

from uuid import UUID

from django.db import transaction

from governance.domain.actors import Actor
from governance.models import RetentionRule
from governance.services.recording import record
from waxell.lib.errors import Invalid

LONGEST_DAYS = 36_500


class RetentionInvalid(Invalid):
    """Contents are kept for 1 to 36500 days."""

    code = "retention_invalid"


def keep_for(*, project_id: UUID, actor: Actor, days: int | None, payload: str = "") -> None:
    """Erase payloads named `payload` ("" for all) `days` after their execution ended; None: keep them.

    Where two rules match, the shorter one counts. Raises RetentionInvalid.
    """
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        raise RetentionInvalid()
    with transaction.atomic():
        rules = RetentionRule.objects.filter(project_id=project_id, payload=payload)
        before = rules.values_list("days", flat=True).first()
        if before == days:
            return
        if days is None:
            rules.delete()
        else:
            RetentionRule.objects.update_or_create(project_id=project_id, payload=payload, defaults={"days": days})
        record(
            project_id=project_id,
            actor=actor,
            type="retention.changed",
            members={"payload": payload or None, "days": days, "before": before},
        )

"""Actions that were allowed and of which nobody has told the outcome."""

from uuid import UUID

import orjson
from django.db.models import Exists, OuterRef

from governance.domain.kinds import Kind
from governance.domain.verdicts import Verdict
from waxell.ledger.models import Entry, Stream

LOOKED_AT = 500
"""How many of the oldest such actions are looked at: an execution with more leaves them unresolved."""


def oldest(*, project_id: UUID, execution_id: UUID, kind: Kind, resource: str) -> int | None:
    """Return the sequence of the oldest such action of this kind on this resource.

    A provider answers with a dated name (`gpt-4o-mini-2024-07-18`) where a plain one was asked for
    (`gpt-4o-mini`); such a name is found too, unless the exact one is there.
    """
    told = Entry.objects.filter(project_id=project_id, about=OuterRef("seq"))
    late = Stream.objects.filter(subject=execution_id).values("id")
    rows = (
        Entry.objects.filter(
            project_id=project_id, stream=execution_id, type="action.decided", verdict=Verdict.ALLOW, seq__gt=1
        )
        .exclude(Exists(told.filter(stream=execution_id, type="action.resulted")))
        .exclude(Exists(told.filter(stream__in=late, type="result.late")))
        .order_by("seq")
        .values_list("seq", "body")[:LOOKED_AT]
    )
    dated = None
    for seq, body in rows:
        action = orjson.loads(bytes(body))["action"]
        if action["kind"] != kind:
            continue
        if action["resource"] == resource:
            return int(seq)
        if dated is None and resource.startswith(f"{action['resource']}-"):
            dated = int(seq)
    return dated

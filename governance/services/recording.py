"""Entries on a project's governance stream that change no rule in force."""

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from django.db import transaction

from governance.domain.actors import Actor
from governance.models import ProjectHead
from waxell.ledger.domain.entries import Receipt, name_digest
from waxell.ledger.services import appending

NO_MEMBERS: Mapping[str, object] = MappingProxyType({})


def record(
    *,
    project_id: UUID,
    actor: Actor,
    type: str,
    members: Mapping[str, object] = NO_MEMBERS,
    payloads: Mapping[str, bytes] = appending.NOTHING,
) -> Receipt:
    """Write down what happened, under the governance state in force, in the caller's transaction.

    `payloads` are contents that the entry commits to and that can be erased.
    """
    with transaction.atomic():
        # Publishing moves the head while it holds the stream: behind this lock the state is exact.
        appending.lock(project_id)
        return appending.append(
            project=project_id,
            stream=project_id,
            type=type,
            state=state_digest(project_id),
            members={"actor": actor.document(), **members},
            payloads=payloads,
        )


def state_digest(project_id: UUID) -> str | None:
    """Return the digest of the state in force; None before the first publication."""
    return name_digest(ProjectHead.objects.values_list("digest", flat=True).get(project=project_id))

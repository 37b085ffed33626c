"""Governance states: the one in force, and any one by its digest."""

from dataclasses import replace
from functools import lru_cache
from typing import Final
from uuid import UUID

import orjson
from django.db.models import QuerySet

from governance import models
from governance.domain import manifest
from governance.domain.manifest import GovernanceState
from waxell.ledger.domain.entries import name_digest, raw_digest
from waxell.lib.errors import NotFound

CACHED_STATES: Final = 512


def in_force(project_id: UUID) -> GovernanceState:
    """Return the rules in force. Number 0 has no rules: nothing was published yet. Raises NotFound."""
    head = models.ProjectHead.objects.filter(project=project_id).values_list("number", "digest").first()
    if head is None:
        raise NotFound()
    number, digest = head
    if digest is None:
        return GovernanceState(project=str(project_id), number=0)
    state = by_digest(project_id, name_digest(digest) or "")
    return state if state.number == number else replace(state, number=number)


@lru_cache(maxsize=CACHED_STATES)
def by_digest(project_id: UUID, digest: str) -> GovernanceState:
    """Return the state that `digest` (`sha256:…`) names. Raises NotFound.

    A digest names one content for ever, so the cache is never stale. Returning to earlier rules
    gives the same digest under a new number: `number` here is one of them.
    """
    found = (
        models.GovernanceState.objects.filter(project=project_id, digest=raw_digest(digest))
        .values_list("number", "manifest")
        .order_by("number")
        .last()
    )
    if found is None:
        raise NotFound()
    number, content = found
    versions = models.PolicyVersion.objects.filter(
        policy__project=project_id, digest__in=_policy_digests(bytes(content))
    )
    texts = {name_digest(raw) or "": text for raw, text in versions.values_list("digest", "text")}
    return manifest.read(bytes(content), number=number, texts=texts)


def history(project_id: UUID) -> QuerySet[models.GovernanceState]:
    """Return every publication, newest first, without the manifests."""
    return models.GovernanceState.objects.filter(project=project_id).order_by("-number").defer("manifest")


def _policy_digests(content: bytes) -> list[bytes]:
    return [raw_digest(policy["digest"]) for policy in orjson.loads(content)["policies"]]

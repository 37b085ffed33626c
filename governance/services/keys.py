"""Issuing, using and revoking API keys."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from django.db import DatabaseError, transaction
from django.db.models import Q
from django.db.models.functions import Now

from governance.domain.actors import Actor
from governance.models import Agent, ApiKey, Person, Project
from governance.queries import keys as queries
from governance.services.recording import record, state_digest
from waxell.ledger.domain.entries import Receipt, name_digest
from waxell.ledger.services import appending
from waxell.lib import times
from waxell.lib.db.calls import call_one
from waxell.lib.errors import Conflict, Invalid

DEFAULT_DAYS: Final = 365
ID_BYTES: Final = 8
SECRET_BYTES: Final = 32
USE_IS_NOTED_EVERY: Final = timedelta(minutes=1)


class ScopesInvalid(Invalid):
    """These scopes make no key."""

    code = "scopes_invalid"


class KeyNotInForce(Conflict):
    """The key is revoked already."""

    code = "key_not_in_force"


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedKey:
    """A new key. `plain` is shown this once and kept nowhere."""

    key: ApiKey
    plain: str = field(repr=False)


def issue(
    *,
    project: Project,
    actor: Actor,
    scopes: Iterable[str],
    accountable: Person,
    agent: Agent | None = None,
    service: str = "",
    expires_in_days: int = DEFAULT_DAYS,
    requests_per_minute: int | None = None,
) -> IssuedKey:
    """Make a key for an agent, or for a service where `agent` is None. Raises ScopesInvalid."""
    wanted = sorted(set(scopes))
    if not wanted or not set(wanted) <= set(ApiKey.Scope):
        raise ScopesInvalid(f"A key has at least one of the scopes {', '.join(ApiKey.Scope)}.")
    if agent is not None and ApiKey.Scope.GOVERN in wanted:
        raise ScopesInvalid("An agent never governs itself: give `govern` to a service's key.")
    identity, secret = secrets.token_hex(ID_BYTES), secrets.token_urlsafe(SECRET_BYTES)
    with transaction.atomic():
        head = appending.lock(project.pk)
        key = ApiKey.objects.create(
            id=identity,
            project=project,
            agent=agent,
            service="" if agent else service or "service",
            accountable=accountable,
            scopes=wanted,
            secret_digest=queries.secret_digest(secret),
            expires_at=head.now + timedelta(days=expires_in_days),
            **({} if requests_per_minute is None else {"requests_per_minute": requests_per_minute}),
        )
        record(
            project_id=project.pk,
            actor=actor,
            type="key.issued",
            members={
                "key": identity,
                "scopes": wanted,
                "accountable": str(accountable.pk),
                "expires_at": times.format_time(key.expires_at),
                "holder": {"agent": agent.slug} if agent else {"service": key.service},
            },
        )
    return IssuedKey(key=key, plain=f"wxk_{identity}_{secret}")


def revoke(*, key: ApiKey, actor: Actor) -> Receipt:
    """Revoke a key: what commits after this commits without it. Raises KeyNotInForce."""
    project_id = key.project_id
    try:
        with transaction.atomic():
            # The project's lock first, as in every append; the stream's head only behind it.
            call_one("SELECT pg_advisory_xact_lock(project_lock_key_v1(%s))", (project_id,))
            body = appending.next_entry(
                appending.lock(project_id),
                project=project_id,
                stream=project_id,
                type="key.revoked",
                state=state_digest(project_id),
                members={"actor": actor.document(), "key": key.pk},
            )
            row = call_one("SELECT entry_seq, entry_digest FROM key_revoke_v1(%s, %s, %s)", (project_id, key.pk, body))
    except DatabaseError as error:
        if getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) == "apikey_in_force":
            raise KeyNotInForce() from error
        raise
    key.refresh_from_db()
    return Receipt(stream=str(project_id), seq=row.entry_seq, digest=name_digest(row.entry_digest) or "")


def note_use(key: ApiKey) -> None:
    """Remember that a key was used, at most once a minute."""
    old = Q(last_used_at__isnull=True) | Q(last_used_at__lt=Now() - USE_IS_NOTED_EVERY)
    ApiKey.objects.filter(old, pk=key.pk).update(last_used_at=Now())

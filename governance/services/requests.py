"""Requests that may come twice: the effect and its answer are kept in one transaction."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

import orjson
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from governance.domain.requests import Retry
from governance.models import StoredAnswer
from waxell.ledger.domain.entries import raw_digest
from waxell.lib.db.calls import call_one
from waxell.lib.errors import DomainError, Invalid
from waxell.lib.problems import problem_of

KEPT_FOR: Final = timedelta(hours=24)
STORED_ERRORS: Final = frozenset({404, 409, 422})
"""A refusal that the same request would meet again; what depends on the moment or the key is not kept."""


class IdempotencyKeyReused(Invalid):
    """This Idempotency-Key was used with another body."""

    code = "idempotency_key_reused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """An answer: a status and a JSON object. `stored` is kept instead of `body` where that holds a secret."""

    status: int
    body: Mapping[str, Any]
    stored: Mapping[str, Any] | None = None
    replayed: bool = False


def once(retry: Retry | None, effect: Callable[[], Outcome]) -> Outcome:
    """Carry out `effect` in a transaction, or return what it answered the first time.

    A twin waits for the first request to commit. Errors of the effect rise on the first request
    and come back as a plain outcome on a replay. Raises IdempotencyKeyReused.
    """
    if retry is None:
        with transaction.atomic():
            return effect()
    refused: DomainError | None = None
    with transaction.atomic():
        earlier = _claim(retry)
        if earlier is not None:
            return _replay(earlier, retry)
        try:
            with transaction.atomic():
                outcome = effect()
        except DomainError as error:
            if error.status not in STORED_ERRORS:
                raise
            refused, outcome = error, _outcome_of(error)
        _mine(retry).update(
            status=outcome.status, body=orjson.dumps(outcome.body if outcome.stored is None else outcome.stored)
        )
    if refused is not None:
        raise refused
    return replace(outcome, stored=None)


def forget_old() -> int:
    """Delete answers past their time; returns how many."""
    deleted, _ = StoredAnswer.objects.filter(created_at__lt=Now() - KEPT_FOR).delete()
    return deleted


def _claim(retry: Retry) -> StoredAnswer | None:
    """Insert this request's row, waiting for a twin; return the twin's row where it was first."""
    for _ in range(2):
        mine = call_one(
            "INSERT INTO governance_storedanswer (caller, path, key, body_digest, status, body) "
            "VALUES (%s, %s, %s, %s, 0, '') ON CONFLICT DO NOTHING RETURNING id",
            (retry.caller, retry.path, retry.key, raw_digest(retry.body)),
        )
        if mine is not None:
            return None
        if not _mine(retry).filter(created_at__lt=Now() - KEPT_FOR).delete()[0]:
            break
    return _mine(retry).get()


def _replay(earlier: StoredAnswer, retry: Retry) -> Outcome:
    if bytes(earlier.body_digest) != raw_digest(retry.body):
        raise IdempotencyKeyReused()
    return Outcome(status=earlier.status, body=orjson.loads(bytes(earlier.body)), replayed=True)


def _outcome_of(error: DomainError) -> Outcome:
    problem = problem_of(error)
    assert problem is not None  # noqa: S101  every domain error is one
    return Outcome(status=problem.status, body=orjson.loads(orjson.dumps(problem.document(), default=str)))


def _mine(retry: Retry) -> QuerySet[StoredAnswer]:
    return StoredAnswer.objects.filter(caller=retry.caller, path=retry.path, key=retry.key)

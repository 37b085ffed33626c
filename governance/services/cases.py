"""Test cases: kept with a policy, changed, taken out, and asked before anything is published."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max

from governance import access
from governance.access import Permission
from governance.domain.actors import Actor
from governance.domain.cases import CaseInvalid, Wanted
from governance.models import Person, Policy, PolicyCase
from governance.queries import cases as queries
from governance.services.names import NameTaken
from governance.services.recording import record
from waxell.lib import canonical
from waxell.lib.errors import Conflict, Invalid

MOST: Final = 200
"""How many cases a policy has at most: each is asked whenever its text is checked."""

_MAX_BYTES: Final = 32_768


class CasesFail(Invalid):
    """Test cases kept with this policy do not come out as wanted; publishing needs a reason why it may."""

    code = "cases_fail"


class CaseConflict(Conflict):
    """Somebody else changed this test case meanwhile."""

    code = "case_conflict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The recorded action that a case is made of: the entry with its facts."""

    stream: UUID
    seq: int


def keep(
    *,
    policy: Policy,
    actor: Actor,
    name: str,
    given: Mapping[str, Any],
    wanted: str,
    source: Source | None = None,
    replaces: PolicyCase | None = None,
) -> PolicyCase:
    """Keep a case with a policy; `given` is what `cases.example` or `cases.recorded` made.

    `replaces` is the revision that was changed. Raises NameTaken, CaseInvalid, CaseConflict.
    """
    if wanted not in frozenset(Wanted):
        raise CaseInvalid("There is no such verdict.")
    content = canonical.encode(dict(given))
    if len(content) > _MAX_BYTES:
        raise CaseInvalid("A test case has at most 32 kB.")
    if replaces is None and len(queries.current(policy)) >= MOST:
        raise CaseInvalid(f"A policy has at most {MOST} test cases.")
    made = PolicyCase(
        policy=policy,
        name=name,
        given=dict(given),
        wanted=wanted,
        stream=source.stream if source else None,
        seq=source.seq if source else None,
        author_id=actor.person,
    )
    with transaction.atomic():
        _add(made, replaces)
        members = {"policy": policy.slug, "case": name, "wanted": wanted, "given": canonical.digest(content)}
        record(project_id=policy.project_id, actor=actor, type="policy.case_kept", members=members)
    return made


def remove(*, case: PolicyCase, actor: Actor) -> None:
    """Take a case out; what it was stays on record. Raises CaseConflict."""
    gone = PolicyCase(
        policy=case.policy,
        name=case.name,
        given=case.given,
        wanted=case.wanted,
        stream=case.stream,
        seq=case.seq,
        removed=True,
        author_id=actor.person,
    )
    with transaction.atomic():
        _add(gone, case)
        members = {"policy": case.policy.slug, "case": case.name}
        record(project_id=case.policy.project_id, actor=actor, type="policy.case_removed", members=members)


def sees_contents(policy: Policy, actor: Actor) -> bool:
    """Tell whether cases with recorded arguments may be judged for `actor`."""
    if actor.person is None:
        return actor.system is not None
    person = Person.objects.filter(pk=actor.person).first()
    return person is not None and access.can(person, Permission.VIEW_PAYLOADS, policy.project)


def check(*, policy: Policy, text: str, actor: Actor, override: str) -> tuple[str, ...]:
    """Return the names of the cases that `text` does not pass, which only an `override` lets through.

    Raises CasesFail (with `cases`) where there are any and nobody says why it may be published.
    """
    results = queries.run(policy, text, contents=sees_contents(policy, actor))
    failing = [result for result in results if not result.passed]
    if failing and not override.strip():
        names = ", ".join(result.case.name for result in failing[:3])
        more = f" and {len(failing) - 3} more" if len(failing) > 3 else ""
        raise CasesFail(
            f"Not as wanted: {names}{more}. Mend the text or the case, or give a reason.",
            cases=[result.document() for result in failing],
        )
    return tuple(result.case.name for result in failing)


def _add(made: PolicyCase, replaces: PolicyCase | None) -> None:
    """Add the next revision of a name; one that was taken out begins again behind its last."""
    latest = PolicyCase.objects.filter(policy=made.policy, name=made.name)
    last = latest.aggregate(last=Max("revision"))["last"] or 0
    if replaces is None and last and not latest.get(revision=last).removed:
        raise NameTaken(f"There is a test case {made.name} already.")
    if replaces is not None and (replaces.name != made.name or replaces.revision != last):
        raise CaseConflict()
    made.revision = last + 1
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as error:
        if getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") != "policycase_revision_unique":
            raise
        raise CaseConflict() from error

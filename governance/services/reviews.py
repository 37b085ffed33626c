"""Reviews: people stand behind a text before it decides, and say what they think of it."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from django.db import transaction

from governance import access
from governance.access import Permission
from governance.domain.actors import Actor
from governance.domain.manifest import policy_digest
from governance.models import Person, Policy, PolicyApproval, PolicyComment, PolicyVersion, Project
from governance.queries import policies as queries
from governance.queries import states
from governance.services.publications import SecondPersonMissing
from governance.services.recording import record
from waxell.ledger.domain.entries import name_digest, raw_digest
from waxell.lib.errors import Conflict, Forbidden

RETIRED: Final = PolicyApproval.Mode.RETIRED


class TextMoved(Conflict):
    """The text is another one by now: read it before you stand behind it."""

    code = "text_moved"


def approve(*, policy: Policy, actor: Actor, digest: str, mode: str) -> None:
    """Stand behind the draft (`digest` is that of its text, `mode` its mode), a version, or retiring what is in force.

    Doing it again changes nothing. Raises TextMoved where the text or mode is another by now,
    Forbidden for keys: a person reads, a key does not.
    """
    if actor.person is None or actor.key is not None:
        raise Forbidden("A person approves, signed in to the console; a key cannot.")
    with transaction.atomic():
        current = Policy.objects.select_for_update(no_key=True).get(pk=policy.pk)
        known = current.versions.filter(digest=raw_digest(digest), mode=mode).exists()
        if not known and (digest, mode) not in _approvable(current):
            raise TextMoved()
        _, new = PolicyApproval.objects.get_or_create(
            policy=current, digest=raw_digest(digest), mode=mode, person_id=actor.person
        )
        if new:
            members = {"policy": policy.slug, "text": digest, "mode": mode}
            record(project_id=policy.project_id, actor=actor, type="policy.approved", members=members)


def comment(*, policy: Policy, actor: Actor, text: str, version: int | None = None) -> PolicyComment:
    """Say something of the draft, or of a version."""
    if actor.person is None:
        raise Forbidden()
    with transaction.atomic():
        made = PolicyComment.objects.create(policy=policy, version=version, text=text, author_id=actor.person)
        members = {"policy": policy.slug} | ({} if version is None else {"version": version})
        record(project_id=policy.project_id, actor=actor, type="policy.commented", members=members)
    return made


def check_draft(*, policy: Policy, text: str, mode: str, actor: Actor) -> None:
    """Refuse what one person would publish alone. Raises SecondPersonMissing.

    The database asks the same once more, behind the project's lock.
    """
    if not asks_two(policy.project_id):
        return
    row = Policy.objects.get(pk=policy.pk)
    author = row.draft_author_id if (row.draft_text, row.mode) == (text, mode) else None
    _check(policy, policy_digest(text), mode, {actor.person, author})


def check_version(*, policy: Policy, version: PolicyVersion, actor: Actor) -> None:
    """The same for a version that comes back: those who wrote and published it stand behind it already."""
    if asks_two(policy.project_id):
        people = {actor.person, version.author_id, version.written_by_id}
        _check(policy, name_digest(version.digest) or "", version.mode, people)


def check_retirement(*, policy: Policy, digest: str, actor: Actor) -> None:
    """The same for what goes out of force."""
    if asks_two(policy.project_id):
        _check(policy, digest, RETIRED, {actor.person})


def approvers(policy: Policy, digest: str, mode: str) -> list[Person]:
    """Return who stands behind a text and may still author the policy, in the order of their saying so."""
    rows = PolicyApproval.objects.filter(policy=policy, digest=raw_digest(digest), mode=mode)
    people = [row.person for row in rows.select_related("person").order_by("id")]
    return [person for person in people if access.can(person, Permission.AUTHOR_POLICIES, policy)]


def asks_two(project_id: UUID) -> bool:
    """Tell whether the project wants two people behind each publication of a policy."""
    return Project.objects.filter(pk=project_id, four_eyes=True).exists()


def _check(policy: Policy, digest: str, mode: str, people: Iterable[UUID | None]) -> None:
    behind = {person for person in people if person is not None}
    behind |= {person.pk for person in approvers(policy, digest, mode)}
    if len(behind) < 2:
        raise SecondPersonMissing(text=digest, mode=mode)


def _approvable(policy: Policy) -> set[tuple[str, str]]:
    found = {(policy_digest(policy.draft_text), policy.mode)}
    in_force = queries.in_force_versions(states.in_force(policy.project_id)).get(policy.slug)
    if in_force is not None:
        found |= {(in_force.digest, str(RETIRED)), (in_force.digest, "enforced")}
    return found

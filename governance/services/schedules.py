"""Publishing at a time: what is wanted is written down now, and everything is proved again then."""

from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from governance import access
from governance.access import Permission
from governance.domain.actors import Actor
from governance.domain.manifest import policy_digest
from governance.models import Policy, PolicySchedule
from governance.queries import policies as queries
from governance.services import cases, policies
from governance.services.policies import PolicyInvalid
from governance.services.recording import record
from waxell.lib.db.calls import call_one
from waxell.lib.errors import Conflict, DomainError, Forbidden, Invalid, Unavailable
from waxell.lib.times import format_time

LONGEST: Final = timedelta(days=366)
AT_ONCE: Final = 20
"""How many publications one round of the sweeper carries out."""


class ScheduleTimeInvalid(Invalid):
    """A publication is scheduled for a time to come, within a year."""

    code = "schedule_time_invalid"


class ScheduledAlready(Conflict):
    """A publication of this policy waits already: cancel it first."""

    code = "scheduled_already"


class ScheduleEnded(Conflict):
    """It does not wait any more."""

    code = "schedule_ended"


class DraftMoved(Conflict):
    """The draft is another one by now."""

    code = "draft_moved"


def schedule(
    *,
    policy: Policy,
    actor: Actor,
    due_at: datetime,
    expected_version: int,
    note: str = "",
    override: str = "",
) -> PolicySchedule:
    """Let the draft, as `policy` holds it, come in force at `due_at` in the name of `actor`, a person.

    What can be said now against publishing it is said now; all of it is asked again then. Raises
    ScheduleTimeInvalid, ScheduledAlready, PolicyInvalid, CasesFail, Forbidden for keys.
    """
    if actor.person is None or actor.key is not None:
        raise Forbidden("A person schedules, signed in to the console; a key publishes at once.")
    now = call_one("SELECT clock_timestamp() AS now").now
    if not now < due_at <= now + LONGEST:
        raise ScheduleTimeInvalid()
    found = queries.validate(policy.project_id, policy.draft_text)
    if not found.valid:
        raise PolicyInvalid(errors=[error.document() for error in found.errors])
    cases.check(policy=policy, text=policy.draft_text, actor=actor, override=override)
    digest = policy_digest(policy.draft_text)
    try:
        with transaction.atomic():
            made = PolicySchedule.objects.create(
                policy=policy,
                due_at=due_at,
                digest=digest,
                mode=policy.mode,
                expected_version=expected_version,
                note=note,
                override=override,
                person_id=actor.person,
            )
            members = {"policy": policy.slug, "text": digest, "mode": policy.mode, "due_at": format_time(due_at)}
            record(project_id=policy.project_id, actor=actor, type="policy.scheduled", members=members)
    except IntegrityError as error:
        if getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") != "policyschedule_one_waits":
            raise
        raise ScheduledAlready() from error
    return made


def cancel(*, waiting: PolicySchedule, actor: Actor) -> None:
    """Take a scheduled publication back. Raises ScheduleEnded where it was carried out, or cancelled, meanwhile."""
    with transaction.atomic():
        if not _end(waiting, PolicySchedule.State.CANCELLED):
            raise ScheduleEnded()
        _tell(waiting, "policy.schedule_cancelled", actor, {})


def publish_due() -> int:
    """Carry out what is due; returns how many publications ended, either way.

    Each is one transaction: it is published and marked so, or refused and marked so, once.
    """
    ended = 0
    due = PolicySchedule.objects.filter(state=PolicySchedule.State.WAITING, due_at__lte=Now()).order_by("due_at", "id")
    for identity in list(due.values_list("id", flat=True)[:AT_ONCE]):
        ended += _carry_out(identity)
    return ended


def _carry_out(identity: int) -> bool:
    with transaction.atomic():
        # Another sweeper, or whoever cancels, has the row: it is theirs.
        rows = PolicySchedule.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
        wanted = rows.select_related("policy", "person").filter(pk=identity, state=PolicySchedule.State.WAITING).first()
        if wanted is None:
            return False
        actor = Actor(person=wanted.person_id, system="sweeper")
        try:
            _publish(wanted, actor)
        except Unavailable:
            # Nothing is wrong with it: the next round tries again.
            return False
        except DomainError as error:
            why = str(error.detail or error.title())
            _end(wanted, PolicySchedule.State.REFUSED, why)
            _tell(wanted, "policy.schedule_refused", actor, {"code": error.code})
        else:
            _end(wanted, PolicySchedule.State.PUBLISHED)
    return True


def _publish(wanted: PolicySchedule, actor: Actor) -> None:
    policy = wanted.policy
    if not access.can(wanted.person, Permission.AUTHOR_POLICIES, policy):
        raise Forbidden(f"{wanted.person} may no longer publish it.")
    # The text in force may be the same by now; that is another version, which nobody has seen.
    if (policy_digest(policy.draft_text), policy.mode) != (wanted.digest, wanted.mode):
        raise DraftMoved()
    policies.publish(
        policy=policy,
        actor=actor,
        note=wanted.note,
        expected_version=wanted.expected_version,
        override=wanted.override,
    )


def _end(wanted: PolicySchedule, state: PolicySchedule.State, why: str = "") -> bool:
    rows = PolicySchedule.objects.filter(pk=wanted.pk, state=PolicySchedule.State.WAITING)
    return bool(rows.update(state=state, why=why, ended_at=Now()))


def _tell(wanted: PolicySchedule, type: str, actor: Actor, members: dict[str, str]) -> None:
    policy = wanted.policy
    said = {"policy": policy.slug, "text": wanted.digest, "mode": wanted.mode, **members}
    record(project_id=policy.project_id, actor=actor, type=type, members=said)

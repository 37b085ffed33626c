"""Projects: each begins with a published policy and an owner."""

from dataclasses import replace
from zoneinfo import available_timezones

from django.db import transaction

from governance.domain.actors import Actor
from governance.domain.baselines import BASELINES
from governance.domain.manifest import GovernanceState
from governance.models import Membership, Person, Policy, Project
from governance.queries import states
from governance.services import names, policies, publications, rights
from governance.services.publications import Plan
from governance.services.recording import record
from waxell.lib.db.calls import call_one
from waxell.lib.errors import Invalid


class TimeZoneUnknown(Invalid):
    """There is no such time zone."""

    code = "time_zone_unknown"


def create(
    *,
    name: str,
    slug: str,
    owner: Person,
    baseline: str = Project.Baseline.WATCH,
    time_zone: str = "UTC",
    actor: Actor | None = None,
) -> Project:
    """Open a project with its governance stream, its owner and its baseline in force.

    Raises NameTaken, TimeZoneUnknown.
    """
    check_time_zone(time_zone)
    by = actor or Actor(person=owner.pk)
    with names.unique(slug):
        project = Project.objects.create(name=name, slug=slug, baseline=baseline, time_zone=time_zone)
        call_one("SELECT project_open_v1(%s)", (project.pk,))

        def plan(current: GovernanceState) -> Plan:
            return Plan(
                state=replace(current, settings=replace(current.settings, time_zone=time_zone)),
                type="project.created",
                members={"project_slug": slug, "baseline": str(baseline)},
            )

        publications.publish(project_id=project.pk, actor=by, plan=plan)
        rights.grant_role(project=project, person=owner, role=Membership.Role.OWNER, actor=by)
        policy = policies.create(
            project=project,
            actor=by,
            slug="baseline",
            name="Baseline",
            text=BASELINES[baseline],
            mode=Policy.Mode.ENFORCED,
        )
        policies.publish(policy=policy, actor=by)
    return project


def change_settings(
    *,
    project: Project,
    actor: Actor,
    refusal_limit: int | None = None,
    approval_timeout_seconds: int | None = None,
    time_zone: str | None = None,
    name: str | None = None,
    max_concurrent_executions: int | None = None,
    max_pending_executions: int | None = None,
    four_eyes: bool | None = None,
) -> None:
    """Change what is given of a project's settings; what stays as it is changes nothing.

    The first three decide, so they come into force with a publication; the others are only written
    down. Either way one entry tells them all, with what they were. Raises TimeZoneUnknown.
    """
    if time_zone is not None:
        check_time_zone(time_zone)
    deciding = _given(
        refusal_limit=refusal_limit, approval_timeout_seconds=approval_timeout_seconds, time_zone=time_zone
    )
    others = _given(
        name=name,
        max_concurrent_executions=max_concurrent_executions,
        max_pending_executions=max_pending_executions,
        four_eyes=four_eyes,
    )

    def write() -> None:
        zone = _given(time_zone=time_zone)
        if zone or others:
            Project.objects.filter(pk=project.pk).update(**zone, **others)

    def told(current: object) -> dict[str, object]:
        # From the row, not from the caller's copy of it, which may be old.
        row = Project.objects.get(pk=project.pk)
        was = {field: getattr(current, field) for field in deciding} | {field: getattr(row, field) for field in others}
        wanted = deciding | others
        changed = [field for field in wanted if wanted[field] != was[field]]
        return {
            "settings": {field: wanted[field] for field in changed},
            "was": {field: was[field] for field in changed},
        }

    def plan(current: GovernanceState) -> Plan:
        settings = replace(current.settings, **deciding)  # type: ignore[arg-type]
        state = replace(current, settings=settings)
        return Plan(state=state, type="settings.changed", members=told(current.settings), write=write)

    current = states.in_force(project.pk).settings
    if any(getattr(current, field) != value for field, value in deciding.items()):
        publications.publish(project_id=project.pk, actor=actor, plan=plan)
    else:
        with transaction.atomic():
            Project.objects.select_for_update(no_key=True).get(pk=project.pk)
            members = told(current)
            if members["settings"]:
                write()
                record(project_id=project.pk, actor=actor, type="settings.changed", members=members)
    project.refresh_from_db()


def _given(**values: object) -> dict[str, object]:
    return {field: value for field, value in values.items() if value is not None}


def check_time_zone(name: str) -> None:
    """Refuse what is no name of a zone. Raises TimeZoneUnknown."""
    # PostgreSQL would also take offsets and abbreviations, which have no summer time.
    if name not in available_timezones():
        raise TimeZoneUnknown(f"{name} is not the name of a time zone, such as Europe/Vienna.")

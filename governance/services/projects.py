"""Projects: each begins with a published policy and an owner."""

from dataclasses import replace
from zoneinfo import available_timezones

from governance.domain.actors import Actor
from governance.domain.baselines import BASELINES
from governance.domain.manifest import GovernanceState
from governance.models import Membership, Person, Policy, Project
from governance.services import names, policies, publications, rights
from governance.services.publications import Plan, Published
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
) -> Published:
    """Change what is given of the settings that decide. Raises TimeZoneUnknown."""
    if time_zone is not None:
        check_time_zone(time_zone)
    given = {
        "refusal_limit": refusal_limit,
        "approval_timeout_seconds": approval_timeout_seconds,
        "time_zone": time_zone,
    }
    changes = {field: value for field, value in given.items() if value is not None}

    def write() -> None:
        if time_zone is not None:
            Project.objects.filter(pk=project.pk).update(time_zone=time_zone)

    def plan(current: GovernanceState) -> Plan:
        return Plan(
            state=replace(current, settings=replace(current.settings, **changes)),  # type: ignore[arg-type]
            type="settings.changed",
            members={"settings": changes},
            write=write,
        )

    published = publications.publish(project_id=project.pk, actor=actor, plan=plan)
    project.refresh_from_db()
    return published


def check_time_zone(name: str) -> None:
    """Refuse what is no name of a zone. Raises TimeZoneUnknown."""
    # PostgreSQL would also take offsets and abbreviations, which have no summer time.
    if name not in available_timezones():
        raise TimeZoneUnknown(f"{name} is not the name of a time zone, such as Europe/Vienna.")

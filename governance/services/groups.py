"""Approver groups: whom a rule may ask. Who is in a group is part of the rules in force."""

from collections.abc import Iterable
from dataclasses import replace

from governance.domain import manifest
from governance.domain.actors import Actor
from governance.domain.manifest import GovernanceState
from governance.models import ApproverGroup, Person, Project
from governance.services import publications
from governance.services.publications import Plan


def define(*, project: Project, slug: str, name: str, people: Iterable[Person], actor: Actor) -> ApproverGroup:
    """Make a group, or give it these people instead of those it had."""
    members = {str(person.pk): person for person in people}

    def write() -> None:
        group, _ = ApproverGroup.objects.update_or_create(project=project, slug=slug, defaults={"name": name})
        group.people.set(members.values())

    def plan(current: GovernanceState) -> Plan:
        others = tuple(group for group in current.approver_groups if group.slug != slug)
        mine = manifest.ApproverGroup(slug=slug, members=tuple(sorted(members)))
        return Plan(
            state=replace(current, approver_groups=(*others, mine)),
            type="group.defined",
            members={"group": slug, "people": sorted(members)},
            write=write,
        )

    publications.publish(project_id=project.pk, actor=actor, plan=plan)
    return ApproverGroup.objects.get(project=project, slug=slug)

"""Agents and the teams they are in. Registering one changes no rule in force."""

from collections.abc import Iterable

from django.db import transaction

from governance.domain.actors import Actor
from governance.models import Agent, Project, Team
from governance.services import names
from governance.services.recording import record


def register(*, project: Project, actor: Actor, slug: str, name: str = "", teams: Iterable[str] = ()) -> Agent:
    """Register an agent; one that was only discovered is thereby adopted. Raises NameTaken."""
    wanted = list(dict.fromkeys(teams))
    with names.unique(slug):
        known = Agent.objects.select_for_update(no_key=True).filter(project=project, slug=slug, discovered=True).first()
        agent = known or Agent(project=project, slug=slug)
        agent.name = name or slug
        agent.discovered = False
        agent.save()
        _set_teams(agent, wanted)
        members = {"agent": slug, "teams": wanted, "adopted": known is not None}
        record(project_id=project.pk, actor=actor, type="agent.registered", members=members)
    return agent


def change(*, agent: Agent, actor: Actor, name: str | None = None, teams: Iterable[str] | None = None) -> Agent:
    """Rename an agent, or put it into these teams instead of those it was in."""
    with transaction.atomic():
        if name is not None:
            agent.name = name
            agent.save(update_fields=["name"])
        if teams is not None:
            _set_teams(agent, list(dict.fromkeys(teams)))
        members = {"agent": agent.slug, "teams": sorted(agent.teams.values_list("slug", flat=True))}
        record(project_id=agent.project_id, actor=actor, type="agent.changed", members=members)
    return agent


def adopt(*, agent: Agent, actor: Actor) -> Agent:
    """Take a discovered agent into the registry; adopting it again changes nothing."""
    with transaction.atomic():
        if Agent.objects.filter(pk=agent.pk, discovered=True).update(discovered=False):
            record(project_id=agent.project_id, actor=actor, type="name.adopted", members={"agent": agent.slug})
    agent.discovered = False
    return agent


def define_team(*, project: Project, actor: Actor, slug: str, name: str) -> Team:
    """Make a team, or give it this name. Agents say themselves which teams they are in."""
    with transaction.atomic():
        team, _ = Team.objects.update_or_create(project=project, slug=slug, defaults={"name": name})
        record(project_id=project.pk, actor=actor, type="team.defined", members={"team": slug, "name": name})
    return team


def _set_teams(agent: Agent, slugs: list[str]) -> None:
    Team.objects.bulk_create(
        [Team(project_id=agent.project_id, slug=slug, name=slug) for slug in slugs], ignore_conflicts=True
    )
    agent.teams.set(Team.objects.filter(project=agent.project_id, slug__in=slugs))

"""The demo project: rules and budgets that bite on the bundled audit and on nobody else's agents."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from django.db import transaction

from executions.runner import registry
from executions.workflows import licence_audit
from governance.domain.actors import Actor
from governance.models import Agent, Person, Project, Workflow
from governance.queries import keys as key_queries
from governance.services import agents, budgets, catalogue, groups, keys, people, policies, projects
from waxell.lib.errors import Unauthenticated

SLUG: Final = "demo"
OWNER: Final = "owner@waxell.local"
AUDITOR: Final = "licence-auditor"
TRIAL: Final = "trial-auditor"
# A newcomer's own program gets an agent of its own, which no rule of the demo names.
NEWCOMER: Final = "first-agent"
TRIAL_CALLS: Final = 25
MODELS: Final = {"gpt-4o-mini": "openai", "claude-sonnet-4-5": "anthropic"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How to get in: what a second start must return again. `agent` and `govern` are whole keys."""

    email: str
    password: str = field(repr=False)
    agent: str = field(repr=False)
    govern: str = field(repr=False)

    def document(self) -> dict[str, Any]:
        return {
            "owner": {"email": self.email, "password": self.password},
            "keys": {"agent": self.agent, "govern": self.govern},
            "project": SLUG,
        }


def prepare(kept: Mapping[str, Any]) -> Access:
    """Make the owner and the project, or find them again; `kept` is what an earlier call returned.

    What is kept and still works is returned as it is; what is lost is replaced.
    """
    with transaction.atomic():
        owner, password = _owner(str(kept.get("owner", {}).get("password", "")))
        project = Project.objects.filter(slug=SLUG).first() or _found(owner)
        known = kept.get("keys", {})
        actor = Actor(person=owner.pk)
        newcomer = Agent.objects.get(project=project, slug=NEWCOMER)
        return Access(
            email=owner.email,
            password=password,
            agent=_working(known.get("agent"), project)
            or keys.issue(
                project=project, actor=actor, scopes=("execute", "read"), accountable=owner, agent=newcomer
            ).plain,
            govern=_working(known.get("govern"), project)
            or keys.issue(
                project=project, actor=actor, scopes=("govern", "read"), accountable=owner, service="demo"
            ).plain,
        )


def _owner(kept: str) -> tuple[Person, str]:
    person = Person.objects.filter(email=OWNER).first()
    if person is not None and kept and person.check_password(kept):
        return person, kept
    password = secrets.token_urlsafe(15)
    if person is None:
        return people.create(email=OWNER, password=password, name="Owner"), password
    person.set_password(password)
    person.save(update_fields=["password"])
    return person, password


def _working(plain: str | None, project: Project) -> str | None:
    """Return the key if it is still one of the project's."""
    if not plain:
        return None
    try:
        return plain if key_queries.authenticate(plain).project_id == project.pk else None
    except Unauthenticated:
        return None


def _found(owner: Person) -> Project:
    """Make the project with everything in it."""
    project = projects.create(name="Demo", slug=SLUG, owner=owner)
    actor = Actor(person=owner.pk)
    for slug, name in ((AUDITOR, "Licence auditor"), (TRIAL, "Auditor on trial"), (NEWCOMER, "First agent")):
        agents.register(project=project, actor=actor, slug=slug, name=name)
    _register_audit(project, actor)
    for model, provider in MODELS.items():
        catalogue.register_model(project=project, actor=actor, slug=model, provider=provider)
    groups.define(project=project, slug="release", name="Release approvers", people=(owner,), actor=actor)
    policy = policies.create(
        project=project,
        actor=actor,
        slug="licence-audits",
        name="Licence audits",
        text=Path(__file__).with_name("policy.cedar").read_text(encoding="utf-8"),
        description="What the bundled licence audit may do. Other agents are not concerned.",
    )
    policies.publish(policy=policy, actor=actor, note="The demo's rules.")
    _set_budgets(project, actor)
    return project


def _register_audit(project: Project, actor: Actor) -> None:
    spec = registry.find(licence_audit.NAME)
    for need in spec.needs:
        catalogue.register_tool(
            project=project,
            actor=actor,
            slug=need.slug,
            groups=need.groups,
            schema=dict(need.schema),
            description=need.description,
        )
    catalogue.register_workflow(
        project=project,
        actor=actor,
        slug=spec.slug,
        kind=Workflow.Kind.WORKER,
        description=spec.description,
        max_attempts=spec.max_attempts,
        schedule=spec.schedule,
    )


def _set_budgets(project: Project, actor: Actor) -> None:
    budgets.create(
        project=project,
        actor=actor,
        slug="trial-calls",
        name="Tool calls of the auditor on trial",
        unit="tool_calls",
        limit=TRIAL_CALLS,
        scope_type="agent",
        scope_value=TRIAL,
        period="per_execution",
        on_exceed="halt",
    )
    budgets.create(
        project=project,
        actor=actor,
        slug="audits-a-day",
        name="Licence audits in a day",
        unit="executions",
        limit=50,
        scope_type="workflow",
        scope_value=licence_audit.NAME,
        period="day",
        on_exceed="deny",
    )

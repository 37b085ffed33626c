import itertools
from typing import Any

from governance.domain.actors import Actor
from governance.models import Agent, Membership, Person, Policy, Project, Tool, Workflow
from governance.services import agents, budgets, catalogue, keys, people, policies, projects
from governance.services.budgets import PublishedBudget
from governance.services.keys import IssuedKey

_numbers = itertools.count(1)

DENY_MAIL = """
@id("no-mail") @message("Mail is not sent from here.") @effect("deny")
forbid (principal, action in Action::"tool.call", resource == Tool::"mail");
"""


def make_person(name: str = "Alice", **values: Any) -> Person:
    """A person without a password, which is slow to make."""
    email = f"{name.lower()}-{next(_numbers)}@example.org"
    return people.create(**{"email": email, "name": name, "password": None, **values})


def make_project(owner: Person | None = None, **values: Any) -> Project:
    number = next(_numbers)
    given = {"name": f"Project {number}", "slug": f"project-{number}", **values}
    return projects.create(owner=owner or make_person(), **given)


def owner_of(project: Project) -> Person:
    """The person who made the project."""
    first = Membership.objects.filter(project=project, role=Membership.Role.OWNER).order_by("id")
    return first.select_related("person")[0].person


def make_agent(project: Project, slug: str = "scout", **values: Any) -> Agent:
    return agents.register(**{"project": project, "slug": slug, "actor": _owner(project), **values})


def make_key(project: Project, agent: Agent | None = None, **values: Any) -> IssuedKey:
    """A key of `agent`; without one, of a service that the owner answers for."""
    scopes = ("execute", "read") if agent else ("execute", "read", "govern")
    given = {"scopes": scopes, "accountable": owner_of(project), "actor": _owner(project), **values}
    return keys.issue(project=project, agent=agent, **given)


def make_policy(project: Project, text: str = DENY_MAIL, *, publish: bool = True, **values: Any) -> Policy:
    """A policy, in force unless told otherwise. The default text needs a tool `mail`."""
    slug = f"policy-{next(_numbers)}"
    given = {"slug": slug, "name": slug, "actor": _owner(project), **values}
    policy = policies.create(project=project, text=text, **given)
    if publish:
        policies.publish(policy=policy, actor=given["actor"])
    return policy


def make_budget(project: Project, **values: Any) -> PublishedBudget:
    """Ten tool calls a day for the whole project, unless told otherwise."""
    slug = f"budget-{next(_numbers)}"
    given = {"unit": "tool_calls", "limit": 10, "scope_type": "project", "period": "day"}
    named = {"slug": slug, "name": slug, "actor": _owner(project)}
    return budgets.create(project=project, **{**given, **named, **values})


def make_tool(project: Project, slug: str = "mail", **values: Any) -> Tool:
    return catalogue.register_tool(**{"project": project, "slug": slug, "actor": _owner(project), **values})


def make_workflow(project: Project, slug: str = "errand", **values: Any) -> Workflow:
    return catalogue.register_workflow(**{"project": project, "slug": slug, "actor": _owner(project), **values})


def _owner(project: Project) -> Actor:
    return Actor(person=owner_of(project).pk)

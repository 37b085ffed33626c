"""How far a new project has come."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Subquery
from django.db.models.functions import Now

from governance.models import Agent, ApiKey, PolicyVersion, Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginnings:
    """What is there already: an agent (its id), a key it can use, a call made with one, a rule of one's own."""

    agent: UUID | None
    key: bool
    called: bool
    rule: bool

    @property
    def complete(self) -> bool:
        return self.agent is not None and self.key and self.called and self.rule


def seen(project_id: UUID) -> Beginnings:
    """Return which first steps are done; in one query."""
    here = OuterRef("pk")
    agents = Agent.objects.filter(project=here, discovered=False).order_by("created_at", "id")
    keys = ApiKey.objects.filter(project=here, agent__isnull=False)
    # The first version of the baseline came with the project.
    written = PolicyVersion.objects.filter(policy__project=here).exclude(policy__slug="baseline", number=1)
    asked = Project.objects.filter(pk=project_id).values_list(
        Subquery(agents.values("pk")[:1]),
        Exists(keys.filter(revoked_at__isnull=True, expires_at__gt=Now())),
        Exists(keys.filter(last_used_at__isnull=False)),
        Exists(written),
    )
    agent, key, called, rule = asked.get()
    return Beginnings(agent=agent, key=key, called=called, rule=rule)

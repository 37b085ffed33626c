"""How far a new project has come."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models.functions import Now

from governance.models import Agent, ApiKey, PolicyVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginnings:
    """What is there already: an agent, a key it can use, a call made with one, a rule of one's own."""

    agent: Agent | None
    key: bool
    called: bool
    rule: bool

    @property
    def complete(self) -> bool:
        return self.agent is not None and self.key and self.called and self.rule


def seen(project_id: UUID) -> Beginnings:
    """Return which first steps are done."""
    keys = ApiKey.objects.filter(project=project_id, agent__isnull=False)
    written = PolicyVersion.objects.filter(policy__project=project_id)
    return Beginnings(
        agent=Agent.objects.filter(project=project_id, discovered=False).order_by("created_at", "id").first(),
        key=keys.filter(revoked_at__isnull=True, expires_at__gt=Now()).exists(),
        called=keys.filter(last_used_at__isnull=False).exists(),
        # The first version of the baseline came with the project.
        rule=written.exclude(policy__slug="baseline", number=1).exists(),
    )

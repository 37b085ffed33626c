"""Rights: who holds which role in a project, and direct-FK permission rows for guardian."""

from django.db import models
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase


class Membership(models.Model):
    """A person's role in a project; guardian's rows follow from it."""

    class Role(models.TextChoices):
        VIEWER = "viewer", "Viewer"
        OPERATOR = "operator", "Operator"
        AUTHOR = "author", "Author"
        BUDGET_OWNER = "budget_owner", "Budget owner"
        APPROVER = "approver", "Approver"
        AUDITOR = "auditor", "Auditor"
        OWNER = "owner", "Owner"

    project = models.ForeignKey("governance.Project", models.PROTECT, related_name="memberships")
    person = models.ForeignKey("governance.Person", models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "person", "role"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.person} is {self.role} of {self.project}"


class ApproverGroup(models.Model):
    """A named group of people whom a rule may ask for approval."""

    project = models.ForeignKey("governance.Project", models.PROTECT, related_name="approver_groups")
    slug = models.SlugField(max_length=63)
    name = models.CharField(max_length=120)
    people = models.ManyToManyField("governance.Person", related_name="approver_groups", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "slug"], name="approvergroup_slug_unique")]

    def __str__(self) -> str:
        return self.name


class ProjectUserPermission(UserObjectPermissionBase):
    """guardian's direct foreign-key row: one right of one person on one project."""

    content_object = models.ForeignKey("governance.Project", models.CASCADE)


class ProjectGroupPermission(GroupObjectPermissionBase):
    """guardian's direct foreign-key row: one right of a group on one project."""

    content_object = models.ForeignKey("governance.Project", models.CASCADE)


class PolicyUserPermission(UserObjectPermissionBase):
    """One right of one person on one policy."""

    content_object = models.ForeignKey("governance.Policy", models.CASCADE)


class BudgetUserPermission(UserObjectPermissionBase):
    """One right of one person on one budget."""

    content_object = models.ForeignKey("governance.Budget", models.CASCADE)


class AgentUserPermission(UserObjectPermissionBase):
    """One right of one person on one agent."""

    content_object = models.ForeignKey("governance.Agent", models.CASCADE)

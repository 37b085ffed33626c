"""People, their roles and the groups that rules ask."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from governance.models import Membership, Person
from governance.ui.forms.projects import SLUG_HELP

ROLES = [
    (Membership.Role.VIEWER, _("Viewer: sees everything but contents")),
    (Membership.Role.OPERATOR, _("Operator: starts and stops executions, manages agents and keys")),
    (Membership.Role.AUTHOR, _("Author: writes and publishes policies")),
    (Membership.Role.BUDGET_OWNER, _("Budget owner: sets and changes budgets")),
    (Membership.Role.APPROVER, _("Approver: decides what waits, and sees contents")),
    (Membership.Role.AUDITOR, _("Auditor: reads records, proofs and rights, changes nothing")),
    (Membership.Role.OWNER, _("Owner: everything, people and rights too")),
]


class PersonForm(forms.Form):
    email = forms.EmailField(label=_("E-mail address"), max_length=254)
    name = forms.CharField(label=_("Name"), max_length=120, required=False)
    role = forms.ChoiceField(label=_("Role"), choices=ROLES, initial="viewer", widget=forms.RadioSelect)


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=ROLES)


class GroupChangeForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    people = forms.ModelMultipleChoiceField(
        label=_("Who is in it"),
        queryset=Person.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Each of them can decide what a rule asks of the group, if they may decide approvals."),
    )

    def __init__(self, *args: Any, people: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["people"].queryset = people  # type: ignore[attr-defined]


class GroupForm(GroupChangeForm):
    slug = forms.SlugField(label=_("Name in rules"), max_length=63, help_text=SLUG_HELP)
    field_order = ["name", "slug", "people"]

"""Reviews in the console: who stands behind a text, approving it, and comments."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import FETCH_RAISE
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_POST

from governance.access import Permission
from governance.models import Person, Policy, PolicyApproval, PolicyComment, Project
from governance.services import reviews
from governance.ui.entrance import actor_of, person_of, sentence, within_project
from governance.ui.policies import find
from waxell.lib.errors import DomainError
from waxell.lib.htmx import redirect

MOST_COMMENTS = 100


class ApproveForm(forms.Form):
    digest = forms.RegexField(r"^sha256:[0-9a-f]{64}$", widget=forms.HiddenInput)
    mode = forms.ChoiceField(choices=PolicyApproval.Mode, widget=forms.HiddenInput)


class CommentForm(forms.Form):
    text = forms.CharField(
        label=_l("Your comment"), max_length=4000, widget=forms.Textarea(attrs={"rows": 3}), strip=True
    )
    version = forms.IntegerField(min_value=1, required=False, widget=forms.HiddenInput)


@within_project(None)
@require_POST
def policy_approve(request: HttpRequest, project: Project, policy: str) -> HttpResponse:
    """Stand behind a text, or behind taking it out of force."""
    found = find(request, project, policy, Permission.AUTHOR_POLICIES)
    form = ApproveForm(request.POST)
    if form.is_valid():
        try:
            reviews.approve(policy=found, actor=actor_of(request), **form.cleaned_data)
            messages.success(request, _("You stand behind it. Any change of the text takes that back."))
        except DomainError as error:
            messages.error(request, sentence(error))
    version = request.POST.get("version", "")
    if version.isascii() and version.isdecimal() and len(version) < 9:
        return redirect(request, reverse("governance:policy_version", args=[project.slug, found.slug, int(version)]))
    return redirect(request, reverse(_back(found, request.POST.get("mode")), args=[project.slug, found.slug]))


@within_project(None)
@require_POST
def policy_comment(request: HttpRequest, project: Project, policy: str) -> HttpResponse:
    """Say something of the draft or of a version."""
    found = find(request, project, policy, Permission.AUTHOR_POLICIES)
    form = CommentForm(request.POST)
    version = None
    if form.is_valid():
        version = form.cleaned_data["version"]
        reviews.comment(policy=found, actor=actor_of(request), **form.cleaned_data)
        messages.success(request, _("Your comment stands."))
    else:
        messages.error(request, _("A comment has 1 to 4000 characters."))
    if version is not None and found.versions.filter(number=version).exists():
        return redirect(request, reverse("governance:policy_version", args=[project.slug, found.slug, version]))
    return redirect(request, reverse("governance:policy_publish", args=[project.slug, found.slug]))


def _back(policy: Policy, mode: str | None) -> str:
    """The page on which such an approval is asked for."""
    if mode == PolicyApproval.Mode.RETIRED:
        return "governance:policy_retire"
    on_trial = policy.mode == Policy.Mode.SHADOW and mode == PolicyApproval.Mode.ENFORCED
    return "governance:policy_promote" if on_trial else "governance:policy_publish"


def shown(request: HttpRequest, policy: Policy, digest: str, mode: str, *authors: UUID | None) -> dict[str, Any]:
    """Return what the page says of who stands behind a text; `authors` are those who wrote or published it."""
    if not policy.project.four_eyes:
        return {"review": None}
    me = person_of(request)
    # Who last changed a draft is one person; a version has those who wrote and published it.
    is_draft = len(authors) == 1
    people = reviews.approvers(policy, digest, mode)
    behind = {person.pk for person in people} | {author for author in authors if author is not None}
    return {
        "review": {
            "digest": digest,
            "mode": str(mode),
            "author": Person.objects.filter(pk__in=[one for one in authors if one]).first() if is_draft else None,
            "approvers": people,
            "mine": me.pk in behind,
            "may_publish": len(behind | {me.pk}) > 1,
        }
    }


def comments(policy: Policy, version: int | None) -> list[PolicyComment]:
    """Return what was said of a version, or of drafts, the newest first."""
    rows = PolicyComment.objects.filter(policy=policy, version=version).select_related("author")
    return list(rows.order_by("-id").fetch_mode(FETCH_RAISE)[:MOST_COMMENTS])

"""Policies: the list, a new one, the draft and its check."""

from dataclasses import dataclass

from django.contrib import messages
from django.db.models import FETCH_RAISE, Count
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from governance import access
from governance.access import Permission
from governance.domain.manifest import PolicyInForce
from governance.domain.policies import Validation
from governance.models import Policy, Project
from governance.queries import policies as queries
from governance.queries import states
from governance.services import policies
from governance.services.policies import DraftConflict
from governance.ui import case_lines, diffs, rules
from governance.ui.entrance import actor_of, may, person_of, refuse, within_project
from governance.ui.forms.policies import DraftForm, PolicyForm, plain_line_ends
from governance.ui.rules import RuleLine
from waxell.lib.errors import DomainError, NotFound
from waxell.lib.htmx import redirect, render_page


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRow:
    """A policy, what of it is in force (None: nothing), and what its rules say."""

    policy: Policy
    in_force: PolicyInForce | None
    rules: tuple[RuleLine, ...]
    published: bool

    @property
    def draft_is_newer(self) -> bool:
        shown = self.in_force
        return shown is not None and (shown.text != self.policy.draft_text or shown.mode != self.policy.mode)


@within_project(Permission.VIEW)
@require_safe
def policy_list(request: HttpRequest, project: Project) -> HttpResponse:
    in_force = queries.in_force_versions(states.in_force(project.pk))
    found = queries.listed(project.pk).annotate(published=Count("versions")).fetch_mode(FETCH_RAISE)
    rows = [_row(policy, in_force.get(policy.slug), published=bool(policy.published)) for policy in found]
    context = {
        "rows": [row for row in rows if row.in_force],
        "others": [row for row in rows if not row.in_force],
        "may_author": may(request, Permission.AUTHOR_POLICIES, project),
    }
    return render_page(request, "governance/policy_list.html", context)


@within_project(Permission.AUTHOR_POLICIES)
def policy_new(request: HttpRequest, project: Project) -> HttpResponse:
    form = PolicyForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                policy = policies.create(project=project, actor=actor_of(request), **form.cleaned_data)
            except DomainError as error:
                status = refuse(form, error, "slug")
            else:
                messages.success(request, _("A draft. It decides nothing until it is published."))
                return redirect(request, address(policy, project))
    return render_page(request, "governance/policy_new.html", {"form": form}, partial="form", status=status)


@within_project(None)
def policy(request: HttpRequest, project: Project, policy: str) -> HttpResponse:
    """The draft: its text, what stands against it, and what it would do."""
    found = find(request, project, policy, Permission.VIEW)
    may_author = may(request, Permission.AUTHOR_POLICIES, found)
    form, theirs, status = _draft(found), "", 200
    if request.method == "POST":
        access.require(person_of(request), Permission.AUTHOR_POLICIES, found)
        form, status = DraftForm(request.POST), 422
        if form.is_valid():
            try:
                policies.save_draft(policy=found, actor=actor_of(request), **form.cleaned_data)
            except DraftConflict as error:
                status, theirs = error.status, found.draft_text
                form = _after_conflict(form, found)
            else:
                messages.success(request, _("The draft is saved. It decides nothing until it is published."))
                return redirect(request, address(found, project))
    text = str(form["text"].value() or "")
    context = {
        "policy": found,
        "row": _row(found, _in_force(found), published=found.versions.exists()),
        "form": form,
        "may_author": may_author,
        "conflict": diffs.compare(theirs, text) if status == DraftConflict.status else None,
        **_checked(request, found, text),
    }
    return render_page(request, "governance/policy.html", context, partial="form", status=status)


@within_project(None)
@require_POST
def policy_check(request: HttpRequest, project: Project, policy: str) -> HttpResponse:
    """Say what stands against the text as it is typed."""
    found = find(request, project, policy, Permission.VIEW)
    text = plain_line_ends(request.POST.get("text", ""))
    context = {"policy": found, **_checked(request, found, text)}
    return render_page(request, "governance/policy.html#check", context)


def find(request: HttpRequest, project: Project, slug: str, permission: Permission) -> Policy:
    """Return the policy if the signed-in person has `permission` on it. Raises NotFound, Forbidden."""
    found = queries.listed(project.pk).filter(slug=slug).first()
    if found is None:
        raise NotFound()
    access.require(person_of(request), permission, found)
    return found


def address(policy: Policy, project: Project) -> str:
    return reverse("governance:policy", args=[project.slug, policy.slug])


def _in_force(policy: Policy) -> PolicyInForce | None:
    return queries.in_force_versions(states.in_force(policy.project_id)).get(policy.slug)


def _row(policy: Policy, in_force: PolicyInForce | None, *, published: bool) -> PolicyRow:
    said = rules.of_text(in_force.text if in_force else policy.draft_text)
    return PolicyRow(policy=policy, in_force=in_force, rules=said, published=published)


def _draft(policy: Policy) -> DraftForm:
    return DraftForm(
        initial={
            "text": policy.draft_text,
            "mode": policy.mode,
            "name": policy.name,
            "description": policy.description,
            "revision": policy.draft_revision,
        }
    )


def _after_conflict(form: DraftForm, policy: Policy) -> DraftForm:
    """Keep what was typed; saving once more then replaces, knowingly, what somebody else saved."""
    return DraftForm(data={**form.cleaned_data, "revision": policy.draft_revision})


def _checked(request: HttpRequest, policy: Policy, text: str) -> dict[str, object]:
    found: Validation = policies.validate(project_id=policy.project_id, text=text)
    return {
        "errors": rules.flaws(found.errors),
        "rules": [rules.of_rule(rule) for rule in found.rules],
        "cases": case_lines.of_text(request, policy, text) if found.valid else (),
    }

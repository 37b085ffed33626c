"""What of a policy is in force: publishing, its history, returning to a version, retiring."""

from collections.abc import Callable

from django.contrib import messages
from django.db.models import FETCH_RAISE
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from governance.access import Permission
from governance.domain.manifest import PolicyInForce, policy_digest
from governance.models import Policy, PolicyVersion, Project
from governance.queries import policies as queries
from governance.queries import states
from governance.services import policies
from governance.services.policies import DraftConflict, PolicyInvalid
from governance.services.publications import Published, SecondPersonMissing
from governance.services.reviews import RETIRED
from governance.ui import case_lines, diffs, reviews, rules, schedules
from governance.ui.case_lines import CaseChange, CaseLine
from governance.ui.entrance import actor_of, may, refuse, within_project
from governance.ui.forms.policies import InForceForm, PublishForm, ReturnForm
from governance.ui.policies import address, find
from waxell.ledger.domain.entries import name_digest
from waxell.lib.errors import Conflict, DomainError, NotFound
from waxell.lib.htmx import redirect, render_page


@within_project(None)
def policy_publish(request: HttpRequest, project: Project, policy: str) -> HttpResponse:
    """Show what would change, and put the draft in force."""
    found = find(request, project, policy, Permission.AUTHOR_POLICIES)
    shown = _in_force(found)
    seen = {"expected_version": shown.version if shown else 0, "revision": found.draft_revision}
    form, status = PublishForm(initial=seen), 200
    if request.method == "POST":
        form, status = PublishForm(request.POST), 422
        if form.is_valid():
            wanted = form.cleaned_data
            try:
                if wanted.pop("revision") != found.draft_revision:
                    raise DraftConflict()
                made = policies.publish(policy=found, actor=actor_of(request), **wanted)
            except DomainError as error:
                form, status = _seen_again(form, seen, error)
            else:
                _tell(request, _("Version %(version)d is in force.") % {"version": made.version}, made.published)
                return redirect(request, address(found, project))
    checked = policies.validate(project_id=project.pk, text=found.draft_text)
    cases, changed = _cases(request, found, shown, found.draft_text) if checked.valid else ((), ())
    if not all(line.passed for line in cases):
        form.ask_why()
    context = {
        "cases": cases,
        "changed_cases": changed,
        "policy": found,
        "in_force": shown,
        "form": form,
        "errors": rules.flaws(checked.errors),
        "rules": [rules.of_rule(rule) for rule in checked.rules],
        "diff": diffs.compare(shown.text if shown else "", found.draft_text),
        "sides": diffs.side_by_side(shown.text if shown else "", found.draft_text),
        "mode_changes": shown is not None and shown.mode != found.mode,
        **reviews.shown(request, found, policy_digest(found.draft_text), found.mode, found.draft_author_id),
        "comments": reviews.comments(found, None),
        **schedules.shown(found, expected_version=seen["expected_version"]),
        "may_author": True,
    }
    return render_page(request, "governance/policy_publish.html", context, partial="publication", status=status)


@within_project(None)
@require_safe
def policy_history(request: HttpRequest, project: Project, policy: str) -> HttpResponse:
    found = find(request, project, policy, Permission.VIEW)
    versions = found.versions.select_related("author").order_by("-number").defer("text").fetch_mode(FETCH_RAISE)
    context = {
        "policy": found,
        "in_force": _in_force(found),
        "versions": list(versions),
        "may_author": may(request, Permission.AUTHOR_POLICIES, found),
    }
    return render_page(request, "governance/policy_history.html", context)


@within_project(None)
def policy_version(request: HttpRequest, project: Project, policy: str, number: int) -> HttpResponse:
    """One version, compared with the one in force; and the way back to it."""
    writes = request.method == "POST"
    found = find(request, project, policy, Permission.AUTHOR_POLICIES if writes else Permission.VIEW)
    version: PolicyVersion | None = found.versions.select_related("author").filter(number=number).first()
    if version is None:
        raise NotFound()
    shown = _in_force(found)

    def publish(form: ReturnForm) -> str:
        made = policies.publish_version(policy=found, number=number, actor=actor_of(request), **form.cleaned_data)
        _tell(request, _("Version %(version)d is in force again.") % {"version": number}, made.published)
        return reverse("governance:policy_history", args=[project.slug, found.slug])

    answer, form, status = _change_in_force(request, ReturnForm, shown, publish)
    if answer is not None:
        return answer
    cases, changed = _cases(request, found, shown, version.text)
    if not all(line.passed for line in cases):
        form.ask_why()
    context = {
        "cases": cases,
        "changed_cases": changed,
        "policy": found,
        "version": version,
        "in_force": shown,
        "is_in_force": shown is not None and shown.version == number,
        "rules": rules.of_text(version.text),
        "diff": diffs.compare(shown.text if shown else "", version.text),
        "sides": diffs.side_by_side(shown.text if shown else "", version.text),
        **reviews.shown(
            request, found, name_digest(version.digest) or "", version.mode, version.author_id, version.written_by_id
        ),
        "form": form,
        "may_author": may(request, Permission.AUTHOR_POLICIES, found),
        "comments": reviews.comments(found, number),
    }
    return render_page(request, "governance/policy_version.html", context, partial="return", status=status)


@within_project(None)
def policy_promote(request: HttpRequest, project: Project, policy: str) -> HttpResponse:
    """Enforce what is in force on trial."""
    found = find(request, project, policy, Permission.AUTHOR_POLICIES)
    shown = _in_force(found)

    def promote(form: ReturnForm) -> str:
        made = policies.promote(policy=found, actor=actor_of(request), **form.cleaned_data)
        _tell(request, _("Version %(version)d is enforced.") % {"version": made.version}, made.published)
        return address(found, project)

    answer, form, status = _change_in_force(request, ReturnForm, shown, promote)
    if answer is not None:
        return answer
    on_trial = shown if shown is not None and shown.mode == Policy.Mode.SHADOW else None
    cases = case_lines.of_text(request, found, on_trial.text) if on_trial else ()
    if not all(line.passed for line in cases):
        form.ask_why()
    context = {
        "policy": found,
        "in_force": shown,
        "on_trial": on_trial,
        "form": form,
        "cases": cases,
        "rules": rules.of_text(on_trial.text) if on_trial else (),
        **(reviews.shown(request, found, on_trial.digest, Policy.Mode.ENFORCED) if on_trial else {}),
    }
    return render_page(request, "governance/policy_promote.html", context, partial="form", status=status)


@within_project(None)
def policy_retire(request: HttpRequest, project: Project, policy: str) -> HttpResponse:
    found = find(request, project, policy, Permission.AUTHOR_POLICIES)
    shown = _in_force(found)

    def retire(form: InForceForm) -> str:
        published = policies.retire(policy=found, actor=actor_of(request), **form.cleaned_data)
        _tell(request, _("%(name)s is out of force.") % {"name": found.name}, published)
        return reverse("governance:policy_list", args=[project.slug])

    answer, form, status = _change_in_force(request, InForceForm, shown, retire)
    if answer is not None:
        return answer
    context = {
        "policy": found,
        "in_force": shown,
        "form": form,
        "rules": rules.of_text(shown.text) if shown else (),
        **(reviews.shown(request, found, shown.digest, RETIRED) if shown else {}),
    }
    return render_page(request, "governance/policy_retire.html", context, partial="form", status=status)


def _change_in_force[F: InForceForm](
    request: HttpRequest, kind: type[F], shown: PolicyInForce | None, change: Callable[[F], str]
) -> tuple[HttpResponse | None, F, int]:
    """Carry out `change`, which returns where to go; or return the form and its status."""
    seen = {"expected_version": shown.version if shown else 0}
    if request.method != "POST":
        return None, kind(initial=seen), 200
    form = kind(request.POST)
    if not form.is_valid():
        return None, form, 422
    try:
        return redirect(request, change(form)), form, 303
    except DomainError as error:
        again, status = _seen_again(form, seen, error)
        return None, again, status


def _seen_again[F: InForceForm](form: F, seen: dict[str, int], error: DomainError) -> tuple[F, int]:
    """Return the form with the note kept, about what is in force now: the page shows it, too."""
    again = type(form)(data={**form.cleaned_data, **seen})
    again.is_valid()
    status = refuse(again, error)
    if isinstance(error, Conflict) and not isinstance(error, SecondPersonMissing):
        again.add_error(None, _("What you see now is what it has become. Look again before you go on."))
    if isinstance(error, PolicyInvalid):
        for found in error.members.get("errors", ()):  # type: ignore[attr-defined]
            again.add_error(None, found["message"])
    return again, status


def _cases(
    request: HttpRequest, policy: Policy, shown: PolicyInForce | None, text: str
) -> tuple[tuple[CaseLine, ...], tuple[CaseChange, ...]]:
    return case_lines.between(request, policy, shown.text if shown else None, text)


def _in_force(policy: Policy) -> PolicyInForce | None:
    return queries.in_force_versions(states.in_force(policy.project_id)).get(policy.slug)


def _tell(request: HttpRequest, what: str, published: Published) -> None:
    words = _("%(what)s Rules in force are now no. %(number)d; the next decision is made under them.")
    messages.success(request, words % {"what": what, "number": published.number})

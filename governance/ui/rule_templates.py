"""The gallery: rules that most projects want, each made by a few answers, seen in Cedar while one answers."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from governance.access import Permission
from governance.domain import rule_templates
from governance.models import Project
from governance.services import policies
from governance.ui import rules
from governance.ui.entrance import actor_of, refuse, within_project
from governance.ui.forms.rule_templates import TemplateForm
from governance.ui.policies import address
from waxell.lib.errors import DomainError, NotFound
from waxell.lib.htmx import redirect, render_page

# What a policy is made of; everything else in the form is an answer.
_POLICY = ("name", "slug", "text")


@within_project(Permission.AUTHOR_POLICIES)
@require_safe
def rule_template_list(request: HttpRequest, project: Project) -> HttpResponse:
    return render_page(request, "governance/rule_template_list.html", {"templates": rule_templates.TEMPLATES})


@within_project(Permission.AUTHOR_POLICIES)
def rule_template(request: HttpRequest, project: Project, template: str) -> HttpResponse:
    """Answer a template's questions. A GET with answers shows what they would say; a POST makes the draft."""
    found = rule_templates.BY_SLUG.get(template)
    if found is None:
        raise NotFound()
    given = request.POST if request.method == "POST" else request.GET
    form, status = TemplateForm(found, project, given or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            made = {name: form.cleaned_data[name] for name in _POLICY}
            try:
                policy = policies.create(project=project, actor=actor_of(request), description=found.example, **made)
            except DomainError as error:
                status = refuse(form, error, "slug")
            else:
                messages.success(request, _("A draft. Try it on what happened, then publish it."))
                return redirect(request, address(policy, project))
    text = form.cleaned_data.get("text", "") if given and form.is_valid() else ""
    checked = policies.validate(project_id=project.pk, text=text) if text else None
    context = {
        "template": found,
        "form": form,
        "text": text,
        "rules": [rules.of_rule(rule) for rule in checked.rules] if checked else [],
        "errors": rules.flaws(checked.errors) if checked else [],
        "asked": bool(given),
    }
    partial = "form" if request.method == "POST" else "preview"
    return render_page(request, "governance/rule_template.html", context, partial=partial, status=status)

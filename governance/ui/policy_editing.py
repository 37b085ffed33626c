"""What the text editor asks for while somebody writes: words to offer, a tidy layout, a draft kept."""

from dataclasses import asdict
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from governance.access import Permission
from governance.domain.cedar_formatting import NotFormatted, format_text
from governance.domain.policies import KNOWN_ANNOTATIONS
from governance.models import Project
from governance.queries import vocabulary
from governance.services import policies
from governance.services.policies import DraftConflict
from governance.ui import rules
from governance.ui.entrance import actor_of, sentence, within_project
from governance.ui.forms.policies import DraftForm, plain_line_ends
from governance.ui.policies import find

ANNOTATIONS: Final = {
    "id": _("Its name in records. Each rule has its own."),
    "message": _("Why, in words that people read."),
    "effect": _("What a forbid does: halt, deny, hold or flag. Without one: halt."),
    "approvers": _("With hold: the group that is asked."),
    "quorum": _("With hold: how many grants are needed."),
    "escalate": _("With hold: the group that is asked, too, after a while, like legal after 30m."),
    "timeout": _("With hold: how long a person may take, like 30m or 24h."),
    "on_refusal": _("With hold: what a refusal does, deny or halt."),
}


@within_project(Permission.VIEW)
@require_safe
@never_cache
def policy_words(request: HttpRequest, project: Project) -> HttpResponse:
    """The words of this project, as JSON."""
    annotations = {name: ANNOTATIONS[name] for name in sorted(KNOWN_ANNOTATIONS)}
    # Names are an agent's words: a browser that is led here shows them to nobody as a page.
    headers = {"Content-Disposition": 'attachment; filename="words.json"'}
    return JsonResponse({**asdict(vocabulary.read(project.pk)), "annotations": annotations}, headers=headers)


@within_project(Permission.VIEW)
@require_POST
def policy_format(request: HttpRequest, project: Project) -> HttpResponse:
    """The text as the engine lays it out, or why it stays as it is; nothing is kept."""
    text = plain_line_ends(request.POST.get("text", ""))
    try:
        return JsonResponse({"text": format_text(text)})
    except NotFormatted as refusal:
        told: list[dict[str, Any]] = [error.document() for error in rules.flaws(refusal.errors)]
        return JsonResponse({"errors": told}, status=422)


@within_project(None)
@require_POST
def policy_autosave(request: HttpRequest, project: Project, policy: str) -> HttpResponse:
    """Keep the draft as it is typed. The answer says the revision to go on with, or why it is not kept.

    A conflict is only told here; the page's own form, sent with the same revision, shows both texts.
    """
    found = find(request, project, policy, Permission.AUTHOR_POLICIES)
    form = DraftForm(request.POST)
    if not form.is_valid():
        told = [f"{form.fields[name].label}: {error}" for name, errors in form.errors.items() for error in errors]
        return JsonResponse({"errors": [{"message": message} for message in told]}, status=422)
    try:
        saved = policies.save_draft(policy=found, actor=actor_of(request), **form.cleaned_data)
    except DraftConflict as conflict:
        return JsonResponse({"errors": [{"message": sentence(conflict)}]}, status=conflict.status)
    return JsonResponse({"revision": saved.draft_revision})

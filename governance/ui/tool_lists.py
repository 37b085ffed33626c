"""Importing tools: the list of an MCP server is looked at, then what somebody chose of it is taken over."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from governance.access import Permission
from governance.models import Project
from governance.services import tool_lists
from governance.services.tool_lists import Compared, Standing, ToolNotTaken
from governance.ui.diffs import DiffLine, compare
from governance.ui.entrance import actor_of, within_project
from governance.ui.forms.catalogue import shown_schema
from governance.ui.forms.tool_lists import ToolListForm
from waxell.lib.htmx import redirect, render_page

_WORDS: Final = {
    Standing.NEW: (gettext_lazy("new"), "success"),
    Standing.DISCOVERED: (gettext_lazy("discovered: to be adopted"), "warning"),
    Standing.CHANGED: (gettext_lazy("changed"), "warning"),
    Standing.UNCHANGED: (gettext_lazy("unchanged"), "neutral"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A listed tool as one looks at it; `diff` where the registered one is another."""

    slug: str
    description: str
    fingerprint: str
    word: str
    tone: str
    problem: str
    differs: bool
    diff: tuple[DiffLine, ...]


@within_project(Permission.MANAGE_AGENTS)
def tool_import(request: HttpRequest, project: Project) -> HttpResponse:
    """Look at a list; with `take`, take over the tools that are named in `slugs`."""
    posted = request.method == "POST"
    form = ToolListForm(request.POST, request.FILES) if posted else ToolListForm()
    lines: list[Line] = []
    status = 200
    if posted:
        status = 422
        if form.is_valid():
            listed, status = form.cleaned_data["listed"], 200
            if "take" in request.POST:
                try:
                    return _take(request, project, form)
                except ToolNotTaken as error:
                    form.add_error(None, str(error))
                    status = 422
            lines = [_line(one) for one in tool_lists.compare(project, listed)]
    chosen = (
        set(request.POST.getlist("slugs")) if "take" in request.POST else {one.slug for one in lines if one.differs}
    )
    context = {
        "form": form,
        "lines": lines,
        "chosen": chosen,
        "differ": any(one.differs for one in lines),
        "text": form.cleaned_data.get("text", "") if lines else "",
    }
    return render_page(request, "governance/tool_import.html", context, status=status)


def _take(request: HttpRequest, project: Project, form: ToolListForm) -> HttpResponse:
    taken = tool_lists.take_over(
        project=project,
        actor=actor_of(request),
        listed=form.cleaned_data["listed"],
        slugs=request.POST.getlist("slugs"),
    )
    if taken:
        said = ngettext("%(count)d tool is taken over.", "%(count)d tools are taken over.", taken)
        messages.success(request, said % {"count": taken})
    else:
        messages.success(request, _("Nothing was chosen that differs."))
    return redirect(request, reverse("governance:tool_list", args=[project.slug]))


def _line(one: Compared) -> Line:
    word, tone = _WORDS[one.standing]
    diff: Iterable[DiffLine] = ()
    if one.standing is Standing.CHANGED and one.known is not None:
        schema = one.known.schema if one.listed.problem else one.listed.schema
        diff = compare(
            _text(one.known.description, one.known.schema),
            _text(one.listed.description, schema),
        )
    return Line(
        slug=one.listed.slug,
        description=one.listed.description,
        fingerprint=one.listed.fingerprint.removeprefix("sha256:")[:16],
        word=str(word),
        tone=tone,
        problem=one.listed.problem,
        differs=one.standing is not Standing.UNCHANGED,
        diff=tuple(diff),
    )


def _text(description: str, schema: dict[str, object] | None) -> str:
    return f"{description}\n{shown_schema(schema)}"

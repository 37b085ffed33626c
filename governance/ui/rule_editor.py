"""One rule of a draft in its form: filled in, looked at as sentence and as Cedar, and saved into the text."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext as _

from governance.access import Permission
from governance.domain import policies as domain
from governance.domain import rule_forms_writing
from governance.domain.manifest import policy_digest
from governance.domain.rule_forms import Attribute, Path, RuleForm, free_id
from governance.domain.rule_forms_attributes import offered
from governance.domain.rule_forms_document import RuleDocument
from governance.domain.rule_forms_text import to_text
from governance.domain.verdicts import Effect
from governance.models import Policy, Project
from governance.queries import rule_names
from governance.queries.rule_names import RuleNames
from governance.services import policies
from governance.services.policies import DraftConflict
from governance.ui import rule_forms, rule_sentences, rules
from governance.ui.entrance import actor_of, within_project
from governance.ui.forms.rule_conditions import MOST_ROWS, ConditionFields, fields_for, rows_given, rows_of
from governance.ui.forms.rule_forms import RuleFields, initial
from governance.ui.policies import address as text_address
from governance.ui.policies import find
from waxell.lib.errors import NotFound
from waxell.lib.htmx import redirect, render_page

_LISTS = ("when", "unless")


@dataclass(frozen=True, slots=True, kw_only=True)
class Editor:
    """The fields of one rule; `attributes` are what its conditions can look at."""

    fields: RuleFields
    when: list[ConditionFields]
    unless: list[ConditionFields]
    attributes: Mapping[Path, Attribute]

    def form(self) -> RuleForm | None:
        """Return the rule, None after noting in the fields what is missing."""
        rows = [*self.when, *self.unless]
        if not all([self.fields.is_valid(), *(row.is_valid() for row in rows)]):
            return None
        when, unless = (tuple(row.cleaned_data["condition"] for row in one) for one in (self.when, self.unless))
        return RuleForm(**self.fields.values(), when=when, unless=unless)


@within_project(None)
def policy_rule(request: HttpRequest, project: Project, policy: str, number: int) -> HttpResponse:
    """Change a rule. What the form cannot hold is not here: it stays text."""
    found = find(request, project, policy, Permission.AUTHOR_POLICIES)
    document, names = _document(found), rule_names.of(project.pk)
    if request.method == "POST":
        return _posted(request, project, found, document, names)
    if not 1 <= number <= len(document.rules):
        raise NotFound()
    card = rule_forms.card(number - 1, document, names.schemas)
    if card.form is None:
        return redirect(request, text_address(found, project))
    editor = _opened(card.form, names, found, seen=policy_digest(card.text))
    return _shown(request, project, found, editor, card.form)


@within_project(None)
def policy_rule_new(request: HttpRequest, project: Project, policy: str) -> HttpResponse:
    """Add a rule below the others."""
    found = find(request, project, policy, Permission.AUTHOR_POLICIES)
    document, names = _document(found), rule_names.of(project.pk)
    if request.method == "POST":
        return _posted(request, project, found, document, names)
    form = RuleForm(id=free_id("rule", _ids(document)), effect=Effect.DENY)
    return _shown(request, project, found, _opened(form, names, found, seen=""), None)


def _opened(form: RuleForm, names: RuleNames, policy: Policy, *, seen: str) -> Editor:
    attributes = offered(names.schemas, form.actions)
    held = {**initial(form), "seen": seen, "revision": policy.draft_revision}
    return Editor(
        fields=RuleFields(names, initial=held, actions=form.actions),
        when=fields_for(rows_of(form.when), attributes, "when", bound=False),
        unless=fields_for(rows_of(form.unless), attributes, "unless", bound=False),
        attributes=attributes,
    )


def _posted(
    request: HttpRequest, project: Project, policy: Policy, document: RuleDocument, names: RuleNames
) -> HttpResponse:
    do = request.POST.get("do", "save")
    rows = {name: rows_given(request.POST, name) for name in _LISTS}
    for name in _LISTS:
        if do == f"add-{name}" and len(rows[name]) < MOST_ROWS:
            rows[name].append({})
        for number in range(len(rows[name])):
            if do == f"remove-{name}-{number}":
                del rows[name][number]
                break
    index = _index(document, request.POST.get("seen", ""), request.POST.get("rule_id", ""))
    taken = [one for at, one in enumerate(_ids(document)) if at != index]
    editor = _filled_in(request.POST, names, rows, taken=taken)
    form = editor.form()
    if do == "preview":
        return _shown(request, project, policy, editor, form, partial="preview")
    if do != "save":
        # What is still missing is no mistake yet.
        return _shown(request, project, policy, _filled_in(request.POST, names, rows, bound=False), form)
    if form is None:
        return _shown(request, project, policy, editor, None, status=422)
    return _saved(request, project, policy, document, editor, form=form, index=index)


def _filled_in(
    data: QueryDict,
    names: RuleNames,
    rows: Mapping[str, list[dict[str, str]]],
    *,
    taken: Iterable[str] = (),
    bound: bool = True,
) -> Editor:
    actions = [name for name in data.getlist("actions") if name in names.actions]
    attributes = offered(names.schemas, actions)
    held = {name: data.getlist(name) if name in ("actions", "who", "what") else data[name] for name in data}
    return Editor(
        fields=RuleFields(
            names, data=data if bound else None, initial=None if bound else held, actions=actions, taken=taken
        ),
        when=fields_for(rows["when"], attributes, "when", bound=bound),
        unless=fields_for(rows["unless"], attributes, "unless", bound=bound),
        attributes=attributes,
    )


def _saved(
    request: HttpRequest,
    project: Project,
    policy: Policy,
    document: RuleDocument,
    editor: Editor,
    *,
    form: RuleForm,
    index: int | None,
) -> HttpResponse:
    text = to_text(rule_forms_writing.write(form, editor.attributes))
    changed = document.added(text) if index is None else document.rewritten(index, text)
    try:
        policies.save_draft(
            policy=policy,
            actor=actor_of(request),
            text=changed.text,
            revision=editor.fields.cleaned_data["revision"],
        )
    except DraftConflict as error:
        return _conflicting(request, project, policy, form, status=error.status)
    messages.success(request, _("The draft is saved. It decides nothing until it is published."))
    return redirect(request, rule_forms.address(policy, project))


def _conflicting(
    request: HttpRequest, project: Project, policy: Policy, form: RuleForm, *, status: int
) -> HttpResponse:
    """Keep what was filled in; saving once more puts it, knowingly, in the place of what is there now."""
    document, names = _document(policy), rule_names.of(project.pk)
    index = _index(document, request.POST.get("seen", ""), form.id)
    theirs = rule_forms.card(index, document, names.schemas) if index is not None else None
    editor = _opened(form, names, policy, seen=policy_digest(theirs.text) if theirs else "")
    return _shown(request, project, policy, editor, form, status=status, conflict=True, theirs=theirs)


def _shown(
    request: HttpRequest,
    project: Project,
    policy: Policy,
    editor: Editor,
    form: RuleForm | None,
    *,
    partial: str = "editor",
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    text = to_text(rule_forms_writing.write(form, editor.attributes)) if form else ""
    checked = policies.validate(project_id=project.pk, text=text) if text else None
    context = {
        "policy": policy,
        "editor": editor,
        "fields": editor.fields,
        "sentence": rule_sentences.of(form) if form else "",
        "text": text,
        "errors": rules.flaws(checked.errors) if checked else (),
        **more,
    }
    return render_page(request, "governance/policy_rule.html", context, partial=partial, status=status)


def _document(policy: Policy) -> RuleDocument:
    """Return the draft's rules. Raises NotFound where a mistake in the text hides them."""
    document = rule_forms.document_of(policy)
    if document is None:
        raise NotFound()
    return document


def _index(document: RuleDocument, seen: str, identity: str) -> int | None:
    """Return where the rule is that the form was opened with; None for one that is not there (yet).

    It is known by its text; somebody else may have moved it, or changed it under the same name.
    """
    if not seen:
        return None
    for index, rule in enumerate(document.rules):
        if policy_digest(rule.text) == seen:
            return index
    ids = _ids(document)
    return ids.index(identity) if identity in ids else None


def _ids(document: RuleDocument) -> list[str]:
    """The names of the rules, empty for those that cannot be read."""
    read = (domain.parse(rule.text).rules for rule in document.rules)
    return [found[0].id if found else "" for found in read]

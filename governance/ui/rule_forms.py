"""The form of a policy: one card a rule. It is a second view of the draft's text, which stays what is saved."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from governance import access
from governance.access import Permission
from governance.domain import policies as domain
from governance.domain import rule_forms_reading
from governance.domain.cedar_text import TextRefused
from governance.domain.rule_forms import NotAForm, RuleForm
from governance.domain.rule_forms_attributes import Schemas
from governance.domain.rule_forms_document import RuleDocument
from governance.domain.rule_forms_text import to_est
from governance.models import Policy, Project
from governance.queries import registry
from governance.services import policies
from governance.services.policies import DraftConflict
from governance.ui import rule_sentences, rules
from governance.ui.entrance import actor_of, may, person_of, within_project
from governance.ui.policies import find
from governance.ui.rules import RuleLine
from waxell.lib.errors import NotFound
from waxell.lib.htmx import redirect, render_page


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCard:
    """One rule of the draft. `form` None says that it stays text, `why` in plain words for what reason."""

    number: int
    text: str
    line: RuleLine | None
    form: RuleForm | None
    sentence: str = ""
    why: str = ""

    @property
    def code_id(self) -> str:
        """The id of its text on the page."""
        return f"rule-text-{self.number}"


@within_project(None)
def policy_form(request: HttpRequest, project: Project, policy: str) -> HttpResponse:
    """The rules of the draft as cards. A POST moves one of them or takes it out."""
    found = find(request, project, policy, Permission.VIEW)
    may_author = may(request, Permission.AUTHOR_POLICIES, found)
    document, status = document_of(found), 200
    if request.method == "POST":
        access.require(person_of(request), Permission.AUTHOR_POLICIES, found)
        if document is None:
            raise NotFound()
        changed = _changed(document, request)
        try:
            policies.save_draft(
                policy=found, actor=actor_of(request), text=changed.text, revision=_number(request, "revision")
            )
        except DraftConflict as error:
            status, document = error.status, document_of(found)
        else:
            messages.success(request, _("The draft is saved. It decides nothing until it is published."))
            return redirect(request, address(found, project))
    schemas = registry.tool_schemas(project.pk)
    context = {
        "policy": found,
        "cards": [card(index, document, schemas) for index in range(len(document.rules))] if document else [],
        "readable": document is not None,
        "may_author": may_author,
        "conflict": status == DraftConflict.status,
    }
    return render_page(request, "governance/policy_form.html", context, status=status)


def document_of(policy: Policy) -> RuleDocument | None:
    """Return the rules of the draft; None where a mistake hides where one ends and the next begins."""
    try:
        document = RuleDocument.of(policy.draft_text)
    except TextRefused:
        return None
    return None if document.rules and not document.rules[-1].text.endswith(";") else document


def card(index: int, document: RuleDocument, schemas: Schemas) -> RuleCard:
    text = document.rules[index].text
    read = domain.parse(text)
    if not read.valid:
        why = " ".join(error.message for error in read.errors)
        return RuleCard(number=index + 1, text=text, line=None, form=None, why=why)
    line = rules.of_rule(read.rules[0])
    try:
        form = rule_forms_reading.read(to_est(text), schemas)
    except NotAForm as reason:
        return RuleCard(number=index + 1, text=text, line=line, form=None, why=str(reason))
    return RuleCard(number=index + 1, text=text, line=line, form=form, sentence=rule_sentences.of(form))


def address(policy: Policy, project: Project) -> str:
    return reverse("governance:policy_form", args=[project.slug, policy.slug])


def _changed(document: RuleDocument, request: HttpRequest) -> RuleDocument:
    """Return the rules after what the person asks for. Raises NotFound where there is no such rule."""
    index, last = (_number(request, "rule") or 0) - 1, len(document.rules) - 1
    if not 0 <= index <= last:
        raise NotFound()
    match request.POST.get("do"):
        case "up":
            return document.moved(index, max(index - 1, 0))
        case "down":
            return document.moved(index, min(index + 1, last))
        case "remove":
            return document.without(index)
    raise NotFound()


def _number(request: HttpRequest, name: str) -> int:
    given = request.POST.get(name, "")
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        raise NotFound()
    return int(given)

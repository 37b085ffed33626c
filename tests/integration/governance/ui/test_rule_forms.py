"""The form beside the text: what is saved by one is what the other shows."""

import pytest
from django.urls import reverse

from governance.domain import policies as domain
from governance.domain.actors import Actor
from governance.domain.kinds import Kind
from governance.domain.rule_forms import Operator
from governance.domain.rule_forms_attributes import offered
from governance.services import policies
from governance.ui import rule_words
from tests.factories import make_agent, make_policy, make_tool

pytestmark = pytest.mark.django_db

SCHEMA = {"type": "object", "properties": {"amount": {"type": "number"}}, "required": ["amount"]}
PLAIN = """// about mail
@id("no-mail") @message("No mail.") @effect("deny") // here
forbid(principal,action in Action::"tool.call",resource==Tool::"mail");"""
ODD = """@id("odd")   @message("Odd.")
forbid (principal, action, resource) when { context.hour < context.minute }; // kept"""
TEXT = f"// Mail and more\n\n{PLAIN}\n\n{ODD}\n"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def policy(project):
    make_tool(project, "mail")
    make_tool(project, "pay", schema=SCHEMA)
    make_agent(project, "scout")
    return make_policy(project, TEXT)


def at(name, project, *args):
    return reverse(f"governance:{name}", args=[project.slug, *args])


def opened(owner, project, policy, number=None):
    """The fields as the page gives them, and the address to send them to."""
    address = at("policy_rule", project, policy.slug, number) if number else at("policy_rule_new", project, policy.slug)
    context = owner.get(address).context
    given = {}
    rows = [*context["editor"].when, *context["editor"].unless]
    for field in [bound for fields in (context["fields"], *rows) for bound in fields]:
        value = field.value()
        if value is not None and value != "":
            given[field.html_name] = value
    return address, given


def saved(policy):
    policy.refresh_from_db()
    return policy.draft_text


def test_each_rule_is_a_card_with_a_sentence_and_what_is_no_form_stays_text(owner, project, policy):
    page = owner.get(at("policy_form", project, policy.slug))

    first, second = page.context["cards"]
    assert first.sentence == "Refuses tool calls where the tool is mail."
    assert (second.form, second.text) == (None, ODD.partition(" // kept")[0])
    assert "This rule says more than a form can hold" in page.text
    assert "hour &lt; context.minute" in page.text


def test_saving_a_rule_rewrites_this_rule_alone(owner, project, policy):
    address, given = opened(owner, project, policy, 1)

    answer = owner.post(address, {**given, "message": 'Not "now".', "who_mode": "except", "who": ["Agent:scout"]})

    assert answer.status_code == 303
    text = saved(policy)
    assert text.startswith("// Mail and more\n\n// about mail\n// here\n@id(")
    assert text.endswith(f"\n\n{ODD}\n")
    rule = domain.parse(text).rules[0]
    assert (rule.message, rule.effect) == ('Not "now".', "deny")
    assert '!(principal in Agent::"scout")' in text
    assert policies.validate(project_id=project.pk, text=text).valid


def test_saving_what_was_not_changed_says_the_same(owner, project, policy):
    address, given = opened(owner, project, policy, 1)
    before = owner.get(at("policy_form", project, policy.slug)).context["cards"][0].form

    owner.post(address, given)

    assert owner.get(at("policy_form", project, policy.slug)).context["cards"][0].form == before


def test_a_rule_on_an_amount_is_made_by_choosing(owner, project, policy):
    address, given = opened(owner, project, policy)
    given |= {
        "actions": ["tool.call/pay"],
        "effect": "hold",
        "quorum": "2",
        "timeout": "4h",
        "message": "Two people agree.",
        "rule_id": "large",
        "when-0-attribute": '["args", "amount"]',
        "when-0-operator": "above",
        "when-0-values": "500",
        "when-1-attribute": '["estimate", "usd_micros"]',
        "when-1-operator": "at_most",
        "when-1-values": "2.50",
        "unless-0-attribute": '["weekday"]',
        "unless-0-operator": "is",
        "unless-0-values": "Monday\n2",
    }

    preview = owner.post(address, {**given, "do": "preview"}, headers=HTMX)
    assert "Asks 2 people before calls of pay, when the argument amount is above 500.0" in preview.text
    assert "except when the weekday is Monday or Tuesday" in preview.text
    assert saved(policy) == TEXT, "looking saves nothing"
    answer = owner.post(address, {**given, "do": "save"}, headers=HTMX)

    assert answer["HX-Redirect"] == at("policy_form", project, policy.slug)
    made = saved(policy)
    assert made.startswith(TEXT)
    assert 'context.args.amount.greaterThan(decimal("500.0"))' in made
    assert (
        "context has estimate &&\n  context.estimate has usd_micros &&\n  context.estimate.usd_micros <= 2500000"
        in made
    )
    assert policies.validate(project_id=project.pk, text=made).valid


def test_conditions_come_and_go_without_a_complaint(owner, project, policy):
    address, given = opened(owner, project, policy)

    more = owner.post(address, {**given, "do": "add-when"}, headers=HTMX)
    assert len(more.context["editor"].when) == 1
    assert "field__error" not in more.text
    rows = {"when-0-attribute": '["hour"]', "when-0-operator": "below", "when-0-values": "6"}
    rows |= {"when-1-attribute": '["discovered"]', "when-1-operator": "yes"}
    less = owner.post(address, {**given, **rows, "do": "remove-when-0"}, headers=HTMX)

    assert [row.known.path for row in less.context["editor"].when] == [("discovered",)]


def test_what_is_missing_is_said_beside_its_field(owner, project, policy):
    address, given = opened(owner, project, policy)
    given |= {"effect": "deny", "message": "", "what_mode": "only", "rule_id": "odd"}
    given |= {"when-0-attribute": '["hour"]', "when-0-operator": "below", "when-0-values": "noon"}

    answer = owner.post(address, given, headers=HTMX)

    assert answer.status_code == 422
    for said in ("Say why", "Choose at least one", "Another rule of this policy has this name", "noon: Write a number"):
        assert said in answer.text
    assert saved(policy) == TEXT


def test_second_editor_of_a_rule_loses_nothing(owner, project, policy, alice):
    address, given = opened(owner, project, policy, 1)
    theirs = TEXT.replace("No mail.", "Theirs.").replace("// Mail and more", "// More")
    policies.save_draft(policy=policy, actor=Actor(person=alice.pk), text=theirs)

    answer = owner.post(address, {**given, "message": "Mine."}, headers=HTMX)

    assert answer.status_code == 409
    assert "Mine." in answer.text
    assert saved(policy) == theirs
    fields = answer.context["fields"].initial
    again = {**given, "message": "Mine.", "seen": fields["seen"], "revision": fields["revision"]}
    assert owner.post(address, again).status_code == 303
    text = saved(policy)
    assert text.startswith("// More\n")
    assert [rule.message for rule in domain.parse(text).rules] == ["Mine.", "Odd."]


def test_rules_move_and_go_with_their_comments(owner, project, policy):
    address = at("policy_form", project, policy.slug)

    owner.post(address, {"do": "down", "rule": "1", "revision": policy.draft_revision})
    assert saved(policy) == f"// Mail and more\n\n{ODD}\n\n{PLAIN}\n"
    stale = owner.post(address, {"do": "remove", "rule": "1", "revision": policy.draft_revision - 1})
    assert stale.status_code == 409
    assert "Somebody else saved this draft meanwhile" in stale.text
    owner.post(address, {"do": "remove", "rule": "2", "revision": policy.draft_revision})

    assert saved(policy) == f"// Mail and more\n\n{ODD}\n"


@pytest.mark.parametrize("wrong", [{"do": "up", "rule": "9"}, {"do": "eat", "rule": "1"}, {"do": "up", "rule": "x"}])
def test_what_nobody_offers_is_not_there(owner, project, policy, wrong):
    given = {"revision": policy.draft_revision, **wrong}

    assert owner.post(at("policy_form", project, policy.slug), given).status_code == 404
    assert saved(policy) == TEXT


def test_a_text_that_hides_its_rules_is_mended_as_text(owner, project, policy, alice):
    policies.save_draft(policy=policy, actor=Actor(person=alice.pk), text=PLAIN.rstrip(";"))

    page = owner.get(at("policy_form", project, policy.slug))

    assert "The text has a mistake that hides its rules" in page.text
    assert owner.get(at("policy_rule", project, policy.slug, 1)).status_code == 404


def test_everything_that_can_be_chosen_has_words():
    assert set(offered({}, ())) <= set(rule_words.ATTRIBUTES)
    assert set(rule_words.KINDS) == set(Kind)
    assert set(rule_words.OPERATORS) == set(Operator)


def test_a_rule_with_a_mistake_is_shown_with_it(owner, project, policy, alice):
    policies.save_draft(policy=policy, actor=Actor(person=alice.pk), text=f"forbid (nonsense);\n{PLAIN}\n")

    cards = owner.get(at("policy_form", project, policy.slug)).context["cards"]

    assert (cards[0].line, cards[0].form) == (None, None)
    assert "Not Cedar" in cards[0].why
    assert cards[1].form is not None

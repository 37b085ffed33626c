"""The gallery as one meets it: cards, a form of what the project knows, the rule while one answers, the draft."""

import pytest
from django.urls import reverse

from governance.domain import rule_templates
from governance.models import EndUser, Model, Policy
from tests.factories import make_agent, make_tool

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
SCHEMA = {"type": "object", "properties": {"amount": {"type": "number"}, "to": {"type": "string"}}}
COMMON = {"effect": "deny", "message": "No.", "name": "A rule", "slug": "a-rule"}


def at(project, template=None):
    if template is None:
        return reverse("governance:rule_template_list", args=[project.slug])
    return reverse("governance:rule_template", args=[project.slug, template])


@pytest.mark.parametrize("template", [one.slug for one in rule_templates.TEMPLATES])
def test_each_template_can_be_opened_in_an_empty_project_and_a_furnished_one(owner, project, template):
    empty = owner.get(at(project, template))
    make_tool(project, "pay", schema=SCHEMA)
    Model.objects.create(project=project, slug="gpt-4o", provider="openai")
    make_agent(project, "scout")
    furnished = owner.get(at(project, template))

    for page in (empty, furnished):
        assert page.status_code == 200
        assert rule_templates.BY_SLUG[template].title in page.text


def test_the_rule_is_shown_while_one_answers(owner, project):
    make_tool(project, "search")
    given = {**COMMON, "tools": ["search"]}

    shown = owner.get(at(project, "allowed-tools"), given, headers=HTMX).text

    assert "resource in Tool::&quot;search&quot;" in shown
    assert "<form" not in shown
    assert "Some answer is missing" in owner.get(at(project, "allowed-tools"), COMMON, headers=HTMX).text


def test_end_users_are_named_and_the_rule_has_their_pseudonyms(owner, project):
    bob = EndUser.objects.create(project=project, name="Bob Miller, Geneva")
    address = at(project, "suspended-end-users")

    shown = owner.get(address, {**COMMON, "end_users": f"{bob.name}\n{bob.pk}"}, headers=HTMX).text
    unknown = owner.post(address, {**COMMON, "end_users": "Carol"}, headers=HTMX)

    assert shown.count(f"&quot;{bob.pk}&quot;") == 1
    assert "Bob Miller" not in shown
    assert unknown.status_code == 422
    assert "Nothing was done for Carol yet" in unknown.text


def test_labels_are_asked_for_as_they_are_told(owner, project):
    address = at(project, "required-labels")

    assert "team=docs" in owner.get(address, {**COMMON, "labels": "team=docs"}, headers=HTMX).text
    assert "Write each label as key=value." in owner.post(address, {**COMMON, "labels": "docs"}, headers=HTMX).text


def test_the_answers_become_a_draft(owner, project):
    make_tool(project, "pay", schema=SCHEMA)
    make_agent(project, "scout")
    given = {**COMMON, "number_argument": '["pay", "amount"]', "amount": "99.5", "agents": ["scout"], "effect": "hold"}

    answer = owner.post(at(project, "amount-limit"), given)

    assert (answer.status_code, answer["Location"]) == (
        303,
        reverse("governance:policy", args=[project.slug, "a-rule"]),
    )
    policy = Policy.objects.get(project=project, slug="a-rule")
    assert 'greaterThan(decimal("99.5"))' in policy.draft_text
    assert 'principal in Agent::"scout"' in policy.draft_text
    assert not policy.versions.exists()
    assert "It can be published" in owner.get(answer["Location"]).text


def test_what_does_not_fit_is_said_at_its_field_and_nothing_is_lost(owner, project):
    hours = {**COMMON, "weekdays": ["1"], "from_hour": "18", "to_hour": "8", "days_off": "tomorrow", "message": "Mine."}

    answer = owner.post(at(project, "office-hours"), hours, headers=HTMX)

    assert answer.status_code == 422
    for word in ("later than the hour", "Write each day as", "Mine."):
        assert word in answer.text
    neither = owner.post(at(project, "steps-and-time"), {**COMMON, "effect": "halt"}, headers=HTMX)
    assert (neither.status_code, "or both" in neither.text) == (422, True)
    assert not Policy.objects.filter(project=project, slug="a-rule").exists()


def test_a_taken_name_is_refused_at_its_field(owner, project):
    given = {**COMMON, "most_depth": "1"}
    assert owner.post(at(project, "delegation-depth"), given).status_code == 303

    answer = owner.post(at(project, "delegation-depth"), given, headers=HTMX)

    assert answer.status_code in (409, 422)
    assert 'value="a-rule"' in answer.text


def test_what_the_project_lacks_is_said(owner, project):
    assert "No tool is known here yet" in owner.get(at(project, "ask-a-person")).text
    assert "register one with a schema" in owner.get(at(project, "amount-limit")).text


def test_who_may_not_author_sees_neither_gallery_nor_form(member, project):
    for address in (at(project), at(project, "no-loops")):
        assert member("auditor").get(address).status_code in (403, 404)


def test_an_unknown_template_is_not_found(owner, project):
    assert owner.get(at(project, "no-such")).status_code == 404

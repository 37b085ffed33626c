"""What the text editor asks the server while somebody writes."""

import pytest
from django.urls import reverse

from governance.domain.actors import Actor
from governance.services import policies
from tests.factories import make_agent, make_policy, make_project, make_tool
from waxell.ledger.models import Entry

pytestmark = pytest.mark.django_db

DENY = '@id("no-mail") @message("No mail.") @effect("deny")\nforbid (principal, action, resource == Tool::"mail");\n'
SCHEMA = {"type": "object", "properties": {"to": {"type": "string", "description": "Whom."}}, "required": []}
UNREADABLE = {
    "a megabyte": "x" * 1_000_000,
    "brackets": "permit (principal, action, resource) when { " + "[" * 50_000,
    "junk": "\x89PNG\x1a\x00\x00\x01",
}


@pytest.fixture
def policy(project):
    make_tool(project, schema=SCHEMA, groups=["outward"])
    return make_policy(project, DENY)


def at(name, project, *args):
    return reverse(f"governance:{name}", args=[project.slug, *args])


def draft(policy, text, **values):
    return {"text": text, "mode": "enforced", "name": policy.name, "revision": policy.draft_revision, **values}


def test_words_are_those_of_this_project_alone(owner, project, policy):
    make_agent(project, "clerk")
    make_agent(make_project(), "stranger")

    words = owner.get(at("policy_words", project)).json()

    assert words["actions"]["tool.call/mail"] == "Tool"
    assert (words["entities"]["Tool"], words["entities"]["ToolGroup"]) == (["mail"], ["outward"])
    assert words["entities"]["Agent"] == ["clerk"]
    context = {(one["path"], one["action"]): one for one in words["context"]}
    assert context["args.to", "tool.call/mail"]["meaning"] == "Whom."
    assert context["args.to", "tool.call/mail"]["optional"]
    assert context["execution.depth", ""]["type"] == "Long"
    assert {"id", "message", "approvers"} <= words["annotations"].keys()


def test_check_places_each_mistake_for_the_editor(owner, project, policy):
    text = DENY + '@id("b") @message("No.")\nforbid (principal, action, resource) when { context.our > 3 };\n'

    answer = owner.post(at("policy_check", project, policy.slug), {"text": text}).text

    assert 'data-line="4" data-column="53"' in answer
    assert "attribute `our`" in answer


def test_format_lays_out_and_leaves_what_it_cannot_read(owner, project, policy):
    made = owner.post(at("policy_format", project), {"text": DENY.replace("\n", "\r\n")})
    refused = owner.post(at("policy_format", project), {"text": "permit (principal,\naction resource);"})

    assert made.json()["text"].startswith('@id("no-mail")\n@message("No mail.")\n')
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["line"] == 2


@pytest.mark.parametrize("text", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_policy_is_refused_by_check_format_and_save(owner, project, policy, text):
    checked = owner.post(at("policy_check", project, policy.slug), {"text": text})
    formatted = owner.post(at("policy_format", project), {"text": text})
    published = owner.post(at("policy_autosave", project, policy.slug), draft(policy, text))

    assert checked.status_code == 200
    assert "stands against publishing" in checked.text
    assert formatted.status_code == 422
    assert formatted.json()["errors"][0]["message"]
    # Brackets are a draft like any other; it only cannot be published.
    assert published.status_code == (200 if text.isascii() and len(text) < 100_000 else 422)


def test_a_body_beyond_every_limit_is_refused_before_it_is_read(owner, project, policy):
    for name, args in (("policy_check", [policy.slug]), ("policy_format", []), ("policy_autosave", [policy.slug])):
        assert owner.post(at(name, project, *args), {"text": "{" * 3_000_000}).status_code in {400, 413}, name


def test_autosave_goes_on_by_the_revision_and_is_written_down(owner, project, policy):
    before = Entry.objects.count()

    first = owner.post(at("policy_autosave", project, policy.slug), draft(policy, DENY + "// one\n"))
    number = first.json()["revision"]
    second = owner.post(at("policy_autosave", project, policy.slug), draft(policy, DENY + "// two\n", revision=number))

    assert second.json() == {"revision": number + 1}
    policy.refresh_from_db()
    assert policy.draft_text == DENY + "// two\n"
    assert Entry.objects.count() == before + 2


def test_autosave_overwrites_nobody(owner, project, policy, alice):
    mine = draft(policy, DENY + "// mine\n")
    policies.save_draft(policy=policy, actor=Actor(person=alice.pk), text=DENY + "// theirs\n")

    answer = owner.post(at("policy_autosave", project, policy.slug), mine)

    assert answer.status_code == 409
    assert answer.json()["errors"][0]["message"] == "Somebody else saved this draft meanwhile."
    policy.refresh_from_db()
    assert policy.draft_text == DENY + "// theirs\n"
    shown = owner.post(at("policy", project, policy.slug), mine).text
    assert "data-conflict" in shown
    assert 'id="their-text"' in shown
    assert 'id="your-text"' in shown


def test_autosave_says_what_a_form_lacks(owner, project, policy):
    answer = owner.post(at("policy_autosave", project, policy.slug), draft(policy, DENY, name=""))

    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"message": "Name: This field is required."}]


def test_a_viewer_reads_words_and_saves_nothing(member, project, policy):
    viewer = member("viewer")

    assert viewer.get(at("policy_words", project)).status_code == 200
    assert viewer.post(at("policy_format", project), {"text": DENY}).status_code == 200
    assert viewer.post(at("policy_autosave", project, policy.slug), draft(policy, "x")).status_code == 403


def test_a_conflict_of_two_long_texts_is_shown_like_any(owner, project, policy, alice):
    mine = draft(policy, DENY + "\n" * 40_000 + "// mine\n")
    policies.save_draft(policy=policy, actor=Actor(person=alice.pk), text="// theirs\n" + "\n" * 40_000 + DENY)

    answer = owner.post(at("policy", project, policy.slug), mine)

    assert answer.status_code == 409
    assert "// theirs" in answer.text
    assert "// mine" in answer.text

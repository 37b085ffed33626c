import pytest
from django.urls import reverse

from governance.domain.actors import Actor
from governance.queries import states
from governance.services import policies
from tests.factories import make_policy, make_tool

pytestmark = pytest.mark.django_db

DENY = '@id("no-mail")\n@message("No mail.")\n@effect("deny")\nforbid (principal, action, resource == Tool::"mail");\n'
HTMX = {"HX-Request": "true"}


@pytest.fixture
def policy(project):
    make_tool(project)
    return make_policy(project, DENY)


def at(name, project, *args):
    return reverse(f"governance:{name}", args=[project.slug, *args])


def draft(policy, text, **values):
    return {"text": text, "mode": "enforced", "name": policy.name, "revision": policy.draft_revision, **values}


def in_force(project, policy):
    return {one.slug: one for one in states.in_force(project.pk).policies}[policy.slug]


def test_draft_is_saved_with_plain_line_ends_and_decides_nothing(owner, project, policy):
    number = states.in_force(project.pk).number

    answer = owner.post(at("policy", project, policy.slug), draft(policy, "// new\r\n" + DENY.replace("\n", "\r\n")))

    assert answer.status_code == 303
    policy.refresh_from_db()
    assert policy.draft_text == "// new\n" + DENY
    assert states.in_force(project.pk).number == number


def test_second_editor_loses_nothing(owner, project, policy, alice):
    mine = draft(policy, DENY + "// mine\n")
    policies.save_draft(policy=policy, actor=Actor(person=alice.pk), text=DENY + "// theirs\n")

    answer = owner.post(at("policy", project, policy.slug), mine, headers=HTMX)

    assert answer.status_code == 409
    assert "// mine" in answer.text
    assert "// theirs" in answer.text
    policy.refresh_from_db()
    assert policy.draft_text == DENY + "// theirs\n"
    again = owner.post(at("policy", project, policy.slug), draft(policy, DENY + "// mine\n"), headers=HTMX)
    assert again["HX-Redirect"] == at("policy", project, policy.slug)
    policy.refresh_from_db()
    assert policy.draft_text == DENY + "// mine\n"


def test_check_says_where_and_once(owner, project, policy):
    text = DENY + '@id("late") @message("Late.")\nforbid (principal, action, resource) when { context.our > 3 };\n'

    answer = owner.post(at("policy_check", project, policy.slug), {"text": text}, headers=HTMX)

    assert answer.status_code == 200
    assert "One thing stands against publishing" in answer.text
    assert 'data-line="6" data-column="53"' in answer.text
    assert "<html" not in answer.text


def test_publishing_puts_the_draft_in_force_with_its_note(owner, project, policy, alice):
    policies.save_draft(policy=policy, actor=Actor(person=alice.pk), text=DENY.replace("No mail.", "Mail is over."))
    given = {"note": "Agreed.", "expected_version": 1, "revision": policy.draft_revision}

    answer = owner.post(at("policy_publish", project, policy.slug), given)

    assert answer.status_code == 303
    assert in_force(project, policy).version == 2
    history = owner.get(at("policy_history", project, policy.slug)).text
    assert "Agreed." in history
    assert "Alice" in history


def test_publishing_after_somebody_else_is_refused_and_keeps_the_note(owner, project, policy, alice):
    policies.publish(policy=policy, actor=Actor(person=alice.pk))
    given = {"note": "My reason.", "expected_version": 1, "revision": policy.draft_revision}

    answer = owner.post(at("policy_publish", project, policy.slug), given, headers=HTMX)

    assert answer.status_code == 409
    assert "My reason." in answer.text
    assert 'name="expected_version" value="2"' in answer.text
    assert in_force(project, policy).version == 2


def test_publishing_a_draft_that_moved_is_refused(owner, project, policy, alice):
    seen = policy.draft_revision
    policies.save_draft(policy=policy, actor=Actor(person=alice.pk), text=DENY + "// more\n")

    given = {"note": "", "expected_version": 1, "revision": seen}

    assert owner.post(at("policy_publish", project, policy.slug), given).status_code == 409
    assert in_force(project, policy).version == 1


def test_invalid_text_is_not_published(owner, project, policy, alice):
    policies.save_draft(policy=policy, actor=Actor(person=alice.pk), text="nonsense")
    given = {"note": "", "expected_version": 1, "revision": policy.draft_revision}

    assert owner.post(at("policy_publish", project, policy.slug), given).status_code == 422
    assert in_force(project, policy).version == 1


def test_returning_to_a_version_and_retiring(owner, project, policy, alice):
    policies.save_draft(policy=policy, actor=Actor(person=alice.pk), text=DENY + "// two\n")
    policies.publish(policy=policy, actor=Actor(person=alice.pk))
    page = owner.get(at("policy_version", project, policy.slug, 1)).text
    assert "// two" in page

    answer = owner.post(at("policy_version", project, policy.slug, 1), {"note": "", "expected_version": 2})

    assert answer.status_code == 303
    assert in_force(project, policy).version == 1
    owner.post(at("policy_retire", project, policy.slug), {"note": "Not needed.", "expected_version": 1})
    assert policy.slug not in {one.slug for one in states.in_force(project.pk).policies}
    changes = owner.get(at("rules_in_force", project)).text
    assert f"Policy {policy.slug} is out of force" in changes
    assert f"Policy {policy.slug}: version 2 became 1" in changes


def test_new_policy_keeps_what_was_typed_when_its_name_is_taken(owner, project, policy):
    given = {"name": "Mine", "slug": policy.slug, "mode": "shadow", "text": DENY + "// kept\n"}

    answer = owner.post(at("policy_new", project), given, headers=HTMX)

    assert answer.status_code == 409
    assert "// kept" in answer.text
    assert f"{policy.slug} is taken." in answer.text


def test_text_of_a_policy_is_shown_and_never_run(owner, project, alice):
    evil = '@id("a") @message("<script>alert(1)</script>")\npermit (principal, action, resource);\n'
    make_policy(project, evil, slug="evil")

    page = owner.get(at("policy_list", project)).text

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page

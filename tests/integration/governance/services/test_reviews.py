import orjson
import pytest

from governance.domain.actors import Actor
from governance.domain.manifest import policy_digest
from governance.models import Policy, Project
from governance.queries import states
from governance.services import policies, projects, publications, reviews, rights
from governance.services.policies import NotOnTrial, VersionConflict
from governance.services.publications import SecondPersonMissing
from governance.services.reviews import TextMoved
from tests.factories import make_key, make_person, make_policy, make_project, make_tool
from tests.factories.executions import at_once
from tests.factories.governance import DENY_MAIL, owner_of
from waxell.ledger.models import Entry
from waxell.lib.errors import Forbidden

pytestmark = pytest.mark.django_db

SYSTEM = Actor(system="test")
NEW = DENY_MAIL.replace("not sent", "never sent")


@pytest.fixture
def project() -> Project:
    project = make_project()
    make_tool(project)
    return project


@pytest.fixture
def alice(project):
    return Actor(person=owner_of(project).pk)


@pytest.fixture
def bob(project):
    return _author(project, "Bob")


@pytest.fixture
def policy(project, alice):
    """Version 1 is in force, alone by Alice; from then on two are asked for, and Alice has drafted another text."""
    policy = make_policy(project, slug="mail")
    projects.change_settings(project=project, actor=alice, four_eyes=True)
    return policies.save_draft(policy=policy, actor=alice, text=NEW)


def _author(project, name):
    person = make_person(name)
    rights.grant_role(project=project, person=person, role="author", actor=SYSTEM)
    return Actor(person=person.pk)


def approve(policy, actor, text=NEW, mode="enforced"):
    reviews.approve(policy=policy, actor=actor, digest=policy_digest(text), mode=mode)


def versions(project):
    return {one.slug: (one.version, one.mode) for one in states.in_force(project.pk).policies}


def test_whoever_changed_the_draft_does_not_publish_it_alone(policy, alice, bob, project):
    with pytest.raises(SecondPersonMissing):
        policies.publish(policy=policy, actor=alice)

    policies.publish(policy=policy, actor=bob)

    assert versions(project)["mail"] == (2, "enforced")
    version = policy.versions.get(number=2)
    assert (version.author_id, version.written_by_id) == (bob.person, alice.person)


def test_an_approval_is_for_exactly_this_text(policy, alice, bob):
    approve(policy, bob)
    other = policies.save_draft(policy=policy, actor=alice, text=NEW + "\n// and more")
    with pytest.raises(SecondPersonMissing):
        policies.publish(policy=other, actor=alice)
    with pytest.raises(TextMoved):
        approve(policy, bob)

    back = policies.save_draft(policy=policy, actor=alice, text=NEW)

    assert policies.publish(policy=back, actor=alice).version == 2


def test_another_mode_is_another_text(policy, alice, bob):
    approve(policy, bob)
    policy = policies.save_draft(policy=policy, actor=alice, mode="shadow")

    with pytest.raises(SecondPersonMissing):
        policies.publish(policy=policy, actor=alice)


def test_whoever_only_renames_a_draft_has_not_changed_it(policy, alice, bob):
    policy = policies.save_draft(policy=policy, actor=bob, name="Mail, and more")

    with pytest.raises(SecondPersonMissing):
        policies.publish(policy=policy, actor=alice)


def test_two_keys_of_one_person_are_one_person_and_a_key_does_not_approve(policy, alice, project):
    keys = [Actor(person=alice.person, key=make_key(project).key.pk) for _ in range(2)]

    for key in keys:
        with pytest.raises(SecondPersonMissing):
            policies.publish(policy=policy, actor=key)
        with pytest.raises(Forbidden):
            approve(policy, key)
    approve(policy, alice)
    with pytest.raises(SecondPersonMissing):
        policies.publish(policy=policy, actor=keys[0])


def test_an_approval_ends_with_the_right_to_author(policy, alice, bob, project):
    approve(policy, bob)
    rights.revoke_role(project=project, person=reviews.approvers(policy, policy_digest(NEW), "enforced")[0],
                       role="author", actor=SYSTEM)  # fmt: skip

    with pytest.raises(SecondPersonMissing):
        policies.publish(policy=policy, actor=alice)


def test_a_version_comes_back_with_those_behind_it_who_made_it(policy, alice, bob, project):
    policies.publish(policy=policy, actor=bob)

    with pytest.raises(SecondPersonMissing):
        policies.publish_version(policy=policy, number=1, actor=alice)
    policies.publish_version(policy=policy, number=1, actor=bob)
    policies.publish_version(policy=policy, number=2, actor=alice)

    assert versions(project)["mail"] == (2, "enforced")


def test_a_version_that_one_person_made_comes_back_once_another_stands_behind_it(policy, alice, bob, project):
    policies.publish(policy=policy, actor=bob)
    approve(policy, bob, DENY_MAIL)

    policies.publish_version(policy=policy, number=1, actor=alice)

    assert versions(project)["mail"] == (1, "enforced")


def test_retiring_takes_two(policy, alice, bob, project):
    with pytest.raises(SecondPersonMissing):
        policies.retire(policy=policy, actor=alice)

    approve(policy, bob, DENY_MAIL, "retired")
    policies.retire(policy=policy, actor=alice)

    assert "mail" not in versions(project)


def test_the_database_refuses_what_a_service_would_let_through(policy, alice, project, monkeypatch):
    number = states.in_force(project.pk).number
    monkeypatch.setattr(reviews, "asks_two", lambda project_id: False)

    with pytest.raises(SecondPersonMissing):
        policies.publish(policy=policy, actor=alice)
    with pytest.raises(SecondPersonMissing):
        policies.retire(policy=policy, actor=alice)

    assert states.in_force(project.pk).number == number


def test_the_database_says_who_wrote_a_version(policy, alice, bob, project):
    Policy.objects.filter(pk=policy.pk).update(draft_author=bob.person)

    with pytest.raises(SecondPersonMissing):
        policies.publish(policy=policy, actor=alice)


def test_other_publications_need_nobody_else(policy, alice, project):
    projects.change_settings(project=project, actor=alice, refusal_limit=7)

    assert states.in_force(project.pk).settings.refusal_limit == 7
    assert publications.SecondPersonMissing.code == "second_person_missing"


def test_switching_it_is_written_down(project, alice):
    projects.change_settings(project=project, actor=alice, four_eyes=True)

    entry = Entry.objects.filter(stream=project.pk, type="settings.changed").latest("seq")
    assert orjson.loads(bytes(entry.body))["settings"] == {"four_eyes": True}


def test_what_is_on_trial_is_enforced_in_one_step_and_the_draft_stays(project, alice):
    policy = make_policy(project, slug="mail", mode="shadow")
    policies.save_draft(policy=policy, actor=alice, text=NEW)

    made = policies.promote(policy=policy, actor=alice, expected_version=1)

    assert versions(project)["mail"] == (2, "enforced")
    assert made.digest == policy_digest(DENY_MAIL)
    policy.refresh_from_db()
    assert (policy.draft_text, policy.mode) == (NEW, "enforced")
    with pytest.raises(NotOnTrial):
        policies.promote(policy=policy, actor=alice)
    with pytest.raises(VersionConflict):
        policies.promote(policy=policy, actor=alice, expected_version=1)


def test_promoting_takes_two_where_two_are_asked_for(project, alice, bob):
    policy = make_policy(project, slug="mail", mode="shadow")
    projects.change_settings(project=project, actor=alice, four_eyes=True)

    with pytest.raises(SecondPersonMissing):
        policies.promote(policy=policy, actor=alice)
    approve(policy, bob, DENY_MAIL)

    assert policies.promote(policy=policy, actor=alice).version == 2


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_end_in_one_order_that_the_ledger_shows():
    project = make_project()
    make_tool(project)
    people = [Actor(person=owner_of(project).pk), _author(project, "Bob"), _author(project, "Charlie")]
    policy = make_policy(project, slug="mail")
    before = states.in_force(project.pk).number

    def publisher(actor, expected):
        return lambda: policies.publish(
            policy=Policy.objects.get(pk=policy.pk), actor=actor, note="", expected_version=expected
        )

    outcomes = at_once([publisher(actor, 1) for actor in people])
    assert [type(one) for one in outcomes].count(VersionConflict) == 2
    free = at_once([publisher(actor, None) for actor in people])
    assert sorted(one.version for one in free) == [3, 4, 5]

    rows = (
        Entry.objects.filter(stream=project.pk, type="policy.published").order_by("seq").values_list("body", flat=True)
    )
    told = [orjson.loads(bytes(body)) for body in rows][-4:]
    assert [line["version"] for line in told] == [2, 3, 4, 5]
    assert [line["published"]["number"] for line in told] == [before + step for step in (1, 2, 3, 4)]
    by_version = {one.version: one.published.number for one in free}
    assert [by_version[line["version"]] for line in told[1:]] == [line["published"]["number"] for line in told[1:]]
    assert versions(project)["mail"][0] == 5

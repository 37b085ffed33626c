from datetime import timedelta

import orjson
import pytest
from django.utils import timezone

from governance.domain.actors import Actor
from governance.models import PolicySchedule, Project
from governance.queries import states
from governance.services import policies, projects, rights, schedules
from governance.services.policies import PolicyInvalid
from governance.services.schedules import ScheduledAlready, ScheduleEnded, ScheduleTimeInvalid
from tests.factories import make_key, make_person, make_policy, make_project, make_tool
from tests.factories.executions import at_once
from tests.factories.governance import DENY_MAIL
from waxell.ledger.models import Entry
from waxell.lib.errors import Forbidden

pytestmark = pytest.mark.django_db

SYSTEM = Actor(system="test")
NEW = DENY_MAIL.replace("not sent", "never sent")


def make() -> tuple[Project, Actor]:
    project = make_project()
    make_tool(project)
    author = make_person("Bob")
    rights.grant_role(project=project, person=author, role="author", actor=SYSTEM)
    return project, Actor(person=author.pk)


@pytest.fixture
def project_and_bob():
    return make()


@pytest.fixture
def project(project_and_bob):
    return project_and_bob[0]


@pytest.fixture
def bob(project_and_bob):
    return project_and_bob[1]


@pytest.fixture
def policy(project, bob):
    return _drafted(project, bob)


def _drafted(project, bob):
    policy = make_policy(project, slug="mail")
    return policies.save_draft(policy=policy, actor=bob, text=NEW)


def plan(policy, actor, **given):
    return schedules.schedule(
        **{
            "policy": policy,
            "actor": actor,
            "due_at": timezone.now() + timedelta(hours=1),
            "expected_version": 1,
            **given,
        }
    )


def make_due(waiting):
    PolicySchedule.objects.filter(pk=waiting.pk).update(due_at=timezone.now() - timedelta(seconds=1))


def version(project):
    return {one.slug: one.version for one in states.in_force(project.pk).policies}.get("mail")


def last_entry(project):
    return orjson.loads(bytes(Entry.objects.filter(stream=project.pk).latest("seq").body))


def test_what_is_due_comes_in_force_once_in_the_name_of_its_person(policy, project, bob):
    waiting = plan(policy, bob, note="Agreed on Monday.")
    assert schedules.publish_due() == 0
    make_due(waiting)

    assert schedules.publish_due() == 1
    assert schedules.publish_due() == 0

    assert version(project) == 2
    entry = last_entry(project)
    assert (entry["type"], entry["actor"]) == ("policy.published", {"person": str(bob.person), "system": "sweeper"})
    waiting.refresh_from_db()
    assert waiting.state == "published"
    assert policy.versions.get(number=2).note == "Agreed on Monday."


def _change_draft(policy, project, bob):
    policies.save_draft(policy=policy, actor=bob, text=NEW + "// more\n")


def _publish_other(policy, project, bob):
    policies.publish(policy=policy, actor=bob)


def _take_right(policy, project, bob):
    person = PolicySchedule.objects.select_related("person").get(policy=policy).person
    rights.revoke_role(project=project, person=person, role="author", actor=SYSTEM)


def _ask_two(policy, project, bob):
    projects.change_settings(project=project, actor=SYSTEM, four_eyes=True)


@pytest.mark.parametrize(
    ("meanwhile", "code"),
    [
        (_change_draft, "draft_moved"),
        (_publish_other, "version_conflict"),
        (_take_right, "forbidden"),
        (_ask_two, "second_person_missing"),
    ],
)
def test_what_has_changed_by_then_is_refused_and_says_so(policy, project, bob, meanwhile, code):
    waiting = plan(policy, bob)
    meanwhile(policy, project, bob)
    before = version(project)
    make_due(waiting)

    assert schedules.publish_due() == 1

    waiting.refresh_from_db()
    assert waiting.state == "refused"
    assert waiting.why != ""
    assert (last_entry(project)["type"], last_entry(project)["code"]) == ("policy.schedule_refused", code)
    assert version(project) == before


def test_cancelling_keeps_the_draft_a_draft(policy, project, bob):
    waiting = plan(policy, bob)
    with pytest.raises(ScheduledAlready):
        plan(policy, bob)

    schedules.cancel(waiting=waiting, actor=SYSTEM)
    make_due(waiting)

    assert schedules.publish_due() == 0
    assert version(project) == 1
    with pytest.raises(ScheduleEnded):
        schedules.cancel(waiting=waiting, actor=SYSTEM)
    plan(policy, bob)


@pytest.mark.parametrize("away", [timedelta(minutes=-1), timedelta(days=400)])
def test_a_time_is_to_come_and_within_a_year(policy, bob, away):
    with pytest.raises(ScheduleTimeInvalid):
        plan(policy, bob, due_at=timezone.now() + away)


def test_what_cannot_be_published_is_not_scheduled(policy, project, bob):
    with pytest.raises(Forbidden):
        plan(policy, Actor(person=bob.person, key=make_key(project).key.pk))
    broken = policies.save_draft(policy=policy, actor=bob, text="nonsense")
    with pytest.raises(PolicyInvalid):
        plan(broken, bob)


@pytest.mark.django_db(transaction=True)
def test_two_sweepers_publish_it_once():
    project, bob = make()
    make_due(plan(_drafted(project, bob), bob))

    outcomes = at_once([schedules.publish_due, schedules.publish_due])

    assert sorted(outcomes) == [0, 1]
    assert version(project) == 2

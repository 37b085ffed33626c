"""What can be set in a project, in the console."""

import orjson
import pytest
from django.urls import reverse

from governance.domain.actors import Actor
from governance.queries import states
from governance.services import projects
from waxell.ledger.models import Entry

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
GIVEN = {
    "name": "Reconciliation",
    "refusal_limit": 7,
    "approval_timeout_seconds": 3600,
    "time_zone": "Europe/Vienna",
    "max_concurrent_executions": 3,
    "max_pending_executions": 20,
}


def page(project):
    return reverse("governance:project_settings", args=[project.slug])


def entries(project):
    rows = Entry.objects.filter(stream=project.pk, type="settings.changed").order_by("seq")
    return [orjson.loads(bytes(row.body)) for row in rows]


def test_settings_that_decide_come_into_force_and_are_recorded_with_what_they_were(owner, project, alice):
    number = states.in_force(project.pk).number

    assert owner.post(page(project), GIVEN).status_code == 303

    in_force = states.in_force(project.pk)
    project.refresh_from_db()
    assert in_force.number == number + 1
    assert (in_force.settings.refusal_limit, in_force.settings.approval_timeout_seconds) == (7, 3600)
    assert (project.name, project.time_zone, project.max_pending_executions) == ("Reconciliation", "Europe/Vienna", 20)
    (entry,) = entries(project)
    assert entry["actor"]["person"] == str(alice.pk)
    assert entry["was"]["refusal_limit"] == 100
    assert entry["settings"] == GIVEN


def test_what_does_not_decide_is_recorded_without_new_rules(owner, project):
    owner.post(page(project), GIVEN)
    number = states.in_force(project.pk).number

    owner.post(page(project), {**GIVEN, "name": "Other"})

    assert states.in_force(project.pk).number == number
    assert entries(project)[-1]["settings"] == {"name": "Other"}
    assert entries(project)[-1]["was"] == {"name": "Reconciliation"}


def test_saving_the_same_again_writes_nothing(owner, project):
    owner.post(page(project), GIVEN)
    owner.post(page(project), GIVEN)

    assert len(entries(project)) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("time_zone", "Mars/Olympus"), ("refusal_limit", 0), ("max_pending_executions", -1), ("name", "")],
)
def test_settings_that_cannot_be_are_refused(owner, project, field, value):
    answer = owner.post(page(project), {**GIVEN, field: value}, headers=HTMX)

    assert answer.status_code == 422
    assert "<html" not in answer.text
    assert entries(project) == []


def test_others_read_the_settings_and_change_nothing(member, stranger, project):
    viewer = member("viewer")

    assert "1 day" in viewer.get(page(project)).text
    assert viewer.post(page(project), GIVEN).status_code == 403
    assert stranger.get(page(project)).status_code == 404
    assert entries(project) == []


def test_a_time_that_is_not_offered_stays_a_choice(owner, project):
    projects.change_settings(project=project, actor=Actor(system="test"), approval_timeout_seconds=5400)

    assert '<option value="5400" selected>90 minutes</option>' in owner.get(page(project)).text

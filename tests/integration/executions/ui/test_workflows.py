"""One workflow in the console: schedule, attempts, how many at once."""

import orjson
import pytest
from django.urls import reverse

from executions.services import schedules
from governance.models import Membership, Workflow
from governance.services import rights
from tests.factories import make_agent, make_person, make_project, make_workflow
from waxell.ledger.models import Entry

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def nightly(bench):
    return make_workflow(bench.project, "nightly", kind=Workflow.Kind.WORKER)


def page(bench, workflow):
    return reverse("executions:workflow", args=[bench.project.slug, workflow.pk])


def given(bench, **values):
    agent = str(bench.agent.pk)
    return {"max_concurrent": 2, "max_attempts": 3, "schedule": "30 6 * * mon-fri", "schedule_agent": agent, **values}


def changes(bench):
    rows = Entry.objects.filter(stream=bench.project.pk, type="workflow.changed").order_by("seq")
    return [orjson.loads(bytes(body)) for body in rows.values_list("body", flat=True)]


def test_a_schedule_is_set_recorded_and_told(bench, alice, nightly):
    assert alice.post(page(bench, nightly), given(bench)).status_code == 303

    nightly.refresh_from_db()
    assert (nightly.schedule, nightly.schedule_agent, nightly.max_attempts) == ("30 6 * * mon-fri", bench.agent, 3)
    (entry,) = changes(bench)
    assert entry["was"] == {"max_attempts": 1, "max_concurrent": 10, "schedule": "", "schedule_agent": None}
    assert entry["now"]["schedule_agent"] == "scout"
    shown = alice.get(page(bench, nightly)).text
    assert shown.count("06:30</time>") == 3
    assert schedules.start_scheduled() == []


def test_another_schedule_does_not_catch_up_what_it_would_have_started(bench, alice, nightly):
    alice.post(page(bench, nightly), given(bench, schedule="0 0 1 1 *"))
    schedules.start_scheduled()
    nightly.refresh_from_db()
    assert nightly.last_scheduled_at is not None

    alice.post(page(bench, nightly), given(bench, schedule="* * * * *"))

    nightly.refresh_from_db()
    assert nightly.last_scheduled_at is None
    assert schedules.start_scheduled() == []


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"schedule": "whenever"}, "five cron fields"),
        ({"schedule": "0 0 31 2 *"}, "a day that comes"),
        ({"schedule_agent": ""}, "needs an agent"),
        ({"max_attempts": 0}, "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_is_refused_on_the_form(bench, alice, nightly, values, said):
    answer = alice.post(page(bench, nightly), given(bench, **values), headers=HTMX)

    assert answer.status_code == 422
    assert said in answer.text
    assert changes(bench) == []


def test_an_agent_of_another_project_is_no_choice(bench, alice, nightly):
    foreign = make_agent(make_project(bench.owner))

    answer = alice.post(page(bench, nightly), given(bench, schedule_agent=foreign.pk), headers=HTMX)

    assert answer.status_code == 422
    assert changes(bench) == []


def test_taking_the_schedule_away_takes_the_agent_too(bench, alice, nightly):
    alice.post(page(bench, nightly), given(bench))
    alice.post(page(bench, nightly), given(bench, schedule=""))

    nightly.refresh_from_db()
    assert (nightly.schedule, nightly.schedule_agent) == ("", None)


def test_saving_the_same_again_writes_nothing(bench, alice, nightly):
    for _ in range(2):
        alice.post(page(bench, nightly), given(bench))

    assert len(changes(bench)) == 1


def test_work_that_an_agent_runs_has_no_schedule(bench, alice):
    bench.start("errand")
    errand = Workflow.objects.get(slug="errand")

    alice.post(page(bench, errand), {"description": "Fetches things.", "schedule": "* * * * *"})

    errand.refresh_from_db()
    assert (errand.description, errand.schedule, errand.discovered) == ("Fetches things.", "", False)
    assert changes(bench)[0]["changed"] == ["description", "discovered"]
    assert "/executions/" in alice.get(page(bench, errand)).text


def test_viewers_read_and_strangers_see_nothing(bench, client, nightly):
    viewer = make_person("Victor")
    rights.grant_role(project=bench.project, person=viewer, role=Membership.Role.VIEWER, actor=bench.actor)
    client.force_login(viewer)
    assert client.get(page(bench, nightly)).status_code == 200
    assert client.post(page(bench, nightly), given(bench)).status_code == 403

    client.force_login(make_person("Mallory"))
    assert client.get(page(bench, nightly)).status_code == 404

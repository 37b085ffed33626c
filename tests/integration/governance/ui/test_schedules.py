from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from governance.domain.actors import Actor
from governance.models import PolicySchedule
from governance.services import projects
from tests.factories import make_policy, make_tool

pytestmark = pytest.mark.django_db


def test_the_page_takes_a_time_of_the_projects_zone_and_cancels(owner, member, project):
    make_tool(project)
    policy = make_policy(project)
    projects.change_settings(project=project, actor=Actor(system="test"), time_zone="Asia/Tokyo")
    publish, schedule = (
        reverse(f"governance:policy_{name}", args=[project.slug, policy.slug]) for name in ("publish", "schedule")
    )
    day = timezone.now().date() + timedelta(days=3)
    seen = {"expected_version": 1, "revision": policy.draft_revision}

    assert member("viewer").post(schedule, {**seen, "due_at": f"{day}T09:30"}).status_code == 403
    assert owner.post(schedule, {**seen, "due_at": f"{day}T09:30"}).status_code == 303

    waiting = PolicySchedule.objects.get(policy=policy)
    assert f"{waiting.due_at:%Y-%m-%d %H:%M}" == f"{day} 00:30"
    assert "Cancel the schedule" in owner.get(publish).text
    owner.post(reverse("governance:policy_schedule_cancel", args=[project.slug, policy.slug, waiting.pk]))
    assert "Schedule for later" in owner.get(publish).text
    owner.post(schedule, {**seen, "due_at": "soon"})
    owner.post(schedule, {**seen, "revision": 7, "due_at": f"{day}T09:30"})
    assert PolicySchedule.objects.filter(policy=policy).count() == 1

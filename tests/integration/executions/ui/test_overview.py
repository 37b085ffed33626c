"""The first page of a new project, and what it costs to ask how far it has come."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from governance.models import Membership
from governance.queries import beginnings
from governance.services import rights
from tests.factories import make_person, make_policy, make_tool

pytestmark = pytest.mark.django_db


def test_first_steps_lead_on_until_they_are_done(bench, alice):
    page = alice.get(bench.url()).text
    assert "First steps" in page
    assert f'href="/p/{bench.project.slug}/policies/-/new/"' in page

    bench.start()
    make_tool(bench.project, "mail")
    make_policy(bench.project)

    assert beginnings.seen(bench.project.pk).rule
    assert beginnings.seen(bench.project.pk).key


def test_those_who_cannot_take_the_steps_are_not_led_there(bench, client):
    viewer = make_person("Victor")
    rights.grant_role(project=bench.project, person=viewer, role=Membership.Role.VIEWER, actor=bench.actor)
    client.force_login(viewer)

    assert "First steps" not in client.get(bench.url()).text


def test_asking_how_far_a_project_has_come_is_one_query(bench):
    with CaptureQueriesContext(connection) as queries:
        beginnings.seen(bench.project.pk)

    assert len(queries) == 1

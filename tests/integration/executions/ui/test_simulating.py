"""Trying a draft in the browser."""

import pytest

from governance.access import Permission
from governance.models import Membership
from governance.services import object_rights, rights
from tests.factories import make_person, make_policy, make_tool
from tests.factories.drafts import rule

pytestmark = pytest.mark.django_db


@pytest.fixture
def policy(bench):
    make_tool(bench.project, "mail")
    return make_policy(bench.project, rule(effect="halt"), publish=False)


def test_the_page_tells_what_would_change_and_leads_there(bench, alice, policy):
    run = bench.start()
    run.asks(resource="mail")

    page = alice.get(bench.url(f"policies/{policy.slug}/try/")).text

    assert "What would change" in page
    assert f'href="/p/{bench.project.slug}/executions/{run.id}/"' in page
    assert f"{policy.slug}/no-mail" in page
    assert "Whose decisions would change" in page


def test_a_draft_that_touches_nothing_says_so_and_a_broken_one_cannot_be_tried(bench, alice, policy):
    bench.start()
    broken = make_policy(bench.project, "forbid", publish=False)

    assert "No verdict would have been another" in alice.get(bench.url(f"policies/{policy.slug}/try/?period=hour")).text
    assert "This draft cannot be tried" in alice.get(bench.url(f"policies/{broken.slug}/try/?period=never")).text


def test_publishing_asks_for_one_sentence_about_the_last_day(bench, alice, policy):
    bench.start().asks(resource="mail")
    address = bench.url(f"policies/{policy.slug}/try/")

    assert f'hx-get="{address}?glance"' in alice.get(bench.url(f"policies/{policy.slug}/publish/")).text
    assert f'href="{address}"' in alice.get(bench.url(f"policies/{policy.slug}/")).text
    glance = alice.get(f"{address}?glance").text
    assert "1 decision of the last day would change." in glance
    assert "<html" not in glance


def test_only_who_may_author_and_see_the_project_tries(bench, client, policy):
    address = bench.url(f"policies/{policy.slug}/try/")
    viewer, editor = make_person("Victor"), make_person("Ed")
    rights.grant_role(project=bench.project, person=viewer, role=Membership.Role.VIEWER, actor=bench.actor)
    object_rights.give(obj=policy, person=editor, permission=Permission.AUTHOR_POLICIES, actor=bench.actor)

    client.force_login(viewer)
    assert client.get(address).status_code == 403
    client.force_login(editor)
    assert client.get(address).status_code == 403
    assert client.get(f"{address}?glance").status_code == 204

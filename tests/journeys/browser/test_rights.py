"""Nobody is shown a project that is not theirs, or a button that would refuse them."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from governance.domain.actors import Actor
from governance.models import Membership
from governance.services import rights
from tests.factories import make_person, make_project
from tests.factories.addresses import furnish
from tests.journeys.browser.visitors import Visitor, within
from tests.stack.fixtures import Bench

pytestmark = [pytest.mark.process, pytest.mark.browser]

ACTS = re.compile(
    "Grant|Refuse|New|Start work|Stop|Cancel|Publish|Save|Retire|Change the limit|Add|Adopt|Give|Revoke|Key for|Lift"
)


def test_a_stranger_meets_a_project_that_does_not_exist(bench: Bench, visit: Callable[..., Visitor]) -> None:
    charlie = make_person("Charlie")
    own = make_project(charlie)
    stranger = visit(charlie)

    stranger.open(within(own))
    expect(stranger.page.get_by_text(own.name).first).to_be_visible()
    seen = {}
    for slug in (bench.project.slug, "no-such-project"):
        assert stranger.open(f"/p/{slug}/executions/").status == 404
        seen[slug] = stranger.page.locator("body").inner_text().replace(slug, "")
    stranger.forgive("404")
    assert seen[bench.project.slug] == seen["no-such-project"]


def test_a_viewer_reads_everything_and_is_offered_nothing_that_acts(
    bench: Bench, visit: Callable[..., Visitor]
) -> None:
    things = furnish(bench.project)
    victor = make_person("Victor")
    rights.grant_role(
        project=bench.project, person=victor, role=Membership.Role.VIEWER, actor=Actor(person=bench.owner.pk)
    )
    viewer = visit(victor)

    offered = {}
    for rest in (
        "",
        "executions/",
        f"executions/{things['execution_id']}/",
        f"approvals/{things['approval_id']}/",
        f"policies/{things['policy']}/",
        "policies/",
        f"budgets/{things['budget']}/",
        "budgets/",
        f"kill-orders/{things['order_id']}/",
        "kill-orders/",
        "agents/",
        "workflows/",
        "people/",
    ):
        assert viewer.open(within(bench.project, rest)).status == 200
        controls = viewer.page.locator("a.button, button").filter(visible=True)
        words = [word.strip() for word in controls.all_inner_texts()]
        offered[rest] = [word for word in words if ACTS.match(word)]
    assert [rest for rest, words in offered.items() if words] == [], offered

    assert viewer.open(within(bench.project, "kill-orders/new/")).status == 403
    expect(viewer.page.get_by_role("heading", level=1)).to_be_visible()
    viewer.forgive("403")
    viewer.open(within(bench.project, f"executions/{things['execution_id']}/"))
    expect(viewer.page.get_by_text("You do not have the right to see what the agent sent")).to_be_visible()
    expect(viewer.page.get_by_text("Arguments")).to_have_count(0)

"""From a link in a message to a decision, on a phone."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from governance.domain.actors import Actor
from governance.models import Approval, Membership
from governance.services import rights
from tests.factories import make_budget, make_person, make_policy, make_tool
from tests.journeys.browser.visitors import NARROW, Visitor, within
from tests.stack.fixtures import Bench

pytestmark = [pytest.mark.process, pytest.mark.browser]

HOLD = """
@id("ask-first") @message("A person reads every mail before it is sent.") @effect("hold")
forbid (principal, action in Action::"tool.call", resource == Tool::"mail");
"""


def test_a_link_in_a_message_leads_through_the_sign_in_to_a_decision(
    bench: Bench, visit: Callable[..., Visitor]
) -> None:
    make_tool(bench.project, "mail")
    make_budget(bench.project, slug="money", unit="usd", limit=10_000_000, default_reservation=500_000)
    make_policy(bench.project, HOLD)
    for to in ("dave", "erin", "frank"):
        bench.start().ask("mail", args={"to": f"{to}@example.org"})
    carol = make_person("Carol")
    rights.grant_role(
        project=bench.project, person=carol, role=Membership.Role.APPROVER, actor=Actor(person=bench.owner.pk)
    )
    first = Approval.objects.filter(project=bench.project).earliest("requested_at")
    visitor = visit(viewport=NARROW)
    page = visitor.page

    visitor.sign_in(carol, at=within(bench.project, f"approvals/{first.pk}/"))

    expect(page.get_by_text("dave@example.org").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    page.get_by_role("link", name="2 others like it wait").click()
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_label("Comment").fill("I know all of them.")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    page.get_by_role("button", name="Refuse the chosen").click()
    expect(page.get_by_role("status").get_by_role("listitem")).to_have_text([re.compile("Refused")] * 3)
    page.get_by_role("link", name="Back to the inbox").click()
    page.get_by_role("link", name="Waiting for me").click()
    expect(page.get_by_text("Nothing waits for you")).to_be_visible()
    assert set(Approval.objects.filter(project=bench.project).values_list("state", flat=True)) == {"refused"}

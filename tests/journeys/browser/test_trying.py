"""A draft tried on what happened, and one refusal asked about, in the browser and by real workers."""

import pytest
from playwright.sync_api import expect

from tests.factories import make_policy, make_tool
from tests.factories.drafts import SCHEMA
from tests.journeys.browser.visitors import Visitor, within
from tests.stack.fixtures import Bench

pytestmark = [pytest.mark.process, pytest.mark.browser]

COSTLY = """@id("costly") @message("More than a hundred.") @effect("deny")
forbid (principal, action == Action::"tool.call/pay", resource) when { context.args.amount > 100 };"""


def test_a_draft_is_tried_and_one_of_its_refusals_supposed_otherwise(bench: Bench, alice: Visitor) -> None:
    make_tool(bench.project, "pay", schema=SCHEMA)
    make_policy(bench.project, COSTLY, slug="care", name="Care", publish=False)
    run = bench.start()
    for amount in (5, 500, 600):
        assert run.ask("pay", args={"amount": amount})["verdict"] == "allow"

    page = alice.page
    alice.open(within(bench.project, "policies/care/"))
    page.get_by_role("link", name="Try it").click()
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_role("heading", name="Decisions that would change")).to_be_visible(timeout=120_000)
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0, timeout=120_000)
    table = page.get_by_role("region", name="Decisions that would change")
    expect(table.get_by_role("row")).to_have_count(3)

    table.get_by_role("link", name="What if?").first.click()
    verdict = page.locator("#verdict")
    page.get_by_label("Judged by").select_option(label="Today's rules with the draft of Care")
    expect(verdict).to_contain_text("More than a hundred.")
    page.get_by_label("Arguments").fill('{"amount": 50}')
    page.get_by_label("Arguments").blur()
    expect(verdict).to_contain_text("The same")
    assert run.ask("pay", args={"amount": 700})["verdict"] == "allow", "nothing was written"

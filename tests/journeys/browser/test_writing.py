"""Writing a policy as text: colours, words, mistakes and layout as one types, and nothing that is lost."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from governance.domain.actors import Actor
from governance.models import Policy
from governance.services import policies
from tests.factories import make_policy, make_tool
from tests.journeys.browser.visitors import Visitor, within
from tests.stack.fixtures import Bench

pytestmark = [pytest.mark.process, pytest.mark.browser]

CARE = '@id("care") @message("No.") @effect("deny")\nforbid (principal, action, resource == Tool::"mail");\n'
SCHEMA = {"type": "object", "properties": {"copies": {"type": "integer", "description": "How many."}}, "required": []}


@pytest.fixture
def policy(bench: Bench) -> Policy:
    make_tool(bench.project, schema=SCHEMA)
    return make_policy(bench.project, CARE, slug="care", name="Care")


def text_of(policy: Policy) -> str:
    policy.refresh_from_db()
    return policy.draft_text


def test_a_rule_is_written_with_help_and_is_kept(bench: Bench, alice: Visitor, policy: Policy) -> None:
    page, keys = alice.page, alice.page.keyboard
    alice.open(within(bench.project, "policies/care/"))
    rules = page.get_by_role("textbox", name="Rules")
    page.get_by_text("Rules", exact=True).last.click()
    expect(rules).to_be_focused()
    keys.press("Control+End")
    keys.type('@id("many") @message("Too many.") forbid (principal, action == Action::"tool.call/mail')
    keys.press("Escape")
    keys.type('", resource) when { context.args has copies && context.args.co')

    offered = page.get_by_role("option", name="copies")
    expect(offered).to_contain_text("Long, optional")
    # The key that takes it does nothing for a moment after the list has opened; a click does.
    offered.click()
    keys.type("< };")
    expect(page.locator("#check [data-line]")).to_contain_text("Line 3")
    expect(page.locator(".cm-lintRange-error")).to_have_text("}")
    page.get_by_role("button", name="Format").click()
    expect(page.get_by_text("Left as it is: line 3")).to_be_visible()
    expect(rules).to_contain_text("context.args.copies< };")

    page.locator("#check [data-line]").click()
    keys.type("9 ")
    expect(page.locator("#check")).to_contain_text("It can be published")
    page.get_by_role("button", name="Format").click()
    expect(page.locator(".cm-line").filter(has_text="context.args.copies < 9")).to_be_visible()
    expect(rules).to_be_focused()
    keys.press("Control+z")
    expect(rules).to_contain_text("context.args.copies< 9 };")
    expect(saved(page)).to_be_visible()
    assert "context.args.copies< 9 };" in text_of(policy)
    expect(page.get_by_role("link", name="Publish…")).to_be_visible()

    keys.press("Tab")
    expect(rules).not_to_be_focused()
    # What is typed last is kept before one goes elsewhere.
    page.get_by_label("What it is for").fill("Mail goes to few.")
    page.get_by_role("link", name="Publish…").click()
    expect(page.get_by_role("button", name="Publish", exact=True)).to_be_visible()
    policy.refresh_from_db()
    assert policy.description == "Mail goes to few."
    alice.forgive("422")


def test_two_who_write_one_draft_lose_nothing_also_without_the_editor(
    bench: Bench, visit: Callable[..., Visitor], policy: Policy
) -> None:
    alice = visit(bench.owner)
    page = alice.page
    page.route("**/codemirror*.js", give_nothing)
    alice.open(within(bench.project, "policies/care/"))
    rules = page.get_by_role("textbox", name="Rules")
    rules.fill(CARE + "// mine, kept\n")
    expect(saved(page)).to_be_visible()
    assert text_of(policy) == CARE + "// mine, kept\n"

    policies.save_draft(policy=policy, actor=Actor(person=bench.owner.pk), text=CARE + "// theirs\n")
    rules.fill(CARE + "// mine, later\n")
    expect(page.get_by_text("Not saved: somebody else saved this draft meanwhile.")).to_be_visible()
    assert text_of(policy) == CARE + "// theirs\n"
    page.get_by_role("button", name="Look at both texts").click()
    expect(page.locator("#their-text")).to_contain_text("// theirs")
    expect(page.locator("#your-text")).to_contain_text("// mine, later")
    expect(page.get_by_role("textbox", name="Rules")).to_have_value(CARE + "// mine, later\n")

    page.get_by_role("button", name="Save the draft").click()
    expect(page.get_by_role("status").filter(has_text="The draft is saved.")).to_be_visible()
    assert text_of(policy) == CARE + "// mine, later\n"
    alice.forgive("409")


def give_nothing(route: Route) -> None:
    route.fulfill(status=200, content_type="text/javascript", body="")


def saved(page: Page) -> Locator:
    return page.locator('[data-save-state="saved"]')

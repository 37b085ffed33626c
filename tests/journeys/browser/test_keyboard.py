"""The way from sign-in to a decision without a pointer."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from governance.models import Approval
from tests.factories.addresses import furnish
from tests.journeys.browser.visitors import PASSWORD, Visitor, give_password, within
from tests.stack.fixtures import Bench

pytestmark = [pytest.mark.process, pytest.mark.browser]

TABS = 60


def test_a_held_action_is_granted_by_keyboard_alone(bench: Bench, visit: Callable[..., Visitor]) -> None:
    furnish(bench.project)
    give_password(bench.owner)
    visitor = visit()
    visitor.open(within(bench.project))
    page, keys = visitor.page, visitor.page.keyboard
    # The first field has the focus already.
    keys.type(bench.owner.email)
    keys.press("Tab")
    keys.type(PASSWORD)
    keys.press("Enter")
    visitor.arrive(within(bench.project))

    keys.press("Tab")
    assert focused(page) == "Skip to content"
    keys.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"

    keys.type("ga")
    visitor.arrive(within(bench.project, "approvals/"))
    walk_to(page, "Grant or refuse")
    keys.press("Enter")
    page.wait_for_url("**/approvals/*-*/")
    walk_to(page, "Grant")
    keys.press("Enter")
    expect(page.get_by_text("Granted. The agent may go on.")).to_be_visible()
    assert Approval.objects.get(project=bench.project).state == Approval.State.GRANTED


def test_shortcuts_search_and_explain_themselves(bench: Bench, alice: Visitor) -> None:
    bench.start()
    page, keys = alice.page, alice.page.keyboard
    alice.open(within(bench.project, "workflows/"))

    keys.press("?")
    explained = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(explained).to_be_visible()
    told = explained.locator("dd").evaluate_all("all => all.map(d => [...d.children].map(k => k.innerText).join(' '))")
    there = page.locator("[data-shortcut]").evaluate_all("all => all.map(link => link.dataset.shortcut)")
    assert set(told) == set(there)
    keys.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    keys.type("ge")
    alice.arrive(within(bench.project, "executions/"))
    keys.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    # In a field the same letters are only letters.
    keys.type("ga?!")
    expect(page.get_by_role("searchbox")).to_have_value("ga?!")
    keys.press("Enter")
    expect(page.get_by_text("Nothing matches")).to_be_visible()


def walk_to(page: Page, name: str) -> None:
    """Press Tab until `name` has the focus, and see that it shows."""
    for _ in range(TABS):
        page.keyboard.press("Tab")
        if focused(page) == name:
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", f"nobody sees that {name} has the focus"
            return
    raise AssertionError(f"{name} is not reached within {TABS} tabs")


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.innerText ?? ''")).strip()

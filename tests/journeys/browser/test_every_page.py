"""Each page of the console: on a narrow screen, without complaints, and without JavaScript."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from governance.models import Approval
from tests.factories.addresses import PROJECT, ROUTES, fill, furnish
from tests.journeys.browser.visitors import NARROW, Visitor, within
from tests.stack.fixtures import Bench

pytestmark = [pytest.mark.process, pytest.mark.browser]

BESIDE = ("/account/password/", "/projects/new/", "/reference/")
TOO_WIDE = """() => [...document.querySelectorAll("body *")]
  .filter((e) => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 1)
  .slice(0, 3).map((e) => e.outerHTML.slice(0, 120))"""


@pytest.fixture
def addresses(bench: Bench) -> list[str]:
    """Every address of a project, with things on it; and the pages beside projects."""
    things = furnish(bench.project)
    return [fill(route, things) for route, _ in ROUTES if route.startswith(PROJECT)] + list(BESIDE)


def test_every_page_fits_360_pixels_and_keeps_to_its_security_policy(
    addresses: list[str], bench: Bench, visit: Callable[..., Visitor]
) -> None:
    # What would violate the policy, or complain in any other way, fails as this visitor leaves.
    alice = visit(bench.owner, viewport=NARROW, has_touch=True)
    pages, scrolling = 0, {}
    for address in filter(alice.shows, addresses):
        response = alice.open(address)
        assert response.status == 200, address
        assert "default-src 'none'" in response.headers["content-security-policy"]
        pages += 1
        if alice.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            scrolling[address] = alice.page.evaluate(TOO_WIDE)

    assert scrolling == {}
    assert pages > 40


def test_every_page_reads_without_javascript(addresses: list[str], bench: Bench, visit: Callable[..., Visitor]) -> None:
    plain = visit(bench.owner, scripts=False)
    unread = {}
    # The browser for the contract is a program; the contract itself is a document.
    for address in filter(plain.shows, set(addresses) - {"/reference/"}):
        assert plain.open(address).status == 200
        page = plain.page
        heading = page.locator("main h1").first
        if not (heading.is_visible() and len(page.locator("main").inner_text()) > 40):
            unread[address] = page.locator("body").inner_text()[:200]
        # A button that only a script could work is not there; one that sends a form can be pressed.
        for button in page.locator("main form button:disabled").filter(visible=True).all():
            unread[address] = button.inner_text()
    assert unread == {}


def test_without_javascript_a_person_still_decides_and_stops(bench: Bench, visit: Callable[..., Visitor]) -> None:
    furnish(bench.project)
    plain = visit(bench.owner, scripts=False)
    page = plain.page
    plain.open(within(bench.project, "approvals/"))
    page.get_by_role("link", name="Grant or refuse").click()
    page.get_by_label("Comment").fill("It may go.")
    page.get_by_role("button", name="Grant").click()
    expect(page.get_by_text("Granted. The agent may go on.")).to_be_visible()
    assert Approval.objects.get(project=bench.project).state == Approval.State.GRANTED

    run = bench.start()
    page.get_by_role("link", name="Stop agents").click()
    page.get_by_label("What to stop").select_option(label="Everything in this project")
    page.get_by_label("Why").fill("Enough.")
    page.get_by_label("Type this to confirm").fill(bench.project.slug)
    page.get_by_role("button", name="Stop it now").click()
    expect(page.get_by_text("stopped").first).to_be_visible()
    assert run.show()["state"] == "halted"

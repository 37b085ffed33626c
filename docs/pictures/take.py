"""Take the pictures of the documentation from the real demo: `make pictures`.

Starts Waxell as `make run` does, in a home of its own, waits for the demo's work to be done, and photographs it with
the Chromium that the browser tests use.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from tests.journeys.browser.chromium import launch
from tests.process.local_run import LocalRun
from tests.stack.api import Api
from tests.stack.running import wait_until

HERE: Final = Path(__file__).parent
WIDE: Final[Any] = {"viewport": {"width": 1200, "height": 750}, "device_scale_factor": 1.5}
NARROW: Final[Any] = {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 2, "color_scheme": "dark"}
MOST_BYTES: Final = 300_000
SETTLED: Final = {"completed", "denied", "halted", "suspended"}

RULE: Final = """

@id("small-reports-only")
@effect("hold")
@approvers("release")
@message("A report on more than fifty packages is looked at first.")
forbid (
  principal,
  action == Action::"tool.call/report.write",
  resource
)
when { context.args.packages > 50 };
"""


def main() -> None:
    with demo() as ready, sync_playwright() as playwright:
        browser = launch(playwright)
        with httpx.Client(base_url=ready["url"], trust_env=False) as http:
            executions = finished(Api(http=http, key=ready["keys"]["govern"]))
        page = signed_in(browser, ready, WIDE)
        state = page.context.storage_state()
        take(page, "overview", "")
        refused = executions["one action refused"]
        take(page, "execution", f"executions/{refused['id']}/?after={refused['record']['entries'] - 6}")
        stopped = executions["stopped by its budget"]
        take(page, "stopped", f"executions/{stopped['id']}/?after={stopped['record']['entries'] - 4}")
        take(page, "budgets", "budgets/")
        page.goto("/p/demo/approvals/")
        page.get_by_role("link", name="Grant or refuse").click()
        take(page, "approval")
        page.goto("/p/demo/policies/licence-audits/")
        rules = page.get_by_role("textbox", name="Rules")
        page.locator(".cm-content").wait_for()
        rules.fill(page.locator("#id_text").input_value().rstrip() + RULE)
        page.get_by_role("button", name="Save the draft").click()
        page.get_by_role("status").filter(has_text="The draft is saved").wait_for()
        take(page, "form", "policies/licence-audits/form/")
        page.get_by_role("link", name="Change").last.click()
        take(page, "rule")
        page.goto("/p/demo/policies/-/templates/amount-limit/")
        page.get_by_label("Which amount").select_option(index=1)
        page.locator("#preview pre").wait_for()
        take(page, "template")
        page.goto("/p/demo/policies/licence-audits/")
        page.get_by_role("link", name="Publish…").click()
        take(page, "policy")
        narrow = browser.new_context(base_url=ready["url"], storage_state=state, **NARROW).new_page()
        take(narrow, "narrow", "")
        browser.close()


@contextmanager
def demo() -> Iterator[dict[str, Any]]:
    """A running Waxell; gives the content of its ready.json."""
    home = Path(tempfile.mkdtemp(prefix="wxpict-"))
    run = LocalRun(home=home).start()
    try:
        yield run.wait_until_ready()
    finally:
        run.stop()
        shutil.rmtree(home, ignore_errors=True)


def finished(api: Api) -> dict[str, dict[str, Any]]:
    """The demo's executions by their scene, once none of them has anything left to do but wait."""

    def settled() -> list[dict[str, Any]]:
        found = api.items("executions/")
        return found if {item["state"] for item in found} == SETTLED else []

    return {item["labels"]["scene"]: item for item in wait_until(settled, 60)}


def signed_in(browser: Browser, ready: dict[str, Any], screen: Any) -> Page:
    page = browser.new_context(base_url=ready["url"], **screen).new_page()
    page.goto("/")
    page.get_by_label("E-mail address").fill(ready["owner"]["email"])
    page.get_by_label("Password").fill(ready["owner"]["password"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/p/demo/")
    return page


def take(page: Page, name: str, rest: str | None = None) -> None:
    """Photograph the page of the demo at `rest`, or the one that is open."""
    if rest is None:
        page.wait_for_load_state("networkidle")
        page.evaluate("scrollTo(0, 0)")
    else:
        page.goto(f"/p/demo/{rest}", wait_until="networkidle")
    picture = page.screenshot(animations="disabled", caret="hide")
    if len(picture) > MOST_BYTES:
        raise SystemExit(f"{name}.png has {len(picture):,} bytes; at most {MOST_BYTES:,} go into the repository.")
    (HERE / f"{name}.png").write_bytes(picture)
    print(f"{name}.png  {len(picture):,} bytes")


if __name__ == "__main__":
    main()

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from governance.models import Person
from tests.journeys.browser import chromium
from tests.journeys.browser.visitors import PATIENCE_MS, Visitor
from tests.stack.fixtures import Bench, bench, looking, stack

__all__ = ["bench", "looking", "stack"]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One Chromium for all journeys."""
    chromium.require()
    # Playwright's loop runs in this thread, and Django takes that for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        launched = chromium.launch(playwright)
        yield launched
        launched.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def visit(bench: Bench, browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Give a browser to somebody, signed in if it is a person; at the end none of them has complained."""
    visitors: list[Visitor] = []

    def make(person: Person | None = None, **options: Any) -> Visitor:
        visitors.append(Visitor(browser, bench.stack.ready["url"], **options))
        return visitors[-1].sign_in(person) if person else visitors[-1]

    yield make
    for visitor in visitors:
        visitor.context.close()
    assert [said for visitor in visitors for said in visitor.complaints] == []


@pytest.fixture
def alice(bench: Bench, visit: Callable[..., Visitor]) -> Visitor:
    """The owner of the project, signed in."""
    return visit(bench.owner)

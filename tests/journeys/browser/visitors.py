"""A person at a browser. Whatever the console of that browser complains of is kept."""

import re
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

from django.contrib.auth.hashers import make_password
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response

from governance.models import Person, Project

PASSWORD: Final = "a password of these tests"
WIDE: Final = {"width": 1280, "height": 800}
NARROW: Final = {"width": 360, "height": 740}
PATIENCE_MS: Final = 10_000

# The document's policy allows no script of ours to run in the page; this one the browser itself puts there.
REPORT_VIOLATIONS: Final = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`violates ${event.violatedDirective}: ${event.blockedURI} ${event.sample}`);
});
"""


class Visitor:
    """One browser with cookies of its own, and one page in it. `complaints` should stay empty."""

    def __init__(self, browser: Browser, url: str, *, scripts: bool = True, **options: Any) -> None:
        self.complaints: list[str] = []
        self.context: BrowserContext = browser.new_context(
            base_url=url, java_script_enabled=scripts, **{"viewport": WIDE, **options}
        )
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.add_init_script(REPORT_VIOLATIONS)
        self.page = self.another_page()

    def another_page(self) -> Page:
        """A second page with the same cookies."""
        page = self.context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("response", self._look_at)
        return page

    def open(self, path: str) -> Response:
        """Go to an address; returns the answer that has the document."""
        response = self.page.goto(path)
        assert response is not None
        return response

    def sign_in(self, person: Person, *, at: str = "/") -> "Visitor":
        """Fill in the form that `at` leads to, as everybody does."""
        give_password(person)
        return self.fill_in(person.email, PASSWORD, at=at)

    def fill_in(self, email: str, password: str, *, at: str = "/") -> "Visitor":
        self.open(at)
        self.page.get_by_label("E-mail address").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(lambda url: "/sign-in/" not in url)
        return self

    def arrive(self, path: str) -> None:
        """Wait until the page at `path` is there, whatever its query."""
        self.page.wait_for_url(lambda url: urlsplit(url).path == path)

    def shows(self, path: str) -> bool:
        """Tell whether an address has a page: some only take what is sent to them, some give a file away."""
        answer = self.context.request.head(path)
        return answer.status != 405 and "attachment" not in answer.headers.get("content-disposition", "")

    def forgive(self, pattern: str) -> None:
        """Drop the complaints that a test provoked; there has to be one."""
        kept = [said for said in self.complaints if not re.search(pattern, said)]
        assert len(kept) < len(self.complaints), f"nobody complained of {pattern}: {self.complaints}"
        self.complaints = kept

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.page.url if message.page else ''}: {message.text}")

    def _look_at(self, response: Response) -> None:
        if response.status >= 500:
            self.complaints.append(f"{response.status} {response.url}")


def give_password(person: Person) -> None:
    """Let somebody sign in who was made without a password."""
    person.password = _hashed()
    person.save(update_fields=["password"])


def within(project: Project, rest: str = "") -> str:
    """The address of a page of a project."""
    return f"/p/{project.slug}/{rest}"


@cache
def _hashed() -> str:
    # Slow on purpose, as it should be; once is enough.
    return make_password(PASSWORD)

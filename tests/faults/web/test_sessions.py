"""D6: a browser's session opens no API, an API key opens no page, and a form without its token does nothing."""

import re

import httpx
import pytest

from tests.stack.api import Api
from tests.stack.fixtures import Bench
from tests.stack.routes import furnish, routes, values_of

pytestmark = pytest.mark.process


@pytest.fixture
def browser(bench: Bench) -> httpx.Client:
    """A client that is signed in as the installation's owner."""
    with httpx.Client(base_url=bench.stack.ready["url"], trust_env=False, follow_redirects=False) as client:
        sign_in(client, bench.stack.ready["owner"])
        yield client


def sign_in(client: httpx.Client, owner: dict[str, str]) -> None:
    page = client.get("/", follow_redirects=True)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert token, page.text[:500]
    form = {"csrfmiddlewaretoken": token[1], "email": owner["email"], "password": owner["password"]}
    answer = client.post(page.url.path, data=form, params=page.url.params)
    assert answer.status_code == 303, answer.text[:500]


def test_a_session_opens_nothing_under_api(bench: Bench, browser: httpx.Client) -> None:
    things = furnish(bench)
    assert browser.get("/").status_code in (200, 302)
    api = Api(http=browser)

    for route in routes():
        response = api.send(route.method, route.path(values_of(route, things)), route.body)
        assert (str(route), response.status_code) == (str(route), 401)
        assert "set-cookie" not in response.headers


def test_a_key_opens_no_page(bench: Bench) -> None:
    for headers in ({"Authorization": f"Bearer {bench.governor.key}"}, {"X-Wax-Key": bench.governor.key}):
        for path in ("/", f"/p/{bench.project.slug}/", f"/p/{bench.project.slug}/policies/"):
            response = bench.stack.http.get(path, headers=headers)
            assert response.status_code in (302, 404), path
            assert bench.project.name not in response.text


def test_a_form_without_its_token_does_nothing(bench: Bench, browser: httpx.Client) -> None:
    response = browser.post("/", data={"x": "y"})
    assert response.status_code in (403, 405)
    cookie = browser.cookies.get("csrftoken")
    browser.cookies.delete("csrftoken")
    page = bench.stack.http.get("/", follow_redirects=True)
    refused = browser.post(page.url.path, data={"email": "a@example.org", "password": "b"})
    assert refused.status_code == 403
    assert cookie


def test_answers_of_the_api_set_no_cookie_and_are_not_kept(bench: Bench) -> None:
    for path in ("executions/", "policies/", "nowhere/"):
        response = bench.governor.send("GET", path)
        assert "set-cookie" not in response.headers
        assert response.headers["x-content-type-options"] == "nosniff"

"""What the door in front of Django answers is what Django answers; what it leaves is left whole."""

import json
from io import BytesIO
from typing import Any

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import OperationalError
from django.test import override_settings
from django.test.client import FakePayload

from executions.api import rates
from executions.api.door import Door
from executions.services import short_road
from governance.models import Project
from tests.factories import make_project, make_tool
from tests.factories.executions import Run, start


class Passed:
    """Django behind the door, which notes what came through to it."""

    def __init__(self) -> None:
        self.application = get_wsgi_application()
        self.bodies: list[bytes] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        body = environ["wsgi.input"].read()
        self.bodies.append(body)
        return self.application(environ | {"wsgi.input": FakePayload(body)}, start_response)


class Caller:
    """Sends requests about one execution through a door, as the web server would."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.inner = Passed()
        self.door = Door(self.inner)

    def send(self, body: bytes | None = None, **changed: Any) -> tuple[int, dict[str, str], dict[str, Any]]:
        wanted = {"fence": self.run.fence, "kind": "tool.call", "resource": "search", "args": {"q": "x"}}
        content = json.dumps(wanted).encode() if body is None else body
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": f"/api/v1/executions/{self.run.id}/actions/",
            "SCRIPT_NAME": "",
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(content)),
            "HTTP_AUTHORIZATION": f"Bearer wxk_{self.run.caller.key_id}_{self.run.caller.secret}",
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(content),
            **changed,
        }
        told: list[Any] = []
        answer = b"".join(self.door(environ, lambda status, headers: told.extend((status, headers))))
        return int(told[0].split()[0]), dict(told[1]), json.loads(answer) if answer else {}

    @property
    def passed(self) -> int:
        """How many requests Django has met."""
        return len(self.inner.bodies)


@pytest.fixture
def project(transactional_db: None) -> Project:
    return make_project()


@pytest.fixture
def caller(project: Project) -> Caller:
    make_tool(project, "search")
    return Caller(start(project))


@pytest.fixture
def known(caller: Caller) -> Caller:
    """A caller whose like action the process has met before."""
    assert caller.send()[0] == 200
    assert caller.passed == 1
    return caller


def test_it_answers_what_django_answers(known: Caller) -> None:
    status, headers, body = known.send()
    assert (status, known.passed) == (200, 1)
    plainly = Caller(known.run)
    django = plainly.send(QUERY_STRING="x=1")

    assert plainly.passed == 1
    assert int(headers.pop("Content-Length")) > 0
    assert headers == django[1]
    assert body.keys() == django[2].keys()
    assert body["verdict"] == django[2]["verdict"] == "allow"
    assert django[2]["seq"] == body["seq"] + 1


def test_a_retry_gets_the_stored_answer_from_django(known: Caller) -> None:
    first = known.send(HTTP_IDEMPOTENCY_KEY="one")
    again = known.send(HTTP_IDEMPOTENCY_KEY="one")

    assert known.passed == 2
    assert again[1]["Idempotency-Replayed"] == "true"
    assert again[2] == first[2]
    assert known.run.row.seq == 3


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"body": b'{"fence": 1, "fence": 1}'}, 400),
        ({"body": b"{"}, 400),
        ({"CONTENT_TYPE": "text/plain"}, 415),
        ({"HTTP_AUTHORIZATION": "Bearer wxk_nobody_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}, 401),
        ({"HTTP_AUTHORIZATION": "Bearer nonsense"}, 401),
        ({"HTTP_IDEMPOTENCY_KEY": " "}, 400),
        ({"QUERY_STRING": "key=wxk_a_b"}, 400),
        ({"PATH_INFO": "/api/v1/executions/018f0000-0000-7000-8000-000000000000/actions/"}, 404),
        ({"REQUEST_METHOD": "PUT"}, 405),
    ],
)
def test_what_is_refused_is_refused_by_django(known: Caller, changed: dict[str, Any], status: int) -> None:
    passed = known.passed
    answered = known.send(**changed)

    assert (answered[0], known.passed) == (status, passed + 1)
    assert answered[1]["Content-Type"] == "application/problem+json"
    assert known.run.row.seq == 2


def test_every_request_counts_once(known: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[str] = []
    monkeypatch.setattr(rates, "check_rate", lambda key_id, per_minute: counted.append(key_id))
    bodies = (None, b"{", None, b"[]")
    for body in bodies:
        known.send(body)

    assert counted == [known.run.caller.key_id] * len(bodies)


def test_a_failure_is_told_and_not_tried_again(known: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(*arguments: object) -> None:
        raise OperationalError("the connection is lost")

    monkeypatch.setattr(short_road._allow, "row", lose)
    status, headers, body = known.send()

    assert (status, body["code"]) == (503, "unavailable")
    assert "Retry-After" in headers
    assert known.run.row.seq == 2


def test_who_comes_without_tls_is_sent_away(known: Caller) -> None:
    with override_settings(SECURE_SSL_REDIRECT=True, SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https")):
        strict = Caller(known.run)
        assert strict.send()[0] == 301
        assert strict.passed == 1
        assert strict.send(HTTP_X_FORWARDED_PROTO="https")[0] == 200
    assert strict.passed == 1

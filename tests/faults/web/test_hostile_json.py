"""D4: whatever is sent, the answer is 400, 413 or 415, and nothing was written."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.web.test_visibility import fingerprint
from tests.stack.api import Api
from tests.stack.fixtures import Bench
from tests.stack.routes import furnish, routes, values_of

pytestmark = pytest.mark.process

WRITES = [route for route in routes() if route.method != "GET"]
HOSTILE: dict[str, bytes] = {
    "no json": b"workflow=errand",
    "half a document": b'{"workflow": ',
    "duplicate keys": b'{"reason": "a", "reason": "b"}',
    "duplicate keys by escape": b'{"reason": "a", "re\\u0061son": "b"}',
    "duplicate keys inside": b'{"args": {"a": 1, "a": 2}}',
    "not a number": b'{"limit": NaN}',
    "infinity": b'{"limit": -Infinity}',
    "too large a float": b'{"limit": 1e400}',
    "too large an integer": b'{"fence": 9007199254740993}',
    "a huge integer": b'{"fence": ' + b"9" * 5000 + b"}",
    "NUL": b'{"reason": "a\\u0000b"}',
    "raw NUL": b'{"reason": "a\x00b"}',
    "NUL in a key": b'{"re\\u0000ason": "a"}',
    "lone surrogate": b'{"reason": "\\ud800"}',
    "lone surrogate in a key": b'{"\\udfff": "a"}',
    "not UTF-8": b'{"reason": "\xff\xfe"}',
    "UTF-16": '{"reason": "a"}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "deep arrays": b'{"args": ' + b"[" * 1000 + b"]" * 1000 + b"}",
    "deep objects": b'{"a":' * 1000 + b"1" + b"}" * 1000,
    "an array": b"[]",
    "an array of bodies": b'[{"reason": "a"}]',
    "a string": b'"reason"',
    "a number": b"1",
    "null": b"null",
    "unknown fields": b'{"surprise": 1, "__proto__": {}, "constructor": 1}',
    "everything of the wrong type": (
        b'{"workflow": [], "fence": "1", "kind": {}, "resource": 1, "status": 0, "outcome": [], "reason": {},'
        b' "decision": 1, "scope": 5, "slug": {}, "name": [], "text": 1, "note": [], "limit": {}, "scopes": "x",'
        b' "groups": "x"}'
    ),
}
LARGE = b'{"reason": "' + b"a" * (1024 * 1024) + b'"}'


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_json_is_refused_by_every_call(bench: Bench, name: str) -> None:
    things = furnish(bench)
    before = fingerprint(bench.project)

    for route in WRITES:
        path = route.path(values_of(route, things))
        for api in (bench.governor, bench.scout):
            response = api.send(route.method, path, content=HOSTILE[name])
            # An agent's key may be refused before its body is of interest.
            allowed = (400,) if api is bench.governor else (400, 403, 404)
            assert (str(route), response.status_code in allowed) == (str(route), True), response.text[:300]
            assert response.headers["content-type"] == "application/problem+json"
    assert fingerprint(bench.project) == before


def test_who_has_no_key_in_force_hears_nothing_of_the_body(bench: Bench) -> None:
    things = furnish(bench)
    revoked = bench.key(agent=bench.agent)
    assert revoked.key is not None
    revoked.post("executions/", {"workflow": "errand"}, expect=201)
    bench.governor.post(f"keys/{revoked.key.split('_')[1]}/revoke/")
    wrong = f"{bench.scout.key}"[:-4] + "none"
    strangers = [revoked, *(Api(http=bench.stack.http, key=key) for key in (None, "wxk_none", wrong))]

    for route in WRITES:
        path = route.path(values_of(route, things))
        for stranger in strangers:
            for sent in (b"{", b"[]", b'{"surprise": 1}'):
                assert (str(route), stranger.send(route.method, path, content=sent).status_code) == (str(route), 401)
            plain = stranger.send(route.method, path, content=b"{}", headers={"Content-Type": "text/plain"})
            assert plain.status_code == 401
            keyed = stranger.send(route.method, path, content=b"{}", retry="x" * 300)
            assert keyed.status_code == 401


def test_a_body_that_is_too_large_is_refused_unread(bench: Bench) -> None:
    things = furnish(bench)

    for route in WRITES:
        path = route.path(values_of(route, things))
        # What it does not read it cannot keep the connection for.
        response = bench.governor.send(route.method, path, content=LARGE, headers={"Connection": "close"})
        assert (str(route), response.status_code) == (str(route), 413)


def test_a_large_body_without_a_length_is_refused_too(bench: Bench) -> None:
    def chunks() -> object:
        for _ in range(64):
            yield b" " * 16_384

    for path in ("executions/", "policies/"):
        response = bench.governor.send("POST", path, content=chunks())
        assert response.status_code in (400, 411, 413)


def test_hostile_bodies_at_once_leave_memory_bounded(bench: Bench) -> None:
    run = bench.start()
    path = f"{run.path}actions/"
    wide = b'{"args": {' + b",".join(b'"k%d": [[]]' % number for number in range(60_000)) + b"}}"
    strings = b'{"args": {"text": "' + b"\\u00e9" * 160_000 + b'"}}'
    sent = [wide, strings, b"[" * 900_000, LARGE * 8, b'{"a":' * 150_000]

    def send(body: bytes) -> int:
        return bench.scout.send("POST", path, content=body, headers={"Connection": "close"}).status_code

    def resident() -> int:
        return sum(process.memory_info().rss for process in bench.stack.processes("web"))

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(send, sent * 4)) <= {400, 413}
        before = resident()
        assert set(pool.map(send, sent * 20)) <= {400, 413}

    assert resident() - before < 64 * 1024 * 1024
    assert run.ask()["verdict"] == "allow"


@pytest.mark.parametrize(
    "media_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", "",
     "application/json; charset=latin-1", "a" * 2000],
)  # fmt: skip
def test_another_media_type_is_refused(bench: Bench, media_type: str) -> None:
    things = furnish(bench)

    for route in WRITES:
        path = route.path(values_of(route, things))
        response = bench.governor.send(route.method, path, content=b'{"a": 1}', headers={"Content-Type": media_type})
        assert (str(route), response.status_code) == (str(route), 415), response.text


def test_methods_that_an_address_does_not_have_are_405(bench: Bench) -> None:
    things = furnish(bench)
    known = {(route.template, route.method) for route in routes()}

    for route in routes():
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
            if (route.template, method) not in known:
                response = bench.governor.send(method, route.path(values_of(route, things)), content=b"{}")
                assert response.status_code == 405, (method, route, response.status_code)


@pytest.mark.parametrize(
    "path",
    ["executions/%00/", "executions/not-an-id/", "policies/%ff/", "policies/a%00b/", "tools/%00/", "tools/%0a/",
     "tools/" + "x" * 300 + "/", "keys/%27/", "nowhere/", "executions/../../etc/passwd", "%2e%2e/", "//",
     "executions/00000000-0000-0000-0000-000000000000/actions/99999999999999/", "tools/%ed%a0%80/",
     "workflows/a%2fb/", "budgets/x/versions/0/", "agents/%e2%80%ae/"],
)  # fmt: skip
def test_hostile_addresses_are_nowhere(bench: Bench, path: str) -> None:
    response = bench.governor.send("GET", path)
    assert response.status_code in (400, 404)
    assert response.headers["content-type"] in ("application/problem+json", "text/plain; charset=utf-8")

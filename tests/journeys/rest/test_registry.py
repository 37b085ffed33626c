"""Agents, keys, workflows, tools and models over REST: registered, or discovered by use."""

import pytest

from tests.stack.api import Api, start
from tests.stack.fixtures import Bench

pytestmark = pytest.mark.process


def test_an_agent_is_registered_and_gets_a_key_that_is_shown_once(bench: Bench) -> None:
    made = bench.governor.post("agents/", {"slug": "clerk", "name": "Clerk", "teams": ["office"]}, expect=201)
    assert (made["slug"], made["teams"], made["discovered"]) == ("clerk", ["office"], False)
    assert bench.governor.get("agents/clerk/") == made
    assert {item["slug"] for item in bench.governor.items("agents/", limit=1)} == {"scout", "clerk"}

    body = {"scopes": ["execute", "read"], "expires_in_days": 30}
    issued = bench.governor.send("POST", "agents/clerk/keys/", body, retry="k1")
    plain = issued.json()["key"]
    assert (issued.status_code, plain.startswith(f"wxk_{issued.json()['id']}_")) == (201, True)
    again = bench.governor.send("POST", "agents/clerk/keys/", body, retry="k1")
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == {**issued.json(), "key": None}
    assert plain not in bench.governor.send("GET", "keys/").text
    assert [item["id"] for item in bench.governor.items("agents/clerk/keys/")] == [issued.json()["id"]]

    clerk = Api(http=bench.stack.http, key=plain)
    assert start(clerk).show()["agent"] == "clerk"

    revoked = bench.governor.post(f"keys/{issued.json()['id']}/revoke/")
    assert revoked["revoked_at"]
    assert clerk.post("executions/", {"workflow": "errand"}, expect=401)["code"] == "unauthenticated"
    assert bench.governor.post(f"keys/{issued.json()['id']}/revoke/", expect=409)["code"] == "key_not_in_force"


def test_names_are_taken_once(bench: Bench) -> None:
    body = {"slug": "scout", "name": "Another scout"}
    assert bench.governor.post("agents/", body, expect=409)["code"] == "name_taken"


@pytest.mark.parametrize(
    ("collection", "body"),
    [
        ("workflows", {"slug": "nightly", "kind": "external"}),
        ("tools", {"slug": "fs/read", "groups": ["files"], "schema": None}),
        ("models", {"slug": "gpt-5/mini", "provider": "openai"}),
    ],
)
def test_a_name_is_registered_and_read(bench: Bench, collection: str, body: dict) -> None:
    made = bench.governor.post(f"{collection}/", body, expect=201)

    assert {name: made[name] for name in body} == body
    assert bench.governor.get(f"{collection}/{body['slug']}/") == made
    assert body["slug"] in [item["slug"] for item in bench.governor.items(f"{collection}/")]
    assert bench.governor.post(f"{collection}/", body, expect=409)["code"] == "name_taken"


def test_names_first_seen_in_an_action_are_discovered_until_adopted(bench: Bench) -> None:
    run = bench.start("new-workflow")
    run.ask("new-tool")
    run.ask("new-model", kind="model.call")

    for path, body in (
        ("workflows/new-workflow/", {"slug": "new-workflow"}),
        ("tools/new-tool/", {"slug": "new-tool"}),
        ("models/new-model/", {"slug": "new-model"}),
    ):
        assert bench.governor.get(path)["discovered"] is True
        adopted = bench.governor.post(path.split("/")[0] + "/", body, expect=201)
        assert adopted["discovered"] is False


def test_a_tool_with_a_schema_types_its_arguments(bench: Bench) -> None:
    schema = {"type": "object", "properties": {"amount": {"type": "integer"}}, "required": ["amount"]}
    bench.governor.post("tools/", {"slug": "pay", "schema": schema}, expect=201)
    run = bench.start()

    assert run.ask("pay", args={"amount": 5})["verdict"] == "allow"
    refused = run.ask("pay", args={"amount": "five"})
    assert (refused["verdict"], refused["reasons"][0]["code"]) == ("deny", "args_invalid")
    assert run.ask("pay", args={"amount": 0.5})["verdict"] == "deny"

"""Policies over REST: from a draft to rules in force for an execution already running."""

import pytest

from tests.factories import make_tool
from tests.stack.fixtures import Bench

pytestmark = pytest.mark.process

DENY = """
@id("no-mail") @message("Mail is not sent from here.") @effect("deny")
forbid (principal, action in Action::"tool.call", resource == Tool::"mail");
"""
HALT = DENY.replace('"deny"', '"halt"')


def test_a_policy_lives_from_draft_to_retirement(bench: Bench) -> None:
    api = bench.governor
    make_tool(bench.project, "mail")
    run = bench.start()

    made = api.post("policies/", {"slug": "mail", "name": "Mail", "text": DENY}, expect=201)
    assert (made["slug"], made["mode"], made["version"], made["text"]) == ("mail", "enforced", None, DENY)
    assert run.ask("mail")["verdict"] == "allow"

    assert api.post("policies/mail/validate/", {"text": "forbid ("})["valid"] is False
    assert api.post("policies/mail/validate/", {"text": DENY}) == {"valid": True, "errors": [], "cases": []}

    first = api.post("policies/mail/publish/", {"note": "Too many mails.", "expected_version": 0})
    assert set(first) == {"version", "digest", "governance_state"}
    assert first["version"] == 1

    refused = run.ask("mail")
    assert (refused["verdict"], refused["state"]) == ("deny", "running")
    assert refused["governance_state"] == first["governance_state"]
    (reason,) = refused["reasons"]
    assert (reason["source"], reason["effect"]) == ("policy", "deny")
    assert (reason["policy"], reason["version"], reason["rule"]) == ("mail", 1, "no-mail")
    assert reason["message"] == "Mail is not sent from here."

    assert api.put("policies/mail/draft/", {"text": HALT})["text"] == HALT
    second = api.post("policies/mail/publish/", {"note": "", "expected_version": 1})
    assert second["version"] == 2
    conflict = api.post("policies/mail/publish/", {"note": "", "expected_version": 1}, expect=409)
    assert conflict["code"] == "version_conflict"

    back = api.post("policies/mail/versions/1/publish/", {"note": "Too strict."})
    assert run.ask("mail")["verdict"] == "deny"
    assert [version["version"] for version in api.items("policies/mail/versions/")][-1] == 1
    assert api.get("policies/mail/versions/1/")["text"] == DENY

    api.post("policies/mail/retire/", {"note": "Mail is fine.", "expected_version": back["version"]})
    assert run.ask("mail")["verdict"] == "allow"

    states = [state["digest"] for state in run.show()["governance_states"]]
    assert len(states) == len(set(states)) >= 2
    assert first["governance_state"] in states


def test_a_halting_rule_ends_the_execution_with_its_record(bench: Bench) -> None:
    make_tool(bench.project, "mail")
    bench.governor.post("policies/", {"slug": "mail", "name": "Mail", "text": HALT}, expect=201)
    bench.governor.post("policies/mail/publish/", {"note": ""})
    run = bench.start()

    stopped = run.ask("mail")

    assert (stopped["verdict"], stopped["state"]) == ("halt", "halted")
    closed = run.close(expect=409)
    assert (closed["code"], closed["record"]["entries"]) == ("execution_closed", 3)
    assert run.show()["cause"]["rule"] == "no-mail"


def test_a_shadow_policy_decides_nothing(bench: Bench) -> None:
    make_tool(bench.project, "mail")
    body = {"slug": "trial", "name": "Trial", "text": HALT, "mode": "shadow", "description": "On trial."}
    assert bench.governor.post("policies/", body, expect=201)["mode"] == "shadow"
    bench.governor.post("policies/trial/publish/", {"note": ""})

    assert bench.start().ask("mail")["verdict"] == "allow"


@pytest.mark.parametrize(
    "text",
    [
        "forbid (",
        'forbid (principal, action, resource == Tool::"unknown-tool");',
        'forbid (principal, action == Action::"tool.call", resource);',
        DENY.replace('@id("no-mail")', ""),
        DENY.replace('"deny"', '"maybe"'),
    ],
)
def test_what_does_not_validate_is_not_published(bench: Bench, text: str) -> None:
    make_tool(bench.project, "mail")
    bench.governor.post("policies/", {"slug": "bad", "name": "Bad", "text": text}, expect=201)

    refused = bench.governor.post("policies/bad/publish/", {"note": ""}, expect=422)

    assert refused["code"] == "policy_invalid"
    assert refused["errors"][0]["message"]
    assert bench.governor.get("policies/bad/")["version"] is None

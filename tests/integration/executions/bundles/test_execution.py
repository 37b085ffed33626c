"""The bundle of one execution verifies with nothing but the key."""

import pytest

from governance.models import Project
from tests.factories import make_budget, make_policy, make_tool
from tests.factories.executions import start
from tests.factories.sealing import Seal, bundle_of, check, messages
from waxell.ledger.queries.proofs import NotSealed
from waxell.ledger.verifier.verify_bundle import Checkpoint

SCHEMA = {
    "type": "object",
    "properties": {"to": {"type": "string"}},
    "required": ["to"],
    "additionalProperties": False,
}


def test_closed_execution_verifies(project: Project, seal: Seal) -> None:
    make_tool(project, schema=SCHEMA)
    make_policy(project)
    make_budget(project)
    run = start(project, input={"question": "how\u2028much \N{PILE OF POO}?"})
    allowed = run.ask("search", args={"q": "x"})
    run.ask("mail", args={"to": "bob"})
    run.report(allowed.body["seq"], output={"n": 1.5}, usd_micros=1200, tokens_in=10, tokens_out=3)
    make_budget(project, unit="actions")
    run.ask("search")
    run.close()
    seal()

    report = check(bundle_of(run.row))

    assert messages(report) == []
    assert report.summary["entries"] > 6
    assert (report.summary["closed"], report.summary["withheld"]) == (1, 0)
    assert report.summary["governance_states"] == 2


def test_payloads_withheld_still_verify(project: Project, seal: Seal) -> None:
    run = start(project, input="secret words")
    run.close()
    seal()

    bundle = bundle_of(run.row, contents=False)

    assert b"secret words" not in bundle
    report = check(bundle)
    assert messages(report) == []
    assert report.summary["withheld"] == 1


def test_unsealed_record_has_no_bundle_yet(project: Project, seal: Seal) -> None:
    run = start(project)
    seal()
    run.close()

    with pytest.raises(NotSealed):
        bundle_of(run.row)


def test_live_execution_is_known_up_to_what_is_sealed(project: Project, seal: Seal) -> None:
    run = start(project)
    seal()
    run.ask()

    bundle = bundle_of(run.row)

    assert ["nothing shows that none follows" in message for message in messages(check(bundle))] == [True]
    report = check(bundle, unfinished=True)
    assert messages(report) == []
    assert ["known up to entry 1" in note.message for note in report.notes] == [True]


def test_late_result_comes_as_an_addendum(project: Project, seal: Seal) -> None:
    run = start(project)
    asked = run.ask()
    run.close()
    with pytest.raises(Exception, match="ended"):
        run.report(asked.body["seq"])
    seal()

    report = check(bundle_of(run.row))

    assert messages(report) == []
    assert report.summary["entries"] >= 5


def test_older_checkpoint_is_continued(project: Project, seal: Seal) -> None:
    old = Checkpoint.parse(seal())
    run = start(project)
    run.close()
    seal()

    without = check(bundle_of(run.row), checkpoints=[("monday", old)])
    report = check(bundle_of(run.row, continues=[old.size]), checkpoints=[("monday", old)])

    assert ["does not show that its log continues" in message for message in messages(without)] == [True]
    assert messages(report) == []

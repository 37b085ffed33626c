import json
import os
from collections import Counter
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import LazySettings
from django.core.management import call_command

from executions.demo import project as demo
from executions.demo import scenes
from executions.domain.wanted import ActionWanted, StartWanted
from executions.models import Execution
from executions.runner import driving
from executions.services import admission, doorbell, gate
from executions.services.callers import Caller
from governance.domain.kinds import Kind
from governance.models import ApiKey, Approval, Person, Project
from governance.queries import keys


@pytest.fixture(autouse=True)
def home(transactional_db: None, tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(doorbell.current_app, "send_task", lambda name, args: None)
    settings.WAXELL_HOME = tmp_path
    settings.WAXELL_HOLD_WAIT_SECONDS = 0.1
    return tmp_path


def test_the_first_screen_shows_each_kind_of_decision(home: Path) -> None:
    call_command("demo", "--json", str(home / "demo.json"))
    for execution_id in Execution.objects.filter(state="pending").values_list("id", flat=True):
        driving.drive_next(preferred=execution_id, worker="test")
    seen = {row.labels["scene"]: row for row in Execution.objects.all()}
    assert {name: row.state for name, row in seen.items()} == {
        "refused at admission": "denied",
        "stopped by its budget": "halted",
        "one action refused": "completed",
        "completed": "completed",
        "waiting for a person": "suspended",
    }
    assert seen["stopped by its budget"].tool_calls == demo.TRIAL_CALLS
    assert seen["one action refused"].refusals == 1
    assert Approval.objects.get().resource == "report.publish"
    [report] = (home / "reports").glob("*.md")
    assert "| Django |" in report.read_text()
    assert not (home / "reports" / "published").exists()


def test_a_second_start_changes_nothing(home: Path) -> None:
    file = home / "demo.json"
    call_command("demo", "--json", str(file))
    first = json.loads(file.read_bytes())
    assert os.stat(file).st_mode & 0o777 == 0o600
    before = Counter(Execution.objects.values_list("labels__scene", flat=True))
    call_command("demo", "--json", str(file))
    assert json.loads(file.read_bytes()) == first
    assert Counter(Execution.objects.values_list("labels__scene", flat=True)) == before
    assert ApiKey.objects.count() == 2
    assert set(before) == set(scenes.SCENES)


def test_lost_secrets_are_replaced_by_ones_that_work(home: Path) -> None:
    first = demo.prepare({}).document()
    again = demo.prepare({}).document()
    assert Person.objects.get().check_password(again["owner"]["password"])
    assert keys.authenticate(again["keys"]["govern"]).scopes == ["govern", "read"]
    assert first["keys"] != again["keys"]
    assert demo.prepare(again).document() == again


def test_the_demos_rules_do_not_bite_a_newcomers_agent(home: Path) -> None:
    plain = demo.prepare({}).agent
    key_id, secret = keys.split(plain) or ("", "")
    caller = Caller(key_id=key_id, secret=secret)
    started = admission.start_execution(
        caller=caller, wanted=StartWanted(workflow="my-first", environment="production")
    ).body
    assert started["state"] == "running"
    for number in range(demo.TRIAL_CALLS + 5):
        for tool in ("files.delete", "report.publish"):
            args = {"file": f"{number}"} if tool == "files.delete" else {"file": "x", "digest": "y", "packages": number}
            wanted = ActionWanted(fence=1, kind=Kind.TOOL_CALL, resource=tool, args=args)
            answer = gate.request_action(caller=caller, execution_id=UUID(started["id"]), wanted=wanted).body
            assert answer["verdict"] == "allow"
    assert Project.objects.get().slug == demo.SLUG

"""Bundles over REST: for auditors, whole or not at all."""

import subprocess
import sys
from pathlib import Path

from rest_framework.test import APIClient

from governance.domain.actors import Actor
from governance.models import Membership, Project
from governance.services import rights
from tests.factories import make_agent, make_key, make_person, make_project
from tests.factories.executions import caller_of, start
from tests.factories.governance import owner_of
from tests.factories.sealing import SIGNER, Seal, check, messages


def client(plain: str) -> APIClient:
    return APIClient(headers={"Authorization": f"Bearer {plain}"})


def test_owner_gets_a_bundle_that_the_downloaded_verifier_accepts(project: Project, seal: Seal, tmp_path: Path) -> None:
    run = start(project, input="hello")
    run.close()
    seal()

    answer = client(make_key(project).plain).get(f"/api/v1/executions/{run.id}/bundle/")
    program = APIClient().get("/api/v1/ledger/verifier")

    assert (answer.status_code, program.status_code) == (200, 200)
    assert answer["Content-Disposition"] == f'attachment; filename="{run.id}.bundle"'
    (tmp_path / "verify_bundle.py").write_bytes(program.content)
    (tmp_path / "some.bundle").write_bytes(b"".join(answer))
    (tmp_path / "key").write_text(f"{SIGNER.verifier}\n")
    # -I: nothing of ours can be imported.
    command = [sys.executable, "-I", "verify_bundle.py", "some.bundle", "--key", "key"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "EVERYTHING HOLDS." in done.stdout


def test_auditor_without_the_right_to_payloads_gets_commitments(project: Project, seal: Seal) -> None:
    run = start(project, input="private words")
    run.close()
    seal()
    auditor = make_person("Bob")
    owner = Actor(person=owner_of(project).pk)
    rights.grant_role(project=project, person=auditor, role=Membership.Role.AUDITOR, actor=owner)
    key = make_key(project, accountable=auditor, scopes=("read",))

    answer = client(key.plain).get(f"/api/v1/executions/{run.id}/bundle/")

    bundle = b"".join(answer)
    assert b"private words" not in bundle
    report = check(bundle)
    assert (messages(report), report.summary["withheld"]) == ([], 1)


def test_agent_may_not_take_the_rules_along(project: Project, seal: Seal) -> None:
    key = make_key(project, make_agent(project))
    run = start(project, caller=caller_of(key))
    run.close()
    seal()

    answer = client(key.plain).get(f"/api/v1/executions/{run.id}/bundle/")

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_stranger_finds_no_bundle(project: Project, seal: Seal) -> None:
    run = start(project)
    run.close()
    seal()

    answer = client(make_key(make_project()).plain).get(f"/api/v1/executions/{run.id}/bundle/")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_unsealed_record_says_when_to_come_again(project: Project, seal: Seal) -> None:
    run = start(project)

    answer = client(make_key(project).plain).get(f"/api/v1/executions/{run.id}/bundle/")

    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (409, "not_sealed", "1")


def test_impossible_sizes_are_refused(project: Project, seal: Seal) -> None:
    run = start(project)
    run.close()
    seal()
    owner = client(make_key(project).plain)

    codes = [
        owner.get(f"/api/v1/executions/{run.id}/bundle/?continues={size}").json()["code"]
        for size in ("0", "-1", "x", "99999999", "")
    ]

    assert codes == ["size_invalid"] * 5

"""Makes what this directory keeps of a release: `pytest tests/faults/upgrades/make.py`, with that release's code.

Check the release out elsewhere, copy this file there, run it, and copy the directory `release` back. It has
`database.dump.xz` (pg_dump, custom format), `statements.jsonl.xz` (all that the release's web process then
said to the database, a transaction a line) and `completed.bundle`. It is made once for each release that
processes of the next one run beside.
"""

import io
import itertools
import json
import lzma
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import psycopg
import pytest
from django.db import connections
from django.test import Client

from executions.queries.bundles import write_execution
from governance.models import Membership, Person, Project
from governance.services import rights
from tests.factories import make_agent, make_budget, make_key, make_person, make_policy, make_project, make_tool
from tests.factories.governance import _owner
from tests.factories.sealing import MADE_AT, Seal, seal
from tests.plugin.server import TestServer
from waxell.local.cluster import programs

__all__ = ["seal"]

RELEASE = Path(__file__).parent / "release"
RULES = """
@id("ask-first") @message("A person must agree.") @effect("hold")
forbid (principal, action in Action::"tool.call", resource == Tool::"mail");

@id("no-shell") @message("Nothing is run here.") @effect("halt")
forbid (principal, action == Action::"code.execute", resource);
"""
DENY = """
@id("no-fax") @message("Nobody faxes.") @effect("deny")
forbid (principal, action in Action::"tool.call", resource == Tool::"fax");
"""
PLAIN_FILES = "django.contrib.staticfiles.storage.StaticFilesStorage"
DONE = range(200, 300)
FOR_GOOD = 36_500
PAGES = ("", "executions/", "approvals/", "policies/", "budgets/", "agents/", "workflows/", "rules/", "kill-orders/",
         "people/", "ledger/", "activity/")  # fmt: skip

_numbers = itertools.count(1)


@dataclass(slots=True, kw_only=True)
class Recorder:
    """What goes to the database, as literal SQL, transaction by transaction."""

    part: str = "none"
    lines: list[dict[str, Any]] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def close(self) -> None:
        if self.open:
            self.lines.append({"part": self.part, "statements": self.open})
            self.open = []

    @contextmanager
    def listening(self) -> Iterator[None]:
        execute, commit, rollback = psycopg.Cursor.execute, psycopg.Connection.commit, psycopg.Connection.rollback

        def executed(cursor: Any, query: Any, params: Any = None, **options: Any) -> Any:
            text = psycopg.ClientCursor(cursor.connection).mogrify(query, params)
            result = execute(cursor, query, params, **options)
            self.open.append(text)
            if cursor.connection.autocommit:
                self.close()
            return result

        def committed(connection: Any) -> None:
            commit(connection)
            self.close()

        def rolled_back(connection: Any) -> None:
            rollback(connection)
            assert not self.open, f"rolled back: {self.open}"

        with (
            mock.patch.object(psycopg.Cursor, "execute", executed),
            mock.patch.object(psycopg.Connection, "commit", committed),
            mock.patch.object(psycopg.Connection, "rollback", rolled_back),
        ):
            yield


@dataclass(slots=True, kw_only=True)
class Web:
    """The release's web process, in this one. `key` speaks REST; without one it is a browser."""

    client: Client
    key: str | None = None

    def post(self, path: str, body: dict[str, Any], expect: range = DONE) -> Any:
        headers = {"Authorization": f"Bearer {self.key}", "Idempotency-Key": f"request-{next(_numbers)}"}
        answer = self.client.post(f"/api/v1/{path}", body, content_type="application/json", headers=headers)
        assert answer.status_code in expect, (path, answer.status_code, answer.content)
        return answer.json()

    def get(self, path: str) -> Any:
        answer = self.client.get(f"/api/v1/{path}", headers={"Authorization": f"Bearer {self.key}"})
        assert answer.status_code == 200, (path, answer.status_code, answer.content)
        return answer

    def look(self, project: Project, *more: str) -> None:
        for page in (*PAGES, *more):
            answer = self.client.get(f"/p/{project.slug}/{page}")
            assert answer.status_code == 200, (page, answer.status_code)


@pytest.fixture
def project(transactional_db: None) -> Project:
    return make_project(slug="first", name="First")


@dataclass(slots=True, kw_only=True)
class Scene:
    project: Project
    scout: Web
    governor: Web
    console: Web
    approver: Person


def furnish(project: Project) -> Scene:
    bob = make_person("Bob")
    rights.grant_role(project=project, person=bob, role=Membership.Role.APPROVER, actor=_owner(project))
    for tool in ("search", "mail", "fax"):
        make_tool(project, tool)
    make_policy(project, RULES, slug="rules")
    # Windows that have no end: what was recorded then fits them now.
    make_budget(project, slug="calls", limit=1000, period="once")
    make_budget(project, slug="own", unit="actions", limit=50, scope_type="execution", period="per_execution")
    agent = make_agent(project, "scout")
    client = Client(raise_request_exception=True)
    client.force_login(bob)
    return Scene(
        project=project,
        scout=Web(client=Client(), key=make_key(project, agent, accountable=bob, expires_in_days=FOR_GOOD).plain),
        governor=Web(client=Client(), key=make_key(project, expires_in_days=FOR_GOOD).plain),
        console=Web(client=client),
        approver=bob,
    )


def begin(scene: Scene, **more: Any) -> tuple[str, int]:
    answer = scene.scout.post("executions/", {"workflow": "errand", **more})
    return f"executions/{answer['id']}/", answer["lease"]["fence"]


def ask(scene: Scene, run: tuple[str, int], resource: str, **more: Any) -> Any:
    body = {"fence": run[1], "kind": "tool.call", "resource": resource, **more}
    return scene.scout.post(f"{run[0]}actions/", body)


def finish(scene: Scene, run: tuple[str, int], seq: int) -> None:
    result = {"fence": run[1], "status": "ok", "output": {"found": 3}, "usage": {"usd": "0.01", "seconds": 2}}
    scene.scout.post(f"{run[0]}actions/{seq}/result/", result)
    scene.scout.post(f"{run[0]}close/", {"fence": run[1], "outcome": "completed"})


def test_make(project: Project, seal: Seal, database_server: TestServer, settings: Any) -> None:
    # Nothing is collected for a test.
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": PLAIN_FILES}}
    scene = furnish(project)
    done = begin(scene, input={"question": "¿cuánto?"}, labels={"n": "1"}, end_user="Zoe")
    finish(scene, done, ask(scene, done, "search", args={"q": "x"})["seq"])
    halted = begin(scene, labels={"n": "2"})
    ask(scene, halted, "shell", kind="code.execute")
    seal()
    waiting = begin(scene, labels={"n": "3"})
    held = ask(scene, waiting, "mail", args={"to": "bob"})["approval"]["id"]
    going = begin(scene, labels={"n": "4"})
    first = ask(scene, going, "search", args={"q": "y"})["seq"]
    left = begin(scene, labels={"n": "6"})
    RELEASE.mkdir(exist_ok=True)
    keep_bundle(done[0].split("/")[1])
    keep_dump(database_server)

    recorder = Recorder()
    with recorder.listening():
        recorder.part = "before"
        scene.console.look(project, done[0], waiting[0])
        ask(scene, going, "search", args={"q": "z"})
        scene.governor.post("policies/", {"slug": "fax", "name": "Fax", "text": DENY})
        scene.governor.post("policies/fax/publish/", {"note": "n"})
        recorder.part = "during"
        scene.scout.post(f"{going[0]}heartbeat/", {"fence": going[1]})
        ask(scene, going, "fax")
        scene.governor.post(f"approvals/{held}/decide/", {"decision": "grant", "comment": "yes"})
        for number in range(6):
            ask(scene, going, "search", args={"n": number})
            scene.scout.get(going[0])
        third = begin(scene, labels={"n": "5"})
        recorder.part = "after"
        scene.console.look(project, done[0], waiting[0], going[0])
        granted = ask(scene, waiting, "mail", args={"to": "bob"})
        assert granted["verdict"] == "allow"
        finish(scene, waiting, granted["seq"])
        finish(scene, going, first)
        late = {"fence": going[1], "status": "ok", "usage": {"seconds": 1}}
        scene.scout.post(f"{going[0]}actions/{first + 1}/result/", late, range(409, 410))
        scope = {"type": "execution", "value": third[0].split("/")[1]}
        scene.governor.post("kill-orders/", {"scope": scope, "reason": "It must stop."})
        scene.governor.post("budgets/calls/versions/", {"limit": 2000})
        scene.governor.post("agents/", {"slug": "second", "name": "Second"})
        scene.governor.post("agents/second/keys/", {"scopes": ["execute"]})
        scene.governor.post("policies/fax/retire/", {"note": "n"})
        ask(scene, left, "search", args={"q": "left"})
        for path in ("policies/", "budgets/calls/", "agents/", "executions/", "approvals/", "ledger/checkpoint"):
            scene.governor.get(path)
    kept = [json.dumps(line, ensure_ascii=False) for line in recorder.lines]
    (RELEASE / "statements.jsonl.xz").write_bytes(lzma.compress("\n".join(kept).encode(), preset=9))


def keep_bundle(execution: str) -> None:
    from executions.models import Execution

    file = io.BytesIO()
    write_execution(file, Execution.objects.get(pk=execution), contents=True, made_at=MADE_AT)
    (RELEASE / "completed.bundle").write_bytes(file.getvalue())


def keep_dump(server: TestServer) -> None:
    login = server.address("owner", name=connections["default"].settings_dict["NAME"])
    environment = os.environ | {"PGPASSWORD": str(login.password), "PGUSER": login.user, "PGHOST": str(login.host)}
    command = [programs() / "pg_dump", "--dbname", login.name, "--format=custom", "--compress=none"]
    dump = subprocess.run(command, env=environment, capture_output=True, check=True).stdout
    # The database's name is that of a test.
    assert re.search(rb"CREATE TABLE waxell\.ledger_entry", dump)
    (RELEASE / "database.dump.xz").write_bytes(lzma.compress(dump, preset=9))

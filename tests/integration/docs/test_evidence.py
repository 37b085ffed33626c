"""docs/evidence.md as an auditor follows it, with a shell, curl and the verifier, against a running server."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from governance.domain.actors import Actor
from governance.models import Membership
from governance.services import rights
from tests.factories import make_key, make_person, make_project
from tests.factories.executions import start
from tests.factories.governance import owner_of
from tests.factories.sealing import Seal, seal
from tests.plugin.server import TestServer

__all__ = ["seal"]

ROOT = Path(__file__).parents[3]
BLOCKS = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
STRICT = 'set -eu\ncurl() { command curl --fail-with-body "$@"; }\n'


def follow(directory: Path, url: str, script: str, **environment: str) -> str:
    """What a block of the page prints in an auditor's directory; it succeeds."""
    manage = f"{sys.executable} {ROOT / 'manage.py'}"
    script = script.replace("http://localhost:8000", url).replace(".venv/bin/python manage.py", manage)
    done = subprocess.run(
        ["sh", "-c", STRICT + script.replace("python3 ", f"{sys.executable} -I ")],
        cwd=directory,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def operator(database_server: TestServer) -> dict[str, str]:
    """The environment of somebody who may run manage.py against the test's database."""
    name = connections["default"].settings_dict["NAME"]
    return {"WAXELL_DATABASE_URL": database_server.address("app", name=name).url()} | {
        key: os.environ[key] for key in ("WAXELL_HOME", "WAXELL_SECRET_KEY", "WAXELL_INSECURE")
    }


def test_an_auditor_follows_the_page(
    transactional_db: None, seal: Seal, live_server: Any, tmp_path: Path, operator: dict[str, str]
) -> None:
    first_day, later, changed, period, replay = BLOCKS.findall((ROOT / "docs/evidence.md").read_text(encoding="utf-8"))
    project, auditor = make_project(), make_person("Vera")
    owner = Actor(person=owner_of(project).pk)
    rights.grant_role(project=project, person=auditor, role=Membership.Role.AUDITOR, actor=owner)
    key = make_key(project, accountable=auditor, scopes=("read",)).plain
    start(project).close()
    note = seal()

    told = follow(tmp_path, live_server.url, first_day, KEY=key)
    assert note in told
    run = start(project, input="hello")
    run.ask(args={"q": "x"})
    run.close()
    seal()

    told = follow(tmp_path, live_server.url, later, KEY=key, EXECUTION=str(run.id))
    assert "EVERYTHING HOLDS." in told
    told = follow(tmp_path, live_server.url, changed)
    assert "is not the one that was sealed" in told
    assert "EVERYTHING HOLDS." in follow(tmp_path, live_server.url, period, **operator)
    told = follow(tmp_path, live_server.url, replay, **operator)
    assert ", 0 different" in told

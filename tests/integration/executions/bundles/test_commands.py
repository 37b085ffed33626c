"""`manage.py export` and `replay`: what they write verifies, what they derive is what was decided."""

import io
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from governance.models import Project
from tests.factories import make_policy, make_project, make_tool
from tests.factories.executions import Run, start
from tests.factories.sealing import SIGNER, Seal, check, messages
from waxell.lib.times import format_time


@pytest.fixture
def run(project: Project, seal: Seal) -> Run:
    make_tool(project)
    make_policy(project)
    made = start(project)
    made.ask("mail", args={"to": "bob"})
    made.close()
    seal()
    return made


def told(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out, stderr=out)
    return out.getvalue()


def test_export_writes_one_execution(run: Run, tmp_path: Path) -> None:
    told("export", str(run.id), "-o", str(tmp_path / "one"))

    assert messages(check((tmp_path / "one").read_bytes())) == []
    assert [path.name for path in tmp_path.iterdir()] == ["one"]


def test_export_of_a_period_holds_what_was_decided_in_it(project: Project, seal: Seal, tmp_path: Path) -> None:
    before = start(project)
    seal()
    since = timezone.now()
    inside = start(project)
    inside.close()
    before.close()
    other = start(make_project())
    seal()

    for name, options in {"all": (), "own": ("--project", project.slug)}.items():
        told("export", "--since", format_time(since), "-o", str(tmp_path / name), *options)
    everything, own = (check((tmp_path / name).read_bytes()) for name in ("all", "own"))

    assert (messages(everything), messages(own)) == ([], [])
    assert (everything.summary["executions"], own.summary["executions"]) == (3, 2)
    assert (everything.summary["hidden"], own.summary["hidden"] > 0) == (0, True)
    assert str(other.id).encode() not in (tmp_path / "own").read_bytes()


def test_export_of_an_empty_period_says_so(run: Run, tmp_path: Path) -> None:
    tomorrow = format_time(timezone.now() + timedelta(days=1))

    with pytest.raises(CommandError, match="Nothing was sealed"):
        told("export", "--since", tomorrow, "-o", str(tmp_path / "none"))

    assert list(tmp_path.iterdir()) == []


def test_replay_derives_the_same(run: Run, tmp_path: Path) -> None:
    told("export", str(run.id), "-o", str(tmp_path / "one"))
    (tmp_path / "key").write_text(str(SIGNER.verifier))
    same = "2 decisions: 2 the same, 0 different"

    assert same in told("replay", str(run.id))
    assert same in told("replay", "--since", "2020-01-01T00:00:00Z")
    assert "1 decisions: 1 the same" in told("replay", "--sample", "1")
    assert same in told("replay", "--bundle", str(tmp_path / "one"), "--key", str(tmp_path / "key"))


def test_replay_of_a_bundle_that_does_not_hold_is_refused(run: Run, tmp_path: Path) -> None:
    told("export", str(run.id), "-o", str(tmp_path / "one"))
    path = tmp_path / "one"
    path.write_bytes(path.read_bytes().replace(b"bob", b"bib"))

    with pytest.raises(CommandError, match="does not hold"):
        told("replay", "--bundle", str(path), "--key", str(SIGNER.verifier))


def test_replay_wants_to_know_what(run: Run) -> None:
    with pytest.raises(CommandError, match="Name an execution"):
        told("replay")

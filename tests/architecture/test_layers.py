"""The house keeps its shape: imports point down, modules stay small."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
APPS: Final = ("waxell", "governance", "executions")
MODULES: Final = sorted(
    path
    for folder in (*APPS, "tests", "bench", "examples", "client")
    for path in (ROOT / folder).rglob("*.py")
    if "migrations" not in path.parts and "__pycache__" not in path.parts
)
MOST_LINES: Final = 300

LONG: Final[dict[str, str]] = {
    "tests/unit/governance/domain/test_evaluation.py": "One decision and all its causes; readers compare the cases.",
    "waxell/ledger/verifier/verify_bundle.py": "One file by design: an auditor runs it without installing us.",
    "waxell/settings.py": "One module for every way of running; readers look for a setting by its section.",
    "tests/faults/bundles/test_tampering.py": "One attack after another on one bundle; the list is the point.",
}


def test_imports_point_down() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_contracts_say_what_the_design_says() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    by_type: dict[str, list[dict[str, object]]] = {}
    for contract in contracts:
        by_type.setdefault(contract["type"], []).append(contract)

    floors = {tuple(one.get("containers", ())): one["layers"] for one in by_type["layers"]}
    assert floors[()] == ["executions", "governance", "waxell"]
    assert {("executions",), ("governance",), ("waxell.ledger",), ("waxell.outbox",)} < set(floors)
    for container, layers in floors.items():
        if container in ((), ("waxell",)):
            continue
        order = [re.findall(r"\w+", str(layer)) for layer in layers]  # type: ignore[union-attr]
        place = {room: floor for floor, rooms in enumerate(order) for room in rooms}
        assert place["management"] < place["services"] < place["queries"] < place["models"] < place["domain"]
        for upper in {"api", "ui", "tasks", "observe"} & place.keys():
            assert place["management"] < place[upper] < place["services"]
    forbidden = {tuple(one["source_modules"]): set(one["forbidden_modules"]) for one in by_type["forbidden"]}  # type: ignore[arg-type, call-overload]
    assert {"waxell.ledger", "waxell.outbox", "governance", "executions"} <= forbidden["waxell.lib", "waxell.local"]
    assert {"waxell.ledger.models", "waxell.ledger.services"} <= forbidden["waxell.ledger.witness",]
    assert by_type["acyclic_siblings"]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_stay_readable(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    name = str(path.relative_to(ROOT))

    if name in LONG:
        assert lines > MOST_LINES, f"{name} is short again: take it off the list"
    else:
        assert lines <= MOST_LINES, f"{name} has {lines} lines: split it by noun, or say in LONG why not"


def test_exceptions_have_reasons() -> None:
    assert all(len(reason) > 20 for reason in LONG.values())
    assert all((ROOT / name).exists() for name in LONG)


@pytest.mark.parametrize("app", APPS)
def test_no_file_is_a_drawer_for_everything(app: str) -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "misc"}
    named = [path for path in (ROOT / app).rglob("*") if path.stem in drawers and "__pycache__" not in path.parts]
    assert named == []


@pytest.mark.parametrize("app", ["governance", "executions", "waxell/ledger", "waxell/outbox"])
def test_the_domain_is_pure(app: str) -> None:
    """No framework, no clock, no input and output, whatever import-linter can or cannot see."""
    forbidden = re.compile(
        r"^\s*(?:from|import) (?:django|rest_framework|celery(?!\.schedules)|psycopg|requests|socket|time|random)\b"
        r"|\bdatetime\.now\(|\btime\.time\(|\bopen\(",
        re.MULTILINE,
    )
    found = {
        str(path.relative_to(ROOT)): forbidden.findall(path.read_text())
        for path in (ROOT / app / "domain").rglob("*.py")
        if forbidden.search(path.read_text())
    }
    assert found == {}

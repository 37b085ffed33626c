"""The generated TypeScript client: generated as it says, typed, and run by Node against the running server.

Skipped where Node or the client's packages (`npm ci`) are not there, unless TESTS_NEED_NODE says that they must be.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journeys.client.conftest import ROOT
from tests.servers.cable import Cable
from tests.stack.fixtures import Bench

pytestmark = pytest.mark.process

PACKAGE = ROOT / "client" / "typescript"
TOOLS = PACKAGE / "node_modules" / ".bin"
PROGRAMS = Path(__file__).parent / "programs"
OPTIONS = {
    "target": "ES2022", "module": "NodeNext", "moduleResolution": "NodeNext", "strict": True, "noEmit": False,
    "lib": ["ES2022", "DOM", "DOM.Iterable"], "types": ["node"], "typeRoots": [str(TOOLS.parent / "@types")],
}  # fmt: skip


def node(*command: str | Path, cwd: Path, **environ: str) -> str:
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd, env={"PATH": os.environ["PATH"], "HOME": str(cwd), **environ},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def package() -> Path:
    """The client, built."""
    if not shutil.which("node") or not (TOOLS / "tsc").exists():
        if os.environ.get("TESTS_NEED_NODE"):
            pytest.fail("Node or its packages are missing: `npm ci` in client/typescript.")
        pytest.skip("needs Node, and `npm ci` in client/typescript")
    node(TOOLS / "tsc", cwd=PACKAGE)
    return PACKAGE


@pytest.fixture
def run_typescript(bench: Bench, package: Path, tmp_path: Path) -> Callable[..., str]:
    """Compiles a program in a folder of its own, as a user of the package would, and runs it."""

    def run(program: str, url: str | None = None) -> str:
        (tmp_path / "node_modules").mkdir()
        (tmp_path / "node_modules" / "waxell-client").symlink_to(package, target_is_directory=True)
        (tmp_path / "package.json").write_text('{"type": "module"}')
        (tmp_path / "tsconfig.json").write_text(json.dumps({"compilerOptions": OPTIONS, "files": ["agent.ts"]}))
        (tmp_path / "agent.ts").write_text(program)
        node(TOOLS / "tsc", cwd=tmp_path)
        environ = {"WAXELL_URL": url or bench.stack.ready["url"], "WAXELL_API_KEY": bench.scout.key or ""}
        return node("node", "agent.js", cwd=tmp_path, **environ)

    return run


def test_generating_again_gives_the_same(package: Path, tmp_path: Path) -> None:
    node(TOOLS / "openapi-typescript", package / "openapi.json", "--output", tmp_path / "schema.ts", cwd=tmp_path)

    assert (tmp_path / "schema.ts").read_text() == (package / "src" / "schema.ts").read_text()


def test_the_guides_agent_leaves_a_closed_record(bench: Bench, run_typescript: Callable[..., str]) -> None:
    page = (ROOT / "docs" / "ways-in" / "typescript.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"^```ts\n(.*?)^```", page, re.MULTILINE | re.DOTALL)

    output = run_typescript(program)

    assert re.match(r"sunny\n\{\s+entries: 4,\s+head: 'sha256:", output)
    (row,) = bench.governor.items("executions/")
    assert (row["state"], row["counts"]["tool_calls"], row["counts"]["unresolved"]) == ("completed", 1, 0)


def test_lost_answers_are_asked_for_again_and_happen_once(
    bench: Bench, cable: Cable, run_typescript: Callable[..., str]
) -> None:
    cable.lose_answers(7)

    lines = run_typescript((PROGRAMS / "lossy.ts").read_text(), cable.url).splitlines()

    assert cable.lost == 7
    (row,) = bench.governor.items("executions/")
    assert lines == [row["id"], "Unreachable", "Rejected unauthenticated"]
    assert (row["state"], row["counts"]["tool_calls"], row["counts"]["unresolved"]) == ("completed", 20, 0)

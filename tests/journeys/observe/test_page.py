"""What the page on this client shows is tried with the client itself."""

import re
from pathlib import Path

import pytest

from tests.factories import make_policy
from tests.journeys.observe.agents import RunProgram, run_program
from tests.journeys.observe.conftest import Observer
from tests.journeys.observe.test_waiting import REFUND, decide, hold
from tests.process.local_run import ROOT
from tests.stack.fixtures import Bench

__all__ = ["run_program"]

pytestmark = pytest.mark.process

PAGE = (ROOT / "docs/ways-in/waxell-observe.md").read_text(encoding="utf-8")


def snippets(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_agent_that_waits(bench: Bench, run_program: RunProgram, tmp_path: Path) -> None:
    (text,) = snippets("python")
    (tmp_path / "agent.py").write_text(text, encoding="utf-8")
    hold(bench, REFUND)
    program = run_program(str(tmp_path / "agent.py"))

    decide(bench, "grant")

    said, errors = program.process.communicate(timeout=120)
    assert (said.strip(), program.process.returncode) == ("refunded 40", 0), errors


def test_the_rule_about_prompts(bench: Bench, observer: Observer) -> None:
    (text,) = snippets("cedar")
    make_policy(bench.project, text)

    assert observer.post("prompt-guard/", {"text": "my key: AKIA" + "IOSFODNN7EXAMPLE"})["action"] == "block"


def test_every_gate_of_the_manifest_is_on_the_page(observer: Observer) -> None:
    surfaces = observer.api.get("observe/policy-manifest/")["surfaces"]

    assert {surface for surface in surfaces if f"`{surface}`" not in PAGE} <= {"run.start"}

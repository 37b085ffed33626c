"""OpenTelemetry, whole: an agent's own spans and Waxell's are one trace, and a collector is sent it."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.outbox.collectors import read
from tests.servers.receivers import receiving
from tests.stack.fixtures import Bench
from tests.stack.foreign import python_of
from tests.stack.running import ROOT

pytestmark = pytest.mark.process

PROGRAM = Path(__file__).parent / "programs" / "agent.py"


def test_an_agents_spans_and_waxells_are_one_trace(bench: Bench) -> None:
    with receiving() as collector:
        made = bench.governor.post(
            "destinations/",
            {"slug": "traces", "kind": "otlp", "address": collector.url, "header": "Authorization: Bearer t0ken"},
            expect=201,
        )
        assert (made["kind"], made["secret"]) == ("otlp", None)
        done = subprocess.run(
            [python_of("observe"), str(PROGRAM)],
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(ROOT / "client" / "src"),
                "WAXELL_URL": bench.stack.ready["url"],
                "WAXELL_API_KEY": str(bench.scout.key),
            },
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout)
        collector.wait_for(1, seconds=60)

    (got,) = collector.got
    assert got.headers["authorization"] == "Bearer t0ken"
    resource, (root, search) = read(got)
    assert resource["service.name"] == "scout"
    assert [root["trace"], root["parent"]] == said["request"]
    assert [search["trace"], search["parent"]] == said["step"]
    assert (root["waxell.execution"], root["waxell.state"]) == (said["execution"], "completed")
    shown = bench.governor.get("destinations/traces/")
    assert "t0ken" not in json.dumps(shown)


def test_each_answer_says_where_it_is_in_the_callers_trace(bench: Bench) -> None:
    caller = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
    begun = bench.scout.send("POST", "executions/", {"workflow": "errand"}, headers=caller)
    execution = begun.json()["id"]
    asked = {"fence": begun.json()["lease"]["fence"], "kind": "tool.call", "resource": "search"}
    path = f"executions/{execution}/actions/"
    # The first takes the full road, the second the short one.
    answers = [bench.scout.send("POST", path, asked, headers=caller) for _ in range(2)]
    plain = bench.scout.send("POST", path, asked)

    told = [answer.headers["traceresponse"].split("-") for answer in (begun, *answers)]
    assert {one[1] for one in told} == {"a" * 32}
    assert len({one[2] for one in told} | {"b" * 16}) == 4
    assert "traceresponse" not in plain.headers
    entries = bench.scout.items(f"executions/{execution}/entries/")
    bodies = [entry for entry in entries if entry["type"] == "action.decided"]
    span = {"trace_id": "a" * 32, "span_id": "b" * 16}
    assert [entry["entry"].get("trace") for entry in bodies] == [span, span, span, None]


def test_the_pages_commands_do_what_it_says(bench: Bench) -> None:
    page = (ROOT / "docs" / "ways-in" / "opentelemetry.md").read_text(encoding="utf-8")
    begun, made = re.findall(r"^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    environ = {
        "PATH": os.environ["PATH"],
        "WAXELL": bench.stack.ready["url"],
        "KEY": str(bench.scout.key),
        "GOVERN": str(bench.governor.key),
    }

    def run(command: str) -> str:
        return subprocess.run(["sh", "-ec", command], env=environ, capture_output=True, text=True, check=True).stdout

    head, _, body = run(begun).replace("\r", "").partition("\n\n")
    assert "traceresponse: 00-0af7651916cd43dd8448eb211c80319c-" in head.lower()
    assert json.loads(body)["state"] == "running"
    assert json.loads(run(made))["address"] == "https://otel.example.com:4318/v1/traces"

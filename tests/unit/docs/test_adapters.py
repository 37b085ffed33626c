"""The pages on frameworks show what runs: each snippet stands, word for word, in a program that the journeys run."""

import re
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).parents[3]
PROGRAMS = "tests/journeys/adapters/programs"
QUOTED = {
    "docs/ways-in/langchain.md": ("examples/langchain_agent.py", f"{PROGRAMS}/langchain_scripted.py"),
    "docs/ways-in/openai-agents.md": ("examples/openai_agents_agent.py", f"{PROGRAMS}/openai_agents_ways.py"),
    "docs/ways-in/claude-agent-sdk.md": ("examples/claude_agent.py", f"{PROGRAMS}/claude_sessions.py"),
}
PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
SNIPPETS = [
    pytest.param(snippet, programs, id=f"{page}-{number}")
    for page, programs in QUOTED.items()
    for number, snippet in enumerate(PYTHON.findall((ROOT / page).read_text(encoding="utf-8")), 1)
]


def stands_in(snippet: str, program: str) -> bool:
    """Whether these lines follow one another in a program, however far they are indented there."""
    wanted, lines = snippet.splitlines(), program.splitlines()
    return any(
        dedent("\n".join(lines[start : start + len(wanted)])).splitlines() == wanted for start in range(len(lines))
    )


@pytest.mark.parametrize(("snippet", "programs"), SNIPPETS)
def test_a_snippet_stands_in_a_program_that_runs(snippet: str, programs: tuple[str, ...]) -> None:
    assert any(stands_in(snippet, (ROOT / program).read_text(encoding="utf-8")) for program in programs)


def test_each_page_has_snippets() -> None:
    for page in QUOTED:
        assert PYTHON.search((ROOT / page).read_text(encoding="utf-8")), page


def test_other_lines_are_not_found() -> None:
    assert stands_in("b = 1\nc = 2\n", "def a():\n    b = 1\n    c = 2\n")
    assert not stands_in("b = 1\nd = 2\n", "def a():\n    b = 1\n    c = 2\n")


def test_the_page_on_the_proxy_quotes_its_configuration_and_the_callback_of_the_journeys() -> None:
    page = (ROOT / "docs/ways-in/litellm.md").read_text(encoding="utf-8")
    (configuration,) = re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    (callback,) = PYTHON.findall(page)

    assert stands_in(configuration, (ROOT / "examples/litellm/config.yaml").read_text(encoding="utf-8"))
    program = (ROOT / "tests/journeys/adapters/proxies.py").read_text(encoding="utf-8")
    assert stands_in(callback, program.replace("{hold}", "60"))

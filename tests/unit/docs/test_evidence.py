"""docs/evidence.md promises nothing without a test, and names no test that is not there."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "evidence.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
# A row of a table whose first cell is the number of a sentence.
SENTENCE = re.compile(r"^\| ((?:\d+\.|N)\d+) \| (.+?) \|(.*)\|$", re.MULTILINE)
# That records can be false about the world is a limit that no test of ours can show.
UNTESTABLE = {"N8"}


@cache
def defined_in(file: str) -> frozenset[str]:
    """The names of a file's tests; none where there is no such file."""
    path = ROOT / file
    if not path.exists():
        return frozenset()
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"))


def missing(text: str) -> list[str]:
    """The tests that a text names and that do not exist."""
    return [f"{file}::{name}" for file, name in NAMED.findall(text) if name not in defined_in(file)]


def test_every_test_that_is_named_exists() -> None:
    assert missing(PAGE.read_text(encoding="utf-8")) == []


def test_every_sentence_names_a_test() -> None:
    sentences = {
        number: NAMED.findall(shown) for number, _, shown in SENTENCE.findall(PAGE.read_text(encoding="utf-8"))
    }

    assert len(sentences) > 30
    assert {number for number, tests in sentences.items() if not tests} == UNTESTABLE


def test_a_test_that_is_not_there_is_noticed() -> None:
    here = "tests/unit/docs/test_evidence.py"
    text = f"`{here}::test_every_sentence_names_a_test` `{here}::test_of_nothing` `tests/no/such.py::test_x`"

    assert missing(text) == [f"{here}::test_of_nothing", "tests/no/such.py::test_x"]

"""The list of an MCP server's tools, read strictly: whatever is wrong is named by its place."""

from typing import Any

import pytest

from governance.domain.tool_lists import MOST_TOOLS, ToolListInvalid, read

READ = {"name": "read", "description": "Reads.", "inputSchema": {"type": "object", "properties": {}}}


@pytest.mark.parametrize(
    "document",
    [{"jsonrpc": "2.0", "id": 1, "result": {"tools": [READ]}}, {"tools": [READ], "nextCursor": None}, [READ]],
    ids=["answer", "result", "list"],
)
def test_the_answer_what_is_in_it_and_the_list_are_read_alike(document: object) -> None:
    (tool,) = read(document, prefix="files/")

    assert (tool.slug, tool.description, tool.schema) == ("files/read", "Reads.", READ["inputSchema"])
    assert tool.fingerprint.startswith("sha256:")
    assert tool.fingerprint == read([READ])[0].fingerprint


def test_a_schema_that_gives_no_types_says_where_and_the_tool_is_listed_without() -> None:
    odd = {"name": "odd", "inputSchema": {"type": "object", "properties": {"a": {"anyOf": []}}}}

    first, second = read({"tools": [READ, odd]})

    assert (first.slug, second.problem, second.schema) == (
        "odd",
        "",
        READ["inputSchema"],
    )
    assert first.schema is None
    assert "tools[1].inputSchema: `a`" in first.problem


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("text", "tools must be a list"),
        ({"result": {"items": []}}, r"result\.tools must be a list"),
        ({"error": {"code": -32601}}, "refused to list"),
        ({"tools": []}, "no tool in it"),
        ({"tools": [READ, 7]}, r"tools\[1\] must be an object"),
        ({"tools": [{"description": "x"}]}, r"tools\[0\]\.name"),
        ({"tools": [{**READ, "description": 7}]}, r"tools\[0\]\.description"),
        ({"tools": [{**READ, "inputSchema": []}]}, r"tools\[0\]\.inputSchema"),
        ({"tools": [{**READ, "name": "two words"}]}, r"tools\[0\]: no rule can speak"),
        ({"tools": [READ, READ]}, r"tools\[1\]\.name: read is in the list twice"),
        ({"tools": [{**READ, "name": f"t{n}"} for n in range(MOST_TOOLS + 1)]}, "at most 100"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(document: Any, said: str) -> None:
    with pytest.raises(ToolListInvalid, match=said):
        read(document)


def test_a_prefix_has_no_spaces() -> None:
    with pytest.raises(ToolListInvalid, match="no spaces"):
        read([READ], prefix="my files/")

"""An MCP server whose one tool is described by a file, and which leaves word of each call in another."""

import asyncio
import json
import sys
from pathlib import Path

from mcp.server import Server
from mcp.server.stdio import stdio_server
from mcp_types import CallToolResult, ListToolsResult, TextContent, Tool

described, called = Path(sys.argv[1]), Path(sys.argv[2])


async def list_tools(context, params):
    tool = json.loads(described.read_text())
    return ListToolsResult(tools=[Tool(name="pay", **tool)])


async def call_tool(context, params):
    with called.open("a") as marks:
        marks.write(json.dumps(params.arguments) + "\n")
    if seconds := (params.arguments or {}).get("seconds"):
        await asyncio.sleep(seconds)
    return CallToolResult(content=[TextContent(type="text", text="paid")])


async def main():
    server = Server("scripted", on_list_tools=list_tools, on_call_tool=call_tool)
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())


asyncio.run(main())

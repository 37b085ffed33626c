"""An MCP server with one tool that answers at once, over streamable HTTP. Prints its address."""

import asyncio
import socket
from typing import Any

import uvicorn
from mcp.server import Server
from mcp_types import CallToolResult, ListToolsResult, TextContent, Tool


async def list_tools(context: Any, params: Any) -> ListToolsResult:
    return ListToolsResult(tools=[Tool(name="search", description="Search.", input_schema={"type": "object"})])


async def call_tool(context: Any, params: Any) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text="found")])


async def main() -> None:
    # With its protocol named, or asyncio leaves Nagle's algorithm on, which no server of anybody's does.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        server = Server("bench", on_list_tools=list_tools, on_call_tool=call_tool)
        print(f"http://127.0.0.1:{listening.getsockname()[1]}/mcp", flush=True)
        app = server.streamable_http_app(streamable_http_path="/mcp")
        await uvicorn.Server(uvicorn.Config(app, log_level="warning")).serve([listening])


if __name__ == "__main__":
    asyncio.run(main())

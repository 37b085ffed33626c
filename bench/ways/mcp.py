"""A tool call of the official SDK's client, straight to its server and through the gateway."""

import asyncio
import os

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from bench.ways.timing import compare_async


def client(http: httpx2.AsyncClient, url: str) -> Client:
    # With a session, as clients of today have one: it is one execution.
    return Client(streamable_http_client(url, http_client=http), mode="legacy")


async def main() -> None:
    headers = {"Authorization": f"Bearer {os.environ['WAXELL_API_KEY']}"}
    gateway = os.environ["WAXELL_MCP_URL"] + "/bench/"
    async with (
        httpx2.AsyncClient() as plain_http,
        httpx2.AsyncClient(headers=headers, timeout=60) as http,
        client(plain_http, os.environ["BENCH_TOOLS"]) as plain,
        client(http, gateway) as governed,
    ):
        assert not (await governed.call_tool("search", {})).is_error
        await compare_async(lambda: plain.call_tool("search", {}), lambda: governed.call_tool("search", {}))


asyncio.run(main())

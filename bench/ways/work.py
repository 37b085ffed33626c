"""The work: models that answer at once, in OpenAI's chat completions and in Anthropic's messages. Prints its address.

Of Anthropic's, the model wants the weather of every prompt and then tells it.
"""

import asyncio
import json
import sys
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

ANSWER = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4o",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "Mostly sunny."}, "finish_reason": "stop"}
        ],
        "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15},
    }
).encode()


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer every request of one connection."""
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            _, _, rest = head.partition(b"content-length:")
            body = await reader.readexactly(int(rest.split(b"\r\n", 1)[0] or 0))
            if b" /v1/messages" in head.split(b"\r\n", 1)[0]:
                writer.write(_said("text/event-stream", b"".join(map(_event, _message(json.loads(body))))))
            else:
                writer.write(_said("application/json", ANSWER))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


def _said(media_type: str, body: bytes) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def _event(event: dict[str, Any]) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def _message(asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    content = asked["messages"][-1]["content"]
    block: dict[str, Any]
    delta: dict[str, Any]
    if isinstance(content, list) and any(part["type"] == "tool_result" for part in content):
        block, delta, reason = {"type": "text", "text": ""}, {"type": "text_delta", "text": "Sunny."}, "end_turn"
    else:
        block = {"type": "tool_use", "id": f"toolu_{uuid4().hex}", "name": "mcp__office__weather", "input": {}}
        delta, reason = {"type": "input_json_delta", "partial_json": '{"city": "Geneva"}'}, "tool_use"
    usage = {"input_tokens": 12, "output_tokens": 1}
    message = {
        "id": f"msg_{uuid4().hex}", "type": "message", "role": "assistant", "model": asked["model"], "content": [],
        "stop_reason": None, "stop_sequence": None, "usage": usage,
    }  # fmt: skip
    yield {"type": "message_start", "message": message}
    yield {"type": "content_block_start", "index": 0, "content_block": block}
    yield {"type": "content_block_delta", "index": 0, "delta": delta}
    yield {"type": "content_block_stop", "index": 0}
    yield {
        "type": "message_delta",
        "delta": {"stop_reason": reason, "stop_sequence": None},
        "usage": {"output_tokens": 3},
    }
    yield {"type": "message_stop"}


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))

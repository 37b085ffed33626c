"""A small server that speaks Anthropic's Messages protocol in streams: a model that keeps to a script."""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """One call that the model wants."""

    name: str
    input: dict[str, Any]


@dataclass(slots=True, kw_only=True)
class AnthropicStub:
    """Wants the calls one after the other, then says what it heard last; `asked` are the bodies it got.

    Each answer is billed with `tokens_in` and `tokens_out`.
    """

    calls: Sequence[ToolCall]
    tokens_in: int
    tokens_out: int
    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def events(self, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The events of the answer to one request."""
        with self.lock:
            self.asked.append(body)
            number = len(self.asked)
        heard = results(body)
        block, delta, reason = self._said(heard, number)
        usage = {"input_tokens": self.tokens_in, "output_tokens": 1}
        message = {
            "id": f"msg_{number}", "type": "message", "role": "assistant", "model": body["model"], "content": [],
            "stop_reason": None, "stop_sequence": None, "usage": usage,
        }  # fmt: skip
        yield {"type": "message_start", "message": message}
        yield {"type": "content_block_start", "index": 0, "content_block": block}
        yield {"type": "content_block_delta", "index": 0, "delta": delta}
        yield {"type": "content_block_stop", "index": 0}
        ended = {"stop_reason": reason, "stop_sequence": None}
        yield {"type": "message_delta", "delta": ended, "usage": {"output_tokens": self.tokens_out}}
        yield {"type": "message_stop"}

    def _said(self, heard: list[str], number: int) -> tuple[dict[str, Any], dict[str, Any], str]:
        if len(heard) < len(self.calls):
            call = self.calls[len(heard)]
            block = {"type": "tool_use", "id": f"toolu_{number}", "name": call.name, "input": {}}
            return block, {"type": "input_json_delta", "partial_json": json.dumps(call.input)}, "tool_use"
        text = f"Heard: {heard[-1] if heard else 'nothing'}"
        return {"type": "text", "text": ""}, {"type": "text_delta", "text": text}, "end_turn"


def results(body: dict[str, Any]) -> list[str]:
    """What the tools gave, in the order in which a conversation tells it."""
    blocks = [
        block
        for message in body["messages"]
        if isinstance(message["content"], list)
        for block in message["content"]
        if block["type"] == "tool_result"
    ]
    return [_text(block["content"]) for block in blocks]


def _text(content: str | list[dict[str, Any]]) -> str:
    # The program that asks adds words of its own behind the tool's.
    return content if isinstance(content, str) else str(content[0]["text"]).strip()


@contextmanager
def serve(calls: Sequence[ToolCall], *, tokens_in: int, tokens_out: int) -> Iterator[AnthropicStub]:
    """Serve on a free port of this machine until the block ends."""
    stub = AnthropicStub(calls=calls, tokens_in=tokens_in, tokens_out=tokens_out)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path.partition("?")[0] != "/v1/messages":
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            for event in stub.events(body):
                self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())

        def log_message(self, format: str, *args: object) -> None:
            """Tests are quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        stub.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield stub
        finally:
            server.shutdown()
            thread.join()

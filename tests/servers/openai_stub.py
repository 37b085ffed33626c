"""A small server that speaks OpenAI's protocol: answers chat completions and responses, and counts them."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.servers import openai_answers as answers
from tests.servers.openai_answers import Said, ToolCall

WHOLE = {"/v1/chat/completions": answers.chat, "/v1/responses": answers.response}
STREAMED = {"/v1/chat/completions": answers.chat_events, "/v1/responses": answers.response_events}


@dataclass(slots=True, kw_only=True)
class OpenAIStub:
    """`tokens_out` is the answer's length as the provider bills it; `asked` are the bodies it got.

    `tool_call` is wanted once in each conversation that has tools. A model of the name `broken` answers 500. Streams
    go on after their first words when `goes_on` is set.
    """

    tokens_out: int
    tool_call: ToolCall | None = None
    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    goes_on: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, body: dict[str, Any]) -> Said:
        with self.lock:
            self.asked.append(body)
            number = len(self.asked)
        conversation = body.get("messages") or body["input"]
        items = [{"content": conversation}] if isinstance(conversation, str) else conversation
        answered = any(item.get("role") == "tool" or item.get("type") == "function_call_output" for item in items)
        return Said(
            number=number,
            model=body["model"],
            text=f"Fact no. {number}.",
            tokens_in=sum(len(str(item.get("content") or "").split()) for item in items),
            tokens_out=self.tokens_out,
            call=self.tool_call if body.get("tools") and not answered else None,
        )


@contextmanager
def serve(*, tokens_out: int, tool_call: ToolCall | None = None) -> Iterator[OpenAIStub]:
    """Serve on a free port of this machine until the block ends."""
    stub = OpenAIStub(tokens_out=tokens_out, tool_call=tool_call)
    stub.goes_on.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path not in WHOLE:
                self.send(404, {"error": {"message": "not here"}})
            elif body["model"] == "broken":
                stub.answer(body)
                self.send(500, {"error": {"message": "out of order"}})
            elif body.get("stream"):
                self.stream(STREAMED[self.path](stub.answer(body)))
            else:
                self.send(200, WHOLE[self.path](stub.answer(body)))

        def send(self, status: int, document: dict[str, Any]) -> None:
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def stream(self, events: Iterator[str]) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            # Whoever asked may have gone.
            with suppress(ConnectionError):
                for number, event in enumerate(events):
                    if number == 2:
                        stub.goes_on.wait(60)
                    self.wfile.write(event.encode())
                    self.wfile.flush()

        def log_message(self, format: str, *args: object) -> None:
            """Tests are quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        stub.url = f"http://127.0.0.1:{server.server_port}/v1"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield stub
        finally:
            stub.goes_on.set()
            server.shutdown()
            thread.join()

"""A small OpenAI-compatible server: answers chat completions and counts them."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(slots=True, kw_only=True)
class OpenAIStub:
    """`tokens_out` is the completion's length as the provider bills it; `asked` are the bodies it got."""

    tokens_out: int
    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(body)
        text = f"Fact no. {len(self.asked)}."
        tokens_in = sum(len(message["content"].split()) for message in body["messages"])
        return {
            "id": f"chatcmpl-{len(self.asked)}",
            "object": "chat.completion",
            "model": body["model"],
            "choices": [
                {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}},
            ],
            "usage": {
                "prompt_tokens": tokens_in,
                "completion_tokens": self.tokens_out,
                "total_tokens": tokens_in + self.tokens_out,
            },
        }


@contextmanager
def serve(*, tokens_out: int) -> Iterator[OpenAIStub]:
    """Serve on a free port of this machine until the block ends."""
    stub = OpenAIStub(tokens_out=tokens_out)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            found = self.path == "/v1/chat/completions"
            content = json.dumps(stub.answer(body) if found else {"error": {"message": "not here"}}).encode()
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Tests are quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        stub.url = f"http://127.0.0.1:{server.server_port}/v1"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield stub
        finally:
            server.shutdown()
            thread.join()

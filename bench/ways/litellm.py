"""A chat completion through the LiteLLM proxy, without our callback and with it."""

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from bench.ways.timing import WORK, compare

CALL = {"model": "gpt-4o", "messages": [{"role": "user", "content": "And tomorrow?"}], "max_tokens": 50}
MODELS = "model_list:\n  - {model_name: gpt-4o, litellm_params: {model: openai/gpt-4o, api_key: none}}\n"
CALLBACK = "litellm_settings: {callbacks: waxell_client.adapters.litellm.governor}\n"
# It starts with a strong one only.
MASTER_KEY = f"sk-{secrets.token_hex(24)}"
START_SECONDS = 120.0


@contextmanager
def proxy(config: str) -> Iterator[httpx.Client]:
    """A proxy with this configuration, and a client of it, until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "config.yaml"
        file.write_text(config)
        environ = os.environ | {
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "LITELLM_TELEMETRY": "False",
            "LITELLM_MASTER_KEY": MASTER_KEY,
            "OPENAI_BASE_URL": f"{WORK}/v1",
        }
        command = [str(Path(sys.executable).parent / "litellm"), "--config", str(file), "--host", "127.0.0.1"]
        process = subprocess.Popen(
            [*command, "--port", str(port)], env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            headers = {"Authorization": f"Bearer {MASTER_KEY}"}
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60) as client:
                wait_for(client)
                yield client
        finally:
            process.terminate()
            process.wait()


def wait_for(client: httpx.Client) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        with suppress(httpx.TransportError):
            if client.get("/health/liveliness").status_code == 200:
                return
        time.sleep(0.2)
    raise SystemExit("the LiteLLM proxy did not start")


def ask(client: httpx.Client) -> Any:
    return client.post("/v1/chat/completions", json=CALL).raise_for_status().json()


with proxy(MODELS) as plain, proxy(MODELS + CALLBACK) as governed:
    compare(lambda: ask(plain), lambda: ask(governed))

"""A LiteLLM proxy as a process of its own, with the example's configuration or one beside it."""

import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.process.local_run import ROOT
from tests.servers.openai_stub import OpenAIStub
from tests.stack.fixtures import Bench
from tests.stack.foreign import program_of
from tests.stack.running import wait_until

CONFIG = ROOT / "examples" / "litellm" / "config.yaml"
MASTER_KEY = "sk-3b9f5d17c2a84e60917bd3f0a6c85e42"
START_SECONDS = 120
# Two more models of the same provider: one under a name of the house, one that is out of order and has a stand-in.
CALLBACK = """
from waxell_client.adapters.litellm import Governor

governor = Governor(hold_timeout_seconds={hold}, patience_seconds=1)
"""
MODELS = """
model_list:
  - {model_name: gpt-4o-mini, litellm_params: {model: openai/gpt-4o-mini, api_key: none}}
  - {model_name: house-model, litellm_params: {model: openai/gpt-4o-mini, api_key: none}}
  - {model_name: broken, litellm_params: {model: openai/broken, api_key: none, max_retries: 0}}
router_settings: {num_retries: 0, disable_cooldowns: true, fallbacks: [{broken: [house-model]}]}
litellm_settings: {callbacks: callback.governor}
general_settings: {master_key: os.environ/LITELLM_MASTER_KEY}
"""

StartProxy = Callable[..., httpx.Client]


@pytest.fixture
def start_proxy(bench: Bench, provider: OpenAIStub, tmp_path: Path) -> Iterator[StartProxy]:
    """Starts a proxy; returns a client with its master key. `config` is used as it is, else one with `hold` seconds."""
    running: list[subprocess.Popen[bytes]] = []
    clients: list[httpx.Client] = []

    def start(*, config: Path | None = None, hold: float = 60, url: str | None = None) -> httpx.Client:
        if config is None:
            config = tmp_path / "config.yaml"
            config.write_text(MODELS)
            (tmp_path / "callback.py").write_text(CALLBACK.format(hold=hold))
        port = _free_port()
        with (tmp_path / "proxy.log").open("wb") as log:
            process = subprocess.Popen(
                [program_of("litellm", "litellm"), "--config", str(config), "--host", "127.0.0.1", "--port", str(port)],
                env={
                    "PATH": os.environ["PATH"],
                    "HOME": str(tmp_path),
                    "PYTHONPATH": str(ROOT / "client" / "src"),
                    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
                    "LITELLM_TELEMETRY": "False",
                    "LITELLM_MASTER_KEY": MASTER_KEY,
                    "OPENAI_BASE_URL": provider.url,
                    "OPENAI_API_KEY": "none",
                    "WAXELL_URL": url or bench.stack.ready["url"],
                    "WAXELL_API_KEY": bench.scout.key or "",
                },
                cwd=tmp_path,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        running.append(process)
        client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {MASTER_KEY}"},
            timeout=120,
            limits=httpx.Limits(max_connections=100),
            trust_env=False,
        )
        clients.append(client)

        def answers() -> bool:
            assert process.poll() is None, (tmp_path / "proxy.log").read_text()
            with suppress(httpx.TransportError):
                return client.get("/health/liveliness").status_code == 200
            return False

        wait_until(answers, START_SECONDS)
        return client

    yield start
    for client in clients:
        client.close()
    for process in running:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])

"""Plain REST: ask, call, tell, over one connection."""

import os
from typing import Any

import httpx

from bench.ways.timing import WORK, compare

CALL = {"model": "gpt-4o", "messages": [{"role": "user", "content": "And tomorrow?"}]}
work = httpx.Client(base_url=WORK)
waxell = httpx.Client(
    base_url=os.environ["WAXELL_URL"] + "/api/v1",
    headers={"Authorization": f"Bearer {os.environ['WAXELL_API_KEY']}"},
)


def plain() -> Any:
    return work.post("/v1/chat/completions", json=CALL).raise_for_status().json()


def say(path: str, body: dict[str, Any]) -> Any:
    return waxell.post(path, json=body).raise_for_status().json()


run = say("/executions/", {"workflow": "work-0"})
fence = run["lease"]["fence"]


def governed() -> None:
    asked = say(
        f"/executions/{run['id']}/actions/", {"fence": fence, "kind": "model.call", "resource": "gpt-4o", "args": CALL}
    )
    assert asked["verdict"] == "allow", asked
    used = plain()["usage"]
    usage = {"model": "gpt-4o", "tokens_in": used["prompt_tokens"], "tokens_out": used["completion_tokens"]}
    say(
        f"/executions/{run['id']}/actions/{asked['receipt']['seq']}/result/",
        {"fence": fence, "status": "ok", "usage": usage},
    )


compare(plain, governed)

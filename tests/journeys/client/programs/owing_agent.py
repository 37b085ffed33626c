"""Does one action while the way to Waxell is cut, and then owes its result; the first argument is its journal."""

import sys
import time

import httpx

from waxell_client import Client, Usage

client = Client(journal=sys.argv[1], patience_seconds=0.5)


def act() -> None:
    print(ex.id, flush=True)
    while True:
        try:
            httpx.get(client.settings.url, trust_env=False)
        except httpx.TransportError:
            return
        time.sleep(0.05)


with client.execution("errand") as ex:
    ex.tool("search", usage=Usage(tokens_in=11))(act)
    print("owing", flush=True)
    time.sleep(600)

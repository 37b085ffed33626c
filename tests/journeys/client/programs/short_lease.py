"""Says which execution it is in, from inside an action that never ends; its lease is ten seconds."""

import time

from waxell_client import Client

with Client(lease_seconds=10).execution("errand") as ex, ex.tool("search"):
    print(ex.id, flush=True)
    while True:
        time.sleep(1)

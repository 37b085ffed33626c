"""A witness that kills itself at a named point: `python -m tests.witness.dying POINT DIRECTORY KEY`.

Points: `judged` before it keeps what it is to cosign, `kept` after that and before it answers.
"""

import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from waxell.ledger.domain import witnessing
from waxell.ledger.domain.witnessing import KnownLogs
from waxell.ledger.witness.server import WitnessServer
from waxell.ledger.witness.store import WitnessStore
from waxell.ledger.witness.witness import Witness


@dataclass(frozen=True, slots=True, kw_only=True)
class DyingStore(WitnessStore):
    point: str

    def keep(self, origin: str, note: str) -> None:
        if self.point == "judged":
            os.kill(os.getpid(), signal.SIGKILL)
        WitnessStore.keep(self, origin, note)
        os.kill(os.getpid(), signal.SIGKILL)


def main(point: str, directory: str, key: str) -> None:
    store = DyingStore(path=Path(directory), point=point)
    store.lock()
    witness = Witness(key=store.key(), store=store, logs=KnownLogs(keys=witnessing.read_keys([key])))
    server = WitnessServer(("127.0.0.1", 0), witness)
    print(f"listening at http://127.0.0.1:{server.server_address[1]}, and dying", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])

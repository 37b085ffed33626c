"""A sealer that kills itself at a named point, run as a process: `python -m tests.sealing.dying POINT NUMBER`.

Points: `read`, `write` and `remove` at the NUMBERth such call to the store, `publish` before the NUMBERth new head is
written and `published` after it, `sign` before the NUMBERth signature is made, `signed` after it. Everything else a
sealer does lies between two of these. Each note is in the journal before it is written anywhere else.
"""

import os
import signal
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field

import django


def main(point: str, number: int) -> None:
    django.setup()
    from django.conf import settings

    from tests.sealing import journal
    from waxell.ledger.domain.notes import Signature, Signer, VerifierKey
    from waxell.ledger.services.keys import FileKeys
    from waxell.ledger.services.sealer import SealerRound
    from waxell.ledger.services.stores.directory import DirectoryStore

    @dataclass
    class Fuse:
        left: int = number
        passed: list[str] = field(default_factory=list)

        def burn(self, name: str) -> None:
            if name == point:
                self.left -= 1
                if self.left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

    fuse = Fuse()

    class DyingStore(DirectoryStore):
        def read(self, name: str) -> bytes | None:
            fuse.burn("read")
            return super().read(name)

        def write(self, name: str, content: bytes) -> None:
            if "checkpoint" in name:
                journal.note(content)
            if name.endswith("/checkpoint"):
                fuse.burn("publish")
            fuse.burn("write")
            super().write(name, content)
            if name.endswith("/checkpoint"):
                fuse.burn("published")

        def remove(self, names: Iterable[str]) -> None:
            fuse.burn("remove")
            super().remove(names)

    @dataclass
    class DyingSigner:
        key: Signer

        @property
        def verifier(self) -> VerifierKey:
            return self.key.verifier

        def sign(self, text: str) -> Signature:
            fuse.burn("sign")
            made = self.key.sign(text)
            fuse.burn("signed")
            return made

    class DyingKeys(FileKeys):
        def current(self) -> Signer:
            return DyingSigner(super().current())

    rounds = SealerRound(
        keys=DyingKeys(path=settings.WAXELL_LEDGER_KEY_FILE), store=DyingStore(path=settings.WAXELL_PUBLISH_DIR)
    )
    while rounds.perform():
        pass


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

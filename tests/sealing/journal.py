"""Every note that dying sealers were about to let out of their hands, whatever became of it."""

import json
import os
from pathlib import Path

NAME = "WAXELL_TEST_JOURNAL"


def note(content: bytes) -> None:
    """Keep a note, on the disk before anybody else can see it."""
    with Path(os.environ[NAME]).open("a") as file:
        file.write(json.dumps(content.decode()) + "\n")
        file.flush()
        os.fsync(file.fileno())


def read(file: Path) -> list[str]:
    """The notes, oldest first."""
    return [json.loads(line) for line in file.read_text().splitlines()]
